//! The Lambda function's entry.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use llmwatch_aws::{client, env, telemetry};
use quality_scorer::{App, Config, handle};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_vars(&env::process_environment)?;
    let app = App::new(config, &client::sdk_config(env!("CARGO_PKG_NAME")).await)?;
    let handler = service_fn(async |event: LambdaEvent<Value>| {
        handle(&app, &event.payload, client::now()).await
    });
    lambda_runtime::run(handler).await
}
