//! A pool's usage from CloudWatch: every usage metric, minute by minute, summed over its series.

use std::collections::HashMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::builders::MetricDataQueryBuilder;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::evidence::Read;
use llmwatch_core::usage::{Gap, Samples, UsageMetric, Window};

use crate::CallFailed;

/// The most series one request sums: queries are at most 500, one a metric and series plus a sum.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>.
const SERIES_A_REQUEST: usize = 500 / UsageMetric::ALL.len() - 1;

const NAMESPACE: &str = "AWS/Bedrock";

/// Reads the usage of all series of a pool over a window.
///
/// CloudWatch sums the series, so that a pool of many series costs as few datapoints as one of one.
/// A page that fails after the first leaves gaps, which the samples name.
pub async fn read_usage(client: &Client, series: &[String], window: Window) -> Read<Samples> {
    let mut samples = Samples::new(window);
    for batch in series.chunks(SERIES_A_REQUEST) {
        if let Err(failure) = add_batch(client, batch, window, &mut samples).await {
            return Read::Unreadable(failure.explain());
        }
    }
    Read::Known(samples)
}

async fn add_batch(
    client: &Client,
    series: &[String],
    window: Window,
    samples: &mut Samples,
) -> Result<(), CallFailed> {
    let queries: Vec<MetricDataQuery> =
        UsageMetric::ALL.iter().flat_map(|metric| sum_queries(*metric, series)).collect();
    let mut reached: HashMap<UsageMetric, Timestamp> =
        UsageMetric::ALL.iter().map(|metric| (*metric, window.start())).collect();
    let mut token = None;
    for page in 1_u32.. {
        let answer = client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(DateTime::from_secs(window.start().as_second()))
            .end_time(DateTime::from_secs(window.end().as_second()))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| CallFailed::new("GetMetricData", "the pool's usage", error));
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if page == 1 => return Err(failure),
            Err(failure) => {
                let why = format!("page {page}: {}", failure.explain());
                samples.gaps.extend(reached.iter().map(|(metric, from)| Gap {
                    metric: *metric,
                    from: *from,
                    to: window.end(),
                    why: why.clone(),
                }));
                return Ok(());
            }
        };
        for result in answer.metric_data_results.unwrap_or_default() {
            add_result(&result, window, samples, &mut reached);
        }
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    Ok(())
}

fn add_result(
    result: &MetricDataResult,
    window: Window,
    samples: &mut Samples,
    reached: &mut HashMap<UsageMetric, Timestamp>,
) {
    let Some(metric) = UsageMetric::ALL.into_iter().find(|metric| result.id() == Some(id(*metric)))
    else {
        return;
    };
    for (at, value) in result.timestamps().iter().zip(result.values()) {
        let Ok(at) = Timestamp::from_second(at.secs()) else { continue };
        // Filled minutes come as zeros; only what was counted is data.
        if *value > 0.0 {
            samples.series_mut(metric).add(at, *value);
        }
        let after = at.saturating_add(SignedDuration::from_mins(1)).unwrap_or(at);
        reached.entry(metric).and_modify(|reached| *reached = after.max(*reached));
    }
    match result.status_code() {
        Some(StatusCode::Complete) => {
            reached.remove(&metric);
        }
        Some(StatusCode::InternalError | StatusCode::Forbidden) => samples.gaps.push(Gap {
            metric,
            from: reached.remove(&metric).unwrap_or(window.start()),
            to: window.end(),
            why: format!("CloudWatch answered {:?}", result.status_code().map(StatusCode::as_str)),
        }),
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
    let part = |index: usize| format!("{}{index}", id(metric));
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
    let dimension = Dimension::builder().name("ModelId").value(model_id).build();
    let source = Metric::builder()
        .namespace(NAMESPACE)
        .metric_name(metric.metric_name())
        .dimensions(dimension)
        .build();
    let stat = MetricStat::builder().metric(source).period(60).stat("Sum").build();
    MetricDataQuery::builder().metric_stat(stat)
}

/// Query ids begin with a lower-case letter and hold letters, digits and underscores.
fn id(metric: UsageMetric) -> &'static str {
    match metric {
        UsageMetric::Invocations => "invocations",
        UsageMetric::Throttles => "throttles",
        UsageMetric::EstimatedTpm => "estimated_tpm",
        UsageMetric::InputTokens => "input_tokens",
        UsageMetric::OutputTokens => "output_tokens",
        UsageMetric::CacheWriteTokens => "cache_write_tokens",
    }
}
