//! What has become of a quota increase request: what Service Quotas says of it, and whether the
//! quota in force has changed.
//!
//! A request is approved by one system and applied by another, and the case of a Bedrock quota may
//! simply be closed. So the value in force decides what people are told; the request's status only
//! says whether to go on waiting for it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alarm::Severity;
use crate::decision::{Decision, QuotaAction, QuotaStep, Situation};
use crate::episode::EpisodeId;
use crate::ids::{AccountId, QuotaCode};
use crate::pool::PoolLabel;
use crate::quota::QuotaKind;
use crate::settings::CaseAutomation;

/// How long a decided request may be without effect on the quota before people are told.
///
/// AWS documents no time. It is long enough for a value on its way not to be reported as missing.
pub const APPLYING: SignedDuration = SignedDuration::from_hours(6);

/// How long a request is watched at most: as far back as open cases are looked for.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(24 * 60);

/// A request that an episode made or relied on, as the ledger keeps it until its end is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchedRequest {
    /// Service Quotas' id of the request.
    pub id: String,
    /// The account.
    pub account: AccountId,
    /// The pool whose quota it is.
    pub pool: PoolLabel,
    /// The episode whose mail told of it.
    pub episode: EpisodeId,
    /// The episode's severity: whoever was told of the request is told of its end.
    pub severity: Severity,
    /// What the quota counts.
    pub kind: QuotaKind,
    /// The quota's code.
    pub code: QuotaCode,
    /// The value in force when the episode was decided about, in the quota's unit.
    pub from: f64,
    /// The value asked for, in the quota's unit.
    pub desired: f64,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// Since when it is watched.
    pub watched_since: Timestamp,
}

impl WatchedRequest {
    /// The request that an action has just made.
    #[must_use]
    pub fn made(
        situation: &Situation,
        decision: &Decision,
        action: &QuotaAction,
        id: &str,
        desired: f64,
    ) -> Self {
        Self {
            id: id.to_owned(),
            account: situation.account.clone(),
            pool: situation.pool.clone(),
            episode: situation.episode.clone(),
            severity: decision.severity,
            kind: action.kind,
            code: action.quota.code.clone(),
            from: action.quota.value,
            desired,
            requested_at: situation.now,
            watched_since: situation.now,
        }
    }

    /// The open requests of others that a decision made none of its own for.
    ///
    /// None where case automation is not on: llmwatch then leaves requests to people altogether.
    #[must_use]
    pub fn relied_on(situation: &Situation, decision: &Decision) -> Vec<Self> {
        match decision.automation {
            CaseAutomation::DryRun | CaseAutomation::Off => return Vec::new(),
            CaseAutomation::On => {}
        }
        let open = |action: &QuotaAction| match &action.step {
            QuotaStep::AlreadyRequested { request, .. } => Some(Self {
                requested_at: request.requested_at,
                ..Self::made(situation, decision, action, &request.id, request.desired)
            }),
            QuotaStep::Request { .. }
            | QuotaStep::ConsoleForm { .. }
            | QuotaStep::AtMaximum
            | QuotaStep::HeldBack { .. } => None,
        };
        decision.quota_actions.iter().filter_map(open).collect()
    }
}

/// Where a request stands, by Service Quotas' word for it.
///
/// Source, read 2026-11-22:
/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestedServiceQuotaChange.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestStatus {
    /// Under review.
    Pending,
    /// A support case is open for it.
    CaseOpened,
    /// Approved.
    Approved,
    /// Its case was closed; only the case's correspondence says how it was decided.
    CaseClosed,
    /// Service Quotas cannot approve it.
    Denied,
    /// The same by another word.
    NotApproved,
    /// Service Quotas could not process it.
    InvalidRequest,
    /// Service Quotas no longer knows the request: it keeps decided ones for a year.
    Forgotten,
    /// A word that was not known when this was written.
    Unheard,
}

impl RequestStatus {
    /// Reads Service Quotas' word, for example `CASE_OPENED`; an unknown word is
    /// [`RequestStatus::Unheard`].
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "PENDING" => Self::Pending,
            "CASE_OPENED" => Self::CaseOpened,
            "APPROVED" => Self::Approved,
            "CASE_CLOSED" => Self::CaseClosed,
            "DENIED" => Self::Denied,
            // The enumeration has the first, its description the second.
            "NOT_APPROVED" | "NOT APPROVED" => Self::NotApproved,
            "INVALID_REQUEST" => Self::InvalidRequest,
            _ => Self::Unheard,
        }
    }

    /// Whether AWS has made up its mind, as far as the word says.
    #[must_use]
    pub fn is_decided(self) -> bool {
        match self {
            Self::Pending | Self::CaseOpened | Self::Unheard => false,
            Self::Approved
            | Self::CaseClosed
            | Self::Denied
            | Self::NotApproved
            | Self::InvalidRequest
            | Self::Forgotten => true,
        }
    }
}

/// A request and its quota as they stand now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Where the request stands.
    pub status: RequestStatus,
    /// Since when, where Service Quotas says it.
    pub since: Option<Timestamp>,
    /// The applied value, in the quota's unit; `None` when the account has only AWS's default, so
    /// that nothing was applied.
    pub applied: Option<f64>,
}

/// What people are to be told of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News {
    /// At least the value asked for is in force.
    Granted {
        /// The value in force.
        applied: f64,
    },
    /// It is decided, and a larger value than before is in force, but less than was asked for.
    PartlyGranted {
        /// The value in force.
        applied: f64,
    },
    /// It is approved, but the quota has not changed for hours; it is watched on.
    NotAppliedYet,
    /// It is not approved, and the quota is as it was.
    Refused,
    /// Its case is closed, and the quota is as it was.
    ClosedWithoutChange,
    /// It was watched for too long, or Service Quotas no longer knows it.
    GivenUp {
        /// Where it stood last.
        status: RequestStatus,
    },
}

impl News {
    /// Whether there will be no more news of the request.
    #[must_use]
    pub fn is_last(self) -> bool {
        match self {
            Self::NotAppliedYet => false,
            Self::Granted { .. }
            | Self::PartlyGranted { .. }
            | Self::Refused
            | Self::ClosedWithoutChange
            | Self::GivenUp { .. } => true,
        }
    }

    /// A word by which the ledger knows that these news have been told.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Granted { .. } => "granted",
            Self::PartlyGranted { .. } => "partly-granted",
            Self::NotAppliedYet => "not-applied-yet",
            Self::Refused => "refused",
            Self::ClosedWithoutChange => "closed-without-change",
            Self::GivenUp { .. } => "given-up",
        }
    }
}

/// What is to be told of a watched request now; `None` to look again later.
#[must_use]
pub fn news(watched: &WatchedRequest, standing: Standing, now: Timestamp) -> Option<News> {
    let Standing { status, since, applied } = standing;
    if let Some(applied) = applied {
        if reaches(applied, watched.desired) {
            return Some(News::Granted { applied });
        }
        // Before the decision it may be the first of several steps.
        if status.is_decided() && !reaches(watched.from, applied) {
            return Some(News::PartlyGranted { applied });
        }
    }
    let is_late = now.duration_since(since.unwrap_or(watched.watched_since)) >= APPLYING;
    let is_too_long = now.duration_since(watched.watched_since) >= PATIENCE;
    match status {
        RequestStatus::Denied | RequestStatus::NotApproved | RequestStatus::InvalidRequest => {
            Some(News::Refused)
        }
        RequestStatus::CaseClosed => is_late.then_some(News::ClosedWithoutChange),
        RequestStatus::Forgotten => Some(News::GivenUp { status }),
        RequestStatus::Approved
        | RequestStatus::Pending
        | RequestStatus::CaseOpened
        | RequestStatus::Unheard
            if is_too_long =>
        {
            Some(News::GivenUp { status })
        }
        RequestStatus::Approved => is_late.then_some(News::NotAppliedYet),
        RequestStatus::Pending | RequestStatus::CaseOpened | RequestStatus::Unheard => None,
    }
}

/// Whether a value is at least another one, but for the noise of floating point.
fn reaches(value: f64, other: f64) -> bool {
    const NOISE: f64 = 1e-9;
    value >= other * (1.0 - NOISE)
}

#[cfg(test)]
mod tests;
