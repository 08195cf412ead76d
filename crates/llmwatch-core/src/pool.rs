//! The unit of watching: a quota pool, that is one model in one scope.

pub mod discovery;

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// How a call reaches the model. Each scope has quotas of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// A foundation-model id called directly, served in the Region itself.
    OnDemand,
    /// A geographic system profile (`us.`, `eu.`, `apac.`, `us-gov.`…); all prefixes share one quota.
    CrossRegion,
    /// A `global.` system profile.
    Global,
    /// An on-demand deployment of a customised model.
    CustomDeployment,
    /// Provisioned throughput or an imported model: capacity of its own, no shared quota.
    Dedicated,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] =
        [Self::OnDemand, Self::CrossRegion, Self::Global, Self::CustomDeployment, Self::Dedicated];

    /// The scope's word in labels, parameter names and texts, for example `cross-region`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::CrossRegion => "cross-region",
            Self::Global => "global",
            Self::CustomDeployment => "custom-deployment",
            Self::Dedicated => "dedicated",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// All `ModelId` series that draw on one set of quotas: one model in one scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pool {
    /// How the model is called.
    pub scope: Scope,
    /// The model's own id without any profile prefix, for example
    /// `anthropic.claude-haiku-4-5-20251001-v1:0`; for `Dedicated` the resource's ARN.
    pub model: String,
}

impl Pool {
    /// The pool's label, unique among pools and fit for alarm and parameter names.
    #[must_use]
    pub fn label(&self) -> PoolLabel {
        PoolLabel::of(self)
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.model, self.scope)
    }
}

/// A pool's name in alarm names and Parameter Store paths: `{scope}.{model}`.
///
/// Only letters, digits, `.`, `-` and `_` occur, because Parameter Store takes no others.
/// A `:` becomes `_`; every other character becomes its code point in hexadecimal between two `_`.
/// No id of Bedrock has such a number between two colons, so two pools never share a label.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PoolLabel(String);

impl PoolLabel {
    /// The label of a pool.
    #[must_use]
    pub fn of(pool: &Pool) -> Self {
        let mut label = format!("{}.", pool.scope.word());
        for c in pool.model.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => label.push(c),
                ':' => label.push('_'),
                other => {
                    // Writing to a String cannot fail.
                    let _ = write!(label, "_{:x}_", u32::from(other));
                }
            }
        }
        Self(label)
    }

    /// Takes a label as it stands in an alarm's or parameter's name.
    ///
    /// Labels are compared, not decoded: whether it is one of ours is known only from the pools
    /// stored under the same label.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PoolLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
