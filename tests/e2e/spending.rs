//! What a pool costs: published for each hour, alarmed about above its budget, and no matter for AWS.

use std::collections::BTreeSet;

use jiff::Timestamp;
use llmwatch_core::alarm::AlarmKind::HighHourlyCost;
use llmwatch_tests::readers;
use llmwatch_tests::traffic::{BUSY_MODEL, quota};
use serde_json::{Value, json};

use crate::stage::{RPM, Stage, TPM, hourly, says};

/// What the pool's caller does in every minute.
const CALLS: f64 = 200.0;
const INPUT: f64 = 25_000.0;
const OUTPUT: f64 = 10_000.0;

/// Minutes of traffic before the deployment: more than the hours that a run works out.
const MINUTES_BEFORE: i64 = 9 * 60;
const MINUTES_AFTER: i64 = 60;

/// 60 times 25,000 input tokens at 3 and 10,000 output tokens at 15 dollars a million.
const AN_HOUR: f64 = 4.5 + 9.0;

fn traffic(now: i64) -> Value {
    let series = |name: &str, value: f64| {
        let minutes = usize::try_from(MINUTES_BEFORE + MINUTES_AFTER).unwrap();
        json!({
            "namespace": "AWS/Bedrock",
            "name": name,
            "dimensions": { "ModelId": format!("us.{BUSY_MODEL}") },
            "start": Timestamp::from_second((now - MINUTES_BEFORE) * 60).unwrap().to_string(),
            "values": vec![value; minutes],
        })
    };
    json!({
        "metrics": [
            series("Invocations", CALLS),
            series("InputTokenCount", INPUT),
            series("OutputTokenCount", OUTPUT),
        ],
        "quotas": [
            { "code": quota::BUSY_TPM, "applied": TPM, "adjustable": true },
            { "code": quota::BUSY_RPM, "applied": RPM, "adjustable": true },
        ],
    })
}

fn set_prices(stage: &Stage, budget: f64) {
    let prices = json!({
        "bedrock": { BUSY_MODEL: { "input": 3, "output": 15 } },
        "budgets": { "cross-region.*": budget },
    });
    stage.world.set_parameter("settings/prices", &prices.to_string()).unwrap();
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
}

fn published(stage: &Stage, metric: &str) -> Vec<(i64, f64)> {
    hourly(stage, metric, ("Pool", stage.pool().as_str()))
}

#[test]
fn a_pool_above_its_budget_is_mailed_about_and_asks_aws_for_nothing() {
    let stage = Stage::deploy_back(1, &[("CaseAutomation", "on")], traffic);
    assert_eq!(published(&stage, "CostPerHour"), [], "no price, no cost");
    set_prices(&stage, 12.5);

    let costs = published(&stage, "CostPerHour");
    assert!((6..=7).contains(&costs.len()), "{costs:?}");
    assert!(costs.iter().all(|(at, cost)| at % 3_600 == 0 && *cost == AN_HOUR), "{costs:?}");
    let of_thousand = published(&stage, "CostPer1000Invocations");
    let expected = 1_000.0 * AN_HOUR / (60.0 * CALLS);
    assert!(of_thousand.iter().all(|(_, cost)| *cost == expected), "{of_thousand:?}");

    stage.control().advance_minutes(1).unwrap();
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(mails[0].subject.starts_with("[Warning] Cost above budget: "), "{}", mails[0].subject);
    for text in [
        "- HighHourlyCost (warning): the pool costs its hourly budget or more",
        "CostPerHour: 13.50 USD in 60 min, budget 12.50 USD",
        &format!("Model: {BUSY_MODEL}"),
        "Scope: cross-region",
        "\"budgets\" in the setting /llmwatch/settings/prices",
        "Investigation case: none: what calls cost is not for Support to settle.",
    ] {
        assert!(says(&mails[0], text), "{text}: {}", mails[0].body);
    }
    assert_eq!(stage.writes(0), Vec::<String>::new());
    assert_eq!((stage.quota_requests().len(), stage.cases().len()), (0, 0));

    // Another run works out the same hours: the figures stay, and nobody is told again.
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
    let again: BTreeSet<u64> =
        published(&stage, "CostPerHour").iter().map(|(_, cost)| cost.to_bits()).collect();
    assert_eq!(again, BTreeSet::from([AN_HOUR.to_bits()]));
    assert_eq!(stage.mails_after(1), []);

    set_prices(&stage, 20.0);
    stage.control().advance_minutes(1).unwrap();
    let recovery = stage.mails_after(1);
    assert_eq!(recovery.len(), 1, "{recovery:#?}");
    assert!(recovery[0].subject.starts_with("[Recovered Warning] "), "{}", recovery[0].subject);

    stage.world.set_parameter("settings/prices", "none").unwrap();
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
    let left = readers::alarms(stage.world.calls(), &stage.alarm(HighHourlyCost)).unwrap();
    assert!(left.is_empty(), "{left:?}");
}
