use super::*;
use crate::quality::alarm::Line;

fn row(text: &str, kind: QualityKind, series: &str) -> Option<QualityDefinition> {
    let tuning = QualityTuning::parse(text).unwrap();
    tuning.definition(kind, &SeriesLabel::from_text(series))
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    // In no order: serde_json keeps a map's keys sorted or as written, by a feature that any
    // crate of the build may turn on.
    let mut problems = QualityTuning::parse(text).unwrap_err().problems().to_vec();
    problems.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(problems, expected, "{text}");
}

#[test]
fn none_and_nothing_change_nothing() {
    for text in ["", " none ", "{}", r#"{"*": {"LowSafety": {}}}"#] {
        for default in &QUALITY_CATALOGUE {
            let found = row(text, default.kind, "model.m");
            assert_eq!(found, default.is_on().then_some(*default), "{}", default.kind);
        }
    }
}

#[test]
fn a_score_takes_a_warning_and_a_critical_line() {
    let text = r#"{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}"#;
    let safety = row(text, QualityKind::LowSafety, "model.m").unwrap();
    assert_eq!((safety.warning, safety.critical), (Line::At(0.95), Line::At(0.85)));
    let composite = row(text, QualityKind::LowComposite, "model.m").unwrap();
    assert_eq!((composite.warning, composite.critical), (Line::At(0.75), Line::Off));
}

#[test]
fn a_kind_that_is_off_is_turned_on_by_a_line_and_one_that_is_on_is_turned_off() {
    let text = r#"{"*": {"LowSimilarity": {"warning": 0.3}, "HighTruncation": {"enabled": false},
        "HighRefusal": {"critical": "off"}, "LowRefusal": {"warning": 0.02}}}"#;
    let row = |kind| row(text, kind, "model.m");
    assert_eq!(row(QualityKind::LowSimilarity).unwrap().warning, Line::At(0.3));
    assert_eq!(row(QualityKind::HighTruncation), None);
    let refusal = row(QualityKind::HighRefusal).unwrap();
    assert_eq!((refusal.warning, refusal.critical), (Line::At(0.2), Line::Off));
    assert_eq!(row(QualityKind::LowRefusal).unwrap().warning, Line::At(0.02));
    let width = r#"{"*": {"LowRefusal": {"width": 2.5}}}"#;
    let band = QualityTuning::parse(width).unwrap();
    let band = band.definition(QualityKind::LowRefusal, &SeriesLabel::from_text("model.m"));
    assert_eq!(band.unwrap().warning, Line::Band(2.5));
}

#[test]
fn the_more_exact_entry_wins_field_by_field() {
    let text = r#"{
        "model.amazon.nova-pro-v1_0": {"LowSafety": {"critical": 0.6}},
        "*": {"LowSafety": {"critical": 0.9, "minimum_samples": 50, "enabled": false}},
        "model.*": {"LowSafety": {"enabled": true}}}"#;
    let found = |series| row(text, QualityKind::LowSafety, series);
    assert_eq!(found("component.c.m"), None);
    assert_eq!(found("model.m").map(|row| row.critical), Some(Line::At(0.9)));
    let nova = found("model.amazon.nova-pro-v1_0").unwrap();
    assert_eq!((nova.critical, nova.minimum_samples), (Line::At(0.6), 50));
}

#[test]
fn m_of_n_is_the_operators_once_tuned() {
    let text = r#"{"*": {"LowSafety": {"datapoints_to_alarm": 3, "evaluation_periods": 4}}}"#;
    let safety = row(text, QualityKind::LowSafety, "model.m").unwrap();
    assert_eq!((safety.datapoints_to_alarm, safety.evaluation_periods), (3, 4));
    let tuning = QualityTuning::parse(text).unwrap();
    let source = |kind| tuning.evaluation_source(kind, &SeriesLabel::from_text("model.m"));
    assert_eq!(source(QualityKind::LowSafety), EvaluationSource::Tuning);
    assert_eq!(source(QualityKind::LowComposite), EvaluationSource::Catalogue);
}

#[test]
fn what_is_not_an_object_of_objects_is_refused() {
    refused(
        "3",
        &["quality-tuning must be an object from series label or glob to alarm kinds, or none"],
    );
    refused(r#"{"*": 3}"#, &[r#""*" must be an object from alarm kind to fields"#]);
    refused(
        r#"{"*": {"LowSafety": 0.9}}"#,
        &[r#""*"."LowSafety" must be an object of fields, for example {"warning": 0.9}"#],
    );
    assert!(QualityTuning::parse("{").unwrap_err().to_string().contains("is not JSON"));
}

#[test]
fn all_problems_are_named_at_once_with_field_and_mend() {
    refused(
        r#"{"amazon.nova-pro-v1:0": {"LowSafty": {}},
            "*": {"LowSafety": {"waring": 1, "warning": 1.5, "critical": "no"},
                  "HighRefusal": {"width": 3, "minimum_samples": 0}}}"#,
        &[
            r#""*"."HighRefusal".minimum_samples is 0; write a whole number from 1 to 1000000"#,
            r#""*"."HighRefusal".width is no field of this kind; it takes enabled, warning, critical, minimum_samples, datapoints_to_alarm, evaluation_periods"#,
            r#""*"."LowSafety".critical is "no"; write a number above 0, at most 1, or "off""#,
            r#""*"."LowSafety".warning is 1.5; write a number above 0, at most 1, or "off""#,
            r#""*"."LowSafety".waring is no field of this kind; it takes enabled, warning, critical, minimum_samples, datapoints_to_alarm, evaluation_periods"#,
            r#""amazon.nova-pro-v1:0" is no label; labels have letters, digits, . - _ (here * too): write "amazon.nova-pro-v1_0""#,
            r#""amazon.nova-pro-v1:0"."LowSafty" is no alarm kind; use one of LowComposite, LowSafety, LowRelevance, LowProfessionalTone, HighRefusal, LowRefusal, HighPartialRefusal, HighToxicity, HighPromptToxicity, LowSimilarity, LowSentiment, LowPromptSentiment, HighErrorRatio, HighTruncation, HighEmptyAnswer, HighGuardrail, LowOutputSpeed, HighPromptInjection"#,
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
    for (kind, fields, problem) in [
        (
            "LowSafety",
            r#"{"warning": 0.85, "critical": 0.95}"#,
            "critical is 0.95; write a number below warning 0.85",
        ),
        (
            "HighRefusal",
            r#"{"warning": 0.5, "critical": 0.5}"#,
            "critical is 0.5; write a number above warning 0.5",
        ),
        (
            "LowRefusal",
            r#"{"warning": 0.5, "width": 3}"#,
            "width stands beside warning; write one of them",
        ),
        (
            "LowRefusal",
            r#"{"width": 0}"#,
            "width is 0; write standard deviations above 0, at most 100",
        ),
        ("LowSafety", r#"{"enabled": 1}"#, "enabled is 1; write true or false"),
        (
            "LowSafety",
            r#"{"critical": 0}"#,
            r#"critical is 0; write a number above 0, at most 1, or "off""#,
        ),
        (
            "LowOutputSpeed",
            r#"{"warning": 1e9}"#,
            r#"warning is 1000000000.0; write a number above 0, at most 1000000, or "off""#,
        ),
        (
            "LowSafety",
            r#"{"datapoints_to_alarm": 5, "evaluation_periods": 4}"#,
            "datapoints_to_alarm is 5, more than evaluation_periods 4; write at most 4",
        ),
        (
            "LowSafety",
            r#"{"datapoints_to_alarm": 1, "evaluation_periods": 1}"#,
            "evaluation_periods is 1; scores arrive late and would be missed, so write at least 4",
        ),
        (
            "LowSafety",
            r#"{"datapoints_to_alarm": 1, "evaluation_periods": 97}"#,
            "evaluation_periods is 97; write a whole number from 1 to 96",
        ),
        (
            "LowSafety",
            r#"{"datapoints_to_alarm": 2}"#,
            "datapoints_to_alarm stands alone; write evaluation_periods beside it",
        ),
        (
            "LowSafety",
            r#"{"evaluation_periods": 8}"#,
            "evaluation_periods stands alone; write datapoints_to_alarm beside it",
        ),
    ] {
        refused_field(kind, fields, problem);
    }
}
