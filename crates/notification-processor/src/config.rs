//! The function's configuration, read once from its environment.

use std::time::Duration;

use llmwatch_aws::env::{InvalidEnvironment, Vars, text};
use llmwatch_core::ids::{Region, StackPrefix};
use llmwatch_core::quality::{NAMESPACE, parse_namespace};
use llmwatch_core::render::Form;

/// What the template tells the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `LLMWATCH_PREFIX`: the prefix of everything the stack owns.
    pub prefix: StackPrefix,
    /// `AWS_REGION`, set by Lambda: the Region watched.
    pub region: Region,
    /// `LLMWATCH_ALERTS_TOPIC_ARN`: the topic people subscribe to.
    pub alerts_topic_arn: String,
    /// `LLMWATCH_CHAT_TOPIC_ARN`: the topic a chat room subscribes to; none where it is off.
    pub chat_topic_arn: Option<String>,
    /// `LLMWATCH_WEBHOOK_TOPIC_ARN`: the topic machines subscribe to; none where it is off.
    pub webhook_topic_arn: Option<String>,
    /// `LLMWATCH_LEDGER_TABLE`: the name of the ledger table.
    pub ledger_table: String,
    /// `LLMWATCH_QUEUE_URL`: the function's own queue.
    pub queue_url: String,
    /// `LLMWATCH_SETTLE_SECONDS`: how long an episode settles before its first mail, 0–900.
    pub settle: Duration,
    /// `LLMWATCH_QUALITY_NAMESPACE`: the namespace of the quality metrics that a digest tells.
    pub quality_namespace: String,
}

impl Config {
    /// The variables the template sets, those of the further forms' topics perhaps to nothing;
    /// Lambda sets `AWS_REGION` itself.
    pub const VARIABLES: [&'static str; 8] = [
        "LLMWATCH_PREFIX",
        "LLMWATCH_ALERTS_TOPIC_ARN",
        "LLMWATCH_CHAT_TOPIC_ARN",
        "LLMWATCH_WEBHOOK_TOPIC_ARN",
        "LLMWATCH_LEDGER_TABLE",
        "LLMWATCH_QUEUE_URL",
        "LLMWATCH_SETTLE_SECONDS",
        "LLMWATCH_QUALITY_NAMESPACE",
    ];

    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names every variable that is missing or does not parse.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidEnvironment> {
        let mut vars = Vars::new(lookup);
        let prefix = vars.required("LLMWATCH_PREFIX", StackPrefix::parse);
        let region = vars.required("AWS_REGION", Region::parse);
        let alerts_topic_arn = vars.required("LLMWATCH_ALERTS_TOPIC_ARN", text);
        let some = |arn: &str| text(arn).map(Some);
        let chat_topic_arn = vars.added("LLMWATCH_CHAT_TOPIC_ARN", some, None);
        let webhook_topic_arn = vars.added("LLMWATCH_WEBHOOK_TOPIC_ARN", some, None);
        let ledger_table = vars.required("LLMWATCH_LEDGER_TABLE", text);
        let queue_url = vars.required("LLMWATCH_QUEUE_URL", text);
        let settle = vars.required("LLMWATCH_SETTLE_SECONDS", settle_time);
        let unset = NAMESPACE.to_owned();
        let quality_namespace = vars.added("LLMWATCH_QUALITY_NAMESPACE", parse_namespace, unset);
        vars.finish_with(|| {
            Some(Self {
                prefix: prefix?,
                region: region?,
                alerts_topic_arn: alerts_topic_arn?,
                chat_topic_arn: chat_topic_arn?,
                webhook_topic_arn: webhook_topic_arn?,
                ledger_table: ledger_table?,
                queue_url: queue_url?,
                settle: settle?,
                quality_namespace: quality_namespace?,
            })
        })
    }

    /// The topic of a form; `None` where it is off.
    #[must_use]
    pub fn topic(&self, form: Form) -> Option<&str> {
        match form {
            Form::Chat => self.chat_topic_arn.as_deref(),
            Form::Webhook => self.webhook_topic_arn.as_deref(),
        }
    }
}

fn settle_time(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds <= 900)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is not a whole number of seconds from 0 to 900"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        Some(
            match name {
                "LLMWATCH_PREFIX" => "llmwatch",
                "AWS_REGION" => "ap-northeast-1",
                "LLMWATCH_SETTLE_SECONDS" => "30",
                _ => "x",
            }
            .to_owned(),
        )
    }

    /// What older templates do not set.
    const ADDED: [&str; 3] =
        ["LLMWATCH_QUALITY_NAMESPACE", "LLMWATCH_CHAT_TOPIC_ARN", "LLMWATCH_WEBHOOK_TOPIC_ARN"];

    #[test]
    fn an_older_template_names_no_namespace() {
        let config =
            Config::from_vars(&|name| complete(name).filter(|_| !ADDED.contains(&name))).unwrap();
        assert_eq!(config.quality_namespace, NAMESPACE);
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = Config::from_vars(&complete).unwrap();
        assert_eq!(config.settle, Duration::from_secs(30));
    }

    #[test]
    fn every_variable_but_those_added_later_is_required() {
        for variable in Config::VARIABLES.into_iter().filter(|name| !ADDED.contains(name)) {
            let lookup = |name: &str| complete(name).filter(|_| name != variable);
            let problem = Config::from_vars(&lookup).unwrap_err().to_string();
            assert!(problem.contains(variable), "{problem}");
        }
    }

    #[test]
    fn a_form_without_a_topic_is_off() {
        for missing in [None, Some(String::new())] {
            let lookup = |name: &str| match name {
                "LLMWATCH_CHAT_TOPIC_ARN" => missing.clone(),
                _ => complete(name),
            };
            let config = Config::from_vars(&lookup).unwrap();
            assert_eq!(config.topic(Form::Chat), None);
            assert_eq!(config.topic(Form::Webhook), Some("x"));
        }
    }

    #[test]
    fn a_nonsense_settle_time_is_named() {
        for wrong in ["901", "-1", "soon"] {
            let lookup = |name: &str| {
                if name == "LLMWATCH_SETTLE_SECONDS" {
                    Some(wrong.to_owned())
                } else {
                    complete(name)
                }
            };
            let problem = Config::from_vars(&lookup).unwrap_err().to_string();
            assert!(problem.contains("LLMWATCH_SETTLE_SECONDS") && problem.contains("0 to 900"));
        }
    }
}
