//! The operations on metrics.
//!
//! Limits: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
//! and the pages of each operation, read November 2026.

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::cloudwatch::metric::{
    DimensionFilter, MetricFilter, MetricKey, MetricStore, Stat, StatisticSet, Window,
};
use llmwatch_core::cloudwatch::query::{self, QueryError};
use serde_json::{Value, json};

use super::{CloudWatch, bad_token, convert, refused, validate};
use crate::error::AwsError;
use crate::paging::{next_token, page, position};
use crate::value::{count, items, number, seconds, text, texts, time};
use crate::world::fnv;

/// Data one PutMetricData may carry.
const DATA_AT_ONCE: usize = 1_000;
/// Distinct values of one datum.
const VALUES_OF_A_DATUM: usize = 150;
/// How old and how far ahead a datum may be.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);
const NEWEST: SignedDuration = SignedDuration::from_hours(2);
/// Queries of one GetMetricData.
const QUERIES_AT_ONCE: usize = 500;
/// Datapoints of one page of GetMetricData.
const DATAPOINTS_AT_ONCE: usize = 100_800;
/// One-minute datapoints are kept this long, five-minute ones that long.
const MINUTES_KEPT: SignedDuration = SignedDuration::from_hours(15 * 24);
const FIVE_MINUTES_KEPT: SignedDuration = SignedDuration::from_hours(63 * 24);
/// Datapoints of one GetMetricStatistics.
const STATISTICS_AT_ONCE: i64 = 1_440;
/// Metrics on a page of ListMetrics.
const METRICS_ON_A_PAGE: usize = 500;
/// ListMetrics forgets a metric without data for this long.
const METRIC_MEMORY: SignedDuration = SignedDuration::from_hours(14 * 24);
const RECENTLY: SignedDuration = SignedDuration::from_hours(3);

impl CloudWatch {
    pub(super) fn put_metric_data(
        &mut self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Value, AwsError> {
        let namespace = text(input, "Namespace").unwrap_or_default();
        if namespace.starts_with("AWS/") {
            return Err(invalid(format!(
                "The value {namespace} for parameter Namespace is invalid."
            )));
        }
        let data = items(input, "MetricData");
        if data.len() > DATA_AT_ONCE {
            return Err(invalid(format!(
                "The collection MetricData must not have a size greater than {DATA_AT_ONCE}."
            )));
        }
        // All or nothing: every datum is checked before the first is stored.
        let checked: Vec<(MetricKey, Timestamp, Samples)> =
            data.iter().map(|datum| checked(namespace, datum, now)).collect::<Result<_, _>>()?;
        for (key, at, samples) in checked {
            samples.store(&mut self.metrics, &key, at);
        }
        Ok(json!({}))
    }

    pub(super) fn get_metric_data(&self, input: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let given = items(input, "MetricDataQueries");
        if given.is_empty() || given.len() > QUERIES_AT_ONCE {
            return Err(refused(format!(
                "MetricDataQueries must have 1 to {QUERIES_AT_ONCE} members, not {}",
                given.len()
            )));
        }
        let size = count(input, "MaxDatapoints").unwrap_or(DATAPOINTS_AT_ONCE);
        if !(1..=DATAPOINTS_AT_ONCE).contains(&size) {
            return Err(refused(format!(
                "The value {size} for parameter MaxDatapoints is not between 1 and {DATAPOINTS_AT_ONCE}."
            )));
        }
        validate::metric_queries(given)?;
        let queries = convert::queries(given)?;
        let refuse = |problem: QueryError| refused(problem.to_string());
        let shortest = query::shortest_period(&queries).map_err(refuse)?;
        let window = self.window(input, shortest, now)?;
        let trainings = self.trainings(&queries);
        let results = query::train_bands(&queries, &self.metrics, window, &trainings)
            .and_then(|bands| query::evaluate_with_bands(&queries, &self.metrics, window, &bands))
            .map_err(refuse)?;
        let exceeds =
            query::exceeds_search_limit(&queries, &self.metrics, window).map_err(refuse)?;
        let messages = if exceeds { json!([too_many_found()]) } else { json!([]) };
        let ascending = text(input, "ScanBy") == Some("TimestampAscending");
        let points: Vec<(usize, Timestamp, f64)> = results
            .iter()
            .enumerate()
            .flat_map(|(index, result)| {
                let mut points = result.points.clone();
                if !ascending {
                    points.reverse();
                }
                points.into_iter().map(move |(at, value)| (index, at, value))
            })
            .collect();
        let listing = format!("data{:016x}x", fnv(&input["MetricDataQueries"].to_string(), 0));
        let token = text(input, "NextToken");
        let start = position(&listing, token).map_err(bad_token)?.min(points.len());
        let end = points.len().min(start + size);
        let mut shown = Vec::new();
        for (index, result) in results.iter().enumerate() {
            let of_result = |from: usize, to: usize| {
                points[from..to].iter().filter(move |(of, ..)| *of == index)
            };
            let is_empty_and_not_shown_yet = result.points.is_empty() && token.is_none();
            if of_result(start, end).next().is_none() && !is_empty_and_not_shown_yet {
                continue;
            }
            let is_partial = of_result(end, points.len()).next().is_some();
            shown.push(json!({
                "Id": result.id,
                "Label": result.label,
                "Timestamps": of_result(start, end).map(|(_, at, _)| seconds(*at)).collect::<Vec<_>>(),
                "Values": of_result(start, end).map(|(_, _, value)| *value).collect::<Vec<_>>(),
                "StatusCode": if is_partial { "PartialData" } else { "Complete" },
            }));
        }
        let next = next_token(&listing, end, points.len());
        Ok(json!({"MetricDataResults": shown, "NextToken": next, "Messages": messages}))
    }

    /// The time a request looks at: what is kept and published of it.
    fn window(
        &self,
        input: &Value,
        shortest_period: Option<u32>,
        now: Timestamp,
    ) -> Result<Window, AwsError> {
        let start = time(input, "StartTime").ok_or_else(|| refused("StartTime is out of range"))?;
        let end = time(input, "EndTime").ok_or_else(|| refused("EndTime is out of range"))?;
        if start >= end {
            return Err(refused(
                "The parameter StartTime must be less than the parameter EndTime.",
            ));
        }
        let kept = match shortest_period {
            Some(period) if period % 300 != 0 => Some(MINUTES_KEPT),
            Some(period) if period % 3_600 != 0 => Some(FIVE_MINUTES_KEPT),
            _ => None,
        };
        let oldest = kept.and_then(|kept| now.checked_sub(kept).ok());
        let start = oldest.map_or(start, |oldest| start.max(oldest));
        Ok(Window { start, end: end.max(start), visible_until: self.visible_until(now) })
    }

    pub(super) fn get_metric_statistics(
        &self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Value, AwsError> {
        let period = convert::period(count(input, "Period").unwrap_or_default())?;
        let window = self.window(input, None, now)?;
        let periods = window.end.duration_since(window.start).as_secs() / i64::from(period);
        if periods > STATISTICS_AT_ONCE {
            return Err(AwsError::new(
                "InvalidParameterCombinationException",
                format!(
                    "You have requested up to {periods} datapoints, which exceeds the limit of {STATISTICS_AT_ONCE}."
                ),
            ));
        }
        let names = [texts(input, "Statistics"), texts(input, "ExtendedStatistics")].concat();
        if names.is_empty() {
            return Err(AwsError::new(
                "MissingRequiredParameterException",
                "The parameter Statistics or ExtendedStatistics is required.",
            ));
        }
        let key = convert::metric_key(text(input, "Namespace").unwrap_or_default(), input)?;
        let mut points: std::collections::BTreeMap<Timestamp, Value> =
            std::collections::BTreeMap::new();
        for name in names {
            let stat: Stat = name
                .parse()
                .map_err(|_| refused(format!("the statistic {name} is not modelled")))?;
            for (at, value) in self.metrics.datapoints(&key, &stat, period, window) {
                let point = points
                    .entry(at)
                    .or_insert_with(|| json!({"Timestamp": seconds(at), "Unit": "None"}));
                if matches!(stat, Stat::Percentile(_)) {
                    point["ExtendedStatistics"][name] = Value::from(value);
                } else {
                    point[name] = Value::from(value);
                }
            }
        }
        Ok(json!({"Label": key.name, "Datapoints": points.into_values().collect::<Vec<_>>()}))
    }

    pub(super) fn list_metrics(&self, input: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let memory = if input.get("RecentlyActive").is_some() { RECENTLY } else { METRIC_MEMORY };
        let filter = MetricFilter {
            namespace: text(input, "Namespace").map(str::to_owned),
            name: text(input, "MetricName").map(str::to_owned),
            dimensions: items(input, "Dimensions")
                .iter()
                .map(|dimension| DimensionFilter {
                    name: text(dimension, "Name").unwrap_or_default().to_owned(),
                    value: text(dimension, "Value").map(str::to_owned),
                })
                .collect(),
        };
        let found: Vec<Value> = self
            .metrics
            .list(&filter)
            .into_iter()
            .filter(|metric| now.duration_since(metric.last_seen) <= memory)
            .map(|metric| described(metric.key))
            .collect();
        let token = text(input, "NextToken");
        let (page, next) = page("metrics", found, token, METRICS_ON_A_PAGE)
            .map_err(|problem| invalid(problem.to_string()))?;
        Ok(json!({"Metrics": page, "NextToken": next}))
    }
}

/// The message beside results that a search's limit has cut.
///
/// The words are botocore's example; the code is the one that Grafana's data source tells by.
fn too_many_found() -> Value {
    json!({
        "Code": "MaxMetricsExceeded",
        "Value": "Maximum number of allowed metrics exceeded. Your search may have been limited.",
    })
}

fn described(key: &MetricKey) -> Value {
    let dimensions: Vec<Value> =
        key.dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    json!({"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions})
}

/// The samples of one datum.
enum Samples {
    One(f64),
    Many(Vec<f64>, Vec<f64>),
    Set(StatisticSet),
}

impl Samples {
    fn store(self, metrics: &mut MetricStore, key: &MetricKey, at: Timestamp) {
        match self {
            Self::One(value) => metrics.put_value(key, at, value),
            Self::Many(values, counts) => metrics.put_values(key, at, &values, &counts),
            Self::Set(set) => metrics.put_statistics(key, at, set),
        }
    }
}

fn checked(
    namespace: &str,
    datum: &Value,
    now: Timestamp,
) -> Result<(MetricKey, Timestamp, Samples), AwsError> {
    let key = convert::metric_key(namespace, datum)?;
    let at = time(datum, "Timestamp").unwrap_or(now);
    if now.duration_since(at) > OLDEST || at.duration_since(now) > NEWEST {
        return Err(invalid(format!(
            "The parameter MetricData.member.Timestamp {at} must specify a time no more than two weeks in the past and no more than two hours in the future."
        )));
    }
    let numbers =
        |name: &str| -> Vec<f64> { items(datum, name).iter().filter_map(Value::as_f64).collect() };
    let (values, counts) = (numbers("Values"), numbers("Counts"));
    let samples = match (number(datum, "Value"), values.is_empty(), datum.get("StatisticValues")) {
        (Some(value), true, None) => Samples::One(value),
        (None, false, None) => {
            if values.len() > VALUES_OF_A_DATUM {
                return Err(invalid(format!(
                    "The collection MetricData.member.Values must not have a size greater than {VALUES_OF_A_DATUM}."
                )));
            }
            if !counts.is_empty() && counts.len() != values.len() {
                return Err(invalid(
                    "The parameters Values and Counts must have the same size.".to_owned(),
                ));
            }
            Samples::Many(values, counts)
        }
        (None, true, Some(set)) => Samples::Set(StatisticSet {
            sample_count: number(set, "SampleCount").unwrap_or_default(),
            sum: number(set, "Sum").unwrap_or_default(),
            minimum: number(set, "Minimum").unwrap_or_default(),
            maximum: number(set, "Maximum").unwrap_or_default(),
        }),
        (None, true, None) => {
            return Err(AwsError::new(
                "MissingRequiredParameterException",
                format!("The metric {} has no Value, Values or StatisticValues.", key.name),
            ));
        }
        _ => {
            return Err(AwsError::new(
                "InvalidParameterCombinationException",
                format!(
                    "The metric {} has more than one of Value, Values and StatisticValues.",
                    key.name
                ),
            ));
        }
    };
    Ok((key, at, samples))
}

fn invalid(message: String) -> AwsError {
    AwsError::new("InvalidParameterValueException", message)
}
