//! An effect done once: intent, effect, result, and a look for traces in between.

use jiff::Timestamp;
use llmwatch_aws::CallFailed;
use llmwatch_aws::ledger::{self, Claim, RowKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::App;

/// Why an effect has no result now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    /// Another invocation is at it; the event must be retried.
    #[error("another invocation is carrying out {0}; this event is to be retried")]
    Held(String),
    /// The effect itself failed; nothing is known to have happened.
    #[error(transparent)]
    Effect(CallFailed),
    /// The ledger could not be read or written, so that nothing may be done.
    #[error("the ledger is not usable")]
    Ledger(#[source] CallFailed),
}

/// Carries an effect out unless the ledger says it was, and returns its result either way.
///
/// `find` looks for the traces of an earlier try whose end is unknown; an effect that leaves no
/// traces (mail) finds none, and is then done again.
///
/// # Errors
///
/// [`NotDone`]: the effect is under way elsewhere, failed, or the ledger is out of reach.
pub(crate) async fn once<T: Serialize + DeserializeOwned>(
    app: &App,
    key: &RowKey,
    now: Timestamp,
    find: impl AsyncFnOnce() -> Result<Option<T>, CallFailed>,
    act: impl AsyncFnOnce() -> Result<T, CallFailed>,
) -> Result<T, NotDone> {
    let (client, table) = (&app.clients.dynamodb, app.config.ledger_table.as_str());
    let found = match ledger::claim(client, table, key, now).await.map_err(NotDone::Ledger)? {
        Claim::Done(result) => return Ok(result),
        Claim::Held => return Err(NotDone::Held(key.to_string())),
        Claim::Abandoned => find().await.map_err(NotDone::Effect)?,
        Claim::Ours => None,
    };
    let result = match found {
        Some(result) => result,
        None => match act().await {
            Ok(result) => result,
            Err(failure) => {
                if certainly_without_effect(&failure) {
                    ledger::release(client, table, key).await.map_err(NotDone::Ledger)?;
                }
                return Err(NotDone::Effect(failure));
            }
        },
    };
    ledger::settle(client, table, key, &result, now).await.map_err(NotDone::Ledger)?;
    Ok(result)
}

/// Whether the service said no before doing anything; a time-out or a 5xx says nothing.
fn certainly_without_effect(failure: &CallFailed) -> bool {
    failure.is_refused()
        || failure.is_denied()
        || failure.is_throttled()
        || failure.is_not_subscribed()
        || failure.is_already_exists()
}
