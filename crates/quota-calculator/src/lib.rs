//! quota-calculator: discovers the pools of this account and Region, matches their quotas and
//! stores their thresholds.
//!
//! It runs when CloudFormation creates, updates or deletes the stack, every hour, and when an
//! operator invokes it with `{}`; the answer is then the coverage report. Alarms are
//! alarm-updater's.

mod carry_out;
mod config;
mod event;
mod gather;
mod handler;

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_config::SdkConfig;
pub use config::Config;
pub use event::{InvalidEvent, Trigger, trigger};
pub use handler::handle;
use llmwatch_aws::parameters::PUT_INTERVAL;

/// What one instance of the function keeps between invocations.
#[derive(Debug, Clone)]
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The clients, one for each service the function's role may call.
    pub clients: Clients,
    /// The wait between two writes to Parameter Store.
    pub put_interval: Duration,
}

/// The services the function calls.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Bedrock's control plane: inference profiles and custom models.
    pub bedrock: aws_sdk_bedrock::Client,
    /// Which series exist, and how busy they are.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// The quotas in force.
    pub quotas: aws_sdk_servicequotas::Client,
    /// Parameter Store: settings and the pools' documents.
    pub parameters: aws_sdk_ssm::Client,
}

impl App {
    /// Makes the clients from the SDK's configuration.
    #[must_use]
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        let clients = Clients {
            bedrock: aws_sdk_bedrock::Client::new(sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(sdk),
            quotas: aws_sdk_servicequotas::Client::new(sdk),
            parameters: aws_sdk_ssm::Client::new(sdk),
        };
        Self { config, clients, put_interval: PUT_INTERVAL }
    }
}
