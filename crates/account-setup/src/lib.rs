//! account-setup: keeps in order what the stack needs and CloudFormation cannot keep.
//!
//! That is the contacts (the people named in the stack's secret, subscribed to the alerts topic),
//! Bedrock's invocation logging, and the notifications of the buckets whose objects are scored. It
//! runs when CloudFormation creates, updates or deletes the stack; for the contacts also every day,
//! and when an operator invokes it with `{}`: the answer then says how things stand.

mod bucket_notifications;
mod carry_out;
mod config;
mod contacts;
mod event;
mod gather;
mod handler;
mod invocation_logging;
mod patience;

#[cfg(test)]
mod tests;

use aws_config::SdkConfig;
pub use bucket_notifications::Subscription;
pub use config::Config;
pub use event::{InvalidEvent, Resource, StackRequest, Trigger, trigger};
pub use handler::handle;

/// What one instance of the function keeps between invocations.
#[derive(Debug, Clone)]
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The clients, one for each service the function's role may call.
    pub clients: Clients,
}

/// The services the function calls.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Bedrock: the invocation logging.
    pub bedrock: aws_sdk_bedrock::Client,
    /// Parameter Store: the memory, and the sign that the stack stands.
    pub parameters: aws_sdk_ssm::Client,
    /// S3: the buckets' notifications.
    pub s3: aws_sdk_s3::Client,
    /// Secrets Manager: whom operators want told.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// SNS: who is subscribed.
    pub sns: aws_sdk_sns::Client,
}

impl App {
    /// Makes the clients from the SDK's configuration.
    #[must_use]
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        let clients = Clients {
            bedrock: aws_sdk_bedrock::Client::new(sdk),
            parameters: aws_sdk_ssm::Client::new(sdk),
            s3: aws_sdk_s3::Client::new(sdk),
            secrets: aws_sdk_secretsmanager::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
        };
        Self { config, clients }
    }
}
