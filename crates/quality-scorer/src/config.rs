//! The function's configuration, read once from its environment.

use std::path::PathBuf;

use llmwatch_aws::env::{InvalidEnvironment, Vars, text};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::parse_namespace;
use llmwatch_quality::spans::Endpoint;

/// What the template tells the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `LLMWATCH_PREFIX`: the prefix of everything the stack owns.
    pub prefix: StackPrefix,
    /// `LLMWATCH_LEDGER_TABLE`: the name of the ledger table.
    pub ledger_table: String,
    /// `LLMWATCH_QUEUE_URL`: the queue that tells of log objects.
    pub queue_url: String,
    /// `LLMWATCH_RESULTS_BUCKET`: where call records go.
    pub results_bucket: String,
    /// `LLMWATCH_QUALITY_NAMESPACE`: the CloudWatch namespace of the scores.
    pub namespace: String,
    /// `LLMWATCH_ROLE_ARN`: the function's own role, whose calls are never scored.
    pub role_arn: String,
    /// `LLMWATCH_MODEL_PATH`: the directory of the embedding model's files.
    pub model_path: PathBuf,
    /// `LLMWATCH_OTLP_ENDPOINT` and `LLMWATCH_OTLP_HEADERS_SECRET`: where spans of calls are sent;
    /// nowhere where the first is empty.
    pub tracing_backend: Option<TracingBackend>,
}

/// Where spans are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracingBackend {
    /// The URL they are posted to.
    pub endpoint: Endpoint,
    /// The secret with the headers of each request, if there is one.
    pub headers_secret: Option<String>,
}

impl Config {
    /// The variables the template sets; those of the tracing backend may be empty.
    pub const VARIABLES: [&'static str; 9] = [
        "LLMWATCH_PREFIX",
        "LLMWATCH_LEDGER_TABLE",
        "LLMWATCH_QUEUE_URL",
        "LLMWATCH_RESULTS_BUCKET",
        "LLMWATCH_QUALITY_NAMESPACE",
        "LLMWATCH_ROLE_ARN",
        "LLMWATCH_MODEL_PATH",
        "LLMWATCH_OTLP_ENDPOINT",
        "LLMWATCH_OTLP_HEADERS_SECRET",
    ];

    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names every variable that is missing or does not parse.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidEnvironment> {
        let mut vars = Vars::new(lookup);
        let prefix = vars.required("LLMWATCH_PREFIX", StackPrefix::parse);
        let ledger_table = vars.required("LLMWATCH_LEDGER_TABLE", text);
        let queue_url = vars.required("LLMWATCH_QUEUE_URL", text);
        let results_bucket = vars.required("LLMWATCH_RESULTS_BUCKET", text);
        let namespace = vars.required("LLMWATCH_QUALITY_NAMESPACE", parse_namespace);
        let role_arn = vars.required("LLMWATCH_ROLE_ARN", text);
        let model_path = vars.required("LLMWATCH_MODEL_PATH", text);
        let endpoint =
            vars.added("LLMWATCH_OTLP_ENDPOINT", |text| Endpoint::parse(text).map(Some), None);
        let headers_secret =
            vars.added("LLMWATCH_OTLP_HEADERS_SECRET", |name| text(name).map(Some), None);
        vars.finish_with(|| {
            Some(Self {
                prefix: prefix?,
                ledger_table: ledger_table?,
                queue_url: queue_url?,
                results_bucket: results_bucket?,
                namespace: namespace?,
                role_arn: role_arn?,
                model_path: model_path?.into(),
                tracing_backend: match (endpoint?, headers_secret?) {
                    (Some(endpoint), headers_secret) => {
                        Some(TracingBackend { endpoint, headers_secret })
                    }
                    (None, _) => None,
                },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "LLMWATCH_PREFIX" => "watch",
            "LLMWATCH_QUALITY_NAMESPACE" => "/aws/sagemaker/inference-quality",
            "LLMWATCH_OTLP_ENDPOINT" => "https://api.example.com/otlp",
            name if Config::VARIABLES.contains(&name) => "something",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = Config::from_vars(&complete).unwrap();
        assert_eq!(config.namespace, "/aws/sagemaker/inference-quality");
        let backend = config.tracing_backend.unwrap();
        assert_eq!(backend.endpoint.url(), "https://api.example.com/otlp/v1/traces");
        assert_eq!(backend.headers_secret.as_deref(), Some("something"));
    }

    #[test]
    fn spans_are_sent_nowhere_unless_a_backend_is_named() {
        let without = |absent: &'static str| {
            move |name: &str| if name == absent { Some(String::new()) } else { complete(name) }
        };
        let config = Config::from_vars(&without("LLMWATCH_OTLP_ENDPOINT")).unwrap();
        assert_eq!(config.tracing_backend, None);
        let config = Config::from_vars(&without("LLMWATCH_OTLP_HEADERS_SECRET")).unwrap();
        assert_eq!(config.tracing_backend.unwrap().headers_secret, None);
    }

    #[test]
    fn every_variable_is_required_and_all_problems_are_told() {
        let problem = Config::from_vars(&|_| None).unwrap_err().to_string();
        for variable in Config::VARIABLES {
            let may_be_empty = variable.contains("_OTLP_");
            assert_eq!(problem.contains(variable), !may_be_empty, "{problem}");
        }
        let aws = |name: &str| match name {
            "LLMWATCH_QUALITY_NAMESPACE" => Some("AWS/Bedrock".to_owned()),
            name => complete(name),
        };
        let problem = Config::from_vars(&aws).unwrap_err().to_string();
        assert!(problem.contains("LLMWATCH_QUALITY_NAMESPACE"), "{problem}");
        let x_ray = |name: &str| match name {
            "LLMWATCH_OTLP_ENDPOINT" => Some("https://xray.us-east-1.amazonaws.com".to_owned()),
            name => complete(name),
        };
        let problem = Config::from_vars(&x_ray).unwrap_err().to_string();
        assert!(problem.contains("LLMWATCH_OTLP_ENDPOINT: X-Ray"), "{problem}");
    }
}
