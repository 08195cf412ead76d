//! What an update of the stack changes, what it refuses, and what it must leave alone.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_core::alarm::AlarmKind::{HighTPMQuotaUsage, Throttles};
use llmwatch_tests::aws_call::{JsonService, QueryService};
use llmwatch_tests::readers;
use serde_json::{Value, json};

use crate::ledger;
use crate::stage::{FUNCTIONS, Stage, TPM, Traffic, says};

/// Every alarm of a prefix without what evaluation changes.
fn definitions(stage: &Stage, prefix: &str) -> BTreeMap<String, Value> {
    let alarms = readers::alarms(stage.world.calls(), prefix).unwrap();
    alarms
        .into_iter()
        .map(|mut alarm| {
            let members = alarm.description.as_object_mut().unwrap();
            members.retain(|member, _| !member.starts_with("State"));
            members.remove("AlarmConfigurationUpdatedTimestamp");
            (alarm.name, alarm.description)
        })
        .collect()
}

/// The names under which two sets differ.
fn differing<T: PartialEq>(one: &BTreeMap<String, T>, other: &BTreeMap<String, T>) -> Vec<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

/// Every parameter below a path.
fn parameters(stage: &Stage, path: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut input = json!({ "Path": path, "Recursive": true, "MaxResults": 10 });
    loop {
        let page = stage.world.calls().json(JsonService::Ssm, "GetParametersByPath", &input);
        let page = page.unwrap();
        for parameter in page["Parameters"].as_array().unwrap() {
            let text = |member: &str| parameter[member].as_str().unwrap().to_owned();
            found.insert(text("Name"), text("Value"));
        }
        match page["NextToken"].as_str() {
            Some(token) => input["NextToken"] = token.into(),
            None => return found,
        }
    }
}

fn subscriptions(stage: &Stage) -> String {
    let topic = stage.world.stack().resource("AlertsTopic").unwrap();
    let input = [("TopicArn".to_owned(), topic)];
    stage.world.calls().query(QueryService::Sns, "ListSubscriptionsByTopic", &input).unwrap()
}

/// The alarms the functions deleted above a number.
fn deletes(stage: &Stage, since: u64) -> Vec<Value> {
    let calls = stage.control().calls_since(since).unwrap();
    let ours = calls.into_iter().filter(|call| FUNCTIONS.contains(&call.caller.as_str()));
    ours.filter(|call| call.operation == "DeleteAlarms").filter_map(|call| call.request).collect()
}

fn invokes(stage: &Stage, function: &str) -> bool {
    stage.world.calls().invoke(function, &json!({"plan-only": true})).is_ok()
}

#[test]
fn an_update_changes_what_it_names_and_a_changed_prefix_is_refused() {
    let stage = Stage::deploy(Traffic::Calm, &[]);
    let (alarms, ledger) =
        (definitions(&stage, "llmwatch-"), stage.world.stack().resource("Ledger").unwrap());
    stage.world.set_parameter("settings/notify-from", "critical").unwrap();
    let mut settings = parameters(&stage, "/llmwatch/settings");
    let before = stage.last_call();

    let tuning = r#"{"*":{"HighTPMQuotaUsage":{"percent":70}}}"#;
    let changed = [
        ("IncreasePercent", "50"),
        ("AlertEmail", "ops@example.com"),
        ("WatchedModels", "global.amazon.nova-2-lite-v1:0"),
        ("AlarmTuning", tuning),
    ];
    stage.world.update(&changed).unwrap();
    assert!(subscriptions(&stage).contains("ops@example.com"));
    settings.insert("/llmwatch/settings/increase-percent".to_owned(), "50".to_owned());
    settings.insert("/llmwatch/settings/watched-models".to_owned(), changed[2].1.to_owned());
    settings.insert("/llmwatch/settings/alarm-tuning".to_owned(), tuning.to_owned());
    assert_eq!(parameters(&stage, "/llmwatch/settings"), settings, "the operator's edit too");

    let mut after = definitions(&stage, "llmwatch-");
    let tpm = stage.alarm(HighTPMQuotaUsage);
    assert_eq!(after[&tpm]["Threshold"], TPM * 0.7);
    let new: Vec<String> =
        after.keys().filter(|name| !alarms.contains_key(*name)).cloned().collect();
    assert!(!new.is_empty() && new.iter().all(|name| name.contains("nova-2-lite")), "{new:?}");
    after.retain(|name, _| alarms.contains_key(name));
    assert_eq!(differing(&alarms, &after), [tpm]);
    assert_eq!(deletes(&stage, before), Vec::<Value>::new());
    assert_eq!(stage.world.stack().resource("Ledger").unwrap(), ledger);

    // A changed prefix is refused, before anything of the old one is touched.
    let (alarms, all) = (definitions(&stage, "llmwatch-"), parameters(&stage, "/llmwatch"));
    let refused = stage.world.update(&[("Prefix", "other")]).unwrap_err().to_string();
    assert!(refused.contains("Modifying service token is not allowed"), "{refused}");
    assert_eq!(differing(&definitions(&stage, "llmwatch-"), &alarms), Vec::<String>::new());
    assert_eq!(differing(&parameters(&stage, "/llmwatch"), &all), Vec::<String>::new());
    assert_eq!(definitions(&stage, "other-"), BTreeMap::new());
    assert_eq!(parameters(&stage, "/other"), BTreeMap::new());
    assert!(!invokes(&stage, "other-alarm-updater"));
    let groups = json!({ "logGroupNamePrefix": "/aws/lambda/other-" });
    let groups = stage.world.calls().json(JsonService::Logs, "DescribeLogGroups", &groups);
    assert_eq!(groups.unwrap()["logGroups"], json!([]));
    assert_eq!(stage.world.stack().resource("Ledger").unwrap(), ledger);

    // And the stack works as before.
    assert!(invokes(&stage, "llmwatch-alarm-updater"));
    stage.fire(&[Throttles]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
}

/// The alarms and stored pools of a model that only a parameter names.
fn of_model(stage: &Stage, part: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let alarms = definitions(stage, "llmwatch-Bedrock-").into_keys();
    let mut pools = parameters(stage, "/llmwatch/pools");
    pools.retain(|name, _| name.contains(part));
    (alarms.filter(|name| name.contains(part)).collect(), pools)
}

#[test]
fn an_address_takes_the_place_of_another_and_a_model_no_longer_named_leaves_in_its_time() {
    let before =
        [("AlertEmail", "first@example.com"), ("WatchedModels", "global.amazon.nova-2-lite-v1:0")];
    let stage = Stage::deploy(Traffic::Calm, &before);
    assert!(subscriptions(&stage).contains("first@example.com"));
    let named = of_model(&stage, "nova-2-lite");
    assert!(!named.0.is_empty() && !named.1.is_empty());
    let others = definitions(&stage, "llmwatch-").len() - named.0.len();

    let after = [("AlertEmail", "second@example.com"), ("WatchedModels", "none")];
    stage.world.update(&after).unwrap();
    let subscribed = subscriptions(&stage);
    assert_eq!(subscribed.matches("second@example.com").count(), 1, "{subscribed}");
    assert!(!subscribed.contains("first@example.com"), "{subscribed}");
    // It may be called by now, so it is kept as long as a model that is seen no more.
    assert_eq!(of_model(&stage, "nova-2-lite"), named);

    for (name, document) in named.1.iter().filter(|(name, _)| name.ends_with("/thresholds")) {
        let mut document: Value = serde_json::from_str(document).unwrap();
        document["last_seen"] = json!("2026-01-01T00:00:00Z");
        let name = name.strip_prefix("/llmwatch/").unwrap();
        stage.world.set_parameter(name, &document.to_string()).unwrap();
    }
    for function in ["quota-calculator", "alarm-updater"] {
        stage.world.invoke(function, &json!({})).unwrap();
    }
    assert_eq!(of_model(&stage, "nova-2-lite"), (Vec::new(), BTreeMap::new()));
    assert_eq!(definitions(&stage, "llmwatch-").len(), others);
}

/// What the release wrote, as tests/data/releases tells.
fn captured(name: &str) -> Vec<Value> {
    let path = format!("{}/data/releases/0.1.0/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn an_upgrade_from_0_1_0_keeps_alarms_ledger_and_edits() {
    let template = "tests/data/releases/0.1.0/template.yaml";
    let stage = Stage::deploy_template(template, Traffic::Calm, &[("CaseAutomation", "on")]);
    for pool in captured("pools.json") {
        let name = pool["Name"].as_str().unwrap().strip_prefix("/llmwatch/").unwrap();
        stage.world.set_parameter(name, pool["Value"].as_str().unwrap()).unwrap();
    }
    for row in captured("ledger.json") {
        ledger::put(&stage, &row);
    }
    // An incident of the old release is under way, and an operator has been at work.
    let told = ledger::episode(&stage);
    assert!(told.is_open() && told.notified_at.is_some(), "{told:?}");
    stage.world.set_parameter("settings/increase-percent", "40").unwrap();
    let chat = "arn:aws:sns:us-east-1:000000000000:operators-chat";
    let edits = json!({ "AlarmActions": [chat], "DatapointsToAlarm": 2 });
    stage.edit_alarm(&stage.alarm(HighTPMQuotaUsage), &edits);
    let (alarms, ledger) =
        (definitions(&stage, "llmwatch-Bedrock-"), stage.world.stack().resource("Ledger").unwrap());
    let before = stage.last_call();

    stage.world.update(&[("CaseAutomation", "on")]).unwrap();
    let after = definitions(&stage, "llmwatch-Bedrock-");
    assert_eq!(after.keys().collect::<Vec<_>>(), alarms.keys().collect::<Vec<_>>());
    assert_eq!(deletes(&stage, before), Vec::<Value>::new(), "an alarm's history is the alarm's");
    let tpm = &after[&stage.alarm(HighTPMQuotaUsage)];
    assert_eq!((&tpm["AlarmActions"], &tpm["DatapointsToAlarm"]), (&json!([chat]), &json!(2)));
    let percent = stage.world.parameter("settings/increase-percent").unwrap();
    assert_eq!(percent.as_deref(), Some("40"));
    assert_eq!(stage.world.stack().resource("Ledger").unwrap(), ledger);
    assert_eq!(ledger::episode(&stage), told);

    // The new release goes on with the old one's incident: no second mail of it, and one recovery.
    stage.fire(&[Throttles]);
    assert_eq!(stage.mails_after(0), []);
    stage.recover(&[Throttles]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(mails[0].subject.starts_with("[Recovered Critical]"), "{}", mails[0].subject);
    assert!(says(&mails[0], &told.id.marker()), "{}", mails[0].body);
}
