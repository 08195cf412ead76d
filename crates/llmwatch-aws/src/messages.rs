//! SQS: the messages a function sends itself to act later without sleeping.

use std::time::Duration;

use aws_sdk_sqs::Client;
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

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::operation::send_message::SendMessageOutput;
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
}
