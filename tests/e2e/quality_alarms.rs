//! Quality alarms: from scores in CloudWatch to one mail, and one of the recovery.

use jiff::Timestamp;
use llmwatch_tests::aws_call::Invoked;
use llmwatch_tests::readers;
use serde_json::{Value, json};

use crate::stage::{Stage, says};

/// The local clock is set back by so much, since the functions read the system's. CloudWatch takes
/// no values that are more than two hours ahead of its own.
const MINUTES_BACK: i64 = 110;

/// A model of ten scored calls a minute, and one of 19 in a quarter of an hour.
const BUSY: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const QUIET: &str = "amazon.nova-lite-v1:0";
const CALLS_A_MINUTE: usize = 10;

/// Scores of one metric from a minute on, the same of every call.
fn scores(metric: &str, model: &str, minutes: std::ops::Range<i64>, score: f64) -> Value {
    let each: Vec<Vec<f64>> = minutes.clone().map(|_| vec![score; CALLS_A_MINUTE]).collect();
    json!({
        "namespace": "LLMWatch/Quality",
        "name": metric,
        "dimensions": { "ModelId": model },
        "start": Timestamp::from_second(minutes.start * 60).unwrap().to_string(),
        "samples": each,
    })
}

/// All calls refused, but never 20 in a quarter of an hour.
fn few_refusals(now: i64) -> Value {
    let first = (now - 180) / 15 * 15;
    json!({
        "namespace": "LLMWatch/Quality",
        "name": "Refusal",
        "dimensions": { "ModelId": QUIET },
        "start": Timestamp::from_second(first * 60).unwrap().to_string(),
        "step_seconds": 900,
        "samples": vec![vec![1.0; 19]; 20],
    })
}

fn state(stage: &Stage, name: &str) -> String {
    let alarms = readers::alarms(stage.world.calls(), name).unwrap();
    let is_it = |alarm: &&readers::Alarm| alarm.name == name;
    alarms.iter().find(is_it).unwrap_or_else(|| panic!("no {name}")).state.clone()
}

#[test]
fn a_model_that_starts_refusing_is_told_of_though_its_scores_come_late() {
    let mut start = 0;
    let stage = Stage::deploy_back(MINUTES_BACK, &[("CaseAutomation", "on")], |now| {
        start = now;
        json!({ "metrics": [
            scores("Refusal", BUSY, now - 120..now, 0.0),
            scores("Error", BUSY, now - 120..now, 0.0),
            few_refusals(now),
        ] })
    });
    let busy =
        "llmwatch-Quality-HighRefusal-Critical-model.us.anthropic.claude-haiku-4-5-20251001-v1_0";
    let quiet = "llmwatch-Quality-HighRefusal-Critical-model.amazon.nova-lite-v1_0";
    let prefixed = |name: &str| name.replacen("llmwatch", stage.world.prefix(), 1);
    let (busy, quiet) = (prefixed(busy), prefixed(quiet));
    let all = readers::alarms(stage.world.calls(), &prefixed("llmwatch-Quality-")).unwrap();
    let judged = ["LowComposite", "LowSafety", "LowRelevance", "LowProfessionalTone"];
    let is_judged = |name: &str| judged.iter().any(|kind| name.contains(kind));
    assert!(!all.iter().any(|alarm| is_judged(&alarm.name)), "no judge has scored: {all:#?}");
    assert_eq!(all.len(), 3 + 3 + 1, "refusals of both, errors of one: {all:#?}");

    // Fifty-five minutes without a score, then those of the first thirty-five arrive: the youngest
    // is twenty minutes late.
    stage.control().advance_minutes(55).unwrap();
    stage.wait_for_silence();
    assert_eq!((state(&stage, &busy), state(&stage, &quiet)), ("OK".into(), "OK".into()));
    let late = scores("Refusal", BUSY, start..start + 35, 1.0);
    stage.control().seed(&json!({ "metrics": [late] })).unwrap();
    stage.control().advance_minutes(1).unwrap();
    let mails = stage.mails_after(0);
    let mut subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        [
            "[Critical] Many refusals 100 % (line 50 %): claude-haiku-4-5 us-east-1",
            "[Warning] Many refusals 100 % (line 20 %): claude-haiku-4-5 us-east-1",
        ]
    );
    let critical = mails.iter().find(|mail| mail.subject.contains("Critical")).unwrap();
    assert!(says(critical, &format!("Model: {BUSY}")), "{}", critical.body);
    assert!(says(critical, "Metric: Refusal in LLMWatch/Quality"), "{}", critical.body);
    assert!(says(critical, "samples in all; an hour counts from 20 on"), "{}", critical.body);
    assert_eq!((state(&stage, &busy), state(&stage, &quiet)), ("ALARM".into(), "OK".into()));

    // Two hours later nothing of it is looked at any more; the quiet model never alarmed.
    stage.control().advance_minutes(125).unwrap();
    stage.wait_for_silence();
    let all: Vec<String> =
        stage.world.mails().unwrap().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(all.len(), 4, "{all:#?}");
    for word in
        ["[Recovered critical] Many refusals for ", "[Recovered warning] Many refusals for "]
    {
        assert_eq!(all.iter().filter(|subject| subject.starts_with(word)).count(), 1, "{all:#?}");
    }
    assert!(stage.cases().is_empty() && stage.quota_requests().is_empty());
}

#[test]
fn a_judge_that_scores_has_alarms_and_an_operators_hand_on_them_stays() {
    let stage = Stage::deploy_back(
        1,
        &[("QualityTuning", LINES)],
        |now| json!({ "metrics": [scores("JudgeSafety", BUSY, now - 60..now, 0.9)] }),
    );
    let stem = format!("{}-Quality-LowSafety-", stage.world.prefix());
    let alarms = readers::alarms(stage.world.calls(), &stem).unwrap();
    let lines: Vec<f64> =
        alarms.iter().map(|alarm| alarm.description["Threshold"].as_f64().unwrap()).collect();
    assert_eq!(lines, [0.85, 0.95], "critical, warning");

    stage.edit_alarm(&alarms[0].name, &json!({ "ActionsEnabled": false }));
    let lower = r#"{"*": {"LowSafety": {"warning": 0.95, "critical": 0.8}}}"#;
    stage.world.set_parameter("settings/quality-tuning", lower).unwrap();
    let answer = stage.world.invoke("alarm-updater", &json!({})).unwrap();
    assert!(matches!(answer, Invoked::Returned(_)), "{answer:?}");
    let after = readers::alarms(stage.world.calls(), &stem).unwrap();
    assert_eq!(after[0].description["Threshold"], 0.8);
    assert_eq!(after[0].description["ActionsEnabled"], false);
}

/// The two lines of a score that is a pass rate.
const LINES: &str = r#"{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}"#;
