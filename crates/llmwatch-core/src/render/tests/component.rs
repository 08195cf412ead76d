//! Mails about component alarms, in both languages.

use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr as _;

use super::check;
use crate::alarm::AlarmKind;
use crate::alarm::change::{AlarmOccasion, change_id};
use crate::alarm::name::ComponentAlarm;
use crate::component::InferenceComponent;
use crate::component::alarm::COMPONENT_KINDS;
use crate::component::before::{Before, wanted};
use crate::component::course::{Course, Period};
use crate::component::spending::{Spending, SpentHour};
use crate::evidence::Read;
use crate::ids::{AccountId, Region, StackPrefix};
use crate::render::layout::LINE_COLUMNS;
use crate::render::{ComponentNote, Mail, Notice, component_notice};
use crate::settings::Language;

const WHY: &str = "AccessDenied: not authorized to perform cloudwatch:GetMetricData";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[derive(Debug, Clone)]
struct Case {
    kind: AlarmKind,
    component: String,
    figures: Option<(f64, f64)>,
    before: Before,
    also: Read<Vec<AlarmKind>>,
    occasion: AlarmOccasion,
}

fn period(minutes_ago: i64, invocations: f64, errors: f64) -> Period {
    Period {
        start: at("2026-11-22T03:35:00Z") - SignedDuration::from_mins(minutes_ago),
        invocations,
        client_errors: 0.0,
        server_errors: errors,
        p90_latency_ms: Some(812.4),
        gpu_memory_percent: Some(97.56),
    }
}

fn crashing() -> Case {
    let silent = Period {
        p90_latency_ms: None,
        gpu_memory_percent: None,
        client_errors: 2.0,
        ..period(15, 1_204.0, 0.0)
    };
    Case {
        kind: AlarmKind::ServerErrors,
        component: "chat-7b".to_owned(),
        figures: Some((31.0, 5.0)),
        before: Before::Course(Read::Known(Course {
            periods: vec![silent, period(10, 1_198.0, 4.0), period(5, 1_310.0, 31.0)],
        })),
        also: Read::Known(Vec::new()),
        occasion: AlarmOccasion::Fired { over_since: None },
    }
}

fn hour(hours_ago: i64, dollars: Option<f64>, invocations: f64) -> SpentHour {
    SpentHour {
        start: at("2026-11-22T03:00:00Z") - SignedDuration::from_hours(hours_ago),
        dollars,
        dollars_of_thousand: dollars
            .filter(|_| invocations > 0.0)
            .map(|dollars| 1_000.0 * dollars / invocations),
        invocations,
        gpu_percent: dollars.map(|_| 11.4),
    }
}

/// A component that was scaled out without load.
fn dear() -> Case {
    Case {
        kind: AlarmKind::HighHourlyCost,
        figures: Some((23.008, 12.0)),
        before: Before::Spending(Read::Known(Spending {
            hours: vec![
                hour(4, None, 4_100.0),
                hour(3, Some(5.752), 4_025.0),
                hour(2, Some(11.504), 0.0),
                hour(1, Some(23.008), 3_998.0),
            ],
        })),
        ..crashing()
    }
}

fn notice(language: Language, case: &Case) -> Notice {
    let component = InferenceComponent::parse(&case.component).unwrap();
    let named = |kind| ComponentAlarm { kind, component: component.clone() };
    let also = match &case.also {
        Read::Known(kinds) => Read::Known(kinds.iter().map(|kind| named(*kind)).collect()),
        Read::Unreadable(why) => Read::Unreadable(why.clone()),
    };
    component_notice(&ComponentNote {
        language,
        account: &AccountId::parse("123456789012").unwrap(),
        region: &Region::parse("ap-northeast-1").unwrap(),
        prefix: &StackPrefix::parse("llmwatch").unwrap(),
        alarm: &named(case.kind),
        value: case.figures.map(|(value, _)| value),
        line: case.figures.map(|(_, line)| line),
        before: &case.before,
        also_firing: &also,
        alarm_at: at("2026-11-22T03:32:12Z"),
        occasion: case.occasion,
        reason: match case.before {
            Before::Course(_) => {
                "Threshold Crossed: 1 out of the last 2 datapoints [31.0 (22/11/26 03:30:00)] was \
                 greater than or equal to the threshold (5.0)."
            }
            Before::Spending(_) => {
                "Threshold Crossed: 1 out of the last 3 datapoints [23.008 (22/11/26 02:00:00)] was \
                 greater than or equal to the threshold (12.0)."
            }
        },
        id: &change_id("arn", at("2026-11-22T03:32:12Z")),
        now: at("2026-11-22T03:33:02Z"),
    })
}

fn again_ok() -> AlarmOccasion {
    AlarmOccasion::Recovered { at: at("2026-11-22T03:47:12Z") }
}

/// The notices about a component that fails, with their names.
pub(super) fn notices(language: Language) -> Vec<(&'static str, Notice)> {
    let of = |case: Case| notice(language, &case);
    vec![
        ("component-alarm", of(crashing())),
        ("component-recovery", of(Case { occasion: again_ok(), ..crashing() })),
        ("component-cost-alarm", of(dear())),
        ("component-cost-recovery", of(Case { occasion: again_ok(), ..dear() })),
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
fn a_component_that_crashes() {
    check_mail("mail-component-server-errors", &crashing());
}

#[test]
fn callers_a_component_refuses() {
    let kind = AlarmKind::ClientErrors;
    let also = Read::Known(vec![AlarmKind::ServerErrors]);
    check_mail("mail-component-client-errors", &Case { kind, also, ..crashing() });
}

#[test]
fn what_cannot_be_read_is_said() {
    let unread = Case {
        figures: None,
        before: Before::Course(Read::Unreadable(WHY.to_owned())),
        also: Read::Unreadable(WHY.to_owned()),
        ..crashing()
    };
    check_mail("mail-component-unread", &unread);
}

#[test]
fn recoveries() {
    let recovered = Case { occasion: again_ok(), ..crashing() };
    check_mail("mail-component-recovered", &recovered);
    let idle = Case { before: Before::Course(Read::Known(Course::default())), ..recovered };
    check_mail("mail-component-recovered-idle", &idle);
}

#[test]
fn an_alarm_that_was_over_before_it_could_be_told() {
    let over_since = Some(at("2026-11-22T03:42:12Z"));
    let occasion = AlarmOccasion::Fired { over_since };
    check_mail("mail-component-over", &Case { occasion, ..crashing() });
}

#[test]
fn a_component_above_its_budget() {
    check_mail("mail-component-cost", &dear());
    let recovered = Case { occasion: again_ok(), ..dear() };
    check_mail("mail-component-cost-recovered", &recovered);
    let gone = Case { before: Before::Spending(Read::Known(Spending::default())), ..recovered };
    check_mail("mail-component-cost-recovered-unknown", &gone);
    let unread = Case {
        figures: None,
        before: Before::Spending(Read::Unreadable(WHY.to_owned())),
        also: Read::Unreadable(WHY.to_owned()),
        ..dear()
    };
    check_mail("mail-component-cost-unread", &unread);
}

#[test]
fn what_is_read_fits_the_alarm() {
    let component = InferenceComponent::parse("chat-7b").unwrap();
    for of in &COMPONENT_KINDS {
        let alarm = ComponentAlarm { kind: of.kind, component: component.clone() };
        let (metrics, _) = wanted(&alarm, at("2026-11-22T03:32:12Z"));
        let names: Vec<&str> = metrics.iter().map(|wanted| wanted.metric.name.as_str()).collect();
        assert!(names.contains(&of.metric), "{}: {names:?}", of.kind);
    }
}

/// Every kind, however much could be read, in every language: within the limits, and whole.
#[test]
fn every_mail_fits_and_names_what_it_is_about() {
    for of in &COMPONENT_KINDS {
        for component in ["chat-7b".to_owned(), "z".repeat(63)] {
            for occasion in [crashing().occasion, again_ok()] {
                let case =
                    || if of.kind == AlarmKind::HighHourlyCost { dear() } else { crashing() };
                let unread = match case().before {
                    Before::Course(_) => Before::Course(Read::Unreadable(WHY.to_owned())),
                    Before::Spending(_) => Before::Spending(Read::Unreadable(WHY.to_owned())),
                };
                for before in [case().before, unread] {
                    let component = component.clone();
                    fits(&Case { kind: of.kind, component, occasion, before, ..case() });
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
        assert!(body.contains(case.kind.word()) && body.contains(&case.component), "{body}");
        assert!(body.trim_end().ends_with(&change_id("arn", at("2026-11-22T03:32:12Z"))));
        let prose = body.lines().filter(|line| !line.starts_with("    ") && line.contains(' '));
        for line in prose.filter(|line| !line.contains("zzzz")) {
            assert!(line.width() <= LINE_COLUMNS, "{line}");
        }
    }
}
