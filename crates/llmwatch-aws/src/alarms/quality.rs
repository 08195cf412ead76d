//! The quality alarms of one series, as they stand.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{MetricAlarm, StateValue};
use llmwatch_core::alarm::Severity;
use llmwatch_core::alarm::desired::Watch;
use llmwatch_core::alarm::name::{self, AlarmName, QualityAlarm};
use llmwatch_core::cloudwatch::alarm::AlarmState;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::alarm::QUALITY_CATALOGUE;
use llmwatch_core::quality::alarm::change::Live;
use llmwatch_core::quality::series::SeriesLabel;

use super::{BATCH, convert};
use crate::CallFailed;
use crate::time::timestamp;

/// A quality alarm as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingQualityAlarm {
    /// Which alarm.
    pub alarm: QualityAlarm,
    /// What it watches.
    pub watch: Watch,
    /// Its state, since when, and whether it is muted.
    pub live: Live,
}

/// The quality alarms of a series that exist; one call, since their names follow from the
/// catalogue.
///
/// # Errors
///
/// When the call fails.
pub async fn read_quality(
    client: &Client,
    prefix: &StackPrefix,
    series: &SeriesLabel,
) -> Result<Vec<StandingQualityAlarm>, CallFailed> {
    let names = QUALITY_CATALOGUE.iter().flat_map(|row| {
        Severity::ALL.map(|severity| QualityAlarm {
            kind: row.kind,
            severity,
            series: series.clone(),
        })
    });
    let names: Vec<String> = names.map(|alarm| name::quality(prefix, &alarm)).collect();
    let answer = client
        .describe_alarms()
        .set_alarm_names(Some(names))
        .max_records(BATCH as i32)
        .send()
        .await
        .map_err(|error| CallFailed::new("DescribeAlarms", "the quality alarms", error))?;
    let alarms = answer.metric_alarms.unwrap_or_default();
    Ok(alarms.iter().filter_map(|alarm| standing(prefix, alarm)).collect())
}

fn standing(prefix: &StackPrefix, alarm: &MetricAlarm) -> Option<StandingQualityAlarm> {
    let known = convert::metric_alarm(prefix, alarm)?;
    let AlarmName::Quality(name) = known.alarm else { return None };
    let state = match alarm.state_value.as_ref()? {
        StateValue::Alarm => AlarmState::Alarm,
        StateValue::Ok => AlarmState::Ok,
        _ => AlarmState::InsufficientData,
    };
    let since = alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp);
    Some(StandingQualityAlarm {
        alarm: name,
        watch: known.watch,
        live: Live {
            state,
            since: since.and_then(timestamp),
            actions_enabled: alarm.actions_enabled.unwrap_or(true),
        },
    })
}
