//! The dashboards of pools.

use super::*;
use crate::Switch;

const PAGE: &str = "llmwatch_pool_global-amazon-nova-2-lite-v1-0_";

async fn with_dashboards() -> World {
    let mut world = World::with_pools(&[nova(10_000.0)]);
    world.app.config.pool_dashboards = Switch::On;
    reconcile(&world.app, now()).await.unwrap();
    world
}

fn pages(world: &World) -> Vec<String> {
    world.state().dashboards.keys().cloned().collect()
}

fn dashboard_calls(world: &World) -> Vec<String> {
    world.writes().into_iter().filter(|call| call.contains("Dashboard")).collect()
}

#[tokio::test]
async fn a_pool_gets_a_page_and_an_unchanged_page_is_left_alone() {
    let world = with_dashboards().await;
    let [page] = pages(&world).try_into().unwrap();
    assert!(page.starts_with(PAGE), "{page}");
    assert_eq!(dashboard_calls(&world), [format!("PutDashboard {page}")]);

    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(dashboard_calls(&world), Vec::<String>::new());

    world.store(&nova(20_000.0));
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(dashboard_calls(&world), [format!("PutDashboard {page}")]);
}

#[tokio::test]
async fn the_page_of_a_pool_that_left_goes_and_others_stay() {
    let world = with_dashboards().await;
    let [page] = pages(&world).try_into().unwrap();
    for other in ["llmwatch_overview", "llmwatch_pooling", "mine"] {
        world.state().dashboards.insert(other.to_owned(), "{}".to_owned());
    }
    world.writes();
    world.state().parameters.retain(|name, _| !name.ends_with("/thresholds"));
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(dashboard_calls(&world), [format!("DeleteDashboards {page}")]);
    assert_eq!(pages(&world), ["llmwatch_overview", "llmwatch_pooling", "mine"]);
}

#[tokio::test]
async fn a_document_that_is_not_understood_keeps_its_page() {
    let world = with_dashboards().await;
    let before = pages(&world);
    let name = "/llmwatch/pools/global.amazon.nova-2-lite-v1_0/thresholds";
    world.state().parameters.insert(name.to_owned(), "{".to_owned());
    reconcile(&world.app, now()).await.unwrap_err();
    assert_eq!(pages(&world), before);
}

#[tokio::test]
async fn switched_off_or_with_the_stack_they_go() {
    let mut world = with_dashboards().await;
    world.app.config.pool_dashboards = Switch::Off;
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(pages(&world), Vec::<String>::new());

    let world = with_dashboards().await;
    let Outcome::Success(_) = answered(&world, "Delete").await else { panic!("not deleted") };
    assert_eq!(pages(&world), Vec::<String>::new());
}

#[tokio::test]
async fn a_page_that_is_refused_is_named_and_the_alarms_are_made() {
    let mut world = World::with_pools(&[nova(10_000.0)]);
    world.app.config.pool_dashboards = Switch::On;
    world.state().faults.push(("PutDashboard", "InternalServiceError"));
    let RunFailed::Incomplete(report) = reconcile(&world.app, now()).await.unwrap_err() else {
        panic!("not incomplete");
    };
    assert!(report.problems().contains(PAGE), "{}", report.problems());
    assert!(world.state().metric_alarms.contains_key(TPM_ALARM));
}

#[tokio::test]
async fn prices_make_the_cost_and_nonsense_is_told() {
    let mut world = World::with_pools(&[nova(10_000.0)]);
    world.app.config.pool_dashboards = Switch::On;
    let priced = r#"{"bedrock": {"amazon.nova-2-lite-v1:0": {"input": 0.06, "output": 0.24}}}"#;
    let set = |world: &World, text: &str| {
        world.state().parameters.insert("/llmwatch/settings/prices".to_owned(), text.to_owned());
    };
    let body = |world: &World| world.state().dashboards.values().next().unwrap().clone();
    set(&world, priced);
    reconcile(&world.app, now()).await.unwrap();
    assert!(body(&world).contains("USD an hour"));

    set(&world, "nonsense");
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(error.contains("setting prices"), "{error}");
    assert!(body(&world).contains("Cost: unknown") || body(&world).contains("is not known"));
}
