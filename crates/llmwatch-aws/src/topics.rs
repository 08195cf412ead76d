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

#[cfg(test)]
mod tests {
    use aws_sdk_sns::config::retry::RetryConfig;
    use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[tokio::test]
    async fn a_mail_is_published_and_its_message_id_returned() {
        let rule = mock!(Client::publish)
            .match_requests(|request| {
                request.topic_arn() == Some("topic")
                    && (request.subject(), request.message()) == (Some("s"), Some("b"))
            })
            .then_output(|| PublishOutput::builder().message_id("1").build());
        let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&rule]);
        assert_eq!(publish(&client, "topic", "s", "b").await.unwrap(), "1");
    }

    #[tokio::test]
    async fn d2_a_mail_that_was_not_taken_is_an_error() {
        let rule = mock!(Client::publish).then_error(|| {
            PublishError::generic(ErrorMetadata::builder().code("KMSAccessDeniedException").build())
        });
        let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, &[&rule], |config| config
            .retry_config(RetryConfig::disabled()));
        assert!(publish(&client, "topic", "s", "b").await.unwrap_err().is_denied());
    }
}
