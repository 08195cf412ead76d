//! Secrets Manager: what operators keep there for llmwatch.

use aws_sdk_secretsmanager::Client;

use crate::CallFailed;

/// The text of a secret; `None` only when the service finds no value.
///
/// That is so before anybody has written the secret, and after it was deleted: the service answers
/// both with the same code.
///
/// # Errors
///
/// When the call failed for any other reason, or the value is binary.
pub async fn text(client: &Client, secret: &str) -> Result<Option<String>, CallFailed> {
    let read = client.get_secret_value().secret_id(secret).send().await;
    match read.map_err(|error| CallFailed::new("GetSecretValue", secret, error)) {
        Ok(value) => match value.secret_string {
            Some(text) => Ok(Some(text)),
            None => Err(CallFailed::unusable_answer(
                "GetSecretValue",
                secret,
                "the value is binary; write it as text, with --secret-string",
            )),
        },
        Err(failed) if failed.is_not_found() => Ok(None),
        Err(failed) => Err(failed),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::config::retry::RetryConfig;
    use aws_sdk_secretsmanager::operation::get_secret_value::{
        GetSecretValueError, GetSecretValueOutput,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::Blob;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:people-AbCdEf";

    fn client(rule: &Rule) -> Client {
        mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &[rule], |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn value(text: Option<&'static str>) -> Rule {
        mock!(Client::get_secret_value)
            .match_requests(|request| request.secret_id() == Some(SECRET))
            .then_output(move || match text {
                Some(text) => GetSecretValueOutput::builder().secret_string(text).build(),
                None => GetSecretValueOutput::builder().secret_binary(Blob::new([1_u8, 2])).build(),
            })
    }

    fn failing(code: &'static str) -> Rule {
        mock!(Client::get_secret_value).then_error(move || {
            GetSecretValueError::generic(ErrorMetadata::builder().code(code).build())
        })
    }

    #[tokio::test]
    async fn the_text_is_read() {
        let read = text(&client(&value(Some("{}"))), SECRET).await.unwrap();
        assert_eq!(read.as_deref(), Some("{}"));
    }

    #[tokio::test]
    async fn a_binary_value_is_an_error_that_says_the_mend() {
        let error = text(&client(&value(None)), SECRET).await.unwrap_err().explain();
        assert!(error.contains(SECRET) && error.contains("--secret-string"), "{error}");
    }

    #[tokio::test]
    async fn only_resource_not_found_means_no_value() {
        assert_eq!(
            text(&client(&failing("ResourceNotFoundException")), SECRET).await.unwrap(),
            None
        );
        for code in ["AccessDeniedException", "DecryptionFailure", "InvalidRequestException"] {
            let error = text(&client(&failing(code)), SECRET).await.unwrap_err();
            assert_eq!(error.code(), Some(code));
        }
    }
}
