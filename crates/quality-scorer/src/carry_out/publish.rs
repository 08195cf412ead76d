//! Scores to CloudWatch, in numbered chunks each of which is sent once.
//!
//! CloudWatch adds up whatever it is sent, and has no token by which it would know a second try.
//! Each chunk therefore has a row in the ledger. One whose end is unknown (the function died, or
//! the answer was lost) is not sent again: a chunk too few leaves means as they are, and a chunk too
//! many would count calls twice. It is counted in `ChunksInDoubt`.

use std::time::Duration;

use jiff::Timestamp;
use llmwatch_aws::ledger::{self, Claim, RowKey};
use llmwatch_aws::{CallFailed, metrics};
use llmwatch_quality::publish::{
    Chunk, JudgeRun, MetricDatum, Purpose, RunFacts, Scores, run_chunks,
};

use crate::App;
use crate::handler::Failure;
use crate::object::LEASE;

/// Waits between tries of a chunk that CloudWatch was too busy to take, which takes nothing.
const BUSY: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(800), Duration::from_millis(3200)];

/// What is told of the run itself.
#[derive(Debug, Clone)]
pub(crate) struct RunOf {
    /// Whether calls were just made or long ago.
    pub purpose: Purpose,
    /// How long scoring took.
    pub took: Duration,
    /// Spans that the tracing backend did not take.
    pub spans_failed: u64,
    /// What the judge did, where there is one.
    pub judge: Option<JudgeRun>,
    /// When the run began.
    pub now: Timestamp,
}

/// Sends all chunks that were not sent before, then those about the run itself; gives how many
/// chunks the object has.
///
/// # Errors
///
/// When CloudWatch or the ledger refuses. What was sent is not sent again by the next try.
pub(crate) async fn publish(
    app: &App,
    object: &RowKey,
    scores: &Scores,
    run: &RunOf,
) -> Result<u32, Failure> {
    let chunks = scores.chunks();
    let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    let mut in_doubt = 0;
    for chunk in &chunks {
        in_doubt += u64::from(once(app, object, chunk, run.now).await? == Sent::PerhapsBefore);
    }
    let facts = RunFacts {
        purpose: run.purpose,
        evaluation_ms: run.took.as_secs_f64() * 1000.0,
        chunks_in_doubt: in_doubt,
        spans_failed: run.spans_failed,
        judge: run.judge.clone(),
    };
    for chunk in run_chunks(&facts, scores, run.now, count) {
        once(app, object, &chunk, run.now).await?;
    }
    Ok(count)
}

/// What is known of a chunk's sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// It was sent, now or before.
    Yes,
    /// An earlier try sent it and never heard an answer.
    PerhapsBefore,
}

async fn once(app: &App, object: &RowKey, chunk: &Chunk, now: Timestamp) -> Result<Sent, Failure> {
    let acceptable = chunk.acceptable(now).data;
    if acceptable.is_empty() {
        return Ok(Sent::Yes);
    }
    let (client, table) = (&app.clients.dynamodb, app.config.ledger_table.as_str());
    let row = RowKey { pk: object.pk.clone(), sk: format!("chunk#{:05}", chunk.number) };
    let sent = match ledger::claim_for::<()>(client, table, &row, LEASE, now).await? {
        Claim::Done(()) => return Ok(Sent::Yes),
        Claim::Held => return Err(Failure::Held(row.to_string())),
        Claim::Abandoned => Sent::PerhapsBefore,
        Claim::Ours => {
            if let Err(failure) = send(app, &acceptable).await {
                if failure.is_throttled() || failure.is_refused() || failure.is_denied() {
                    ledger::release(client, table, &row).await?;
                }
                return Err(failure.into());
            }
            Sent::Yes
        }
    };
    ledger::settle(client, table, &row, &(), now).await?;
    Ok(sent)
}

async fn send(app: &App, data: &[&MetricDatum]) -> Result<(), CallFailed> {
    let values: Vec<_> = data.iter().map(|datum| values(datum)).collect();
    let mut waits = BUSY.into_iter();
    loop {
        match metrics::publish_once(&app.clients.cloudwatch, &app.config.namespace, &values).await {
            Err(failure) if failure.is_throttled() => match waits.next() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(failure),
            },
            ended => return ended,
        }
    }
}

fn values(datum: &MetricDatum) -> metrics::Values<'_> {
    let dimensions = datum.dimensions.iter();
    metrics::Values {
        name: &datum.name,
        dimensions: dimensions.map(|(name, value)| (*name, value.as_str())).collect(),
        at: datum.at,
        values: &datum.values,
        unit: datum.unit.word(),
    }
}
