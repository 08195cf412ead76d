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
        mend: String,
        /// What is in force meanwhile.
        in_force: &'static str,
    },
    /// The parameters could not be read at all, so what holds when nothing is set is in force.
    Unreadable {
        /// Why.
        why: String,
    },
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
                write!(f, ": {value:?} must be {mend}; meanwhile {in_force}")
            }
            Self::Unreadable { why } => {
                write!(f, "the settings could not be read ({why}); meanwhile cases are in dry-run")
            }
        }
    }
}
