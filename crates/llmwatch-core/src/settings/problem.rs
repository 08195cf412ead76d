//! What was wrong with a setting, and the mend.

use std::fmt;

use super::SettingName;
use crate::ids::StackPrefix;
use crate::stored::setting_parameter;

/// A setting that could not be taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingProblem {
    /// A value outside what the setting allows.
    Invalid {
        /// The setting, that is the parameter to mend.
        setting: SettingName,
        /// Where inside `pool-overrides`, for example `cross-region.x: increase-percent`.
        within: Option<String>,
        /// The value as it came, shortened to 80 characters.
        value: String,
        /// What it must be.
        mend: Mend,
        /// What is in force meanwhile.
        in_force: InForce,
    },
    /// The parameters could not be read at all, so what holds when nothing is set is in force.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// What a setting's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number.
    WholeNumber {
        /// The smallest.
        from: u16,
        /// The largest.
        to: u16,
    },
    /// Free text.
    PlainText {
        /// The longest, in characters.
        max_chars: usize,
        /// The word for nothing.
        or: &'static str,
    },
    /// An object with a part for each pool.
    ByPool {
        /// One that would be taken.
        example: &'static str,
    },
    /// An object of settings.
    JsonObject,
    /// No object, no list, no truth value.
    TextOrNumber,
    /// Under a key that is known.
    KnownName,
    /// A number above 0.
    AboveZero,
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf([first @ .., last]) if !first.is_empty() => {
                write!(f, "{} or {last}", first.join(", "))
            }
            Self::OneOf(words) => f.write_str(&words.concat()),
            Self::WholeNumber { from, to } => write!(f, "a whole number from {from} to {to}"),
            Self::PlainText { max_chars, or } => {
                write!(f, "plain text of at most {max_chars} characters, or {or}")
            }
            Self::ByPool { example } => {
                write!(f, "a JSON object by pool label, for example {example}")
            }
            Self::JsonObject => f.write_str("a JSON object of settings"),
            Self::TextOrNumber => f.write_str("a text or a number"),
            Self::KnownName => {
                f.write_str("under the name of a setting, minimum-rpm or minimum-tpm")
            }
            Self::AboveZero => f.write_str("a number above 0"),
        }
    }
}

/// What holds while a setting cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// What holds when the setting is not set.
    Usual,
    /// Dry-run.
    DryRun,
    /// Nothing is stated.
    NotStated,
    /// Nothing is written for the pool.
    NoEffectsForThisPool,
    /// Nothing is written at all.
    NoEffectsForAnyPool,
}

impl InForce {
    /// It in words, as the end of "meanwhile …".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Usual => "the usual value holds",
            Self::DryRun => "dry-run holds",
            Self::NotStated => "it is not stated",
            Self::NoEffectsForThisPool => "no request or case is made for this pool",
            Self::NoEffectsForAnyPool => "no request or case is made for any pool",
        }
    }
}

impl SettingProblem {
    /// The parameter to mend, when one is at fault.
    #[must_use]
    pub fn parameter(&self, prefix: &StackPrefix) -> Option<String> {
        match self {
            Self::Invalid { setting, .. } => Some(setting_parameter(prefix, setting.word())),
            Self::Unreadable { .. } => None,
        }
    }
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { setting, within, value, mend, in_force } => {
                write!(f, "setting {}", setting.word())?;
                if let Some(within) = within {
                    write!(f, " ({within})")?;
                }
                write!(f, ": {value:?} must be {mend}; meanwhile {}", in_force.words())
            }
            Self::Unreadable { why } => {
                write!(f, "the settings could not be read ({why}); meanwhile cases are in dry-run")
            }
        }
    }
}
