//! The setting `alarm-tuning`: what an operator changed about the CATALOGUE, for all pools and
//! inference components or some.
//!
//! JSON: label or glob → alarm kind → fields; a pool's label, or `component.{name}` of an inference
//! component, which has some of the kinds. For example
//! `{"*": {"Throttles": {"threshold": 0, "datapoints_to_alarm": 1, "evaluation_periods": 1}},
//! "global.*": {"HighTPMQuotaUsage": {"percent": 70}, "LatencyAnomaly": {"enabled": false}}}`.
//! Where several entries name one label, the more exact one wins, field by field.

mod entries;
mod entry;
mod pattern;

pub use entries::InvalidTuning;
pub(crate) use entries::{Entries, Grammar};
pub(crate) use entry::Problems;
use entry::{Adjustment, Switch};
pub(crate) use pattern::LabelPattern;
use serde_json::Value;

use super::{AlarmDefinition, AlarmKind, CATALOGUE, definition};

/// The name of the setting.
pub const SETTING: &str = "alarm-tuning";

/// What an operator changed about the CATALOGUE. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tuning {
    entries: Entries<AlarmKind, Adjustment>,
}

/// Where the M of N of an alarm comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationSource {
    /// The CATALOGUE's default.
    Catalogue,
    /// The operator's `alarm-tuning`.
    Tuning,
}

impl Tuning {
    /// Reads the setting's text. Empty text and `none` change nothing.
    ///
    /// # Errors
    ///
    /// Names every field that is unknown, of the wrong type or nonsense, and how to mend it; the
    /// operator can. Nothing of a setting with a problem takes effect.
    pub fn parse(text: &str) -> Result<Self, InvalidTuning> {
        let grammar = Grammar {
            setting: SETTING,
            labelled: "pool or component",
            kinds: CATALOGUE.iter().map(|row| row.kind).collect(),
            word: AlarmKind::word,
        };
        let fields = |place: &str, kind: AlarmKind, fields: &Value, problems: &mut Problems| {
            entry::read(place, definition(kind), fields, problems)
        };
        Ok(Self { entries: Entries::parse(text, &grammar, fields)? })
    }

    /// The row in force for a kind on what has this label; `None` when it is switched off there.
    #[must_use]
    pub fn definition(&self, kind: AlarmKind, label: &str) -> Option<AlarmDefinition> {
        let mut row = *definition(kind);
        let mut switch = Switch::On;
        for adjustment in self.entries.adjustments(kind, label) {
            switch = adjustment.switch.unwrap_or(switch);
            row.limit = adjustment.limit.unwrap_or(row.limit);
            row.statistic = adjustment.statistic.unwrap_or(row.statistic);
            if let Some(evaluation) = adjustment.evaluation {
                row.datapoints_to_alarm = evaluation.datapoints_to_alarm;
                row.evaluation_periods = evaluation.evaluation_periods;
            }
        }
        match switch {
            Switch::On => Some(row),
            Switch::Off => None,
        }
    }

    /// Whether the operator set the M of N of a kind on what has this label.
    #[must_use]
    pub fn evaluation_source(&self, kind: AlarmKind, label: &str) -> EvaluationSource {
        if self.entries.adjustments(kind, label).any(|adjustment| adjustment.evaluation.is_some()) {
            EvaluationSource::Tuning
        } else {
            EvaluationSource::Catalogue
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::{Limit, Statistic};
    use crate::quota::QuotaKind;

    fn row(text: &str, kind: AlarmKind, pool: &str) -> Option<AlarmDefinition> {
        Tuning::parse(text).unwrap().definition(kind, pool)
    }

    #[track_caller]
    fn refused(text: &str, expected: &[&str]) {
        // In no order: serde_json keeps a map's keys sorted or as written, by a feature that any
        // crate of the build may turn on.
        let mut problems = Tuning::parse(text).unwrap_err().problems().to_vec();
        problems.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(problems, expected, "{text}");
    }

    #[test]
    fn none_and_nothing_change_nothing() {
        for text in ["", "  ", "none", "{}", r#"{"*": {}}"#, r#"{"*": {"Throttles": {}}}"#] {
            for row in &CATALOGUE {
                assert_eq!(
                    Tuning::parse(text).unwrap().definition(row.kind, "global.x"),
                    Some(*row)
                );
            }
        }
    }

    #[test]
    fn threshold_0_with_1_of_1_alerts_on_any_error() {
        let text = r#"{"*": {"Throttles":
            {"threshold": 0, "datapoints_to_alarm": 1, "evaluation_periods": 1}}}"#;
        let row = row(text, AlarmKind::Throttles, "global.x").unwrap();
        assert_eq!(row.limit, Limit::AtLeast(1.0));
        assert_eq!((row.datapoints_to_alarm, row.evaluation_periods), (1, 1));
        let tuning = Tuning::parse(text).unwrap();
        let source = |kind| tuning.evaluation_source(kind, "global.x");
        assert_eq!(source(AlarmKind::Throttles), EvaluationSource::Tuning);
        assert_eq!(source(AlarmKind::ServerErrors), EvaluationSource::Catalogue);
    }

    #[test]
    fn each_kind_takes_the_fields_of_its_limit() {
        let text = r#"{"*": {
            "HighTPMQuotaUsage": {"percent": 70},
            "HighLatency": {"statistic": "p99", "threshold_ms": 90000},
            "HighTimeToFirstToken": {"statistic": "average"},
            "InvocationAnomaly": {"width": 2.5},
            "LatencyAnomaly": {"enabled": false}}}"#;
        let row = |kind| row(text, kind, "global.x");
        assert_eq!(
            row(AlarmKind::HighTPMQuotaUsage).unwrap().limit,
            Limit::PercentOfQuota(QuotaKind::Tpm, 70.0)
        );
        let latency = row(AlarmKind::HighLatency).unwrap();
        assert_eq!((latency.statistic, latency.limit), (Statistic::P99, Limit::AtLeast(90_000.0)));
        assert_eq!(row(AlarmKind::HighTimeToFirstToken).unwrap().statistic, Statistic::Average);
        assert_eq!(row(AlarmKind::InvocationAnomaly).unwrap().limit, Limit::AboveBand(2.5));
        assert_eq!(row(AlarmKind::LatencyAnomaly), None);
    }

    #[test]
    fn the_more_exact_entry_wins_field_by_field() {
        let text = r#"{
            "global.amazon.nova-pro-v1_0": {"Throttles": {"threshold": 1}},
            "*": {"Throttles": {"threshold": 50, "enabled": false}},
            "global.*": {"Throttles": {"threshold": 20, "enabled": true}}}"#;
        let limit = |pool| row(text, AlarmKind::Throttles, pool).map(|row| row.limit);
        assert_eq!(limit("on-demand.amazon.nova-pro-v1_0"), None);
        assert_eq!(limit("global.amazon.nova-lite-v1_0"), Some(Limit::AtLeast(20.0)));
        assert_eq!(limit("global.amazon.nova-pro-v1_0"), Some(Limit::AtLeast(1.0)));
    }

    #[test]
    fn what_is_not_an_object_of_objects_is_refused() {
        refused(
            "[1]",
            &[
                "alarm-tuning must be an object from pool or component label or glob to alarm kinds, or none",
            ],
        );
        refused(r#"{"*": 3}"#, &[r#""*" must be an object from alarm kind to fields"#]);
        refused(
            r#"{"*": {"Throttles": 3}}"#,
            &[r#""*"."Throttles" must be an object of fields, for example {"enabled": false}"#],
        );
        let error = Tuning::parse("{").unwrap_err().to_string();
        assert!(
            error.starts_with("setting alarm-tuning has 1 problem(s): alarm-tuning is not JSON"),
            "{error}"
        );
    }

    #[test]
    fn all_problems_are_named_at_once_with_field_and_mend() {
        refused(
            r#"{"global.amazon.nova-pro-v1:0": {"Throttling": {}},
                "*": {"Throttles": {"treshold": 1, "threshold": -1},
                      "HighTPMQuotaUsage": {"percent": 0, "threshold": 5, "enabled": "no"}}}"#,
            &[
                r#""*"."HighTPMQuotaUsage".enabled is "no"; write true or false"#,
                r#""*"."HighTPMQuotaUsage".percent is 0; write a number above 0, at most 100"#,
                r#""*"."HighTPMQuotaUsage".threshold is no field of this kind; it takes enabled, datapoints_to_alarm, evaluation_periods, percent"#,
                r#""*"."Throttles".threshold is -1; write a whole number from 0 (any error at all) to 1000000000"#,
                r#""*"."Throttles".treshold is no field of this kind; it takes enabled, datapoints_to_alarm, evaluation_periods, threshold"#,
                r#""global.amazon.nova-pro-v1:0" is no label; labels have letters, digits, . - _ (here * too): write "global.amazon.nova-pro-v1_0""#,
                r#""global.amazon.nova-pro-v1:0"."Throttling" is no alarm kind; use one of ServerErrors, ClientErrors, Throttles, InvocationRateAtLimit, TPMQuotaUsageAtLimit, TPDQuotaUsageAtLimit, HighInvocationRate, HighTPMQuotaUsage, HighTPDQuotaUsage, HighLatency, HighTimeToFirstToken, InvocationAnomaly, InputTokenAnomaly, OutputTokenAnomaly, LatencyAnomaly, HighHourlyCost"#,
            ],
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let refused_field = |kind: &str, fields: &str, problem: &str| {
            refused(
                &format!(r#"{{"*": {{"{kind}": {fields}}}}}"#),
                &[&format!(r#""*"."{kind}".{problem}"#)],
            );
        };
        let evaluation = |m: &str, n: &str| {
            format!(r#"{{"datapoints_to_alarm": {m}, "evaluation_periods": {n}}}"#)
        };
        refused_field(
            "Throttles",
            &evaluation("3", "2"),
            "datapoints_to_alarm is 3, more than evaluation_periods 2; write at most 2",
        );
        refused_field(
            "Throttles",
            r#"{"datapoints_to_alarm": 1}"#,
            "datapoints_to_alarm stands alone; write evaluation_periods beside it",
        );
        refused_field(
            "Throttles",
            r#"{"evaluation_periods": 1}"#,
            "evaluation_periods stands alone; write datapoints_to_alarm beside it",
        );
        refused_field(
            "Throttles",
            &evaluation("0", "2"),
            "datapoints_to_alarm is 0; write a whole number from 1",
        );
        refused_field(
            "Throttles",
            &evaluation("1", "289"),
            "evaluation_periods is 289; CloudWatch looks back at most 288 periods of 300 s",
        );
        refused_field(
            "HighTPDQuotaUsage",
            &evaluation("1", "8"),
            "evaluation_periods is 8; CloudWatch looks back at most 7 periods of 86400 s",
        );
        refused_field(
            "HighInvocationRate",
            &evaluation("1", "1"),
            "evaluation_periods is 1; per-minute metrics arrive late and the newest minute reads 0, so write at least 2",
        );
        refused_field(
            "HighHourlyCost",
            &evaluation("1", "2"),
            "evaluation_periods is 2; the newest cost is up to 2 h 20 min old, so write at least 3",
        );
        refused_field(
            "HighHourlyCost",
            r#"{"threshold": 5}"#,
            "threshold is no field of this kind; it takes enabled, datapoints_to_alarm, evaluation_periods",
        );
        refused_field(
            "Throttles",
            r#"{"threshold": 0.5}"#,
            "threshold is 0.5; write a whole number from 0 (any error at all) to 1000000000",
        );
        refused_field(
            "HighTPMQuotaUsage",
            r#"{"percent": 101}"#,
            "percent is 101; write a number above 0, at most 100",
        );
        refused_field(
            "HighLatency",
            r#"{"threshold_ms": 0}"#,
            "threshold_ms is 0; write milliseconds above 0, at most 3600000",
        );
        refused_field(
            "HighLatency",
            r#"{"statistic": "p50"}"#,
            r#"statistic is "p50"; write average, p90 or p99"#,
        );
        refused_field(
            "LatencyAnomaly",
            r#"{"width": -3}"#,
            "width is -3; write standard deviations above 0, at most 100",
        );
        refused_field("Throttles", r#"{"enabled": null}"#, "enabled is null; write true or false");
    }
}
