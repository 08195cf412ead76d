//! Which of five scenarios the firing alarms and the evidence make, and which quotas it supports.
//!
//! Classified once, over every firing alarm; decision, case and mail all carry the same verdict.

use crate::alarm::{AlarmKind, QuotaConcern, definition};
use crate::evidence::{Evidence, Read, describe};
use crate::quota::QuotaKind;
use crate::stored::PoolQuota;

/// What the alarms and the evidence amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scenario {
    /// No quota is concerned: raising one cannot help.
    NonQuota,
    /// A quota is concerned, but whether it is used up cannot be told, for this reason.
    Unknown(String),
    /// A quota is concerned and no request was accepted in the window.
    NewModel,
    /// A concerned quota was used up to its threshold.
    HighUsage,
    /// The concerned quotas are far from used up.
    LowUsage,
}

impl Scenario {
    /// The scenario's word in logs and texts, for example `high_usage`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NonQuota => "non_quota",
            Self::Unknown(_) => "unknown",
            Self::NewModel => "new_model",
            Self::HighUsage => "high_usage",
            Self::LowUsage => "low_usage",
        }
    }
}

/// The scenario with the quotas it is about, each list in the order RPM, TPM, TPD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The scenario.
    pub scenario: Scenario,
    /// The pool's quotas that the firing alarms speak of.
    pub concerned: Vec<QuotaKind>,
    /// The concerned quotas that an increase may be requested for: those at their threshold on
    /// high usage, all concerned on a new model, else none.
    pub supported: Vec<QuotaKind>,
    /// The firing alarms that speak of none of the concerned quotas, in the order given.
    pub unrelated_alarms: Vec<AlarmKind>,
}

/// Classifies the firing alarms of one pool.
///
/// A quota the pool does not have is never concerned. A peak that may be higher than it looks,
/// because data is missing, proves high usage but never low usage: that is `Unknown`.
#[must_use]
pub fn classify(firing: &[AlarmKind], quotas: Read<&[PoolQuota]>, evidence: &Evidence) -> Verdict {
    let quotas = match quotas {
        Read::Known(quotas) => quotas,
        Read::Unreadable(why) => return without_quotas(firing, why),
    };
    let concerned =
        kinds_where(quotas, |quota| firing.iter().any(|alarm| concerns(*alarm, quota, evidence)));
    let unrelated_alarms = firing
        .iter()
        .copied()
        .filter(|alarm| !quotas.iter().any(|quota| concerns(*alarm, quota, evidence)))
        .collect();
    let near_limit = kinds_where(quotas, |quota| {
        concerned.contains(&quota.kind) && at_threshold(quota, evidence)
    });
    let (scenario, supported) = match evidence {
        _ if concerned.is_empty() => (Scenario::NonQuota, Vec::new()),
        Evidence::Unavailable(why) => (Scenario::Unknown(why.clone()), Vec::new()),
        Evidence::NoTraffic { .. } => (Scenario::NewModel, concerned.clone()),
        Evidence::Measured(_) if !near_limit.is_empty() => (Scenario::HighUsage, near_limit),
        Evidence::Measured(usage) => {
            let gap = concerned.iter().find_map(|kind| usage.gaps_of(*kind).next());
            let scenario = gap.map_or(Scenario::LowUsage, |gap| Scenario::Unknown(describe(gap)));
            (scenario, Vec::new())
        }
    };
    Verdict { scenario, concerned, supported, unrelated_alarms }
}

/// Without quotas only alarms that never speak of one can be told.
fn without_quotas(firing: &[AlarmKind], why: String) -> Verdict {
    let may_concern = |alarm: &AlarmKind| match definition(*alarm).concern {
        QuotaConcern::None | QuotaConcern::EveryNearItsLimit => false,
        QuotaConcern::One(_) | QuotaConcern::Every => true,
    };
    let scenario =
        if firing.iter().any(may_concern) { Scenario::Unknown(why) } else { Scenario::NonQuota };
    Verdict {
        scenario,
        concerned: Vec::new(),
        supported: Vec::new(),
        unrelated_alarms: firing.iter().copied().filter(|alarm| !may_concern(alarm)).collect(),
    }
}

fn kinds_where(quotas: &[PoolQuota], keep: impl Fn(&PoolQuota) -> bool) -> Vec<QuotaKind> {
    QuotaKind::ALL
        .into_iter()
        .filter(|kind| quotas.iter().any(|quota| quota.kind == *kind && keep(quota)))
        .collect()
}

fn concerns(alarm: AlarmKind, quota: &PoolQuota, evidence: &Evidence) -> bool {
    match definition(alarm).concern {
        QuotaConcern::None => false,
        QuotaConcern::One(kind) => kind == quota.kind,
        QuotaConcern::Every => true,
        QuotaConcern::EveryNearItsLimit => at_threshold(quota, evidence),
    }
}

/// Whether the quota's own peak is known to have reached its threshold.
///
/// Without traffic the peak is 0, which reaches only the threshold of a quota of 0.
fn at_threshold(quota: &PoolQuota, evidence: &Evidence) -> bool {
    match evidence {
        Evidence::Measured(usage) => usage.figures(quota.kind).peak.value >= quota.threshold,
        Evidence::NoTraffic { .. } => quota.threshold <= 0.0,
        Evidence::Unavailable(_) => false,
    }
}
