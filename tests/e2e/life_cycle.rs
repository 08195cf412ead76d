//! Deploying, running undisturbed, following the quotas, updating and deleting.

use llmwatch_core::alarm::AlarmKind::{HighTPMQuotaUsage, Throttles};
use llmwatch_tests::aws_call::{Invoked, JsonService};
use llmwatch_tests::control::{Fault, FaultKind, RecordedCall};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers;
use llmwatch_tests::traffic::quota;
use llmwatch_tests::world::DeadLetters;
use serde_json::{Value, json};

use crate::stage::{FUNCTIONS, PATIENCE, Stage, TPM, Traffic};

/// Runs the hourly functions, one after the other.
fn an_hourly_run(stage: &Stage) {
    for function in ["quota-calculator", "alarm-updater"] {
        let answer = stage.world.invoke(function, &json!({})).unwrap();
        assert!(matches!(answer, Invoked::Returned(_)), "{function}: {answer:?}");
    }
}

/// The pool's TPM alarm as CloudWatch describes it.
fn tpm_alarm(stage: &Stage) -> Value {
    let name = stage.alarm(HighTPMQuotaUsage);
    readers::alarms(stage.world.calls(), &name).unwrap().remove(0).description
}

#[test]
fn a_first_deploy_and_an_undisturbed_start_say_and_ask_nothing() {
    let stage = Stage::deploy_unevaluated(Traffic::Calm, &[("CaseAutomation", "on")]);
    stage.control().advance_minutes(35).unwrap();
    an_hourly_run(&stage);
    stage.control().advance_minutes(5).unwrap();
    assert_eq!(stage.mails_after(0), []);
    assert_eq!(stage.quota_requests(), Vec::<Value>::new());
    assert_eq!(stage.cases(), []);
    assert_eq!(stage.calls(0), [], "not even a read");
    for queue in [
        DeadLetters::FailedInvocations,
        DeadLetters::FailedFollowUps,
        DeadLetters::UndeliveredEvents,
    ] {
        assert_eq!(stage.world.dead_letters(queue).unwrap(), 0, "{queue:?}");
    }
    let alarms = readers::alarms(stage.world.calls(), "llmwatch-").unwrap();
    let restless: Vec<_> = alarms
        .iter()
        .filter(|alarm| alarm.state != "OK")
        .map(|alarm| format!("{} {}", alarm.name, alarm.state))
        .collect();
    assert_eq!(restless, Vec::<String>::new());
}

#[test]
fn thresholds_follow_the_quota_operator_edits_survive_and_a_throttled_read_moves_nothing() {
    let stage = Stage::deploy(Traffic::Calm, &[]);
    assert_eq!(tpm_alarm(&stage)["Threshold"], TPM * 0.8);

    // An operator has a second topic told, and asks for two of five minutes instead of three.
    let chat = "arn:aws:sns:us-east-1:000000000000:operators-chat";
    let edits = json!({ "AlarmActions": [chat], "DatapointsToAlarm": 2 });
    stage.edit_alarm(&stage.alarm(HighTPMQuotaUsage), &edits);

    let raised = TPM * 2.0;
    stage
        .control()
        .seed(&json!({ "quotas": [{ "code": quota::BUSY_TPM, "applied": raised }] }))
        .unwrap();
    an_hourly_run(&stage);
    let followed = tpm_alarm(&stage);
    assert_eq!(followed["Threshold"], raised * 0.8);
    assert_eq!(followed["AlarmActions"], json!([chat]));
    assert_eq!(followed["DatapointsToAlarm"], 2);

    let before = stage.last_call();
    an_hourly_run(&stage);
    let written: Vec<_> = stage
        .control()
        .calls_since(before)
        .unwrap()
        .into_iter()
        .filter(|call| FUNCTIONS.contains(&call.caller.as_str()))
        .filter(|call| call.operation.starts_with("Put") || call.operation.starts_with("Delete"))
        .map(|call| call.operation)
        .collect();
    assert_eq!(written, ["PutMetricData"], "a second run changes nothing");

    let throttled = Fault::always("service-quotas", "ListServiceQuotas", FaultKind::Throttle);
    let fault = Fault { caller: Some("quota-calculator"), ..throttled };
    stage.control().order_fault(&fault).unwrap();
    stage
        .control()
        .seed(&json!({ "quotas": [{ "code": quota::BUSY_TPM, "applied": TPM }] }))
        .unwrap();
    let Invoked::Failed(error) = stage.world.invoke("quota-calculator", &json!({})).unwrap() else {
        panic!("a run without the quotas succeeded")
    };
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.contains("no threshold was moved"), "{message}");
    assert!(message.contains("ListServiceQuotas"), "{message}");
    let answer = stage.world.invoke("alarm-updater", &json!({})).unwrap();
    assert!(matches!(answer, Invoked::Returned(_)), "{answer:?}");
    assert_eq!(tpm_alarm(&stage)["Threshold"], raised * 0.8);
}

#[test]
fn a_stack_is_updated_and_deleted_without_a_trace_but_its_ledger() {
    let stage = Stage::deploy(Traffic::Calm, &[]);
    let tuning =
        r#"{"*":{"Throttles":{"threshold":0,"datapoints_to_alarm":1,"evaluation_periods":1}}}"#;
    stage.world.update(&[("CaseAutomation", "on"), ("AlarmTuning", tuning)]).unwrap();
    let setting = stage.world.parameter("settings/case-automation").unwrap();
    assert_eq!(setting.as_deref(), Some("on"));
    let throttles = readers::alarms(stage.world.calls(), &stage.alarm(Throttles)).unwrap();
    assert_eq!(throttles[0].description["EvaluationPeriods"], 1);

    // A tuning that cannot be meant fails the update with its field; the stack rolls back.
    let wrong = r#"{"*":{"Throttles":{"threshold":"many"}}}"#;
    let refused = stage.world.update(&[("CaseAutomation", "on"), ("AlarmTuning", wrong)]);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("threshold"), "{refused}");

    let ledger = stage.world.stack().resource("Ledger").unwrap();
    stage.world.stack().delete().unwrap();
    let left = readers::alarms(stage.world.calls(), "llmwatch-").unwrap();
    assert!(left.is_empty(), "{left:#?}");
    let path = json!({ "Path": "/llmwatch", "Recursive": true });
    let parameters =
        stage.world.calls().json(JsonService::Ssm, "GetParametersByPath", &path).unwrap();
    assert_eq!(parameters["Parameters"], json!([]));
    assert_eq!(detectors(&stage), Vec::<Value>::new());
    let table = json!({ "TableName": ledger });
    let kept = stage.world.calls().json(JsonService::DynamoDb, "DescribeTable", &table).unwrap();
    assert_eq!(kept["Table"]["TableName"], Value::from(ledger));
}

/// The anomaly models that CloudWatch trains.
fn detectors(stage: &Stage) -> Vec<Value> {
    let all = json!({ "AnomalyDetectorTypes": ["SINGLE_METRIC", "METRIC_MATH"] });
    let found = stage.cloudwatch("DescribeAnomalyDetectors", &all);
    found["AnomalyDetectors"].as_array().unwrap().clone()
}

/// The names of all dashboards.
fn dashboards(stage: &Stage) -> Vec<Value> {
    let found = stage.cloudwatch("ListDashboards", &json!({}));
    let entries = found["DashboardEntries"].as_array().unwrap().iter();
    entries.map(|entry| entry["DashboardName"].clone()).collect()
}

/// Waits until a function has made so many calls of an operation since a call.
fn wait_for_calls(stage: &Stage, since: u64, function: &str, operation: &str, count: usize) {
    wait_until(&format!("{count} {operation} of {function}"), PATIENCE, || {
        let calls = stage.control().calls_since(since)?;
        let ours = |call: &&RecordedCall| call.caller == function && call.operation == operation;
        let seen = calls.iter().filter(ours).count();
        Ok(if seen >= count { Seen::Yes(()) } else { Seen::NotYet(seen.to_string()) })
    })
    .unwrap();
}

#[test]
fn a_delete_amid_a_run_leaves_nothing_to_come_back_and_the_stack_can_be_deployed_again() {
    let stage = Stage::deploy(Traffic::Calm, &[("PoolDashboards", "on")]);
    let ledger = stage.world.stack().resource("Ledger").unwrap();
    // The overview and a page for each pool.
    assert!(!detectors(&stage).is_empty() && dashboards(&stage).len() >= 2);
    let deployed = readers::alarms(stage.world.calls(), "llmwatch-Bedrock-").unwrap().len();

    // Both hourly functions have something to write, and are held up in their first write after
    // they made sure that the stack stands.
    let raised = json!({ "quotas": [{ "code": quota::BUSY_TPM, "applied": TPM * 2.0 }] });
    stage.control().seed(&raised).unwrap();
    let tuning =
        r#"{"*":{"Throttles":{"threshold":0,"datapoints_to_alarm":1,"evaluation_periods":1}}}"#;
    stage.world.set_parameter("settings/alarm-tuning", tuning).unwrap();
    let before = stage.last_call();
    for (function, write, looks) in [
        ("quota-calculator", ("ssm", "PutParameter"), 1),
        ("alarm-updater", ("cloudwatch", "PutMetricAlarm"), 3),
    ] {
        stage.control().hold_next(function, write, 9_000).unwrap();
        stage.world.invoke_asynchronously(function, &json!({})).unwrap();
        wait_for_calls(&stage, before, function, "GetParameter", looks);
    }
    let said = stage.world.llmwatch(&["delete", "--yes"]).unwrap();
    assert!(said.well && said.text.contains(&format!("DynamoDB table {ledger}")), "{said:?}");
    assert!(said.text.contains("KMS key"), "{said:?}");

    // The writes did arrive after the marker had gone, and are gone themselves.
    let calls = stage.control().calls_since(before).unwrap();
    let ended = |operation: &str| {
        let made = |call: &&RecordedCall| call.operation == operation && call.status == 200;
        calls.iter().find(made).map(|call| call.started_ms + call.duration_ms)
    };
    let unmarked = ended("DeleteParameters").unwrap();
    assert!(ended("PutMetricAlarm").unwrap() > unmarked);
    assert!(ended("PutParameter").unwrap() > unmarked);
    let left = readers::alarms(stage.world.calls(), "llmwatch-").unwrap();
    assert!(left.is_empty(), "{left:#?}");
    let path = json!({ "Path": "/llmwatch", "Recursive": true });
    let left = stage.world.calls().json(JsonService::Ssm, "GetParametersByPath", &path).unwrap();
    assert_eq!(left["Parameters"], json!([]));
    assert_eq!(detectors(&stage), Vec::<Value>::new());
    assert_eq!(dashboards(&stage), Vec::<Value>::new());

    // Deployed again, it has the same alarms; on AWS the new ledger has another name too.
    stage.world.deploy_again(&[]).unwrap();
    let alarms = readers::alarms(stage.world.calls(), "llmwatch-Bedrock-").unwrap();
    assert_eq!(alarms.len(), deployed);
    let table = json!({ "TableName": ledger });
    let kept = stage.world.calls().json(JsonService::DynamoDb, "DescribeTable", &table).unwrap();
    assert_eq!(kept["Table"]["TableName"], Value::from(ledger));
}
