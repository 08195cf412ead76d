//! Messages as SQS hands them to a function, and when a failed one is tried again.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// How often a message is tried before it is parked: the `maxReceiveCount` of our queues.
pub const TRIES: u32 = 5;

/// How long a failed message waits for its second try, and twice as long for each further
/// one: longer than any function's lease of an effect, so that one whose end is unknown can be looked
/// into by then.
const RETRY_AFTER: Duration = Duration::from_secs(100);

/// One message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// SQS's id of the message, by which its failure is reported.
    pub id: String,
    /// The handle by which its next delivery is put off; absent in a hand-made event.
    pub receipt: Option<String>,
    /// How often it has been received, this time included; 1 where the event does not say.
    pub tries: u32,
    /// The message.
    pub body: String,
}

/// The messages of an event from SQS.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.
///
/// # Errors
///
/// When a member is missing or of another type; the message names it.
pub fn deliveries(event: &Value) -> Result<Vec<Delivery>, serde_json::Error> {
    let event = SqsEvent::deserialize(event)?;
    Ok(event.records.into_iter().map(Delivery::from).collect())
}

/// How long a message waits for its next try.
#[must_use]
pub fn retry_wait(tries: u32) -> Duration {
    RETRY_AFTER * 2_u32.pow(tries.clamp(1, TRIES) - 1)
}

#[derive(Deserialize)]
struct SqsEvent {
    #[serde(rename = "Records")]
    records: Vec<SqsRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SqsRecord {
    message_id: String,
    receipt_handle: Option<String>,
    body: String,
    #[serde(default)]
    attributes: SqsAttributes,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct SqsAttributes {
    approximate_receive_count: Option<String>,
}

impl From<SqsRecord> for Delivery {
    fn from(record: SqsRecord) -> Self {
        let tries = record.attributes.approximate_receive_count;
        Self {
            id: record.message_id,
            receipt: record.receipt_handle,
            tries: tries.and_then(|count| count.parse().ok()).unwrap_or(1),
            body: record.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_read_with_the_number_of_its_try() {
        let event = json!({ "Records": [
            { "messageId": "a", "receiptHandle": "r", "body": "one",
              "attributes": { "ApproximateReceiveCount": "2" } },
            { "messageId": "b", "body": "two" },
        ] });
        let read = deliveries(&event).unwrap();
        let seen: Vec<_> = read.iter().map(|one| (one.id.as_str(), one.tries)).collect();
        assert_eq!(seen, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let problem = deliveries(&json!({ "Records": [{ "messageId": "a" }] })).unwrap_err();
        assert!(problem.to_string().contains("body"), "{problem}");
    }

    #[test]
    fn each_try_waits_twice_as_long_as_the_one_before() {
        let waits = [0, 1, 2, 3, TRIES, 99].map(|tries| retry_wait(tries).as_secs());
        assert_eq!(waits, [100, 100, 200, 400, 1600, 1600]);
    }
}
