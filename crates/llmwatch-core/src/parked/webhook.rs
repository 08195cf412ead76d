//! What the webhook endpoint did not take, and who would get it if it were sent again.
//!
//! Only SNS can sign the envelope that the endpoint checks, and SNS sends to a topic, never to one
//! of its subscribers. So a message is published to its topic again, and it matters who else is
//! subscribed there: they got it at its time.

use serde_json::Value;

use super::{Handover, Resend, StaysParked, named, not_understood, text};
use crate::contact::plan::{Status, Subscription};
use crate::render::is_webhook_document;

/// The webhook topic, as it stands when a parked message is to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The topic.
    pub topic_arn: String,
    /// Who would get what is published to it.
    pub audience: Audience,
    /// What is wanted for whoever is subscribed beside the endpoint.
    pub others: Others,
}

/// Who gets what is published to the webhook topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// The stack's endpoint, and so many others.
    Endpoint {
        /// The confirmed subscriptions beside the endpoint's.
        others: usize,
    },
    /// Not the endpoint: its subscription waits for its confirmation, or is over.
    Unconfirmed,
    /// The stack subscribes no endpoint.
    NoEndpoint,
    /// It could not be read, and why.
    Unknown(String),
}

/// What is wanted for the other subscribers of the webhook topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// A message that they would get again is not sent.
    AreSpared,
    /// They may get it again; it has the same `id` as before.
    MayHearItAgain,
}

impl Audience {
    /// Who hears, of the ARN of the stack's own subscription and all of the topic's.
    ///
    /// A subscription that waits for its confirmation gets nothing and is not counted.
    #[must_use]
    pub fn of(endpoint: Option<&str>, subscriptions: &[Subscription]) -> Self {
        let Some(endpoint) = endpoint else { return Self::NoEndpoint };
        let hearing = subscriptions.iter().filter_map(|one| match &one.status {
            Status::Confirmed { arn } => Some(arn.as_str()),
            Status::Pending | Status::Over => None,
        });
        let (ours, others): (Vec<&str>, Vec<&str>) = hearing.partition(|arn| *arn == endpoint);
        if ours.is_empty() { Self::Unconfirmed } else { Self::Endpoint { others: others.len() } }
    }
}

impl Webhook {
    /// Publishes a document of ours again, where that reaches the endpoint and nobody who is to be
    /// spared.
    pub(super) fn resend(&self, notification: &Value) -> Result<Resend, StaysParked> {
        let message = text(notification, "Message", "Message")?;
        if !serde_json::from_str(message).is_ok_and(|message| is_webhook_document(&message)) {
            return Err(not_understood("Message is no document of llmwatch"));
        }
        let subject = text(notification, "Subject", "Subject")?;
        match (&self.audience, self.others) {
            (Audience::Endpoint { others: 0 }, _)
            | (Audience::Endpoint { .. }, Others::MayHearItAgain) => {}
            (Audience::Endpoint { others }, Others::AreSpared) => {
                return Err(StaysParked::OthersWouldHear(*others));
            }
            (Audience::Unconfirmed, _) => return Err(StaysParked::EndpointUnconfirmed),
            (Audience::NoEndpoint, _) => return Err(StaysParked::NoEndpoint),
            (Audience::Unknown(why), _) => return Err(StaysParked::AudienceUnknown(why.clone())),
        }
        Ok(Resend {
            handover: Handover::Publish {
                topic_arn: self.topic_arn.clone(),
                subject: subject.to_owned(),
                text: message.to_owned(),
            },
            what: format!("webhook message: {}", named(subject)),
        })
    }
}
