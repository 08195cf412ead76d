//! The cases: each scenario, opened and told more.

use super::check;
use super::fixtures::{
    case_id, client_errors, high_usage, key, low_usage, new_model, non_quota, situation,
    tokens_per_day, with_open_case, with_open_request,
};
use crate::alarm::AlarmKind;
use crate::decision::fixtures::{MODEL, burndown_samples, rpm, tpm};
use crate::decision::{Situation, decide};
use crate::duplicate::Category;
use crate::evidence::{Evidence, Read};
use crate::render::{AppendTo, append_text, case_text, quota_case_text};
use crate::settings::Language;

fn opened(language: Language, situation: &Situation) -> String {
    let case = case_text(language, situation, &decide(situation), &key(situation));
    format!("Subject: {}\n\n{}", case.subject, case.body)
}

fn of_first_request(language: Language, situation: &Situation) -> String {
    let decision = decide(situation);
    quota_case_text(language, situation, &decision, &decision.quota_actions[0])
}

#[track_caller]
fn check_told(name: &str, situation: &Situation, category: Category, alarms: &[AlarmKind]) {
    let append = AppendTo { case: &case_id('a'), category, alarms };
    check(name, |language| append_text(language, situation, &decide(situation), append));
}

#[test]
fn investigation_cases() {
    check("case-non-quota", |language| opened(language, &non_quota()));
    check("case-non-quota-client-errors", |language| opened(language, &client_errors()));
    check("case-low-usage-throttled", |language| opened(language, &low_usage()));
    let uses = [rpm(10_001.0, 5_578.0), tpm(6_250_000.0, 3_404_691.0)];
    let kinds = [AlarmKind::InvocationAnomaly, AlarmKind::HighLatency];
    check("case-low-usage-anomaly-with-latency", |language| {
        opened(language, &situation(&kinds, &uses))
    });
}

#[test]
fn cases_of_quota_requests() {
    check("case-quota-high-usage", |language| of_first_request(language, &high_usage()));
    check("case-quota-new-model", |language| of_first_request(language, &new_model()));
    check("case-quota-tokens-per-day", |language| of_first_request(language, &tokens_per_day()));
    let uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)];
    let kinds = [AlarmKind::HighTPMQuotaUsage, AlarmKind::ServerErrors];
    check("case-quota-with-server-errors", |language| {
        of_first_request(language, &situation(&kinds, &uses))
    });
    let burndown = Situation {
        evidence: Evidence::weigh(Read::Known(burndown_samples(112_743.0, 137_257.0)), MODEL),
        ..situation(&[AlarmKind::Throttles], &[tpm(625_000.0, 0.0)])
    };
    check("case-quota-by-burndown", |language| of_first_request(language, &burndown));
}

#[test]
fn open_cases_are_told_more() {
    let request = with_open_request(high_usage(), &[AlarmKind::Throttles]);
    let joined = [AlarmKind::HighTPMQuotaUsage];
    check_told("case-append-quota", &request, Category::Quota, &joined);
    let case = with_open_case(non_quota(), &[AlarmKind::ServerErrors]);
    let joined = [AlarmKind::HighLatency];
    check_told("case-append-investigation", &case, Category::Investigation, &joined);
}
