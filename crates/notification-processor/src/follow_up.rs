//! Waiting, without sleeping, for the case of a quota request, and giving it the figures.

use jiff::Timestamp;
use llmwatch_aws::support::Communication;
use llmwatch_aws::{messages, quota_requests, support};
use llmwatch_core::duplicate::CaseId;
use llmwatch_core::render::{self, PendingNote};

use crate::handler::Failure;
use crate::queue::{FollowUp, QueueMessage};
use crate::{App, carry_out};

/// Who Support's own messages are from. Seen in the console, not documented for the API.
const SUPPORT: &str = "Amazon Web Services";

/// Looks whether a request has its case and Support's automatic reply, and appends the figures.
///
/// Otherwise the message is sent again, due later; after 24 hours people are told and it ends.
///
/// # Errors
///
/// When Service Quotas, Support, the queue or the ledger is out of reach.
pub(crate) async fn look(app: &App, due: FollowUp, now: Timestamp) -> Result<(), Failure> {
    let request = quota_requests::request(&app.clients.quotas, &due.request).await?;
    if let Some(number) = &request.case_number
        && let Some(case) = support::case_by_number(&app.clients.support, number).await?
    {
        let case = CaseId(case.case_id);
        let messages = support::communications(&app.clients.support, &case.0).await?;
        if messages.iter().any(is_from_support) {
            carry_out::append_once(app, &case, &due.episode, &due.alarms, &due.text, now).await?;
            tracing::info!(episode = %due.episode, case.id = %case, "appended the figures to {case}");
            return Ok(());
        }
    }
    if !request.is_open {
        tracing::info!(request.id = %request.id, "closed as {}: nothing to append", request.status);
        return Ok(());
    }
    if due.is_overdue(now) {
        let mail = render::pending_mail(&PendingNote {
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
            case_text: &due.text,
        });
        return carry_out::send_once(app, &due.episode, "mail#pending", mail, now).await;
    }
    let next = FollowUp { looks: due.looks + 1, ..due };
    let wait = next.wait();
    messages::send(&app.clients.sqs, &app.config.queue_url, &QueueMessage::FollowUp(next), wait)
        .await?;
    Ok(())
}

fn is_from_support(message: &Communication) -> bool {
    message.submitted_by.contains(SUPPORT)
}
