//! Alarms and anomaly models as CloudWatch holds them: read all, write one, delete.

mod convert;
mod lone;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::put_composite_alarm::builders::PutCompositeAlarmFluentBuilder;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmType, AnomalyDetectorType, CompositeAlarm, MetricAlarm, MetricMathAnomalyDetector, Tag,
};
use llmwatch_core::alarm::desired::{Detector, MetricWatch, Watch, detector_is_of};
use llmwatch_core::alarm::name;
use llmwatch_core::alarm::plan::{ActionsSwitch, Alarm};
use llmwatch_core::ids::StackPrefix;

pub use lone::{LoneAlarm, read_component, read_quality};

use crate::CallFailed;

/// The wait between two writes of alarms, which an account may make 3 of a second.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>.
pub const PUT_INTERVAL: Duration = Duration::from_millis(350);

/// The most metric alarms one `DeleteAlarms` takes, and the largest page of `DescribeAlarms`.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html>.
const BATCH: usize = 100;

/// This stack's alarms as they are, with the fields llmwatch neither knows nor changes.
#[derive(Debug, Default)]
pub struct StandingAlarms {
    /// The alarms.
    pub alarms: Vec<Alarm>,
    originals: HashMap<String, Original>,
}

#[derive(Debug)]
enum Original {
    Metric(Box<MetricAlarm>),
    Composite(Box<CompositeAlarm>),
}

/// Alarms that could not be deleted, all for one reason.
#[derive(Debug)]
pub struct NotDeleted {
    /// Their names.
    pub names: Vec<String>,
    /// Why.
    pub error: CallFailed,
}

/// Every alarm this stack owns, metric and composite, all pages.
///
/// # Errors
///
/// When any page could not be read.
pub async fn read_all(client: &Client, prefix: &StackPrefix) -> Result<StandingAlarms, CallFailed> {
    let mut standing = StandingAlarms::default();
    for stem in name::stems(prefix) {
        read_named(client, prefix, &stem, &mut standing).await?;
    }
    Ok(standing)
}

async fn read_named(
    client: &Client,
    prefix: &StackPrefix,
    stem: &str,
    standing: &mut StandingAlarms,
) -> Result<(), CallFailed> {
    let mut pages = client
        .describe_alarms()
        .alarm_name_prefix(stem)
        // Without the types, only metric alarms come.
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(BATCH as i32)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("DescribeAlarms", stem, error))?;
        for alarm in page.metric_alarms.unwrap_or_default() {
            if let Some(known) = convert::metric_alarm(prefix, &alarm) {
                let original = Original::Metric(Box::new(alarm));
                standing.originals.insert(known.name.clone(), original);
                standing.alarms.push(known);
            }
        }
        for alarm in page.composite_alarms.unwrap_or_default() {
            if let Some(known) = convert::composite_alarm(prefix, &alarm) {
                let original = Original::Composite(Box::new(alarm));
                standing.originals.insert(known.name.clone(), original);
                standing.alarms.push(known);
            }
        }
    }
    Ok(())
}

/// Creates an alarm with its tags.
///
/// # Errors
///
/// When the call failed.
pub async fn create(
    client: &Client,
    alarm: &Alarm,
    tags: &BTreeMap<&'static str, String>,
) -> Result<(), CallFailed> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(value).build());
    let tags = Some(tags.collect());
    match &alarm.watch {
        Watch::Metrics(watch) => {
            send_metric(put_metric(client, alarm, watch).set_tags(tags), alarm).await
        }
        Watch::Children(rule) => {
            send_composite(put_composite(client, alarm, rule).set_tags(tags), alarm).await
        }
    }
}

/// Overwrites an alarm; every field not in `alarm` is sent as it stands.
///
/// Tags are not sent: CloudWatch ignores them here, and keeps those that are.
///
/// # Errors
///
/// When the call failed.
pub async fn update(
    client: &Client,
    alarm: &Alarm,
    standing: &StandingAlarms,
) -> Result<(), CallFailed> {
    let original = standing.originals.get(&alarm.name);
    match &alarm.watch {
        Watch::Metrics(watch) => {
            let mut put = put_metric(client, alarm, watch);
            if let Some(Original::Metric(kept)) = original {
                put = put
                    .set_insufficient_data_actions(kept.insufficient_data_actions.clone())
                    .set_evaluate_low_sample_count_percentile(
                        kept.evaluate_low_sample_count_percentile.clone(),
                    )
                    .set_evaluation_window(kept.evaluation_window.clone())
                    .set_warm_up_configuration(kept.warm_up_configuration.clone())
                    .set_action_configuration(kept.action_configuration.clone());
            }
            send_metric(put, alarm).await
        }
        Watch::Children(rule) => {
            let mut put = put_composite(client, alarm, rule);
            if let Some(Original::Composite(kept)) = original {
                put = put
                    .set_insufficient_data_actions(kept.insufficient_data_actions.clone())
                    .set_actions_suppressor(kept.actions_suppressor.clone())
                    .set_actions_suppressor_wait_period(kept.actions_suppressor_wait_period)
                    .set_actions_suppressor_extension_period(
                        kept.actions_suppressor_extension_period,
                    )
                    .set_action_configuration(kept.action_configuration.clone());
            }
            send_composite(put, alarm).await
        }
    }
}

/// Deletes one composite alarm; CloudWatch takes no more in a call. A missing one is deleted.
///
/// # Errors
///
/// When the call failed.
pub async fn delete_composite(client: &Client, alarm_name: &str) -> Result<(), CallFailed> {
    delete(client, &[alarm_name.to_owned()]).await.or_else(missing_is_deleted)
}

/// Deletes metric alarms, 100 a call; missing ones are deleted. What failed is returned.
pub async fn delete_metric_alarms(client: &Client, names: &[String]) -> Vec<NotDeleted> {
    let mut failed = Vec::new();
    for batch in names.chunks(BATCH) {
        match delete(client, batch).await {
            Ok(()) => {}
            // One name that is gone makes CloudWatch delete none of the batch.
            Err(error) if error.is_not_found() => {
                failed.extend(delete_one_by_one(client, batch).await);
            }
            Err(error) => failed.push(NotDeleted { names: batch.to_vec(), error }),
        }
    }
    failed
}

/// Every anomaly model over metric math that this stack owns, all pages.
///
/// # Errors
///
/// When any page could not be read.
pub async fn read_detectors(
    client: &Client,
    prefix: &StackPrefix,
) -> Result<Vec<Detector>, CallFailed> {
    let mut pages = client
        .describe_anomaly_detectors()
        .anomaly_detector_types(AnomalyDetectorType::MetricMath)
        .into_paginator()
        .send();
    let mut detectors = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page
            .map_err(|error| CallFailed::new("DescribeAnomalyDetectors", "metric math", error))?;
        let found = page.anomaly_detectors.unwrap_or_default().into_iter();
        detectors.extend(
            found
                .filter_map(|detector| detector.metric_math_anomaly_detector)
                .map(|detector| Detector {
                    queries: convert::queries(detector.metric_data_queries()),
                })
                .filter(|detector| detector_is_of(prefix, detector)),
        );
    }
    Ok(detectors)
}

/// Trains an anomaly model.
///
/// # Errors
///
/// When the call failed.
pub async fn put_detector(client: &Client, detector: &Detector) -> Result<(), CallFailed> {
    client
        .put_anomaly_detector()
        .metric_math_anomaly_detector(math(detector))
        .send()
        .await
        .map_err(|error| CallFailed::new("PutAnomalyDetector", "an anomaly model", error))?;
    Ok(())
}

/// Deletes an anomaly model. A missing one is deleted.
///
/// # Errors
///
/// When the call failed.
pub async fn delete_detector(client: &Client, detector: &Detector) -> Result<(), CallFailed> {
    client
        .delete_anomaly_detector()
        .metric_math_anomaly_detector(math(detector))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| CallFailed::new("DeleteAnomalyDetector", "an anomaly model", error))
        .or_else(missing_is_deleted)
}

fn put_metric(client: &Client, alarm: &Alarm, watch: &MetricWatch) -> PutMetricAlarmFluentBuilder {
    let put = client
        .put_metric_alarm()
        .alarm_name(&alarm.name)
        .alarm_description(&alarm.description)
        .actions_enabled(alarm.actions == ActionsSwitch::Enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .set_metrics(Some(convert::sdk_queries(&watch.queries)))
        .treat_missing_data(convert::sdk_missing(&watch.missing))
        .evaluation_periods(convert::count(watch.evaluation.evaluation_periods))
        .datapoints_to_alarm(convert::count(watch.evaluation.datapoints_to_alarm));
    convert::with_breach(put, &watch.breach)
}

fn put_composite(client: &Client, alarm: &Alarm, rule: &str) -> PutCompositeAlarmFluentBuilder {
    client
        .put_composite_alarm()
        .alarm_name(&alarm.name)
        .alarm_description(&alarm.description)
        .actions_enabled(alarm.actions == ActionsSwitch::Enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .alarm_rule(rule)
}

async fn send_metric(put: PutMetricAlarmFluentBuilder, alarm: &Alarm) -> Result<(), CallFailed> {
    put.send().await.map_err(|error| CallFailed::new("PutMetricAlarm", &alarm.name, error))?;
    Ok(())
}

async fn send_composite(
    put: PutCompositeAlarmFluentBuilder,
    alarm: &Alarm,
) -> Result<(), CallFailed> {
    put.send().await.map_err(|error| CallFailed::new("PutCompositeAlarm", &alarm.name, error))?;
    Ok(())
}

async fn delete(client: &Client, names: &[String]) -> Result<(), CallFailed> {
    client
        .delete_alarms()
        .set_alarm_names(Some(names.to_vec()))
        .send()
        .await
        .map_err(|error| CallFailed::new("DeleteAlarms", names.join(", "), error))?;
    Ok(())
}

async fn delete_one_by_one(client: &Client, names: &[String]) -> Vec<NotDeleted> {
    let mut failed = Vec::new();
    for name in names {
        let one = std::slice::from_ref(name);
        if let Err(error) = delete(client, one).await.or_else(missing_is_deleted) {
            failed.push(NotDeleted { names: one.to_vec(), error });
        }
    }
    failed
}

fn missing_is_deleted(error: CallFailed) -> Result<(), CallFailed> {
    if error.is_not_found() { Ok(()) } else { Err(error) }
}

fn math(detector: &Detector) -> MetricMathAnomalyDetector {
    MetricMathAnomalyDetector::builder()
        .set_metric_data_queries(Some(convert::sdk_queries(&detector.queries)))
        .build()
}

#[cfg(test)]
mod tests;
