//! What a week is counted in.

use super::TwoWeeks;
use crate::price::Tokens;

/// One of Bedrock's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volume {
    /// Requests that were accepted.
    Requests,
    /// Requests that were refused for want of quota; they are not among the others.
    Throttles,
    /// Requests that failed by the caller's fault, throttles not among them.
    ClientErrors,
    /// Requests that failed by AWS's fault.
    ServerErrors,
    /// Input tokens, those read from or written to a cache not among them.
    InputTokens,
    /// Output tokens.
    OutputTokens,
    /// Input tokens read from a cache.
    CacheReadTokens,
    /// Input tokens written to a cache.
    CacheWriteTokens,
    /// Tokens as quotas count them, by CloudWatch's estimate.
    QuotaTokens,
}

impl Volume {
    /// All of them, in the order texts list them.
    pub const ALL: [Self; 9] = [
        Self::Requests,
        Self::Throttles,
        Self::ClientErrors,
        Self::ServerErrors,
        Self::InputTokens,
        Self::OutputTokens,
        Self::CacheReadTokens,
        Self::CacheWriteTokens,
        Self::QuotaTokens,
    ];

    /// The metric's name in `AWS/Bedrock`.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>.
    #[must_use]
    pub fn metric_name(self) -> &'static str {
        match self {
            Self::Requests => "Invocations",
            Self::Throttles => "InvocationThrottles",
            Self::ClientErrors => "InvocationClientErrors",
            Self::ServerErrors => "InvocationServerErrors",
            Self::InputTokens => "InputTokenCount",
            Self::OutputTokens => "OutputTokenCount",
            Self::CacheReadTokens => "CacheReadInputTokenCount",
            Self::CacheWriteTokens => "CacheWriteInputTokenCount",
            Self::QuotaTokens => "EstimatedTPMQuotaUsage",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// Every count of a week; counts, ≥ 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Volumes([f64; Volume::ALL.len()]);

impl Volumes {
    /// One of the counts.
    #[must_use]
    pub fn get(&self, volume: Volume) -> f64 {
        self.0[volume.index()]
    }

    /// Adds to one of the counts.
    pub fn add(&mut self, volume: Volume, value: f64) {
        self.0[volume.index()] += value;
    }

    /// The tokens by what they are billed as.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens {
            input: self.get(Volume::InputTokens),
            output: self.get(Volume::OutputTokens),
            cache_read: self.get(Volume::CacheReadTokens),
            cache_write: self.get(Volume::CacheWriteTokens),
        }
    }

    /// Requests that were sent, accepted or not.
    #[must_use]
    pub fn sent(&self) -> f64 {
        self.get(Volume::Requests) + self.get(Volume::Throttles)
    }
}

/// What several pools came to together.
#[must_use]
pub fn total(pools: impl Iterator<Item = TwoWeeks<Volumes>>) -> TwoWeeks<Volumes> {
    let mut total = TwoWeeks::<Volumes>::default();
    for pool in pools {
        for volume in Volume::ALL {
            total.this.add(volume, pool.this.get(volume));
            total.before.add(volume, pool.before.get(volume));
        }
    }
    total
}
