//! The function's configuration, read once from its environment.

use llmwatch_aws::env::{InvalidEnvironment, Vars};
use llmwatch_core::alarm::desired::Destinations;
use llmwatch_core::ids::{Region, StackPrefix};
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
    /// `AWS_REGION`, set by Lambda: the Region whose metrics dashboards show.
    pub region: Region,
    /// `LLMWATCH_POOL_DASHBOARDS`: whether each pool and inference component has a dashboard.
    pub pool_dashboards: Switch,
    /// `LLMWATCH_GRAFANA_METRICS`: whether the metrics are published that Grafana needs.
    pub grafana_metrics: Switch,
}

/// Whether something is done that costs extra.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Config {
    /// The variables the template must set; Lambda sets `AWS_REGION` itself.
    pub const VARIABLES: [&'static str; 5] = [
        "LLMWATCH_PREFIX",
        "LLMWATCH_RAW_TOPIC_ARN",
        "LLMWATCH_QUALITY_NAMESPACE",
        "LLMWATCH_POOL_DASHBOARDS",
        "LLMWATCH_GRAFANA_METRICS",
    ];

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
        let region = vars.required("AWS_REGION", Region::parse);
        let pool_dashboards = vars.added("LLMWATCH_POOL_DASHBOARDS", switch, Switch::Off);
        let grafana_metrics = vars.added("LLMWATCH_GRAFANA_METRICS", switch, Switch::Off);
        vars.finish_with(|| {
            Some(Self {
                prefix: prefix?,
                destinations: Destinations { raw_topic_arn: raw_topic_arn? },
                quality_namespace: quality_namespace?,
                region: region?,
                pool_dashboards: pool_dashboards?,
                grafana_metrics: grafana_metrics?,
            })
        })
    }
}

fn switch(text: &str) -> Result<Switch, String> {
    match text {
        "on" => Ok(Switch::On),
        "off" => Ok(Switch::Off),
        _ => Err(format!("{text:?} is neither on nor off")),
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

    /// Those that older templates do not set.
    const ADDED: [&str; 3] =
        ["LLMWATCH_QUALITY_NAMESPACE", "LLMWATCH_POOL_DASHBOARDS", "LLMWATCH_GRAFANA_METRICS"];

    fn complete(name: &str) -> Option<String> {
        match name {
            "LLMWATCH_PREFIX" => Some("llmwatch".to_owned()),
            "LLMWATCH_RAW_TOPIC_ARN" => {
                Some("arn:aws:sns:us-east-1:123456789012:llmwatch-raw".to_owned())
            }
            "LLMWATCH_QUALITY_NAMESPACE" => Some("/aws/sagemaker/inference-quality".to_owned()),
            "AWS_REGION" => Some("us-east-1".to_owned()),
            "LLMWATCH_POOL_DASHBOARDS" => Some("on".to_owned()),
            "LLMWATCH_GRAFANA_METRICS" => Some("off".to_owned()),
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
                if value.is_none() && ADDED.contains(&variable) {
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
    fn an_older_template_names_no_namespace_and_pays_for_no_dashboards() {
        let older = |name: &str| if ADDED.contains(&name) { None } else { complete(name) };
        let config = Config::from_vars(&older).unwrap();
        assert_eq!(config.quality_namespace, NAMESPACE);
        assert_eq!((config.pool_dashboards, config.grafana_metrics), (Switch::Off, Switch::Off));
    }
}
