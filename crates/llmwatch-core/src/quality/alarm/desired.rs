//! The quality alarms a series should have.

use std::collections::BTreeMap;

use super::tuning::QualityTuning;
use super::{BadSide, Line, PERIOD_SECONDS, QUALITY_CATALOGUE, QualityDefinition};
use crate::alarm::Severity;
use crate::alarm::desired::description::MAX_CHARS;
use crate::alarm::desired::queries::{BAND_ID, expression, result_id};
use crate::alarm::desired::{
    Breach, DesiredAlarm, Evaluation, MetricQuery, MetricWatch, MissingData, QuerySource, Watch,
};
use crate::alarm::name::{self, AlarmName, QualityAlarm};
use crate::ids::StackPrefix;
use crate::quality::Metric;
use crate::quality::series::{Series, SeriesLabel, StoredSeries};

/// Every alarm a series should have: one for each line that is on, of the metrics it is known to
/// have.
#[must_use]
pub fn desired_quality_alarms(
    stored: &StoredSeries,
    tuning: &QualityTuning,
    namespace: &str,
    prefix: &StackPrefix,
) -> Vec<DesiredAlarm> {
    let label = stored.series.label();
    let metrics = stored.metrics();
    let on_series = OnSeries { series: &stored.series, label: &label, namespace, prefix };
    QUALITY_CATALOGUE
        .iter()
        .filter(|row| metrics.contains(&row.metric))
        .filter_map(|row| Some((tuning.definition(row.kind, &label)?, row.kind)))
        .flat_map(|(row, kind)| {
            let source = tuning.evaluation_source(kind, &label);
            Severity::ALL
                .into_iter()
                .filter_map(|severity| on_series.alarm(&row, severity))
                .map(|alarm| DesiredAlarm { evaluation_source: source, ..alarm })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[derive(Debug, Clone, Copy)]
struct OnSeries<'a> {
    series: &'a Series,
    label: &'a SeriesLabel,
    namespace: &'a str,
    prefix: &'a StackPrefix,
}

impl OnSeries<'_> {
    fn alarm(&self, row: &QualityDefinition, severity: Severity) -> Option<DesiredAlarm> {
        let line = row.line(severity);
        let breach = breach(row.bad, line)?;
        let alarm = QualityAlarm { kind: row.kind, severity, series: self.label.clone() };
        Some(DesiredAlarm {
            name: name::quality(self.prefix, &alarm),
            alarm: AlarmName::Quality(alarm),
            description: description(self.series, row, line),
            watch: Watch::Metrics(MetricWatch {
                queries: self.queries(row, line),
                breach,
                missing: MissingData::NotBreaching,
                evaluation: Evaluation {
                    datapoints_to_alarm: row.datapoints_to_alarm,
                    evaluation_periods: row.evaluation_periods,
                },
            }),
            // EventBridge carries its changes, with what mutes them; a topic would tell them twice.
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            evaluation_source: crate::alarm::tuning::EvaluationSource::Catalogue,
            tags: BTreeMap::from([
                ("llmwatch:prefix", self.prefix.to_string()),
                ("llmwatch:series", self.label.to_string()),
                ("llmwatch:kind", row.kind.word().to_owned()),
            ]),
        })
    }

    /// The mean where there are enough samples, and no datapoint where there are not.
    fn queries(&self, row: &QualityDefinition, line: Line) -> Vec<MetricQuery> {
        let result = result_id(self.prefix);
        let counted = format!("IF(samples >= {}, mean)", row.minimum_samples);
        let mut queries = vec![
            self.metric("mean", row.metric, "Average"),
            self.metric("samples", row.metric, "SampleCount"),
            expression(&result, counted),
        ];
        if let Line::Band(width) = line {
            let band = format!("ANOMALY_DETECTION_BAND({result}, {width})");
            queries.push(expression(BAND_ID, band));
        }
        queries
    }

    fn metric(&self, id: &str, metric: Metric, statistic: &str) -> MetricQuery {
        MetricQuery {
            id: id.to_owned(),
            source: QuerySource::Metric {
                namespace: self.namespace.to_owned(),
                metric: metric.to_string(),
                dimensions: self.series.dimensions(),
                statistic: statistic.to_owned(),
                period_seconds: PERIOD_SECONDS,
            },
            watched: false,
        }
    }
}

fn breach(bad: BadSide, line: Line) -> Option<Breach> {
    match (bad, line) {
        (_, Line::Off) => None,
        (BadSide::Below, Line::At(value)) => Some(Breach::Below(value)),
        (BadSide::AtLeast, Line::At(value)) => Some(Breach::AtLeast(value)),
        (BadSide::Below, Line::Band(_)) => Some(Breach::BelowBand(BAND_ID.to_owned())),
        (BadSide::AtLeast, Line::Band(_)) => Some(Breach::AboveBand(BAND_ID.to_owned())),
    }
}

/// M of N is left out: an operator may edit it, and the console shows it anyway.
fn description(series: &Series, row: &QualityDefinition, line: Line) -> String {
    let condition = match (row.bad, line) {
        (BadSide::Below, Line::At(value)) => format!("is below {value}"),
        (BadSide::AtLeast, Line::At(value)) => format!("is {value} or more"),
        (BadSide::Below, Line::Band(width)) => {
            format!("is below its usual band of {width} standard deviations")
        }
        (BadSide::AtLeast, Line::Band(width)) => {
            format!("is above its usual band of {width} standard deviations")
        }
        (_, Line::Off) => String::new(),
    };
    // The names come last, since they may be as long as CloudWatch's dimensions.
    format!(
        "The model {}. Breaches when the mean of {} over {PERIOD_SECONDS} s {condition}; with fewer \
         than {} samples it does not count. Kept by llmwatch: change it by the setting \
         quality-tuning; your own actions, ActionsEnabled, M of N and tags are left as you set \
         them. Model: {series}.",
        row.says, row.metric, row.minimum_samples,
    )
    .chars()
    .take(MAX_CHARS)
    .collect()
}

#[cfg(test)]
mod evaluated;
#[cfg(test)]
pub(crate) mod tests;
