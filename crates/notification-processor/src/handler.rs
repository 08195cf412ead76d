//! The story of one event.

use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use llmwatch_aws::ledger::Written;
use llmwatch_aws::{CallFailed, chain, messages};
use llmwatch_core::alarm::name::AlarmName;
use llmwatch_core::decision::decide;
use llmwatch_core::delivery::{TRIES, retry_wait};
use llmwatch_core::episode::{EpisodeId, Settled, settle};
use llmwatch_core::ids::InvalidId;
use llmwatch_core::pool::PoolLabel;
use serde_json::{Value, json};

use crate::event::{self, EventError, Incoming, QueueRecord};
use crate::gather::{Due, Parameters};
use crate::once::NotDone;
use crate::queue::QueueMessage;
use crate::{
    App, carry_out, components, digest, episodes, follow_up, forms, gather, mails, quality,
    request_watch,
};

/// Why an event was not dealt with; Lambda or SQS sends it again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The event is not readable; sending it again ends in the dead-letter queue.
    #[error(transparent)]
    Event(#[from] EventError),
    /// An AWS call failed that the event cannot do without.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// An effect could not be carried out or recorded.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    /// An ARN, of an alarm or of the alerts topic, has no account in it.
    #[error("the ARN {0:?} names no account")]
    AlarmArn(String, #[source] InvalidId),
    /// Others kept writing the episode's row.
    #[error("the episode of {0} is being written by others; this event is to be retried")]
    Contended(PoolLabel),
    /// Others kept writing what was told of an alarm.
    #[error("what was told of alarm {0} is being written by others; this event is to be retried")]
    AlarmContended(String),
    /// Whether the pool has recovered could not be read.
    #[error("the pool's alarms cannot be read: {0}")]
    ChildrenUnknown(String),
    /// The mail is out, but a step of the decision failed or was held back, and is worth another try.
    #[error("told people of it, but a step was not done and is to be retried: {0}")]
    StepToRetry(String),
    /// Some watched requests could not be looked at, or told of.
    #[error("some quota requests could not be looked at or told of: {0}")]
    RequestsToRetry(String),
    /// None of a week's figures could be read, so that there is nothing to tell yet.
    #[error("nothing of the week could be read; this event is to be retried: {0}")]
    WeekUnread(String),
}

impl Failure {
    /// The failure's name in Lambda's error record.
    fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "MalformedEvent",
            Self::Call(_) => "CallFailed",
            Self::NotDone(_) => "NotDone",
            Self::AlarmArn(..) => "MalformedAlarmArn",
            Self::Contended(_) | Self::AlarmContended(_) => "Contended",
            Self::ChildrenUnknown(_) => "AlarmsUnreadable",
            Self::StepToRetry(_) => "StepToRetry",
            Self::RequestsToRetry(_) => "RequestsToRetry",
            Self::WeekUnread(_) => "WeekUnread",
        }
    }
}

/// Answers one event: an alarm's change of state, messages the function sent itself, the hourly look
/// at quota requests, or the weekly digest.
///
/// # Errors
///
/// When an alarm's change, a quota request or the digest could not be dealt with. Failed queue
/// messages are reported one by one in the answer instead, so that the others are not sent again.
pub async fn handle(app: &App, event: &Value, now: Timestamp) -> Result<Value, Diagnostic> {
    answer(app, event, now).await.map_err(|failure| Diagnostic {
        error_type: failure.kind().to_owned(),
        error_message: chain(&failure),
    })
}

async fn answer(app: &App, event: &Value, now: Timestamp) -> Result<Value, Failure> {
    // Boxed here and below, because the state of all the calls is too deep a type to lay out.
    match event::incoming(event, &app.config.prefix)? {
        Incoming::Alarms(changes) => {
            for change in &changes {
                match &change.name {
                    AlarmName::Child(_, pool) | AlarmName::Composite(pool) => {
                        Box::pin(episodes::alarm_changed(app, change, pool, now)).await?;
                    }
                    AlarmName::Quality(alarm) => {
                        Box::pin(quality::alarm_changed(app, change, alarm, now)).await?;
                    }
                    AlarmName::Component(alarm) => {
                        Box::pin(components::alarm_changed(app, change, alarm, now)).await?;
                    }
                }
            }
            Ok(Value::Null)
        }
        Incoming::WatchedRequests => {
            Box::pin(request_watch::look_at_all(app, now)).await?;
            Ok(Value::Null)
        }
        Incoming::Digest { due } => {
            Box::pin(digest::send(app, due.unwrap_or(now), now)).await?;
            Ok(Value::Null)
        }
        Incoming::Queue(records) => Ok(json!({
            "batchItemFailures": Box::pin(failures(app, records, now)).await,
        })),
    }
}

async fn failures(app: &App, records: Vec<QueueRecord>, now: Timestamp) -> Vec<Value> {
    let mut failed = Vec::new();
    for QueueRecord { id, receipt, tries, message } in records {
        let result = match message {
            Ok(QueueMessage::Settle { pool, episode }) => {
                settled(app, &pool, &episode, tries, now).await
            }
            Ok(QueueMessage::FollowUp(due)) => follow_up::look(app, due, now).await,
            Ok(QueueMessage::Publish(due)) => {
                forms::publish(app, &due, now).await.map_err(Failure::from)
            }
            Err(malformed) => Err(malformed.into()),
        };
        if let Err(failure) = result {
            tracing::error!(message.id = %id, "message not dealt with: {}", chain(&failure));
            retry_soon(app, receipt.as_deref(), tries).await;
            failed.push(json!({ "itemIdentifier": id }));
        }
    }
    failed
}

/// Brings the next try forward: the queue's own timeout must be many times the function's, and
/// somebody waits for a mail. When that fails the timeout holds, and nothing is lost.
async fn retry_soon(app: &App, receipt: Option<&str>, tries: u32) {
    let Some(receipt) = receipt else { return };
    let (client, queue) = (&app.clients.sqs, &app.config.queue_url);
    let wait = retry_wait(tries);
    if let Err(failure) = messages::retry_after(client, queue, receipt, wait).await {
        tracing::warn!("the retry comes later than it could: {}", failure.explain());
    }
}

/// An episode has settled, or an update is due: one decision, its effects, one mail.
async fn settled(
    app: &App,
    pool: &PoolLabel,
    id: &EpisodeId,
    tries: u32,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(mut latest) = episodes::read(app, pool).await? else { return Ok(()) };
    if latest.document.id != *id {
        return Ok(());
    }
    let (children, parameters) = gather::first_round(app, pool).await;
    for _ in 0..episodes::RACES {
        match settle(&latest.document, &children, now, episodes::timing(app)) {
            Settled::Decide { episode, firing, occasion } => {
                let due = Due { episode: &episode, firing, occasion };
                return Box::pin(notify(app, due, parameters, tries, now)).await;
            }
            Settled::TooEarly { after_seconds } => {
                return episodes::send_settle(app, &latest.document, after_seconds).await;
            }
            Settled::NothingNew { episode } | Settled::OnlyMuted { episode } => {
                if episodes::store(app, Some(&latest), &episode, now).await? == Written::Yes {
                    tracing::info!(%pool, episode = %episode.id, "nothing to tell");
                    if episode.is_open() && episode.still_firing().is_empty() {
                        episodes::end_if_recovered(app, pool, now).await?;
                    }
                    return Ok(());
                }
            }
        }
        // An alarm may have joined just now, counting on this very message.
        let Some(newer) = episodes::read(app, pool).await? else { return Ok(()) };
        latest = newer;
    }
    Err(Failure::Contended(pool.clone()))
}

async fn notify(
    app: &App,
    due: Due<'_>,
    parameters: Parameters,
    tries: u32,
    now: Timestamp,
) -> Result<(), Failure> {
    let episode = due.episode;
    let gathered = gather::situation(app, due, parameters, now).await?;
    let decision = decide(&gathered.situation);
    let report = carry_out::decision(app, &gathered, &decision).await?;
    let (mailed, followed_up) = futures::join!(
        mails::incident(app, &gathered, &decision, &report.outcomes),
        follow_up::send_all(app, &report.follow_ups, now),
    );
    mailed?;
    followed_up?;
    let steps = report.into_result(&decision);
    // On the last try the episode counts as told, so that its recovery and later alarms are.
    if steps.is_ok() || tries >= TRIES {
        let concluded = episodes::conclude(app, episode, steps.is_ok(), now).await?;
        if episode.still_firing().is_empty() || concluded.still_firing().is_empty() {
            episodes::end_if_recovered(app, &episode.pool, now).await?;
        }
    }
    steps
}
