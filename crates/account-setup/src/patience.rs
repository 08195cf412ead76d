//! Waiting until AWS knows a policy that the same deployment made seconds ago.

use std::time::Duration;

use llmwatch_aws::CallFailed;
use tokio::time::sleep;

/// Tries in all; IAM asks for "seconds" and names no number.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html>, "Changes that I
/// make are not always immediately visible".
const TRIES: u32 = 6;
const WAIT: Duration = Duration::from_secs(10);

/// Makes a call again as long as what it fails with may be a policy not known yet.
///
/// # Errors
///
/// The last try's.
pub(crate) async fn until_permitted<T>(
    call: impl AsyncFn() -> Result<T, CallFailed>,
) -> Result<T, CallFailed> {
    for _ in 1..TRIES {
        match call().await {
            Err(error) if may_be_too_early(&error) => {
                tracing::warn!("{}; trying again in {} s", error.explain(), WAIT.as_secs());
                sleep(WAIT).await;
            }
            done => return done,
        }
    }
    call().await
}

/// Bedrock says `ValidationException` where it may not write to the bucket, S3 `InvalidArgument`
/// where it may not send to the queue.
fn may_be_too_early(error: &CallFailed) -> bool {
    error.is_denied() || matches!(error.code(), Some("ValidationException" | "InvalidArgument"))
}
