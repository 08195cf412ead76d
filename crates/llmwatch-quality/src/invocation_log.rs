//! Records of Bedrock's model-invocation log.
//!
//! A log object has one record a line. The envelope tells who called which model when and how it went;
//! the bodies, which the record may hold, point to, or lack, are read by their shape. Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>, read
//! 2026-11-22, and captured records; what of `test_data` is real says its SOURCES file.

use std::collections::BTreeMap;

use crate::body::{self, Answer, Question, Shape};
use crate::content::{self, Side};
use crate::exchange::{Content, Exchange, TokenCounts};
use crate::json::{self, Json};
use crate::skipped::Skipped;
use crate::timestamp;

/// Where the model of a record that names none is counted.
const UNKNOWN: &str = "unknown";

/// Reads a record: a line of a log object.
///
/// The call counts even where its bodies are missing, lie [elsewhere](Content::Elsewhere) or have a
/// [shape we do not know](Content::Unknown).
///
/// # Errors
///
/// [`Skipped`] where the line is not a record, or cannot be dated.
pub fn read(line: &str) -> Result<Exchange, Skipped> {
    json::read(line, of_json).map_err(Skipped::from)?
}

/// Whether a JSON value is such a record.
pub(crate) fn is_record(record: &Json<'_>) -> bool {
    record.str("schemaType") == Some("ModelInvocationLog")
        || (record.has("modelId") && (record.has("requestId") || record.has("operation")))
}

/// Reads a record that is JSON already.
pub(crate) fn of_json(record: &Json<'_>) -> Result<Exchange, Skipped> {
    if !is_record(record) {
        return Err(Skipped::NotARecord);
    }
    let text = |key: &str| record.str(key).map(str::to_owned);
    let at = record.get("timestamp").and_then(timestamp::read);
    let mut exchange = Exchange {
        request_id: text("requestId").unwrap_or_default(),
        at: at.ok_or(Skipped::NoTimestamp)?,
        account: text("accountId"),
        region: text("region"),
        inference_region: text("inferenceRegion"),
        operation: text("operation").unwrap_or_else(|| UNKNOWN.to_owned()),
        model: text("modelId").unwrap_or_else(|| UNKNOWN.to_owned()),
        inference_component: None,
        caller: record.at(&["identity", "arn"]).and_then(Json::as_str).map(str::to_owned),
        request_metadata: request_metadata(record),
        error_code: text("errorCode").filter(|code| !code.is_empty()),
        content: Content::NotLogged,
        tokens: tokens(record),
        latency_ms: None,
        time_to_first_token_ms: None,
        guardrail: None,
    };
    content::put(&mut exchange, input(record), output(record));
    Ok(exchange)
}

/// Adds the bodies of objects of their own to an exchange that says [`Content::Elsewhere`].
///
/// A body is the text of such an object, unpacked: one JSON value, the list of a stream's chunks, or
/// chunks one after another. `None` where it could not be had, or is in the record. What is still
/// missing stays [`Content::Elsewhere`]; a body in no known shape makes it [`Content::Unknown`].
#[must_use]
pub fn complete(mut exchange: Exchange, input: Option<&str>, output: Option<&str>) -> Exchange {
    let input = fetched(input, "inputBodyJson", body::question);
    let output = fetched(output, "outputBodyJson", body::answer);
    content::complete(&mut exchange, input, output);
    exchange
}

/// Reads a body that was fetched; some objects have it under the name it has in a record.
fn fetched<T: Default>(
    text: Option<&str>,
    name: &str,
    read: fn(&Json<'_>) -> (Shape, T),
) -> Side<T> {
    let Some(text) = text else { return Side::Absent };
    let read = body::with_body(text, |body| {
        let side = name.strip_suffix("BodyJson").unwrap_or(name);
        read(body.get(name).or_else(|| body.at(&[side, name])).unwrap_or(body))
    });
    let (shape, body) = read.unwrap_or_else(|_| (Shape::Unknown, T::default()));
    Side::Here(shape, body)
}

fn input(record: &Json<'_>) -> Side<Question> {
    side(record.get("input"), "inputBodyJson", "inputBodyS3Path", body::question)
}

fn output(record: &Json<'_>) -> Side<Answer> {
    side(record.get("output"), "outputBodyJson", "outputBodyS3Path", body::answer)
}

fn side<T>(
    side: Option<&Json<'_>>,
    body: &str,
    path: &str,
    read: fn(&Json<'_>) -> (Shape, T),
) -> Side<T> {
    let Some(side) = side else { return Side::Absent };
    if let Some(body) = side.get(body) {
        let (shape, body) = read(body);
        Side::Here(shape, body)
    } else if let Some(path) = side.str(path) {
        Side::Elsewhere(path.to_owned())
    } else {
        Side::Absent
    }
}

/// The envelope's counts; older records have none of caches.
fn tokens(record: &Json<'_>) -> TokenCounts {
    let input = record.get("input").map(body::counts).unwrap_or_default();
    let output = record.get("output").map(body::counts).unwrap_or_default();
    TokenCounts { output: output.output, ..input }
}

fn request_metadata(record: &Json<'_>) -> BTreeMap<String, String> {
    let members = record.get("requestMetadata").map(Json::members).unwrap_or_default();
    let text = |value: &Json<'_>| value.as_str().map_or_else(|| value.to_text(), str::to_owned);
    members.iter().map(|(key, value)| (key.to_string(), text(value))).collect()
}

#[cfg(test)]
mod tests;
