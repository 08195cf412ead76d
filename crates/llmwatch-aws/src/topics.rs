//! SNS: publishing mail to the people's topic.

use aws_sdk_sns::Client;

use crate::CallFailed;

/// Publishes one mail and returns SNS's message id.
///
/// The subject must be what SNS takes (printable ASCII, under 100 characters); the core's
/// renderer builds it so.
///
/// # Errors
///
/// When SNS refuses or cannot be reached; the mail was then not accepted.
pub async fn publish(
    client: &Client,
    topic_arn: &str,
    subject: &str,
    body: &str,
) -> Result<String, CallFailed> {
    let answer = client
        .publish()
        .topic_arn(topic_arn)
        .subject(subject)
        .message(body)
        .send()
        .await
        .map_err(|error| CallFailed::new("Publish", topic_arn, error))?;
    Ok(answer.message_id.unwrap_or_default())
}
