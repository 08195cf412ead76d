//! Which quotas limit a pool.
//!
//! The pool's model and every quota's name are parsed and compared as structure
//! ([`ModelName::agreement`]). When two quotas fit equally well, none is taken: a wrong threshold
//! is worse than a missing one that says so.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::model_id::FoundationModel;
use crate::model_name::irregular::{NO_DAILY_QUOTA_ON_DEMAND, is_spoken_for, quota_spelling};
use crate::model_name::{ModelName, Omissions};
use crate::pool::{Pool, Scope};
use crate::quota::name::{QuotaName, Reach, Variant};
use crate::quota::{Quota, QuotaKind, QuotaSource};

/// The quotas of one pool, each absent where AWS has none or where the match was not clear.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PoolQuotas {
    /// Requests per minute.
    pub rpm: Option<Quota>,
    /// Tokens per minute.
    pub tpm: Option<Quota>,
    /// Tokens per day; `value` is what holds for the pool's scope, see [`quotas_of`].
    pub tpd: Option<Quota>,
    /// What was not found, not clear or needs explaining, in the order RPM, TPM, TPD.
    pub reasons: Vec<Reason>,
}

impl PoolQuotas {
    /// The quota of one kind.
    #[must_use]
    pub fn get(&self, kind: QuotaKind) -> Option<&Quota> {
        match kind {
            QuotaKind::Rpm => self.rpm.as_ref(),
            QuotaKind::Tpm => self.tpm.as_ref(),
            QuotaKind::Tpd => self.tpd.as_ref(),
        }
    }

    /// The reasons an operator should read, as sentences; empty when all is well.
    ///
    /// A kind that AWS does not limit is ordinary (new models have no RPM quota, image models no
    /// TPM quota), so misses are told only when neither was found.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let has_minute_quota = self.rpm.is_some() || self.tpm.is_some();
        self.reasons
            .iter()
            .filter(|reason| match reason {
                Reason::Missing(kind) => !has_minute_quota && *kind != QuotaKind::Tpd,
                Reason::Tie { .. } | Reason::DailyMayNotApply | Reason::UnknownModel(_) => true,
            })
            .map(Reason::to_string)
            .collect()
    }
}

/// Why a pool's quota is absent or must be read with care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No quota of this kind is for the pool's model and scope.
    Missing(QuotaKind),
    /// Several quotas of this kind fit equally well, so none was taken.
    Tie {
        /// What they count.
        kind: QuotaKind,
        /// Code and name of each.
        candidates: Vec<String>,
    },
    /// The daily quota may no longer hold, because AWS has raised the pool's TPM.
    DailyMayNotApply,
    /// The pool's model has no form that could be compared; holds the model.
    UnknownModel(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(kind) => {
                write!(f, "Service Quotas lists no {} quota for this model and scope", kind.unit())
            }
            Self::Tie { kind, candidates } => write!(
                f,
                "several {} quotas fit this model equally well, so none was taken: {}",
                kind.unit(),
                candidates.join("; ")
            ),
            Self::DailyMayNotApply => f.write_str(
                "AWS lifts the tokens per day quota once it has approved a tokens per minute \
                 increase, and this pool's tokens per minute are above AWS's default",
            ),
            Self::UnknownModel(model) => {
                write!(f, "{model} is not a foundation model id, so its quotas cannot be told")
            }
        }
    }
}

/// The quotas that limit a pool, out of all quotas of Bedrock in the pool's Region.
///
/// Each kind is taken from the plain quota of the pool's scope whose name agrees best with the
/// model; 1M-context, latency-optimized, mantle, batch and concurrency quotas are never taken. A
/// pool of [`Scope::CustomDeployment`] has the customization quotas of its base model, which is
/// the pool's `model`; [`Scope::Dedicated`] has none.
///
/// **Tokens per day.** `Model invocation max tokens per day … (doubled for cross-region calls)`
/// serves on-demand and cross-region pools under one code. For cross-region pools `value` and
/// `aws_default` are twice the listed ones. Service Quotas describes it as "Doubled for
/// cross-region calls; not applicable in case of approved TPM increase", and the listed figure is
/// half of 1,440 × the cross-region TPM default (720,000,000 for Claude Sonnet 4.5 1M, 1,000,000
/// per minute). Whether on-demand and cross-region calls of one model use up the same allowance is
/// not documented; they are watched apart. A raised TPM is told as [`Reason::DailyMayNotApply`].
#[must_use]
pub fn quotas_of(pool: &Pool, quotas: &[Quota]) -> PoolQuotas {
    if pool.scope == Scope::Dedicated {
        return PoolQuotas::default();
    }
    let Ok(model) = FoundationModel::parse(&pool.model) else {
        return PoolQuotas {
            reasons: vec![Reason::UnknownModel(pool.model.clone())],
            ..PoolQuotas::default()
        };
    };
    let fitting = Wanted::of(&model).fitting(pool.scope, quotas);
    let mut found = PoolQuotas::default();
    for kind in QuotaKind::ALL {
        let quota = match best(kind, &fitting) {
            Ok(candidate) => Some(candidate.in_scope(pool.scope)),
            Err(reason) => {
                found.reasons.push(reason);
                None
            }
        };
        match kind {
            QuotaKind::Rpm => found.rpm = quota,
            QuotaKind::Tpm => found.tpm = quota,
            QuotaKind::Tpd => found.tpd = quota,
        }
    }
    if found.tpd.is_some() && found.tpm.as_ref().is_some_and(is_raised) {
        found.reasons.push(Reason::DailyMayNotApply);
    }
    found
}

/// Scopes of the pool's model, other than its own, whose tokens-per-minute quota is adjustable.
///
/// Custom deployments and dedicated capacity run models of their own, so they have no other scope.
#[must_use]
pub fn adjustable_elsewhere(pool: &Pool, quotas: &[Quota]) -> Vec<Scope> {
    match pool.scope {
        Scope::CustomDeployment | Scope::Dedicated => Vec::new(),
        Scope::OnDemand | Scope::CrossRegion | Scope::Global => {
            [Scope::OnDemand, Scope::CrossRegion, Scope::Global]
                .into_iter()
                .filter(|&scope| scope != pool.scope)
                .filter(|&scope| {
                    let other = Pool { scope, model: pool.model.clone() };
                    quotas_of(&other, quotas).tpm.is_some_and(|tpm| tpm.adjustable)
                })
                .collect()
        }
    }
}

fn is_raised(quota: &Quota) -> bool {
    quota.source == QuotaSource::Applied
        && quota.aws_default.is_some_and(|aws_default| quota.value > aws_default)
}

/// The model whose quotas are looked for.
struct Wanted {
    provider: String,
    name: ModelName,
    /// Set when the name is an irregular spelling: then only exactly that name will do.
    exactly: bool,
    has_daily_quota_on_demand: bool,
}

impl Wanted {
    fn of(model: &FoundationModel) -> Self {
        let irregular = quota_spelling(model);
        Self {
            provider: model.provider().to_owned(),
            exactly: irregular.is_some(),
            name: irregular.unwrap_or_else(|| model.name()),
            has_daily_quota_on_demand: !NO_DAILY_QUOTA_ON_DEMAND.contains(&model.stem().as_str()),
        }
    }

    fn fitting<'a>(&self, scope: Scope, quotas: &'a [Quota]) -> Vec<Candidate<'a>> {
        quotas.iter().filter_map(|quota| self.candidate(scope, quota)).collect()
    }

    fn candidate<'a>(&self, scope: Scope, quota: &'a Quota) -> Option<Candidate<'a>> {
        let QuotaName::Throughput { kind, reach, variant: Variant::Plain, model } =
            QuotaName::parse(&quota.name)
        else {
            return None;
        };
        let is_excluded_daily = reach == Reach::OnDemandAndCrossRegion
            && scope == Scope::OnDemand
            && !self.has_daily_quota_on_demand;
        if !reach.serves(scope) || is_excluded_daily {
            return None;
        }
        let omissions = self.agreement(&ModelName::of_quota(&self.provider, model))?;
        Some(Candidate { quota, kind, reach, omissions })
    }

    fn agreement(&self, quota: &ModelName) -> Option<Omissions> {
        if self.exactly {
            return (self.name == *quota).then_some(Omissions::NONE);
        }
        self.name.agreement(quota).filter(|_| !is_spoken_for(&self.provider, quota))
    }
}

/// The one candidate of a kind that leaves out the fewest details of the model.
fn best<'a>(kind: QuotaKind, fitting: &[Candidate<'a>]) -> Result<Candidate<'a>, Reason> {
    let of_kind = || fitting.iter().filter(|candidate| candidate.kind == kind);
    let fewest = of_kind().map(|candidate| candidate.omissions).min();
    let mut closest: Vec<&Candidate<'a>> =
        of_kind().filter(|candidate| Some(candidate.omissions) == fewest).collect();
    closest.sort_by_key(|candidate| &candidate.quota.code);
    closest.dedup_by_key(|candidate| &candidate.quota.code);
    match closest[..] {
        [] => Err(Reason::Missing(kind)),
        [only] => Ok(*only),
        _ => {
            Err(Reason::Tie { kind, candidates: closest.iter().map(ToString::to_string).collect() })
        }
    }
}

/// A quota that is for the pool's model and scope.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    quota: &'a Quota,
    kind: QuotaKind,
    reach: Reach,
    omissions: Omissions,
}

impl Candidate<'_> {
    fn in_scope(&self, scope: Scope) -> Quota {
        let factor = match (self.reach, scope) {
            (Reach::OnDemandAndCrossRegion, Scope::CrossRegion) => 2.0,
            _ => 1.0,
        };
        Quota {
            value: self.quota.value * factor,
            aws_default: self.quota.aws_default.map(|value| value * factor),
            ..self.quota.clone()
        }
    }
}

impl fmt::Display for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.quota.code, self.quota.name)
    }
}
