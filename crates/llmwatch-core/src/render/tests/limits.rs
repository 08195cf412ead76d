//! What holds for every text, whatever it is given.

use proptest::prelude::*;

use unicode_width::UnicodeWidthStr as _;

use super::fixtures::{
    case_id, client_errors, context, ending, fired, high_usage, key, low_usage, nearly_used_up,
    new_model, non_quota, on_demand, tokens_per_day, unknown, with_open_case, with_open_request,
};
use super::read_in;
use crate::alarm::{AlarmKind, CATALOGUE};
use crate::decision::{Firing, FiringAlarm, Situation, decide};
use crate::duplicate::Category;
use crate::evidence::{Evidence, Read};
use crate::outcome::Outcome;
use crate::render::layout::LINE_COLUMNS;
use crate::render::{
    AppendTo, MAX_CASE_CHARS, MAX_MAIL_CHARS, append_text, case_text, incident_notice,
    quota_case_text,
};
use crate::settings::{CaseAutomation, Language};
use crate::usage::{Gap, UsageMetric};

fn every_situation() -> Vec<Situation> {
    let every = situations();
    let in_each = |language| every.iter().map(move |situation| read_in(language, situation));
    Language::ALL.into_iter().flat_map(in_each).collect()
}

fn situations() -> Vec<Situation> {
    let alarms = [AlarmKind::Throttles];
    let mut situations = vec![
        non_quota(),
        client_errors(),
        unknown(),
        new_model(),
        high_usage(),
        nearly_used_up(),
        low_usage(),
        on_demand(),
        tokens_per_day(),
        with_open_case(low_usage(), &[]),
        with_open_request(high_usage(), &alarms),
        with_open_request(high_usage(), &[]),
    ];
    for automation in [CaseAutomation::DryRun, CaseAutomation::Off] {
        let mut situation = high_usage();
        situation.settings.case_automation = automation;
        situations.push(situation);
    }
    situations
}

fn case_texts(situation: &Situation) -> Vec<String> {
    let decision = decide(situation);
    let language = situation.settings.language;
    let alarms = situation.firing.kinds();
    let append = |category| {
        let case = &case_id('a');
        append_text(language, situation, &decision, AppendTo { case, category, alarms: &alarms })
    };
    let mut texts = vec![append(Category::Quota), append(Category::Investigation)];
    texts.push(case_text(language, situation, &decision, &key(situation)).body);
    let actions = decision.quota_actions.iter();
    texts.extend(actions.map(|action| quota_case_text(language, situation, &decision, action)));
    texts
}

/// A text without its line breaks, which fall anywhere in Japanese.
fn joined(text: &str) -> String {
    let is_english = text.contains("Please");
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.join(if is_english { " " } else { "" })
}

#[track_caller]
fn assert_within_limits(situation: &Situation) {
    let decision = decide(situation);
    let opened = Outcome::Opened { case: case_id('a') };
    let mail = incident_notice(situation, &decision, &ending(&decision, &opened), &context()).mail;
    let case = case_text(situation.settings.language, situation, &decision, &key(situation));
    for subject in [&mail.subject, &case.subject] {
        assert!(subject.len() < 100, "{subject}");
        assert!(subject.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{subject}");
        assert!(subject.contains(situation.region.as_str()), "{subject}");
    }
    assert!(case.subject.ends_with(&key(situation).tag().to_string()), "{}", case.subject);
    assert!(mail.body.chars().count() <= MAX_MAIL_CHARS);
    let marker = situation.episode.marker();
    assert!(mail.body.trim_end().ends_with(&marker), "{}", mail.body);
    for text in case_texts(situation) {
        assert!(text.chars().count() <= MAX_CASE_CHARS, "{text}");
        assert!(text.trim_end().ends_with(&marker), "{text}");
        for finding in &decision.quotas {
            assert!(text.contains(finding.quota.quota.code.as_str()), "{text}");
        }
    }
}

#[test]
fn every_text_is_within_its_limits() {
    for situation in every_situation() {
        assert_within_limits(&situation);
    }
}

#[test]
fn a2_every_case_has_exactly_one_instruction() {
    for text in every_situation().iter().flat_map(case_texts) {
        let asks = ["Please", "引き上げてください", "原因調査をお願いします", "考慮してください"];
        let count: usize = asks.iter().map(|ask| joined(&text).matches(ask).count()).sum();
        assert_eq!(count, 1, "{text}");
        assert!(!text.to_lowercase().contains("without additional confirmation"), "{text}");
    }
}

#[test]
fn a2_no_text_asks_for_an_increase_and_for_an_investigation() {
    for text in every_situation().iter().flat_map(case_texts) {
        let says = |words: [&str; 2]| words.iter().any(|words| joined(&text).contains(words));
        let increase = says(["Please increase", "引き上げてください"]);
        let cause = says(["find the cause", "原因調査"]);
        assert!(!(increase && cause), "{text}");
    }
}

#[test]
fn a12_every_text_can_be_built_when_quotas_and_usage_are_unreadable() {
    let mut situation = unknown();
    situation.stored = Read::Unreadable("GetParameters: AccessDeniedException".to_owned());
    assert_within_limits(&situation);
    for text in case_texts(&situation) {
        assert!(text.contains("could not be read"), "{text}");
    }
    for text in case_texts(&read_in(Language::Ja, &situation)) {
        assert!(text.contains("読み取れ"), "{text}");
    }
}

#[test]
fn prose_is_no_wider_than_a_terminal() {
    for text in every_situation().iter().flat_map(case_texts) {
        assert!(text.lines().all(|line| line.width() <= LINE_COLUMNS), "{text}");
    }
}

#[test]
fn only_critical_says_urgent() {
    for situation in every_situation() {
        let decision = decide(&situation);
        let opened = Outcome::Opened { case: case_id('a') };
        let mail =
            incident_notice(&situation, &decision, &ending(&decision, &opened), &context()).mail;
        let is_critical = decision.severity == crate::alarm::Severity::Critical;
        let is_urgent = ["Urgent", "緊急"].iter().any(|word| mail.body.contains(word));
        assert_eq!(is_urgent, is_critical, "{}", mail.body);
        assert!(!mail.body.contains("IMMEDIATE ACTION"));
    }
}

#[test]
fn every_link_is_of_the_pools_region() {
    for situation in every_situation() {
        let decision = decide(&situation);
        let opened = Outcome::Opened { case: case_id('a') };
        let mail =
            incident_notice(&situation, &decision, &ending(&decision, &opened), &context()).mail;
        let links = mail.body.lines().filter(|line| line.contains("console.aws"));
        for link in links {
            assert!(link.trim().starts_with("https://us-east-1.console.aws.amazon.com/"), "{link}");
            assert!(link.contains("region=us-east-1"), "{link}");
        }
    }
}

#[test]
fn a_case_never_shows_what_only_the_operator_needs() {
    for text in every_situation().iter().flat_map(case_texts) {
        for word in ["/settings/", "put-parameter", "dry run", "not stated by"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn huge_names_series_and_reasons_fit(
        name in "\\PC{0,4000}",
        stated in "(?s).{0,6000}",
        why in "(?s).{0,3000}",
        series in 0usize..200,
        gaps in 0usize..100,
        scale in 0.0..1e12f64,
        language in prop::sample::select(&Language::ALL[..]),
    ) {
        let mut situation = read_in(language, &high_usage());
        let alarms: Vec<FiringAlarm> = fired(&CATALOGUE.map(|row| row.kind))
            .alarms()
            .iter()
            .map(|alarm| FiringAlarm { reason: why.clone(), value: Some(scale), ..alarm.clone() })
            .collect();
        situation.firing = Firing::new(alarms).unwrap();
        situation.settings.use_case = Some(stated.clone());
        situation.settings.residency = Some(stated.clone());
        situation.settings.modalities = Some(stated);
        if let Read::Known(stored) = &mut situation.stored {
            stored.pool.model.clone_from(&name);
            stored.series = vec![name.clone(); series];
            stored.notes = vec![name.clone(); series];
            for quota in &mut stored.quotas {
                quota.quota.name.clone_from(&name);
            }
        }
        if let Evidence::Measured(usage) = &mut situation.evidence {
            let (from, to) = (usage.window.start(), usage.window.end());
            usage.gaps = vec![Gap { metric: UsageMetric::Throttles, from, to, why }; gaps];
        }
        assert_within_limits(&situation);
    }
}
