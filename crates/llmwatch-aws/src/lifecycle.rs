//! The sign that a stack stands, and writes that must not outlive the stack.
//!
//! A stack's deletion removes the sign first. A run in flight looks for it before each write, and
//! look and write together end within [`WRITE_WITHIN`]; so once the sign has been gone for
//! [`LAST_WRITE_LANDED_AFTER`] nothing can come back, and what is deleted then stays deleted. No
//! service of ours offers a write on condition of something elsewhere.

use std::future::Future;
use std::time::Duration;

use aws_sdk_ssm::Client;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::stored::lifecycle_parameter;
use tokio::time::timeout;

use crate::{CallFailed, parameters};

/// How long a look for the sign and the write that follows it may take together.
pub const WRITE_WITHIN: Duration = Duration::from_secs(15);

/// How long after the sign went a write that was under way may still arrive: what it may take, and
/// as long again for a service that acts after the caller gave up.
pub const LAST_WRITE_LANDED_AFTER: Duration = Duration::from_secs(30);

/// What became of a write that must not outlive the stack.
#[derive(Debug)]
pub enum Guarded<T> {
    /// The stack stood, and the write was made or failed by itself.
    Tried(Result<T, CallFailed>),
    /// The sign is gone: nothing was written.
    StackGone,
    /// Whether the stack stands could not be read: nothing was written.
    Unknown(CallFailed),
}

/// Whether the stack stands.
///
/// # Errors
///
/// When that could not be read.
pub async fn stands(client: &Client, prefix: &StackPrefix) -> Result<bool, CallFailed> {
    Ok(parameters::get(client, &lifecycle_parameter(prefix)).await?.is_some())
}

/// Writes, unless the stack is gone.
pub async fn write_while_standing<T>(
    client: &Client,
    prefix: &StackPrefix,
    write: impl Future<Output = Result<T, CallFailed>>,
) -> Guarded<T> {
    write_within(WRITE_WITHIN, client, prefix, write).await
}

async fn write_within<T>(
    limit: Duration,
    client: &Client,
    prefix: &StackPrefix,
    write: impl Future<Output = Result<T, CallFailed>>,
) -> Guarded<T> {
    let look_and_write = async {
        match stands(client, prefix).await {
            Ok(true) => Guarded::Tried(write.await),
            Ok(false) => Guarded::StackGone,
            Err(failed) => Guarded::Unknown(failed),
        }
    };
    timeout(limit, look_and_write).await.unwrap_or_else(|_| {
        let problem = format!("given up after {limit:?}; the next run tries again");
        Guarded::Tried(Err(CallFailed::unusable_answer("a write", prefix.as_str(), problem)))
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::config::retry::RetryConfig;
    use aws_sdk_ssm::operation::get_parameter::{GetParameterError, GetParameterOutput};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn refused(code: &'static str) -> Rule {
        mock!(Client::get_parameter).then_error(move || {
            GetParameterError::generic(ErrorMetadata::builder().code(code).build())
        })
    }

    fn standing() -> Rule {
        mock!(Client::get_parameter)
            .match_requests(|request| request.name() == Some("/llmwatch/lifecycle"))
            .then_output(|| {
                let sign = aws_sdk_ssm::types::Parameter::builder();
                let sign = sign.name("/llmwatch/lifecycle").value("standing").build();
                GetParameterOutput::builder().parameter(sign).build()
            })
    }

    async fn guarded(
        rule: &Rule,
        write: impl Future<Output = Result<u8, CallFailed>>,
    ) -> Guarded<u8> {
        let client = mock_client!(aws_sdk_ssm, RuleMode::MatchAny, [rule], |config| config
            .retry_config(RetryConfig::disabled()));
        write_while_standing(&client, &StackPrefix::parse("llmwatch").unwrap(), write).await
    }

    #[tokio::test]
    async fn a_write_is_made_only_while_the_sign_is_seen() {
        let never = async { panic!("written") };
        assert!(matches!(guarded(&standing(), async { Ok(1) }).await, Guarded::Tried(Ok(1))));
        assert!(matches!(guarded(&refused("ParameterNotFound"), never).await, Guarded::StackGone));
        let never = async { panic!("written") };
        assert!(matches!(guarded(&refused("AccessDenied"), never).await, Guarded::Unknown(_)));
    }

    #[tokio::test]
    async fn a_write_that_hangs_is_given_up_long_before_a_delete_goes_on() {
        let limit = Duration::from_millis(20);
        let client = mock_client!(aws_sdk_ssm, RuleMode::MatchAny, [&standing()]);
        let prefix = StackPrefix::parse("llmwatch").unwrap();
        let never = std::future::pending::<Result<u8, CallFailed>>();
        let Guarded::Tried(Err(failed)) = write_within(limit, &client, &prefix, never).await else {
            panic!("it ended")
        };
        assert!(failed.explain().contains("given up after 20ms"), "{}", failed.explain());
        assert!(WRITE_WITHIN < LAST_WRITE_LANDED_AFTER);
    }
}
