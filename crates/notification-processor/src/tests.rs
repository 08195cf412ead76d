//! The function in a small AWS in memory, behind the real SDK clients.

mod components;
mod crashes;
mod digest;
mod follow_ups;
mod forms;
mod gathering;
mod incidents;
mod quality;
mod recoveries;
mod request_watch;
mod services;
pub(crate) mod world;

use aws_sdk_support::config::{BehaviorVersion, Region};
use llmwatch_aws::client::SdkConfig;

use crate::App;

#[test]
fn d9_support_is_called_in_its_own_region_and_everything_else_in_the_stacks() {
    for (region, of_support) in [
        ("ap-northeast-1", "us-east-1"),
        ("us-east-1", "us-east-1"),
        ("cn-northwest-1", "cn-north-1"),
        ("us-gov-east-1", "us-gov-west-1"),
    ] {
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .build();
        let clients = App::new(world::config(region, &[]), &sdk).clients;
        let is_in = |found: Option<&Region>, expected: &str| {
            assert_eq!(found.map(AsRef::as_ref), Some(expected), "{region}");
        };
        is_in(clients.support.config().region(), of_support);
        is_in(clients.cloudwatch.config().region(), region);
        is_in(clients.quotas.config().region(), region);
    }
}
