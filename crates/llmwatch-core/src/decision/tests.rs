//! The worked examples of the decision table, and the traps a decision must not fall into.

use AlarmKind::{
    ClientErrors, HighHourlyCost, HighInvocationRate, HighLatency, HighTPDQuotaUsage,
    HighTPMQuotaUsage, InputTokenAnomaly, InvocationAnomaly, InvocationRateAtLimit, LatencyAnomaly,
    ServerErrors, TPDQuotaUsageAtLimit, TPMQuotaUsageAtLimit, Throttles,
};

use super::fixtures::{
    MODEL, Use, at, burndown_samples, episode_id, reported, rpm, samples, silent, situation,
    stored, tpd, tpm,
};
use super::*;
use crate::duplicate::CaseTag;
use crate::ids::QuotaCode;
use crate::pool::{Pool, Scope};
use crate::settings::Language;
use crate::usage::{Gap, UsageMetric};

/// A decision in one line: scenario, what is asked for, the investigation case.
fn summary(decision: &Decision) -> String {
    let mut parts = vec![decision.verdict.scenario.word().to_owned()];
    for action in &decision.quota_actions {
        let kind = action.kind;
        let to = action.target.map_or(0.0, |target| target.to);
        parts.push(match &action.step {
            QuotaStep::Request { to } => format!("request {kind} {to}"),
            QuotaStep::AlreadyRequested { request, .. } => {
                format!("{kind} already requested in {}", request.id)
            }
            QuotaStep::ConsoleForm { alternatives } => {
                let scopes: Vec<&str> = alternatives.iter().map(|scope| scope.word()).collect();
                format!("form {kind} {to} or {}", scopes.join(", "))
            }
            QuotaStep::AtMaximum => format!("{kind} at maximum"),
            QuotaStep::HeldBack { .. } => format!("{kind} held back"),
        });
    }
    parts.push(match &decision.case {
        CaseStep::Open { .. } => "open".into(),
        CaseStep::Append { case, alarms } => format!("append {alarms:?} to {case}"),
        CaseStep::AlreadyReported { case } => format!("{case} knows"),
        CaseStep::None(why) => match why {
            NoCase::EvidenceUnavailable => "no guess".into(),
            NoCase::QuotaActionsInstead => "no case".into(),
            NoCase::MailOnly => "mail only".into(),
            NoCase::NotForSupport => "not for Support".into(),
            NoCase::NoSupportPlan => "no plan".into(),
            NoCase::HeldBack { .. } => "case held back".into(),
        },
    });
    parts.join("; ")
}

#[track_caller]
fn check(situation: &Situation, expected: &str) {
    assert_eq!(summary(&decide(situation)), expected);
}

#[track_caller]
fn row(kinds: &[AlarmKind], uses: &[Use], expected: &str) {
    check(&situation(kinds, uses), expected);
}

#[test]
fn worked_examples_that_concern_no_quota() {
    let near = [rpm(200.0, 199.0), tpm(200_000.0, 199_000.0)];
    row(&[ServerErrors], &near, "non_quota; open");
    row(&[ServerErrors, HighLatency, LatencyAnomaly], &near, "non_quota; open");
    row(&[ClientErrors], &[rpm(200.0, 50.0), tpm(200_000.0, 80_000.0)], "non_quota; open");
}

#[test]
fn cost_by_itself_is_no_matter_for_support() {
    let near = [rpm(200.0, 199.0), tpm(200_000.0, 199_000.0)];
    row(&[HighHourlyCost], &near, "non_quota; not for Support");
    row(&[ServerErrors, HighHourlyCost], &near, "non_quota; open");
    let unread = Situation {
        stored: Read::Unreadable("AccessDenied".into()),
        evidence: Evidence::Unavailable("AccessDenied".into()),
        support: Support::Unreadable("AccessDenied".into()),
        ..situation(&[HighHourlyCost], &near)
    };
    check(&unread, "non_quota; not for Support");
    assert_eq!(decide(&unread).held_back(), Vec::<&str>::new());
    // Beside an alarm on a quota it changes nothing about the request.
    row(
        &[HighTPMQuotaUsage, HighHourlyCost],
        &[rpm(200.0, 150.0), tpm(200_000.0, 210_000.0)],
        "high_usage; request TPM 270000; no case",
    );
}

#[test]
fn an_open_case_is_not_told_of_cost() {
    let near = [rpm(200.0, 199.0), tpm(200_000.0, 199_000.0)];
    let known = situation(&[ServerErrors, HighHourlyCost], &near);
    let case = OpenCase {
        id: CaseId("case-1".into()),
        tag: Some(known.investigation_key().tag()),
        opened_at: known.now,
        language: Language::En,
        reported: reported(&[ServerErrors]),
    };
    let support = Support::Cases(vec![case]);
    check(&Situation { support, ..known }, "non_quota; case-1 knows");
}

#[test]
fn worked_examples_of_high_usage() {
    let near_rpm = [rpm(10_000.0, 9_500.0), tpm(6_250_000.0, 3_000_000.0)];
    row(&[Throttles], &near_rpm, "high_usage; request RPM 13000; no case");
    let fixed_rpm = [near_rpm[0].not_adjustable(), near_rpm[1]];
    row(&[Throttles], &fixed_rpm, "high_usage; request TPM 7900000; no case");
    row(
        &[HighTPMQuotaUsage],
        &[rpm(200.0, 150.0), tpm(200_000.0, 210_000.0)],
        "high_usage; request TPM 270000; no case",
    );
    row(
        &[ClientErrors],
        &[rpm(200.0, 190.0), tpm(200_000.0, 80_000.0)],
        "high_usage; request RPM 250; no case",
    );
    row(
        &[ServerErrors, HighTPMQuotaUsage],
        &[rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)],
        "high_usage; request TPM 250000; no case",
    );
    row(&[HighInvocationRate], &[rpm(1.0, 1.0)], "high_usage; request RPM 2; no case");
    let near_tpm = [rpm(200.0, 199.0), tpm(200_000.0, 198_400.0)];
    row(&[TPMQuotaUsageAtLimit], &near_tpm, "high_usage; request TPM 250000; no case");
    row(
        &[TPMQuotaUsageAtLimit, HighTPMQuotaUsage],
        &near_tpm,
        "high_usage; request TPM 250000; no case",
    );
    row(&[InvocationRateAtLimit], &near_tpm, "high_usage; request RPM 250; no case");
    row(
        &[TPDQuotaUsageAtLimit],
        &[tpm(1_000_000.0, 990_000.0), tpd(1.44e9, 1.4e9)],
        "high_usage; request TPM 1300000; no case",
    );
}

#[test]
fn worked_examples_of_low_usage() {
    row(
        &[InvocationAnomaly],
        &[rpm(10_001.0, 5_578.0), tpm(6_250_000.0, 3_404_691.0)],
        "low_usage; open",
    );
    row(&[Throttles], &[rpm(1_000.0, 200.0), tpm(1_000_000.0, 200_000.0)], "low_usage; open");
}

#[test]
fn worked_example_input_anomaly_without_traffic() {
    let uses = [rpm(200.0, 0.0), tpm(500_000.0, 0.0)];
    let situation = Situation { evidence: silent(), ..situation(&[InputTokenAnomaly], &uses) };
    check(&situation, "new_model; request TPM 630000; no case");
}

#[test]
fn b11_a_model_without_rpm_quota_is_judged_by_tpm() {
    row(&[Throttles], &[tpm(1_000_000.0, 990_000.0)], "high_usage; request TPM 1300000; no case");
}

#[test]
fn b11_tokens_per_day_are_lifted_with_tokens_per_minute() {
    let uses = [tpm(1_000_000.0, 0.0), tpd(1.44e9, 1.3e9)];
    row(&[HighTPDQuotaUsage], &uses, "high_usage; request TPM 1300000; no case");
    let decision = decide(&situation(&[HighTPDQuotaUsage], &uses));
    assert_eq!(decision.quota_actions[0].covers, [QuotaKind::Tpd]);
}

#[test]
fn a10_burndown_weighted_use_counts_not_raw_tokens() {
    let mut situation = situation(&[Throttles], &[tpm(625_000.0, 0.0)]);
    situation.evidence =
        Evidence::weigh(Read::Known(burndown_samples(112_743.0, 137_257.0)), MODEL);
    let decision = decide(&situation);
    assert_eq!(decision.quotas[0].peak.map(|peak| peak.value), Some(799_028.0));
    assert_eq!(summary(&decision), "high_usage; request TPM 1000000; no case");
}

#[test]
fn worked_example_on_demand_goes_by_the_console_form() {
    let uses = [rpm(100.0, 99.0).not_adjustable(), tpm(200_000.0, 199_000.0).not_adjustable()];
    let mut situation = situation(&[Throttles], &uses);
    situation.stored = Read::Known(stored(Scope::OnDemand, &uses));
    check(
        &situation,
        "high_usage; form RPM 130 or cross-region, global; \
         form TPM 250000 or cross-region, global; no case",
    );
    assert_eq!(decide(&situation).effects(), []);
}

#[test]
fn a11_metrics_denied_is_unknown_and_writes_nothing() {
    let mut situation = situation(&[HighInvocationRate], &[rpm(200.0, 0.0)]);
    situation.evidence = Evidence::Unavailable("AccessDenied".into());
    check(&situation, "unknown; no guess");
    let decision = decide(&situation);
    assert_eq!(decision.verdict.scenario, Scenario::Unknown("AccessDenied".into()));
    assert_eq!(decision.effects(), []);
}

#[test]
fn a1_low_usage_never_requests_an_increase() {
    let uses = [rpm(10_000.0, 10.0), tpm(6_250_000.0, 10.0)];
    let decision = decide(&situation(&[InvocationAnomaly], &uses));
    assert!(decision.quota_actions.is_empty());
    assert!(decision.verdict.supported.is_empty());
}

#[test]
fn a2_low_usage_has_one_instruction_investigate() {
    let decision = decide(&situation(&[Throttles], &[rpm(1_000.0, 200.0)]));
    assert!(matches!(decision.proposed_effects()[..], [Effect::OpenCase(_)]));
}

#[test]
fn low_usage_is_mail_only_by_setting() {
    let mut situation = situation(&[Throttles], &[rpm(1_000.0, 200.0)]);
    situation.settings.low_usage_action = LowUsageAction::Mail;
    check(&situation, "low_usage; mail only");
}

#[test]
fn a3_server_errors_with_high_tpm_is_one_decision() {
    let uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)];
    let decision = decide(&situation(&[HighTPMQuotaUsage, ServerErrors], &uses));
    assert_eq!(decision.verdict.supported, [QuotaKind::Tpm]);
    assert_eq!(decision.verdict.unrelated_alarms, [ServerErrors]);
    assert_eq!(decision.severity, Severity::Critical);
    assert_eq!(decision.case, CaseStep::None(NoCase::QuotaActionsInstead));
}

#[test]
fn a4_every_supported_quota_is_requested_on_its_own() {
    row(
        &[HighInvocationRate, HighTPMQuotaUsage],
        &[rpm(200.0, 190.0), tpm(200_000.0, 190_000.0)],
        "high_usage; request RPM 250; request TPM 250000; no case",
    );
}

#[test]
fn two_quotas_that_only_tpm_can_lift_share_one_request() {
    let uses = [rpm(200.0, 190.0).not_adjustable(), tpm(200_000.0, 190_000.0)];
    let decision = decide(&situation(&[Throttles], &uses));
    assert_eq!(decision.quota_actions.len(), 1);
    assert_eq!(decision.quota_actions[0].covers, [QuotaKind::Rpm, QuotaKind::Tpm]);
}

fn investigation_case(pool: &PoolLabel, region: &str, alarms: &[AlarmKind]) -> OpenCase {
    let key = CaseKey {
        account: AccountId::parse("123456789012").unwrap(),
        region: Region::parse(region).unwrap(),
        pool: pool.clone(),
        category: Category::Investigation,
    };
    OpenCase {
        id: CaseId("case-1".into()),
        tag: CaseTag::find_in(&format!("{} anything", key.tag())),
        opened_at: at("2026-11-21T02:00:00Z"),
        language: Language::En,
        reported: reported(alarms),
    }
}

#[test]
fn a5_any_unreported_alarm_is_appended() {
    let mut situation = situation(&[Throttles, InvocationAnomaly], &[rpm(1_000.0, 200.0)]);
    let case = investigation_case(&situation.pool, "us-east-1", &[InvocationAnomaly]);
    situation.support = Support::Cases(vec![case]);
    check(&situation, "low_usage; append [Throttles] to case-1");
}

#[test]
fn a_case_that_knows_every_firing_alarm_is_left_alone() {
    let mut situation = situation(&[ServerErrors], &[]);
    let case = investigation_case(&situation.pool, "us-east-1", &[ServerErrors, HighLatency]);
    situation.support = Support::Cases(vec![case]);
    check(&situation, "non_quota; case-1 knows");
}

#[test]
fn a6_an_alarm_told_in_an_earlier_episode_is_told_again() {
    let mut situation = situation(&[HighLatency], &[]);
    let case = investigation_case(&situation.pool, "us-east-1", &[HighLatency]);
    situation.support = Support::Cases(vec![case]);
    situation.episode = EpisodeId::from_text("20261128T0900-000000000000");
    check(&situation, "non_quota; append [HighLatency] to case-1");
}

#[test]
fn a7_client_errors_below_every_threshold_ask_for_no_quota() {
    let decision =
        decide(&situation(&[ClientErrors], &[rpm(200.0, 50.0), tpm(200_000.0, 80_000.0)]));
    assert_eq!(decision.verdict.concerned, []);
    assert_eq!(decision.proposed_effects().len(), 1);
}

#[test]
fn a12_missing_thresholds_write_nothing() {
    let mut situation = situation(&[HighInvocationRate], &[rpm(200.0, 199.0)]);
    situation.stored = Read::Unreadable("ParameterNotFound".into());
    check(&situation, "unknown; no guess");
    assert_eq!(decide(&situation).effects(), []);
}

#[test]
fn server_errors_are_investigated_even_when_thresholds_are_missing() {
    let mut situation = situation(&[ServerErrors, ClientErrors], &[]);
    situation.stored = Read::Unreadable("ParameterNotFound".into());
    check(&situation, "non_quota; open");
}

#[test]
fn a15_warning_preference_keeps_critical_mail() {
    for (kind, notify_from, expected) in [
        (ServerErrors, NotifyFrom::Warning, MailStep::Send),
        (ServerErrors, NotifyFrom::Critical, MailStep::Send),
        (HighLatency, NotifyFrom::Warning, MailStep::Send),
        (HighLatency, NotifyFrom::All, MailStep::Send),
        (HighLatency, NotifyFrom::Critical, MailStep::Filtered(NotifyFrom::Critical)),
    ] {
        let mut situation = situation(&[kind], &[]);
        situation.settings.notify_from = notify_from;
        assert_eq!(decide(&situation).mail, expected, "{kind} {notify_from:?}");
    }
}

#[test]
fn a_mail_preference_does_not_hold_back_the_case() {
    let mut situation = situation(&[HighLatency], &[]);
    situation.settings.notify_from = NotifyFrom::Critical;
    assert_eq!(decide(&situation).effects().len(), 1);
}

#[test]
fn dry_run_and_off_propose_but_have_no_effects() {
    for automation in [CaseAutomation::DryRun, CaseAutomation::Off] {
        let mut situation = situation(&[HighTPMQuotaUsage], &[tpm(200_000.0, 190_000.0)]);
        situation.settings.case_automation = automation;
        let decision = decide(&situation);
        assert_eq!(decision.effects(), []);
        assert_eq!(decision.proposed_effects().len(), 1);
    }
}

#[test]
fn d7_only_the_same_pool_region_and_category_is_a_duplicate() {
    let base = situation(&[ServerErrors], &[]);
    let other = Pool { scope: Scope::Global, model: MODEL.into() }.label();
    let mut quota_case = investigation_case(&base.pool, "us-east-1", &[]);
    quota_case.tag = None;
    for (what, case) in [
        ("pool", investigation_case(&other, "us-east-1", &[])),
        ("Region", investigation_case(&base.pool, "us-west-2", &[])),
        ("category", quota_case),
    ] {
        let situation = Situation { support: Support::Cases(vec![case]), ..base.clone() };
        assert_eq!(summary(&decide(&situation)), "non_quota; open", "another {what}");
    }
}

#[test]
fn d8_unreadable_cases_hold_the_case_back() {
    let mut situation = situation(&[ServerErrors], &[]);
    situation.support = Support::Unreadable("ThrottlingException".into());
    check(&situation, "non_quota; case held back");
    assert_eq!(decide(&situation).effects(), []);
}

#[test]
fn d8_unreadable_requests_hold_the_request_back() {
    let mut situation = situation(&[HighTPMQuotaUsage], &[tpm(200_000.0, 190_000.0)]);
    situation.pending_requests = Read::Unreadable("AccessDenied".into());
    check(&situation, "high_usage; TPM held back; no case");
    assert_eq!(decide(&situation).effects(), []);
}

#[test]
fn no_support_plan_still_requests_quotas() {
    let uses = [tpm(200_000.0, 190_000.0)];
    let mut quota = situation(&[HighTPMQuotaUsage], &uses);
    quota.support = Support::NoPlan;
    check(&quota, "high_usage; request TPM 250000; no case");
    let mut errors = situation(&[ServerErrors], &uses);
    errors.support = Support::NoPlan;
    check(&errors, "non_quota; no plan");
}

fn with_pending(case: Option<&str>, alarms: &[AlarmKind]) -> Situation {
    let mut situation = situation(&[HighTPMQuotaUsage], &[tpm(200_000.0, 190_000.0)]);
    situation.pending_requests = Read::Known(vec![PendingRequest {
        id: "request-1".into(),
        quota: QuotaCode::parse("L-58BE175A").unwrap(),
        desired: 300_000.0,
        case: case.map(|id| CaseId(id.into())),
        requested_at: at("2026-11-21T01:00:00Z"),
    }]);
    situation.support = Support::Cases(vec![OpenCase {
        id: CaseId("case-9".into()),
        tag: None,
        opened_at: at("2026-11-21T01:00:00Z"),
        language: Language::En,
        reported: reported(alarms),
    }]);
    situation
}

#[track_caller]
fn check_context(situation: &Situation, expected: &RequestContext) {
    let decision = decide(situation);
    assert_eq!(summary(&decision), "high_usage; TPM already requested in request-1; no case");
    match &decision.quota_actions[0].step {
        QuotaStep::AlreadyRequested { context, .. } => assert_eq!(context, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_open_request_is_not_repeated_and_its_case_is_told() {
    let case = CaseId("case-9".into());
    check_context(&with_pending(None, &[]), &RequestContext::CaseIdPending);
    check_context(
        &with_pending(Some("case-9"), &[]),
        &RequestContext::Append { case: case.clone(), alarms: vec![HighTPMQuotaUsage] },
    );
    check_context(
        &with_pending(Some("case-9"), &[HighTPMQuotaUsage]),
        &RequestContext::AlreadyReported { case },
    );
}

#[test]
fn a_request_for_another_quota_is_no_duplicate() {
    let mut situation = with_pending(None, &[]);
    if let Read::Known(requests) = &mut situation.pending_requests {
        requests[0].quota = QuotaCode::parse("L-CCA5DF70").unwrap();
    }
    check(&situation, "high_usage; request TPM 250000; no case");
}

#[test]
fn a_gap_can_hide_a_peak_so_low_usage_is_not_claimed() {
    let uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)];
    let gap = |metric| {
        let mut samples = samples(&uses);
        let (from, to) = (samples.window.start(), samples.window.minute(10));
        samples.gaps.push(Gap { metric, from, to, why: "page 2".into() });
        Evidence::weigh(Read::Known(samples), MODEL)
    };
    let mut situation = situation(&[HighInvocationRate], &uses);
    situation.evidence = gap(UsageMetric::Invocations);
    check(&situation, "unknown; no guess");
    situation.evidence = gap(UsageMetric::EstimatedTpm);
    check(&situation, "low_usage; open");
    situation.firing = super::fixtures::firing(&[HighTPMQuotaUsage]);
    check(&situation, "high_usage; request TPM 250000; no case");
}

#[test]
fn a_throttled_quota_of_zero_is_requested_to_the_default() {
    let uses = [rpm(0.0, 0.0), tpm(0.0, 0.0)];
    let mut situation = situation(&[Throttles], &uses);
    let mut pool = stored(Scope::CrossRegion, &uses);
    pool.quotas[0].quota.aws_default = Some(200.0);
    situation.stored = Read::Known(pool);
    situation.evidence = silent();
    check(&situation, "new_model; request RPM 200; request TPM 100000; no case");
}

#[test]
fn throttles_far_below_the_quota_name_the_reservation() {
    let mut situation = situation(&[Throttles], &[tpm(1_000_000.0, 0.0)]);
    let mut samples = burndown_samples(2_000.0, 300.0);
    samples.estimated_tpm.add(samples.window.minute(9), 200_000.0);
    situation.evidence = Evidence::weigh(Read::Known(samples), MODEL);
    let ReservationAdvice::Computed(reservation) = decide(&situation).reservation else {
        panic!("the figures are known");
    };
    assert_eq!(reservation.input_tokens_per_request, 2_000.0);
    let rows = reservation.rows.iter().map(|row| (row.max_tokens, row.requests_per_minute));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [(64_000.0, 15.0), (16_000.0, 55.0), (4_000.0, 166.0), (1_000.0, 333.0)]
    );
}

#[test]
fn reservation_is_not_named_when_usage_explains_the_throttles() {
    let decision = decide(&situation(&[Throttles], &[tpm(200_000.0, 199_000.0)]));
    assert_eq!(decision.reservation, ReservationAdvice::NotNeeded);
}

#[test]
fn the_figures_for_reference_are_there_in_every_scenario() {
    let uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0), tpd(1.44e9, 0.0)];
    let decision = decide(&situation(&[ServerErrors], &uses));
    let shares: Vec<_> = decision.quotas.iter().map(QuotaFinding::peak_share).collect();
    assert_eq!(shares[..2], [Some(0.25), Some(0.95)]);
    assert_eq!(decision.episode, episode_id());
}
