//! The rules of PutMetricAlarm that botocore's model does not state.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>,
//! read November 2026.

use std::collections::BTreeSet;

use serde_json::Value;

use super::refused;
use crate::error::AwsError;
use crate::value::{count, items, number, text, texts, truth};

/// Metrics an alarm's expression may read.
const METRICS_IN_AN_ALARM: usize = 10;
/// Seconds an alarm may look back: a day, or a week for periods of an hour and more.
const LOOK_BACK: usize = 86_400;
const HOUR: usize = 3_600;
/// Operators that compare with a band.
const BAND_OPERATORS: [&str; 3] = [
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];

/// Checks a metric alarm's configuration.
///
/// # Errors
///
/// `ValidationError` or `MissingRequiredParameterException`, the caller's to mend.
pub(super) fn metric_alarm(config: &Value) -> Result<(), AwsError> {
    let queries = items(config, "Metrics");
    match (text(config, "MetricName"), queries.is_empty()) {
        (Some(_), true) => single_metric(config)?,
        (None, false) => several_metrics(config, queries)?,
        (Some(_), false) => {
            return Err(refused("MetricName and Metrics parameters are mutually exclusive"));
        }
        (None, true) => {
            return Err(refused("Either MetricName or Metrics parameter must be specified"));
        }
    }
    threshold(config)?;
    let periods = count(config, "EvaluationPeriods")
        .ok_or_else(|| refused("EvaluationPeriods is required"))?;
    if count(config, "DatapointsToAlarm").is_some_and(|datapoints| datapoints > periods) {
        return Err(refused(
            "Number of datapoints to alarm must be smaller than or equal to the number of evaluation periods",
        ));
    }
    let period = longest_period(config);
    let limit = if period >= HOUR { 7 * LOOK_BACK } else { LOOK_BACK };
    if period * periods > limit {
        return Err(refused(format!(
            "Metrics cannot be checked across more than {} (EvaluationPeriods * Period must be <= {limit}).",
            if period >= HOUR { "seven days" } else { "a day" }
        )));
    }
    if let Some(missing) = text(config, "TreatMissingData")
        && !["breaching", "notBreaching", "ignore", "missing"].contains(&missing)
    {
        return Err(refused(format!("TreatMissingData value is invalid: {missing}")));
    }
    actions(config)
}

/// Checks that every action is an ARN.
///
/// # Errors
///
/// `ValidationError`.
pub(super) fn actions(config: &Value) -> Result<(), AwsError> {
    for member in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
        for action in texts(config, member) {
            let parts: Vec<&str> = action.splitn(6, ':').collect();
            if parts.len() < 6 || parts[0] != "arn" || parts[2].is_empty() {
                return Err(refused(format!("Invalid arn syntax: {action}")));
            }
        }
    }
    Ok(())
}

fn single_metric(config: &Value) -> Result<(), AwsError> {
    for member in ["Namespace", "Period"] {
        if config.get(member).is_none() {
            return Err(refused(format!("The parameter {member} is required with MetricName.")));
        }
    }
    period(count(config, "Period").unwrap_or_default())?;
    match (text(config, "Statistic"), text(config, "ExtendedStatistic")) {
        (None, None) => Err(refused("Either Statistic or ExtendedStatistic must be set")),
        (Some(_), Some(_)) => {
            Err(refused("Statistic and ExtendedStatistic are mutually exclusive"))
        }
        _ => Ok(()),
    }
}

fn several_metrics(config: &Value, queries: &[Value]) -> Result<(), AwsError> {
    for member in ["Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"] {
        if config.get(member).is_some() {
            return Err(refused(format!("Metrics list and {member} are mutually exclusive")));
        }
    }
    let metrics = queries.iter().filter(|query| query.get("MetricStat").is_some()).count();
    if metrics > METRICS_IN_AN_ALARM {
        return Err(refused(format!(
            "Metric math expression can have at most {METRICS_IN_AN_ALARM} metrics, this one has {metrics}"
        )));
    }
    metric_queries(queries)?;
    let returned: Vec<&str> = queries
        .iter()
        .filter(|query| truth(query, "ReturnData").unwrap_or(true))
        .filter_map(|query| text(query, "Id"))
        .collect();
    let band = text(config, "ThresholdMetricId");
    match (returned.as_slice(), band) {
        ([_], None) => Ok(()),
        ([one, other], Some(band)) if *one == band || *other == band => Ok(()),
        (_, None) => Err(refused("Exactly one element of the metrics list should return data.")),
        (_, Some(_)) => Err(refused(
            "Exactly two elements of the metrics list should return data: the metric and the band of ThresholdMetricId.",
        )),
    }
}

/// Checks a list of metric data queries, of an alarm or of GetMetricData.
///
/// # Errors
///
/// `ValidationError`.
pub(super) fn metric_queries(queries: &[Value]) -> Result<(), AwsError> {
    let mut seen = BTreeSet::new();
    for query in queries {
        let id = text(query, "Id").unwrap_or_default();
        let rest_is_word = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !rest_is_word {
            return Err(refused(format!(
                "The value {id} for parameter MetricDataQueries.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )));
        }
        if !seen.insert(id) {
            return Err(refused(format!("The id {id} is used more than once.")));
        }
        match (query.get("MetricStat"), text(query, "Expression")) {
            (Some(stat), None) => period(count(stat, "Period").unwrap_or_default())?,
            (None, Some(_)) => {}
            _ => {
                return Err(refused(format!(
                    "Exactly one of MetricStat and Expression must be given for {id}."
                )));
            }
        }
    }
    Ok(())
}

fn threshold(config: &Value) -> Result<(), AwsError> {
    let operator = text(config, "ComparisonOperator").unwrap_or_default();
    let compares_with_band = BAND_OPERATORS.contains(&operator);
    match (number(config, "Threshold"), text(config, "ThresholdMetricId"), compares_with_band) {
        (Some(_), None, false) | (None, Some(_), true) => Ok(()),
        (Some(_), Some(_), _) => {
            Err(refused("Threshold and ThresholdMetricId are mutually exclusive"))
        }
        (None, None, _) => Err(refused("Either Threshold or ThresholdMetricId must be specified")),
        (Some(_), None, true) | (None, Some(_), false) => Err(refused(format!(
            "ComparisonOperator {operator} does not go with the kind of threshold given"
        ))),
    }
}

/// The longest period an alarm reads, in seconds.
fn longest_period(config: &Value) -> usize {
    let of_queries = items(config, "Metrics").iter().filter_map(|query| {
        query.get("MetricStat").and_then(|stat| count(stat, "Period")).or(count(query, "Period"))
    });
    count(config, "Period").into_iter().chain(of_queries).max().unwrap_or_default()
}

/// Checks a period: 10, 20, 30 or a multiple of 60 seconds.
///
/// # Errors
///
/// `ValidationError`.
pub(super) fn period(seconds: usize) -> Result<(), AwsError> {
    if matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds > 0 && seconds.is_multiple_of(60)) {
        Ok(())
    } else {
        Err(refused(format!(
            "Period must be 10, 20, 30 or a multiple of 60 seconds, but is {seconds}"
        )))
    }
}
