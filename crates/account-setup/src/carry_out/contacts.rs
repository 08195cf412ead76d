//! Asking, removing and remembering.

use llmwatch_aws::{parameters, subscriptions};
use llmwatch_core::contact::Fingerprint;
use llmwatch_core::contact::plan::Change;
use llmwatch_core::stored::contacts_parameter;

use crate::App;
use crate::contacts::{Occasion, RunFailed};
use crate::gather::contacts::stack_stands;

/// A change that failed.
pub(crate) struct Failure {
    /// Whom it was about.
    pub(crate) of: Fingerprint,
    /// The change and why it failed, with the address masked.
    pub(crate) what: String,
}

/// Does every change, going on after failures, which are returned.
pub(crate) async fn changes(app: &App, changes: &[Change]) -> Vec<Failure> {
    let mut failures = Vec::new();
    for change in changes {
        let done = match change {
            Change::Ask(address) => {
                subscriptions::ask(&app.clients.sns, &app.config.alerts_topic_arn, address).await
            }
            Change::Remove { arn, .. } => subscriptions::remove(&app.clients.sns, arn).await,
        };
        failures.extend(done.err().map(|error| {
            let address = change.address();
            // A service that refuses a value may repeat it.
            let why = error.explain().replace(address.expose(), &address.to_string());
            Failure { of: address.fingerprint(), what: format!("{change} ({why})") }
        }));
    }
    failures
}

/// Stores the memory if it changed. False, and nothing stored, when the stack is being deleted:
/// nothing it has deleted may come back.
pub(crate) async fn remember(
    app: &App,
    occasion: &Occasion,
    text: &str,
    stored: &str,
) -> Result<bool, RunFailed> {
    if stored == text {
        return Ok(true);
    }
    if !stack_stands(app, occasion).await? {
        return Ok(false);
    }
    let name = contacts_parameter(&app.config.prefix);
    parameters::put_if_changed(&app.clients.parameters, &name, text, Some(stored))
        .await
        .map(|_| true)
        .map_err(RunFailed::NotRemembered)
}
