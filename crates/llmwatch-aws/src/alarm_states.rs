//! The states of alarms now, read by name.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::StateValue;
use jiff::Timestamp;
use llmwatch_core::episode::AlarmState;

use crate::CallFailed;

/// A metric alarm as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingAlarm {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its state.
    pub state: AlarmState,
    /// When it last changed state.
    pub changed_at: Option<Timestamp>,
    /// CloudWatch's reason for the state.
    pub reason: String,
    /// Whether its actions are on; an operator turns them off to mute it.
    pub actions_enabled: bool,
}

/// The alarms of these names that exist; one call, at most 100 names.
///
/// # Errors
///
/// When the call fails.
pub async fn read_states(
    client: &Client,
    names: &[String],
) -> Result<Vec<StandingAlarm>, CallFailed> {
    let answer = client
        .describe_alarms()
        .set_alarm_names(Some(names.to_vec()))
        .max_records(100)
        .send()
        .await
        .map_err(|error| CallFailed::new("DescribeAlarms", "the pool's alarms", error))?;
    Ok(answer
        .metric_alarms
        .unwrap_or_default()
        .into_iter()
        .filter_map(|alarm| {
            Some(StandingAlarm {
                name: alarm.alarm_name?,
                arn: alarm.alarm_arn.unwrap_or_default(),
                state: match alarm.state_value? {
                    StateValue::Alarm => AlarmState::Alarm,
                    StateValue::Ok => AlarmState::Ok,
                    _ => AlarmState::InsufficientData,
                },
                changed_at: alarm
                    .state_transitioned_timestamp
                    .or(alarm.state_updated_timestamp)
                    .and_then(|at| Timestamp::from_second(at.secs()).ok()),
                reason: alarm.state_reason.unwrap_or_default(),
                actions_enabled: alarm.actions_enabled.unwrap_or(true),
            })
        })
        .collect())
}
