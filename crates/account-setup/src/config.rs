//! What the environment tells the function.

use llmwatch_aws::env::{InvalidEnvironment, Vars};
use llmwatch_core::ids::StackPrefix;

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `LLMWATCH_PREFIX`: the prefix of everything the stack owns.
    pub prefix: StackPrefix,
    /// `LLMWATCH_ALERTS_TOPIC_ARN`: the topic people are subscribed to.
    pub alerts_topic_arn: String,
    /// `LLMWATCH_CONTACTS_SECRET_ARN`: the secret that names the people.
    pub contacts_secret_arn: String,
}

impl Config {
    /// The variables the template must set. The SDK reads `AWS_REGION`, which Lambda sets.
    pub const VARIABLES: [&'static str; 3] =
        ["LLMWATCH_PREFIX", "LLMWATCH_ALERTS_TOPIC_ARN", "LLMWATCH_CONTACTS_SECRET_ARN"];

    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names every variable that is unset or malformed.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidEnvironment> {
        let mut vars = Vars::new(lookup);
        let prefix = vars.required("LLMWATCH_PREFIX", StackPrefix::parse);
        let topic = vars.required("LLMWATCH_ALERTS_TOPIC_ARN", |text| arn(text, "sns"));
        let secret =
            vars.required("LLMWATCH_CONTACTS_SECRET_ARN", |text| arn(text, "secretsmanager"));
        vars.finish_with(|| {
            Some(Self { prefix: prefix?, alerts_topic_arn: topic?, contacts_secret_arn: secret? })
        })
    }
}

/// An ARN of this service. What came instead is not repeated: it might be what a secret holds.
fn arn(text: &str, service: &str) -> Result<String, String> {
    let mut parts = text.splitn(6, ':');
    let named = parts.next() == Some("arn") && parts.nth(1) == Some(service);
    if named && parts.nth(2).is_some_and(|name| !name.is_empty()) {
        Ok(text.to_owned())
    } else {
        Err(format!("it must be an ARN of {service} (arn:aws:{service}:…)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "LLMWATCH_PREFIX" => "watch",
            "LLMWATCH_ALERTS_TOPIC_ARN" => "arn:aws:sns:us-east-1:123456789012:alerts",
            "LLMWATCH_CONTACTS_SECRET_ARN" => {
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:people-AbCdEf"
            }
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = Config::from_vars(&complete).unwrap();
        assert_eq!(config.prefix.as_str(), "watch");
        assert!(config.contacts_secret_arn.ends_with(":secret:people-AbCdEf"));
    }

    #[test]
    fn every_variable_is_required_and_checked_and_its_value_not_repeated() {
        for variable in Config::VARIABLES {
            for value in [None, Some("a@example.com".to_owned())] {
                let lookup =
                    |name: &str| if name == variable { value.clone() } else { complete(name) };
                let problem = Config::from_vars(&lookup).unwrap_err().to_string();
                assert!(problem.contains(variable), "{problem}");
            }
        }
        let wrong = |_: &str| Some("a@example.com".to_owned());
        let problem = Config::from_vars(&wrong).unwrap_err().to_string();
        assert!(problem.contains("it must be an ARN of secretsmanager"), "{problem}");
    }
}
