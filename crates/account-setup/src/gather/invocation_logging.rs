//! Bedrock's configuration and the memory of what llmwatch wrote.

use llmwatch_aws::{invocation_logging, parameters};
use llmwatch_core::invocation_logging::{Configuration, Memory};
use llmwatch_core::stored::invocation_logging_parameter;

use crate::App;
use crate::invocation_logging::Failed;
use crate::patience::until_permitted;

/// Everything a plan looks at.
pub(crate) struct Gathered {
    pub(crate) current: Option<Configuration>,
    pub(crate) memory: Memory,
    /// The memory as it is stored; none where there is none.
    pub(crate) stored_text: Option<String>,
}

/// Reads both. One that cannot be read fails the run: neither may be taken for empty.
pub(crate) async fn gather(app: &App) -> Result<Gathered, Failed> {
    let name = invocation_logging_parameter(&app.config.prefix);
    let current = until_permitted(async || invocation_logging::read(&app.clients.bedrock).await);
    let stored = until_permitted(async || parameters::get(&app.clients.parameters, &name).await);
    let (current, stored_text) = tokio::try_join!(current, stored).map_err(Failed::NotGathered)?;
    let memory = match &stored_text {
        Some(text) => serde_json::from_str(text).map_err(|_| Failed::BadMemory(name))?,
        None => Memory::default(),
    };
    Ok(Gathered { current, memory, stored_text })
}
