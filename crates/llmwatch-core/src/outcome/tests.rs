use super::*;
use crate::alarm::AlarmKind::{HighTPMQuotaUsage, ServerErrors, Throttles};
use crate::decision::fixtures::{rpm, situation, tpm};
use crate::decision::{Situation, Support, decide};
use crate::evidence::Read;

/// The outcomes when every effect that is carried out gives `Opened`.
fn outcomes(situation: &Situation, automation: CaseAutomation) -> Vec<Outcome> {
    let mut situation = situation.clone();
    situation.settings.case_automation = automation;
    let decision = decide(&situation);
    let opened = || Outcome::Opened { case: CaseId("case-1".into()) };
    let all = Outcomes::of(&decision, |_| opened(), opened);
    let carried_out = all
        .quotas
        .iter()
        .map(|quota| &quota.outcome)
        .chain([&all.case])
        .filter(|o| **o == opened());
    assert_eq!(carried_out.count(), decision.effects().len());
    all.quotas.into_iter().map(|quota| quota.outcome).chain([all.case]).collect()
}

#[track_caller]
fn check(situation: &Situation, on: &[Outcome], dry_run: &[Outcome], off: &[Outcome]) {
    assert_eq!(outcomes(situation, CaseAutomation::On), on);
    assert_eq!(outcomes(situation, CaseAutomation::DryRun), dry_run);
    assert_eq!(outcomes(situation, CaseAutomation::Off), off);
}

fn opened() -> Outcome {
    Outcome::Opened { case: CaseId("case-1".into()) }
}

#[test]
fn a13_every_way_it_can_end_is_told_apart() {
    let instead = Outcome::NotNeeded(NoCase::QuotaActionsInstead);
    check(
        &situation(&[HighTPMQuotaUsage], &[tpm(200_000.0, 190_000.0)]),
        &[opened(), instead.clone()],
        &[Outcome::DryRun, instead.clone()],
        &[Outcome::Disabled, instead.clone()],
    );
    check(&situation(&[ServerErrors], &[]), &[opened()], &[Outcome::DryRun], &[Outcome::Disabled]);
    let form = [rpm(100.0, 99.0).not_adjustable()];
    check(
        &situation(&[Throttles], &form),
        &[Outcome::ConsoleForm, instead.clone()],
        &[Outcome::ConsoleForm, instead.clone()],
        &[Outcome::ConsoleForm, instead],
    );
}

#[test]
fn a13_no_support_plan_is_not_switched_off() {
    let mut situation = situation(&[ServerErrors], &[]);
    situation.support = Support::NoPlan;
    check(&situation, &[Outcome::NoSupportPlan], &[Outcome::NoSupportPlan], &[Outcome::Disabled]);
}

#[test]
fn d8_held_back_says_what_could_not_be_read() {
    let held_back = Outcome::HeldBack { why: "ThrottlingException".into() };
    let mut case = situation(&[ServerErrors], &[]);
    case.support = Support::Unreadable("ThrottlingException".into());
    let one = std::slice::from_ref(&held_back);
    check(&case, one, one, &[Outcome::Disabled]);
    let mut request = situation(&[HighTPMQuotaUsage], &[tpm(200_000.0, 190_000.0)]);
    request.pending_requests = Read::Unreadable("ThrottlingException".into());
    let instead = Outcome::NotNeeded(NoCase::QuotaActionsInstead);
    check(
        &request,
        &[held_back.clone(), instead.clone()],
        &[held_back, instead.clone()],
        &[Outcome::Disabled, instead],
    );
}

#[test]
fn a4_one_failed_request_leaves_the_others_outcome_alone() {
    let uses = [rpm(200.0, 190.0), tpm(200_000.0, 190_000.0)];
    let decision = decide(&situation(&[Throttles], &uses));
    let outcomes = Outcomes::of(
        &decision,
        |action| match action.kind {
            QuotaKind::Rpm => Outcome::Failed { why: "QuotaExceededException".into() },
            QuotaKind::Tpm | QuotaKind::Tpd => {
                Outcome::SubmittedIdPending { request: "request-2".into() }
            }
        },
        || Outcome::Failed { why: "there is no case effect".into() },
    );
    assert_eq!(
        outcomes.quotas,
        [
            QuotaOutcome {
                kind: QuotaKind::Rpm,
                outcome: Outcome::Failed { why: "QuotaExceededException".into() }
            },
            QuotaOutcome {
                kind: QuotaKind::Tpm,
                outcome: Outcome::SubmittedIdPending { request: "request-2".into() }
            },
        ]
    );
    assert_eq!(outcomes.case, Outcome::NotNeeded(NoCase::QuotaActionsInstead));
}

#[test]
fn a_failure_in_other_words_is_nothing_new() {
    let failed = |why: &str| Outcomes {
        quotas: vec![QuotaOutcome {
            kind: QuotaKind::Tpm,
            outcome: Outcome::Failed { why: why.into() },
        }],
        case: Outcome::NotNeeded(NoCase::QuotaActionsInstead),
    };
    let first = failed("request id 1");
    assert_eq!(first.fingerprint(), failed("request id 2").fingerprint());
    let mut submitted = first.clone();
    submitted.quotas[0].outcome = Outcome::SubmittedIdPending { request: "r".into() };
    assert_ne!(first.fingerprint(), submitted.fingerprint());
}

#[test]
fn an_answer_that_was_lost_is_no_failure_and_no_news_in_other_words() {
    let ended = |case: Outcome| Outcomes { quotas: Vec::new(), case };
    let lost = |why: &str| ended(Outcome::AnswerLost { why: why.into() });
    assert_eq!(lost("no answer in 10 s").fingerprint(), lost("connection reset").fingerprint());
    let failed = ended(Outcome::Failed { why: "no answer in 10 s".into() });
    assert_ne!(lost("no answer in 10 s").fingerprint(), failed.fingerprint());
    assert_ne!(lost("no answer in 10 s").fingerprint(), ended(opened()).fingerprint());
}
