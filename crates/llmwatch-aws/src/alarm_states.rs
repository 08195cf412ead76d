//! The states of alarms now, read by name.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::StateValue;
use jiff::Timestamp;
use llmwatch_core::cloudwatch::alarm::AlarmState;

use crate::CallFailed;
use crate::time::timestamp;

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
                    .and_then(timestamp),
                reason: alarm.state_reason.unwrap_or_default(),
                actions_enabled: alarm.actions_enabled.unwrap_or(true),
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::describe_alarms::{
        DescribeAlarmsError, DescribeAlarmsOutput,
    };
    use aws_sdk_cloudwatch::types::MetricAlarm;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_types::DateTime;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    /// An alarm's events say milliseconds: a listing in whole seconds would be older than they are.
    #[tokio::test]
    async fn alarms_are_read_by_name_with_the_time_of_their_change() {
        let rule = mock!(Client::describe_alarms)
            .match_requests(|request| request.alarm_names() == ["a", "b"])
            .then_output(|| {
                let muted = MetricAlarm::builder()
                    .alarm_name("a")
                    .alarm_arn("arn")
                    .state_value(StateValue::Alarm)
                    .state_reason("r")
                    .actions_enabled(false)
                    .state_transitioned_timestamp(DateTime::from_millis(1_792_377_955_640))
                    .state_updated_timestamp(DateTime::from_millis(1_792_377_999_000))
                    .build();
                DescribeAlarmsOutput::builder().metric_alarms(muted).build()
            });
        let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &[&rule]);
        let states = read_states(&client, &["a".into(), "b".into()]).await.unwrap();
        let expected = StandingAlarm {
            name: "a".into(),
            arn: "arn".into(),
            state: AlarmState::Alarm,
            changed_at: Some("2026-10-19T02:45:55.64Z".parse().unwrap()),
            reason: "r".into(),
            actions_enabled: false,
        };
        assert_eq!(states, [expected]);
    }

    #[tokio::test]
    async fn alarms_that_cannot_be_read_are_an_error_and_never_none() {
        let rule = mock!(Client::describe_alarms).then_error(|| {
            DescribeAlarmsError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
        let client =
            mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &[&rule], |config| config
                .retry_config(RetryConfig::disabled()));
        assert!(read_states(&client, &["a".into()]).await.unwrap_err().is_denied());
    }
}
