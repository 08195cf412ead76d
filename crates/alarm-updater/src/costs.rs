//! What pools and inference components cost: the metrics of the hours that are over.

use jiff::Timestamp;
use llmwatch_aws::CallFailed;
use llmwatch_core::alarm::pool_metrics::PoolMetric;
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::hourly_cost::Priced;
use llmwatch_core::price::SETTING;
use llmwatch_core::{component, hourly_cost};

use crate::App;
use crate::gather::{self, Situation};
use crate::report::Failure;

/// What there is to publish, and why some of it is not known. Pools and components are told apart, so
/// that a read that fails takes nothing else with it.
pub(crate) async fn of_last_hours(
    app: &App,
    situation: &Situation,
    now: Timestamp,
) -> (Vec<(Timestamp, PoolMetric)>, Vec<Failure>) {
    let of_pools = of_pools(app, situation, now).await;
    let of_components = of_components(app, situation, now).await;
    let each = [
        ("working out what pools cost", of_pools),
        ("working out what inference components cost", of_components),
    ];
    let (mut costs, mut failures) = (Vec::new(), Vec::new());
    for (what, worked_out) in each {
        match worked_out {
            Ok(metrics) => costs.extend(metrics),
            Err(error) => failures.push(Failure::of_call(what, &error)),
        }
    }
    (costs, failures)
}

async fn of_pools(
    app: &App,
    situation: &Situation,
    now: Timestamp,
) -> Result<Vec<(Timestamp, PoolMetric)>, CallFailed> {
    let hours = hourly_cost::hours(now);
    let used = gather::used(app, situation, &hours).await?;
    Ok(hourly_cost::metrics(&situation.pools, &situation.prices, &used, &hours))
}

async fn of_components(
    app: &App,
    situation: &Situation,
    now: Timestamp,
) -> Result<Vec<(Timestamp, PoolMetric)>, CallFailed> {
    let hours = component::hourly_cost::hours(now);
    let (priced, reported) = gather::reported(app, situation, &hours).await?;
    tell_unwatched_components(situation, &priced);
    Ok(component::hourly_cost::metrics(&priced, &situation.prices, &reported, &hours))
}

/// Says which budgets nothing watches, because nobody can tell the cost.
pub(crate) fn tell_unwatched_budgets(situation: &Situation) {
    let prices = &situation.prices;
    let unwatched = situation.pools.iter().map(|pool| &pool.pool);
    let unwatched: Vec<String> = unwatched
        .filter(|pool| prices.has_budget_without_price(pool))
        .map(|pool| pool.label().to_string())
        .collect();
    if !unwatched.is_empty() {
        tracing::warn!(
            "pools with a budget and no price in the setting {SETTING}, so that nothing watches \
             what they cost: {}",
            unwatched.join(", ")
        );
    }
}

fn tell_unwatched_components(situation: &Situation, priced: &Priced) {
    let unwatched: Vec<&str> = situation
        .components
        .iter()
        .filter(|component| situation.prices.has_budget_for_component(component))
        .filter(|component| !priced.contains_key(*component))
        .map(InferenceComponent::as_str)
        .collect();
    if !unwatched.is_empty() {
        tracing::warn!(
            "inference components with a budget whose cost is not known, so that nothing watches \
             it: no GPU of theirs reports (which takes enhanced metrics), or an endpoint of theirs \
             has no price in the setting {SETTING}: {}",
            unwatched.join(", ")
        );
    }
}
