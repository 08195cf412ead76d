//! The pieces that panels' queries are made of.

use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::cloudwatch::query::{MetricDataQuery, MetricStat, QuerySource, Returned};
use crate::metric_values::HOUR_SECONDS;

/// Callers a sum takes: with more, an expression would come near its 2,048 characters.
pub(super) const MOST_CALLERS: usize = 50;

/// A curve per minute, for what quotas count.
pub(super) const MINUTE: u32 = 60;

/// A curve per five minutes, the period of the alarms on errors and latency.
pub(super) const FIVE_MINUTES: u32 = 300;

/// What a curve per five minutes is multiplied by to be one an hour.
pub(super) const PERIODS_AN_HOUR: u32 = HOUR_SECONDS / FIVE_MINUTES;

/// A metric that is drawn.
pub(super) fn curve(
    id: &str,
    label: &str,
    key: MetricKey,
    stat: Stat,
    period_seconds: u32,
) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        source: QuerySource::Metric(MetricStat { key, stat, period_seconds }),
        returned: Returned::Yes,
        label: Some(label.to_owned()),
    }
}

/// A metric that only feeds expressions.
pub(super) fn hidden(id: &str, key: MetricKey, stat: Stat, period_seconds: u32) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        source: QuerySource::Metric(MetricStat { key, stat, period_seconds }),
        returned: Returned::No,
        label: None,
    }
}

/// An expression that is drawn.
pub(super) fn math(id: &str, label: &str, text: String) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        source: QuerySource::Expression { text, period_seconds: None },
        returned: Returned::Yes,
        label: Some(label.to_owned()),
    }
}

/// An expression that only feeds others.
pub(super) fn hidden_math(id: &str, text: String) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        source: QuerySource::Expression { text, period_seconds: None },
        returned: Returned::No,
        label: None,
    }
}

/// The part of a label that says which value of a dimension a curve is of. CloudWatch calls a series
/// that a search finds alone by its metric's name, and several by what tells them apart: this says
/// the same of one as of many.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>.
pub(super) fn value_of(dimension: &str) -> String {
    format!("${{PROP('Dim.{dimension}')}}")
}

/// The expression that finds every series of a metric with exactly these dimensions, those of
/// `where_` having the value given.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>
/// (names with characters other than letters and digits stand in double quotes; values that are
/// matched exactly too, with `"`, `\`, `(` and `)` escaped; at most 1,024 characters).
pub(super) fn search(
    namespace: &str,
    metric: &str,
    dimensions: &[&str],
    where_: &[(&str, &str)],
    stat: Stat,
    period_seconds: u32,
) -> String {
    let schema: Vec<String> =
        std::iter::once(&namespace).chain(dimensions).map(|name| format!("\"{name}\"")).collect();
    let terms: String = std::iter::once(("MetricName", metric))
        .chain(where_.iter().copied())
        .map(|(name, value)| format!(" {name}=\"{}\"", escaped(value)))
        .collect();
    format!("SEARCH('{{{}}}{terms}', '{stat}', {period_seconds})", schema.join(","))
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '(' | ')') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_names_its_schema_and_matches_values_exactly() {
        let text = search(
            "/aws/sagemaker/Endpoints",
            "GPUReservation",
            &["EndpointName", "InstanceId"],
            &[("EndpointName", "chat (eu) \"2\"")],
            Stat::Average,
            60,
        );
        assert_eq!(
            text,
            r#"SEARCH('{"/aws/sagemaker/Endpoints","EndpointName","InstanceId"} MetricName="GPUReservation" EndpointName="chat \(eu\) \"2\""', 'Average', 60)"#
        );
    }
}
