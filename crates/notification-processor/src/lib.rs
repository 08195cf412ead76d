//! From alarm to episode to one action and one e-mail.
//!
//! `handler` tells the story of an event; `gather` reads the facts; the core decides; `carry_out`
//! acts and `mails` tells people. `Clients` lists exactly the services the function's role allows.

mod carry_out;
mod components;
mod config;
mod digest;
mod episodes;
mod event;
mod follow_up;
mod forms;
mod gather;
mod handler;
mod ledger_keys;
mod lone_alarms;
mod mails;
mod once;
mod quality;
mod queue;
mod request_watch;

pub use config::Config;
pub use event::refusals;
pub use handler::handle;
use llmwatch_aws::client;
pub use llmwatch_aws::ledger::LEASE;

/// What every event needs: the configuration and the clients.
pub struct App {
    /// The function's configuration.
    pub config: Config,
    /// One client a service.
    pub clients: Clients,
}

/// The SDK clients the function's role allows.
pub struct Clients {
    /// Alarm states and usage.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// The ledger.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Quota values and increase requests.
    pub quotas: aws_sdk_servicequotas::Client,
    /// Mail, and the notices' further forms.
    pub sns: aws_sdk_sns::Client,
    /// Messages to itself.
    pub sqs: aws_sdk_sqs::Client,
    /// Settings and thresholds.
    pub ssm: aws_sdk_ssm::Client,
    /// Support cases, in the Support API's own Region.
    pub support: aws_sdk_support::Client,
}

impl App {
    /// Makes the clients from one shared configuration.
    #[must_use]
    pub fn new(config: Config, sdk: &client::SdkConfig) -> Self {
        let support = client::in_region(sdk, config.region.support_region());
        let clients = Clients {
            cloudwatch: aws_sdk_cloudwatch::Client::new(sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            quotas: aws_sdk_servicequotas::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
            ssm: aws_sdk_ssm::Client::new(sdk),
            support: aws_sdk_support::Client::new(&support),
        };
        Self { config, clients }
    }
}

#[cfg(test)]
mod tests;
