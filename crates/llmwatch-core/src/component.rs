//! SageMaker inference components: which are in use, and what alarms they have.
//!
//! SageMaker has no quota of calls, so a component has no pool: its alarms are its errors, and
//! its budget where it has one.

pub mod alarm;
pub mod before;
pub mod course;
pub mod hourly_cost;
pub mod reports;
pub mod spending;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name SageMaker takes, in characters.
///
/// Source: botocore, `sagemaker/2017-07-24`, shape `InferenceComponentName`.
const MAX_NAME_CHARS: usize = 63;

/// What a component's label begins with.
const LABEL_WORD: &str = "component.";

/// An inference component by its name, unique in an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InferenceComponent(String);

impl InferenceComponent {
    /// Reads a name; `None` when SageMaker takes no such name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_name = !name.is_empty()
            && name.len() <= MAX_NAME_CHARS
            && name.chars().all(allowed)
            && !name.starts_with('-')
            && !name.ends_with('-');
        is_name.then(|| Self(name.to_owned()))
    }

    /// Reads a label, `component.{name}`; `None` when it is none.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        label.strip_prefix(LABEL_WORD).and_then(Self::parse)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name in alarm names, Parameter Store paths and settings: `component.{name}`. No pool and
    /// no series has that label.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{LABEL_WORD}{self}")
    }
}

impl fmt::Display for InferenceComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_sagemaker_takes() {
        let longest = "a".repeat(63);
        for name in ["chat-7b", "a", "A1", longest.as_str()] {
            let component = InferenceComponent::parse(name).unwrap();
            assert_eq!(InferenceComponent::of_label(&component.label()), Some(component));
        }
        let too_long = "a".repeat(64);
        for name in ["", "-a", "a-", "a.b", "a_b", "a b", "é", too_long.as_str()] {
            assert_eq!(InferenceComponent::parse(name), None, "{name:?}");
        }
        for label in ["chat-7b", "component.", "component.a.b", "model.a", "component.-a"] {
            assert_eq!(InferenceComponent::of_label(label), None, "{label:?}");
        }
    }
}
