//! Bodies that were too large for their record and lie in objects of their own.
//!
//! They may land up to a minute after the record.

use aws_sdk_s3::Client;
use llmwatch_aws::{CallFailed, objects};
use llmwatch_quality::exchange::{Content, Exchange};
use llmwatch_quality::invocation_log;
use llmwatch_quality::object::Body;

/// What became of an exchange's bodies.
#[derive(Debug)]
pub(crate) enum Bodies {
    /// All that it refers to is here.
    Complete(Exchange),
    /// Something is not there (yet).
    Missing(Exchange),
}

/// Fetches what an exchange refers to.
///
/// # Errors
///
/// When an object is there and cannot be read.
pub(crate) async fn complete(client: &Client, exchange: Exchange) -> Result<Bodies, CallFailed> {
    let Content::Elsewhere { input, output, .. } = &exchange.content else {
        return Ok(Bodies::Complete(exchange));
    };
    let (input, output) =
        futures::try_join!(fetch(client, input.as_deref()), fetch(client, output.as_deref()),)?;
    let exchange = invocation_log::complete(exchange, input.as_deref(), output.as_deref());
    let is_missing = matches!(exchange.content, Content::Elsewhere { .. });
    Ok(if is_missing { Bodies::Missing(exchange) } else { Bodies::Complete(exchange) })
}

/// A body's text; `None` where there is no such object, or none that could be a body.
async fn fetch(client: &Client, uri: Option<&str>) -> Result<Option<String>, CallFailed> {
    let place = uri.and_then(|uri| uri.strip_prefix("s3://")?.split_once('/'));
    let Some((bucket, key)) = place else { return Ok(None) };
    let opened = match objects::open(client, bucket, key).await {
        Ok(opened) => opened,
        // A role that may not list the bucket is told "denied" of an object that does not exist.
        Err(failure) if failure.is_denied() => None,
        Err(failure) => return Err(failure),
    };
    let Some(mut bytes) = opened else { return Ok(None) };
    let mut body = Body::new();
    while let Some(chunk) = bytes.next().await? {
        body.push(&chunk);
    }
    Ok(body.finish().ok())
}
