//! What inference components cost: the hourly metrics, and the alarm on a budget.

use llmwatch_core::cloudwatch::metric::MetricKey;

use super::world::World;
use super::*;

const COST_ALARM: &str = "llmwatch-SageMaker-HighHourlyCost-Warning-component.chat-7b";
const PRICED: &str = r#"{"endpoints": {"chat": 6}}"#;
const BUDGETED: &str = r#"{"endpoints": {"chat": 6}, "budgets": {"component.*": 1.25}}"#;

fn set_prices(world: &World, text: &str) {
    world.state().parameters.insert("/llmwatch/settings/prices".to_owned(), text.to_owned());
}

/// One series of a GPU or an instance of the endpoint.
fn series(endpoint: &str, name: &str, more: &[(&str, &str)]) -> MetricKey {
    let is_own = more.iter().any(|(name, _)| *name == "InferenceComponentName");
    let namespace =
        if is_own { "/aws/sagemaker/InferenceComponents" } else { "/aws/sagemaker/Endpoints" };
    let place = [("EndpointName", endpoint), ("VariantName", "AllTraffic"), ("InstanceId", "i-1")];
    MetricKey::new(namespace, name, &[&place[..], more].concat())
}

/// An instance of four GPUs; the component has one of them.
fn reporting(endpoint: &str) -> Vec<MetricKey> {
    const GPU: &str = "GPUUtilizationNormalized";
    let gpus = ["0", "1", "2", "3"].map(|id| series(endpoint, GPU, &[("AcceleratorId", id)]));
    let own = [("ContainerId", "c"), ("InferenceComponentName", "chat-7b"), ("AcceleratorId", "0")];
    let own = series(endpoint, GPU, &own);
    let instance = series(endpoint, "CPUUtilizationNormalized", &[]);
    gpus.into_iter().chain([own, instance]).collect()
}

fn world(endpoint: &str) -> World {
    let world = World::with_pools(&[]);
    set_prices(&world, PRICED);
    let mut state = world.state();
    state.components = vec!["chat-7b"];
    state.used = vec![("chat-7b", "Invocations", 500.0)];
    state.reporting = reporting(endpoint);
    drop(state);
    world
}

/// Name, hours before now, and value of each published cost of the component.
fn costs(world: &World) -> Vec<(String, i64, f64)> {
    let published = &world.state().published;
    let costs = published.iter().filter(|datum| datum.metric_name().unwrap().starts_with("Cost"));
    costs
        .map(|datum| {
            let back = now().as_second() - datum.timestamp().unwrap().secs();
            assert_eq!(back % 3_600, 0);
            let [dimension] = datum.dimensions() else { panic!("{datum:?}") };
            assert_eq!(dimension.name(), Some("InferenceComponentName"));
            assert_eq!(dimension.value(), Some("chat-7b"));
            (datum.metric_name().unwrap().to_owned(), back / 3_600, datum.value().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn what_a_component_cost_is_published_for_the_hours_that_are_listed() {
    let world = world("chat");
    reconcile(&world.app, now()).await.unwrap();
    // A quarter of 6 dollars, by 500 calls. On the hour, the last hour is not settled.
    let expected: Vec<(String, i64, f64)> = [3, 2]
        .into_iter()
        .flat_map(|back| [("CostPerHour", back, 1.5), ("CostPer1000Invocations", back, 3.0)])
        .map(|(name, back, value)| (name.to_owned(), back, value))
        .collect();
    assert_eq!(costs(&world), expected);
}

#[tokio::test]
async fn of_an_endpoint_without_a_price_nothing_is_read_or_published() {
    let other = world("other");
    reconcile(&other.app, now()).await.unwrap();
    assert!(!other.state().calls.iter().any(|call| call == "GetMetricData"));
    assert_eq!(costs(&other), []);

    let unpriced = world("chat");
    set_prices(&unpriced, "none");
    reconcile(&unpriced.app, now()).await.unwrap();
    let calls = unpriced.state().calls.clone();
    assert!(!calls.iter().any(|call| call.starts_with("ListMetrics /aws/sagemaker/")), "{calls:?}");
    assert_eq!(costs(&unpriced), []);
}

#[tokio::test]
async fn reports_that_cannot_be_read_are_told_and_all_else_is_done() {
    for fault in ["ListMetrics /aws/sagemaker/Endpoints", "GetMetricData"] {
        let world = world("chat");
        world.state().faults = vec![(fault, "AccessDenied")];
        let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
        assert!(error.contains("working out what inference components cost"), "{error}");
        assert_eq!(costs(&world), []);
        assert_eq!(world.state().metric_alarms.len(), 2);
    }
}

#[tokio::test]
async fn a_budget_makes_an_alarm_and_its_end_takes_it_away() {
    let world = world("chat");
    set_prices(&world, BUDGETED);
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.state().metric_alarms[COST_ALARM].threshold, Some(1.25));
    world.writes();
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
    set_prices(&world, &BUDGETED.replace("1.25", "3"));
    let plan = plan_only(&world.app, now()).await.unwrap();
    let changed = "HighHourlyCost of component chat-7b: threshold 1.25 → 3, description";
    assert!(plan.starts_with(changed), "{plan}");
    set_prices(&world, PRICED);
    reconcile(&world.app, now()).await.unwrap();
    assert!(!world.state().metric_alarms.contains_key(COST_ALARM));
}

#[tokio::test]
async fn while_the_prices_make_no_sense_budgets_stay_as_they_were() {
    let world = world("chat");
    set_prices(&world, BUDGETED);
    reconcile(&world.app, now()).await.unwrap();
    world.writes();
    set_prices(&world, r#"{"budgets": {"component.*": 0}}"#);
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(error.contains("budgets: 0 of \"component.*\" is no budget"), "{error}");
    assert_eq!(world.writes(), METRICS_ONLY);
    assert_eq!(world.state().metric_alarms[COST_ALARM].threshold, Some(1.25));
}

/// It may have no GPU at all for hours, and its alarm is to be there when it has them again.
#[tokio::test]
async fn a_component_that_does_not_report_keeps_the_alarm_on_its_budget() {
    let world = world("chat");
    set_prices(&world, BUDGETED);
    reconcile(&world.app, now()).await.unwrap();
    world.state().reporting.clear();
    world.writes();
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
}
