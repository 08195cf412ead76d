//! What can wake the function, parsed once into types that cannot be wrong.
//!
//! Two routes lead in: S3's notifications through the function's queue, and a backfill's batches of
//! keys from Step Functions.

use llmwatch_core::delivery::{Delivery, deliveries};
use llmwatch_core::excerpt::excerpt;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

/// One invocation's work.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// Queue messages, each to be answered on its own.
    Queue(Vec<QueueRecord>),
    /// Objects that were there before, to be counted in the answer.
    Backfill(Vec<LogObject>, OldSpans),
}

/// Whether spans of calls made long ago are sent too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OldSpans {
    /// Nobody asked for them: a backend bills what it takes.
    Kept,
    /// Whoever started the backfill asked for them.
    Sent,
}

/// One queue message.
#[derive(Debug, PartialEq)]
pub(crate) struct QueueRecord {
    /// SQS's id of the message, by which its failure is reported.
    pub id: String,
    /// The handle by which its next delivery is put off; absent in a hand-made event.
    pub receipt: Option<String>,
    /// How often it has been received, this time included.
    pub tries: u32,
    /// The objects it tells of, or why it cannot be read.
    pub objects: Result<Vec<LogObject>, EventError>,
}

/// An object that may hold records of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogObject {
    /// The bucket.
    pub bucket: String,
    /// The key as it is, no longer percent-encoded.
    pub key: String,
}

/// An event the function cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EventError {
    /// The event comes from none of the function's triggers.
    #[error(
        "the event is from none of the triggers (SQS with S3 notifications, \
         {{\"backfill\": {{\"bucket\": …, \"keys\": […]}}}}): {0}"
    )]
    UnknownSource(String),
    /// A member is absent or has another type.
    #[error("{place} is not readable: {problem}; send the event as AWS shapes it")]
    Malformed {
        /// Where in the event.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// Reads an invocation's event.
///
/// # Errors
///
/// When the event's source is unknown or a member is missing or malformed; the message names it.
pub(crate) fn incoming(event: &Value) -> Result<Incoming, EventError> {
    if event.get("backfill").is_some() {
        let Backfill { backfill: Batch { bucket, keys, asked } } =
            typed(event, "the backfill's event")?;
        let spans = if asked.spans { OldSpans::Sent } else { OldSpans::Kept };
        let object = |key| LogObject { bucket: bucket.clone(), key };
        return Ok(Incoming::Backfill(keys.into_iter().map(object).collect(), spans));
    }
    match event.pointer("/Records/0/eventSource").and_then(Value::as_str) {
        Some("aws:sqs") => queue_records(event).map(Incoming::Queue),
        source => {
            Err(EventError::UnknownSource(excerpt(source.unwrap_or("no eventSource member"))))
        }
    }
}

/// Why an event, or messages in it, cannot be read; none when all of it can.
#[must_use]
pub fn refusals(event: &Value) -> Vec<String> {
    match incoming(event) {
        Ok(Incoming::Backfill(..)) => Vec::new(),
        Ok(Incoming::Queue(records)) => {
            let refusal = |record: QueueRecord| Some(record.objects.err()?.to_string());
            records.into_iter().filter_map(refusal).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

#[derive(Deserialize)]
struct Backfill {
    backfill: Batch,
}

#[derive(Deserialize)]
struct Batch {
    bucket: String,
    keys: Vec<String>,
    #[serde(default)]
    asked: Asked,
}

/// What whoever started the backfill gave to it, as far as it is not in the batch already.
#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    spans: bool,
}

/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<NotificationRecord>,
}

#[derive(Deserialize)]
struct NotificationRecord {
    #[serde(rename = "eventName")]
    event_name: String,
    s3: S3,
}

#[derive(Deserialize)]
struct S3 {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

fn queue_records(event: &Value) -> Result<Vec<QueueRecord>, EventError> {
    let deliveries =
        deliveries(event).map_err(|error| malformed("the SQS event", &error.to_string()))?;
    let record = |(index, Delivery { id, receipt, tries, body })| {
        let place = format!("Records[{index}].body");
        QueueRecord { id, receipt, tries, objects: objects(&body, &place) }
    };
    Ok(deliveries.into_iter().enumerate().map(record).collect())
}

/// The objects a notification tells of; none in S3's test message, which has no records.
fn objects(body: &str, place: &str) -> Result<Vec<LogObject>, EventError> {
    let body: Value =
        serde_json::from_str(body).map_err(|error| malformed(place, &error.to_string()))?;
    if body.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    let notification: Notification = typed(&body, place)?;
    let created = |record: &NotificationRecord| record.event_name.contains("ObjectCreated:");
    notification
        .records
        .into_iter()
        .filter(created)
        .enumerate()
        .map(|(index, record)| {
            let key = decoded(&record.s3.object.key).ok_or_else(|| {
                malformed(&format!("{place}.Records[{index}].s3.object.key"), "it is not UTF-8")
            })?;
            Ok(LogObject { bucket: record.s3.bucket.name, key })
        })
        .collect()
}

/// A key of a notification: `+` stands for a space, and the rest is percent-encoded.
fn decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|key| key.into_owned())
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value, place: &str) -> Result<T, EventError> {
    T::deserialize(value).map_err(|error| malformed(place, &error.to_string()))
}

fn malformed(place: &str, problem: &str) -> EventError {
    EventError::Malformed { place: place.to_owned(), problem: excerpt(problem) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notification(name: &str, key: &str) -> String {
        json!({ "Records": [{
            "eventName": name,
            "s3": { "bucket": { "name": "logs" }, "object": { "key": key, "size": 1 } },
        }] })
        .to_string()
    }

    fn queue(bodies: &[&str]) -> Value {
        let record = |(index, body): (usize, &&str)| {
            json!({
                "messageId": index.to_string(),
                "receiptHandle": "r",
                "body": body,
                "attributes": { "ApproximateReceiveCount": "2" },
                "eventSource": "aws:sqs",
            })
        };
        json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
    }

    fn keys(event: &Value) -> Vec<Result<Vec<String>, String>> {
        let Incoming::Queue(records) = incoming(event).unwrap() else { panic!("{event}") };
        let keys = |objects: Vec<LogObject>| objects.into_iter().map(|object| object.key).collect();
        records
            .into_iter()
            .map(|record| record.objects.map(keys).map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn keys_are_decoded_plus_first() {
        let body = notification("ObjectCreated:Put", "a+b/%E3%83%AD%E3%82%B0%2B1.json.gz");
        assert_eq!(keys(&queue(&[&body])), [Ok(vec!["a b/ログ+1.json.gz".to_owned()])]);
    }

    #[test]
    fn a_test_message_and_a_deletion_tell_of_no_object() {
        let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs" });
        let removed = notification("ObjectRemoved:Delete", "a");
        assert_eq!(keys(&queue(&[&test.to_string(), &removed])), [Ok(vec![]), Ok(vec![])]);
    }

    #[test]
    fn one_unreadable_message_leaves_the_others_readable() {
        let good = notification("s3:ObjectCreated:CompleteMultipartUpload", "a");
        let read = keys(&queue(&["{", &good, "{}"]));
        assert!(read[0].as_ref().unwrap_err().starts_with("Records[0].body is not readable"));
        assert_eq!(read[1], Ok(vec!["a".to_owned()]));
        assert!(read[2].as_ref().unwrap_err().contains("missing field `Records`"), "{read:?}");
    }

    #[test]
    fn a_backfill_names_its_objects() {
        let event = json!({ "backfill": { "bucket": "logs", "keys": ["a+b", "c"] } });
        let object = |key: &str| LogObject { bucket: "logs".into(), key: key.into() };
        let objects = vec![object("a+b"), object("c")];
        assert_eq!(incoming(&event), Ok(Incoming::Backfill(objects, OldSpans::Kept)));
    }

    #[test]
    fn a_backfill_sends_spans_where_it_was_asked_to() {
        let spans = |asked: Value| {
            let batch = json!({ "bucket": "logs", "keys": ["a"], "asked": asked });
            match incoming(&json!({ "backfill": batch })) {
                Ok(Incoming::Backfill(_, spans)) => spans,
                other => panic!("{other:?}"),
            }
        };
        let asked = json!({ "bucket": "logs", "prefix": "AWSLogs/", "spans": true });
        assert_eq!(spans(asked), OldSpans::Sent);
        assert_eq!(spans(json!({ "spans": false })), OldSpans::Kept);
        assert_eq!(spans(json!({ "bucket": "logs", "prefix": "AWSLogs/" })), OldSpans::Kept);
    }

    #[test]
    fn other_events_are_refused_with_what_is_expected() {
        for event in [json!({}), json!({ "Records": [{ "EventSource": "aws:sns" }] })] {
            let [refusal] = refusals(&event).try_into().unwrap();
            assert!(refusal.contains("SQS with S3 notifications"), "{refusal}");
        }
        let refusal = refusals(&json!({ "backfill": { "bucket": "logs" } })).remove(0);
        assert!(refusal.contains("missing field `keys`"), "{refusal}");
    }
}
