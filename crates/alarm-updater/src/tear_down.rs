//! Removing everything the function made, when the stack is deleted.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_aws::alarms;
use llmwatch_aws::pace::Pace;
use llmwatch_aws::parameters;
use llmwatch_core::alarm::plan::{Actual, AlarmChange, plan};
use llmwatch_core::dashboard::plan::plan as dashboard_plan;
use llmwatch_core::stored::{components_path, pools_path, quality_path};
use tokio::time::sleep;

use crate::handler::RunFailed;
use crate::report::{Failure, Report};
use crate::{App, carry_out, gather};

/// Listings after which whatever still appears is given up and named.
const MOST_ROUNDS: usize = 6;

/// Deletes the marker, waits until no write of a run in flight can arrive any more, then deletes
/// composites one a call, metric alarms by 100, anomaly models, dashboards, and what was applied. What is
/// missing already is deleted.
///
/// The wait serves quota-calculator too: CloudFormation deletes its resource after this one.
///
/// # Errors
///
/// When a listing failed, or alarms are left: each is named with the reason.
pub(crate) async fn stack(app: &App) -> Result<Report, RunFailed> {
    carry_out::unmark(app).await?;
    sleep(app.waits.last_write).await;
    let mut report = Report::default();
    let mut pace = Pace::new(app.waits.alarms);
    for _ in 0..MOST_ROUNDS {
        pace.turn().await;
        let (standing, changes) = listing(app).await?;
        if changes.is_empty() {
            return forget(app, report).await;
        }
        report.planned += changes.len();
        report.failures = carry_out::changes(app, &changes, &standing).await?;
    }
    if report.failures.is_empty() {
        let (_, left) = listing(app).await?;
        report.failures.extend(left.iter().map(|change| Failure {
            what: change.to_string(),
            alarms: Vec::new(),
            why: "it appears again after each delete; is something creating it?".to_owned(),
        }));
    }
    forget(app, report).await
}

async fn listing(app: &App) -> Result<(alarms::StandingAlarms, Vec<AlarmChange>), RunFailed> {
    let (client, prefix) = (&app.clients.cloudwatch, &app.config.prefix);
    let (standing, detectors) = futures::try_join!(
        alarms::read_all(client, prefix),
        alarms::read_detectors(client, prefix)
    )?;
    let actual = Actual { alarms: standing.alarms.clone(), detectors, ..Actual::default() };
    let changes = plan(&[], &actual);
    Ok((standing, changes))
}

async fn forget(app: &App, mut report: Report) -> Result<Report, RunFailed> {
    let none = BTreeMap::new();
    let dashboards = gather::dashboards(app, &none, &BTreeSet::new()).await?;
    let changes = dashboard_plan(&none, &dashboards);
    report.failures.extend(carry_out::dashboards(app, &changes).await?);
    let (ssm, prefix) = (&app.clients.ssm, &app.config.prefix);
    let of_pools = parameters::by_path(ssm, &pools_path(prefix)).await?;
    let of_quality = parameters::by_path(ssm, &quality_path(prefix)).await?;
    let of_components = parameters::by_path(ssm, &components_path(prefix)).await?;
    // The pools' own documents are quota-calculator's to delete.
    let applied = of_pools.into_iter().filter(|parameter| parameter.name.ends_with("/applied"));
    let ours: Vec<String> =
        applied.chain(of_quality).chain(of_components).map(|parameter| parameter.name).collect();
    parameters::delete(ssm, &ours).await?;
    report.into_result()
}
