//! What an inference component costs: published for each hour, and alarmed about above its budget.

use jiff::Timestamp;
use llmwatch_tests::readers;
use serde_json::{Value, json};

use crate::stage::{Stage, hourly, says};

/// Minutes of reports before the deployment: more than the hours that a run works out.
const MINUTES: i64 = 5 * 60;
const MINUTES_AFTER: i64 = 60;

const CALLS_A_MINUTE: f64 = 150.0;

/// 3 of the 8 GPUs of two instances at 6 dollars.
const CHAT: f64 = 2.0 * 6.0 * 3.0 / 8.0;
/// One of them.
const EMBED: f64 = 2.0 * 6.0 / 8.0;

fn series(now: i64, namespace: &str, name: &str, value: f64, dimensions: &Value) -> Value {
    json!({
        "namespace": namespace,
        "name": name,
        "dimensions": dimensions,
        "start": Timestamp::from_second((now - MINUTES) * 60).unwrap().to_string(),
        "values": vec![value; usize::try_from(MINUTES + MINUTES_AFTER).unwrap()],
    })
}

/// Two instances of four GPUs, of which one component has three and another one; a third component
/// stands on an endpoint without a price.
fn traffic(now: i64) -> Value {
    let all = "/aws/sagemaker/Endpoints";
    let own = "/aws/sagemaker/InferenceComponents";
    let gpu = "GPUUtilizationNormalized";
    let mut metrics = Vec::new();
    let place = |endpoint: &str, instance: &str| json!({ "EndpointName": endpoint, "VariantName": "AllTraffic", "InstanceId": instance });
    let with = |place: &Value, more: &[(&str, &str)]| {
        let mut dimensions = place.clone();
        for (name, value) in more {
            dimensions[*name] = json!(value);
        }
        dimensions
    };
    let components = [
        ("chat", "i-1", "0", "chat-7b"),
        ("chat", "i-1", "1", "chat-7b"),
        ("chat", "i-2", "0", "chat-7b"),
        ("chat", "i-2", "3", "embed"),
        ("other", "i-3", "0", "vision"),
    ];
    for (endpoint, instance) in [("chat", "i-1"), ("chat", "i-2"), ("other", "i-3")] {
        let place = place(endpoint, instance);
        metrics.push(series(now, all, "CPUUtilizationNormalized", 10.0, &place));
        for id in ["0", "1", "2", "3"] {
            let dimensions = with(&place, &[("AcceleratorId", id)]);
            metrics.push(series(now, all, gpu, 5.0, &dimensions));
        }
    }
    for (endpoint, instance, id, component) in components {
        let more =
            [("ContainerId", "c"), ("InferenceComponentName", component), ("AcceleratorId", id)];
        let dimensions = with(&place(endpoint, instance), &more);
        metrics.push(series(now, own, gpu, 20.0, &dimensions));
    }
    for component in ["chat-7b", "embed", "vision"] {
        let dimensions = json!({ "InferenceComponentName": component });
        metrics.push(series(now, "AWS/SageMaker", "Invocations", CALLS_A_MINUTE, &dimensions));
        metrics.push(series(now, own, gpu, 20.0, &dimensions));
    }
    json!({ "metrics": metrics })
}

fn set_prices(stage: &Stage, budget: f64) {
    let prices = json!({ "endpoints": { "chat": 6 }, "budgets": { "component.chat-*": budget } });
    stage.world.set_parameter("settings/prices", &prices.to_string()).unwrap();
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
}

fn published(stage: &Stage, metric: &str, component: &str) -> Vec<f64> {
    let dimension = ("InferenceComponentName", component);
    let values = hourly(stage, metric, dimension);
    assert!(values.iter().all(|(at, _)| at % 3_600 == 0), "{values:?}");
    values.into_iter().map(|(_, value)| value).collect()
}

#[test]
fn a_component_above_its_budget_is_mailed_about_with_what_it_cost_and_did() {
    let stage = Stage::deploy_back(1, &[("CaseAutomation", "on")], traffic);
    assert!(published(&stage, "CostPerHour", "chat-7b").is_empty(), "no price, no cost");
    set_prices(&stage, 4.0);

    let costs = published(&stage, "CostPerHour", "chat-7b");
    // One hour in the first ten minutes of an hour, else two, by the clock of the machine.
    assert!((1..=2).contains(&costs.len()) && costs.iter().all(|cost| *cost == CHAT), "{costs:?}");
    let of_thousand = published(&stage, "CostPer1000Invocations", "chat-7b");
    let expected = 1_000.0 * CHAT / (60.0 * CALLS_A_MINUTE);
    assert!(of_thousand.iter().all(|cost| (cost - expected).abs() < 1e-9), "{of_thousand:?}");
    assert_eq!(of_thousand.len(), costs.len());
    assert!(published(&stage, "CostPerHour", "embed").iter().all(|cost| *cost == EMBED));
    assert_eq!(published(&stage, "CostPerHour", "embed").len(), costs.len());
    assert!(published(&stage, "CostPerHour", "vision").is_empty(), "its endpoint has no price");

    stage.control().advance_minutes(1).unwrap();
    let mails = stage.mails_after(0);
    let [mail] = mails.as_slice() else { panic!("{mails:#?}") };
    let subject = format!(
        "[Warning] cost above budget: 4.50 USD (budget 4.00 USD): chat-7b {}",
        llmwatch_tests::aws_call::REGION
    );
    assert_eq!(mail.subject, subject);
    for text in [
        "Cost: 4.50 USD in the newest hour that CloudWatch looked at",
        "Budget: 4.00 USD an hour",
        "4.50 USD 9,000 0.50 USD 20 %",
        "\"budgets\" in the setting",
        "by the label component.chat-7b",
    ] {
        assert!(says(mail, text), "{text}: {}", mail.body);
    }
    assert!(stage.cases().is_empty() && stage.quota_requests().is_empty());

    // Another run works out the same hours: the figures stay, and nobody is told again.
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
    assert!(published(&stage, "CostPerHour", "chat-7b").iter().all(|cost| *cost == CHAT));
    assert_eq!(stage.mails_after(1), []);

    set_prices(&stage, 20.0);
    stage.control().advance_minutes(1).unwrap();
    let recovery = stage.mails_after(1);
    assert_eq!(recovery.len(), 1, "{recovery:#?}");
    assert!(recovery[0].subject.starts_with("[Recovered warning] cost above budget for "));

    stage.world.set_parameter("settings/prices", "none").unwrap();
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
    let stem = format!("{}-SageMaker-HighHourlyCost-", stage.world.prefix());
    let left = readers::alarms(stage.world.calls(), &stem).unwrap();
    assert!(left.is_empty(), "{left:?}");
}
