//! Watching quota requests until people have been told how they ended.

use jiff::Timestamp;
use llmwatch_aws::ledger::{self, Versioned};
use llmwatch_aws::quota_requests::{self, QuotaRequest};
use llmwatch_aws::{CallFailed, chain};
use llmwatch_core::request_watch::{self, RequestStatus, Standing, WatchedRequest};

use crate::handler::Failure;
use crate::mails::RequestNews;
use crate::once::NotDone;
use crate::{App, ledger_keys, mails};

/// Has a request watched from now on; one that is watched already stays as it is.
///
/// # Errors
///
/// When the ledger is out of reach.
pub(crate) async fn begin(
    app: &App,
    watched: &WatchedRequest,
    now: Timestamp,
) -> Result<(), CallFailed> {
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    let key = ledger_keys::watched_request(&watched.id);
    ledger::write(client, table, &key, watched, 0, now).await?;
    Ok(())
}

/// Looks at every watched request, and tells of those that have ended.
///
/// # Errors
///
/// When the ledger is out of reach, or a request could not be looked at or told of: the others are
/// all the same.
pub(crate) async fn look_at_all(app: &App, now: Timestamp) -> Result<(), Failure> {
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    let rows = ledger::read_all(client, table, ledger_keys::WATCHED_REQUESTS).await?;
    let mut problems = Vec::new();
    // One after the other: there are few, and Service Quotas documents no rate for these reads.
    for row in rows {
        let looked = match row {
            Ok(watched) => look_at(app, &watched, now).await,
            Err(unreadable) => Err(unreadable.into()),
        };
        match looked {
            // The queue's message about the same request is telling of it, or did so just now.
            Ok(()) | Err(Failure::NotDone(NotDone::Held(_))) => {}
            Err(failure) => problems.push(chain(&failure)),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::RequestsToRetry(problems.join("; "))) }
}

/// Tells of a request that AWS has decided, if it is watched still.
///
/// # Errors
///
/// When Service Quotas or the ledger is out of reach, or the mail was not accepted.
pub(crate) async fn decided(
    app: &App,
    request: &QuotaRequest,
    now: Timestamp,
) -> Result<(), Failure> {
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    let key = ledger_keys::watched_request(&request.id);
    let row: Option<Versioned<WatchedRequest>> = ledger::read(client, table, &key).await?;
    match row {
        Some(row) => tell_if_ended(app, &row.document, Some(request), now).await,
        None => {
            tracing::info!(request.id = %request.id, "{}: told of before", request.status);
            Ok(())
        }
    }
}

async fn look_at(app: &App, watched: &WatchedRequest, now: Timestamp) -> Result<(), Failure> {
    let request = quota_requests::request(&app.clients.quotas, &watched.id).await?;
    tell_if_ended(app, watched, request.as_ref(), now).await
}

async fn tell_if_ended(
    app: &App,
    watched: &WatchedRequest,
    request: Option<&QuotaRequest>,
    now: Timestamp,
) -> Result<(), Failure> {
    let applied = quota_requests::applied_value(&app.clients.quotas, &watched.code).await?;
    let standing = Standing {
        status: request.map_or(RequestStatus::Forgotten, QuotaRequest::standing),
        since: request.and_then(|request| request.updated_at),
        applied: applied.map(|applied| applied.value),
    };
    if let (RequestStatus::Unheard, Some(request)) = (standing.status, request) {
        tracing::warn!(request.id = %watched.id, "{:?} is no status known here", request.status);
    }
    let Some(news) = request_watch::news(watched, standing, now) else {
        tracing::info!(request.id = %watched.id, "no news: {:?}", standing.status);
        return Ok(());
    };
    mails::request(app, RequestNews { watched, request, standing, news }, now).await?;
    if news.is_last() {
        let key = ledger_keys::watched_request(&watched.id);
        ledger::remove(&app.clients.dynamodb, &app.config.ledger_table, &key).await?;
        tracing::info!(request.id = %watched.id, "watched to its end: {}", news.word());
    }
    Ok(())
}
