//! Mails about quality alarms, in both languages.

use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr as _;

use super::check;
use crate::alarm::Severity;
use crate::alarm::change::{AlarmOccasion, change_id};
use crate::alarm::name::QualityAlarm;
use crate::evidence::Read;
use crate::ids::{AccountId, Region, StackPrefix};
use crate::quality::NAMESPACE;
use crate::quality::alarm::course::{Held, Period, course};
use crate::quality::alarm::observed::Observed;
use crate::quality::alarm::{BadSide, Line, QUALITY_CATALOGUE, QualityKind, quality_definition};
use crate::quality::series::Series;
use crate::render::layout::LINE_COLUMNS;
use crate::render::{Mail, Notice, QualityNote, quality_notice};
use crate::settings::Language;

const WHY: &str = "AccessDenied: not authorized to perform cloudwatch:GetMetricData";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One alarm's change, with the mean and samples of each of the last four hours.
#[derive(Debug, Clone)]
struct Case {
    kind: QualityKind,
    severity: Severity,
    series: Series,
    hours: Option<[(f64, f64); 4]>,
    is_alarm_read: bool,
    also: Vec<(QualityKind, Severity)>,
    occasion: AlarmOccasion,
}

fn refusing() -> Case {
    Case {
        kind: QualityKind::HighRefusal,
        severity: Severity::Critical,
        series: Series {
            model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0".into(),
            inference_component: None,
        },
        hours: Some([(0.02, 210.0), (0.551, 198.0), (0.67, 190.0), (0.715, 64.0)]),
        is_alarm_read: true,
        also: vec![
            (QualityKind::HighRefusal, Severity::Warning),
            (QualityKind::LowRelevance, Severity::Warning),
        ],
        occasion: AlarmOccasion::Fired { over_since: None },
    }
}

fn notice(language: Language, case: &Case) -> Notice {
    let now = at("2026-11-22T05:47:12Z");
    let end = at("2026-11-22T06:00:00Z");
    let row = quality_definition(case.kind);
    let line = match row.line(case.severity) {
        Line::At(line) => Some(line),
        Line::Band(_) => None,
        Line::Off => Some(if row.bad == BadSide::Below { 0.4 } else { 0.6 }),
    };
    let held = Held { bad: row.bad, line, minimum_samples: 20.0 };
    let periods = |hours: [(f64, f64); 4]| -> Vec<Period> {
        let starts = [240, 180, 120, 60].map(|minutes| end - SignedDuration::from_mins(minutes));
        let periods = hours.into_iter().zip(starts);
        periods
            .filter(|((_, samples), _)| *samples > 0.0)
            .map(|((mean, samples), start)| Period { start, mean, samples })
            .collect()
    };
    let course = match case.hours {
        Some(hours) => Read::Known(course(&periods(hours), &held, end)),
        None => Read::Unreadable(WHY.to_owned()),
    };
    let (observed, also_firing) = if case.is_alarm_read {
        let series = case.also.iter().map(|(kind, severity)| QualityAlarm {
            kind: *kind,
            severity: *severity,
            series: case.series.label(),
        });
        let observed = Observed {
            series: case.series.clone(),
            namespace: NAMESPACE.to_owned(),
            metric: row.metric.to_string(),
            held,
        };
        (Read::Known(observed), Read::Known(series.collect()))
    } else {
        (Read::Unreadable(WHY.to_owned()), Read::Unreadable(WHY.to_owned()))
    };
    let alarm =
        QualityAlarm { kind: case.kind, severity: case.severity, series: case.series.label() };
    quality_notice(&QualityNote {
        language,
        account: &AccountId::parse("123456789012").unwrap(),
        region: &Region::parse("ap-northeast-1").unwrap(),
        prefix: &StackPrefix::parse("llmwatch").unwrap(),
        alarm: &alarm,
        observed: &observed,
        course: &course,
        also_firing: &also_firing,
        alarm_at: at("2026-11-22T03:32:12Z"),
        occasion: case.occasion,
        reason: "Threshold Crossed: 2 out of the last 8 datapoints [0.715, 0.67] were greater than \
                 or equal to the threshold (0.5).",
        id: &change_id("arn", at("2026-11-22T03:32:12Z")),
        now,
    })
}

/// The notices about a model that refuses, with their names.
pub(super) fn notices(language: Language) -> Vec<(&'static str, Notice)> {
    let at = at("2026-11-22T05:47:12Z");
    let over = AlarmOccasion::Fired { over_since: Some(at) };
    let again_ok = AlarmOccasion::Recovered { at };
    let of = |case: Case| notice(language, &case);
    vec![
        ("quality-alarm", of(refusing())),
        ("quality-over", of(Case { occasion: over, ..refusing() })),
        ("quality-recovery", of(Case { occasion: again_ok, ..refusing() })),
        ("quality-unread", of(Case { hours: None, is_alarm_read: false, ..refusing() })),
    ]
}

#[track_caller]
fn check_mail(name: &str, case: &Case) {
    check(name, |language| {
        let Mail { subject, body } = notice(language, case).mail;
        format!("Subject: {subject}\n\n{body}")
    });
}

#[test]
fn a_model_that_starts_refusing() {
    check_mail("mail-quality-refusing", &refusing());
}

#[test]
fn an_intermittent_drop_of_a_component() {
    check_mail(
        "mail-quality-component",
        &Case {
            kind: QualityKind::LowSafety,
            series: Series {
                model_id: "qwen2.5-7b-instruct".into(),
                inference_component: Some("chat-7b".into()),
            },
            hours: Some([(0.97, 40.0), (0.7999, 35.0), (0.96, 44.0), (0.75, 22.0)]),
            also: Vec::new(),
            ..refusing()
        },
    );
}

#[test]
fn a_drop_below_the_usual_band() {
    check_mail(
        "mail-quality-band",
        &Case {
            kind: QualityKind::LowRefusal,
            severity: Severity::Warning,
            hours: Some([(0.12, 80.0), (0.03, 85.0), (0.01, 12.0), (0.0, 0.0)]),
            also: Vec::new(),
            ..refusing()
        },
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    check_mail("mail-quality-unread", &Case { hours: None, is_alarm_read: false, ..refusing() });
}

#[test]
fn an_alarm_that_was_over_before_it_could_be_told() {
    let over_since = Some(at("2026-11-22T05:32:12Z"));
    let occasion = AlarmOccasion::Fired { over_since };
    check_mail("mail-quality-over", &Case { occasion, ..refusing() });
}

#[test]
fn recoveries() {
    let occasion = AlarmOccasion::Recovered { at: at("2026-11-22T05:47:12Z") };
    let better = [(0.71, 60.0), (0.66, 50.0), (0.04, 70.0), (0.02, 66.0)];
    let recovered = Case { occasion, hours: Some(better), also: Vec::new(), ..refusing() };
    check_mail("mail-quality-recovered", &recovered);
    let blind =
        Case { hours: Some([(0.7, 19.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]), ..recovered };
    check_mail("mail-quality-recovered-blind", &blind);
}

/// Every kind, however much could be read, in every language: within the limits, and whole.
#[test]
fn every_mail_fits_and_names_what_it_is_about() {
    let recovered = AlarmOccasion::Recovered { at: at("2026-11-22T05:47:12Z") };
    let long = Series {
        model_id: format!("arn:aws:bedrock:us-east-1:123456789012:x/{}", "y".repeat(200)),
        inference_component: Some("z".repeat(63)),
    };
    let quiet = [(0.1, 3.0); 4];
    for row in &QUALITY_CATALOGUE {
        for severity in Severity::ALL {
            for (hours, is_alarm_read) in
                [(refusing().hours, true), (Some(quiet), true), (None, true), (None, false)]
            {
                for occasion in [refusing().occasion, recovered] {
                    for series in [refusing().series, long.clone()] {
                        let case = Case {
                            kind: row.kind,
                            severity,
                            series,
                            hours,
                            is_alarm_read,
                            occasion,
                            ..refusing()
                        };
                        fits(&case);
                    }
                }
            }
        }
    }
}

#[track_caller]
fn fits(case: &Case) {
    for language in Language::ALL {
        let Mail { subject, body } = notice(language, case).mail;
        assert!(subject.len() < 100, "{subject}");
        assert!(subject.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{subject}");
        assert!(subject.ends_with(" ap-northeast-1"), "{subject}");
        assert!(body.contains(case.kind.word()), "{body}");
        assert!(body.trim_end().ends_with(&change_id("arn", at("2026-11-22T03:32:12Z"))));
        let prose = body.lines().filter(|line| !line.starts_with("    ") && line.contains(' '));
        for line in prose.filter(|line| !line.contains("yyyy") && !line.contains("zzzz")) {
            assert!(line.width() <= LINE_COLUMNS, "{line}");
        }
    }
}
