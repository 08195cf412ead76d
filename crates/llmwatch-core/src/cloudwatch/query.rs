//! Metric data queries: metrics and expressions over them, as `GetMetricData` and alarms take them.

mod found;
mod label;
mod plan;

use found::PlannedSearch;
use jiff::Timestamp;
use label::{label, label_of};
pub(super) use plan::Plan;
use thiserror::Error;

use super::band::{Bands, Trainings};
use super::math::{MathError, Value};
use super::metric::{MetricKey, MetricStore, Stat, Window};

/// One metric or expression of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDataQuery {
    /// 1–255 letters, digits and underscores, a lower-case letter first; unique in the request.
    pub id: String,
    /// Where its values come from.
    pub source: QuerySource,
    /// Whether its values are part of the result.
    pub returned: Returned,
    /// What the result calls it; the metric's name, or the id of an expression, when absent. Each
    /// series of an array is called by this and by what tells it apart, with a space between, or by
    /// this alone where it is dynamic, for example `${PROP('Dim.ModelId')}`.
    pub label: Option<String>,
}

/// Where the values of a query come from.
#[derive(Debug, Clone, PartialEq)]
pub enum QuerySource {
    /// A stored metric.
    Metric(MetricStat),
    /// Metric math over other queries.
    Expression {
        /// The expression.
        text: String,
        /// Seconds; used only where no metric gives a period, and over that of a search.
        period_seconds: Option<u32>,
    },
}

/// A metric with how it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricStat {
    /// The series.
    pub key: MetricKey,
    /// The statistic of each period.
    pub stat: Stat,
    /// Seconds per datapoint, a multiple of 60.
    pub period_seconds: u32,
}

/// Whether a query's values are returned (`ReturnData`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// They are part of the result, or what an alarm watches.
    Yes,
    /// They only feed expressions.
    No,
}

/// The datapoints of one returned series.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// The query's id. A query that yields several series has several results with its id; of a
    /// band the first is the upper edge, the second the lower.
    pub id: String,
    /// The query's label; of several series with the metric's own.
    pub label: String,
    /// In time order, stamped with the start of the period; missing datapoints are left out.
    pub points: Vec<(Timestamp, f64)>,
}

/// A request that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Not an id.
    #[error("`{0}` is not an id: a lower-case letter, then letters, digits and underscores")]
    Id(String),
    /// Two queries share an id.
    #[error("two queries have the id `{0}`")]
    DuplicateId(String),
    /// Not a period.
    #[error("query `{id}`: a period of {period_seconds} seconds is not a multiple of 60")]
    Period {
        /// The query.
        id: String,
        /// Its period.
        period_seconds: u32,
    },
    /// An expression that cannot be read or evaluated.
    #[error("query `{id}`: {problem}")]
    Math {
        /// The query.
        id: String,
        /// What is wrong with its expression.
        problem: MathError,
    },
    /// Queries that need each other's values.
    #[error("query `{0}` refers to itself")]
    Cycle(String),
    /// A returned expression that yields a number.
    #[error("query `{0}` yields a number, not a time series")]
    NotASeries(String),
    /// A search whose period neither it nor its query says.
    #[error("query `{0}`: a search needs a period, its own or the query's")]
    SearchWithoutPeriod(String),
    /// A band of what searches find.
    #[error("query `{0}` searches, and an anomaly band of a SEARCH is not supported")]
    BandOfSearch(String),
    /// `ReturnData` is false everywhere.
    #[error("no query is returned")]
    NothingReturned,
}

/// Checks a request without evaluating it.
///
/// # Errors
///
/// Whatever is wrong with the queries themselves; [`QueryError::NotASeries`] and combined periods
/// are found only by evaluating.
pub fn validate(queries: &[MetricDataQuery]) -> Result<(), QueryError> {
    Plan::new(queries).map(|_| ())
}

/// The returned series of a request, in its order.
///
/// Bands are trained on the two weeks before the window, nothing excluded.
///
/// # Errors
///
/// A request that CloudWatch would refuse.
pub fn evaluate(
    queries: &[MetricDataQuery],
    store: &MetricStore,
    window: Window,
) -> Result<Vec<QueryResult>, QueryError> {
    let bands = train_bands(queries, store, window, &Trainings::new())?;
    evaluate_with_bands(queries, store, window, &bands)
}

/// As [`evaluate`], with bands trained before.
///
/// # Errors
///
/// A request that CloudWatch would refuse.
pub fn evaluate_with_bands(
    queries: &[MetricDataQuery],
    store: &MetricStore,
    window: Window,
    bands: &Bands,
) -> Result<Vec<QueryResult>, QueryError> {
    let plan = Plan::new(queries)?;
    let values = plan.values(store, window, bands, &plan.returned())?;
    let mut results = Vec::new();
    for position in plan.returned() {
        let query = &queries[position];
        let series = match values.get(&position) {
            Some(Value::Series(series)) => std::slice::from_ref(series),
            Some(Value::Array(all)) => all.as_slice(),
            Some(Value::Scalar(_)) | None => {
                return Err(QueryError::NotASeries(query.id.clone()));
            }
        };
        let is_array = matches!(values.get(&position), Some(Value::Array(_)));
        results.extend(series.iter().map(|series| QueryResult {
            id: query.id.clone(),
            label: if is_array { label_of(query, series) } else { label(query) },
            points: series.points(),
        }));
    }
    Ok(results)
}

/// Whether a search of the request finds more series than CloudWatch returns: then results are
/// there and not complete, and `GetMetricData` says so in a message.
///
/// # Errors
///
/// A request that CloudWatch would refuse.
pub fn exceeds_search_limit(
    queries: &[MetricDataQuery],
    store: &MetricStore,
    window: Window,
) -> Result<bool, QueryError> {
    Ok(Plan::new(queries)?.searches().any(|search| search.exceeds_limit(store, window)))
}

/// The shortest period, in seconds, by which a metric of the request is read, searched ones included;
/// none of a request that reads nothing.
///
/// # Errors
///
/// A request that CloudWatch would refuse.
pub fn shortest_period(queries: &[MetricDataQuery]) -> Result<Option<u32>, QueryError> {
    let plan = Plan::new(queries)?;
    let searched = plan.searches().map(PlannedSearch::period_seconds);
    let named = queries.iter().filter_map(|query| match &query.source {
        QuerySource::Metric(metric) => Some(metric.period_seconds),
        QuerySource::Expression { .. } => None,
    });
    Ok(named.chain(searched).min())
}

/// The bands a request's expressions ask for, trained on the two weeks before the window starts.
///
/// Training reads up to two weeks of data; keep the result and use it for about an hour of
/// evaluations with [`evaluate_with_bands`]. A metric with too little history has no entry.
///
/// # Errors
///
/// A request that CloudWatch would refuse.
pub fn train_bands(
    queries: &[MetricDataQuery],
    store: &MetricStore,
    window: Window,
    trainings: &Trainings,
) -> Result<Bands, QueryError> {
    Plan::new(queries)?.train_bands(store, window, trainings)
}

#[cfg(test)]
mod tests;
