//! A pool's usage from CloudWatch: every usage metric, minute by minute, summed over its series.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::builders::MetricDataQueryBuilder;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::evidence::Read;
use llmwatch_core::usage::{Gap, Samples, UsageMetric, Window};

use crate::CallFailed;
use crate::metrics::{BEDROCK, MAX_QUERIES, MODEL_ID};
use crate::time::timestamp;

/// The most series one request sums: one query a metric and series, and one sum a metric.
///
/// The sum's expression then has some 1,200 characters of the 2,048 it may have.
const SERIES_A_REQUEST: usize = MAX_QUERIES / UsageMetric::ALL.len() - 1;

/// Pages after which a read ends with a gap: several times what 14 days of all metrics take at
/// 100,800 datapoints a page.
const MAX_PAGES: u32 = 10;

/// Reads the usage of all series of a pool over a window.
///
/// CloudWatch sums the series, so that a pool of many series costs as few datapoints as one of one.
/// A page that fails after the first, or a metric that CloudWatch never says is complete, leaves a
/// gap, which the samples name.
pub async fn read_usage(client: &Client, series: &[String], window: Window) -> Read<Samples> {
    read_usage_of(client, series, window, &UsageMetric::ALL).await
}

/// The same of some of the metrics; the others have no data in the samples.
pub async fn read_usage_of(
    client: &Client,
    series: &[String],
    window: Window,
    metrics: &[UsageMetric],
) -> Read<Samples> {
    let mut samples = Samples::new(window);
    for batch in series.chunks(SERIES_A_REQUEST) {
        if let Err(failure) = add_batch(client, batch, metrics, &mut samples).await {
            return Read::Unreadable(failure.explain());
        }
    }
    Read::Known(samples)
}

async fn add_batch(
    client: &Client,
    series: &[String],
    metrics: &[UsageMetric],
    samples: &mut Samples,
) -> Result<(), CallFailed> {
    let window = samples.window;
    let queries: Vec<MetricDataQuery> =
        metrics.iter().flat_map(|metric| sum_queries(*metric, series)).collect();
    let mut open: BTreeMap<UsageMetric, Timestamp> =
        metrics.iter().map(|metric| (*metric, window.start())).collect();
    let mut token = None;
    for page in 1..=MAX_PAGES {
        let answer = match read_page(client, &queries, window, token).await {
            Ok(answer) => answer,
            Err(failure) if page == 1 => return Err(failure),
            Err(failure) => {
                add_gaps(samples, open, &format!("page {page}: {}", failure.explain()));
                return Ok(());
            }
        };
        for result in answer.metric_data_results() {
            add_result(result, samples, &mut open);
        }
        if let [message, ..] = answer.messages() {
            let said = message.value().or(message.code()).unwrap_or_default();
            add_gaps(samples, std::mem::take(&mut open), &format!("CloudWatch says: {said}"));
        }
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    let why = match token {
        None => "CloudWatch did not say that it is complete".to_owned(),
        Some(_) => format!("more than {MAX_PAGES} pages"),
    };
    add_gaps(samples, open, &why);
    Ok(())
}

async fn read_page(
    client: &Client,
    queries: &[MetricDataQuery],
    window: Window,
    token: Option<String>,
) -> Result<GetMetricDataOutput, CallFailed> {
    client
        .get_metric_data()
        .set_metric_data_queries(Some(queries.to_vec()))
        .start_time(DateTime::from_secs(window.start().as_second()))
        .end_time(DateTime::from_secs(window.end().as_second()))
        .scan_by(ScanBy::TimestampAscending)
        .set_next_token(token)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetMetricData", "the pool's usage", error))
}

/// Everything still open is missing from where it was read to.
fn add_gaps(samples: &mut Samples, open: BTreeMap<UsageMetric, Timestamp>, why: &str) {
    let to = samples.window.end();
    samples.gaps.extend(open.into_iter().map(|(metric, from)| Gap {
        metric,
        from,
        to,
        why: why.to_owned(),
    }));
}

/// Adds a page of one metric; `open` holds how far each metric is read that is not complete.
fn add_result(
    result: &MetricDataResult,
    samples: &mut Samples,
    open: &mut BTreeMap<UsageMetric, Timestamp>,
) {
    let Some(metric) = UsageMetric::ALL.into_iter().find(|metric| result.id() == Some(id(*metric)))
    else {
        return;
    };
    for (at, value) in result.timestamps().iter().zip(result.values()) {
        let Some(at) = timestamp(*at) else { continue };
        // Filled minutes come as zeros; only what was counted is data.
        if *value > 0.0 {
            samples.series_mut(metric).add(at, *value);
        }
        let after = at.saturating_add(SignedDuration::from_mins(1)).unwrap_or(at);
        open.entry(metric).and_modify(|reached| *reached = after.max(*reached));
    }
    match result.status_code() {
        Some(StatusCode::Complete) => {
            open.remove(&metric);
        }
        Some(status @ (StatusCode::InternalError | StatusCode::Forbidden)) => {
            let from = open.remove(&metric).unwrap_or(samples.window.start());
            let why = format!("CloudWatch answered {}", status.as_str());
            add_gaps(samples, BTreeMap::from([(metric, from)]), &why);
        }
        _ => {}
    }
}

/// One query a series and one that sums them, a minute without data counting as 0.
///
/// A single series needs no sum, and then only minutes with data cross the wire.
fn sum_queries(metric: UsageMetric, series: &[String]) -> Vec<MetricDataQuery> {
    if let [only] = series {
        return vec![series_query(metric, only).id(id(metric)).return_data(true).build()];
    }
    // Short, since the sum names every one of them.
    let part = |index: usize| format!("{}{index}", &id(metric)[..1]);
    let mut queries: Vec<MetricDataQuery> = series
        .iter()
        .enumerate()
        .map(|(index, model_id)| {
            series_query(metric, model_id).id(part(index)).return_data(false).build()
        })
        .collect();
    let sum: Vec<String> =
        (0..series.len()).map(|index| format!("FILL({},0)", part(index))).collect();
    queries.push(
        MetricDataQuery::builder()
            .id(id(metric))
            .expression(sum.join("+"))
            .return_data(true)
            .build(),
    );
    queries
}

fn series_query(metric: UsageMetric, model_id: &str) -> MetricDataQueryBuilder {
    let dimension = Dimension::builder().name(MODEL_ID).value(model_id).build();
    let source = Metric::builder()
        .namespace(BEDROCK)
        .metric_name(metric.metric_name())
        .dimensions(dimension)
        .build();
    let stat = MetricStat::builder().metric(source).period(60).stat("Sum").build();
    MetricDataQuery::builder().metric_stat(stat)
}

/// Query ids begin with a lower-case letter and hold letters, digits and underscores. The first
/// letters tell the metrics apart.
fn id(metric: UsageMetric) -> &'static str {
    match metric {
        UsageMetric::Invocations => "requests",
        UsageMetric::Throttles => "throttles",
        UsageMetric::EstimatedTpm => "weighted_tokens",
        UsageMetric::InputTokens => "input_tokens",
        UsageMetric::OutputTokens => "output_tokens",
        UsageMetric::CacheWriteTokens => "cache_writes",
    }
}

#[cfg(test)]
mod tests;
