//! The story of one event.

use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use llmwatch_aws::{CallFailed, chain};
use llmwatch_core::decision::decide;
use llmwatch_core::episode::{EpisodeId, Settled, settle};
use llmwatch_core::ids::InvalidId;
use llmwatch_core::pool::PoolLabel;
use serde_json::{Value, json};

use crate::event::{self, EventError, Incoming, QueueRecord};
use crate::once::NotDone;
use crate::queue::QueueMessage;
use crate::{App, carry_out, episodes, follow_up, gather};

/// How often a queue message is tried before it is parked: the queue's `maxReceiveCount`.
///
/// On the last try the episode counts as told, so that its recovery and later alarms are.
pub const TRIES: u32 = 5;

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
    /// An alarm's ARN has no account in it.
    #[error("the alarm's ARN {0:?} is not readable")]
    AlarmArn(String, #[source] InvalidId),
    /// Others kept writing the episode's row.
    #[error("the episode of {0} is being written by others; this event is to be retried")]
    Contended(PoolLabel),
    /// Whether the pool has recovered could not be read.
    #[error("the pool's alarms cannot be read: {0}")]
    ChildrenUnknown(String),
    /// The mail is out, but a step of the decision failed and is worth another try.
    #[error("told people of it, but a step failed and is to be retried: {0}")]
    StepToRetry(String),
}

impl Failure {
    /// The failure's name in Lambda's error record.
    fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "MalformedEvent",
            Self::Call(_) => "CallFailed",
            Self::NotDone(_) => "NotDone",
            Self::AlarmArn(..) => "MalformedAlarmArn",
            Self::Contended(_) => "Contended",
            Self::ChildrenUnknown(_) => "AlarmsUnreadable",
            Self::StepToRetry(_) => "StepToRetry",
        }
    }
}

/// Answers one event: an alarm's change of state, or messages the function sent itself.
///
/// # Errors
///
/// When an alarm's change could not be dealt with. Failed queue messages are reported one by one in
/// the answer instead, so that the others are not sent again.
pub async fn handle(app: &App, event: &Value, now: Timestamp) -> Result<Value, Diagnostic> {
    answer(app, event, now).await.map_err(|failure| Diagnostic {
        error_type: failure.kind().to_owned(),
        error_message: chain(&failure),
    })
}

async fn answer(app: &App, event: &Value, now: Timestamp) -> Result<Value, Failure> {
    match event::incoming(event, &app.config.prefix)? {
        Incoming::Alarms(changes) => {
            for change in &changes {
                episodes::alarm_changed(app, change, now).await?;
            }
            Ok(Value::Null)
        }
        Incoming::Queue(records) => Ok(json!({
            "batchItemFailures": failures(app, records, now).await,
        })),
    }
}

async fn failures(app: &App, records: Vec<QueueRecord>, now: Timestamp) -> Vec<Value> {
    let mut failed = Vec::new();
    for QueueRecord { id, tries, message } in records {
        let result = match message {
            Ok(QueueMessage::Settle { pool, episode }) => {
                settled(app, &pool, &episode, tries, now).await
            }
            Ok(QueueMessage::FollowUp(due)) => follow_up::look(app, due, now).await,
            Err(malformed) => Err(malformed.into()),
        };
        if let Err(failure) = result {
            tracing::error!(message.id = %id, "message not dealt with: {}", chain(&failure));
            failed.push(json!({ "itemIdentifier": id }));
        }
    }
    failed
}

/// An episode has settled, or an update is due: one decision, its effects, one mail.
async fn settled(
    app: &App,
    pool: &PoolLabel,
    id: &EpisodeId,
    tries: u32,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(latest) = episodes::read_episode(app, pool).await? else { return Ok(()) };
    if latest.document.id != *id {
        return Ok(());
    }
    let (children, parameters) = gather::first_round(app, pool).await;
    match settle(&latest.document, &children, now, episodes::timing(app)) {
        Settled::Decide { episode, firing, occasion } => {
            let covered = firing.kinds();
            let gathered =
                gather::situation(app, &episode, firing, occasion, parameters, now).await?;
            let decision = decide(&gathered.situation);
            let report = carry_out::decision(app, &gathered.situation, &decision).await?;
            let joined = episode.unreported();
            carry_out::incident_mail(app, &gathered, &decision, &report, joined).await?;
            let steps = report.into_result();
            if steps.is_ok() || tries >= TRIES {
                episodes::store_notice(app, &episode, &covered, now).await?;
                if episode.still_firing().is_empty() {
                    episodes::end_if_recovered(app, pool, now).await?;
                }
            }
            steps
        }
        Settled::TooEarly { after_seconds } => {
            episodes::send_settle(app, &latest.document, after_seconds).await
        }
        Settled::NothingNew { episode } => {
            episodes::store(app, &episode, latest.version, now).await?;
            Ok(())
        }
        Settled::OnlyMuted { episode } => {
            tracing::info!(%pool, "only muted alarms fired: nothing is sent");
            episodes::store(app, &episode, latest.version, now).await?;
            Ok(())
        }
    }
}
