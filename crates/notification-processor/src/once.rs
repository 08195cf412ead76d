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
    /// The effect itself failed, and surely did not happen.
    #[error(transparent)]
    Effect(CallFailed),
    /// The effect was sent, its answer was lost, and no trace of it is to be seen yet.
    #[error(transparent)]
    AnswerLost(CallFailed),
    /// The ledger could not be read or written, so that nothing may be done.
    #[error("the ledger is not usable")]
    Ledger(#[source] CallFailed),
}

/// Carries an effect out unless the ledger says it was, and returns its result either way.
///
/// `find` looks for the traces of a try whose end is unknown, be it an earlier one or this; an
/// effect that leaves no traces (mail) finds none, and is then done again. That this try's traces
/// are not to be seen yet says nothing: lists may lag, and the next try looks again.
///
/// # Errors
///
/// [`NotDone`]: the effect is under way elsewhere, failed, or the ledger is out of reach.
pub(crate) async fn once<T: Serialize + DeserializeOwned>(
    app: &App,
    key: &RowKey,
    now: Timestamp,
    find: impl AsyncFn() -> Result<Option<T>, CallFailed>,
    act: impl AsyncFnOnce() -> Result<T, CallFailed>,
) -> Result<T, NotDone> {
    let (client, table) = (&app.clients.dynamodb, app.config.ledger_table.as_str());
    let found = match ledger::claim(client, table, key, now).await.map_err(NotDone::Ledger)? {
        Claim::Done(result) => return Ok(result),
        Claim::Held => return Err(NotDone::Held(key.to_string())),
        Claim::Abandoned => find().await.map_err(NotDone::AnswerLost)?,
        Claim::Ours => None,
    };
    let result = match found {
        Some(result) => result,
        None => match act().await {
            Ok(result) => result,
            Err(failure) if failure.may_have_taken_effect() => match find().await {
                Ok(Some(result)) => result,
                Ok(None) => return Err(NotDone::AnswerLost(failure)),
                Err(blind) => {
                    tracing::warn!("no look for what became of {key}: {}", blind.explain());
                    return Err(NotDone::AnswerLost(failure));
                }
            },
            Err(failure) => {
                // A retry need not wait for the lease.
                ledger::release(client, table, key).await.map_err(NotDone::Ledger)?;
                return Err(NotDone::Effect(failure));
            }
        },
    };
    ledger::settle(client, table, key, &result, now).await.map_err(NotDone::Ledger)?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::SignedDuration;
    use llmwatch_aws::messages;

    use super::*;
    use crate::tests::world::World;

    /// One try of an effect: whether it asked for traces, whether it acted, and how it ended.
    struct Try {
        looked: bool,
        acted: bool,
        end: Result<String, NotDone>,
    }

    /// Sends a message as an effect; `trace` is what a look finds.
    async fn try_once(world: &World, trace: Option<&str>) -> Try {
        let (looked, mut acted) = (Cell::new(false), false);
        let key = RowKey { pk: "episode#e".into(), sk: "effect#x".into() };
        let app = world.app();
        let now = world.state().now;
        let find = async || {
            looked.set(true);
            Ok(trace.map(str::to_owned))
        };
        let act = async || {
            acted = true;
            messages::send(&app.clients.sqs, "queue", &"x", std::time::Duration::ZERO).await?;
            Ok("acted".to_owned())
        };
        let end = once(app, &key, now, find, act).await;
        Try { looked: looked.get(), acted, end }
    }

    fn pass(world: &World, seconds: i64) {
        world.state().now += SignedDuration::from_secs(seconds);
    }

    #[tokio::test]
    async fn an_effect_is_done_once_and_its_result_kept() {
        let world = World::calm();
        assert_eq!(try_once(&world, None).await.end.unwrap(), "acted");
        let again = try_once(&world, None).await;
        assert!(!again.acted && !again.looked);
        assert_eq!(again.end.unwrap(), "acted");
    }

    #[tokio::test]
    async fn an_effect_that_surely_did_not_happen_is_tried_again_at_once() {
        let world = World::calm();
        world.state().refuse("send_message", "AccessDeniedException", 1);
        assert!(matches!(try_once(&world, None).await.end, Err(NotDone::Effect(_))));
        let again = try_once(&world, None).await;
        assert!(again.acted && !again.looked);
    }

    #[tokio::test]
    async fn an_effect_that_may_have_happened_is_looked_for_once_its_lease_is_over() {
        for (trace, acts) in [(Some("found"), false), (None, true)] {
            let world = World::calm();
            world.state().lose_answer("send_message");
            let lost = try_once(&world, None).await;
            assert!(lost.looked && matches!(lost.end, Err(NotDone::AnswerLost(_))));
            pass(&world, ledger::LEASE.as_secs());
            let held = try_once(&world, trace).await;
            assert!(!held.acted && !held.looked);
            assert!(matches!(held.end, Err(NotDone::Held(_))));
            pass(&world, 1);
            let after = try_once(&world, trace).await;
            assert_eq!((after.looked, after.acted), (true, acts));
            assert_eq!(after.end.unwrap(), trace.unwrap_or("acted"));
        }
    }

    #[tokio::test]
    async fn an_effect_that_is_found_right_after_its_answer_was_lost_is_done() {
        let world = World::calm();
        world.state().lose_answer("send_message");
        let lost = try_once(&world, Some("found")).await;
        assert!(lost.acted && lost.looked);
        assert_eq!(lost.end.unwrap(), "found");
        let again = try_once(&world, None).await;
        assert!(!again.acted && !again.looked);
        assert_eq!(again.end.unwrap(), "found");
    }

    #[tokio::test]
    async fn an_effect_whose_result_was_not_written_is_looked_for() {
        let world = World::calm();
        // The claim, then the result.
        world.state().refuse_after(1, "put_item", "InternalServerError");
        let first = try_once(&world, None).await;
        assert!(first.acted && matches!(first.end, Err(NotDone::Ledger(_))));
        pass(&world, ledger::LEASE.as_secs() + 1);
        let second = try_once(&world, Some("found")).await;
        assert!(!second.acted);
        assert_eq!(second.end.unwrap(), "found");
    }

    #[tokio::test]
    async fn nothing_is_done_without_the_ledger() {
        let world = World::calm();
        world.state().refuse("put_item", "InternalServerError", 1);
        let first = try_once(&world, None).await;
        assert!(!first.acted && matches!(first.end, Err(NotDone::Ledger(_))));
    }
}
