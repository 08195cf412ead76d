//! SageMaker inference components: five errors in five minutes are one mail, and so is their end.

use jiff::Timestamp;
use llmwatch_tests::readers;
use serde_json::{Value, json};

use crate::stage::{Stage, says};

const COMPONENT: &str = "chat-7b";

/// A metric of the component by the minute.
fn series(namespace: &str, name: &str, start: i64, values: Vec<f64>) -> Value {
    json!({
        "namespace": namespace,
        "name": name,
        "dimensions": { "InferenceComponentName": COMPONENT },
        "start": Timestamp::from_second(start * 60).unwrap().to_string(),
        "values": values,
    })
}

/// An hour without errors; then two failed calls a minute, for six minutes.
fn traffic(now: i64) -> Value {
    let errors = [vec![0.0; 60], vec![2.0; 6], vec![0.0; 20]].concat();
    json!({ "metrics": [
        series("AWS/SageMaker", "Invocations", now - 60, vec![120.0; 86]),
        series("AWS/SageMaker", "Invocation5XXErrors", now - 60, errors),
        series("AWS/SageMaker", "Invocation4XXErrors", now - 60, vec![0.0; 86]),
        series("AWS/SageMaker", "ModelLatency", now - 60, vec![812_000.0; 86]),
        series("/aws/sagemaker/InferenceComponents", "GPUMemoryUtilizationNormalized", now - 60,
            vec![97.5; 86]),
    ] })
}

#[test]
fn a_component_with_five_errors_in_five_minutes_is_mailed_about_once() {
    let stage = Stage::deploy_back(100, &[("CaseAutomation", "on")], traffic);
    let stem = format!("{}-SageMaker-", stage.world.prefix());
    let alarms = readers::alarms(stage.world.calls(), &stem).unwrap();
    let names: Vec<&str> =
        alarms.iter().map(|alarm| alarm.name.trim_start_matches(&stem)).collect();
    assert_eq!(
        names,
        ["ClientErrors-Critical-component.chat-7b", "ServerErrors-Critical-component.chat-7b"]
    );

    stage.control().advance_minutes(10).unwrap();
    let mails = stage.mails_after(0);
    let [mail] = mails.as_slice() else { panic!("{mails:#?}") };
    assert!(mail.subject.starts_with("[Critical] server errors: "), "{}", mail.subject);
    assert!(mail.subject.ends_with("(line 5): chat-7b us-east-1"), "{}", mail.subject);
    for text in [
        "The inference component answers with server errors (5xx).",
        "Others: no other alarm of this component",
        "812 ms 97.5 %",
        "/aws/sagemaker/InferenceComponents/chat-7b",
    ] {
        assert!(says(mail, text), "{text}: {}", mail.body);
    }

    stage.control().advance_minutes(15).unwrap();
    stage.wait_for_silence();
    let subjects: Vec<String> =
        stage.world.mails().unwrap().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects.len(), 2, "{subjects:#?}");
    assert!(subjects[1].starts_with("[Recovered critical] server errors for "), "{subjects:#?}");
    assert!(stage.cases().is_empty() && stage.quota_requests().is_empty());
}
