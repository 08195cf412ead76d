//! What pools cost: the hourly metrics, and the alarm on a budget.

use super::*;

const COST_ALARM: &str = "llmwatch-Bedrock-HighHourlyCost-Warning-global.amazon.nova-2-lite-v1_0";
const PRICED: &str = r#"{"bedrock": {"amazon.nova-2-lite-v1:0": {"input": 0.5, "output": 2}},
    "budgets": {"*": 12.5}}"#;

fn set_prices(world: &World, text: &str) {
    world.state().parameters.insert("/llmwatch/settings/prices".to_owned(), text.to_owned());
}

/// A pool of two callers, used alike in every hour.
fn priced() -> World {
    let world = World::with_pools(&[nova(10_000.0), pool("amazon.nova-pro-v1:0", 500.0)]);
    set_prices(&world, PRICED);
    world.state().used = vec![
        ("global.amazon.nova-2-lite-v1:0", "InputTokenCount", 4_000_000.0),
        ("a1b2c3d4e5f6", "InputTokenCount", 2_000_000.0),
        ("a1b2c3d4e5f6", "OutputTokenCount", 1_000_000.0),
        ("a1b2c3d4e5f6", "Invocations", 2_500.0),
    ];
    world
}

/// Name, pool, hours before now, and value of each published cost.
fn costs(world: &World) -> Vec<(String, String, i64, f64)> {
    let published = &world.state().published;
    let costs = published.iter().filter(|datum| datum.metric_name().unwrap().starts_with("Cost"));
    costs
        .map(|datum| {
            let back = now().as_second() - datum.timestamp().unwrap().secs();
            assert_eq!(back % 3_600, 0);
            let [dimension] = datum.dimensions() else { panic!("{datum:?}") };
            assert_eq!(dimension.name(), Some("Pool"));
            let name = datum.metric_name().unwrap().to_owned();
            let pool = dimension.value().unwrap().to_owned();
            (name, pool, back / 3_600, datum.value().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn what_a_pool_with_a_price_cost_is_published_for_its_last_hours() {
    let world = priced();
    reconcile(&world.app, now()).await.unwrap();
    // 0.5 of 6 million and 2 of 1 million; by 2,500 calls. On the hour, the last hour is not settled.
    let expected: Vec<_> = (2..=7)
        .rev()
        .flat_map(|back| [("CostPerHour", back, 5.0), ("CostPer1000Invocations", back, 2.0)])
        .map(|(name, back, value)| {
            (name.to_owned(), "global.amazon.nova-2-lite-v1_0".to_owned(), back, value)
        })
        .collect();
    assert_eq!(costs(&world), expected);
    assert_eq!(world.writes().iter().filter(|call| call.starts_with("PutMetric")).count(), 24);
}

#[tokio::test]
async fn without_prices_nothing_is_read_and_nothing_is_told_of_cost() {
    let mut no_quota = nova(10_000.0);
    no_quota.quotas.clear();
    let world = World::with_pools(&[no_quota]);
    reconcile(&world.app, now()).await.unwrap();
    assert!(!world.state().calls.iter().any(|call| call == "GetMetricData"));
    assert_eq!(costs(&world), []);
}

#[tokio::test]
async fn use_that_cannot_be_read_is_told_and_all_else_is_published() {
    let world = priced();
    world.state().faults = vec![("GetMetricData", "AccessDenied")];
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(error.contains("working out what pools cost"), "{error}");
    assert_eq!(costs(&world), []);
    let state = world.state();
    assert!(state.published.iter().any(|datum| datum.metric_name() == Some("QuotaValue")));
    assert!(state.metric_alarms.contains_key(COST_ALARM));
}

#[tokio::test]
async fn a_budget_makes_an_alarm_and_its_end_takes_it_away() {
    let world = priced();
    reconcile(&world.app, now()).await.unwrap();
    {
        let state = world.state();
        let costs: Vec<&String> =
            state.metric_alarms.keys().filter(|name| name.contains("HighHourlyCost")).collect();
        assert_eq!(costs, [COST_ALARM], "the other pool has no price");
        assert_eq!(state.metric_alarms[COST_ALARM].threshold, Some(12.5));
        let composite = &state.composites["llmwatch-Bedrock-QuotaHealth-Composite-global.amazon.nova-2-lite-v1_0"];
        assert!(composite.alarm_rule().unwrap().contains(COST_ALARM));
    }
    set_prices(&world, &PRICED.replace("12.5", "30"));
    let plan = plan_only(&world.app, now()).await.unwrap();
    assert!(
        plan.starts_with(
            "HighHourlyCost of global.amazon.nova-2-lite-v1_0: threshold 12.5 → 30, description"
        ),
        "{plan}"
    );
    set_prices(&world, "none");
    reconcile(&world.app, now()).await.unwrap();
    assert!(!world.state().metric_alarms.contains_key(COST_ALARM));
}

#[tokio::test]
async fn while_the_prices_make_no_sense_budgets_stay_as_they_were() {
    let world = priced();
    reconcile(&world.app, now()).await.unwrap();
    world.state().published.clear();
    world.writes();
    set_prices(&world, "{\"budgets\": {\"*\": 0}}");
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(error.contains("budgets: 0 of \"*\" is no budget"), "{error}");
    assert_eq!(world.writes(), METRICS_ONLY);
    assert_eq!(world.state().metric_alarms[COST_ALARM].threshold, Some(12.5));
    assert_eq!(costs(&world), []);
}
