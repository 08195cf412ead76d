//! A deployed stack, as far as the commands need it.

use std::collections::BTreeSet;

use llmwatch_aws::stacks::{self, Stack, StackResource};
use llmwatch_aws::{CallFailed, chain, subscriptions};
use llmwatch_core::parked::{Audience, Others, ParkingQueue, Receivers, Webhook};

use crate::Clients;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Call(#[from] CallFailed),
    #[error(
        "there is no stack {0:?} in this account and Region; nothing was done (AWS_REGION and \
         AWS_PROFILE say where to look)"
    )]
    NoStack(String),
    #[error(
        "the stack {stack:?} has no {resource}: it is none of llmwatch, or was not deployed to \
         its end"
    )]
    NoResource { stack: String, resource: &'static str },
    #[error("the answer could not be printed or read")]
    Terminal(#[from] std::io::Error),
}

/// Reads a stack by its name.
pub(crate) async fn read(clients: &Clients, name: &str) -> Result<Stack, Failed> {
    let found = stacks::describe(&clients.cloudformation, name).await?;
    found.ok_or_else(|| Failed::NoStack(name.to_owned()))
}

/// The resources of a stack that replaying needs.
pub(crate) struct Parts {
    stack: String,
    resources: Vec<StackResource>,
}

impl Parts {
    pub(crate) async fn read(clients: &Clients, name: &str) -> Result<Self, Failed> {
        let stack = read(clients, name).await?;
        let resources = stacks::resources(&clients.cloudformation, &stack.id).await?;
        Ok(Self { stack: name.to_owned(), resources })
    }

    /// The queue's URL; none of a queue that this stack has not.
    pub(crate) fn url(&self, queue: ParkingQueue) -> Result<Option<&str>, Failed> {
        match self.physical_id(queue.logical_id()) {
            Err(Failed::NoResource { .. }) if !queue.is_in_every_stack() => Ok(None),
            found => found.map(Some),
        }
    }

    pub(crate) fn follow_up_queue(&self) -> Result<&str, Failed> {
        self.physical_id("FollowUpQueue")
    }

    pub(crate) fn log_objects_queue(&self) -> Result<&str, Failed> {
        self.physical_id("LogObjects")
    }

    /// Where the stack's events go; `others` are whoever is subscribed to the webhook topic by hand.
    pub(crate) async fn receivers(
        &self,
        clients: &Clients,
        others: Others,
    ) -> Result<Receivers, Failed> {
        let functions: BTreeSet<String> = self
            .resources
            .iter()
            .filter(|resource| resource.kind == "AWS::Lambda::Function")
            .filter_map(|resource| resource.physical_id.clone())
            .collect();
        Ok(Receivers {
            functions,
            processor: self.physical_id("NotificationProcessor")?.to_owned(),
            raw_topic_arn: self.physical_id("RawTopic")?.to_owned(),
            webhook: self.webhook(clients, others).await,
        })
    }

    /// The webhook topic, of a stack that has one. Who is subscribed matters to its messages alone,
    /// so that failing to read it stops no other.
    async fn webhook(&self, clients: &Clients, others: Others) -> Option<Webhook> {
        let topic_arn = self.physical_id("WebhookMessages").ok()?.to_owned();
        let endpoint = self.physical_id("WebhookSubscription").ok();
        let audience = match subscriptions::list(&clients.sns, &topic_arn).await {
            Ok(all) => Audience::of(endpoint, &all),
            Err(failed) => Audience::Unknown(chain(&failed)),
        };
        Some(Webhook { topic_arn, audience, others })
    }

    fn physical_id(&self, logical_id: &'static str) -> Result<&str, Failed> {
        self.resources
            .iter()
            .find(|resource| resource.logical_id == logical_id)
            .and_then(|resource| resource.physical_id.as_deref())
            .ok_or_else(|| Failed::NoResource { stack: self.stack.clone(), resource: logical_id })
    }
}
