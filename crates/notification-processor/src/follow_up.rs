//! Waiting, without sleeping, for the case of a quota request, and giving it the figures.

use futures::future::join_all;
use jiff::Timestamp;
use llmwatch_aws::quota_requests::{self, QuotaRequest};
use llmwatch_aws::support::Communication;
use llmwatch_aws::{CallFailed, messages, support};
use llmwatch_core::duplicate::CaseId;
use llmwatch_core::render::{self, PendingNote};
use llmwatch_core::settings::Language;

use crate::carry_out::{Told, append_once};
use crate::handler::Failure;
use crate::once::{NotDone, once};
use crate::queue::{FollowUp, QueueMessage};
use crate::{App, ledger_keys, mails, request_watch};

/// Who Support's own messages are from.
///
/// Source: <https://docs.aws.amazon.com/awssupport/latest/APIReference/API_Communication.html>.
const SUPPORT: &str = "Amazon Web Services";

/// Looks whether a request has its case and Support's automatic reply, and appends the figures.
///
/// Otherwise the message is sent again, due later. It ends when AWS has decided: people are told
/// how, and the case is left alone, since writing to a closed one may open it again. It ends after
/// 24 hours, too: a case without a reply gets the figures all the same, and people are told of a
/// request without a case.
///
/// # Errors
///
/// When Service Quotas, Support, the queue or the ledger is out of reach.
pub(crate) async fn look(app: &App, due: FollowUp, now: Timestamp) -> Result<(), Failure> {
    let request = quota_requests::request(&app.clients.quotas, &due.request).await?;
    let case = match &request {
        Some(request) if request.standing().is_decided() => {
            return request_watch::decided(app, request, now).await;
        }
        Some(request) => case_of(app, request).await,
        // It was made a moment ago.
        None => Ok(None),
    };
    let case = match case {
        Err(failure) if failure.is_not_subscribed() => {
            tracing::info!(request.id = %due.request, "no Support API: nothing is appended");
            return Ok(());
        }
        case => case?,
    };
    match case {
        Some((case, reply, language)) if reply == Reply::Come || due.is_overdue(now) => {
            let told = Told { case: &case, episode: &due.episode, alarms: &due.alarms };
            append_once(app, told, due.text_in(language), now).await?;
            tracing::info!(episode = %due.episode, case.id = %case, "told {case} the figures");
            Ok(())
        }
        None if due.is_overdue(now) => tell_people(app, &due, now).await,
        _ => {
            let next = FollowUp { looks: due.looks + 1, ..due };
            Ok(send_once(app, next, now).await?)
        }
    }
}

/// Sends the first messages of several requests, each once.
///
/// # Errors
///
/// When the queue or the ledger is out of reach.
pub(crate) async fn send_all(app: &App, due: &[FollowUp], now: Timestamp) -> Result<(), NotDone> {
    let sending = due.iter().map(|due| send_once(app, due.clone(), now));
    join_all(sending).await.into_iter().collect()
}

/// Sends a follow-up message once: a look that is delivered twice does not become two chains.
///
/// # Errors
///
/// When the queue or the ledger is out of reach.
async fn send_once(app: &App, due: FollowUp, now: Timestamp) -> Result<(), NotDone> {
    let name = format!("follow-up#{}#{}", due.request, due.looks);
    let key = ledger_keys::effect(&due.episode, &name);
    let wait = due.wait();
    let message = QueueMessage::FollowUp(due);
    let (client, queue) = (&app.clients.sqs, &app.config.queue_url);
    let send = async || messages::send(client, queue, &message, wait).await;
    once(app, &key, now, async || Ok(None), send).await
}

/// Whether Support has answered a case, if only to confirm it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Come,
    Awaited,
}

/// The request's case, once it is listed, with the language Support handles it in.
async fn case_of(
    app: &App,
    request: &QuotaRequest,
) -> Result<Option<(CaseId, Reply, Language)>, CallFailed> {
    let client = &app.clients.support;
    let Some(number) = &request.case_number else { return Ok(None) };
    let Some(case) = support::case_by_number(client, number).await? else { return Ok(None) };
    let messages = support::communications(client, &case.case_id).await?;
    let reply = match messages.iter().any(is_from_support) {
        true => Reply::Come,
        false => Reply::Awaited,
    };
    let language = Language::parse(&case.language).unwrap_or(Language::En);
    Ok(Some((CaseId(case.case_id), reply, language)))
}

fn is_from_support(message: &Communication) -> bool {
    message.submitted_by.contains(SUPPORT)
}

async fn tell_people(app: &App, due: &FollowUp, now: Timestamp) -> Result<(), Failure> {
    let notice = render::pending_notice(&PendingNote {
        language: due.language(),
        account: &due.account,
        region: &app.config.region,
        pool: &due.pool,
        episode: &due.episode,
        kind: due.kind,
        code: &due.code,
        desired: due.desired,
        request: &due.request,
        requested_at: due.requested_at,
        now,
        case_text: due.text_in(due.language()),
    });
    let name = format!("mail#pending#{}", due.request);
    mails::send_once(app, &ledger_keys::effect(&due.episode, &name), &notice, now).await
}
