//! The metric math of each alarm.
//!
//! Sources, read 2026-11: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html>
//! (10 metrics an alarm), <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>
//! (`FILL`, `MAX`, division by zero drops the datapoint; a band takes the id of an expression, over
//! at most 10 metrics and expressions).

use crate::alarm::{AlarmDefinition, Limit, Statistic, pool_metrics};
use crate::ids::StackPrefix;
use crate::metric_values::{BEDROCK, MODEL_ID};
use crate::stored::StoredPool;

/// Series an alarm sums or compares: with the expression and its band, metric math is full.
pub const MAX_SERIES: usize = 8;

/// Series of an average, which takes two metrics each.
pub const MAX_SERIES_OF_AVERAGE: usize = 4;

/// The id of an anomaly alarm's band.
pub(crate) const BAND_ID: &str = "band";

/// One metric or expression of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricQuery {
    /// Its id within the alarm.
    pub id: String,
    /// Where its values come from.
    pub source: QuerySource,
    /// Whether the alarm watches it, or it only feeds an expression.
    pub watched: bool,
}

/// Where the values of a query come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuerySource {
    /// A metric's statistic.
    Metric {
        /// For example `AWS/Bedrock`.
        namespace: String,
        /// For example `Invocations`.
        metric: String,
        /// Name and value pairs: `ModelId` alone, or `Pool` of a metric of our own.
        dimensions: Vec<(String, String)>,
        /// For example `Sum` or `p90`.
        statistic: String,
        /// Seconds per datapoint.
        period_seconds: u32,
    },
    /// Metric math over other queries' ids.
    Expression(String),
}

/// An anomaly model over metric math, known by the queries it is trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detector {
    /// The metrics and the one watched expression over them.
    pub queries: Vec<MetricQuery>,
}

/// The queries of an alarm of this kind on a pool, the watched expression after its metrics.
pub(super) fn of(
    pool: &StoredPool,
    row: &AlarmDefinition,
    prefix: &StackPrefix,
) -> Vec<MetricQuery> {
    let result_id = result_id(prefix);
    let mut queries = match row.statistic {
        Statistic::Sum => {
            let mut queries = metrics(pool, row, "m", "Sum", MAX_SERIES);
            queries.push(expression(&result_id, filled_sum(&queries)));
            queries
        }
        Statistic::Average => {
            let mut totals = metrics(pool, row, "total", "Sum", MAX_SERIES_OF_AVERAGE);
            let counts = metrics(pool, row, "count", "SampleCount", MAX_SERIES_OF_AVERAGE);
            let quotient = format!("({})/({})", filled_sum(&totals), filled_sum(&counts));
            totals.extend(counts);
            totals.push(expression(&result_id, quotient));
            totals
        }
        Statistic::P90 => highest(pool, row, "p90", &result_id),
        Statistic::P99 => highest(pool, row, "p99", &result_id),
        Statistic::Maximum => vec![of_whole_pool(pool, row)],
    };
    if let Limit::AboveBand(width) = row.limit {
        queries.push(expression(BAND_ID, format!("ANOMALY_DETECTION_BAND({result_id}, {width})")));
    }
    queries
}

/// The anomaly model a watch needs: its queries without the band. `None` without a band.
#[must_use]
pub fn detector(watch: &super::MetricWatch) -> Option<Detector> {
    let (super::Breach::AboveBand(band) | super::Breach::BelowBand(band)) = &watch.breach else {
        return None;
    };
    let queries = watch.queries.iter().filter(|query| query.id != *band).cloned().collect();
    Some(Detector { queries })
}

/// Whether an anomaly model belongs to the stack with this prefix.
///
/// Models have neither name nor tags; the id of the watched expression carries the prefix.
#[must_use]
pub fn detector_is_of(prefix: &StackPrefix, detector: &Detector) -> bool {
    let id = result_id(prefix);
    detector.queries.iter().any(|query| query.watched && query.id == id)
}

/// Ids take letters, digits and `_`; a prefix has no `_`, so no two prefixes share an id.
pub(crate) fn result_id(prefix: &StackPrefix) -> String {
    format!("llmwatch_{}", prefix.as_str().replace('-', "_"))
}

/// A metric of our own speaks of all the pool's series already.
fn of_whole_pool(pool: &StoredPool, row: &AlarmDefinition) -> MetricQuery {
    MetricQuery {
        id: "m1".to_owned(),
        source: QuerySource::Metric {
            namespace: pool_metrics::NAMESPACE.to_owned(),
            metric: row.metric.to_owned(),
            dimensions: vec![("Pool".to_owned(), pool.pool.label().to_string())],
            statistic: "Maximum".to_owned(),
            period_seconds: row.period_seconds,
        },
        watched: true,
    }
}

fn highest(
    pool: &StoredPool,
    row: &AlarmDefinition,
    percentile: &str,
    result_id: &str,
) -> Vec<MetricQuery> {
    let mut queries = metrics(pool, row, "m", percentile, MAX_SERIES);
    // MAX over one series would be a number, not a series, so one metric is watched as it is.
    if let [only] = queries.as_mut_slice() {
        only.watched = true;
    } else {
        let ids: Vec<&str> = queries.iter().map(|query| query.id.as_str()).collect();
        let highest = format!("MAX([{}])", ids.join(", "));
        queries.push(expression(result_id, highest));
    }
    queries
}

/// One query for each of the busiest series, in the order of their names: the alarm does not
/// change when two of them swap places in business.
fn metrics(
    pool: &StoredPool,
    row: &AlarmDefinition,
    id_stem: &str,
    statistic: &str,
    limit: usize,
) -> Vec<MetricQuery> {
    let mut series: Vec<&String> = pool.series.iter().take(limit).collect();
    series.sort();
    let query = |(index, series): (usize, &String)| MetricQuery {
        id: format!("{id_stem}{}", index + 1),
        source: QuerySource::Metric {
            namespace: BEDROCK.to_owned(),
            metric: row.metric.to_owned(),
            dimensions: vec![(MODEL_ID.to_owned(), series.clone())],
            statistic: statistic.to_owned(),
            period_seconds: row.period_seconds,
        },
        watched: false,
    };
    series.into_iter().enumerate().map(query).collect()
}

/// An idle series has no datapoints at all, so each is filled before the sum.
fn filled_sum(queries: &[MetricQuery]) -> String {
    let terms: Vec<String> = queries.iter().map(|query| format!("FILL({}, 0)", query.id)).collect();
    terms.join(" + ")
}

pub(crate) fn expression(id: &str, expression: String) -> MetricQuery {
    MetricQuery { id: id.to_owned(), source: QuerySource::Expression(expression), watched: true }
}
