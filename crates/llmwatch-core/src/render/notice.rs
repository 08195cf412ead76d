//! What is told on one occasion, in every form it takes: the mail, a message for a chat room, and
//! a document for machines.
//!
//! The mail is written first; the other forms say nothing it does not say. None of them holds a
//! prompt or an answer, because nothing here is given one.

mod chat;
mod facts;
mod sections;
mod webhook;

use askama::Template;
use serde::{Deserialize, Serialize};

pub(super) use facts::{
    ActionFact, AlarmFact, DecisionFact, Facts, Kind, LinkFact, PoolFact, SeriesFact, alarm_arn,
    alarm_facts, alarms_state,
};
pub use webhook::is_webhook_document;

use super::layout::{Ending, fit, wrap};
use super::words::words;
use super::{MAX_MAIL_CHARS, Mail};
use crate::fingerprint::fingerprint;

/// A form in which people or machines are told besides by mail, each on a topic of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A custom notification of Amazon Q Developer in chat applications, for Slack and Teams.
    Chat,
    /// A JSON document for whatever takes it.
    Webhook,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Webhook];

    /// The form's word in messages, ledger and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Webhook => "webhook",
        }
    }
}

/// The longest text of a form, in bytes.
///
/// A message of SQS takes 256 KiB. The text goes into one as a JSON string, and at most every byte
/// of it gets a backslash there; the rest is room for what stands beside it.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>.
pub const MAX_FORM_BYTES: usize = 120_000;

/// What is told on one occasion.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The mail.
    pub mail: Mail,
    /// The mail's text before its lines were broken: a chat room breaks them itself.
    pub(super) text: String,
    pub(super) facts: Facts,
}

impl Notice {
    /// A notice whose mail has this subject and this text; it ends with the facts' thread.
    pub(super) fn new(facts: Facts, subject: String, text: &impl Template) -> Self {
        let text = text.to_string();
        let ending = Ending { note: words(facts.language).shortened(), marker: &facts.thread };
        let body = fit(&wrap(&text), ending, MAX_MAIL_CHARS);
        Self { mail: Mail { subject, body }, text, facts }
    }

    /// The notice in a form, as it is published; at most [`MAX_FORM_BYTES`].
    ///
    /// `key` tells this notice from every other of its account and Region. The same key always
    /// gives the same id, so that whoever gets a message twice can tell.
    #[must_use]
    pub fn in_form(&self, form: Form, key: &str) -> String {
        let id = fingerprint(&[&self.facts.account, &self.facts.region, key]);
        match form {
            Form::Chat => chat::message(self, &id),
            Form::Webhook => webhook::document(self, &id),
        }
    }
}

/// Text from outside without what chat rooms take for a mention, a link or a tag.
///
/// Slack and Teams escape `<` and `>` differently; characters that look like them need no escape.
fn disarmed(text: &str) -> String {
    text.replace('<', "\u{2039}").replace('>', "\u{203a}")
}
