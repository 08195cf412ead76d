//! What became of each step, with what a sentence about it needs.

use crate::alarm::AlarmKind;
use crate::decision::{CaseStep, Decision, QuotaAction};
use crate::duplicate::CaseId;
use crate::outcome::{Outcome, Outcomes};
use crate::pool::Scope;
use crate::render::MailContext;
use crate::render::facts::{reason, requested_value};
use crate::render::format::{count, one_line};
use crate::render::notice::ActionFact;
use crate::render::words::Words;

/// One quota action and what became of it.
pub(super) struct QuotaDone<'a> {
    pub(super) action: &'a QuotaAction,
    pub(super) outcome: &'a Outcome,
    pub(super) context: &'a MailContext,
    pub(super) words: &'static dyn Words,
}

impl<'a> QuotaDone<'a> {
    pub(super) fn all(
        words: &'static dyn Words,
        decision: &'a Decision,
        outcomes: &'a Outcomes,
        context: &'a MailContext,
    ) -> Vec<Self> {
        let outcomes = outcomes.quotas.iter().map(|quota| &quota.outcome);
        decision
            .quota_actions
            .iter()
            .zip(outcomes)
            .map(|(action, outcome)| Self { action, outcome, context, words })
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
        self.words.unit(self.action.kind)
    }

    /// The quotas it is for besides the one it raises.
    pub(super) fn also_for(&self) -> String {
        let others = self.action.covers.iter().filter(|kind| **kind != self.action.kind);
        self.words.list(&others.map(|kind| kind.abbreviation()).collect::<Vec<_>>())
    }

    pub(super) fn case(&self, case: &CaseId) -> String {
        self.context.case_number(case)
    }

    pub(super) fn nouns(&self, alarms: &[AlarmKind]) -> String {
        nouns(self.words, alarms)
    }

    pub(super) fn scopes(&self, these: &[Scope]) -> String {
        scopes(self.words, these)
    }
}

/// The investigation case and what became of it.
pub(super) struct CaseDone<'a> {
    pub(super) step: &'a CaseStep,
    pub(super) outcome: &'a Outcome,
    pub(super) context: &'a MailContext,
    pub(super) words: &'static dyn Words,
}

impl CaseDone<'_> {
    pub(super) fn case(&self, case: &CaseId) -> String {
        self.context.case_number(case)
    }

    pub(super) fn nouns(&self, alarms: &[AlarmKind]) -> String {
        nouns(self.words, alarms)
    }
}

/// What became of each step, as machines are told it.
pub(super) fn actions(
    decision: &Decision,
    outcomes: &Outcomes,
    context: &MailContext,
) -> Vec<ActionFact> {
    let quotas = decision.quota_actions.iter().zip(&outcomes.quotas).map(|(action, done)| {
        let to = requested_value(action).or(action.target.map(|target| target.to));
        ActionFact {
            action: "quota-increase",
            quota: Some(action.kind.abbreviation()),
            quota_code: Some(action.quota.code.to_string()),
            from: Some(action.quota.value),
            to,
            ..ActionFact::of(&done.outcome, context)
        }
    });
    let case = ActionFact { action: "case", ..ActionFact::of(&outcomes.case, context) };
    quotas.chain([case]).collect()
}

impl ActionFact {
    fn of(outcome: &Outcome, context: &MailContext) -> Self {
        let (request, reason_why) = match outcome {
            Outcome::SubmittedIdPending { request } | Outcome::AlreadyRequested { request } => {
                (Some(request), None)
            }
            Outcome::HeldBack { why } | Outcome::AnswerLost { why } | Outcome::Failed { why } => {
                (None, Some(why))
            }
            Outcome::Disabled
            | Outcome::DryRun
            | Outcome::NoSupportPlan
            | Outcome::Opened { .. }
            | Outcome::Appended { .. }
            | Outcome::AlreadyReported { .. }
            | Outcome::ConsoleForm
            | Outcome::AtMaximum
            | Outcome::NotNeeded(_) => (None, None),
        };
        Self {
            outcome: outcome.word(),
            request: request.map(|request| one_line(request, 60)),
            case: case_of(outcome).map(|case| context.case_number(case)),
            why: reason_why.map(|text| why(text)),
            ..Self::default()
        }
    }
}

/// What the alarms report, as a list.
pub(in crate::render) fn nouns(words: &dyn Words, alarms: &[AlarmKind]) -> String {
    words.list(&alarms.iter().map(|alarm| words.noun(*alarm)).collect::<Vec<_>>())
}

/// Scopes as a choice.
pub(super) fn scopes(words: &dyn Words, scopes: &[Scope]) -> String {
    words.choice(&scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>())
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
        | Outcome::AnswerLost { .. }
        | Outcome::Failed { .. } => None,
    }
}
