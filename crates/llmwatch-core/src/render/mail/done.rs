//! What became of each step, with what a sentence about it needs.

use crate::alarm::AlarmKind;
use crate::decision::{CaseStep, Decision, QuotaAction};
use crate::duplicate::CaseId;
use crate::outcome::{Outcome, Outcomes};
use crate::pool::Scope;
use crate::render::MailContext;
use crate::render::facts::{reason, requested_value};
use crate::render::format::{count, list};
use crate::render::wording::noun;

/// One quota action and what became of it.
pub(super) struct QuotaDone<'a> {
    pub(super) action: &'a QuotaAction,
    pub(super) outcome: &'a Outcome,
    pub(super) context: &'a MailContext,
}

impl<'a> QuotaDone<'a> {
    pub(super) fn all(
        decision: &'a Decision,
        outcomes: &'a Outcomes,
        context: &'a MailContext,
    ) -> Vec<Self> {
        let outcomes = outcomes.quotas.iter().map(|quota| &quota.outcome);
        decision
            .quota_actions
            .iter()
            .zip(outcomes)
            .map(|(action, outcome)| Self { action, outcome, context })
            .collect()
    }

    pub(super) fn from(&self) -> String {
        count(self.action.quota.value)
    }

    /// The value asked for, by a request of ours or an earlier one.
    pub(super) fn to(&self) -> String {
        let to = requested_value(self.action).or(self.action.target.map(|target| target.to));
        to.map(count).unwrap_or_default()
    }

    pub(super) fn unit(&self) -> &'static str {
        self.action.kind.unit()
    }

    /// The quotas it is for besides the one it raises.
    pub(super) fn also_for(&self) -> String {
        let others = self.action.covers.iter().filter(|kind| **kind != self.action.kind);
        list(&others.map(|kind| kind.abbreviation()).collect::<Vec<_>>())
    }

    pub(super) fn case(&self, case: &CaseId) -> String {
        self.context.case_name(case)
    }
}

/// The investigation case and what became of it.
pub(super) struct CaseDone<'a> {
    pub(super) step: &'a CaseStep,
    pub(super) outcome: &'a Outcome,
    pub(super) context: &'a MailContext,
}

impl CaseDone<'_> {
    pub(super) fn case(&self, case: &CaseId) -> String {
        self.context.case_name(case)
    }
}

/// What the alarms report, as a list.
pub(super) fn nouns(alarms: &[AlarmKind]) -> String {
    list(&alarms.iter().map(|alarm| noun(*alarm)).collect::<Vec<_>>())
}

/// Scopes as a choice.
pub(super) fn scopes(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" or ")
}

/// An error or reason in one line.
pub(super) fn why(text: &str) -> String {
    reason(text)
}

/// The case an outcome speaks of.
pub(super) fn case_of(outcome: &Outcome) -> Option<&CaseId> {
    match outcome {
        Outcome::Opened { case }
        | Outcome::Appended { case }
        | Outcome::AlreadyReported { case } => Some(case),
        Outcome::Disabled
        | Outcome::DryRun
        | Outcome::NoSupportPlan
        | Outcome::SubmittedIdPending { .. }
        | Outcome::AlreadyRequested { .. }
        | Outcome::ConsoleForm
        | Outcome::AtMaximum
        | Outcome::NotNeeded(_)
        | Outcome::HeldBack { .. }
        | Outcome::Failed { .. } => None,
    }
}
