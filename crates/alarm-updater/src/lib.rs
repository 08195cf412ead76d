//! Keeps CloudWatch's alarms as the thresholds say.
//!
//! `handler` tells the story of an event; `gather` reads what is there and what should be; the
//! core plans; `carry_out` does the plan. `Clients` lists exactly the services the role allows.

mod carry_out;
mod config;
mod costs;
mod event;
mod gather;
mod handler;
mod report;
mod tear_down;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use config::{Config, Switch};
pub use event::{InvalidEvent, Trigger, trigger};
pub use handler::{RunFailed, handle, outcome, plan_only, reconcile};
use llmwatch_aws::client::SdkConfig;
use llmwatch_aws::{alarms, dashboards, lifecycle, parameters};
pub use report::{Failure, Report};

/// What every event needs: the configuration, the clients and the pace of writes.
pub struct App {
    /// The function's configuration.
    pub config: Config,
    /// One client a service.
    pub clients: Clients,
    /// The waits that keep writes to the services' rates.
    pub waits: Waits,
}

/// The SDK clients the function's role allows.
pub struct Clients {
    /// Alarms, anomaly models, the pools' metrics, which quality metrics there are, and dashboards.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Thresholds, the tunings, prices, what was applied, the series known, and the lifecycle
    /// marker.
    pub ssm: aws_sdk_ssm::Client,
}

/// The waits between two writes of a kind, and before a delete goes on.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// Between two writes of alarms.
    pub alarms: Duration,
    /// Between two writes of parameters.
    pub parameters: Duration,
    /// Between two reads or writes of dashboards.
    pub dashboards: Duration,
    /// From the end of the lifecycle marker until no write of a run in flight can arrive any more.
    pub last_write: Duration,
    /// From the first change of a run to the last; what is left then waits for the next run.
    pub all_changes: Duration,
}

impl Waits {
    /// The waits AWS's rates ask for, and 12 of the function's 15 minutes for the changes: some
    /// 2,000 of them, or 150 new pools.
    pub const STANDARD: Self = Self {
        alarms: alarms::PUT_INTERVAL,
        parameters: parameters::PUT_INTERVAL,
        dashboards: dashboards::INTERVAL,
        last_write: lifecycle::LAST_WRITE_LANDED_AFTER,
        all_changes: Duration::from_secs(720),
    };

    /// No waits, for a CloudWatch and a Parameter Store without rates.
    pub const NONE: Self = Self {
        alarms: Duration::ZERO,
        parameters: Duration::ZERO,
        dashboards: Duration::ZERO,
        last_write: Duration::ZERO,
        ..Self::STANDARD
    };
}

impl App {
    /// Makes the clients from one shared configuration.
    #[must_use]
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        let clients = Clients {
            cloudwatch: aws_sdk_cloudwatch::Client::new(sdk),
            ssm: aws_sdk_ssm::Client::new(sdk),
        };
        Self { config, clients, waits: Waits::STANDARD }
    }
}
