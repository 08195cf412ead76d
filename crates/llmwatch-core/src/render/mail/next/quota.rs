//! What the reader should do about one quota that is to be raised.

use super::{Form, FormReason, Step};
use crate::decision::{Decision, PendingRequest, QuotaStep, Situation};
use crate::ids::Region;
use crate::outcome::Outcome;
use crate::render::facts::QuotaFacts;
use crate::render::format::{count, one_line};
use crate::render::links;
use crate::render::mail::done::QuotaDone;

pub(super) fn steps(situation: &Situation, decision: &Decision, done: &QuotaDone<'_>) -> Vec<Step> {
    let region = &situation.region;
    let quota = named(done);
    match done.outcome {
        Outcome::Disabled | Outcome::DryRun | Outcome::Failed { .. } => {
            vec![open_request(region, done).unwrap_or_else(|| request_by_hand(region, done))]
        }
        Outcome::HeldBack { .. } => look_and_request(region, done),
        Outcome::AnswerLost { .. } => match open_request(region, done) {
            Some(follow) => vec![follow],
            None => look_and_request(region, done),
        },
        Outcome::Opened { case }
        | Outcome::Appended { case }
        | Outcome::AlreadyReported { case } => vec![Step::FollowRequest {
            quota,
            case: Some(done.context.case_number(case)),
            link: done.context.case_link(region, case),
        }],
        Outcome::SubmittedIdPending { .. }
        | Outcome::AlreadyRequested { .. }
        | Outcome::NoSupportPlan => {
            vec![Step::FollowRequest { quota, case: None, link: links::quota_requests(region) }]
        }
        Outcome::ConsoleForm => vec![Step::FillForm(form(situation, decision, done))],
        Outcome::AtMaximum => vec![Step::AtMaximum { quota }],
        Outcome::NotNeeded(_) => Vec::new(),
    }
}

fn named(done: &QuotaDone<'_>) -> String {
    format!("{} ({})", done.action.kind, done.action.quota.code)
}

/// The request that was open before, to be followed.
fn open_request(region: &Region, done: &QuotaDone<'_>) -> Option<Step> {
    match &done.action.step {
        QuotaStep::AlreadyRequested { request, .. } => Some(follow(region, done, request)),
        QuotaStep::Request { .. }
        | QuotaStep::HeldBack { .. }
        | QuotaStep::ConsoleForm { .. }
        | QuotaStep::AtMaximum => None,
    }
}

/// It may be requested already: a look comes first.
fn look_and_request(region: &Region, done: &QuotaDone<'_>) -> Vec<Step> {
    let link = links::quota_requests(region);
    vec![Step::LookForRequest { quota: named(done), link }, request_by_hand(region, done)]
}

fn follow(region: &Region, done: &QuotaDone<'_>, request: &PendingRequest) -> Step {
    let case = request.case.as_ref();
    Step::FollowRequest {
        quota: named(done),
        case: case.map(|case| done.context.case_number(case)),
        link: case.map_or_else(
            || links::quota_requests(region),
            |case| done.context.case_link(region, case),
        ),
    }
}

fn request_by_hand(region: &Region, done: &QuotaDone<'_>) -> Step {
    Step::RequestByHand {
        quota: named(done),
        to: done.action.target.map(|target| count(target.to)).unwrap_or_default(),
        unit: done.unit(),
        link: links::quota(region, &done.action.quota.code),
    }
}

fn form(situation: &Situation, decision: &Decision, done: &QuotaDone<'_>) -> Form {
    let action = done.action;
    let facts = QuotaFacts::all(done.words, situation, decision);
    let facts = facts.into_iter().find(|quota| quota.kind == action.kind);
    let reason = facts.zip(situation.evidence.usage()).and_then(|(quota, usage)| {
        Some(FormReason {
            unit: quota.unit,
            peak: quota.peak?,
            steady: quota.steady?,
            throttles: count(usage.throttles),
        })
    });
    let use_case = situation.settings.use_case.as_ref();
    Form {
        kind: action.kind.abbreviation(),
        region: situation.region.clone(),
        name: one_line(&action.quota.name, 200),
        code: action.quota.code.to_string(),
        from: format!("{:.0}", action.quota.value),
        to: action.target.map(|target| format!("{:.0}", target.to)).unwrap_or_default(),
        reason,
        use_case: use_case.map(|text| one_line(text, 300)),
        link: links::limit_increase_form(&situation.region),
    }
}
