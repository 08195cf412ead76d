//! CloudWatch: metrics, alarms, anomaly detectors, dashboards and tags.
//!
//! Alarms and queries are evaluated by `llmwatch_core::cloudwatch`, the evaluator the product's
//! own back test uses; this module keeps the state around it and speaks the API.

pub mod alarms;
mod alarms_api;
mod convert;
mod dashboards;
mod detectors;
mod evaluate;
mod metrics;
pub mod notify;
mod tags;
mod validate;

use std::collections::BTreeMap;

use alarms::{Alarm, HistoryItem};
use dashboards::Dashboard;
use detectors::Detector;
use evaluate::TrainedBands;
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::cloudwatch::metric::{MetricKey, MetricStore};
use serde_json::Value;

use crate::error::AwsError;
use crate::paging::BadToken;
use crate::world::{Place, Served};

/// Everything CloudWatch knows.
#[derive(Debug)]
pub struct CloudWatch {
    place: Place,
    /// How long after its timestamp a datapoint can be seen.
    publishing_delay: SignedDuration,
    metrics: MetricStore,
    alarms: BTreeMap<String, Alarm>,
    bands: TrainedBands,
    history: Vec<HistoryItem>,
    /// By the ARN of each alarm.
    tags: BTreeMap<String, BTreeMap<String, String>>,
    detectors: Vec<Detector>,
    dashboards: BTreeMap<String, Dashboard>,
}

impl CloudWatch {
    /// An empty CloudWatch.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self {
            place,
            publishing_delay: SignedDuration::ZERO,
            metrics: MetricStore::default(),
            alarms: BTreeMap::new(),
            bands: TrainedBands::new(),
            history: Vec::new(),
            tags: BTreeMap::new(),
            detectors: Vec::new(),
            dashboards: BTreeMap::new(),
        }
    }

    /// Answers one checked request.
    ///
    /// # Errors
    ///
    /// As AWS refuses it.
    pub fn serve(
        &mut self,
        operation: &str,
        input: &Value,
        now: Timestamp,
    ) -> Result<Served, AwsError> {
        match operation {
            "PutMetricData" => self.put_metric_data(input, now).map(Served::from),
            "GetMetricData" => self.get_metric_data(input, now).map(Served::from),
            "GetMetricStatistics" => self.get_metric_statistics(input, now).map(Served::from),
            "ListMetrics" => self.list_metrics(input, now).map(Served::from),
            "PutMetricAlarm" => self.put_metric_alarm(input, now),
            "PutCompositeAlarm" => self.put_composite_alarm(input, now),
            "DescribeAlarms" => self.describe_alarms(input).map(Served::from),
            "DescribeAlarmHistory" => self.describe_alarm_history(input).map(Served::from),
            "SetAlarmState" => self.set_alarm_state(input, now),
            "DeleteAlarms" => self.delete_alarms(input, now),
            "EnableAlarmActions" => self.enable_actions(input, true, now),
            "DisableAlarmActions" => self.enable_actions(input, false, now),
            "PutAnomalyDetector" => self.put_anomaly_detector(input).map(Served::from),
            "DescribeAnomalyDetectors" => self.describe_anomaly_detectors(input).map(Served::from),
            "DeleteAnomalyDetector" => self.delete_anomaly_detector(input).map(Served::from),
            "TagResource" => self.tag_resource(input).map(Served::from),
            "UntagResource" => self.untag_resource(input).map(Served::from),
            "ListTagsForResource" => self.list_tags(input).map(Served::from),
            "PutDashboard" => self.put_dashboard(input, now).map(Served::from),
            "GetDashboard" => self.get_dashboard(input).map(Served::from),
            "ListDashboards" => self.list_dashboards(input).map(Served::from),
            "DeleteDashboards" => self.delete_dashboards(input).map(Served::from),
            _ => Err(AwsError::new("InvalidAction", format!("llmwatch-local has no {operation}"))),
        }
    }

    /// Sets how long after its timestamp a datapoint can be seen, by queries and by alarms.
    pub fn set_publishing_delay(&mut self, delay: SignedDuration) {
        self.publishing_delay = delay;
    }

    /// Stores one sample a minute or more for a series, in any namespace and at any time.
    ///
    /// `None` leaves a datapoint out.
    pub fn seed(
        &mut self,
        key: &MetricKey,
        start: Timestamp,
        step: SignedDuration,
        values: &[Option<f64>],
    ) {
        // What a band learnt may no longer be so.
        self.bands.clear();
        let mut at = start;
        for value in values {
            if let Some(value) = value {
                self.metrics.put_value(key, at, *value);
            }
            at = at.saturating_add(step).unwrap_or(at);
        }
    }

    /// Takes a value that another service publishes about itself.
    pub fn publish(&mut self, key: &MetricKey, at: Timestamp, value: f64) {
        self.metrics.put_value(key, at, value);
    }

    /// Stores several samples a step for a series: values and how often each occurred. A step
    /// without values is left out.
    pub fn seed_counted(
        &mut self,
        key: &MetricKey,
        start: Timestamp,
        step: SignedDuration,
        samples: &[Vec<(f64, f64)>],
    ) {
        self.bands.clear();
        let mut at = start;
        for step_samples in samples {
            let (values, counts): (Vec<f64>, Vec<f64>) = step_samples.iter().copied().unzip();
            self.metrics.put_values(key, at, &values, &counts);
            at = at.saturating_add(step).unwrap_or(at);
        }
    }

    fn visible_until(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.publishing_delay).unwrap_or(now)
    }

    fn alarm_arn(&self, name: &str) -> String {
        self.place.arn("cloudwatch", &format!("alarm:{name}"))
    }
}

fn bad_token(problem: BadToken) -> AwsError {
    AwsError::new("InvalidNextToken", problem.to_string())
}

/// The refusal of a request that breaks a rule the model does not state.
fn refused(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

#[cfg(test)]
mod tests;
