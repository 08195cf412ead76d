//! Which GPUs and instances of SageMaker's endpoints reported, hour by hour, from CloudWatch.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Metric, RecentlyActive};
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::cloudwatch::metric::MetricKey;
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::hourly_cost::{PERIOD_SECONDS, Reported, calls};
use llmwatch_core::component::reports::{COUNTED, Reporter};
use llmwatch_core::evidence::Read;
use llmwatch_core::metric_values::{HOUR_SECONDS, Values, Wanted};

use crate::CallFailed;
use crate::metric_values::{OPERATION, read_batch};
use crate::metrics::MAX_QUERIES;

/// A series that is counted, and what it stands for.
pub type Listed = (MetricKey, Reporter);

/// Every GPU and instance that reported in the last three hours, at least; all pages.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>
/// (`RecentlyActive`; the listing may have some that are older).
///
/// # Errors
///
/// When any page could not be read.
pub async fn list(client: &Client) -> Result<Vec<Listed>, CallFailed> {
    let mut listed = Vec::new();
    for (namespace, name) in COUNTED {
        let mut pages = client
            .list_metrics()
            .namespace(namespace)
            .metric_name(name)
            .recently_active(RecentlyActive::Pt3H)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallFailed::new("ListMetrics", namespace, error))?;
            let series = page.metrics.unwrap_or_default();
            listed.extend(series.iter().filter_map(|metric| {
                let series = key(namespace, name, metric)?;
                let reporter = Reporter::of(&series)?;
                Some((series, reporter))
            }));
        }
    }
    Ok(listed)
}

fn key(namespace: &str, name: &str, metric: &Metric) -> Option<MetricKey> {
    let dimensions: Option<Vec<(&str, &str)>> = metric
        .dimensions()
        .iter()
        .map(|dimension| Some((dimension.name()?, dimension.value()?)))
        .collect();
    Some(MetricKey::new(namespace, name, &dimensions?))
}

/// Which of these reported in each of the hours, which must follow one another, and how often the
/// components were called. No hours, or nothing to read, are no calls.
///
/// # Errors
///
/// When a call failed, or CloudWatch did not say of every series that what it gave is all: a part of
/// who reported would be taken for all of them.
pub async fn read(
    client: &Client,
    listed: &[&Listed],
    components: &BTreeSet<&InferenceComponent>,
    hours: &[Timestamp],
) -> Result<Reported, CallFailed> {
    let mut reported = Reported::default();
    let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return Ok(reported) };
    let stretch = (*first, *last + SignedDuration::from_secs(HOUR_SECONDS.into()));
    for batch in listed.chunks(MAX_QUERIES) {
        let asked: Vec<Wanted> = batch.iter().map(|(series, _)| presence(series)).collect();
        let values = read_batch(client, &asked, stretch).await?;
        for ((series, reporter), values) in batch.iter().zip(values) {
            for (start, _) in whole(values, series)? {
                reported.count(reporter, start);
            }
        }
    }
    let components: Vec<&InferenceComponent> = components.iter().copied().collect();
    for batch in components.chunks(MAX_QUERIES) {
        let asked: Vec<Wanted> = batch.iter().map(|component| calls(component)).collect();
        let values = read_batch(client, &asked, stretch).await?;
        for ((component, asked), values) in batch.iter().zip(&asked).zip(values) {
            for (hour, count) in whole(values, &asked.metric)? {
                reported.add_calls(component, hour, count);
            }
        }
    }
    Ok(reported)
}

/// Any statistic of a series says that it had a value.
fn presence(series: &MetricKey) -> Wanted {
    Wanted { metric: series.clone(), statistic: "Average", period_seconds: PERIOD_SECONDS }
}

fn whole(values: Values, series: &MetricKey) -> Result<Vec<(Timestamp, f64)>, CallFailed> {
    match values {
        Read::Known(values) => Ok(values),
        Read::Unreadable(why) => {
            let of: Vec<&str> = series.dimensions.values().map(String::as_str).collect();
            let subject = format!("{} of {}", series.name, of.join(" "));
            Err(CallFailed::unusable_answer(OPERATION, subject, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
    use aws_sdk_cloudwatch::operation::list_metrics::{ListMetricsError, ListMetricsOutput};
    use aws_sdk_cloudwatch::primitives::DateTime;
    use aws_sdk_cloudwatch::types::{Dimension, MetricDataQuery, MetricDataResult, StatusCode};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

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

    const PLACE: [(&str, &str); 3] =
        [("EndpointName", "e"), ("VariantName", "v"), ("InstanceId", "i-1")];

    #[tokio::test]
    async fn gpus_and_instances_of_all_pages_are_told_apart() {
        let instance = metric(&PLACE);
        let sum = metric(&PLACE[..2]);
        let gpu = metric(&[&PLACE[..], &[("GpuId", "gpu_0")]].concat());
        let own = [("ContainerId", "c"), ("InferenceComponentName", "chat-7b"), ("GpuId", "gpu_0")];
        let own = metric(&[&PLACE[..], &own].concat());
        let pages = [
            ("/aws/sagemaker/Endpoints", "CPUUtilizationNormalized", None, vec![sum], Some("2")),
            (
                "/aws/sagemaker/Endpoints",
                "CPUUtilizationNormalized",
                Some("2"),
                vec![instance],
                None,
            ),
            ("/aws/sagemaker/Endpoints", "GPUUtilizationNormalized", None, vec![gpu], None),
            (
                "/aws/sagemaker/InferenceComponents",
                "GPUUtilizationNormalized",
                None,
                vec![own],
                None,
            ),
        ];
        let rules = pages.map(|(namespace, name, token, metrics, next)| {
            let page = ListMetricsOutput::builder()
                .set_metrics(Some(metrics))
                .set_next_token(next.map(str::to_owned))
                .build();
            mock!(Client::list_metrics)
                .match_requests(move |request| {
                    request.namespace() == Some(namespace)
                        && request.metric_name() == Some(name)
                        && request.next_token() == token
                        && request.recently_active() == Some(&RecentlyActive::Pt3H)
                })
                .then_output(move || page.clone())
        });
        let listed = list(&client(&rules.each_ref())).await.unwrap();
        let endpoint = || "e".to_owned();
        let component = InferenceComponent::parse("chat-7b").unwrap();
        assert_eq!(
            listed.into_iter().map(|(_, reporter)| reporter).collect::<Vec<_>>(),
            [
                Reporter::Instance { endpoint: endpoint() },
                Reporter::Gpu { endpoint: endpoint(), named_by: "GpuId" },
                Reporter::GpuOfComponent { endpoint: endpoint(), component, named_by: "GpuId" },
            ]
        );
    }

    #[tokio::test]
    async fn a_listing_that_fails_is_no_empty_list() {
        let denied = mock!(Client::list_metrics).then_error(|| {
            let denied = ErrorMetadata::builder().code("AccessDenied").build();
            ListMetricsError::generic(denied)
        });
        assert!(list(&client(&[&denied])).await.unwrap_err().is_denied());
    }

    fn hours() -> Vec<Timestamp> {
        ["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"].map(|hour| hour.parse().unwrap()).to_vec()
    }

    /// Every series has a value at the start of the second hour; calls are 7.
    fn answering(status: StatusCode) -> Rule {
        mock!(Client::get_metric_data).then_compute_output(move |request| {
            let result = |query: &MetricDataQuery| {
                let stat = query.metric_stat().unwrap();
                let value = match (stat.stat(), stat.period()) {
                    (Some("Sum"), Some(3_600)) => 7.0,
                    (Some("Average"), Some(300)) => 0.0,
                    other => panic!("{other:?}"),
                };
                MetricDataResult::builder()
                    .id(query.id().unwrap())
                    .timestamps(DateTime::from_secs(hours()[1].as_second()))
                    .values(value)
                    .status_code(status.clone())
                    .build()
            };
            assert_eq!(request.start_time().unwrap().secs(), hours()[0].as_second());
            assert_eq!(request.end_time().unwrap().secs(), hours()[1].as_second() + 3_600);
            let results = request.metric_data_queries().iter().map(result).collect();
            GetMetricDataOutput::builder().set_metric_data_results(Some(results)).build()
        })
    }

    fn instances(number: usize) -> Vec<Listed> {
        let instance = |at: usize| {
            let id = format!("i-{at}");
            let dimensions = [PLACE[0], PLACE[1], ("InstanceId", id.as_str())];
            let series =
                MetricKey::new("/aws/sagemaker/Endpoints", "CPUUtilizationNormalized", &dimensions);
            (series, Reporter::Instance { endpoint: "e".to_owned() })
        };
        (0..number).map(instance).collect()
    }

    #[tokio::test]
    async fn each_series_counts_once_whatever_its_value() {
        let listed = instances(501);
        let component = InferenceComponent::parse("chat-7b").unwrap();
        let rule = answering(StatusCode::Complete);
        let asked: Vec<&Listed> = listed.iter().collect();
        let read = read(&client(&[&rule]), &asked, &BTreeSet::from([&component]), &hours()).await;
        let mut expected = Reported::default();
        for (_, reporter) in &listed {
            expected.count(reporter, hours()[1]);
        }
        expected.add_calls(&component, hours()[1], 7.0);
        assert_eq!(read.unwrap(), expected);
        assert_eq!(rule.num_calls(), 3);
    }

    #[tokio::test]
    async fn a_part_is_never_taken_for_all_of_it() {
        let listed = instances(1);
        let asked: Vec<&Listed> = listed.iter().collect();
        for status in [StatusCode::PartialData, StatusCode::InternalError, StatusCode::Forbidden] {
            let rule = answering(status);
            let failed = read(&client(&[&rule]), &asked, &BTreeSet::new(), &hours()).await;
            let told = failed.unwrap_err().explain();
            assert!(told.contains("CPUUtilizationNormalized of e i-0 v"), "{told}");
        }
    }

    #[tokio::test]
    async fn without_anything_to_read_nothing_is_asked() {
        let rule = answering(StatusCode::Complete);
        let read = read(&client(&[&rule]), &[], &BTreeSet::new(), &hours()).await.unwrap();
        assert_eq!((read, rule.num_calls()), (Reported::default(), 0));
    }
}
