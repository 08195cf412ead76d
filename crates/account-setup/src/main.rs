//! The Lambda function's entry.

use account_setup::{App, Config, handle};
use lambda_runtime::{Error, service_fn};
use llmwatch_aws::{client, env, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_vars(&env::process_environment)?;
    let app = App::new(config, &client::sdk_config(env!("CARGO_PKG_NAME")).await);
    lambda_runtime::run(service_fn(|event| handle(&app, event))).await
}
