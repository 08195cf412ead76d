//! The function's behaviour through the real SDK clients.

mod component_costs;
mod components;
mod costs;
mod dashboards;
mod quality;
mod quota_used;
mod world;

use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use llmwatch_core::custom_resource::{CustomResourceRequest, Outcome};
use llmwatch_core::stored::StoredPool;
use serde_json::{Value, json};
use world::World;

use crate::{RunFailed, handle, outcome, plan_only, reconcile};

const TPM_AT_LIMIT_ALARM: &str =
    "llmwatch-Bedrock-TPMQuotaUsageAtLimit-Critical-global.amazon.nova-2-lite-v1_0";
const TPM_ALARM: &str = "llmwatch-Bedrock-HighTPMQuotaUsage-Warning-global.amazon.nova-2-lite-v1_0";
const METRICS_ONLY: [&str; 1] = ["PutMetricData LLMWatch/Quota"];

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn pool(model: &str, tpm: f64) -> StoredPool {
    serde_json::from_value(json!({
        "pool": {"scope": "global", "model": model},
        "series": [format!("global.{model}"), "a1b2c3d4e5f6"],
        "quotas": [{"kind": "tpm", "threshold": tpm * 0.8,
            "quota": {"code": "L-1A2B3C4D", "name": "x", "value": tpm, "adjustable": true,
                      "source": "applied", "aws_default": null}}],
        "last_seen": "2026-11-21T10:00:00Z", "calculated_at": "2026-11-21T11:00:00Z",
    }))
    .unwrap()
}

fn nova(tpm: f64) -> StoredPool {
    pool("amazon.nova-2-lite-v1:0", tpm)
}

async fn deployed() -> World {
    let world = World::with_pools(&[nova(10_000.0)]);
    reconcile(&world.app, now()).await.unwrap();
    world.writes();
    world
}

async fn invoke(world: &World, event: Value) -> Result<Value, String> {
    let event = LambdaEvent::new(event, Context::default());
    handle(&world.app, event, now()).await.map_err(|error| error.to_string())
}

fn request(request_type: &str) -> CustomResourceRequest {
    CustomResourceRequest::parse(&json!({
        "RequestType": request_type,
        "ResponseURL": "https://example.com/answer",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/6b1f",
        "RequestId": "f3c8",
        "LogicalResourceId": "Alarms",
        "PhysicalResourceId": "llmwatch-Alarms",
    }))
    .unwrap()
}

async fn answered(world: &World, request_type: &str) -> Outcome {
    outcome(&world.app, &request(request_type), now()).await
}

#[track_caller]
fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(reason) => reason,
        Outcome::Success(figures) => panic!("succeeded: {figures:?}"),
    }
}

fn threshold(world: &World) -> Option<f64> {
    world.state().metric_alarms[TPM_ALARM].threshold
}

fn applied(world: &World) -> Value {
    let name = "/llmwatch/pools/global.amazon.nova-2-lite-v1_0/applied";
    serde_json::from_str(&world.state().parameters[name]).unwrap()
}

#[tokio::test]
async fn create_marks_the_stack_and_makes_everything_in_one_run() {
    let world = World::with_pools(&[nova(10_000.0), pool("amazon.nova-pro-v1:0", 500.0)]);
    world.state().parameters.remove("/llmwatch/lifecycle");
    let Outcome::Success(figures) = answered(&world, "Create").await else { panic!() };
    assert_eq!((figures["AlarmCount"], figures["ChangeCount"]), (24, 24 + 8));
    let state = world.state();
    assert_eq!((state.metric_alarms.len(), state.composites.len()), (22, 2));
    assert_eq!(state.detectors.len(), 8);
    assert!(state.parameters.contains_key("/llmwatch/lifecycle"));
}

#[tokio::test]
async fn without_a_change_nothing_is_written_but_the_metrics() {
    let world = deployed().await;
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
    let answer = invoke(&world, json!({"detail-type": "Scheduled Event"})).await.unwrap();
    assert_eq!(answer, json!({"alarms": 12, "changes": 0}));
    assert_eq!(world.writes(), METRICS_ONLY);
}

#[tokio::test]
async fn d4_a_new_threshold_is_written_around_what_the_operator_edited() {
    let world = deployed().await;
    world.edit(TPM_ALARM);
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);

    world.store(&nova(15_000.0));
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(
        world.writes(),
        [
            format!("PutMetricAlarm {TPM_AT_LIMIT_ALARM}").as_str(),
            format!("PutMetricAlarm {TPM_ALARM}").as_str(),
            "PutParameter /llmwatch/pools/global.amazon.nova-2-lite-v1_0/applied",
            METRICS_ONLY[0],
        ]
    );
    assert_eq!(threshold(&world), Some(12_000.0));
    assert!(world.is_edited(TPM_ALARM));
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
}

#[tokio::test]
async fn d3_a_failed_alarm_is_named_not_remembered_and_done_next_time() {
    let world = deployed().await;
    world.store(&nova(15_000.0));
    world.state().faults = vec![("PutMetricAlarm", "AccessDenied")];
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(
        error.contains(
            "HighTPMQuotaUsage of global.amazon.nova-2-lite-v1_0: threshold 8000 → 12000"
        ) && error.contains("role lacks the permission for PutMetricAlarm"),
        "{error}"
    );
    let remembered =
        |world: &World| applied(world)["children"]["HighTPMQuotaUsage"]["threshold"].clone();
    assert_eq!((remembered(&world), threshold(&world)), (json!(8000.0), Some(8000.0)));
    world.writes();

    world.state().faults.clear();
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!((remembered(&world), threshold(&world)), (json!(12_000.0), Some(12_000.0)));
}

#[tokio::test]
async fn d3_every_failed_alarm_is_named_and_the_others_are_made() {
    let world = World::with_pools(&[nova(10_000.0)]);
    world.state().faults = vec![
        ("PutMetricAlarm llmwatch-Bedrock-Throttles", "LimitExceeded"),
        ("PutMetricAlarm llmwatch-Bedrock-HighLatency", "LimitExceeded"),
    ];
    let Err(RunFailed::Incomplete(report)) = reconcile(&world.app, now()).await else { panic!() };
    let named: Vec<&str> = report
        .failures
        .iter()
        .filter_map(|failure| failure.what.split_once(" of ").map(|(kind, _)| kind))
        .collect();
    assert_eq!(named, ["Throttles", "HighLatency", "QuotaHealth"]);
    assert_eq!(world.state().metric_alarms.len(), 9);
    assert_eq!(applied(&world)["children"].as_object().unwrap().len(), 9);
}

#[tokio::test]
async fn a8_one_failed_read_changes_nothing() {
    for read in ["GetParametersByPath", "GetParameter /llmwatch/settings", "DescribeAlarms"] {
        let world = deployed().await;
        world.store(&nova(15_000.0));
        world.state().faults = vec![(read, "ThrottlingException")];
        let error = reconcile(&world.app, now()).await.unwrap_err();
        assert!(matches!(error, RunFailed::NotGathered(_)), "{read}: {error}");
        assert_eq!(world.writes(), Vec::<String>::new(), "{read}");
    }
}

#[tokio::test]
async fn a_document_not_understood_leaves_its_alarms_and_is_named() {
    let world = deployed().await;
    let name = "/llmwatch/pools/global.amazon.nova-2-lite-v1_0/thresholds";
    for wrong in ["{", &serde_json::to_string(&pool("amazon.nova-pro-v1:0", 1.0)).unwrap()] {
        world.state().parameters.insert(name.into(), wrong.to_owned());
        let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("run quota-calculator"), "{error}");
        assert_eq!(world.writes(), METRICS_ONLY);
    }
}

#[tokio::test]
async fn a_malformed_tuning_changes_nothing_and_names_its_fields() {
    let world = deployed().await;
    let setting = r#"{"*": {"Throttles": {"threshold": -1}}}"#;
    world.state().parameters.insert("/llmwatch/settings/alarm-tuning".into(), setting.into());
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(error.contains(r#""*"."Throttles".threshold is -1; write a whole number"#), "{error}");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_tuning_reaches_the_alarm() {
    let world = deployed().await;
    let setting = r#"{"global.*": {"Throttles":
        {"threshold": 0, "datapoints_to_alarm": 1, "evaluation_periods": 1}}}"#;
    world.state().parameters.insert("/llmwatch/settings/alarm-tuning".into(), setting.into());
    let plan = plan_only(&world.app, now()).await.unwrap();
    assert_eq!(
        plan,
        "Throttles of global.amazon.nova-2-lite-v1_0: threshold 5 → 1, evaluation 1 of 2 → 1 of 1, \
         description reworded"
    );
    assert_eq!(world.writes(), Vec::<String>::new());
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(plan_only(&world.app, now()).await.unwrap(), "nothing to change");
}

#[tokio::test]
async fn plan_only_says_and_does_nothing() {
    let world = World::with_pools(&[nova(10_000.0)]);
    let answer = invoke(&world, json!({"plan-only": true})).await.unwrap();
    let lines = answer["plan"].as_str().unwrap().lines().count();
    assert_eq!((lines, world.writes()), (4 + 12, vec![]));
}

#[tokio::test]
async fn a_pool_that_left_loses_alarms_models_and_memory() {
    let world = deployed().await;
    let other = pool("amazon.nova-pro-v1:0", 500.0);
    world.store(&other);
    reconcile(&world.app, now()).await.unwrap();
    world.state().parameters.remove("/llmwatch/pools/global.amazon.nova-pro-v1_0/thresholds");
    reconcile(&world.app, now()).await.unwrap();
    let state = world.state();
    assert!(state.metric_alarms.keys().all(|name| name.ends_with("nova-2-lite-v1_0")));
    assert_eq!((state.composites.len(), state.detectors.len()), (1, 4));
    assert!(!state.parameters.keys().any(|name| name.contains("nova-pro")));
}

#[tokio::test]
async fn without_the_marker_a_scheduled_run_does_nothing() {
    let world = World::with_pools(&[nova(10_000.0)]);
    world.state().parameters.remove("/llmwatch/lifecycle");
    invoke(&world, json!({"detail-type": "Scheduled Event"})).await.unwrap();
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_in_flight_stops_when_the_stack_goes() {
    let world = World::with_pools(&[nova(10_000.0)]);
    world.state().stack_goes_after_puts = Some(3);
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert_eq!(error, "stopped before the end: the stack is being deleted");
    let state = world.state();
    assert_eq!(state.metric_alarms.len(), 3);
    assert!(!state.parameters.keys().any(|name| name.ends_with("/applied")));
}

#[tokio::test]
async fn a_run_that_ends_after_the_stack_remembers_nothing() {
    let first = World::with_pools(&[nova(10_000.0)]);
    reconcile(&first.app, now()).await.unwrap();
    let puts = first.writes().iter().filter(|call| call.starts_with("PutMetricAlarm")).count();

    let world = World::with_pools(&[nova(10_000.0)]);
    world.state().composites = std::mem::take(&mut first.state().composites);
    world.state().stack_goes_after_puts = Some(puts);
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert_eq!(error, "stopped before the end: the stack is being deleted");
    assert!(!world.state().parameters.keys().any(|name| name.ends_with("/applied")));
}

#[tokio::test]
async fn delete_removes_everything_in_order_and_nobody_elses() {
    let world = deployed().await;
    world.store(&pool("amazon.nova-pro-v1:0", 500.0));
    reconcile(&world.app, now()).await.unwrap();
    let mine = "llmwatch-Bedrock-Throttles-Critical-my own copy";
    let copy = world.state().metric_alarms[TPM_ALARM].clone();
    world.state().metric_alarms.insert(mine.into(), {
        let mut copy = copy;
        copy.alarm_name = Some(mine.into());
        copy
    });
    world.writes();

    assert!(matches!(answered(&world, "Delete").await, Outcome::Success(_)));
    let operations: Vec<String> = world
        .writes()
        .iter()
        .map(|call| {
            let mut words = call.split(' ');
            let operation = words.next().unwrap();
            match words.count() {
                0 | 1 => operation.to_owned(),
                names => format!("{operation} {names}"),
            }
        })
        .collect();
    let mut expected = vec!["DeleteParameters", "DeleteAlarms", "DeleteAlarms", "DeleteAlarms 22"];
    expected.extend(["DeleteAnomalyDetector"; 8]);
    expected.push("DeleteParameters 2");
    assert_eq!(operations, expected);
    let state = world.state();
    assert_eq!(state.metric_alarms.keys().collect::<Vec<_>>(), [mine]);
    assert!(state.composites.is_empty() && state.detectors.is_empty());
    assert!(state.parameters.keys().all(|name| name.ends_with("/thresholds")));
}

#[tokio::test]
async fn deleting_what_is_gone_already_succeeds() {
    let world = World::with_pools(&[]);
    assert!(matches!(answered(&world, "Delete").await, Outcome::Success(_)));
    assert!(matches!(answered(&world, "Delete").await, Outcome::Success(_)));
}

#[tokio::test]
async fn a_delete_that_cannot_names_what_is_left() {
    let world = deployed().await;
    world.state().faults = vec![("DeleteAlarms llmwatch-Bedrock-QuotaHealth", "AccessDenied")];
    let reason = reason(answered(&world, "Delete").await);
    assert!(reason.contains("QuotaHealth of global.amazon.nova-2-lite-v1_0: delete"), "{reason}");
    assert!(reason.contains("role lacks the permission for DeleteAlarms"), "{reason}");
}

#[tokio::test]
async fn a_former_prefix_and_an_unknown_request_touch_nothing() {
    let world = deployed().await;
    let mut former = json!({
        "RequestType": "Delete", "ResponseURL": "https://example.com/answer", "StackId": "s",
        "RequestId": "r", "LogicalResourceId": "Alarms", "PhysicalResourceId": "old-Alarms",
    });
    let request = CustomResourceRequest::parse(&former).unwrap();
    assert!(matches!(outcome(&world.app, &request, now()).await, Outcome::Success(_)));
    former["RequestType"] = "Update".into();
    let request = CustomResourceRequest::parse(&former).unwrap();
    let refused = reason(outcome(&world.app, &request, now()).await);
    assert!(refused.contains("cannot be changed, from old to llmwatch"), "{refused}");
    former["RequestType"] = "Replace".into();
    let request = CustomResourceRequest::parse(&former).unwrap();
    let reason = reason(outcome(&world.app, &request, now()).await);
    assert!(reason.contains("\"Replace\" is not one of Create, Update, Delete"), "{reason}");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_has_no_time_left_names_what_is_left_and_the_next_one_goes_on() {
    let mut world = World::with_pools(&[nova(10_000.0)]);
    world.app.waits.all_changes = std::time::Duration::ZERO;
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    let planned = plan_only(&world.app, now()).await.unwrap();
    assert!(error.starts_with("1 problem(s), the rest is done: the last "), "{error}");
    assert!(error.contains("no time was left"), "{error}");
    let first = planned.lines().next().unwrap();
    assert!(error.contains(&format!("from \"{first}\" on")), "{error}\n{planned}");
    assert_eq!(world.writes(), METRICS_ONLY, "nothing is remembered as applied");

    let reason = match outcome(&world.app, &request("Update"), now()).await {
        Outcome::Failed(reason) => reason,
        Outcome::Success(figures) => panic!("{figures:?}"),
    };
    assert!(reason.contains("no time was left"), "{reason}");

    world.app.waits.all_changes = crate::Waits::STANDARD.all_changes;
    reconcile(&world.app, now()).await.unwrap();
    world.writes();
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
}
