//! Alarms that stand alone, as they stand: those of one series, or of one inference component.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{MetricAlarm, StateValue};
use llmwatch_core::alarm::Severity;
use llmwatch_core::alarm::change::Live;
use llmwatch_core::alarm::desired::Watch;
use llmwatch_core::alarm::name::{self, AlarmName, ComponentAlarm, QualityAlarm};
use llmwatch_core::cloudwatch::alarm::AlarmState;
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::alarm::COMPONENT_KINDS;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::alarm::QUALITY_CATALOGUE;
use llmwatch_core::quality::series::SeriesLabel;

use super::{BATCH, convert};
use crate::CallFailed;
use crate::time::timestamp;

/// An alarm as it stands, named by what it is on: a [`QualityAlarm`] or a [`ComponentAlarm`].
#[derive(Debug, Clone, PartialEq)]
pub struct LoneAlarm<A> {
    /// Which alarm.
    pub alarm: A,
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
) -> Result<Vec<LoneAlarm<QualityAlarm>>, CallFailed> {
    let alarms = QUALITY_CATALOGUE.iter().flat_map(|row| {
        Severity::ALL.map(|severity| QualityAlarm {
            kind: row.kind,
            severity,
            series: series.clone(),
        })
    });
    let names = alarms.map(|alarm| name::quality(prefix, &alarm)).collect();
    read(client, prefix, names, |name| match name {
        AlarmName::Quality(alarm) => Some(alarm),
        AlarmName::Child(..) | AlarmName::Composite(_) | AlarmName::Component(_) => None,
    })
    .await
}

/// The alarms of an inference component that exist; one call.
///
/// # Errors
///
/// When the call fails.
pub async fn read_component(
    client: &Client,
    prefix: &StackPrefix,
    component: &InferenceComponent,
) -> Result<Vec<LoneAlarm<ComponentAlarm>>, CallFailed> {
    let alarm = |kind| ComponentAlarm { kind, component: component.clone() };
    let alarms = COMPONENT_KINDS.iter().map(|row| alarm(row.kind));
    let names = alarms.map(|alarm| name::component(prefix, &alarm)).collect();
    read(client, prefix, names, |name| match name {
        AlarmName::Component(alarm) => Some(alarm),
        AlarmName::Child(..) | AlarmName::Composite(_) | AlarmName::Quality(_) => None,
    })
    .await
}

async fn read<A>(
    client: &Client,
    prefix: &StackPrefix,
    names: Vec<String>,
    wanted: impl Fn(AlarmName) -> Option<A>,
) -> Result<Vec<LoneAlarm<A>>, CallFailed> {
    let first = names.first().cloned().unwrap_or_default();
    let answer = client
        .describe_alarms()
        .set_alarm_names(Some(names))
        .max_records(BATCH as i32)
        .send()
        .await
        .map_err(|error| CallFailed::new("DescribeAlarms", format!("{first} and others"), error))?;
    let alarms = answer.metric_alarms.unwrap_or_default();
    Ok(alarms.iter().filter_map(|alarm| standing(prefix, alarm, &wanted)).collect())
}

fn standing<A>(
    prefix: &StackPrefix,
    alarm: &MetricAlarm,
    wanted: impl Fn(AlarmName) -> Option<A>,
) -> Option<LoneAlarm<A>> {
    let known = convert::metric_alarm(prefix, alarm)?;
    let state = match alarm.state_value.as_ref()? {
        StateValue::Alarm => AlarmState::Alarm,
        StateValue::Ok => AlarmState::Ok,
        _ => AlarmState::InsufficientData,
    };
    let since = alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp);
    Some(LoneAlarm {
        alarm: wanted(known.alarm)?,
        watch: known.watch,
        live: Live {
            state,
            since: since.and_then(timestamp),
            actions_enabled: alarm.actions_enabled.unwrap_or(true),
        },
    })
}
