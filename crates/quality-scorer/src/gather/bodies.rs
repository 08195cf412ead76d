//! Bodies that were too large for their record and lie in objects of their own.
//!
//! They may land up to a minute after the record.

use aws_sdk_s3::Client;
use llmwatch_aws::{CallFailed, objects};
use llmwatch_quality::exchange::{Content, Exchange};
use llmwatch_quality::invocation_log;
use llmwatch_quality::object::Body;
use llmwatch_quality::skipped::Skipped;

/// What became of an exchange's bodies.
#[derive(Debug)]
pub(crate) enum Bodies {
    /// All that it refers to is here.
    Complete(Exchange),
    /// Something is not there (yet).
    Missing(Exchange),
    /// Something is there and cannot be read, now or later.
    Broken(Exchange, Skipped),
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
    let broken = [&input, &output].into_iter().find_map(Fetched::problem);
    let exchange = invocation_log::complete(exchange, input.text(), output.text());
    let is_missing = matches!(exchange.content, Content::Elsewhere { .. });
    Ok(match broken {
        Some(problem) => Bodies::Broken(exchange, problem),
        None if is_missing => Bodies::Missing(exchange),
        None => Bodies::Complete(exchange),
    })
}

/// What became of one body.
enum Fetched {
    /// There is no such object (yet), or the record names none.
    Nothing,
    Text(String),
    Broken(Skipped),
}

impl Fetched {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Broken(_) => None,
        }
    }

    fn problem(&self) -> Option<Skipped> {
        match self {
            Self::Broken(problem) => Some(*problem),
            Self::Nothing | Self::Text(_) => None,
        }
    }
}

async fn fetch(client: &Client, uri: Option<&str>) -> Result<Fetched, CallFailed> {
    let place = uri.and_then(|uri| uri.strip_prefix("s3://")?.split_once('/'));
    let Some((bucket, key)) = place else { return Ok(Fetched::Nothing) };
    let opened = match objects::open(client, bucket, key).await {
        Ok(opened) => opened,
        // A role that may not list the bucket is told "denied" of an object that does not exist.
        Err(failure) if failure.is_denied() => None,
        Err(failure) => return Err(failure),
    };
    let Some(mut bytes) = opened else { return Ok(Fetched::Nothing) };
    let mut body = Body::new();
    while let Some(chunk) = bytes.next().await? {
        body.push(&chunk);
    }
    Ok(body.finish().map_or_else(Fetched::Broken, Fetched::Text))
}
