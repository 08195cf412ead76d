//! From everything known about an unwell pool to what is done about it.
//!
//! [`decide`] is the only place that chooses. Carrying out executes [`Decision::effects`] and makes
//! no choice of its own; nothing is written that the verdict does not support.

mod quota_action;
mod reservation;

use jiff::Timestamp;
pub use quota_action::{PendingRequest, QuotaAction, QuotaStep, RequestContext};
pub use reservation::{Reservation, ReservationAdvice, ReservationRow};

use crate::alarm::{AlarmKind, Severity, definition};
use crate::duplicate::{self, CaseId, CaseKey, Category, OpenCase, OpenCaseKnows};
use crate::episode::EpisodeId;
use crate::evidence::{Evidence, Read};
use crate::ids::{AccountId, Region};
use crate::pool::PoolLabel;
use crate::quota::QuotaKind;
use crate::scenario::{Scenario, Verdict, classify};
use crate::settings::{
    CaseAutomation, Language, LowUsageAction, NotifyFrom, PoolSettings, SettingProblem,
};
use crate::stored::{PoolQuota, StoredPool};
use crate::usage::Peak;

/// Everything a decision may look at, read before it and not changed after.
#[derive(Debug, Clone, PartialEq)]
pub struct Situation {
    /// When it was read.
    pub now: Timestamp,
    /// The account.
    pub account: AccountId,
    /// The Region of the pool.
    pub region: Region,
    /// The pool's label, known from the alarms' names even when nothing else can be read.
    pub pool: PoolLabel,
    /// The pool with its quotas and thresholds.
    pub stored: Read<StoredPool>,
    /// The episode this belongs to.
    pub episode: EpisodeId,
    /// Whether the episode was told of before.
    pub occasion: Occasion,
    /// Every alarm of the pool that fired in this episode.
    pub firing: Firing,
    /// The pool's usage.
    pub evidence: Evidence,
    /// The settings in force for the pool.
    pub settings: PoolSettings,
    /// What was wrong with the settings; for the mail.
    pub setting_problems: Vec<SettingProblem>,
    /// Support's open cases.
    pub support: Support,
    /// Increase requests that are pending or have an open case, of any quota.
    pub pending_requests: Read<Vec<PendingRequest>>,
}

/// Which mail of the episode a decision is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The first one.
    Opening,
    /// More alarms joined since.
    Update,
}

/// What the Support API answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Support {
    /// Every open case of the look-back.
    Cases(Vec<OpenCase>),
    /// The account's support plan has no Support API.
    NoPlan,
    /// The cases could not be read, for this reason.
    Unreadable(String),
}

/// An alarm that fired, as its event or CloudWatch's listing says.
#[derive(Debug, Clone, PartialEq)]
pub struct FiringAlarm {
    /// The kind.
    pub kind: AlarmKind,
    /// The alarm's ARN.
    pub arn: String,
    /// When it went to ALARM.
    pub since: Timestamp,
    /// When it went back to OK, if it has.
    pub recovered_at: Option<Timestamp>,
    /// CloudWatch's reason in words.
    pub reason: String,
    /// The metric's latest value, in the metric's unit, where the event has it.
    pub value: Option<f64>,
    /// The value the alarm fires at, in the metric's unit, where the event has it.
    pub threshold: Option<f64>,
}

/// The firing alarms of a pool: at least one, each kind once, in the catalogue's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing(Vec<FiringAlarm>);

impl Firing {
    /// Puts alarms in order and keeps the earliest of each kind; `None` when there is none.
    #[must_use]
    pub fn new(mut alarms: Vec<FiringAlarm>) -> Option<Self> {
        alarms.sort_by_key(|alarm| (alarm.kind, alarm.since));
        alarms.dedup_by_key(|alarm| alarm.kind);
        (!alarms.is_empty()).then_some(Self(alarms))
    }

    /// The alarms.
    #[must_use]
    pub fn alarms(&self) -> &[FiringAlarm] {
        &self.0
    }

    /// The kinds, in the catalogue's order.
    #[must_use]
    pub fn kinds(&self) -> Vec<AlarmKind> {
        self.0.iter().map(|alarm| alarm.kind).collect()
    }

    /// The kinds that Support can do something about, in the catalogue's order.
    #[must_use]
    pub fn kinds_for_support(&self) -> Vec<AlarmKind> {
        let mut kinds = self.kinds();
        kinds.retain(|kind| definition(*kind).is_for_support());
        kinds
    }

    /// The highest severity among them.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.0
            .iter()
            .map(|alarm| definition(alarm.kind).severity)
            .max()
            .unwrap_or(Severity::Warning)
    }
}

/// What is to be done, complete enough that carrying it out needs no further choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The episode.
    pub episode: EpisodeId,
    /// The highest severity among the firing alarms.
    pub severity: Severity,
    /// The scenario and the quotas it is about.
    pub verdict: Verdict,
    /// Every quota of the pool beside its usage; empty when the quotas could not be read.
    pub quotas: Vec<QuotaFinding>,
    /// One for each quota to raise; several concerned quotas may share one.
    pub quota_actions: Vec<QuotaAction>,
    /// What happens about an investigation case.
    pub case: CaseStep,
    /// Whether the steps above are carried out.
    pub automation: CaseAutomation,
    /// What to try before any increase.
    pub reservation: ReservationAdvice,
    /// Whether the mail goes out.
    pub mail: MailStep,
}

/// One quota of the pool beside its usage, in the quota's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaFinding {
    /// The quota with its threshold.
    pub quota: PoolQuota,
    /// The highest use in the window; `None` without traffic or evidence.
    pub peak: Option<Peak>,
    /// The average use over every minute of the window; `None` without traffic or evidence.
    pub steady: Option<f64>,
    /// Whether a firing alarm speaks of it.
    pub is_concerned: bool,
    /// Whether the evidence supports raising it.
    pub is_supported: bool,
}

impl QuotaFinding {
    /// The peak as a share of the quota, 1.0 being all of it; `None` for a quota of 0.
    #[must_use]
    pub fn peak_share(&self) -> Option<f64> {
        let value = self.quota.quota.value;
        self.peak.filter(|_| value > 0.0).map(|peak| peak.value / value)
    }
}

/// What happens about the pool's investigation case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseStep {
    /// None is open: open one, under this key.
    Open {
        /// The key, whose tag goes into the subject.
        key: CaseKey,
    },
    /// One is open and does not know of these alarms.
    Append {
        /// The case.
        case: CaseId,
        /// The alarms it has not been told of, at least one.
        alarms: Vec<AlarmKind>,
    },
    /// One is open and knows of every firing alarm.
    AlreadyReported {
        /// The case.
        case: CaseId,
    },
    /// No investigation case.
    None(NoCase),
}

impl CaseStep {
    /// The write this asks for, if any.
    #[must_use]
    pub fn effect(&self) -> Option<Effect<'_>> {
        match self {
            Self::Open { key } => Some(Effect::OpenCase(key)),
            Self::Append { case, alarms } => {
                Some(Effect::AppendToCase { case, category: Category::Investigation, alarms })
            }
            Self::AlreadyReported { .. } | Self::None(_) => None,
        }
    }
}

/// Why there is no investigation case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCase {
    /// Whether a quota is used up is unknown: nothing is written on a guess.
    EvidenceUnavailable,
    /// The quota actions are what is done; a request brings its own case.
    QuotaActionsInstead,
    /// The operator wants mail only on low usage.
    MailOnly,
    /// Only alarms fire that Support can do nothing about.
    NotForSupport,
    /// The account's support plan has no Support API.
    NoSupportPlan,
    /// Open cases could not be read, so another one might be the second.
    HeldBack {
        /// Why they could not be read.
        why: String,
    },
}

/// Whether the mail goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailStep {
    /// It does.
    Send,
    /// The operator wants no mail of this severity.
    Filtered(NotifyFrom),
}

impl MailStep {
    /// Whether mail of this severity goes out; a recovery has the severity of its alarms.
    #[must_use]
    pub fn of(severity: Severity, notify_from: NotifyFrom) -> Self {
        if notify_from.admits(severity) { Self::Send } else { Self::Filtered(notify_from) }
    }
}

/// One write to AWS that a decision asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect<'a> {
    /// `RequestServiceQuotaIncrease` for the action's quota and target.
    RequestIncrease(&'a QuotaAction),
    /// `CreateCase` under the key.
    OpenCase(&'a CaseKey),
    /// `AddCommunicationToCase`.
    AppendToCase {
        /// The case.
        case: &'a CaseId,
        /// What the case is for.
        category: Category,
        /// The alarms it has not been told of.
        alarms: &'a [AlarmKind],
    },
}

impl Decision {
    /// The writes to carry out, in order; none unless automation is on.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect<'_>> {
        match self.automation {
            CaseAutomation::DryRun | CaseAutomation::Off => Vec::new(),
            CaseAutomation::On => self.proposed_effects(),
        }
    }

    /// Why steps are not taken that might be at another try: what they depend on could not be read.
    ///
    /// None when nothing may be done anyway. Settings that cannot be read count as dry-run, so that
    /// a dry-run is tried again too.
    #[must_use]
    pub fn held_back(&self) -> Vec<&str> {
        if self.automation == CaseAutomation::Off {
            return Vec::new();
        }
        let unknown = match &self.verdict.scenario {
            Scenario::Unknown(why) => Some(why.as_str()),
            Scenario::NonQuota | Scenario::NewModel | Scenario::HighUsage | Scenario::LowUsage => {
                None
            }
        };
        let case = match &self.case {
            CaseStep::None(NoCase::HeldBack { why }) => Some(why.as_str()),
            CaseStep::Open { .. }
            | CaseStep::Append { .. }
            | CaseStep::AlreadyReported { .. }
            | CaseStep::None(_) => None,
        };
        let quotas = self.quota_actions.iter().filter_map(QuotaAction::held_back);
        unknown.into_iter().chain(quotas).chain(case).collect()
    }

    /// The writes that would be carried out if automation were on.
    #[must_use]
    pub fn proposed_effects(&self) -> Vec<Effect<'_>> {
        self.quota_actions
            .iter()
            .filter_map(QuotaAction::effect)
            .chain(self.case.effect())
            .collect()
    }
}

impl Situation {
    /// What an investigation case of the pool goes by.
    #[must_use]
    pub fn investigation_key(&self) -> CaseKey {
        CaseKey {
            account: self.account.clone(),
            region: self.region.clone(),
            pool: self.pool.clone(),
            category: Category::Investigation,
        }
    }

    /// The language Support handles an open case in; English where that is not known, which every
    /// engineer of Support reads.
    #[must_use]
    pub fn language_of(&self, case: &CaseId) -> Language {
        match &self.support {
            Support::Cases(cases) => cases
                .iter()
                .find(|open| open.id == *case)
                .map_or(Language::En, |open| open.language),
            Support::NoPlan | Support::Unreadable(_) => Language::En,
        }
    }
}

/// Decides what is done about an unwell pool.
#[must_use]
pub fn decide(situation: &Situation) -> Decision {
    let stored = situation.stored.as_ref();
    let quotas = stored.clone().map(|stored| stored.quotas.as_slice());
    let kinds = situation.firing.kinds();
    let verdict = classify(&kinds, quotas, &situation.evidence);
    let severity = situation.firing.severity();
    let quota_actions = match stored {
        Read::Known(stored) => quota_action::actions(situation, stored, &verdict.supported),
        Read::Unreadable(_) => Vec::new(),
    };
    Decision {
        episode: situation.episode.clone(),
        severity,
        quotas: findings(situation, &verdict),
        case: case_step(situation, &verdict.scenario),
        reservation: reservation::advise(situation, &verdict),
        verdict,
        quota_actions,
        automation: situation.settings.case_automation,
        mail: MailStep::of(severity, situation.settings.notify_from),
    }
}

fn findings(situation: &Situation, verdict: &Verdict) -> Vec<QuotaFinding> {
    let Read::Known(stored) = &situation.stored else {
        return Vec::new();
    };
    let usage = situation.evidence.usage();
    QuotaKind::ALL
        .into_iter()
        .filter_map(|kind| stored.quota(kind))
        .map(|quota| QuotaFinding {
            quota: quota.clone(),
            peak: usage.map(|usage| usage.figures(quota.kind).peak),
            steady: usage.map(|usage| usage.figures(quota.kind).steady),
            is_concerned: verdict.concerned.contains(&quota.kind),
            is_supported: verdict.supported.contains(&quota.kind),
        })
        .collect()
}

fn case_step(situation: &Situation, scenario: &Scenario) -> CaseStep {
    match scenario {
        Scenario::NonQuota => investigation(situation),
        Scenario::LowUsage => match situation.settings.low_usage_action {
            LowUsageAction::Case => investigation(situation),
            LowUsageAction::Mail => CaseStep::None(NoCase::MailOnly),
        },
        Scenario::Unknown(_) => CaseStep::None(NoCase::EvidenceUnavailable),
        Scenario::NewModel | Scenario::HighUsage => CaseStep::None(NoCase::QuotaActionsInstead),
    }
}

fn investigation(situation: &Situation) -> CaseStep {
    let kinds = situation.firing.kinds_for_support();
    if kinds.is_empty() {
        return CaseStep::None(NoCase::NotForSupport);
    }
    let cases = match &situation.support {
        Support::Cases(cases) => cases,
        Support::NoPlan => return CaseStep::None(NoCase::NoSupportPlan),
        Support::Unreadable(why) => {
            return CaseStep::None(NoCase::HeldBack { why: why.clone() });
        }
    };
    let key = situation.investigation_key();
    match duplicate::find(cases, &key, &situation.episode, &kinds) {
        None => CaseStep::Open { key },
        Some(OpenCaseKnows::NotOf { case, alarms }) => CaseStep::Append { case, alarms },
        Some(OpenCaseKnows::All { case }) => CaseStep::AlreadyReported { case },
    }
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
