//! The shared shell: free async functions over concrete AWS SDK clients.
//!
//! SDK types stop here, except for client handles. Each service is behind a feature of its own,
//! so that a function links only what it calls. Nothing here decides anything.

#[cfg(feature = "cloudwatch")]
pub mod alarm_history;
#[cfg(feature = "cloudwatch")]
pub mod alarm_states;
#[cfg(feature = "cloudwatch")]
pub mod alarms;
#[cfg(feature = "s3")]
pub mod bucket_notifications;
pub mod call;
pub mod client;
#[cfg(feature = "cloudwatch")]
pub mod component_reports;
#[cfg(feature = "comprehend")]
pub mod comprehend;
#[cfg(feature = "bedrockruntime")]
pub mod content_checks;
#[cfg(feature = "bedrockruntime")]
pub mod converse;
#[cfg(feature = "bedrock")]
pub mod custom_models;
pub mod custom_resource;
#[cfg(feature = "cloudwatch")]
pub mod dashboards;
#[cfg(feature = "bedrockruntime")]
pub mod embeddings;
pub mod env;
#[cfg(feature = "lambda")]
pub mod functions;
#[cfg(feature = "cloudwatch")]
pub mod hourly_use;
pub mod http;
#[cfg(feature = "cloudwatch")]
pub mod inference_components;
#[cfg(feature = "bedrock")]
pub mod inference_profiles;
#[cfg(feature = "bedrock")]
pub mod invocation_logging;
#[cfg(feature = "dynamodb")]
pub mod ledger;
#[cfg(feature = "ssm")]
pub mod lifecycle;
#[cfg(feature = "sqs")]
pub mod messages;
#[cfg(feature = "cloudwatch")]
pub mod metric_values;
#[cfg(feature = "cloudwatch")]
pub mod metrics;
#[cfg(feature = "s3")]
pub mod objects;
pub mod otlp;
pub mod pace;
#[cfg(feature = "ssm")]
pub mod parameters;
#[cfg(feature = "cloudwatch")]
pub mod quality_metrics;
#[cfg(feature = "servicequotas")]
pub mod quota_requests;
#[cfg(feature = "secretsmanager")]
pub mod secrets;
#[cfg(feature = "servicequotas")]
pub mod service_quotas;
#[cfg(feature = "cloudformation")]
pub mod stacks;
#[cfg(feature = "sns")]
pub mod subscriptions;
#[cfg(feature = "support")]
pub mod support;
pub mod telemetry;
#[cfg(any(feature = "cloudwatch", feature = "s3", feature = "servicequotas"))]
mod time;
#[cfg(feature = "sns")]
pub mod topics;

#[cfg(feature = "cloudwatch")]
pub mod usage_metrics;

pub use call::{CallFailed, chain};
