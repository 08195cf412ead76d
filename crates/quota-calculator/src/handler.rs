//! The story of one event.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, Error, LambdaEvent};
use llmwatch_aws::custom_resource::{Delivery, answer};
use llmwatch_aws::http::connector;
use llmwatch_aws::{chain, client};
use llmwatch_core::calculation::report::{Report, report};
use llmwatch_core::calculation::{Calculation, Findings, calculate};
use llmwatch_core::custom_resource::{Action, CustomResourceRequest, Deletion, Outcome};
use serde_json::Value;

use crate::App;
use crate::carry_out::{self, NotStored, Stored, Writing};
use crate::event::{Trigger, trigger};
use crate::gather::{CannotCalculate, Gathered, gather};

/// The name of the custom resource's attribute with the number of pools.
const POOL_COUNT: &str = "PoolCount";

/// Handles one event. A schedule or a direct invocation returns the coverage report as JSON.
///
/// # Errors
///
/// When the event is none of ours, a read failed that every threshold depends on, a document could
/// not be stored, or CloudFormation did not take its answer. Lambda then repeats the event.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let now = client::now();
    let handled = match trigger(&event.payload) {
        Ok(Trigger::CustomResource(request)) => {
            // Boxed, because the state of a whole run is too deep a type for the compiler's limit.
            let work = Box::pin(work(app, &request, now));
            let time_left = time_left(&event.context, now);
            let prefix = &app.config.prefix;
            answer(&connector(), &Delivery::STANDARD, &request, prefix, time_left, work)
                .await
                .map(|()| Value::Null)
                .map_err(|error| chain(&error))
        }
        Ok(Trigger::Schedule | Trigger::Direct) => run(app, Writing::WhileTheStackLives, now)
            .await
            .and_then(|report| serde_json::to_value(report).map_err(RunFailed::Report))
            .map_err(|error| chain(&error)),
        Err(error) => Err(chain(&error)),
    };
    handled.map_err(|reason| {
        tracing::error!(reason, "run failed: {reason}");
        reason.into()
    })
}

/// What a custom-resource request asks for. Every way out is an outcome, so that it is answered.
async fn work(app: &App, request: &CustomResourceRequest, now: Timestamp) -> Outcome {
    if let Some(refusal) = request.refused_prefix_change(&app.config.prefix) {
        return Outcome::Failed(refusal);
    }
    let done = match (&request.action, request.deletion(&app.config.prefix)) {
        (Action::Create | Action::Update, _) => {
            run(app, Writing::ForTheStack, now).await.map(|report| report.pools.len())
        }
        (Action::Delete, Deletion::OfThisStack) => {
            let parameters = &app.clients.parameters;
            carry_out::delete_all(parameters, &app.config.prefix).await.map_err(RunFailed::Delete)
        }
        (Action::Delete, Deletion::OfFormerPrefix(former)) => {
            tracing::warn!(
                former.prefix = %former,
                "kept the parameters below /{former}/: this function may not touch them any more"
            );
            Ok(0)
        }
        (Action::Unknown(word), _) => Err(RunFailed::UnknownAction(word.clone())),
    };
    match done {
        Ok(pools) => Outcome::Success(BTreeMap::from([(POOL_COUNT, pools)])),
        Err(error) => Outcome::Failed(chain(&error)),
    }
}

/// Gathers, calculates, stores and reports.
pub(crate) async fn run(app: &App, writing: Writing, now: Timestamp) -> Result<Report, RunFailed> {
    let gathered = Box::pin(gather(app, now)).await?;
    let calculation = calculate(&Findings {
        discovery: &gathered.discovery,
        listings: &gathered.listings,
        stored: &gathered.stored.pools,
        volumes: &gathered.volumes,
        tuning: &gathered.tuning,
        now,
    });
    let (parameters, prefix) = (&app.clients.parameters, &app.config.prefix);
    let stored =
        carry_out::store(parameters, prefix, &calculation, writing, app.put_interval).await?;
    let report = coverage(&gathered, &calculation, stored);
    log(&report);
    Ok(report)
}

/// Why a run came to nothing, or not to everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunFailed {
    #[error(transparent)]
    CannotCalculate(#[from] CannotCalculate),
    #[error(transparent)]
    NotStored(#[from] NotStored),
    #[error("the thresholds could not be deleted, delete the stack again: {}", .0.explain())]
    Delete(llmwatch_aws::CallFailed),
    #[error("the report could not be written")]
    Report(#[source] serde_json::Error),
    #[error("RequestType {0:?} is unknown; this function knows Create, Update and Delete")]
    UnknownAction(String),
}

fn coverage(gathered: &Gathered, calculation: &Calculation, stored: Stored) -> Report {
    let mut report = report(calculation, &gathered.discovery.unresolved);
    report.skipped.extend(gathered.problems.iter().cloned());
    match stored {
        Stored::Everything => {}
        Stored::StackIsGone { lifecycle } => report.skipped.push(format!(
            "nothing more was stored, because the parameter {lifecycle} is missing: the stack is \
             being deleted, or was never completed; update the stack if it is there"
        )),
    }
    report
}

fn log(report: &Report) {
    for pool in &report.pools {
        tracing::info!(pool.label = %pool.label, "{pool}");
        for note in &pool.notes {
            tracing::warn!(pool.label = %pool.label, "{}: {note}", pool.label);
        }
    }
    for label in &report.left {
        tracing::info!(pool.label = %label, "{label}: unseen for 30 days, no longer watched");
    }
    for skipped in &report.skipped {
        tracing::warn!("skipped: {skipped}");
    }
}

/// What Lambda leaves this invocation.
fn time_left(context: &Context, now: Timestamp) -> Duration {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Duration::from_millis(context.deadline.saturating_sub(now_ms))
}
