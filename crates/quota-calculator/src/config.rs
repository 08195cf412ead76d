//! What the environment tells the function.

use llmwatch_aws::env::{InvalidEnvironment, Vars};
use llmwatch_core::ids::StackPrefix;

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `LLMWATCH_PREFIX`: the prefix of everything the stack owns.
    pub prefix: StackPrefix,
}

impl Config {
    /// The variables the template must set. The SDK reads `AWS_REGION`, which Lambda sets.
    pub const VARIABLES: [&'static str; 1] = ["LLMWATCH_PREFIX"];

    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names every variable that is unset or malformed.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidEnvironment> {
        let mut vars = Vars::new(lookup);
        let prefix = vars.required("LLMWATCH_PREFIX", StackPrefix::parse);
        vars.finish_with(|| Some(Self { prefix: prefix? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_read() {
        let config =
            Config::from_vars(&|name| (name == "LLMWATCH_PREFIX").then(|| "watch".to_owned()));
        assert_eq!(config.unwrap().prefix.as_str(), "watch");
    }

    #[test]
    fn an_unset_or_malformed_prefix_is_named() {
        for value in [None, Some("1x".to_owned())] {
            let error = Config::from_vars(&|_| value.clone()).unwrap_err().to_string();
            assert!(error.contains("LLMWATCH_PREFIX"), "{error}");
        }
    }
}
