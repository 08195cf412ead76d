//! Made-up invocation logs, as Bedrock would deliver them: support agents' questions to two models.
//!
//! Nothing is random: the same minutes give the same records on every run, but for their ids'
//! stack. The record's shape is that of a Converse call in Bedrock's log
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>).

mod talk;

use std::fmt::Display;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::aws_call::{ACCOUNT, REGION};
use talk::{REFUSALS, TALK};

/// Calls of each model a minute: an alarm wants 20 scores in a quarter of an hour.
const CALLS_A_MINUTE: usize = 3;

/// How long Bedrock collects records for one object here.
const MINUTES_AN_OBJECT: i64 = 15;

/// What a model does with what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It answers; one call in forty fails.
    Answers,
    /// It refuses four of five.
    Refuses,
}

/// A log object: its key below the log bucket, and its content.
#[derive(Debug, Clone)]
pub struct LogObject {
    /// Where it lies.
    pub key: String,
    /// How many records it has.
    pub records: usize,
    /// Its bytes, packed.
    pub content: Vec<u8>,
}

/// The log objects of a model's calls in these minutes before a whole minute, oldest first.
#[must_use]
pub fn log_objects(
    model_id: &str,
    mood: Mood,
    minutes_before: std::ops::Range<i64>,
    now: Timestamp,
) -> Vec<LogObject> {
    let mut objects = Vec::new();
    let mut oldest = minutes_before.end;
    while oldest > minutes_before.start {
        let youngest = (oldest - MINUTES_AN_OBJECT).max(minutes_before.start);
        let lines: Vec<String> = (youngest..oldest)
            .rev()
            .flat_map(|minute| calls_of_a_minute(model_id, mood, minute, now))
            .collect();
        let delivered = now - SignedDuration::from_mins(youngest);
        let name = format!("{}-{youngest}", model_id.replace(':', "-"));
        objects.push(LogObject {
            key: object_key(delivered, &name),
            records: lines.len(),
            content: packed(&lines),
        });
        oldest = youngest;
    }
    objects
}

/// The key of a log object that was delivered at a time.
#[must_use]
pub fn object_key(delivered: Timestamp, name: &str) -> String {
    let hour = delivered.strftime("%Y/%m/%d/%H");
    format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/{hour}/{name}.json.gz")
}

/// Lines as one packed object.
///
/// # Panics
///
/// Never: writing to memory does not fail.
#[must_use]
#[expect(clippy::unwrap_used, reason = "writing to memory does not fail")]
pub fn packed(lines: &[impl Display]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        writeln!(encoder, "{line}").unwrap();
    }
    encoder.finish().unwrap()
}

fn calls_of_a_minute(model_id: &str, mood: Mood, minute: i64, now: Timestamp) -> Vec<String> {
    let number = |call: usize| usize::try_from(minute).unwrap_or(0) * CALLS_A_MINUTE + call;
    (0..CALLS_A_MINUTE)
        .map(|call| {
            let seconds = i64::try_from(call * 60 / CALLS_A_MINUTE).unwrap_or(0);
            let at = now - SignedDuration::from_secs(minute * 60 - seconds);
            one_call(model_id, mood, number(call), at).to_string()
        })
        .collect()
}

fn one_call(model_id: &str, mood: Mood, number: usize, at: Timestamp) -> Value {
    let (question, answer) = TALK[number % TALK.len()];
    let refuses = mood == Mood::Refuses && !number.is_multiple_of(5);
    let answer = if refuses { REFUSALS[number % REFUSALS.len()] } else { answer };
    let (input, output) = (tokens(question) + 900, tokens(answer));
    let mut record = json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "accountId": ACCOUNT,
        "region": REGION,
        "requestId": request_id(model_id, at, number),
        "operation": "Converse",
        "modelId": model_id,
        "identity": { "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/support-desk/web") },
        "requestMetadata": { "team": "support", "release": "2026.11" },
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {
                "system": [{ "text": "You help the customers of a shop for bicycles." }],
                "messages": [{ "role": "user", "content": [{ "text": question }] }],
            },
            "inputTokenCount": input,
        },
    });
    if mood == Mood::Answers && number % 40 == 7 {
        record["errorCode"] = Value::from("ThrottlingException");
        return record;
    }
    record["output"] = json!({
        "outputContentType": "application/json",
        "outputBodyJson": {
            "output": { "message": { "role": "assistant", "content": [{ "text": answer }] } },
            "stopReason": "end_turn",
            "metrics": { "latencyMs": 400 + output * 12 },
            "usage": { "inputTokens": input, "outputTokens": output, "totalTokens": input + output },
        },
        "outputTokenCount": output,
    });
    record
}

/// About as many tokens as such a text has.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// An id in the form of Bedrock's, the same for the same call.
fn request_id(model_id: &str, at: Timestamp, number: usize) -> String {
    let model: u32 = model_id.bytes().fold(7, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    format!("{model:08x}-0000-4000-8000-{:012x}", at.as_second() * 10 + number as i64 % 10)
}
