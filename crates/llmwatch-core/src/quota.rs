//! What a service quota is, and the three kinds that limit a Bedrock model.

pub mod increase;
pub mod matching;
pub mod name;
pub mod overlay;
pub mod threshold;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::QuotaCode;

/// What a quota counts. Each pool has at most one of each kind, and any of them may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuotaKind {
    /// Requests per minute.
    Rpm,
    /// Tokens per minute, weighted by the model's burndown rates.
    Tpm,
    /// Tokens per day, over any 24 hours; never adjustable by itself (it follows TPM).
    Tpd,
}

impl QuotaKind {
    /// All kinds, in the order texts list them.
    pub const ALL: [Self; 3] = [Self::Rpm, Self::Tpm, Self::Tpd];

    /// The abbreviation AWS uses: `RPM`, `TPM`, `TPD`.
    #[must_use]
    pub fn abbreviation(self) -> &'static str {
        match self {
            Self::Rpm => "RPM",
            Self::Tpm => "TPM",
            Self::Tpd => "TPD",
        }
    }

    /// The unit in words, for example `tokens per minute`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Rpm => "requests per minute",
            Self::Tpm => "tokens per minute",
            Self::Tpd => "tokens per day",
        }
    }
}

impl fmt::Display for QuotaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.abbreviation())
    }
}

/// Where a quota's value was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuotaSource {
    /// `ListServiceQuotas` or `GetServiceQuota`: the value in force for this account and Region.
    Applied,
    /// `ListAWSDefaultServiceQuotas`: no applied value exists, so AWS's default is in force.
    Default,
}

/// One service quota as read from Service Quotas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// The quota's code, for example `L-CCA5DF70`.
    pub code: QuotaCode,
    /// The quota's display name, exactly as Service Quotas spells it.
    pub name: String,
    /// The value in force, ≥ 0, in the unit of its kind.
    pub value: f64,
    /// Whether `RequestServiceQuotaIncrease` accepts it.
    pub adjustable: bool,
    /// Where `value` was read.
    pub source: QuotaSource,
    /// AWS's default for this Region, where the listing had one.
    pub aws_default: Option<f64>,
}
