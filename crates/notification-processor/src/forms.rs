//! A notice in its forms besides the mail: sent to the function's own queue, published from there.
//!
//! So a topic that refuses has only its own messages tried again, and in the end parked: the mail
//! was out before, and is not sent a second time.

use std::time::Duration;

use jiff::Timestamp;
use llmwatch_aws::ledger::RowKey;
use llmwatch_aws::{messages, topics};
use llmwatch_core::render::{Form, Notice};

use crate::App;
use crate::once::{NotDone, once};
use crate::queue::{Publication, QueueMessage};

/// Sends a notice in each form that is on to the function's own queue, each once.
///
/// `mail` is the row of its mail, which is settled.
///
/// # Errors
///
/// When the queue or the ledger is out of reach.
pub(crate) async fn send_all(
    app: &App,
    mail: &RowKey,
    notice: &Notice,
    now: Timestamp,
) -> Result<(), NotDone> {
    let (client, queue) = (&app.clients.sqs, &app.config.queue_url);
    for form in Form::ALL.into_iter().filter(|form| app.config.topic(*form).is_some()) {
        let message = QueueMessage::Publish(Publication {
            form,
            pk: mail.pk.clone(),
            sk: mail.sk.clone(),
            subject: notice.mail.subject.clone(),
            text: notice.in_form(form, &mail.to_string()),
        });
        let key = beside(mail, &format!("{}#sent", form.word()));
        let send = async || messages::send(client, queue, &message, Duration::ZERO).await;
        once(app, &key, now, async || Ok(None), send).await?;
    }
    Ok(())
}

/// Publishes a notice in one form to the form's topic, once.
///
/// A form that was switched off meanwhile has no topic any more; its messages come to nothing.
///
/// # Errors
///
/// When SNS did not accept it, or the ledger is out of reach.
pub(crate) async fn publish(app: &App, due: &Publication, now: Timestamp) -> Result<(), NotDone> {
    let Publication { form, pk, sk, subject, text } = due;
    let Some(topic) = app.config.topic(*form) else {
        tracing::warn!("not published: {} is switched off: {subject}", form.word());
        return Ok(());
    };
    let mail = RowKey { pk: pk.clone(), sk: sk.clone() };
    let key = beside(&mail, form.word());
    let publish = async || {
        let id = topics::publish(&app.clients.sns, topic, subject, text).await?;
        tracing::info!(message.id = %id, effect = %key, "published as {}: {subject}", form.word());
        Ok(id)
    };
    once(app, &key, now, async || Ok(None), publish).await?;
    Ok(())
}

/// A row beside the one of the mail.
fn beside(mail: &RowKey, name: &str) -> RowKey {
    RowKey { pk: mail.pk.clone(), sk: format!("{}#{name}", mail.sk) }
}
