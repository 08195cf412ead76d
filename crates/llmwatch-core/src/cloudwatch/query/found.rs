//! Values from the store: of one metric, and of those that a search finds.

use jiff::{SignedDuration, Timestamp};

use super::{MetricDataQuery, MetricStat, QueryError, QuerySource};
use crate::cloudwatch::math::{OfMetric, SearchCall, TimeSeries};
use crate::cloudwatch::metric::{
    MetricFilter, MetricKey, MetricStore, Window, minute_of, start_of_minute,
};
use crate::cloudwatch::search::{self, MAXIMUM_SERIES};

/// A metric without data for this long is found no more.
///
/// Source: <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html> ("the Amazon
/// CloudWatch console limits the search to metrics that were updated in the last 2 weeks"). That a
/// search over an older window counts from its end is ours.
const MEMORY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A search of an expression, with the period it is read by.
#[derive(Debug)]
pub(super) struct PlannedSearch {
    /// Its place in the expression, in characters.
    pub(super) at: usize,
    call: SearchCall,
    period_seconds: u32,
}

impl PlannedSearch {
    /// The period of the query stands over that of the search, as it does in a widget:
    /// <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_cloudwatch.SearchExpressionProps.html>.
    ///
    /// # Errors
    ///
    /// Neither says a period. What CloudWatch would take then is not documented.
    pub(super) fn new(
        query: &MetricDataQuery,
        at: usize,
        call: &SearchCall,
    ) -> Result<Self, QueryError> {
        let of_query = match &query.source {
            QuerySource::Expression { period_seconds, .. } => *period_seconds,
            QuerySource::Metric(_) => None,
        };
        match of_query.or(call.period_seconds) {
            Some(period_seconds) => Ok(Self { at, call: call.clone(), period_seconds }),
            None => Err(QueryError::SearchWithoutPeriod(query.id.clone())),
        }
    }

    /// The series found, at most as many as CloudWatch returns, by key.
    ///
    /// One without a datapoint in the window is among them, and empty.
    pub(super) fn series(&self, store: &MetricStore, window: Window) -> Vec<TimeSeries> {
        let mut keys = self.keys(store, window);
        keys.truncate(MAXIMUM_SERIES);
        let labels = search::labels(&keys);
        let read = |(key, label): (&MetricKey, String)| {
            let metric = MetricStat {
                key: key.clone(),
                stat: self.call.stat,
                period_seconds: self.period_seconds,
            };
            series(&metric, label, store, window)
        };
        keys.into_iter().zip(labels).map(read).collect()
    }

    /// Seconds per datapoint.
    pub(super) fn period_seconds(&self) -> u32 {
        self.period_seconds
    }

    /// Whether more is found than CloudWatch returns.
    pub(super) fn exceeds_limit(&self, store: &MetricStore, window: Window) -> bool {
        self.keys(store, window).len() > MAXIMUM_SERIES
    }

    fn keys<'store>(&self, store: &'store MetricStore, window: Window) -> Vec<&'store MetricKey> {
        let search = &self.call.search;
        let namespace = search.namespace().map(str::to_owned);
        let now = window.end.min(window.visible_until);
        let forgotten = now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN);
        store
            .list(&MetricFilter { namespace, ..MetricFilter::default() })
            .into_iter()
            .filter(|metric| metric.last_seen >= forgotten && search.finds(metric.key))
            .map(|metric| metric.key)
            .filter(|key| store.first_seen(key).is_some_and(|first| first < window.visible_until))
            .collect()
    }
}

/// A metric over every period of the window, missing where it has no datapoint.
pub(super) fn series(
    metric: &MetricStat,
    label: String,
    store: &MetricStore,
    window: Window,
) -> TimeSeries {
    let start = start_of_minute(minute_of(window.start));
    let period = i64::from(metric.period_seconds.max(60));
    let length = (window.end.as_second() - start.as_second()).max(0);
    let periods = usize::try_from((length + period - 1) / period).unwrap_or_default();
    let mut values = vec![f64::NAN; periods];
    for (at, value) in store.datapoints(&metric.key, &metric.stat, metric.period_seconds, window) {
        let position = (at.as_second() - start.as_second()) / period;
        if let Some(slot) = usize::try_from(position).ok().and_then(|at| values.get_mut(at)) {
            *slot = value;
        }
    }
    let of = Some(OfMetric { key: metric.key.clone(), label });
    TimeSeries { start, period_seconds: metric.period_seconds, values, of }
}
