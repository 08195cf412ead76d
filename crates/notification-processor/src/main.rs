//! The Lambda function's entry: telemetry, configuration, clients, then one event at a time.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use llmwatch_aws::{client, env, telemetry};
use notification_processor::{App, Config, handle};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_vars(&env::process_environment)?;
    let sdk = client::sdk_config("notification-processor").await;
    let app = App::new(config, &sdk);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        handle(&app, &event.payload, client::now()).await
    }))
    .await
}
