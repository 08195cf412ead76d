//! The sample events are what the functions are sent.

use std::collections::BTreeMap;
use std::path::Path;

use llmwatch_core::custom_resource::{Action, CustomResourceRequest};
use llmwatch_core::ids::StackPrefix;
use serde_json::Value;

use crate::template::Resource;

/// Every file of `events/`, by its name without `.json`.
fn events() -> BTreeMap<String, Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let files = std::fs::read_dir(directory).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let event = serde_json::from_str(&text);
            (name, event.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect()
}

fn prefix() -> StackPrefix {
    StackPrefix::parse("llmwatch").unwrap()
}

#[test]
fn custom_resource_events_are_read() {
    let events = events();
    for (name, action) in [
        ("custom-resource-create", Action::Create),
        ("custom-resource-update", Action::Update),
        ("custom-resource-delete", Action::Delete),
    ] {
        let request = CustomResourceRequest::parse(&events[name]).unwrap();
        assert_eq!(request.action, action);
        if let Some(known) = events[name]["PhysicalResourceId"].as_str() {
            assert_eq!(request.physical_id(&prefix()), known, "{name}");
        }
    }
}

#[test]
fn schedules_are_read() {
    use account_setup::Trigger as SetupTrigger;
    use alarm_updater::Trigger as UpdaterTrigger;
    use quota_calculator::Trigger as CalculatorTrigger;

    let schedule = &events()["schedule"];
    assert_eq!(quota_calculator::trigger(schedule).unwrap(), CalculatorTrigger::Schedule);
    assert_eq!(alarm_updater::trigger(schedule).unwrap(), UpdaterTrigger::Reconcile);
    assert_eq!(account_setup::trigger(schedule).unwrap(), SetupTrigger::Schedule);
}

/// How the function reads it is tested where it is read.
#[test]
fn the_hourly_look_at_requests_sends_the_sample() {
    let rule = Resource::named("HourlyRequests");
    let target = &rule.property("Targets")[0];
    let input: Value = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, events()["hourly-requests"]);
    assert_eq!(target["Arn"], "NotificationProcessor.Arn");
}

/// How the function reads it is tested where it is read.
#[test]
fn the_weekly_digest_is_sent_the_scheduled_event_itself_which_says_when_it_was_due() {
    let rule = Resource::named("MondayDigest");
    assert_eq!(rule.text("ScheduleExpression"), "cron(0 7 ? * MON *)");
    assert_eq!(rule.definition["Condition"], "SendsDigest");
    let target = &rule.property("Targets")[0];
    assert_eq!(target["Arn"], "NotificationProcessor.Arn");
    assert!(target["Input"].is_null() && target["InputTransformer"].is_null(), "{target}");
    let sample = &events()["weekly-digest"];
    let time: jiff::Timestamp = sample["time"].as_str().unwrap().parse().unwrap();
    assert_eq!(time.strftime("%a %H:%M").to_string(), "Mon 07:00");
    assert_eq!(sample["source"], "aws.events");
}

#[test]
fn no_event_tells_of_a_real_account() {
    let example = ["123456789012", "000000000000"];
    for (name, event) in events() {
        let text = event.to_string();
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 12);
        for number in numbers {
            assert!(example.contains(&number), "{name}: {number}");
        }
    }
}
