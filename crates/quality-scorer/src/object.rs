//! The story of one log object: from its bytes to call records and published scores.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use llmwatch_aws::ledger::{self, Claim, RowKey};
use llmwatch_aws::objects::{self, ObjectBytes, ObjectFacts};
use llmwatch_core::fingerprint::fingerprint;
use llmwatch_quality::call_record::{CallRecord, JudgedBy, Parts};
use llmwatch_quality::data_capture::Origin;
use llmwatch_quality::evidence::Reading;
use llmwatch_quality::exchange::{Content, Exchange};
use llmwatch_quality::key::{self, Kind};
use llmwatch_quality::metrics::METRICS;
use llmwatch_quality::ours;
use llmwatch_quality::publish::{Purpose, Scored, Scores, Subject};
use llmwatch_quality::score_card;
use llmwatch_quality::skipped::Skipped;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::carry_out::{self, CallRecords, Spans};
use crate::event::{LogObject, OldSpans};
use crate::gather::{
    self, Batch, Bodies, Gathering, Judge, Looked, Records, Source, Time, Troubles,
};
use crate::handler::Failure;
use crate::policy::Policy;

/// How long an object, or a chunk of its scores, is kept from others: longer than the function may
/// run (300 s).
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(330);

/// Why a record that has its bodies elsewhere is counted as skipped.
const BODY_MISSING: &str = "body_missing";

/// A look at one object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    object: &'a LogObject,
    purpose: Purpose,
    /// Whether bodies that have not come may be waited for.
    may_wait: bool,
    /// Whether spans are sent, where there is a backend for them.
    sends_spans: bool,
    now: Timestamp,
    /// How long it may take, with the invocation's other objects.
    time: Time,
}

impl<'a> Visit<'a> {
    /// An object that has just been written.
    pub(crate) fn live(
        object: &'a LogObject,
        may_wait: bool,
        (now, time): (Timestamp, Time),
    ) -> Self {
        Self { object, purpose: Purpose::Live, may_wait, sends_spans: true, now, time }
    }

    /// An object that was there before.
    pub(crate) fn backfill(
        object: &'a LogObject,
        spans: OldSpans,
        (now, time): (Timestamp, Time),
    ) -> Self {
        let sends_spans = spans == OldSpans::Sent;
        Self { object, purpose: Purpose::Backfill, may_wait: false, sends_spans, now, time }
    }
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its records are written and its scores published.
    Scored(Counts),
    /// That was done before.
    ScoredBefore,
    /// Its key says that it holds no records.
    NoLog,
    /// It is not there any more.
    Gone,
}

/// What an object held; kept in the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Calls, without our own.
    pub records: u64,
    /// Calls too old for CloudWatch.
    pub too_old: u64,
    /// Chunks of scores that were sent, or may have been.
    pub chunks: u32,
}

/// Bodies that records refer to have not come.
#[derive(Debug, thiserror::Error)]
#[error("bodies of {0} have not come yet; it is looked at again")]
pub(crate) struct LateBodies(String);

/// Scores an object once, however often it is delivered.
///
/// # Errors
///
/// When the object, its bodies or the ledger cannot be read, or its results cannot be written:
/// nothing is published then, or only numbered chunks that are not sent again.
pub(crate) async fn score(
    app: &App,
    policy: &Policy,
    visit: Visit<'_>,
) -> Result<Outcome, Failure> {
    let LogObject { bucket, key } = visit.object;
    let source = match key::kind(key) {
        Kind::InvocationLog => Source::InvocationLog,
        Kind::Capture { endpoint, .. } => Source::Capture(Origin {
            endpoint,
            inference_component: policy.components.component(key),
        }),
        Kind::Body | Kind::PermissionCheck | Kind::Other => return Ok(Outcome::NoLog),
    };
    let Some(bytes) = objects::open(&app.clients.s3, bucket, key).await? else {
        tracing::info!(object.key = %key, "left alone: the object is gone");
        return Ok(Outcome::Gone);
    };
    let (client, table) = (&app.clients.dynamodb, app.config.ledger_table.as_str());
    let row = row(bucket, bytes.facts());
    match ledger::claim_for::<Counts>(client, table, &row, LEASE, visit.now).await? {
        Claim::Done(_) => return Ok(Outcome::ScoredBefore),
        Claim::Held => return Err(Failure::Held(key.clone())),
        // What an abandoned try published has its own rows.
        Claim::Abandoned | Claim::Ours => {}
    }
    match scored(app, policy, visit, &row, source, bytes).await {
        Ok(counts) => {
            ledger::settle(client, table, &row, &counts, visit.now).await?;
            Ok(Outcome::Scored(counts))
        }
        Err(failure) => {
            // The next try need not wait for the lease.
            ledger::release(client, table, &row).await?;
            Err(failure)
        }
    }
}

/// The object by bucket, key and content: the same object written anew is another one.
fn row(bucket: &str, facts: &ObjectFacts) -> RowKey {
    let print = fingerprint(&[bucket, &facts.key, &facts.etag]);
    RowKey { pk: format!("log-object#{print}"), sk: "scoring".to_owned() }
}

async fn scored(
    app: &App,
    policy: &Policy,
    visit: Visit<'_>,
    row: &RowKey,
    source: Source<'_>,
    bytes: ObjectBytes,
) -> Result<Counts, Failure> {
    let began = Instant::now();
    // What tells no time of its own is counted when its object was written.
    let written_at = bytes.facts().last_modified.unwrap_or(visit.now);
    let troubles = Troubles::default();
    let judge =
        policy.judge.as_ref().map(|settings| Judge::new(app, settings, &troubles, visit.now));
    let mut work = Work {
        app,
        policy,
        visit,
        written_at,
        scores: Scores::default(),
        call_records: CallRecords::of(app, visit.object, &bytes.facts().etag, written_at),
        spans: visit.sends_spans.then(|| Spans::of(app, row)).flatten(),
        judge: judge.as_ref(),
        troubles: &troubles,
        records: 0,
    };
    let mut records = Records::of(bytes, source);
    while let Some(batch) = records.next_batch().await? {
        work.take(batch).await?;
    }
    let Work { scores, call_records, spans, records, .. } = work;
    troubles.tell(&visit.object.key);
    call_records.finish().await?;
    let spans_failed = match spans {
        Some(spans) => spans.finish().await,
        None => 0,
    };
    let run = carry_out::RunOf {
        purpose: visit.purpose,
        took: began.elapsed(),
        spans_failed,
        judge: judge.as_ref().map(Judge::run),
        now: visit.now,
    };
    let chunks = carry_out::publish(app, row, &scores, &run).await?;
    Ok(Counts { records, too_old: scores.refused(visit.now), chunks })
}

/// An object that is being scored.
struct Work<'a> {
    app: &'a App,
    policy: &'a Policy,
    visit: Visit<'a>,
    written_at: Timestamp,
    scores: Scores,
    call_records: CallRecords<'a>,
    spans: Option<Spans<'a>>,
    judge: Option<&'a Judge<'a>>,
    troubles: &'a Troubles,
    records: u64,
}

impl Work<'_> {
    async fn take(&mut self, batch: Batch) -> Result<(), Failure> {
        for (skipped, records) in &batch.skipped {
            self.scores.skip(self.written_at, skipped.word(), *records);
        }
        let mut exchanges = Vec::with_capacity(batch.exchanges.len());
        for exchange in batch.exchanges {
            if ours::is_ours(&exchange, &self.app.config.role_arn).is_some() {
                self.scores.skip(exchange.at, ours::SKIPPED, 1);
            } else {
                exchanges.push(self.completed(exchange).await?);
            }
        }
        self.records += exchanges.len() as u64;
        let Self { app, policy, judge, troubles, .. } = *self;
        let gathering = Gathering { app, policy, judge, troubles, time: self.visit.time };
        for looked in gather::of_batch(gathering, &exchanges).await {
            self.add(&looked).await?;
        }
        Ok(())
    }

    async fn add(&mut self, looked: &Looked<'_>) -> Result<(), Failure> {
        let exchange = looked.evidence.exchange;
        let mut card = score_card::score(&looked.evidence, METRICS);
        for metric in METRICS.iter().filter(|metric| looked.out_of_sample.contains(&metric.needs()))
        {
            card.keep_from_cloudwatch(metric.metric());
        }
        self.scores.add(Scored {
            subject: &Subject::of(exchange),
            at: exchange.at,
            card: &card,
            findings: Some(&looked.texts.findings),
        });
        let was_judged = matches!(looked.evidence.judgement, Reading::Found(_));
        let judge = self.judge.filter(|_| was_judged);
        let judged_by =
            judge.map(|judge| JudgedBy { model: judge.model(), rubric: judge.rubric() });
        let parts = Parts { exchange, card: &card, texts: &looked.texts, judged_by };
        let record = CallRecord::of(parts);
        self.call_records.push(&record).await?;
        if let Some(spans) = &mut self.spans {
            spans.push(&record).await;
        }
        Ok(())
    }

    /// The exchange with its bodies. The call counts whatever became of them.
    async fn completed(&mut self, exchange: Exchange) -> Result<Exchange, Failure> {
        let (exchange, problem) = match gather::complete(&self.app.clients.s3, exchange).await? {
            Bodies::Complete(exchange) if exchange.content == Content::Unknown => {
                (exchange, Some(Skipped::UnknownBody.word()))
            }
            Bodies::Complete(exchange) => (exchange, None),
            Bodies::Broken(exchange, problem) => (exchange, Some(problem.word())),
            Bodies::Missing(_) if self.visit.may_wait => {
                return Err(LateBodies(self.visit.object.key.clone()).into());
            }
            Bodies::Missing(exchange) => (exchange, Some(BODY_MISSING)),
        };
        if let Some(problem) = problem {
            self.scores.skip(exchange.at, problem, 1);
        }
        Ok(exchange)
    }
}
