//! What became of each step of a decision, so that a mail never says one thing for another.

use crate::decision::{CaseStep, Decision, NoCase, QuotaAction, QuotaStep, RequestContext};
use crate::duplicate::CaseId;
use crate::fingerprint::fingerprint;
use crate::quota::QuotaKind;
use crate::settings::CaseAutomation;

/// What became of one quota request or of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The operator has switched cases and requests off.
    Disabled,
    /// Dry-run: nothing was done; the step says what would have been.
    DryRun,
    /// The account's support plan has no Support API.
    NoSupportPlan,
    /// The request was accepted and has no case yet; the context follows when it has.
    SubmittedIdPending {
        /// The request's id.
        request: String,
    },
    /// A case is open because of this step.
    Opened {
        /// The case.
        case: CaseId,
    },
    /// An open case was told.
    Appended {
        /// The case.
        case: CaseId,
    },
    /// An open case had been told of every firing alarm before.
    AlreadyReported {
        /// The case.
        case: CaseId,
    },
    /// A request for the same quota was open before, and has nothing new to be told.
    AlreadyRequested {
        /// The request's id.
        request: String,
    },
    /// The API cannot raise the quota; the console form can.
    ConsoleForm,
    /// The quota is at the largest value that can be asked for.
    AtMaximum,
    /// Nothing was to be done, for this reason.
    NotNeeded(NoCase),
    /// It was held back, because what keeps it from being done twice could not be read.
    HeldBack {
        /// What could not be read, and why.
        why: String,
    },
    /// It was sent and not answered, so that it may have been done or not.
    AnswerLost {
        /// What became of the answer, the whole chain of errors in one line.
        why: String,
    },
    /// It was tried, and surely not done.
    Failed {
        /// Why, the whole chain of errors in one line.
        why: String,
    },
}

/// What became of a whole decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// One for each of the decision's quota actions, in their order.
    pub quotas: Vec<QuotaOutcome>,
    /// The investigation case.
    pub case: Outcome,
}

/// What became of one quota action.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaOutcome {
    /// The quota that was to be raised.
    pub kind: QuotaKind,
    /// What became of it.
    pub outcome: Outcome,
}

impl Outcome {
    /// The outcome in a word, as machines are told it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::DryRun => "dry-run",
            Self::NoSupportPlan => "no-support-plan",
            Self::SubmittedIdPending { .. } => "submitted-id-pending",
            Self::Opened { .. } => "opened",
            Self::Appended { .. } => "appended",
            Self::AlreadyReported { .. } => "already-reported",
            Self::AlreadyRequested { .. } => "already-requested",
            Self::ConsoleForm => "console-form",
            Self::AtMaximum => "at-maximum",
            Self::NotNeeded(_) => "not-needed",
            Self::HeldBack { .. } => "held-back",
            Self::AnswerLost { .. } => "answer-lost",
            Self::Failed { .. } => "failed",
        }
    }

    /// How it ended, without the wording of why, which differs from try to try.
    fn identity(&self) -> String {
        match self {
            Self::HeldBack { .. } | Self::NotNeeded(NoCase::HeldBack { .. }) => "HeldBack".into(),
            Self::AnswerLost { .. } => "AnswerLost".into(),
            Self::Failed { .. } => "Failed".into(),
            Self::Disabled
            | Self::DryRun
            | Self::NoSupportPlan
            | Self::SubmittedIdPending { .. }
            | Self::Opened { .. }
            | Self::Appended { .. }
            | Self::AlreadyReported { .. }
            | Self::AlreadyRequested { .. }
            | Self::ConsoleForm
            | Self::AtMaximum
            | Self::NotNeeded(_) => format!("{self:?}"),
        }
    }
}

impl Outcomes {
    /// What two tries of a decision have in common when there is nothing new to tell of the second.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let quotas = self.quotas.iter().map(|quota| (quota.kind.abbreviation(), &quota.outcome));
        let all = quotas.chain([("case", &self.case)]);
        let parts: Vec<String> =
            all.map(|(what, outcome)| format!("{what} {}", outcome.identity())).collect();
        fingerprint(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The outcomes of a decision given what became of its effects.
    ///
    /// `quota` and `case` are asked only for steps that have an effect, see
    /// [`Decision::effects`]; every other step's outcome follows from the decision alone.
    pub fn of(
        decision: &Decision,
        mut quota: impl FnMut(&QuotaAction) -> Outcome,
        case: impl FnOnce() -> Outcome,
    ) -> Self {
        let quotas = decision
            .quota_actions
            .iter()
            .map(|action| QuotaOutcome {
                kind: action.kind,
                outcome: settled_quota(action, decision.automation)
                    .unwrap_or_else(|| quota(action)),
            })
            .collect();
        Self {
            quotas,
            case: settled_case(&decision.case, decision.automation).unwrap_or_else(case),
        }
    }
}

/// The outcome of a quota action that has no effect; `None` when an effect decides it.
#[must_use]
pub fn settled_quota(action: &QuotaAction, automation: CaseAutomation) -> Option<Outcome> {
    match &action.step {
        QuotaStep::ConsoleForm { .. } => Some(Outcome::ConsoleForm),
        QuotaStep::AtMaximum => Some(Outcome::AtMaximum),
        QuotaStep::HeldBack { why } => {
            Some(unless_off(automation, Outcome::HeldBack { why: why.clone() }))
        }
        QuotaStep::Request { .. } => without_effect(automation),
        QuotaStep::AlreadyRequested { request, context } => match context {
            RequestContext::Append { .. } => without_effect(automation),
            RequestContext::AlreadyReported { case } => {
                Some(Outcome::AlreadyReported { case: case.clone() })
            }
            RequestContext::CaseIdPending
            | RequestContext::NoSupportPlan
            | RequestContext::HeldBack { .. } => {
                Some(Outcome::AlreadyRequested { request: request.id.clone() })
            }
        },
    }
}

/// The outcome of a case step that has no effect; `None` when an effect decides it.
#[must_use]
pub fn settled_case(step: &CaseStep, automation: CaseAutomation) -> Option<Outcome> {
    match step {
        CaseStep::Open { .. } | CaseStep::Append { .. } => without_effect(automation),
        CaseStep::AlreadyReported { case } => Some(Outcome::AlreadyReported { case: case.clone() }),
        CaseStep::None(why) => Some(match why {
            NoCase::NoSupportPlan => unless_off(automation, Outcome::NoSupportPlan),
            NoCase::HeldBack { why } => {
                unless_off(automation, Outcome::HeldBack { why: why.clone() })
            }
            NoCase::EvidenceUnavailable
            | NoCase::QuotaActionsInstead
            | NoCase::MailOnly
            | NoCase::NotForSupport => Outcome::NotNeeded(why.clone()),
        }),
    }
}

/// Why a step that would have an effect has none; `None` when it has.
fn without_effect(automation: CaseAutomation) -> Option<Outcome> {
    match automation {
        CaseAutomation::On => None,
        CaseAutomation::DryRun => Some(Outcome::DryRun),
        CaseAutomation::Off => Some(Outcome::Disabled),
    }
}

/// What a dry-run would have met counts as its outcome too; switched off, nothing was looked for.
fn unless_off(automation: CaseAutomation, outcome: Outcome) -> Outcome {
    match automation {
        CaseAutomation::On | CaseAutomation::DryRun => outcome,
        CaseAutomation::Off => Outcome::Disabled,
    }
}

#[cfg(test)]
mod tests;
