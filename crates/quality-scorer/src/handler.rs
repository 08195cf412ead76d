//! The story of one event.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use llmwatch_aws::{CallFailed, chain, messages};
use llmwatch_core::delivery::retry_wait;
use serde_json::{Value, json};

use crate::App;
use crate::event::{self, EventError, Incoming, LogObject, OldSpans, QueueRecord};
use crate::gather::Time;
use crate::object::{self, LateBodies, Outcome, Visit};
use crate::policy::{self, Policy};

/// On which try an object whose bodies have not come is scored without them.
const LAST_WAIT: u32 = 3;

/// How long bodies that are late are waited for: they come up to a minute after their record.
const BODIES_COME: Duration = Duration::from_secs(60);

/// Why an event, or a message of it, was not dealt with; it is sent again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The event is not readable; sending it again ends in the dead-letter queue.
    #[error(transparent)]
    Event(#[from] EventError),
    /// An AWS call failed that the object cannot do without.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// Another invocation is at the object.
    #[error("another invocation is scoring {0}; this message is to be retried")]
    Held(String),
    /// Bodies that records refer to have not come yet.
    #[error(transparent)]
    Late(#[from] LateBodies),
    /// Objects of a backfill could not be scored.
    #[error("{failed} of {all} objects could not be scored, the first: {first}")]
    Backfill {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// Why the first of them.
        first: String,
    },
}

impl Failure {
    /// The failure's name in Lambda's error record.
    fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "MalformedEvent",
            Self::Call(_) => "CallFailed",
            Self::Held(_) => "Held",
            Self::Late(_) => "BodiesLate",
            Self::Backfill { .. } => "BackfillIncomplete",
        }
    }

    /// The whole chain of causes in one line, with the mend where one is known.
    fn explain(&self) -> String {
        match self {
            Self::Call(failure) => failure.explain(),
            Self::Event(_) | Self::Held(_) | Self::Late(_) | Self::Backfill { .. } => chain(self),
        }
    }
}

/// Answers one event: messages of the queue, or a batch of a backfill.
///
/// # Errors
///
/// When the event cannot be read, or objects of a backfill could not be scored. Failed queue
/// messages are reported one by one in the answer instead, so that the others are not sent again.
pub async fn handle(app: &App, event: &Value, now: Timestamp) -> Result<Value, Diagnostic> {
    answer(app, event, now).await.map_err(|failure| Diagnostic {
        error_type: failure.kind().to_owned(),
        error_message: failure.explain(),
    })
}

async fn answer(app: &App, event: &Value, now: Timestamp) -> Result<Value, Failure> {
    let at = (now, Time::starts());
    let incoming = event::incoming(event)?;
    let policy = policy::read(app).await?;
    match incoming {
        Incoming::Queue(records) => Ok(json!({
            "batchItemFailures": Box::pin(failures(app, &policy, records, at)).await,
        })),
        Incoming::Backfill(objects, spans) => {
            Box::pin(backfill(app, &policy, &objects, spans, at)).await
        }
    }
}

async fn failures(
    app: &App,
    policy: &Policy,
    records: Vec<QueueRecord>,
    at: (Timestamp, Time),
) -> Vec<Value> {
    let mut failed = Vec::new();
    for QueueRecord { id, receipt, tries, objects } in records {
        let result = match objects {
            Ok(objects) => message(app, policy, &objects, tries, at).await,
            Err(malformed) => Err(malformed.into()),
        };
        if let Err(failure) = result {
            let wait = match &failure {
                Failure::Late(_) => {
                    tracing::info!(message.id = %id, "{failure}");
                    BODIES_COME
                }
                _ => {
                    tracing::error!(message.id = %id, "message not dealt with: {}", failure.explain());
                    retry_wait(tries)
                }
            };
            retry_after(app, receipt.as_deref(), wait).await;
            failed.push(json!({ "itemIdentifier": id }));
        }
    }
    failed
}

async fn message(
    app: &App,
    policy: &Policy,
    objects: &[LogObject],
    tries: u32,
    at: (Timestamp, Time),
) -> Result<(), Failure> {
    for object in objects {
        let visit = Visit::live(object, tries < LAST_WAIT, at);
        Box::pin(object::score(app, policy, visit)).await?;
    }
    Ok(())
}

/// Brings the next try forward: the queue's own timeout must be many times the function's. When
/// that fails the timeout holds, and nothing is lost.
async fn retry_after(app: &App, receipt: Option<&str>, wait: Duration) {
    let Some(receipt) = receipt else { return };
    let (client, queue) = (&app.clients.sqs, &app.config.queue_url);
    if let Err(failure) = messages::retry_after(client, queue, receipt, wait).await {
        tracing::warn!("the retry comes later than it could: {}", failure.explain());
    }
}

/// Scores objects that were there before, and says what became of them.
async fn backfill(
    app: &App,
    policy: &Policy,
    objects: &[LogObject],
    spans: OldSpans,
    at: (Timestamp, Time),
) -> Result<Value, Failure> {
    let (mut scored, mut records, mut too_old, mut left_alone) = (0, 0, 0, 0);
    let mut problems = Vec::new();
    for object in objects {
        match Box::pin(object::score(app, policy, Visit::backfill(object, spans, at))).await {
            Ok(Outcome::Scored(counts)) => {
                scored += 1;
                records += counts.records;
                too_old += counts.too_old;
            }
            Ok(Outcome::ScoredBefore | Outcome::NoLog | Outcome::Gone) => left_alone += 1,
            Err(failure) => {
                let problem = failure.explain();
                tracing::error!(object.key = %object.key, "object not scored: {problem}");
                problems.push(problem);
            }
        }
    }
    match problems.first() {
        // Those that were scored are not scored again when the batch is.
        Some(first) => Err(Failure::Backfill {
            failed: problems.len(),
            all: objects.len(),
            first: first.clone(),
        }),
        None => Ok(json!({
            "objects_scored": scored,
            "objects_left_alone": left_alone,
            "records": records,
            "records_too_old_for_metrics": too_old,
        })),
    }
}
