//! Calls as OpenTelemetry spans, by the semantic conventions for generative AI.
//!
//! One CLIENT span a call: made of its call record, so that nothing is told here that is not kept
//! there, and text in no other mode. Scores are `gen_ai.evaluation.result` events on the span; what
//! the conventions have no name for is under `llmwatch.`. Sending is not here.
//!
//! Sources: <https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs/gen-ai>
//! (`gen-ai-spans.md`, `gen-ai-events.md`, `aws-bedrock.md`; the last release of that repository
//! that holds them: their successor has published development versions only);
//! <https://opentelemetry.io/docs/specs/otlp/>.

mod attributes;
mod batch;
mod ids;
mod names;
mod target;

use llmwatch_core::quality::Metric;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
pub use opentelemetry_proto::tonic::trace::v1::{Span, Status as SpanStatus};

pub use self::batch::{Batches, MAX_REQUEST_BYTES, MAX_REQUEST_SPANS, Request, rejected};
pub use self::target::{Endpoint, Headers, HeadersUnusable};
use crate::call_record::CallRecord;
use crate::series::Series;
use attributes::{Attributes, double, text};

/// The version of the conventions the spans are by.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.1";

/// Scores that say what the span says itself.
const TOLD_BY_THE_SPAN: [Metric; 2] = [Metric::Error, Metric::OutputTokensPerSecond];

/// The span of a call.
///
/// From when the call was made, which Bedrock logs to the second, over its latency; of no length
/// where none is logged. The trace and the parent are those of the request metadata, else the trace
/// is the call's own. Ids depend on the record alone, so that a second delivery is the same span;
/// `place` says where a record stands that has no request id.
#[must_use]
pub fn span(record: &CallRecord, place: &str) -> Span {
    let ids = ids::Ids::of(record, place);
    let start = u64::try_from(record.at.as_nanosecond()).unwrap_or_default();
    let end = start.saturating_add(record.latency_ms.unwrap_or(0).saturating_mul(1_000_000));
    let operation = attributes::operation(record);
    Span {
        trace_id: ids.trace.to_vec(),
        span_id: ids.span.to_vec(),
        parent_span_id: ids.parent.map(Vec::from).unwrap_or_default(),
        name: format!("{} {}", operation.word, record.model),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes: attributes::of_call(record),
        events: evaluations(record, end),
        status: record
            .error_code
            .as_ref()
            .map(|code| SpanStatus { message: code.clone(), code: StatusCode::Error.into() }),
        ..Span::default()
    }
}

/// One event a score. They are dated by the call's end, not by the run: another try is the same.
fn evaluations(record: &CallRecord, at: u64) -> Vec<Event> {
    let told = |series: &Series| TOLD_BY_THE_SPAN.iter().any(|metric| *series == (*metric).into());
    let scores = record.card.scores.iter().filter(|(series, _)| !told(series));
    scores
        .map(|(series, score)| {
            let mut attributes = Attributes::default();
            attributes.put(names::EVALUATION_NAME, text(&series.to_string()));
            attributes.put(names::EVALUATION_SCORE, double(*score));
            Event {
                time_unix_nano: at,
                name: names::EVALUATION_RESULT.to_owned(),
                attributes: attributes.list(),
                ..Event::default()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
