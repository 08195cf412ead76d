//! The setting `quality-tuning`: what an operator changed about the quality alarms, for all series
//! or some.
//!
//! JSON: series label or glob → alarm kind → fields. For example
//! `{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}},
//! "model.us.amazon.nova-*": {"HighTruncation": {"enabled": false}, "LowRefusal": {"width": 2.5}}}`.
//! Where several entries name one series, the more exact one wins, field by field.
//!
//! Fields: `enabled`; `warning` and `critical`, each a value or `"off"`; `width`, a band's standard
//! deviations in place of `warning`'s value, for `LowRefusal`; `minimum_samples`;
//! `datapoints_to_alarm` with `evaluation_periods`.

mod fields;

use fields::Adjustment;
use serde_json::Value;

use super::{QUALITY_CATALOGUE, QualityDefinition, QualityKind, quality_definition};
use crate::alarm::tuning::{Entries, EvaluationSource, Grammar, InvalidTuning, Problems};
use crate::quality::series::SeriesLabel;

/// The name of the setting.
pub const SETTING: &str = "quality-tuning";

/// What an operator changed about the catalogue of quality alarms. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QualityTuning {
    entries: Entries<QualityKind, Adjustment>,
}

impl QualityTuning {
    /// Reads the setting's text. Empty text and `none` change nothing.
    ///
    /// # Errors
    ///
    /// Names every field that is unknown, of the wrong type or nonsense, and how to mend it.
    /// Nothing of a setting with a problem takes effect.
    pub fn parse(text: &str) -> Result<Self, InvalidTuning> {
        let grammar = Grammar {
            setting: SETTING,
            labelled: "series",
            kinds: QUALITY_CATALOGUE.iter().map(|row| row.kind).collect(),
            word: QualityKind::word,
        };
        let fields = |place: &str, kind: QualityKind, fields: &Value, problems: &mut Problems| {
            fields::read(place, quality_definition(kind), fields, problems)
        };
        Ok(Self { entries: Entries::parse(text, &grammar, fields)? })
    }

    /// The row in force for a kind on a series; `None` when it has no line there.
    #[must_use]
    pub fn definition(&self, kind: QualityKind, series: &SeriesLabel) -> Option<QualityDefinition> {
        let mut row = *quality_definition(kind);
        let mut enabled = true;
        for adjustment in self.entries.adjustments(kind, series.as_str()) {
            enabled = adjustment.enabled.unwrap_or(enabled);
            row.warning = adjustment.warning.unwrap_or(row.warning);
            row.critical = adjustment.critical.unwrap_or(row.critical);
            row.minimum_samples = adjustment.minimum_samples.unwrap_or(row.minimum_samples);
            if let Some((m, n)) = adjustment.evaluation {
                (row.datapoints_to_alarm, row.evaluation_periods) = (m, n);
            }
        }
        (enabled && row.is_on()).then_some(row)
    }

    /// Whether the operator set the M of N of a kind on a series.
    #[must_use]
    pub fn evaluation_source(&self, kind: QualityKind, series: &SeriesLabel) -> EvaluationSource {
        if self
            .entries
            .adjustments(kind, series.as_str())
            .any(|adjustment| adjustment.evaluation.is_some())
        {
            EvaluationSource::Tuning
        } else {
            EvaluationSource::Catalogue
        }
    }
}

#[cfg(test)]
mod tests;
