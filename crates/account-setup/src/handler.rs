//! The story of one event.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, Error, LambdaEvent};
use llmwatch_aws::custom_resource::{Delivery, answer};
use llmwatch_aws::http::connector;
use llmwatch_aws::{chain, client};
use llmwatch_core::custom_resource::{Action, Deletion, Outcome};
use serde_json::Value;

use crate::App;
use crate::contacts::{self, Occasion};
use crate::event::{Resource, StackRequest, Trigger, trigger};
use crate::{bucket_notifications, invocation_logging};

/// Handles one event. A schedule or a direct invocation returns how things stand, as JSON.
///
/// # Errors
///
/// When the event is none of ours, the secret says nothing that could be done, something could not
/// be read or done, or CloudFormation did not take its answer. Lambda then repeats the event.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let now = client::now();
    let handled = match trigger(&event.payload) {
        Ok(Trigger::CustomResource(request)) => {
            let work = Box::pin(work(app, &request, now));
            let time_left = time_left(&event.context, now);
            let (connector, prefix) = (connector(), &app.config.prefix);
            answer(&connector, &Delivery::STANDARD, &request.request, prefix, time_left, work)
                .await
                .map(|()| Value::Null)
                .map_err(|error| chain(&error))
        }
        Ok(Trigger::Schedule) => run(app, Occasion::Schedule, now).await,
        Ok(Trigger::Direct) => run(app, Occasion::Operator, now).await,
        Err(error) => Err(chain(&error)),
    };
    handled.map_err(|reason| {
        tracing::error!(reason, "run failed: {reason}");
        reason.into()
    })
}

async fn run(app: &App, occasion: Occasion, now: Timestamp) -> Result<Value, String> {
    let report = Box::pin(contacts::reconcile(app, &occasion, now)).await;
    let report = report.map_err(|error| chain(&error))?;
    serde_json::to_value(report).map_err(|error| chain(&error))
}

/// What a custom-resource request asks for. Every way out is an outcome, so that it is answered.
pub(crate) async fn work(app: &App, request: &StackRequest, now: Timestamp) -> Outcome {
    let StackRequest { request, resource } = request;
    match (&request.action, request.deletion(&app.config.prefix)) {
        (Action::Create | Action::Update, _) => keep(app, resource, now).await,
        (Action::Delete, Deletion::OfThisStack) => forget(app, resource).await,
        (Action::Delete, Deletion::OfFormerPrefix(former)) => {
            tracing::warn!(
                former.prefix = %former,
                "kept what was set up under /{former}/: this function may not touch it any more"
            );
            Outcome::Success(BTreeMap::new())
        }
        (Action::Unknown(word), _) => Outcome::Failed(format!(
            "RequestType {word:?} is unknown; this function knows Create, Update and Delete"
        )),
    }
}

async fn keep(app: &App, resource: &Resource, now: Timestamp) -> Outcome {
    match resource {
        Resource::Contacts { alert_email } => {
            let occasion = Occasion::Stack { alert_email: alert_email.clone() };
            match contacts::reconcile(app, &occasion, now).await {
                Ok(report) => Outcome::Success(report.figures()),
                // An update that failed for what stands in the secret would roll back, and the
                // roll-back fail for the same reason. The daily run fails, and its alarm tells.
                Err(error) if error.is_for_the_operator() => {
                    let reason = chain(&error);
                    tracing::error!(reason, "contacts stay as they are: {reason}");
                    Outcome::Success(BTreeMap::new())
                }
                Err(error) => Outcome::Failed(chain(&error)),
            }
        }
        Resource::InvocationLogging { place } => invocation_logging::deploy(app, place).await,
        Resource::BucketNotifications { subscription, former } => {
            bucket_notifications::deploy(app, subscription, former.as_ref()).await
        }
        Resource::Incomplete { property } => {
            Outcome::Failed(format!("the custom resource has no {property}; deploy again"))
        }
        Resource::Unknown(_) => none_of_ours(resource),
    }
}

async fn forget(app: &App, resource: &Resource) -> Outcome {
    match resource {
        Resource::Contacts { .. } => match contacts::forget(app).await {
            Ok(()) => Outcome::Success(BTreeMap::new()),
            Err(error) => Outcome::Failed(error.explain()),
        },
        Resource::InvocationLogging { .. } => invocation_logging::forget(app).await,
        Resource::BucketNotifications { subscription, .. } => {
            bucket_notifications::forget(app, subscription).await
        }
        // It was refused when it was to be made, so there is nothing to take back.
        Resource::Incomplete { .. } => Outcome::Success(BTreeMap::new()),
        Resource::Unknown(_) => none_of_ours(resource),
    }
}

fn none_of_ours(resource: &Resource) -> Outcome {
    Outcome::Failed(format!("{resource:?} is none of this function's resources"))
}

/// What Lambda leaves this invocation.
fn time_left(context: &Context, now: Timestamp) -> Duration {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Duration::from_millis(context.deadline.saturating_sub(now_ms))
}
