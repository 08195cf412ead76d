//! The Lambda function's entry: telemetry, configuration, clients, then one event at a time.

use alarm_updater::{App, Config, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use llmwatch_aws::{client, env, telemetry};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_vars(&env::process_environment)?;
    let app = App::new(config, &client::sdk_config(env!("CARGO_PKG_NAME")).await);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        handle(&app, event, client::now()).await
    }))
    .await
}
