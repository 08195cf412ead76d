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

fn opened(situation: &Situation) -> String {
    let case = case_text(situation, &decide(situation), &key(situation));
    format!("Subject: {}\n\n{}", case.subject, case.body)
}

fn of_first_request(situation: &Situation) -> String {
    let decision = decide(situation);
    quota_case_text(situation, &decision, &decision.quota_actions[0])
}

fn told_of(situation: &Situation, category: Category, alarms: &[AlarmKind]) -> String {
    let case = &case_id('a');
    append_text(situation, &decide(situation), AppendTo { case, category, alarms })
}

#[test]
fn investigation_cases() {
    check("case-non-quota", &opened(&non_quota()));
    check("case-non-quota-client-errors", &opened(&client_errors()));
    check("case-low-usage-throttled", &opened(&low_usage()));
    let uses = [rpm(10_001.0, 5_578.0), tpm(6_250_000.0, 3_404_691.0)];
    let kinds = [AlarmKind::InvocationAnomaly, AlarmKind::HighLatency];
    check("case-low-usage-anomaly-with-latency", &opened(&situation(&kinds, &uses)));
}

#[test]
fn cases_of_quota_requests() {
    check("case-quota-high-usage", &of_first_request(&high_usage()));
    check("case-quota-new-model", &of_first_request(&new_model()));
    check("case-quota-tokens-per-day", &of_first_request(&tokens_per_day()));
    let uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)];
    let kinds = [AlarmKind::HighTPMQuotaUsage, AlarmKind::ServerErrors];
    check("case-quota-with-server-errors", &of_first_request(&situation(&kinds, &uses)));
    let burndown = Situation {
        evidence: Evidence::weigh(Read::Known(burndown_samples(112_743.0, 137_257.0)), MODEL),
        ..situation(&[AlarmKind::Throttles], &[tpm(625_000.0, 0.0)])
    };
    check("case-quota-by-burndown", &of_first_request(&burndown));
}

#[test]
fn open_cases_are_told_more() {
    let request = with_open_request(high_usage(), &[AlarmKind::Throttles]);
    let joined = [AlarmKind::HighTPMQuotaUsage];
    check("case-append-quota", &told_of(&request, Category::Quota, &joined));
    let case = with_open_case(non_quota(), &[AlarmKind::ServerErrors]);
    let joined = [AlarmKind::HighLatency];
    check("case-append-investigation", &told_of(&case, Category::Investigation, &joined));
}
