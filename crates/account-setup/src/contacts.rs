//! The contacts: whom the secret names is subscribed to the alerts topic.

use std::collections::BTreeMap;

use jiff::Timestamp;
use llmwatch_aws::{CallFailed, parameters};
use llmwatch_core::contact::plan::{Asking, Change, Plan, Situation, Standing, plan};
use llmwatch_core::contact::{Address, BadSecret};
use llmwatch_core::stored::contacts_parameter;
use serde::Serialize;

use crate::App;
use crate::carry_out::contacts as carry_out;
use crate::gather::contacts as gather;

/// Why a run takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// CloudFormation creates or updates the stack, and subscribes this address itself.
    Stack { alert_email: Option<Address> },
    /// The day is over.
    Schedule,
    /// An operator asked for it.
    Operator,
}

/// What a run found and did. Addresses are shown masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Report {
    /// How many people were sent a confirmation mail.
    pub(crate) asked: usize,
    /// How many were unsubscribed.
    pub(crate) removed: usize,
    /// How things stood before.
    #[serde(flatten)]
    pub(crate) standing: Standing,
    /// Why nothing was done, where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idle: Option<String>,
}

impl Report {
    /// The custom resource's attributes.
    pub(crate) fn figures(&self) -> BTreeMap<&'static str, usize> {
        let pending = self.standing.pending.len() + self.asked;
        BTreeMap::from([
            ("ContactCount", self.standing.wanted),
            ("SubscribedCount", self.standing.subscribed),
            ("PendingCount", pending),
        ])
    }
}

/// Why a run came to nothing, or not to everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunFailed {
    /// The secret cannot be meant so.
    #[error("no subscription was changed: {0}")]
    BadSecret(BadSecret),
    /// The secret has no value any more, while people it named are subscribed.
    #[error(
        "no subscription was changed: secret {secret} has no value, but {remembered} people it \
         named before are subscribed or were asked; write {{\"email\": []}} into it to \
         unsubscribe them"
    )]
    Emptied { secret: String, remembered: usize },
    /// The memory is not what a run wrote.
    #[error(
        "no subscription was changed: parameter {0} is not what llmwatch wrote; delete it, and \
         whoever was subscribed so far is left alone from then on"
    )]
    BadMemory(String),
    /// Something could not be read.
    #[error("no subscription was changed: {}", .0.explain())]
    NotGathered(CallFailed),
    /// The memory could not be written.
    #[error("what was done could not be stored: {}", .0.explain())]
    NotRemembered(CallFailed),
    /// Some changes failed; the others are done.
    #[error("{} of {planned} changes failed: {}", .failures.len(), .failures.join("; "))]
    Incomplete { planned: usize, failures: Vec<String> },
}

impl RunFailed {
    /// Whether what an operator wrote is at fault, and not a call.
    pub(crate) fn is_for_the_operator(&self) -> bool {
        match self {
            Self::BadSecret(_) | Self::Emptied { .. } | Self::BadMemory(_) => true,
            Self::NotGathered(_) | Self::NotRemembered(_) | Self::Incomplete { .. } => false,
        }
    }
}

/// Subscribes whom the secret names, and unsubscribes whom it names no more.
pub(crate) async fn reconcile(
    app: &App,
    occasion: &Occasion,
    now: Timestamp,
) -> Result<Report, RunFailed> {
    if !gather::stack_stands(app, occasion).await? {
        return Ok(stack_is_gone());
    }
    let gathered = gather::gather(app, occasion).await?;
    let plan = plan(&Situation {
        wanted: &gathered.wanted,
        subscriptions: &gathered.subscriptions,
        memory: &gathered.memory,
        asking: asking(occasion),
        now,
    });
    log(&plan);
    let intent = plan.memory_before().text();
    if !carry_out::remember(app, occasion, &intent, &gathered.stored_text).await? {
        return Ok(stack_is_gone());
    }
    let failures = carry_out::changes(app, &plan.changes).await;
    let failed = failures.iter().map(|failure| failure.of.clone()).collect();
    let result = plan.memory_after(&failed, now).text();
    carry_out::remember(app, occasion, &result, &intent).await?;
    if failures.is_empty() {
        Ok(report(plan))
    } else {
        let failures = failures.into_iter().map(|failure| failure.what).collect();
        Err(RunFailed::Incomplete { planned: plan.changes.len(), failures })
    }
}

/// Forgets whom llmwatch subscribed, as the stack goes. SNS removes the subscriptions with their
/// topic, and pending ones by itself; neither the topic nor the secret need be there any more.
pub(crate) async fn forget(app: &App) -> Result<(), CallFailed> {
    let name = contacts_parameter(&app.config.prefix);
    parameters::delete(&app.clients.parameters, &[name]).await.map(drop)
}

fn asking(occasion: &Occasion) -> Asking {
    match occasion {
        Occasion::Operator => Asking::AtOnce,
        Occasion::Schedule | Occasion::Stack { .. } => Asking::Unbidden,
    }
}

fn report(plan: Plan) -> Report {
    let asked = plan.changes.iter().filter(|change| matches!(change, Change::Ask(_))).count();
    Report { asked, removed: plan.changes.len() - asked, standing: plan.standing, idle: None }
}

fn stack_is_gone() -> Report {
    let idle = "the stack is not deployed or is being deleted, so nothing was done".to_owned();
    tracing::info!("{idle}");
    Report { idle: Some(idle), ..Report::default() }
}

fn log(plan: &Plan) {
    let standing = &plan.standing;
    tracing::info!(
        contacts.wanted = standing.wanted,
        contacts.subscribed = standing.subscribed,
        contacts.others = standing.others,
        "{} of {} contacts receive the mails; {} changes",
        standing.subscribed,
        standing.wanted,
        plan.changes.len()
    );
    for change in &plan.changes {
        tracing::info!("{change}");
    }
    for address in &standing.pending {
        tracing::info!("{address} has not confirmed yet");
    }
    for address in &standing.unanswered {
        tracing::warn!("{address} did not confirm and is not asked again unbidden");
    }
    for address in &standing.withdrawn {
        tracing::info!("{address} is wanted no more, but may still confirm");
    }
}
