//! From the API's words to the core's types.

use llmwatch_core::cloudwatch::alarm::{self, Condition, MetricAlarm, MissingData, Watched};
use llmwatch_core::cloudwatch::metric::MetricKey;
use llmwatch_core::cloudwatch::query::{MetricDataQuery, MetricStat, QuerySource, Returned};
use serde_json::Value;

use super::refused;
use crate::error::AwsError;
use crate::value::{count, items, number, text, truth};

/// The series a request names.
///
/// # Errors
///
/// `ValidationError` when a dimension is named twice.
pub(super) fn metric_key(namespace: &str, metric: &Value) -> Result<MetricKey, AwsError> {
    let mut key = MetricKey {
        namespace: namespace.to_owned(),
        name: text(metric, "MetricName").unwrap_or_default().to_owned(),
        dimensions: std::collections::BTreeMap::new(),
    };
    for dimension in items(metric, "Dimensions") {
        let name = text(dimension, "Name").unwrap_or_default().to_owned();
        let value = text(dimension, "Value").unwrap_or_default().to_owned();
        if key.dimensions.insert(name.clone(), value).is_some() {
            return Err(refused(format!("The dimension {name} is given more than once.")));
        }
    }
    Ok(key)
}

/// A request's queries.
///
/// # Errors
///
/// `ValidationError` for a statistic, period or unit that is not modelled.
pub(super) fn queries(queries: &[Value]) -> Result<Vec<MetricDataQuery>, AwsError> {
    queries.iter().map(query).collect()
}

fn query(query: &Value) -> Result<MetricDataQuery, AwsError> {
    let source = match query.get("MetricStat") {
        Some(stat) => {
            let metric = &stat["Metric"];
            let key = metric_key(text(metric, "Namespace").unwrap_or_default(), metric)?;
            let name = text(stat, "Stat").unwrap_or_default();
            no_unit(stat)?;
            QuerySource::Metric(metric_stat(key, name, count(stat, "Period"))?)
        }
        None => QuerySource::Expression {
            text: text(query, "Expression").unwrap_or_default().to_owned(),
            period_seconds: count(query, "Period").map(period).transpose()?,
        },
    };
    let returned = truth(query, "ReturnData").unwrap_or(true);
    Ok(MetricDataQuery {
        id: text(query, "Id").unwrap_or_default().to_owned(),
        source,
        returned: if returned { Returned::Yes } else { Returned::No },
        label: text(query, "Label").map(str::to_owned),
    })
}

/// A metric alarm's configuration, checked by the evaluator.
///
/// # Errors
///
/// `ValidationError`, as PutMetricAlarm refuses it.
pub(super) fn metric_alarm(config: &Value) -> Result<MetricAlarm, AwsError> {
    let watched = match items(config, "Metrics") {
        [] => {
            no_unit(config)?;
            let key = metric_key(text(config, "Namespace").unwrap_or_default(), config)?;
            let stat = text(config, "Statistic").or(text(config, "ExtendedStatistic"));
            Watched::Metric(metric_stat(key, stat.unwrap_or_default(), count(config, "Period"))?)
        }
        several => Watched::Queries(queries(several)?),
    };
    let condition = Condition::parse(
        text(config, "ComparisonOperator").unwrap_or_default(),
        number(config, "Threshold"),
        text(config, "ThresholdMetricId"),
    )
    .map_err(|problem| refused(problem.to_string()))?;
    let missing_data = match text(config, "TreatMissingData") {
        Some(word) => word
            .parse()
            .map_err(|_| refused(format!("TreatMissingData value is invalid: {word}")))?,
        None => MissingData::default(),
    };
    let datapoints = |name: &str| count(config, name).and_then(|n| u32::try_from(n).ok());
    let alarm = MetricAlarm {
        name: text(config, "AlarmName").unwrap_or_default().to_owned(),
        watched,
        condition,
        evaluation_periods: datapoints("EvaluationPeriods").unwrap_or(1),
        datapoints_to_alarm: datapoints("DatapointsToAlarm"),
        missing_data,
    };
    alarm::validate(&alarm).map_err(|problem| refused(problem.to_string()))?;
    Ok(alarm)
}

fn metric_stat(key: MetricKey, stat: &str, seconds: Option<usize>) -> Result<MetricStat, AwsError> {
    let stat =
        stat.parse().map_err(|_| refused(format!("the statistic {stat} is not modelled")))?;
    Ok(MetricStat { key, stat, period_seconds: period(seconds.unwrap_or_default())? })
}

/// Checks a period: AWS takes 10, 20, 30 or a multiple of 60 seconds; here only the last.
///
/// # Errors
///
/// `ValidationError`.
pub(super) fn period(seconds: usize) -> Result<u32, AwsError> {
    if matches!(seconds, 1 | 5 | 10 | 20 | 30) {
        return Err(refused(format!("a period of {seconds} seconds is not modelled")));
    }
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0 && seconds.is_multiple_of(60))
        .ok_or_else(|| {
            refused(format!("Period must be a multiple of 60 seconds, but is {seconds}"))
        })
}

/// Units are not stored here, and AWS's own metrics do not always have the documented one.
fn no_unit(of: &Value) -> Result<(), AwsError> {
    match text(of, "Unit") {
        Some(_) => {
            Err(refused("Unit is not modelled: a query with a unit can find nothing, omit it"))
        }
        None => Ok(()),
    }
}
