//! The secret, the topic's subscriptions and the memory, read side by side.

use llmwatch_aws::{CallFailed, parameters, secrets, subscriptions};
use llmwatch_core::contact::memory::Memory;
use llmwatch_core::contact::plan::Subscription;
use llmwatch_core::contact::{Address, Contacts};
use llmwatch_core::stored::{contacts_parameter, lifecycle_parameter};

use crate::App;
use crate::contacts::{Occasion, RunFailed};

/// Everything a plan looks at.
pub(crate) struct Gathered {
    pub(crate) wanted: Contacts,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) memory: Memory,
    /// The memory as it is stored; where none is, as an empty one would be.
    pub(crate) stored_text: String,
}

/// Reads everything. Any one that cannot be read fails the run: none may be taken for empty.
pub(crate) async fn gather(app: &App, occasion: &Occasion) -> Result<Gathered, RunFailed> {
    let name = contacts_parameter(&app.config.prefix);
    let secret = &app.config.contacts_secret_arn;
    let (text, subscriptions, stored) = tokio::try_join!(
        secrets::text(&app.clients.secrets, secret),
        subscriptions::list(&app.clients.sns, &app.config.alerts_topic_arn),
        parameters::get(&app.clients.parameters, &name),
    )
    .map_err(RunFailed::NotGathered)?;
    let stored_text = stored.unwrap_or_else(|| Memory::default().text());
    let mut memory: Memory =
        serde_json::from_str(&stored_text).map_err(|_| RunFailed::BadMemory(name))?;
    let wanted = wanted(secret, text, &memory)?;
    match occasion {
        Occasion::Stack { alert_email } => {
            memory.alert_email = alert_email.as_ref().map(Address::fingerprint);
        }
        Occasion::Schedule | Occasion::Operator => {}
    }
    Ok(Gathered { wanted, subscriptions, memory, stored_text })
}

/// A secret nobody has written yet names nobody. One that lost its value unsubscribes nobody.
fn wanted(secret: &str, text: Option<String>, memory: &Memory) -> Result<Contacts, RunFailed> {
    match text {
        Some(text) => Contacts::parse(secret, &text).map_err(RunFailed::BadSecret),
        None if memory.asked.is_empty() => Ok(Contacts::default()),
        None => {
            Err(RunFailed::Emptied { secret: secret.to_owned(), remembered: memory.asked.len() })
        }
    }
}

/// Whether a run may write: CloudFormation waits for it, or the stack is not being deleted.
pub(crate) async fn stack_stands(app: &App, occasion: &Occasion) -> Result<bool, RunFailed> {
    match occasion {
        Occasion::Stack { .. } => Ok(true),
        Occasion::Schedule | Occasion::Operator => {
            lifecycle_marker(app).await.map_err(RunFailed::NotGathered)
        }
    }
}

async fn lifecycle_marker(app: &App) -> Result<bool, CallFailed> {
    let marker = lifecycle_parameter(&app.config.prefix);
    Ok(parameters::get(&app.clients.parameters, &marker).await?.is_some())
}
