//! The story of one event.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use llmwatch_aws::custom_resource::{self, Delivery};
use llmwatch_aws::{CallFailed, chain, http, lifecycle};
use llmwatch_core::alarm::desired::unwatched_series;
use llmwatch_core::alarm::plan::{applied_changes, plan, text};
use llmwatch_core::alarm::pool_metrics::{caller_metrics, pool_metrics};
use llmwatch_core::custom_resource::{Action, CustomResourceRequest, Deletion, Outcome};
use llmwatch_core::stored::StoredPool;
use llmwatch_core::{dashboard, hourly_cost, quota_used};
use serde_json::{Value, json};

use crate::carry_out::Stopped;
use crate::event::{Trigger, trigger};
use crate::gather::{GatherFailed, Situation};
use crate::report::{Failure, Report};
use crate::{App, Switch, carry_out, costs, gather, tear_down};

/// Why a run did not do all it should.
#[derive(Debug, thiserror::Error)]
pub enum RunFailed {
    /// What is there could not be read, so nothing was changed.
    #[error("nothing was changed: {0}")]
    NotGathered(String),
    /// The run ended early: the stack is being deleted, or nobody could say whether it is.
    #[error("stopped before the end: {0}")]
    Stopped(String),
    /// Some of it failed; the rest is done.
    #[error("{}", .0.problems())]
    Incomplete(Report),
}

impl From<GatherFailed> for RunFailed {
    fn from(error: GatherFailed) -> Self {
        Self::NotGathered(chain(&error))
    }
}

impl From<Stopped> for RunFailed {
    fn from(error: Stopped) -> Self {
        Self::Stopped(chain(&error))
    }
}

impl From<CallFailed> for RunFailed {
    fn from(error: CallFailed) -> Self {
        Self::NotGathered(error.explain())
    }
}

/// Handles one event.
///
/// # Errors
///
/// When the event is malformed, the run failed, or CloudFormation did not take the answer; Lambda
/// then repeats the event and its alarm counts it.
pub async fn handle(app: &App, event: LambdaEvent<Value>, now: Timestamp) -> Result<Value, Error> {
    match trigger(&event.payload)? {
        Trigger::CustomResource(request) => {
            let deadline = Timestamp::try_from(event.context.deadline())?;
            let time_left = Duration::try_from(deadline.duration_since(now)).unwrap_or_default();
            // Boxed here and below: the futures of all the calls in one are too deep a type to lay out.
            let work = Box::pin(outcome(app, &request, now));
            let connector = http::connector();
            let prefix = &app.config.prefix;
            let delivery = Delivery::STANDARD;
            custom_resource::answer(&connector, &delivery, &request, prefix, time_left, work)
                .await?;
            Ok(Value::Null)
        }
        Trigger::Reconcile if lifecycle::stands(&app.clients.ssm, &app.config.prefix).await? => {
            let report = Box::pin(reconcile(app, now)).await?;
            Ok(json!({"alarms": report.alarms, "changes": report.planned}))
        }
        Trigger::Reconcile => {
            tracing::info!("no lifecycle marker: the stack is not deployed, so nothing is done");
            Ok(json!({"alarms": 0, "changes": 0}))
        }
        Trigger::PlanOnly => Ok(json!({"plan": plan_only(app, now).await?})),
    }
}

/// Does what CloudFormation asks for.
pub async fn outcome(app: &App, request: &CustomResourceRequest, now: Timestamp) -> Outcome {
    if let Some(refusal) = request.refused_prefix_change(&app.config.prefix) {
        return Outcome::Failed(refusal);
    }
    let done = match &request.action {
        Action::Create | Action::Update => stand_up(app, now).await,
        Action::Delete => match request.deletion(&app.config.prefix) {
            Deletion::OfThisStack => tear_down::stack(app).await,
            Deletion::OfFormerPrefix(former) => {
                tracing::warn!(
                    "the prefix was {former} before: delete the alarms named {former}-Bedrock-… by \
                     hand"
                );
                Ok(Report::default())
            }
        },
        Action::Unknown(word) => {
            return Outcome::Failed(format!(
                "request type {word:?} is not one of Create, Update, Delete"
            ));
        }
    };
    match done {
        Ok(report) => Outcome::Success(BTreeMap::from([
            ("AlarmCount", report.alarms),
            ("ChangeCount", report.planned),
        ])),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// Makes CloudWatch hold the alarms it should, and remembers what was applied.
///
/// # Errors
///
/// When something could not be read (nothing is changed then), or some changes failed: each is
/// named, the others are done.
pub async fn reconcile(app: &App, now: Timestamp) -> Result<Report, RunFailed> {
    let mut situation = gather::situation(app, now).await?;
    let changes = plan(&situation.desired, &situation.actual);
    for change in &changes {
        tracing::info!(plan.size = changes.len(), "{change}");
    }
    situation.pools.iter().for_each(tell_truncated);
    costs::tell_unwatched_budgets(&situation);

    let mut failures = carry_out::changes(app, &changes, &situation.standing).await?;
    let failed = carry_out::unchanged(&failures);
    let applied = applied_changes(&situation.desired, &situation.actual, &failed);
    failures.extend(carry_out::memory(app, &applied, &situation).await?);
    failures.extend(carry_out::series(app, &situation).await?);
    failures.extend(metrics(app, &situation, now).await);
    failures.extend(dashboards(app, &situation).await?);
    failures.append(&mut situation.misread);
    Report { alarms: situation.desired.len(), planned: changes.len(), failures }.into_result()
}

/// Publishes what there is to say of the pools: of now, and of the hours that are over. How much of
/// their quotas they used, what they cost, and what inference components cost is read apart, so that
/// a read that fails takes nothing else with it.
async fn metrics(app: &App, situation: &Situation, now: Timestamp) -> Vec<Failure> {
    let mut of_now = pool_metrics(&situation.pools);
    if app.config.grafana_metrics == Switch::On {
        of_now.extend(caller_metrics(&situation.pools));
    }
    let hours = hourly_cost::hours(now);
    let (used, unread_use) = gather::quota_use(app, situation, &hours).await;
    let used = quota_used::metrics(&situation.pools, &used, &hours);
    let (costs, unread) = costs::of_last_hours(app, situation, now).await;
    let of_now = of_now.into_iter().map(|metric| (now, metric));
    let all = of_now.chain(used).chain(costs).collect();
    let published = carry_out::pool_metrics(app, all).await;
    published.into_iter().chain(unread_use).chain(unread).collect()
}

/// Makes CloudWatch hold the dashboards it should. They are the last and the least: what goes wrong
/// with them leaves the alarms as they are.
async fn dashboards(app: &App, situation: &Situation) -> Result<Vec<Failure>, RunFailed> {
    let desired = situation.dashboards(&app.config);
    match gather::dashboards(app, &desired, &situation.actual.unreadable).await {
        Ok(actual) => {
            let changes = dashboard::plan::plan(&desired, &actual);
            Ok(carry_out::dashboards(app, &changes).await?)
        }
        Err(error) => Ok(vec![Failure::of_call("reading the dashboards", &error)]),
    }
}

/// The text of what a run would do.
///
/// # Errors
///
/// When something could not be read.
pub async fn plan_only(app: &App, now: Timestamp) -> Result<String, RunFailed> {
    let situation = gather::situation(app, now).await?;
    let changes = plan(&situation.desired, &situation.actual);
    let desired = situation.dashboards(&app.config);
    let there = gather::dashboards(app, &desired, &situation.actual.unreadable).await?;
    let pages = dashboard::plan::plan(&desired, &there);
    let pages = pages.iter().map(ToString::to_string);
    let misread = situation.misread.iter().map(ToString::to_string);
    Ok([text(&changes)].into_iter().chain(pages).chain(misread).collect::<Vec<_>>().join("\n"))
}

async fn stand_up(app: &App, now: Timestamp) -> Result<Report, RunFailed> {
    carry_out::mark_standing(app).await?;
    reconcile(app, now).await
}

fn tell_truncated(pool: &StoredPool) {
    let unwatched = unwatched_series(pool);
    if !unwatched.is_empty() {
        tracing::warn!(
            pool = %pool.pool.label(),
            "{} has more series than an alarm can watch; not watched: {}",
            pool.pool,
            unwatched.join(", ")
        );
    }
}
