//! Every decision that can be reached, told in every language: the same facts, within the limits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::fixtures::{
    case_id, client_errors, context, cost_above_budget, high_usage, key, low_usage, nearly_used_up,
    new_model, non_quota, on_demand, recovered, refused_only, situation, tokens_per_day, unknown,
    with_open_case, with_open_request, with_request,
};
use super::mail::done_and_next;
use super::{compare, read_in};
use crate::alarm::AlarmKind;
use crate::decision::fixtures::{rpm, tpm};
use crate::decision::{CaseStep, Decision, Occasion, QuotaStep, Situation, Support, decide};
use crate::duplicate::Category;
use crate::evidence::{Evidence, Read};
use crate::outcome::{Outcome, Outcomes};
use crate::quota::increase::MAX_QUOTA_VALUE;
use crate::render::layout::LINE_COLUMNS;
use crate::render::{
    AppendTo, MAX_CASE_CHARS, MAX_MAIL_CHARS, append_text, case_text, incident_notice,
    quota_case_text,
};
use crate::settings::{CaseAutomation, Language, LowUsageAction};

const WHY: &str = "TooManyRequestsException: Rate exceeded";

/// The scenarios with the kinds of pools and alarms that their texts tell apart.
fn scenarios() -> Vec<Situation> {
    let anomaly_uses = [rpm(10_001.0, 5_578.0), tpm(6_250_000.0, 3_404_691.0)];
    let server_uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)];
    let mut zero = Situation {
        evidence: refused_only(),
        ..situation(&[AlarmKind::Throttles], &[rpm(0.0, 0.0), tpm(0.0, 0.0)])
    };
    if let Read::Known(stored) = &mut zero.stored {
        stored.quotas[0].threshold = 1.0;
        stored.quotas[1].threshold = 1.0;
        stored.quotas[1].quota.aws_default = Some(6_250_000.0);
    }
    let mut at_maximum = high_usage();
    if let Read::Known(stored) = &mut at_maximum.stored {
        stored.quotas[1].quota.value = MAX_QUOTA_VALUE;
    }
    let mut quotas_unread = unknown();
    quotas_unread.stored = Read::Unreadable(WHY.to_owned());
    vec![
        non_quota(),
        client_errors(),
        unknown(),
        quotas_unread,
        new_model(),
        zero,
        high_usage(),
        at_maximum,
        on_demand(),
        tokens_per_day(),
        situation(&[AlarmKind::HighTPMQuotaUsage, AlarmKind::ServerErrors], &server_uses),
        nearly_used_up(),
        low_usage(),
        cost_above_budget(),
        situation(&[AlarmKind::InvocationAnomaly, AlarmKind::HighLatency], &anomaly_uses),
    ]
}

/// What may be open, readable or not when a decision is made.
fn surroundings(situation: &Situation) -> Vec<Situation> {
    let kinds = situation.firing.kinds();
    let with = |support: Support| Situation { support, ..situation.clone() };
    let mut all = vec![
        situation.clone(),
        with(Support::NoPlan),
        with(Support::Unreadable(WHY.to_owned())),
        with_open_case(situation.clone(), &[]),
        with_open_case(situation.clone(), &kinds),
    ];
    let has_tpm = situation.stored.known().is_some_and(|stored| stored.quotas.len() > 1);
    if has_tpm {
        all.extend([
            with_open_request(situation.clone(), &[]),
            with_open_request(situation.clone(), &kinds),
            with_request(situation.clone(), None),
            with_request(with(Support::NoPlan), Some(case_id('a'))),
            with_request(with(Support::Unreadable(WHY.to_owned())), Some(case_id('a'))),
        ]);
    }
    all.push(Situation { pending_requests: Read::Unreadable(WHY.to_owned()), ..situation.clone() });
    all
}

/// What the episode and the settings add, one at a time: they do not depend on each other.
fn settings_and_occasions(situation: &Situation) -> Vec<Situation> {
    let mut all = Vec::new();
    for automation in [CaseAutomation::On, CaseAutomation::DryRun, CaseAutomation::Off] {
        let mut situation = situation.clone();
        situation.settings.case_automation = automation;
        all.push(situation);
    }
    all.push(Situation { occasion: Occasion::Update, ..situation.clone() });
    all.push(Situation { firing: recovered(&situation.firing.kinds()), ..situation.clone() });
    let mut mail_only = situation.clone();
    mail_only.settings.low_usage_action = LowUsageAction::Mail;
    all.push(mail_only);
    all
}

/// What carrying out can report of a decision's effects; one, when there are none.
fn reachable(decision: &Decision) -> Vec<Outcomes> {
    let case = case_id('a');
    let request = "d187537b2f4f4bd4b2a9b0f0c5a0e1f2".to_owned();
    let failed = Outcome::Failed { why: WHY.to_owned() };
    let appended = Outcome::Appended { case: case.clone() };
    let opened = Outcome::Opened { case };
    let pending = Outcome::SubmittedIdPending { request };
    let lost = Outcome::AnswerLost { why: WHY.to_owned() };
    [opened.clone(), failed, lost, pending, Outcome::NoSupportPlan]
        .into_iter()
        .map(|of_request| {
            Outcomes::of(
                decision,
                |action| match (&action.step, &of_request) {
                    (QuotaStep::Request { .. }, outcome) => outcome.clone(),
                    (_, Outcome::Failed { .. } | Outcome::AnswerLost { .. }) => of_request.clone(),
                    _ => appended.clone(),
                },
                || match (&decision.case, &of_request) {
                    (_, Outcome::Failed { .. } | Outcome::AnswerLost { .. }) => of_request.clone(),
                    (CaseStep::Open { .. }, _) => opened.clone(),
                    _ => appended.clone(),
                },
            )
        })
        .fold(Vec::new(), |mut distinct, outcomes| {
            if !distinct.contains(&outcomes) {
                distinct.push(outcomes);
            }
            distinct
        })
}

fn every_decision() -> Vec<(Situation, Decision, Outcomes)> {
    scenarios()
        .iter()
        .flat_map(surroundings)
        .flat_map(|situation| settings_and_occasions(&situation))
        .flat_map(|situation| {
            let decision = decide(&situation);
            let outcomes = reachable(&decision).into_iter();
            let told = |outcomes| (situation.clone(), decision.clone(), outcomes);
            outcomes.map(told).collect::<Vec<_>>()
        })
        .collect()
}

/// The figures, codes, ids, links and names of a text. Moments are one each, without Japan's time.
fn facts_in(text: &str) -> BTreeSet<String> {
    let is_inside = |c: char| c.is_ascii_graphic() && !"()[];\"".contains(c);
    let mut facts = BTreeSet::new();
    let text = plain_moments(text);
    for token in text.split(|c: char| !is_inside(c)) {
        let token = token.trim_matches(['.', ',', ':', '\'', '/', '+', '%']);
        let token = token.trim_end_matches("'s").trim_start_matches('0');
        let has = |is: fn(char) -> bool| token.chars().skip(1).any(is);
        let is_camel_case = has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase());
        let is_fact = token.contains(|c: char| c.is_ascii_digit())
            || has(|c| "_/@".contains(c))
            || is_camel_case
            || ["RPM", "TPM", "TPD"].contains(&token);
        if is_fact {
            facts.insert(token.to_owned());
        }
    }
    facts
}

/// Japanese moments as English ones; each must name the same moment in Japan.
///
/// A time line has only Japan's time of day, in brackets behind UTC's.
fn plain_moments(text: &str) -> String {
    let brackets = text.split('（').enumerate().map(|(index, part)| {
        let bracket = if index == 0 { "" } else { "（" };
        match part.trim_start_matches("翌日 ").split_at_checked(8) {
            Some((time, rest)) if is_time_of_day(time) => rest.to_owned(),
            Some(_) | None => format!("{bracket}{part}"),
        }
    });
    let text: String = brackets.collect();
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(year_end) = rest.find('年') {
        let (start, end) = (year_end - 4, rest.find(" JST）").unwrap() + " JST）".len());
        let fields: Vec<i32> = rest[start..end]
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|field| field.parse().ok())
            .collect();
        let [year, month, day, hour, minute, hour_in_japan, minute_in_japan] = fields[..] else {
            panic!("{}", &rest[start..end]);
        };
        assert_eq!(((hour + 9) % 24, minute), (hour_in_japan, minute_in_japan));
        assert_eq!(rest[start..end].contains("翌日"), hour >= 15);
        plain.push_str(&rest[..start]);
        write!(plain, "{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC").unwrap();
        rest = &rest[end..];
    }
    plain + rest
}

fn is_time_of_day(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| match index {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    })
}

/// A text with its lines put together again: breaks fall where a line is full.
fn unbroken(text: &str) -> String {
    let mut whole = String::new();
    for line in text.lines().filter(|line| !is_heading(line)) {
        let line = line.trim();
        let is_wide = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
        let is_broken_word = is_wide(whole.chars().next_back()) && is_wide(line.chars().next());
        if !is_broken_word {
            whole.push(' ');
        }
        whole.push_str(line);
    }
    whole
}

fn is_heading(line: &str) -> bool {
    let is_upper = line.contains(char::is_alphabetic) && line.to_uppercase() == line;
    line.starts_with('【') || is_upper && line.is_ascii() && !line.starts_with(' ')
}

/// What only Japanese writes as digits, as in "within the hour", and what one heading names.
const COUNTERS: [&str; 5] = ["1", "2", "14", "24", "CloudWatch"];

fn assert_same_facts(english: &str, japanese: &str) {
    let (of_english, of_japanese) = (facts_in(&unbroken(english)), facts_in(&unbroken(japanese)));
    let missing: Vec<_> = of_english.difference(&of_japanese).collect();
    let more: Vec<_> = of_japanese
        .difference(&of_english)
        .filter(|fact| !COUNTERS.contains(&fact.as_str()))
        .collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing {missing:?}, added {more:?}\n{english}\n{japanese}"
    );
}

/// What stands in which order: headings, bullets and steps.
fn outline(text: &str) -> Vec<&'static str> {
    text.lines()
        .filter_map(|line| match line {
            _ if is_heading(line) => Some("heading"),
            _ if line.starts_with("- ") => Some("bullet"),
            _ if line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok()) => {
                Some("step")
            }
            _ => None,
        })
        .collect()
}

#[track_caller]
fn assert_told_alike(
    texts: &BTreeMap<&'static str, String>,
    max_chars: usize,
    situation: &Situation,
    decision: &Decision,
) {
    let marker = situation.episode.marker();
    let (english, japanese) = (&texts["en"], &texts["ja"]);
    assert_same_facts(english, japanese);
    assert_eq!(outline(english), outline(japanese), "{english}\n{japanese}");
    for text in [english, japanese] {
        assert!(text.chars().count() <= max_chars, "{text}");
        assert!(text.trim_end().ends_with(&marker), "{text}");
        let prose = text.lines().filter(|line| !line.starts_with("    "));
        assert!(prose.into_iter().all(|line| line.width() <= LINE_COLUMNS), "{text}");
    }
    assert_no_english(japanese, &quoted(situation, decision));
}

/// Only what others wrote stays in English, besides names and commands.
fn assert_no_english(japanese: &str, quoted: &[String]) {
    let is_command = |line: &&str| (4..13).contains(&(line.len() - line.trim_start().len()));
    let own: Vec<&str> = japanese.lines().filter(|line| !is_command(line)).collect();
    let mut own = unbroken(&own.join("\n"));
    for quote in quoted {
        own = own.replace(quote.as_str(), "");
    }
    for run in own.split(|c: char| !c.is_ascii_alphabetic() && c != ' ') {
        let is_plain = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase());
        assert!(run.split(' ').filter(is_plain).count() < 4, "{run:?} in\n{japanese}");
    }
}

/// What AWS and the operator wrote.
fn quoted(situation: &Situation, decision: &Decision) -> Vec<String> {
    let button_in_console = "Request increase at account level".to_owned();
    let mut quoted = vec![WHY.to_owned(), button_in_console];
    quoted.extend(situation.firing.alarms().iter().map(|alarm| alarm.reason.clone()));
    quoted.extend(decision.quotas.iter().map(|found| found.quota.quota.name.clone()));
    quoted.extend(situation.settings.use_case.clone());
    if let Evidence::Unavailable(why) = &situation.evidence {
        quoted.push(why.clone());
    }
    quoted
}

fn in_each(text: impl Fn(Language) -> String) -> BTreeMap<&'static str, String> {
    Language::ALL.into_iter().map(|language| (language.code(), text(language))).collect()
}

#[test]
fn every_mail_tells_the_same_in_every_language() {
    let (mut done, mut next) = (BTreeMap::new(), BTreeMap::new());
    let mut seen = BTreeSet::new();
    for (situation, decision, outcomes) in every_decision() {
        let mail_in = |language| {
            incident_notice(&read_in(language, &situation), &decision, &outcomes, &context()).mail
        };
        // What is open often changes nothing.
        if !seen.insert(mail_in(Language::En).body) {
            continue;
        }
        let mut texts = BTreeMap::new();
        let mut subjects = BTreeSet::new();
        for language in Language::ALL {
            let mail = mail_in(language);
            let is_step = |line: &str| line.starts_with(|c: char| c.is_ascii_digit());
            for item in items(&done_and_next(&mail)) {
                let list = if is_step(&item) { &mut next } else { &mut done };
                let item = item.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
                list.entry(language.code()).or_insert_with(BTreeSet::new).insert(item);
            }
            subjects.insert(mail.subject);
            texts.insert(language.code(), mail.body);
        }
        assert_eq!(subjects.len(), 1, "a subject is the same in every language");
        assert_told_alike(&texts, MAX_MAIL_CHARS, &situation, &decision);
    }
    for (name, lists) in [("mail-everything-done", done), ("mail-everything-to-do", next)] {
        let text = |list: &BTreeSet<String>| list.iter().cloned().collect::<Vec<_>>().join("\n");
        compare(name, &text(&lists["en"]));
        compare(&format!("ja-{name}"), &text(&lists["ja"]));
    }
}

/// The bullets and steps of a text, each with its further lines.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_step = line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
        match items.last_mut() {
            _ if line.starts_with("- ") || is_step => items.push(line.to_owned()),
            Some(item) if line.starts_with("  ") => {
                item.push('\n');
                item.push_str(line);
            }
            Some(_) | None => {}
        }
    }
    items
}

#[test]
fn every_case_tells_the_same_in_every_language() {
    let case = case_id('a');
    for situation in scenarios().iter().flat_map(surroundings) {
        let decision = decide(&situation);
        let alarms = situation.firing.kinds();
        let key = key(&situation);
        let told = |text: &dyn Fn(Language) -> String| {
            assert_told_alike(&in_each(text), MAX_CASE_CHARS, &situation, &decision);
        };
        told(&|language| case_text(language, &situation, &decision, &key).body);
        for category in [Category::Quota, Category::Investigation] {
            let append = AppendTo { case: &case, category, alarms: &alarms };
            told(&|language| append_text(language, &situation, &decision, append));
        }
        for action in &decision.quota_actions {
            told(&|language| quota_case_text(language, &situation, &decision, action));
        }
    }
}

#[test]
fn a_figure_left_out_is_found() {
    let english = "RPM: peak 150 at 2026-11-21 20:44 UTC, code L-1.";
    let japanese = "RPM: ピーク 150、2026年11月21日 20:44 UTC（翌日 05:44 JST）、コード L-1。";
    assert_same_facts(english, japanese);
    let lacking = japanese.replace("150", "");
    assert!(std::panic::catch_unwind(|| assert_same_facts(english, &lacking)).is_err());
    let other_time = japanese.replace("20:44", "20:45").replace("05:44", "05:45");
    assert!(std::panic::catch_unwind(|| assert_same_facts(english, &other_time)).is_err());
}
