//! What an alarm kind is: its layer, severity, detection and the quota it speaks of.
//!
//! The facts of each kind stand once, in [`CATALOGUE`]; names are built and parsed in [`name`].

mod catalogue;
pub mod change;
pub mod desired;
pub mod name;
pub mod plan;
pub mod pool_metrics;
pub mod tuning;

use std::fmt;

pub use catalogue::{CATALOGUE, at_limit_of, definition, warning_of};
use serde::{Deserialize, Serialize};

use crate::quota::QuotaKind;

/// One kind of alarm; every pool has at most one alarm of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlarmKind {
    /// 5xx answers of Bedrock.
    ServerErrors,
    /// 4xx answers other than throttles.
    ClientErrors,
    /// Requests refused because a quota was used up.
    Throttles,
    /// Requests per minute that leave next to nothing of the RPM quota.
    InvocationRateAtLimit,
    /// Burndown-weighted tokens per minute that leave next to nothing of the TPM quota.
    TPMQuotaUsageAtLimit,
    /// Tokens of the last 24 hours that leave next to nothing of the TPD quota.
    TPDQuotaUsageAtLimit,
    /// Requests per minute against the RPM quota.
    HighInvocationRate,
    /// Burndown-weighted tokens per minute against the TPM quota.
    HighTPMQuotaUsage,
    /// Tokens of the last 24 hours against the TPD quota.
    HighTPDQuotaUsage,
    /// Time from request to last token.
    HighLatency,
    /// Time from request to first token, streaming calls only.
    HighTimeToFirstToken,
    /// Invocations above their usual band.
    InvocationAnomaly,
    /// Input tokens above their usual band.
    InputTokenAnomaly,
    /// Output tokens above their usual band.
    OutputTokenAnomaly,
    /// Latency above its usual band.
    LatencyAnomaly,
    /// What the tokens of an hour cost, against the operator's budget.
    HighHourlyCost,
}

impl AlarmKind {
    /// The kind's word in alarm names, for example `Throttles`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ServerErrors => "ServerErrors",
            Self::ClientErrors => "ClientErrors",
            Self::Throttles => "Throttles",
            Self::InvocationRateAtLimit => "InvocationRateAtLimit",
            Self::TPMQuotaUsageAtLimit => "TPMQuotaUsageAtLimit",
            Self::TPDQuotaUsageAtLimit => "TPDQuotaUsageAtLimit",
            Self::HighInvocationRate => "HighInvocationRate",
            Self::HighTPMQuotaUsage => "HighTPMQuotaUsage",
            Self::HighTPDQuotaUsage => "HighTPDQuotaUsage",
            Self::HighLatency => "HighLatency",
            Self::HighTimeToFirstToken => "HighTimeToFirstToken",
            Self::InvocationAnomaly => "InvocationAnomaly",
            Self::InputTokenAnomaly => "InputTokenAnomaly",
            Self::OutputTokenAnomaly => "OutputTokenAnomaly",
            Self::LatencyAnomaly => "LatencyAnomaly",
            Self::HighHourlyCost => "HighHourlyCost",
        }
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How urgent an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Users are not hurt yet.
    Warning,
    /// Users are being hurt, or are about to be.
    Critical,
}

impl Severity {
    /// Both, the milder first.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Critical];

    /// The severity's word in alarm names: `Warning` or `Critical`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The layer an alarm belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Layer 1: errors that hurt users now.
    CriticalErrors,
    /// Layer 2: usage and latency against a limit.
    Usage,
    /// Layer 3: away from the usual.
    Anomaly,
    /// Layer 4: money, by a budget that the operator sets.
    Budget,
}

/// How an alarm aggregates its metric within one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Sum over the pool's series, missing minutes counted as 0.
    Sum,
    /// Mean over all requests of the pool: total of `Sum` over total of `SampleCount`.
    Average,
    /// 90th percentile; of a pool with several series, the highest of them.
    P90,
    /// 99th percentile; of a pool with several series, the highest of them. By tuning only.
    P99,
    /// The highest value of a metric of our own, which speaks of the whole pool.
    Maximum,
}

/// What the metric is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// A fixed number in the metric's unit; the alarm breaches at or above it.
    AtLeast(f64),
    /// A percentage of the quota of this kind; the alarm breaches at or above it.
    /// A pool without that quota has no such alarm.
    PercentOfQuota(QuotaKind, f64),
    /// The upper edge of an anomaly band of this many standard deviations.
    AboveBand(f64),
    /// The pool's budget in US dollars an hour, by the setting `prices`; the alarm breaches at or
    /// above it. A pool without a budget, or without a price, has no such alarm.
    Budget,
}

/// Which quotas an alarm of this kind speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaConcern {
    /// None: raising a quota cannot help.
    None,
    /// Exactly this one.
    One(QuotaKind),
    /// Every quota the pool has.
    Every,
    /// Every quota whose own peak is at or above its threshold.
    EveryNearItsLimit,
}

/// Every fact about one kind of alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmDefinition {
    /// The kind.
    pub kind: AlarmKind,
    /// The layer it belongs to.
    pub layer: Layer,
    /// The CloudWatch metric: in `AWS/Bedrock`, of each series; against a budget, our own of the pool.
    pub metric: &'static str,
    /// How the metric is aggregated.
    pub statistic: Statistic,
    /// Seconds per datapoint.
    pub period_seconds: u32,
    /// Datapoints that must breach (M).
    pub datapoints_to_alarm: u32,
    /// Datapoints looked at (N).
    pub evaluation_periods: u32,
    /// What the metric is compared with.
    pub limit: Limit,
    /// How urgent it is.
    pub severity: Severity,
    /// Which quotas it speaks of.
    pub concern: QuotaConcern,
    /// What a firing alarm says, as the end of "the pool …", for example `is being throttled`.
    pub says: &'static str,
}

impl AlarmDefinition {
    /// Whether Support can do something about it: not about what an operator's own budget says.
    #[must_use]
    pub fn is_for_support(&self) -> bool {
        self.limit != Limit::Budget
    }
}
