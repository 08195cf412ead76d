//! The function's configuration, read once from its environment.

use llmwatch_aws::env::{InvalidEnvironment, Vars};
use llmwatch_core::alarm::desired::Destinations;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::{NAMESPACE, parse_namespace};

/// What the template tells the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `LLMWATCH_PREFIX`: the prefix of everything the stack owns.
    pub prefix: StackPrefix,
    /// `LLMWATCH_RAW_TOPIC_ARN`: the topic composite alarms publish to.
    pub destinations: Destinations,
    /// `LLMWATCH_QUALITY_NAMESPACE`: the namespace of the quality metrics.
    pub quality_namespace: String,
}

impl Config {
    /// The variables the template must set.
    pub const VARIABLES: [&'static str; 3] =
        ["LLMWATCH_PREFIX", "LLMWATCH_RAW_TOPIC_ARN", "LLMWATCH_QUALITY_NAMESPACE"];

    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names every variable that is unset or malformed.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidEnvironment> {
        let mut vars = Vars::new(lookup);
        let prefix = vars.required("LLMWATCH_PREFIX", StackPrefix::parse);
        let raw_topic_arn = vars.required("LLMWATCH_RAW_TOPIC_ARN", topic_arn);
        let unset = NAMESPACE.to_owned();
        let quality_namespace = vars.added("LLMWATCH_QUALITY_NAMESPACE", parse_namespace, unset);
        vars.finish_with(|| {
            let destinations = Destinations { raw_topic_arn: raw_topic_arn? };
            Some(Self { prefix: prefix?, destinations, quality_namespace: quality_namespace? })
        })
    }
}

fn topic_arn(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "sns", _, _, name] if !name.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is not the ARN of an SNS topic (arn:aws:sns:…)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        match name {
            "LLMWATCH_PREFIX" => Some("llmwatch".to_owned()),
            "LLMWATCH_RAW_TOPIC_ARN" => {
                Some("arn:aws:sns:us-east-1:123456789012:llmwatch-raw".to_owned())
            }
            "LLMWATCH_QUALITY_NAMESPACE" => Some("/aws/sagemaker/inference-quality".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_complete_environment_is_read() {
        assert_eq!(Config::from_vars(&complete).unwrap().prefix.as_str(), "llmwatch");
    }

    #[test]
    fn every_variable_is_required_and_checked() {
        for variable in Config::VARIABLES {
            for value in [None, Some("1 x".to_owned())] {
                if value.is_none() && variable == "LLMWATCH_QUALITY_NAMESPACE" {
                    continue;
                }
                let lookup =
                    |name: &str| if name == variable { value.clone() } else { complete(name) };
                let problem = Config::from_vars(&lookup).unwrap_err().to_string();
                assert!(problem.contains(variable), "{problem}");
            }
        }
    }

    #[test]
    fn an_older_template_names_no_namespace() {
        let older = |name: &str| match name {
            "LLMWATCH_QUALITY_NAMESPACE" => None,
            name => complete(name),
        };
        assert_eq!(Config::from_vars(&older).unwrap().quality_namespace, NAMESPACE);
    }
}
