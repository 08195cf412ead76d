//! Writing, removing and remembering Bedrock's invocation logging.

use llmwatch_aws::{invocation_logging, parameters};
use llmwatch_core::invocation_logging::{Configuration, Memory};
use llmwatch_core::stored::invocation_logging_parameter;

use crate::App;
use crate::invocation_logging::Failed;
use crate::patience::until_permitted;

/// Writes the configuration.
pub(crate) async fn write(app: &App, configuration: &Configuration) -> Result<(), Failed> {
    let client = &app.clients.bedrock;
    until_permitted(async || invocation_logging::write(client, configuration).await)
        .await
        .map_err(Failed::NotDone)
}

/// Removes the configuration.
pub(crate) async fn remove(app: &App) -> Result<(), Failed> {
    invocation_logging::remove(&app.clients.bedrock).await.map_err(Failed::NotDone)
}

/// Stores the memory if it changed.
pub(crate) async fn remember(
    app: &App,
    memory: &Memory,
    stored: Option<&str>,
) -> Result<(), Failed> {
    let name = invocation_logging_parameter(&app.config.prefix);
    parameters::put_if_changed(&app.clients.parameters, &name, &memory.text(), stored)
        .await
        .map(drop)
        .map_err(Failed::NotDone)
}

/// Deletes the memory.
pub(crate) async fn forget(app: &App) -> Result<(), Failed> {
    let name = invocation_logging_parameter(&app.config.prefix);
    parameters::delete(&app.clients.parameters, &[name]).await.map(drop).map_err(Failed::NotDone)
}
