//! SQS: the messages a function sends itself to act later without sleeping, and those that are
//! parked.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;
use serde::Serialize;

use crate::CallFailed;

/// The longest delay SQS takes for one message.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// Sends one JSON message that becomes visible after `delay` (cut to [`LONGEST_DELAY`]).
///
/// # Errors
///
/// When the message cannot be written as JSON, or SQS refuses or cannot be reached.
pub async fn send<M: Serialize>(
    client: &Client,
    queue_url: &str,
    message: &M,
    delay: Duration,
) -> Result<(), CallFailed> {
    let body = serde_json::to_string(message)
        .map_err(|error| CallFailed::unusable_answer("SendMessage", queue_url, error))?;
    send_text(client, queue_url, &body, delay).await
}

/// Sends one message as it is.
///
/// # Errors
///
/// When SQS refuses or cannot be reached.
pub async fn send_text(
    client: &Client,
    queue_url: &str,
    body: &str,
    delay: Duration,
) -> Result<(), CallFailed> {
    let seconds = i32::try_from(delay.min(LONGEST_DELAY).as_secs()).unwrap_or(0);
    client
        .send_message()
        .queue_url(queue_url)
        .message_body(body)
        .delay_seconds(seconds)
        .send()
        .await
        .map_err(|error| CallFailed::new("SendMessage", queue_url, error))?;
    Ok(())
}

/// Has a message that was received be delivered again after `wait`, in place of the queue's own
/// visibility timeout.
///
/// # Errors
///
/// When SQS refuses or cannot be reached: the queue's timeout then holds.
pub async fn retry_after(
    client: &Client,
    queue_url: &str,
    receipt: &str,
    wait: Duration,
) -> Result<(), CallFailed> {
    client
        .change_message_visibility()
        .queue_url(queue_url)
        .receipt_handle(receipt)
        .visibility_timeout(i32::try_from(wait.as_secs()).unwrap_or(0))
        .send()
        .await
        .map_err(|error| CallFailed::new("ChangeMessageVisibility", queue_url, error))?;
    Ok(())
}

/// A message that was received, and is hidden from others meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// SQS's id of the message.
    pub id: String,
    /// The handle by which it is deleted or shown again.
    pub receipt: String,
    /// What it says.
    pub body: String,
    /// Its attributes that are text.
    pub attributes: BTreeMap<String, String>,
    /// When it was first sent; a move to a dead-letter queue does not change that.
    pub sent_at: Option<Timestamp>,
}

/// The largest batch, and how long SQS looks for one: a wait has it ask all of its servers.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
const BATCH: i32 = 10;
const LOOK_SECONDS: i32 = 1;

/// Receives up to ten messages and hides them from others for so long; none means that the queue
/// has none to show.
///
/// # Errors
///
/// When SQS refuses or cannot be reached.
pub async fn receive(
    client: &Client,
    queue_url: &str,
    hidden_for: Duration,
) -> Result<Vec<Received>, CallFailed> {
    let output = client
        .receive_message()
        .queue_url(queue_url)
        .max_number_of_messages(BATCH)
        .wait_time_seconds(LOOK_SECONDS)
        .visibility_timeout(i32::try_from(hidden_for.as_secs()).unwrap_or(i32::MAX))
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
        .send()
        .await
        .map_err(|error| CallFailed::new("ReceiveMessage", queue_url, error))?;
    Ok(output.messages.unwrap_or_default().into_iter().filter_map(received).collect())
}

/// Deletes a message that was received.
///
/// # Errors
///
/// When SQS refuses or cannot be reached: the message is then shown again.
pub async fn delete(client: &Client, queue_url: &str, receipt: &str) -> Result<(), CallFailed> {
    let deleted = client.delete_message().queue_url(queue_url).receipt_handle(receipt).send();
    deleted.await.map(drop).map_err(|error| CallFailed::new("DeleteMessage", queue_url, error))
}

/// About how many messages a queue has to show.
///
/// # Errors
///
/// When SQS refuses or cannot be reached.
pub async fn waiting(client: &Client, queue_url: &str) -> Result<u64, CallFailed> {
    let name = QueueAttributeName::ApproximateNumberOfMessages;
    let output = client
        .get_queue_attributes()
        .queue_url(queue_url)
        .attribute_names(name.clone())
        .send()
        .await
        .map_err(|error| CallFailed::new("GetQueueAttributes", queue_url, error))?;
    let count = output.attributes.and_then(|attributes| attributes.get(&name)?.parse().ok());
    Ok(count.unwrap_or(0))
}

fn received(message: Message) -> Option<Received> {
    let sent_at = message
        .attributes
        .as_ref()
        .and_then(|known| known.get(&MessageSystemAttributeName::SentTimestamp)?.parse().ok())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    let attributes = message.message_attributes.unwrap_or_default().into_iter();
    Some(Received {
        id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
        attributes: attributes
            .filter_map(|(name, value)| Some((name, value.string_value?)))
            .collect(),
        sent_at,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
    use aws_sdk_sqs::operation::send_message::SendMessageOutput;
    use aws_sdk_sqs::types::MessageAttributeValue;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    #[tokio::test]
    async fn a_message_is_delayed_by_at_most_what_sqs_takes() {
        for (delay, expected) in [(0, 0), (30, 30), (900, 900), (901, 900)] {
            let rule = mock!(Client::send_message)
                .match_requests(move |request| {
                    request.delay_seconds() == Some(expected)
                        && request.message_body() == Some("\"m\"")
                })
                .then_output(|| SendMessageOutput::builder().build());
            let client = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, &[&rule]);
            send(&client, "queue", &"m", Duration::from_secs(delay)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_received_message_has_its_attributes_and_its_time() {
        let rule = mock!(Client::receive_message)
            .match_requests(|request| {
                request.max_number_of_messages() == Some(10)
                    && request.visibility_timeout() == Some(120)
                    && request.message_attribute_names() == ["All"]
            })
            .then_output(|| {
                let target = MessageAttributeValue::builder()
                    .data_type("String")
                    .string_value("arn")
                    .build()
                    .unwrap();
                let message = Message::builder()
                    .message_id("m")
                    .receipt_handle("r")
                    .body("{}")
                    .attributes(MessageSystemAttributeName::SentTimestamp, "1795256255722")
                    .message_attributes("TARGET_ARN", target)
                    .build();
                ReceiveMessageOutput::builder().messages(message).build()
            });
        let client = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, &[&rule]);
        let received = receive(&client, "queue", Duration::from_secs(120)).await.unwrap();
        let expected = Received {
            id: "m".to_owned(),
            receipt: "r".to_owned(),
            body: "{}".to_owned(),
            attributes: BTreeMap::from([("TARGET_ARN".to_owned(), "arn".to_owned())]),
            sent_at: Some("2026-11-21T10:17:35.722Z".parse().unwrap()),
        };
        assert_eq!(received, [expected]);
    }
}
