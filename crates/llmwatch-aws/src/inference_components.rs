//! Which SageMaker inference components are in use, by CloudWatch's list of metrics.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{DimensionFilter, Metric};
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::alarm::{INVOCATIONS, NAMESPACE};
use llmwatch_core::quality::series::INFERENCE_COMPONENT;

use crate::CallFailed;

/// Every inference component that was called in the last two weeks, which is how long CloudWatch
/// lists a metric; all pages.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>.
///
/// # Errors
///
/// When any page could not be read.
pub async fn list(client: &Client) -> Result<BTreeSet<InferenceComponent>, CallFailed> {
    let mut pages = client
        .list_metrics()
        .namespace(NAMESPACE)
        .metric_name(INVOCATIONS)
        .dimensions(DimensionFilter::builder().name(INFERENCE_COMPONENT).build())
        .into_paginator()
        .send();
    let mut components = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("ListMetrics", NAMESPACE, error))?;
        components.extend(page.metrics.unwrap_or_default().iter().filter_map(of_metric));
    }
    Ok(components)
}

/// The metric of the whole component; those of its instances and containers say it in parts.
fn of_metric(metric: &Metric) -> Option<InferenceComponent> {
    let [dimension] = metric.dimensions() else { return None };
    if dimension.name()? != INFERENCE_COMPONENT {
        return None;
    }
    InferenceComponent::parse(dimension.value()?)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::list_metrics::{ListMetricsError, ListMetricsOutput};
    use aws_sdk_cloudwatch::types::Dimension;
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

    #[tokio::test]
    async fn components_of_all_pages_are_named_once() {
        let component = |name| (INFERENCE_COMPONENT, name);
        let first = [
            metric(&[component("chat-7b")]),
            metric(&[component("chat-7b"), ("ContainerId", "c")]),
            metric(&[("EndpointName", "e"), ("VariantName", "AllTraffic")]),
        ];
        let pages = [
            (None, ListMetricsOutput::builder().set_metrics(Some(first.to_vec())).next_token("2")),
            (
                Some("2"),
                ListMetricsOutput::builder()
                    .metrics(metric(&[component("embed")]))
                    .metrics(metric(&[component("chat-7b")])),
            ),
        ];
        let rules = pages.map(|(token, page)| {
            let page = page.build();
            mock!(Client::list_metrics)
                .match_requests(move |request| {
                    let [filter] = request.dimensions() else { return false };
                    request.namespace() == Some("AWS/SageMaker")
                        && request.metric_name() == Some("Invocations")
                        && filter.name() == Some(INFERENCE_COMPONENT)
                        && request.next_token() == token
                })
                .then_output(move || page.clone())
        });
        let found = list(&client(&rules.iter().collect::<Vec<_>>())).await.unwrap();
        let names: Vec<&str> = found.iter().map(InferenceComponent::as_str).collect();
        assert_eq!(names, ["chat-7b", "embed"]);
    }

    #[tokio::test]
    async fn a_listing_that_fails_is_no_empty_list() {
        let denied = mock!(Client::list_metrics).then_error(|| {
            let denied = ErrorMetadata::builder().code("AccessDenied").build();
            ListMetricsError::generic(denied)
        });
        let failed = list(&client(&[&denied])).await.unwrap_err();
        assert!(failed.is_denied(), "{failed}");
    }
}
