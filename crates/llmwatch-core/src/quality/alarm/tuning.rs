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

use std::fmt;

use fields::Adjustment;
use serde_json::Value;

use super::{QUALITY_CATALOGUE, QualityDefinition, QualityKind, quality_definition};
use crate::alarm::tuning::pattern::LabelPattern;
use crate::alarm::tuning::{EvaluationSource, Problems};
use crate::excerpt::excerpt;
use crate::quality::series::SeriesLabel;

/// The name of the setting.
pub const SETTING: &str = "quality-tuning";

/// What an operator changed about the catalogue of quality alarms. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QualityTuning {
    /// From the widest pattern to the most exact, so that later entries overlay earlier ones.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    series: LabelPattern,
    kind: QualityKind,
    adjustment: Adjustment,
}

/// Everything wrong with the setting, one problem a line, each with its mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidQualityTuning(Vec<String>);

impl InvalidQualityTuning {
    /// The problems, each naming its field and its mend.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for InvalidQualityTuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {SETTING} has {} problem(s): {}", self.0.len(), self.0.join("; "))
    }
}

impl QualityTuning {
    /// Reads the setting's text. Empty text and `none` change nothing.
    ///
    /// # Errors
    ///
    /// Names every field that is unknown, of the wrong type or nonsense, and how to mend it.
    /// Nothing of a setting with a problem takes effect.
    pub fn parse(text: &str) -> Result<Self, InvalidQualityTuning> {
        let text = text.trim();
        if text.is_empty() || text == "none" {
            return Ok(Self::default());
        }
        let mut problems = Problems::default();
        let mut entries = match serde_json::from_str::<Value>(text) {
            Ok(value) => read_series(&value, &mut problems),
            Err(error) => {
                problems
                    .add(SETTING, format_args!("is not JSON ({error}); write an object or none"));
                Vec::new()
            }
        };
        if !problems.is_empty() {
            return Err(InvalidQualityTuning(problems.into_texts()));
        }
        entries.sort_by(|a, b| a.series.cmp(&b.series));
        Ok(Self { entries })
    }

    /// The row in force for a kind on a series; `None` when it has no line there.
    #[must_use]
    pub fn definition(&self, kind: QualityKind, series: &SeriesLabel) -> Option<QualityDefinition> {
        let mut row = *quality_definition(kind);
        let mut enabled = true;
        for adjustment in self.adjustments(kind, series) {
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
        if self.adjustments(kind, series).any(|adjustment| adjustment.evaluation.is_some()) {
            EvaluationSource::Tuning
        } else {
            EvaluationSource::Catalogue
        }
    }

    fn adjustments<'a>(
        &'a self,
        kind: QualityKind,
        series: &'a SeriesLabel,
    ) -> impl Iterator<Item = &'a Adjustment> {
        self.entries
            .iter()
            .filter(move |entry| entry.kind == kind && entry.series.matches(series.as_str()))
            .map(|entry| &entry.adjustment)
    }
}

fn read_series(value: &Value, problems: &mut Problems) -> Vec<Entry> {
    let Some(all) = value.as_object() else {
        problems
            .add(SETTING, "must be an object from series label or glob to alarm kinds, or none");
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (key, kinds) in all {
        let pattern = LabelPattern::parse(key);
        if let Err(mend) = &pattern {
            problems.add(&quoted(key), mend);
        }
        let Some(kinds) = kinds.as_object() else {
            problems.add(&quoted(key), "must be an object from alarm kind to fields");
            continue;
        };
        for (word, value) in kinds {
            let place = format!("{}.{}", quoted(key), quoted(word));
            let Some(row) = QUALITY_CATALOGUE.iter().find(|row| row.kind.word() == word) else {
                problems.add(&place, format_args!("is no alarm kind; use one of {}", kind_words()));
                continue;
            };
            let adjustment = fields::read(&place, row, value, problems);
            if let (Ok(series), Some(adjustment)) = (&pattern, adjustment) {
                entries.push(Entry { series: series.clone(), kind: row.kind, adjustment });
            }
        }
    }
    entries
}

fn kind_words() -> String {
    QUALITY_CATALOGUE.map(|row| row.kind.word()).join(", ")
}

fn quoted(key: &str) -> String {
    format!("{:?}", excerpt(key))
}

#[cfg(test)]
mod tests;
