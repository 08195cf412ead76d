//! CloudWatch metrics: which series exist, how busy they are, and publishing our own.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, MetricStat, StandardUnit,
    StatusCode,
};
use aws_smithy_types::DateTime;
use jiff::{SignedDuration, Timestamp};
pub use llmwatch_core::metric_values::{BEDROCK, MODEL_ID};
use llmwatch_core::model_id::ACROSS_ALL_MODELS;

use crate::CallFailed;

/// The most queries one `GetMetricData` takes.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>.
pub(crate) const MAX_QUERIES: usize = 500;

/// The most metrics, and the most bytes, one `PutMetricData` takes.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>.
const MAX_METRICS: usize = 1000;
const MAX_BYTES: usize = 1_000_000;

/// What a datum takes besides its texts, as CBOR or form fields, generously.
const DATUM_OVERHEAD_BYTES: usize = 200;

/// The most different values one metric of a `PutMetricData` takes. Source as above.
pub const MAX_VALUES: usize = 150;

/// One value of one of our own metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    /// The metric's name.
    pub name: String,
    /// Its dimensions, as (name, value).
    pub dimensions: Vec<(String, String)>,
    /// The value, finite.
    pub value: f64,
    /// The minute it speaks of; at most two weeks back.
    pub at: Timestamp,
}

/// All values of one of our own metrics in one minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Values<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// Its dimensions, as (name, value).
    pub dimensions: Vec<(&'a str, &'a str)>,
    /// The minute they speak of; from two weeks back to two hours ahead.
    pub at: Timestamp,
    /// Each value, finite, with how often it occurred, ≥ 1; at most [`MAX_VALUES`].
    pub values: &'a [(f64, f64)],
    /// CloudWatch's word for the unit, for example `Count/Second`; `None` for none.
    pub unit: &'a str,
}

/// Every `ModelId` with a metric in `AWS/Bedrock`, sorted, each once.
///
/// Any metric counts, not only `Invocations`: a pool with a quota of 0 has throttles and nothing
/// else. CloudWatch forgets a metric two weeks after its last datapoint.
///
/// # Errors
///
/// When any page could not be read.
pub async fn list_model_ids(client: &Client) -> Result<Vec<String>, CallFailed> {
    let mut pages = client
        .list_metrics()
        .namespace(BEDROCK)
        .dimensions(DimensionFilter::builder().name(MODEL_ID).build())
        .into_paginator()
        .send();
    let mut model_ids = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("ListMetrics", BEDROCK, error))?;
        model_ids.extend(page.metrics.unwrap_or_default().into_iter().filter_map(model_id));
    }
    Ok(model_ids.into_iter().collect())
}

/// The sum of `Invocations` over the last 24 hours of each `ModelId`, 0 where there was none.
///
/// # Errors
///
/// When a call failed, or CloudWatch says that a series is incomplete.
pub async fn invocations_of_last_day(
    client: &Client,
    model_ids: &[String],
    now: Timestamp,
) -> Result<BTreeMap<String, f64>, CallFailed> {
    let mut sums: BTreeMap<String, f64> = model_ids.iter().map(|id| (id.clone(), 0.0)).collect();
    for batch in model_ids.chunks(MAX_QUERIES) {
        let queries =
            batch.iter().enumerate().map(|(index, model_id)| invocations(index, model_id));
        let mut pages = client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(DateTime::from_secs((now - SignedDuration::from_hours(24)).as_second()))
            .end_time(DateTime::from_secs(now.as_second()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallFailed::new("GetMetricData", BEDROCK, error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                let index = result.id().and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
                let Some(model_id) = index.and_then(|index| batch.get(index)) else { continue };
                if let Some(StatusCode::Forbidden | StatusCode::InternalError) = result.status_code
                {
                    let problem = "CloudWatch could not read the series";
                    return Err(CallFailed::unusable_answer("GetMetricData", model_id, problem));
                }
                *sums.entry(model_id.clone()).or_default() += result.values().iter().sum::<f64>();
            }
        }
    }
    Ok(sums)
}

/// Publishes values, in as few calls as the limits allow.
///
/// # Errors
///
/// When a call failed; earlier batches are published, and publishing again adds to them.
pub async fn publish(client: &Client, namespace: &str, data: &[Datum]) -> Result<(), CallFailed> {
    for batch in batches(data, MAX_METRICS, MAX_BYTES) {
        client
            .put_metric_data()
            .namespace(namespace)
            .set_metric_data(Some(batch.iter().map(datum).collect()))
            .send()
            .await
            .map_err(|error| CallFailed::new("PutMetricData", namespace, error))?;
    }
    Ok(())
}

/// Publishes values in exactly one call, so that whoever numbers the calls knows that all of it was
/// taken or, after an error that says so, none of it.
///
/// The caller keeps to the limits: 1,000 metrics and 1 MB. The SDK packs what is above 10 kB.
///
/// # Errors
///
/// When CloudWatch refused, which takes nothing, or did not answer, which may have taken all.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>.
pub async fn publish_once(
    client: &Client,
    namespace: &str,
    metrics: &[Values<'_>],
) -> Result<(), CallFailed> {
    client
        .put_metric_data()
        .namespace(namespace)
        .set_metric_data(Some(metrics.iter().map(datum_of_values).collect()))
        .send()
        .await
        .map_err(|error| CallFailed::new("PutMetricData", namespace, error))?;
    Ok(())
}

/// The `ModelId` of a metric that has this dimension and no other.
fn model_id(metric: Metric) -> Option<String> {
    let [dimension] = <[Dimension; 1]>::try_from(metric.dimensions?).ok()?;
    let value = dimension.value.filter(|value| value != ACROSS_ALL_MODELS)?;
    (dimension.name.as_deref() == Some(MODEL_ID)).then_some(value)
}

/// No `Unit`: what unit Bedrock stores has changed before, and a filter on the wrong one finds
/// nothing.
fn invocations(index: usize, model_id: &str) -> MetricDataQuery {
    let dimension = Dimension::builder().name(MODEL_ID).value(model_id).build();
    let metric = Metric::builder()
        .namespace(BEDROCK)
        .metric_name("Invocations")
        .dimensions(dimension)
        .build();
    let stat = MetricStat::builder().metric(metric).period(3600).stat("Sum").build();
    MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).build()
}

fn datum(datum: &Datum) -> MetricDatum {
    let dimensions = datum
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build());
    MetricDatum::builder()
        .metric_name(&datum.name)
        .set_dimensions(Some(dimensions.collect()))
        .value(datum.value)
        .timestamp(DateTime::from_secs(datum.at.as_second()))
        .build()
}

fn datum_of_values(metric: &Values<'_>) -> MetricDatum {
    let (values, counts) = metric.values.iter().copied().unzip();
    let dimensions = metric
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
    MetricDatum::builder()
        .metric_name(metric.name)
        .set_dimensions(Some(dimensions.collect()))
        .set_values(Some(values))
        .set_counts(Some(counts))
        .timestamp(DateTime::from_secs(metric.at.as_second()))
        .unit(StandardUnit::from(metric.unit))
        .build()
}

fn batches(data: &[Datum], max_metrics: usize, max_bytes: usize) -> Vec<&[Datum]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, datum) in data.iter().enumerate() {
        let size = size(datum);
        if index > start && (index - start == max_metrics || bytes + size > max_bytes) {
            batches.push(&data[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < data.len() {
        batches.push(&data[start..]);
    }
    batches
}

fn size(datum: &Datum) -> usize {
    let dimensions: usize =
        datum.dimensions.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    DATUM_OVERHEAD_BYTES + datum.name.len() + dimensions
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
    use aws_sdk_cloudwatch::operation::list_metrics::ListMetricsOutput;
    use aws_sdk_cloudwatch::operation::put_metric_data::PutMetricDataOutput;
    use aws_sdk_cloudwatch::types::MetricDataResult;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn metric(dimensions: &[(&str, &str)]) -> Metric {
        let dimensions = dimensions
            .iter()
            .map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
        Metric::builder().set_dimensions(Some(dimensions.collect())).build()
    }

    fn page(token: Option<&'static str>, metrics: Vec<Metric>, next: Option<&'static str>) -> Rule {
        mock!(Client::list_metrics)
            .match_requests(move |request| {
                request.namespace() == Some(BEDROCK)
                    && request.metric_name().is_none()
                    && request.next_token() == token
            })
            .then_output(move || {
                ListMetricsOutput::builder()
                    .set_metrics(Some(metrics.clone()))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    }

    #[tokio::test]
    async fn every_page_is_read_and_only_model_series_count() {
        let first = vec![
            metric(&[("ModelId", "b")]),
            metric(&[("ModelId", "b")]),
            metric(&[("ModelId", "c"), ("ImageSize", "512"), ("BucketedStepSize", "30")]),
            metric(&[("ModelId", ACROSS_ALL_MODELS)]),
            metric(&[]),
        ];
        let rules = [
            page(None, first, Some("2")),
            page(Some("2"), vec![metric(&[("ModelId", "a")])], None),
        ];
        assert_eq!(list_model_ids(&client(&rules.each_ref())).await.unwrap(), ["a", "b"]);
    }

    #[tokio::test]
    async fn volumes_add_up_over_pages_and_silence_is_zero() {
        fn answer(token: Option<&'static str>, value: f64, next: Option<&'static str>) -> Rule {
            mock!(Client::get_metric_data)
                .match_requests(move |request| request.next_token() == token)
                .then_output(move || {
                    let result = MetricDataResult::builder().id("q0").values(value).values(1.0);
                    GetMetricDataOutput::builder()
                        .metric_data_results(result.status_code(StatusCode::Complete).build())
                        .set_next_token(next.map(str::to_owned))
                        .build()
                })
        }
        let rules = [answer(None, 5.0, Some("2")), answer(Some("2"), 7.0, None)];
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let ids = ["a".to_owned(), "b".to_owned()];
        let sums = invocations_of_last_day(&client(&rules.each_ref()), &ids, now).await.unwrap();
        assert_eq!(sums, BTreeMap::from([("a".to_owned(), 14.0), ("b".to_owned(), 0.0)]));
    }

    #[tokio::test]
    async fn a_chunk_goes_out_in_one_call_with_counts_unit_and_its_own_minute() {
        let put = mock!(Client::put_metric_data)
            .match_requests(|request| {
                let [datum] = request.metric_data() else { return false };
                let dimensions = datum.dimensions();
                request.namespace() == Some("LLMWatch/Quality")
                    && datum.metric_name() == Some("JudgeSafety")
                    && (datum.values(), datum.counts()) == (&[0.5, 1.0][..], &[2.0, 7.0][..])
                    && datum.value().is_none()
                    && datum.timestamp() == Some(&DateTime::from_secs(1_795_327_200))
                    && datum.unit() == Some(&StandardUnit::CountSecond)
                    && (dimensions[0].name(), dimensions[0].value()) == (Some("ModelId"), Some("m"))
            })
            .then_output(|| PutMetricDataOutput::builder().build());
        let metric = Values {
            name: "JudgeSafety",
            dimensions: vec![("ModelId", "m")],
            at: "2026-11-22T06:00:00Z".parse().unwrap(),
            values: &[(0.5, 2.0), (1.0, 7.0)],
            unit: "Count/Second",
        };
        publish_once(&client(&[&put]), "LLMWatch/Quality", &[metric]).await.unwrap();
        assert_eq!(put.num_calls(), 1);
    }

    #[tokio::test]
    async fn values_are_published_a_thousand_a_call() {
        let put = mock!(Client::put_metric_data)
            .match_requests(|request| {
                request.namespace() == Some("LLMWatch/Quota") && request.metric_data().len() <= 1000
            })
            .then_output(|| PutMetricDataOutput::builder().build());
        let datum = Datum {
            name: "QuotaValue".into(),
            dimensions: vec![("Pool".into(), "on-demand.x".into())],
            value: 1.0,
            at: "2026-11-21T12:00:00Z".parse().unwrap(),
        };
        let data = vec![datum; 2001];
        publish(&client(&[&put]), "LLMWatch/Quota", &data).await.unwrap();
        assert_eq!(put.num_calls(), 3);
        assert_eq!(batches(&[], 10, 10), Vec::<&[Datum]>::new());
        let by_bytes: Vec<usize> =
            batches(&data[..5], 1000, 2 * size(&data[0])).iter().map(|batch| batch.len()).collect();
        assert_eq!(by_bytes, [2, 2, 1]);
    }
}
