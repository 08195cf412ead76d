//! The forms of a notice besides its mail: what they hold, in both languages, and their limits.

use proptest::prelude::*;
use serde_json::Value;

use super::fixtures::{
    case_id, client_errors, context, ending, high_usage, low_usage, new_model, non_quota,
    on_demand, recovered, tokens_per_day, unknown, with_open_request,
};
use super::{check, component, mail, quality, read_in};
use crate::alarm::AlarmKind;
use crate::decision::{Occasion, Situation, decide};
use crate::evidence::Read;
use crate::outcome::Outcome;
use crate::render::{Form, MAX_FORM_BYTES, Mail, MailContext, Notice, incident_notice};
use crate::settings::{CaseAutomation, Language};

const KEY: &str = "episode#20261121T0245-0a1b2c3d4e5f effect#opening#mail#0123456789ab";

fn incident(situation: &Situation) -> Notice {
    incident_ending(situation, &Outcome::Opened { case: case_id('a') })
}

fn incident_ending(situation: &Situation, outcome: &Outcome) -> Notice {
    let decision = decide(situation);
    incident_notice(situation, &decision, &ending(&decision, outcome), &context())
}

fn update(situation: &Situation) -> Notice {
    let situation = Situation { occasion: Occasion::Update, ..situation.clone() };
    let decision = decide(&situation);
    let outcomes = ending(&decision, &Outcome::Appended { case: case_id('a') });
    let joined = MailContext { joined: vec![AlarmKind::HighTPMQuotaUsage], ..context() };
    incident_notice(&situation, &decision, &outcomes, &joined)
}

fn over() -> Situation {
    let kinds = [AlarmKind::Throttles, AlarmKind::HighTPMQuotaUsage];
    Situation { firing: recovered(&kinds), ..high_usage() }
}

fn dry_run() -> Situation {
    let mut situation = high_usage();
    situation.settings.case_automation = CaseAutomation::DryRun;
    situation
}

/// A notice of every kind, with its name.
fn every_kind(language: Language) -> Vec<(&'static str, Notice)> {
    let told = |situation: &Situation| incident(&read_in(language, situation));
    let lost = Outcome::AnswerLost { why: "no answer within 10 s".to_owned() };
    let asked = with_open_request(high_usage(), &[AlarmKind::Throttles]);
    let mut notices = vec![
        ("incident", told(&high_usage())),
        ("incident-over", told(&over())),
        ("incident-dry-run", told(&dry_run())),
        ("incident-non-quota", told(&non_quota())),
        ("incident-answer-lost", incident_ending(&read_in(language, &non_quota()), &lost)),
        ("incident-unknown", told(&unknown())),
        ("incident-console-form", told(&on_demand())),
        ("incident-low-usage", told(&low_usage())),
        ("update", update(&read_in(language, &asked))),
    ];
    notices.extend(mail::notices(language));
    notices.extend(quality::notices(language));
    notices.extend(component::notices(language));
    notices
}

fn parsed(notice: &Notice, form: Form) -> Value {
    serde_json::from_str(&notice.in_form(form, KEY)).unwrap()
}

/// The members sorted, so that no snapshot depends on how serde_json was built.
fn pretty(document: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| *name);
                members.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
            }
            Value::Array(list) => list.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    serde_json::to_string_pretty(&sorted(document)).unwrap()
}

/// A chat message as its room shows it.
fn shown(message: &Value) -> String {
    let text = |member: &str| message["content"][member].as_str().unwrap();
    let list = |member: &str| {
        let items = message["content"][member].as_array().into_iter().flatten();
        items.map(|item| format!("- {}\n", item.as_str().unwrap())).collect::<String>()
    };
    format!(
        "TITLE {}\n\n{}\n\nNEXT STEPS\n{}\nKEYWORDS\n{}\nMETADATA\n{}",
        text("title"),
        text("description"),
        list("nextSteps"),
        list("keywords"),
        pretty(&message["metadata"])
    )
}

#[test]
fn every_kind_of_notice_as_a_chat_message() {
    for (index, (name, _)) in every_kind(Language::En).into_iter().enumerate() {
        check(&format!("chat-{name}"), |language| {
            shown(&parsed(&every_kind(language)[index].1, Form::Chat))
        });
    }
}

/// The text is the mail's, which has snapshots of its own.
#[test]
fn every_kind_of_notice_as_a_document() {
    for (index, (name, _)) in every_kind(Language::En).into_iter().enumerate() {
        check(&format!("webhook-{name}"), |language| {
            let notice = &every_kind(language)[index].1;
            let mut document = parsed(notice, Form::Webhook);
            assert_eq!(document["text"], notice.mail.body.as_str());
            document["text"] = "(the mail)".into();
            pretty(&document)
        });
    }
}

#[test]
fn the_forms_of_one_notice_have_one_id_and_another_notice_has_another() {
    let notice = incident(&high_usage());
    let [chat, webhook] = Form::ALL.map(|form| parsed(&notice, form)["id"].clone());
    assert_eq!(chat, webhook);
    let id = |notice: &Notice, key| {
        let text = notice.in_form(Form::Chat, key);
        serde_json::from_str::<Value>(&text).unwrap()["id"].clone()
    };
    assert_eq!(id(&notice, KEY), chat);
    assert_ne!(id(&notice, "another"), chat);
    let mut elsewhere = high_usage();
    elsewhere.region = crate::ids::Region::parse("ap-northeast-1").unwrap();
    assert_ne!(id(&incident(&elsewhere), KEY), chat);
}

/// Chat rooms put messages of one thread together.
#[test]
fn everything_about_one_episode_is_in_one_thread_the_marker_of_its_mails() {
    let stands_alone = |name: &str| name.starts_with("quality") || name.starts_with("component");
    let mut of_alarms = Vec::new();
    for language in Language::ALL {
        for (name, notice) in every_kind(language) {
            let thread = parsed(&notice, Form::Webhook)["thread"].clone();
            assert_eq!(parsed(&notice, Form::Chat)["metadata"]["threadId"], thread, "{name}");
            assert!(notice.mail.body.trim_end().ends_with(thread.as_str().unwrap()), "{name}");
            if !stands_alone(name) {
                assert_eq!(thread, high_usage().episode.marker(), "{name}");
            } else {
                of_alarms.push(thread);
            }
        }
    }
    assert!(of_alarms.iter().all(|thread| *thread == of_alarms[0]), "alarm and its recovery");
}

fn chars(value: &Value) -> usize {
    value.as_str().unwrap().chars().count()
}

#[track_caller]
pub(super) fn assert_within_limits(notice: &Notice) {
    for form in Form::ALL {
        let text = notice.in_form(form, KEY);
        assert!(text.len() <= MAX_FORM_BYTES, "{} bytes", text.len());
        // As a string in a message of SQS.
        assert!(serde_json::to_string(&text).unwrap().len() < 256 * 1024 - 4096);
        let mentions = ['<', '>'];
        assert!(form == Form::Webhook || !text.contains(mentions), "{text}");
    }
    let chat = parsed(notice, Form::Chat);
    assert!(chars(&chat["content"]["title"]) < 100);
    assert!((1..=2_800).contains(&chars(&chat["content"]["description"])), "{chat:#}");
    let steps = chat["content"]["nextSteps"].as_array().into_iter().flatten();
    let lengths: Vec<usize> = steps.map(chars).collect();
    assert!(lengths.iter().all(|length| (1..=900).contains(length)), "{chat:#}");
    assert!(lengths.iter().sum::<usize>() <= 2_800, "{chat:#}");
    for text in [&chat["content"]["description"]]
        .into_iter()
        .chain(chat["content"]["nextSteps"].as_array().into_iter().flatten())
    {
        assert_eq!(text.as_str().unwrap().matches("```").count() % 2, 0, "{text}");
    }
}

#[test]
fn every_kind_is_within_the_limits_and_says_what_to_do() {
    for language in Language::ALL {
        for (name, notice) in every_kind(language) {
            assert_within_limits(&notice);
            let chat = parsed(&notice, Form::Chat);
            assert!(!chat["content"]["nextSteps"].as_array().unwrap().is_empty(), "{name}");
            let description = chat["content"]["description"].as_str().unwrap();
            assert!(!description.contains("llmwatch:"), "{description}");
        }
    }
}

#[test]
fn a_document_too_large_for_a_queue_is_cut_in_its_text_at_a_line_and_says_so() {
    for (letter, lines, is_cut) in [
        ("a", 1_000, false),
        ("a", 2_000, true),
        ("\"", 2_000, true),
        ("\u{1}", 2_000, true),
        ("字", 600, true),
    ] {
        let facts = incident(&high_usage()).facts;
        let line = letter.repeat(100);
        let body = format!("{line}\n").repeat(lines);
        let mail = Mail { subject: "s".to_owned(), body };
        let notice = Notice { mail, text: String::new(), facts };
        let bytes = notice.in_form(Form::Webhook, KEY).len();
        assert!(bytes <= MAX_FORM_BYTES && (!is_cut || bytes > MAX_FORM_BYTES - 1_000), "{bytes}");
        let document = parsed(&notice, Form::Webhook);
        let text = document["text"].as_str().unwrap();
        let (told, note) = text.split_once("\n\n[").unwrap_or((text.trim_end(), ""));
        assert!(told.lines().all(|told| told == line), "{told}");
        assert_eq!(note.starts_with("Shortened"), is_cut, "{note}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn whatever_the_names_and_reasons_are_the_forms_fit(
        name in "\\PC{0,4000}",
        why in "(?s).{0,3000}",
        language in prop::sample::select(&Language::ALL[..]),
    ) {
        for mut situation in [high_usage(), on_demand(), new_model(), tokens_per_day(), client_errors()] {
            situation.settings.language = language;
            situation.settings.use_case = Some(why.clone());
            if let Read::Known(stored) = &mut situation.stored {
                stored.pool.model.clone_from(&name);
                stored.series = vec![name.clone(); 20];
                stored.notes = vec![name.clone(); 50];
                for quota in &mut stored.quotas {
                    quota.quota.name.clone_from(&name);
                }
            }
            let alarms = situation.firing.alarms().iter();
            let alarms = alarms.map(|alarm| crate::decision::FiringAlarm {
                reason: why.clone(),
                arn: name.clone(),
                ..alarm.clone()
            });
            situation.firing = crate::decision::Firing::new(alarms.collect()).unwrap();
            assert_within_limits(&incident(&situation));
        }
    }
}

/// The examples of docs/NOTIFICATIONS.md, by their order.
fn documented() -> Vec<Value> {
    let page = include_str!("../../../../../docs/NOTIFICATIONS.md");
    let blocks = page.split("```json\n").skip(1);
    blocks
        .map(|block| serde_json::from_str(block.split("\n```\n").next().unwrap()).unwrap())
        .collect()
}

/// The page shows the first line of the text: the mail stands in the README.
#[test]
fn the_documented_examples_are_what_is_written() {
    let notice = incident(&high_usage());
    let mut webhook = parsed(&notice, Form::Webhook);
    let text = webhook["text"].as_str().unwrap();
    webhook["text"] = format!("{} […]", text.lines().next().unwrap()).into();
    let written = [webhook, parsed(&notice, Form::Chat)];
    let examples = documented();
    for (index, document) in written.iter().enumerate() {
        let example = examples.get(index);
        assert_eq!(
            example,
            Some(document),
            "write:\n{}",
            serde_json::to_string_pretty(document).unwrap()
        );
    }
    assert_eq!(examples.len(), written.len());
}
