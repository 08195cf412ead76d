//! Which quota is raised for which, and how.

use jiff::Timestamp;

use super::{Effect, Situation, Support};
use crate::alarm::AlarmKind;
use crate::duplicate::{self, CaseId, Category, OpenCaseKnows};
use crate::evidence::Read;
use crate::ids::QuotaCode;
use crate::pool::Scope;
use crate::quota::increase::{Target, target};
use crate::quota::{Quota, QuotaKind};
use crate::stored::{PoolQuota, StoredPool};

/// An increase request that Service Quotas has not finished.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingRequest {
    /// The request's id.
    pub id: String,
    /// The quota it is about.
    pub quota: QuotaCode,
    /// The value it asks for, in the quota's unit.
    pub desired: f64,
    /// Its case, once Support has opened one.
    pub case: Option<CaseId>,
    /// When it was made.
    pub requested_at: Timestamp,
}

/// What is done about one quota.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaAction {
    /// The supported quotas this is for, in the order RPM, TPM, TPD; at least one.
    pub covers: Vec<QuotaKind>,
    /// The quota to raise: one of `covers`, or TPM in their place.
    pub kind: QuotaKind,
    /// The quota to raise, as read.
    pub quota: Quota,
    /// The value to ask for with its arithmetic; `None` only at the largest value there is.
    pub target: Option<Target>,
    /// How.
    pub step: QuotaStep,
}

/// How a quota is raised.
#[derive(Debug, Clone, PartialEq)]
pub enum QuotaStep {
    /// By `RequestServiceQuotaIncrease`, for this value; the context follows on its case.
    Request {
        /// The value to ask for.
        to: f64,
    },
    /// A request for this quota is open: no second one is made.
    AlreadyRequested {
        /// The open request.
        request: PendingRequest,
        /// What its case is told.
        context: RequestContext,
    },
    /// Not by any API: the console's form, with the figures to paste.
    ConsoleForm {
        /// Scopes of the same model whose TPM quota is adjustable: a way out meanwhile.
        alternatives: Vec<Scope>,
    },
    /// The quota is at the largest value that can be asked for.
    AtMaximum,
    /// Pending requests could not be read, so another one might be the second.
    HeldBack {
        /// Why they could not be read.
        why: String,
    },
}

/// What the case of an open request is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestContext {
    /// These alarms, which it does not know of.
    Append {
        /// The case.
        case: CaseId,
        /// The alarms, at least one.
        alarms: Vec<AlarmKind>,
    },
    /// Nothing: it knows of every firing alarm.
    AlreadyReported {
        /// The case.
        case: CaseId,
    },
    /// Nothing yet: it has no case.
    CaseIdPending,
    /// Nothing: the account's support plan has no Support API.
    NoSupportPlan,
    /// Nothing: what it knows could not be read.
    HeldBack {
        /// Why.
        why: String,
    },
}

impl QuotaAction {
    /// The write this asks for, if any.
    #[must_use]
    pub fn effect(&self) -> Option<Effect<'_>> {
        match &self.step {
            QuotaStep::Request { .. } => Some(Effect::RequestIncrease(self)),
            QuotaStep::AlreadyRequested {
                context: RequestContext::Append { case, alarms },
                ..
            } => Some(Effect::AppendToCase { case, category: Category::Quota, alarms }),
            QuotaStep::AlreadyRequested { .. }
            | QuotaStep::ConsoleForm { .. }
            | QuotaStep::AtMaximum
            | QuotaStep::HeldBack { .. } => None,
        }
    }

    /// Why it has no effect that another try may have.
    #[must_use]
    pub fn held_back(&self) -> Option<&str> {
        match &self.step {
            QuotaStep::HeldBack { why }
            | QuotaStep::AlreadyRequested { context: RequestContext::HeldBack { why }, .. } => {
                Some(why)
            }
            QuotaStep::Request { .. }
            | QuotaStep::AlreadyRequested { .. }
            | QuotaStep::ConsoleForm { .. }
            | QuotaStep::AtMaximum => None,
        }
    }
}

/// One action for each quota to raise, so that each is submitted and reported on its own.
pub(super) fn actions(
    situation: &Situation,
    stored: &StoredPool,
    supported: &[QuotaKind],
) -> Vec<QuotaAction> {
    let mut routes: Vec<(&PoolQuota, Vec<QuotaKind>)> = Vec::new();
    for wanted in supported.iter().filter_map(|kind| stored.quota(*kind)) {
        let raised = raised_for(stored, wanted);
        match routes.iter_mut().find(|(quota, _)| quota.kind == raised.kind) {
            Some((_, covers)) => covers.push(wanted.kind),
            None => routes.push((raised, vec![wanted.kind])),
        }
    }
    routes.into_iter().map(|(quota, covers)| action(situation, stored, quota, covers)).collect()
}

/// The quota to raise for a wanted one: itself, or an adjustable TPM in its place.
///
/// AWS lifts a model's other quotas with its TPM. TPD is never raised by itself, whatever the
/// listing says. Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-increase.html>.
fn raised_for<'a>(stored: &'a StoredPool, wanted: &'a PoolQuota) -> &'a PoolQuota {
    if is_requestable(wanted) {
        return wanted;
    }
    stored.quota(QuotaKind::Tpm).filter(|tpm| is_requestable(tpm)).unwrap_or(wanted)
}

fn is_requestable(quota: &PoolQuota) -> bool {
    quota.quota.adjustable && quota.kind != QuotaKind::Tpd
}

fn action(
    situation: &Situation,
    stored: &StoredPool,
    quota: &PoolQuota,
    covers: Vec<QuotaKind>,
) -> QuotaAction {
    let peak = situation.evidence.usage().map(|usage| usage.figures(quota.kind).peak.value);
    let target = target(quota.kind, &quota.quota, peak, &situation.settings);
    QuotaAction {
        covers,
        kind: quota.kind,
        quota: quota.quota.clone(),
        target,
        step: step(situation, stored, quota, target),
    }
}

fn step(
    situation: &Situation,
    stored: &StoredPool,
    quota: &PoolQuota,
    target: Option<Target>,
) -> QuotaStep {
    let Some(target) = target else {
        return QuotaStep::AtMaximum;
    };
    if !is_requestable(quota) {
        return QuotaStep::ConsoleForm { alternatives: stored.adjustable_elsewhere.clone() };
    }
    let pending = match &situation.pending_requests {
        Read::Known(pending) => pending,
        Read::Unreadable(why) => return QuotaStep::HeldBack { why: why.clone() },
    };
    match pending.iter().find(|request| request.quota == quota.quota.code) {
        None => QuotaStep::Request { to: target.to },
        Some(request) => QuotaStep::AlreadyRequested {
            request: request.clone(),
            context: context(situation, request),
        },
    }
}

fn context(situation: &Situation, request: &PendingRequest) -> RequestContext {
    let Some(case) = &request.case else {
        return RequestContext::CaseIdPending;
    };
    let cases = match &situation.support {
        Support::Cases(cases) => cases,
        Support::NoPlan => return RequestContext::NoSupportPlan,
        Support::Unreadable(why) => return RequestContext::HeldBack { why: why.clone() },
    };
    let firing = situation.firing.kinds_for_support();
    match duplicate::find_by_id(cases, case, &situation.episode, &firing) {
        OpenCaseKnows::NotOf { case, alarms } => RequestContext::Append { case, alarms },
        OpenCaseKnows::All { case } => RequestContext::AlreadyReported { case },
    }
}
