//! What an alarm's change does to its pool's episode, and the end of an episode.

use std::time::Duration;

use jiff::Timestamp;
use llmwatch_aws::ledger::{self, Versioned, Written};
use llmwatch_aws::messages;
use llmwatch_core::alarm::name::AlarmName;
use llmwatch_core::episode::{
    self, ChildChange, CompositeChange, Concluded, Episode, EpisodeEvent, EpisodeStep, Muting,
    NoStep, Recovery, Timing, recovery, step,
};
use llmwatch_core::pool::PoolLabel;

use crate::event::AlarmChange;
use crate::gather::Ended;
use crate::handler::Failure;
use crate::once::NotDone;
use crate::queue::QueueMessage;
use crate::{App, gather, ledger_keys, mails};

/// How often a lost race for a row is run again before the event is.
pub(crate) const RACES: u32 = 8;

/// When a recovery that could not be told now is looked at again: no lease lasts until then.
const RECOVERY_RETRY_SECONDS: u32 = 120;

/// Opens, joins, updates or ends the pool's episode by one alarm's change.
///
/// # Errors
///
/// When the ledger, the queue or CloudWatch is out of reach; the event is then to be retried.
pub(crate) async fn alarm_changed(
    app: &App,
    change: &AlarmChange,
    pool: &PoolLabel,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut event = episode_event(change);
    for _ in 0..RACES {
        let latest = read(app, pool).await?;
        let episode = latest.as_ref().map(|latest| &latest.document);
        let step = step(pool, episode, &event, now, timing(app));
        if let Some(episode) = step.episode()
            && store(app, latest.as_ref(), episode, now).await? == Written::Conflict
        {
            continue;
        }
        if step != EpisodeStep::ResolveChildren {
            return take(app, change, episode, step, now).await;
        }
        let children = gather::firing_children(app, pool).await?;
        if children.is_empty() {
            tracing::info!(%pool, alarm.arn = %change.arn, "nothing to do: no alarm fires any more");
            return resend_if_lost(app, episode, change).await;
        }
        event = composite_event(change, children);
    }
    Err(Failure::Contended(pool.clone()))
}

/// What is left of a step once its episode is stored; `before` is the episode as it was.
async fn take(
    app: &App,
    change: &AlarmChange,
    before: Option<&Episode>,
    step: EpisodeStep,
    now: Timestamp,
) -> Result<(), Failure> {
    match step {
        EpisodeStep::Open { episode, settle_after_seconds: after_seconds }
        | EpisodeStep::EnqueueUpdate { episode, after_seconds } => {
            tracing::info!(episode = %episode.id, alarm.arn = %change.arn, "a decision is due");
            send_settle(app, &episode, after_seconds).await
        }
        EpisodeStep::CheckRecovery { episode } => end_now_or_later(app, &episode, now).await,
        EpisodeStep::Nothing(NoStep::AlreadyKnown) => resend_if_lost(app, before, change).await,
        EpisodeStep::Join { .. } => {
            tracing::info!(alarm.arn = %change.arn, "noted: the decision on its way covers it");
            Ok(())
        }
        EpisodeStep::RecordMuted { .. }
        | EpisodeStep::ResolveChildren
        | EpisodeStep::Nothing(
            NoStep::InsufficientData | NoStep::NoOpenEpisode | NoStep::FromEndedEpisode,
        ) => {
            tracing::info!(alarm.arn = %change.arn, "nothing to do: {}", change.state);
            Ok(())
        }
    }
}

/// Ends the episode if it is over; where that cannot be told now, a message asks again.
///
/// A child's event and the composite's come at the same time when the last child recovers, and one
/// of them finds the other at the mail.
async fn end_now_or_later(app: &App, episode: &Episode, now: Timestamp) -> Result<(), Failure> {
    match end_if_recovered(app, &episode.pool, now).await {
        Err(Failure::NotDone(NotDone::Held(_)) | Failure::ChildrenUnknown(_)) => {
            send_settle(app, episode, RECOVERY_RETRY_SECONDS).await
        }
        ended => ended,
    }
}

/// Sends the one recovery note and ends the episode, if every child is OK.
///
/// # Errors
///
/// When the children cannot be read, the mail cannot be sent, or the ledger is out of reach.
pub(crate) async fn end_if_recovered(
    app: &App,
    pool: &PoolLabel,
    now: Timestamp,
) -> Result<(), Failure> {
    let (live, parameters) = gather::first_round(app, pool).await;
    for _ in 0..RACES {
        let Some(latest) = read(app, pool).await? else { return Ok(()) };
        match recovery(&latest.document, &live) {
            Recovery::Recovered { episode, firing, duration } => {
                let ended = Ended { episode: &episode, firing: &firing, duration };
                mails::recovery(app, ended, &parameters, now).await?;
                if store(app, Some(&latest), &episode, now).await? == Written::Yes {
                    tracing::info!(%pool, episode = %episode.id, "the episode of {pool} ended");
                    return Ok(());
                }
            }
            Recovery::NotYet | Recovery::NotNotified | Recovery::AlreadyEnded => return Ok(()),
            Recovery::Unknown(why) => return Err(Failure::ChildrenUnknown(why)),
        }
    }
    Err(Failure::Contended(pool.clone()))
}

/// The pool's latest episode with the version to write it by.
///
/// # Errors
///
/// When the ledger is out of reach.
pub(crate) async fn read(
    app: &App,
    pool: &PoolLabel,
) -> Result<Option<Versioned<Episode>>, Failure> {
    let key = ledger_keys::episode(pool);
    Ok(ledger::read(&app.clients.dynamodb, &app.config.ledger_table, &key).await?)
}

/// Stores an episode if nobody else did since `latest` was read; writes nothing if it is the same.
///
/// # Errors
///
/// When the ledger is out of reach.
pub(crate) async fn store(
    app: &App,
    latest: Option<&Versioned<Episode>>,
    episode: &Episode,
    now: Timestamp,
) -> Result<Written, Failure> {
    if latest.is_some_and(|latest| latest.document == *episode) {
        return Ok(Written::Yes);
    }
    let version = latest.map_or(0, |latest| latest.version);
    let key = ledger_keys::episode(&episode.pool);
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    Ok(ledger::write(client, table, &key, episode, version, now).await?)
}

/// Records that a decision was carried out, on top of whatever joined meanwhile, and has an update
/// made of that. One that is not finished is gone on with when its parked message is sent again.
///
/// # Errors
///
/// When the ledger or the queue is out of reach, or every race for the row was lost.
pub(crate) async fn conclude(
    app: &App,
    decided: &Episode,
    is_finished: bool,
    now: Timestamp,
) -> Result<Episode, Failure> {
    for _ in 0..RACES {
        let latest = read(app, &decided.pool).await?;
        let Some(latest) = latest.filter(|latest| latest.document.id == decided.id) else {
            return Ok(decided.clone());
        };
        let mut concluded = episode::conclude(&latest.document, decided, now, timing(app));
        if !is_finished {
            concluded = concluded.unfinished(decided);
        }
        let Concluded { episode, update_after_seconds } = concluded;
        if store(app, Some(&latest), &episode, now).await? == Written::Yes {
            if let Some(after_seconds) = update_after_seconds {
                send_settle(app, &episode, after_seconds).await?;
            }
            return Ok(episode);
        }
    }
    Err(Failure::Contended(decided.pool.clone()))
}

/// The times the episode machine works with.
pub(crate) fn timing(app: &App) -> Timing {
    Timing::settling_for(u32::try_from(app.config.settle.as_secs()).unwrap_or(u32::MAX))
}

/// Sends the message that has the episode decided about.
///
/// # Errors
///
/// When the queue is out of reach.
pub(crate) async fn send_settle(
    app: &App,
    episode: &Episode,
    after_seconds: u32,
) -> Result<(), Failure> {
    let message = QueueMessage::Settle { pool: episode.pool.clone(), episode: episode.id.clone() };
    let delay = Duration::from_secs(u64::from(after_seconds));
    messages::send(&app.clients.sqs, &app.config.queue_url, &message, delay).await?;
    Ok(())
}

/// Sends an event's message again when the event is redelivered: the first try may have stored the
/// episode and ended before the message was sent.
async fn resend_if_lost(
    app: &App,
    episode: Option<&Episode>,
    change: &AlarmChange,
) -> Result<(), Failure> {
    match episode.filter(|episode| owes_a_message(episode, change)) {
        Some(episode) => send_settle(app, episode, timing(app).settle_seconds).await,
        None => Ok(()),
    }
}

/// Whether this event is the one whose message the episode still waits for.
fn owes_a_message(episode: &Episode, change: &AlarmChange) -> bool {
    let opened_it = episode.notified_at.is_none() && episode.opened_by == change.arn;
    let joined_it = match &change.name {
        AlarmName::Child(kind, _) => {
            episode.update_due_at.is_some() && episode.unreported().contains(kind)
        }
        AlarmName::Composite(_) | AlarmName::Quality(_) | AlarmName::Component(_) => false,
    };
    opened_it || joined_it
}

fn episode_event(change: &AlarmChange) -> EpisodeEvent {
    match &change.name {
        AlarmName::Child(kind, _) => EpisodeEvent::Child(ChildChange {
            kind: *kind,
            arn: change.arn.clone(),
            state: change.state,
            at: change.at,
            reason: change.reason.clone(),
            value: change.value,
            threshold: change.threshold,
            muting: if change.muted { Muting::Muted } else { Muting::Audible },
        }),
        AlarmName::Composite(_) | AlarmName::Quality(_) | AlarmName::Component(_) => {
            composite_event(change, Vec::new())
        }
    }
}

fn composite_event(change: &AlarmChange, children: Vec<ChildChange>) -> EpisodeEvent {
    EpisodeEvent::Composite(CompositeChange {
        arn: change.arn.clone(),
        state: change.state,
        at: change.at,
        children,
    })
}
