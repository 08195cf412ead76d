//! The sample events are what the functions are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use llmwatch_core::custom_resource::{Action, CustomResourceRequest};
use llmwatch_core::ids::StackPrefix;
use serde_json::Value;

use crate::template::{Resource, resources, target};

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

/// What runs by the clock.
struct Schedule {
    rule: &'static str,
    expression: &'static str,
    function: &'static str,
    /// What the function is sent in the place of the scheduled event.
    input: Option<&'static str>,
    condition: Option<&'static str>,
}

const SCHEDULES: [Schedule; 5] = [
    Schedule {
        rule: "HourlyThresholds",
        expression: "cron(5 * * * ? *)",
        function: "QuotaCalculator",
        input: None,
        condition: None,
    },
    Schedule {
        rule: "HourlyAlarms",
        expression: "cron(20 * * * ? *)",
        function: "AlarmUpdater",
        input: None,
        condition: None,
    },
    Schedule {
        rule: "HourlyRequests",
        expression: "cron(35 * * * ? *)",
        function: "NotificationProcessor",
        input: Some(r#"{"check": "requests"}"#),
        condition: None,
    },
    Schedule {
        rule: "DailyContacts",
        expression: "cron(35 8 * * ? *)",
        function: "AccountSetup",
        input: None,
        condition: None,
    },
    Schedule {
        rule: "MondayDigest",
        expression: "cron(0 7 ? * MON *)",
        function: "NotificationProcessor",
        input: None,
        condition: Some("SendsDigest"),
    },
];

#[test]
fn what_runs_by_the_clock_runs_when_and_with_what_it_should() {
    for Schedule { rule, expression, function, input, condition } in SCHEDULES {
        let rule = Resource::named(rule);
        assert_eq!(rule.text("ScheduleExpression"), expression, "{}", rule.id);
        assert!(rule.property("State").is_null(), "{} may be off", rule.id);
        assert_eq!(rule.definition["Condition"].as_str(), condition, "{}", rule.id);
        let [target] = rule.property("Targets").as_array().unwrap().as_slice() else {
            panic!("{} has several targets", rule.id)
        };
        assert_eq!(target["Arn"], format!("{function}.Arn"), "{}", rule.id);
        assert_eq!(target["Input"].as_str(), input, "{}", rule.id);
        assert!(target["InputTransformer"].is_null() && target["InputPath"].is_null());
    }
    let mut rules = resources("AWS::Events::Rule");
    rules.retain(|rule| rule.property("EventPattern").is_null());
    let known: BTreeSet<&str> = SCHEDULES.iter().map(|schedule| schedule.rule).collect();
    assert_eq!(rules.iter().map(|rule| rule.id).collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_rule_may_invoke_its_function_wherever_it_is() {
    let permissions = resources("AWS::Lambda::Permission");
    for rule in resources("AWS::Events::Rule") {
        let invoked = target(rule.property("Targets")[0]["Arn"].as_str().unwrap());
        let permission = permissions
            .iter()
            .find(|permission| permission.text("SourceArn") == format!("{}.Arn", rule.id))
            .unwrap_or_else(|| panic!("{} may invoke nothing", rule.id));
        assert_eq!(permission.text("FunctionName"), invoked, "{}", permission.id);
        assert_eq!(permission.text("Action"), "lambda:InvokeFunction", "{}", permission.id);
        assert_eq!(permission.text("Principal"), "events.amazonaws.com", "{}", permission.id);
        let condition = |one: &Resource| one.definition["Condition"].clone();
        assert_eq!(condition(permission), condition(&rule), "{}", permission.id);
    }
}

/// The order within the hour: alarms follow thresholds, and mails speak of both.
#[test]
fn each_hourly_run_waits_for_as_long_as_the_one_before_may_take() {
    let minute = |rule: &str| -> u64 {
        let expression = Resource::named(rule).text("ScheduleExpression");
        let minute = expression.trim_start_matches("cron(").split(' ').next().unwrap();
        minute.parse().unwrap()
    };
    for (before, function, after) in [
        ("HourlyThresholds", "QuotaCalculator", "HourlyAlarms"),
        ("HourlyAlarms", "AlarmUpdater", "HourlyRequests"),
    ] {
        let timeout = Resource::named(function).property("Timeout").as_u64().unwrap();
        assert!((minute(after) - minute(before)) * 60 >= timeout, "{after} overtakes {before}");
    }
}

/// How the function reads it is tested where it is read.
#[test]
fn the_hourly_look_at_requests_sends_the_sample() {
    let rule = Resource::named("HourlyRequests");
    let target = &rule.property("Targets")[0];
    let input: Value = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, events()["hourly-requests"]);
}

/// How the function reads it is tested where it is read.
#[test]
fn the_weekly_digest_is_sent_the_scheduled_event_itself_which_says_when_it_was_due() {
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
