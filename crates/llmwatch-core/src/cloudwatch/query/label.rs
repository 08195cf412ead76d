//! What results are called.

use super::{MetricDataQuery, QuerySource};
use crate::cloudwatch::math::{OfMetric, TimeSeries};
use crate::cloudwatch::metric::MetricKey;

/// A query's label: its own, the metric's name, or the expression's id.
pub(super) fn label(query: &MetricDataQuery) -> String {
    match (&query.label, &query.source) {
        (Some(label), QuerySource::Metric(metric)) => {
            dynamic(label, &metric.key, &metric.key.name).unwrap_or_else(|| label.clone())
        }
        (Some(label), QuerySource::Expression { .. }) => label.clone(),
        (None, QuerySource::Metric(metric)) => metric.key.name.clone(),
        (None, QuerySource::Expression { .. }) => query.id.clone(),
    }
}

/// The label of one series of an array: the expression's, then the metric's own, which stands alone
/// beside an empty one. A dynamic one stands alone. Without a label of the expression the metric's
/// own does (ours: the default that CloudWatch makes is not documented).
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>.
pub(super) fn label_of(query: &MetricDataQuery, series: &TimeSeries) -> String {
    match (query.label.as_deref(), &series.of) {
        (_, None) => label(query),
        (None | Some(""), Some(of)) => of.label.clone(),
        (Some(expression), Some(OfMetric { key, label })) => {
            dynamic(expression, key, label).unwrap_or_else(|| format!("{expression} {label}"))
        }
    }
}

/// A label with the properties of the metric put in; none where it asks for none of them.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>
/// ("If you use a dynamic label with a search expression, the dynamic label applies to every metric
/// returned by the search"). That nothing is added to it is what Grafana's data source relies on,
/// which takes such labels apart again (grafana/grafana, `pkg/tsdb/cloudwatch`). Values computed
/// from datapoints, such as `${MAX}`, are not modelled and stay as they stand. That a dimension
/// which the metric does not have leaves nothing is ours.
fn dynamic(label: &str, key: &MetricKey, default: &str) -> Option<String> {
    let mut text = String::with_capacity(label.len());
    let (mut rest, mut found) = (label, false);
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let property = after
            .split_once('}')
            .and_then(|(name, after)| property(name, key, default).map(|value| (value, after)));
        match property {
            Some((value, after)) => {
                text.push_str(value);
                (rest, found) = (after, true);
            }
            None => {
                text.push_str("${");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    found.then_some(text)
}

fn property<'a>(name: &str, key: &'a MetricKey, default: &'a str) -> Option<&'a str> {
    if name == "LABEL" {
        return Some(default);
    }
    match name.strip_prefix("PROP('")?.strip_suffix("')")? {
        "MetricName" => Some(&key.name),
        "Namespace" => Some(&key.namespace),
        other => {
            let dimension = other.strip_prefix("Dim.")?;
            Some(key.dimensions.get(dimension).map_or("", String::as_str))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_label_is_made_of_the_metrics_properties() {
        let key = MetricKey::new("AWS/Bedrock", "Invocations", &[("ModelId", "nova"), ("A", "b")]);
        for (label, expected) in [
            ("${PROP('Dim.ModelId')}", Some("nova")),
            ("of ${PROP('Dim.ModelId')}, ${PROP('Dim.A')}.", Some("of nova, b.")),
            ("${PROP('Namespace')} ${PROP('MetricName')}", Some("AWS/Bedrock Invocations")),
            ("[${LABEL}]", Some("[default]")),
            ("${PROP('Dim.modelid')}|", Some("|")),
            ("${MAX} ${LABEL}", Some("${MAX} default")),
            ("${MAX}", None),
            ("${PROP('Stat')}", None),
            ("${PROP('Dim.ModelId'", None),
            ("plain", None),
            ("", None),
        ] {
            assert_eq!(dynamic(label, &key, "default").as_deref(), expected, "{label}");
        }
    }
}
