//! Quality metrics in CloudWatch: which series exist, and how one went.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricStat, RecentlyActive, ScanBy, StatusCode,
};
use jiff::Timestamp;
use llmwatch_core::quality;
use llmwatch_core::quality::alarm::PERIOD_SECONDS;
use llmwatch_core::quality::alarm::course::Period;
use llmwatch_core::quality::alarm::observed::Observed;
use llmwatch_core::quality::series::{Listed, Series};

use crate::CallFailed;
use crate::time::timestamp;

/// Which metrics a listing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// All with values in the last two weeks.
    TwoWeeks,
    /// Those with values in the last three hours.
    ThreeHours,
}

/// Every series in the namespace with the quality metrics it has, all pages.
///
/// Metrics of other names or dimensions, such as counts of skipped records, are left out.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>.
///
/// # Errors
///
/// When any page could not be read.
pub async fn list_series(
    client: &Client,
    namespace: &str,
    activity: Activity,
) -> Result<Listed, CallFailed> {
    let recently = match activity {
        Activity::TwoWeeks => None,
        Activity::ThreeHours => Some(RecentlyActive::Pt3H),
    };
    let mut pages = client
        .list_metrics()
        .namespace(namespace)
        .set_recently_active(recently)
        .into_paginator()
        .send();
    let mut listed = Listed::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("ListMetrics", namespace, error))?;
        for metric in page.metrics.unwrap_or_default() {
            if let Some((series, metric)) = of_series(&metric) {
                listed.entry(series).or_default().insert(metric);
            }
        }
    }
    Ok(listed)
}

fn of_series(metric: &Metric) -> Option<(Series, quality::Metric)> {
    let name = quality::Metric::named(metric.metric_name()?)?;
    let dimensions: Option<Vec<(&str, &str)>> = metric
        .dimensions()
        .iter()
        .map(|dimension| Some((dimension.name()?, dimension.value()?)))
        .collect();
    Some((Series::of_dimensions(&dimensions?)?, name))
}

/// The periods with values of a metric between two times, oldest first.
///
/// # Errors
///
/// When the call failed, or CloudWatch did not say that what it gave is all.
pub async fn read_periods(
    client: &Client,
    observed: &Observed,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Period>, CallFailed> {
    let queries =
        vec![query(observed, "mean", "Average"), query(observed, "samples", "SampleCount")];
    let answer = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(DateTime::from_secs(from.as_second()))
        .end_time(DateTime::from_secs(to.as_second()))
        .scan_by(ScanBy::TimestampAscending)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetMetricData", &observed.metric, error))?;
    let results = answer.metric_data_results();
    let values = |id: &str| -> Result<Vec<(Timestamp, f64)>, CallFailed> {
        let result = results.iter().find(|result| result.id() == Some(id));
        match result.map(|result| (result, result.status_code())) {
            Some((result, Some(StatusCode::Complete))) => Ok(result
                .timestamps()
                .iter()
                .zip(result.values())
                .filter_map(|(at, value)| Some((timestamp(*at)?, *value)))
                .collect()),
            _ => {
                let problem = "CloudWatch did not say that the answer is complete";
                Err(CallFailed::unusable_answer("GetMetricData", &observed.metric, problem))
            }
        }
    };
    let (means, samples) = (values("mean")?, values("samples")?);
    let samples_at = |wanted: Timestamp| samples.iter().find(|(at, _)| *at == wanted);
    let periods = means.into_iter().filter_map(|(start, mean)| {
        samples_at(start).map(|(_, samples)| Period { start, mean, samples: *samples })
    });
    Ok(periods.collect())
}

fn query(observed: &Observed, id: &str, statistic: &str) -> MetricDataQuery {
    let dimensions = observed.series.dimensions().into_iter();
    let dimensions =
        dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(&observed.namespace)
        .metric_name(&observed.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = MetricStat::builder().metric(metric).period(PERIOD_SECONDS as i32).stat(statistic);
    MetricDataQuery::builder().id(id).metric_stat(stat.build()).build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
    use aws_sdk_cloudwatch::operation::list_metrics::{ListMetricsError, ListMetricsOutput};
    use aws_sdk_cloudwatch::types::MetricDataResult;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;
    use llmwatch_core::quality::alarm::BadSide;
    use llmwatch_core::quality::alarm::course::Held;

    use super::*;

    const NAMESPACE: &str = "LLMWatch/Quality";

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn metric(name: &str, dimensions: &[(&str, &str)]) -> Metric {
        let dimensions = dimensions
            .iter()
            .map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
        Metric::builder().metric_name(name).set_dimensions(Some(dimensions.collect())).build()
    }

    fn page(token: Option<&'static str>, metrics: Vec<Metric>, next: Option<&'static str>) -> Rule {
        mock!(Client::list_metrics)
            .match_requests(move |request| {
                request.namespace() == Some(NAMESPACE)
                    && request.recently_active() == Some(&RecentlyActive::Pt3H)
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
    async fn every_page_is_read_and_only_quality_metrics_of_series_count() {
        let first = vec![
            metric("Refusal", &[("ModelId", "a")]),
            metric("JudgeSafety", &[("InferenceComponentName", "c"), ("ModelId", "b")]),
            metric("SkippedRecords", &[("ModelId", "a")]),
            metric("Refusal", &[("ModelId", "a"), ("Reason", "x")]),
            metric("Refusal", &[]),
        ];
        let rules = [
            page(None, first, Some("2")),
            page(Some("2"), vec![metric("Error", &[("ModelId", "a")])], None),
        ];
        let client = client(&rules.each_ref());
        let listed = list_series(&client, NAMESPACE, Activity::ThreeHours).await.unwrap();
        let series = |model_id: &str, component: Option<&str>| Series {
            model_id: model_id.to_owned(),
            inference_component: component.map(str::to_owned),
        };
        let expected = Listed::from([
            (series("a", None), BTreeSet::from([quality::Metric::Refusal, quality::Metric::Error])),
            (series("b", Some("c")), BTreeSet::from([quality::Metric::JudgeSafety])),
        ]);
        assert_eq!(listed, expected);
    }

    #[tokio::test]
    async fn a_listing_that_fails_is_an_error_and_never_empty() {
        let rule = mock!(Client::list_metrics).then_error(|| {
            ListMetricsError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
        let listed = list_series(&client(&[&rule]), NAMESPACE, Activity::TwoWeeks).await;
        assert!(listed.unwrap_err().is_denied());
    }

    fn observed() -> Observed {
        Observed {
            series: Series { model_id: "a".into(), inference_component: Some("c".into()) },
            namespace: NAMESPACE.into(),
            metric: "Refusal".into(),
            held: Held { bad: BadSide::AtLeast, line: Some(0.5), minimum_samples: 20.0 },
        }
    }

    async fn read(mean_status: StatusCode) -> Result<Vec<Period>, CallFailed> {
        let rule = mock!(Client::get_metric_data)
            .match_requests(|request| {
                let stat =
                    |index: usize| request.metric_data_queries()[index].metric_stat().unwrap();
                stat(0).stat() == Some("Average")
                    && stat(1).stat() == Some("SampleCount")
                    && stat(0).period() == Some(900)
                    && stat(0).metric().unwrap().dimensions().len() == 2
            })
            .then_output(move || {
                let result = |id: &str, values: &[(i64, f64)], status: StatusCode| {
                    MetricDataResult::builder()
                        .id(id)
                        .set_timestamps(Some(
                            values.iter().map(|(at, _)| DateTime::from_secs(*at)).collect(),
                        ))
                        .set_values(Some(values.iter().map(|(_, value)| *value).collect()))
                        .status_code(status)
                        .build()
                };
                GetMetricDataOutput::builder()
                    .metric_data_results(result(
                        "mean",
                        &[(900, 0.25), (1800, 0.5)],
                        mean_status.clone(),
                    ))
                    .metric_data_results(result("samples", &[(1800, 40.0)], StatusCode::Complete))
                    .build()
            });
        let at = |second| Timestamp::from_second(second).unwrap();
        read_periods(&client(&[&rule]), &observed(), (at(0), at(14_400))).await
    }

    #[tokio::test]
    async fn means_and_samples_of_one_period_come_together() {
        let start = Timestamp::from_second(1800).unwrap();
        let periods = read(StatusCode::Complete).await.unwrap();
        assert_eq!(periods, [Period { start, mean: 0.5, samples: 40.0 }]);
    }

    #[tokio::test]
    async fn an_incomplete_answer_is_an_error() {
        for status in [StatusCode::PartialData, StatusCode::InternalError] {
            let problem = read(status).await.unwrap_err().explain();
            assert!(problem.contains("complete"), "{problem}");
        }
    }
}
