//! Doing what was planned. Nothing is decided here.

use std::collections::BTreeSet;
use std::future::Future;

use jiff::Timestamp;
use llmwatch_aws::alarms::{self, StandingAlarms};
use llmwatch_aws::lifecycle::{Guarded, write_while_standing};
use llmwatch_aws::metrics::{self, Datum};
use llmwatch_aws::pace::Pace;
use llmwatch_aws::{CallFailed, dashboards, parameters};
use llmwatch_core::alarm::name::AlarmName;
use llmwatch_core::alarm::plan::{AlarmChange, AppliedChange};
use llmwatch_core::alarm::pool_metrics::{NAMESPACE, PoolMetric};
use llmwatch_core::dashboard::plan::DashboardChange;
use llmwatch_core::stored::{applied_parameter, lifecycle_parameter, series_parameter};
use tokio::time::Instant;

use crate::App;
use crate::gather::Situation;
use crate::report::Failure;

/// Why the doing stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    /// The stack is being deleted; whatever is still to be put must not be.
    #[error("the stack is being deleted")]
    StackGone,
    /// Whether the stack stands could not be read.
    #[error(transparent)]
    Unknown(#[from] CallFailed),
}

/// Does every change in order as long as there is time, going on after failures, which are
/// returned.
pub(crate) async fn changes(
    app: &App,
    changes: &[AlarmChange],
    standing: &StandingAlarms,
) -> Result<Vec<Failure>, Stopped> {
    let started = Instant::now();
    let mut pace = Pace::new(app.waits.alarms);
    let mut failures = Vec::new();
    let mut left = changes;
    for group in
        changes.chunk_by(|one, next| child_name(one).is_some() && child_name(next).is_some())
    {
        if started.elapsed() >= app.waits.all_changes {
            failures.push(out_of_time(left, changes.len()));
            break;
        }
        left = left.get(group.len()..).unwrap_or_default();
        let names: Vec<String> = group.iter().filter_map(child_name).map(str::to_owned).collect();
        match group {
            [change] if names.is_empty() => {
                if let Err(error) = one(app, &mut pace, change, standing).await? {
                    failures.push(Failure {
                        what: change.to_string(),
                        alarms: change.alarm().cloned().into_iter().collect(),
                        why: error.explain(),
                    });
                }
            }
            deletes => {
                pace.turn().await;
                let failed = alarms::delete_metric_alarms(&app.clients.cloudwatch, &names).await;
                failures.extend(failed.iter().flat_map(|failed| {
                    let hit = |change: &&AlarmChange| {
                        child_name(change)
                            .is_some_and(|name| failed.names.iter().any(|n| n == name))
                    };
                    deletes.iter().filter(hit).map(|change| Failure {
                        what: change.to_string(),
                        alarms: change.alarm().cloned().into_iter().collect(),
                        why: failed.error.explain(),
                    })
                }));
            }
        }
    }
    Ok(failures)
}

/// Changes a run does not come to. They are in the plan of the next one: Lambda repeats a run that
/// failed, and the schedule starts one every hour.
fn out_of_time(left: &[AlarmChange], planned: usize) -> Failure {
    let first = left.first().map(ToString::to_string).unwrap_or_default();
    Failure {
        what: format!("the last {} of {planned} changes, from \"{first}\" on", left.len()),
        alarms: left.iter().filter_map(AlarmChange::alarm).cloned().collect(),
        why: "no time was left at the rate CloudWatch allows; the next run goes on with them"
            .to_owned(),
    }
}

/// The outer error stops the run; the inner one is this change's own.
async fn one(
    app: &App,
    pace: &mut Pace,
    change: &AlarmChange,
    standing: &StandingAlarms,
) -> Result<Result<(), CallFailed>, Stopped> {
    let client = &app.clients.cloudwatch;
    Ok(match change {
        AlarmChange::PutDetector(detector) => {
            put(app, alarms::put_detector(client, detector)).await?
        }
        AlarmChange::Create { put: alarm, tags } => {
            pace.turn().await;
            put(app, alarms::create(client, alarm, tags)).await?
        }
        AlarmChange::Update { put: alarm, .. } => {
            pace.turn().await;
            put(app, alarms::update(client, alarm, standing)).await?
        }
        AlarmChange::Delete { name, .. } => {
            pace.turn().await;
            alarms::delete_composite(client, name).await
        }
        AlarmChange::DeleteDetector(detector) => alarms::delete_detector(client, detector).await,
    })
}

/// Every put goes through here, so that a run in flight cannot rebuild what a stack delete removes.
async fn put<T>(
    app: &App,
    write: impl Future<Output = Result<T, CallFailed>>,
) -> Result<Result<T, CallFailed>, Stopped> {
    match write_while_standing(&app.clients.ssm, &app.config.prefix, write).await {
        Guarded::Tried(written) => Ok(written),
        Guarded::StackGone => Err(Stopped::StackGone),
        Guarded::Unknown(failed) => Err(Stopped::Unknown(failed)),
    }
}

fn child_name(change: &AlarmChange) -> Option<&str> {
    match change {
        AlarmChange::Delete {
            alarm: AlarmName::Child(..) | AlarmName::Quality(_) | AlarmName::Component(_),
            name,
        } => Some(name),
        AlarmChange::Delete { alarm: AlarmName::Composite(_), .. }
        | AlarmChange::PutDetector(_)
        | AlarmChange::Create { .. }
        | AlarmChange::Update { .. }
        | AlarmChange::DeleteDetector(_) => None,
    }
}

/// Stores what was applied.
pub(crate) async fn memory(
    app: &App,
    changes: &[AppliedChange],
    situation: &Situation,
) -> Result<Vec<Failure>, Stopped> {
    let (client, prefix) = (&app.clients.ssm, &app.config.prefix);
    let mut pace = Pace::new(app.waits.parameters);
    let mut failures = Vec::new();
    let mut forgotten = Vec::new();
    for change in changes {
        match change {
            AppliedChange::Forget(owner) => forgotten.push(applied_parameter(prefix, owner)),
            AppliedChange::Store(owner, applied) => {
                let name = applied_parameter(prefix, owner);
                let stored = situation.stored_applied.get(owner).map(String::as_str);
                pace.turn().await;
                let value = serde_json::to_string(applied).unwrap_or_default();
                let write = parameters::put_if_changed(client, &name, &value, stored);
                let written = put(app, write).await?;
                failures.extend(
                    written.err().map(|error| Failure::of_call(format!("storing {name}"), &error)),
                );
            }
        }
    }
    let deleted = parameters::delete(client, &forgotten).await;
    failures
        .extend(deleted.err().map(|error| Failure::of_call("deleting what was applied", &error)));
    Ok(failures)
}

/// Stores which series of quality metrics are known, and forgets the others.
pub(crate) async fn series(app: &App, situation: &Situation) -> Result<Vec<Failure>, Stopped> {
    let (client, prefix) = (&app.clients.ssm, &app.config.prefix);
    let mut pace = Pace::new(app.waits.parameters);
    let mut failures = Vec::new();
    for (label, known) in &situation.series {
        let name = series_parameter(prefix, label);
        let stored = situation.stored_series.get(label).map(String::as_str);
        let value = serde_json::to_string(known).unwrap_or_default();
        if stored == Some(&value) {
            continue;
        }
        pace.turn().await;
        let written = put(app, parameters::put_if_changed(client, &name, &value, stored)).await?;
        failures
            .extend(written.err().map(|error| Failure::of_call(format!("storing {name}"), &error)));
    }
    let stored = situation.stored_series.keys();
    let forgotten: Vec<String> = stored
        .filter(|label| !situation.series.contains_key(*label))
        .map(|label| series_parameter(prefix, label))
        .collect();
    let deleted = parameters::delete(client, &forgotten).await;
    failures.extend(
        deleted.err().map(|error| Failure::of_call("deleting series known no more", &error)),
    );
    Ok(failures)
}

/// Publishes the pools' own metrics, each at its time.
pub(crate) async fn pool_metrics(
    app: &App,
    pool_metrics: Vec<(Timestamp, PoolMetric)>,
) -> Vec<Failure> {
    let data: Vec<Datum> = pool_metrics
        .into_iter()
        .map(|(at, metric)| Datum {
            name: metric.name.to_owned(),
            dimensions: metric
                .dimensions
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            value: metric.value,
            at,
        })
        .collect();
    let published = metrics::publish(&app.clients.cloudwatch, NAMESPACE, &data).await;
    published
        .err()
        .map(|error| Failure::of_call("publishing the pools' metrics", &error))
        .into_iter()
        .collect()
}

/// Writes and removes dashboards.
pub(crate) async fn dashboards(
    app: &App,
    changes: &[DashboardChange],
) -> Result<Vec<Failure>, Stopped> {
    let client = &app.clients.cloudwatch;
    let mut pace = Pace::new(app.waits.dashboards);
    let mut failures = Vec::new();
    for change in changes {
        tracing::info!(plan.size = changes.len(), "{change}");
        match change {
            DashboardChange::Put { name, body } => {
                pace.turn().await;
                let written = put(app, dashboards::put(client, name, &body.to_string())).await?;
                failures.extend(
                    written.err().map(|error| Failure::of_call(change.to_string(), &error)),
                );
            }
            DashboardChange::Delete(names) => {
                for name in names {
                    pace.turn().await;
                    let deleted = dashboards::delete(client, name).await;
                    let what = format!("dashboard {name}: delete");
                    failures.extend(deleted.err().map(|error| Failure::of_call(what, &error)));
                }
            }
        }
    }
    Ok(failures)
}

/// Writes the marker that says that the stack stands.
pub(crate) async fn mark_standing(app: &App) -> Result<(), CallFailed> {
    let marker = lifecycle_parameter(&app.config.prefix);
    let stored = parameters::get(&app.clients.ssm, &marker).await?;
    parameters::put_if_changed(&app.clients.ssm, &marker, "standing", stored.as_deref()).await?;
    Ok(())
}

/// Deletes the marker: from here on no run puts anything.
pub(crate) async fn unmark(app: &App) -> Result<(), CallFailed> {
    let marker = lifecycle_parameter(&app.config.prefix);
    parameters::delete(&app.clients.ssm, &[marker]).await?;
    Ok(())
}

/// The alarms a run left unchanged.
pub(crate) fn unchanged(failures: &[Failure]) -> BTreeSet<AlarmName> {
    failures.iter().flat_map(|failure| failure.alarms.iter().cloned()).collect()
}
