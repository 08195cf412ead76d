//! The template's alarms and the rule that hears those of pools, of quality and of components.

use llmwatch_core::alarm::name::{ComponentAlarm, QualityAlarm};
use llmwatch_core::alarm::{CATALOGUE, Severity, name};
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::alarm::COMPONENT_KINDS;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::quality::alarm::QUALITY_CATALOGUE;
use llmwatch_core::quality::series::Series;
use serde_json::Value;

use crate::template::{Resource, TEXT, resources, texts};

const ARN: &str = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:";

fn prefix() -> StackPrefix {
    StackPrefix::parse("llmwatch").unwrap()
}

/// Whether the child rule takes a state change of the alarm of this name.
fn heard(alarm_name: &str, state: &str) -> bool {
    let pattern = Resource::named("ChildAlarms").property("EventPattern");
    let given = |text: &Value| text.as_str().unwrap().replace("${Prefix}", "llmwatch");
    let ours = pattern["resources"].as_array().unwrap().iter();
    let is_ours = ours
        .map(|one| given(&one["prefix"]))
        .any(|prefix| format!("{ARN}{alarm_name}").starts_with(&prefix));
    let excluded = given(&pattern["detail"]["alarmName"][0]["anything-but"]["prefix"]);
    let states = pattern["detail"]["state"]["value"].as_array().unwrap();
    is_ours && !alarm_name.starts_with(&excluded) && states.iter().any(|one| one == state)
}

#[test]
fn the_rule_hears_every_child_and_no_composite() {
    let label = PoolLabel::from_text("global.amazon.nova-2-lite-v1_0");
    for row in &CATALOGUE {
        let child = name::child(&prefix(), row.kind, &label);
        assert!(heard(&child, "ALARM") && heard(&child, "OK"), "{child}");
        assert!(!heard(&child, "INSUFFICIENT_DATA"), "it opens and closes nothing");
    }
    assert!(!heard(&name::composite(&prefix(), &label), "ALARM"));
    assert!(!heard("other-Bedrock-Throttles-Critical-x", "ALARM"));
}

#[test]
fn the_rule_hears_every_quality_alarm() {
    let series = Series { model_id: "amazon.nova-2-lite-v1:0".into(), inference_component: None };
    for row in &QUALITY_CATALOGUE {
        for severity in Severity::ALL {
            let alarm = QualityAlarm { kind: row.kind, severity, series: series.label() };
            let name = name::quality(&prefix(), &alarm);
            assert!(heard(&name, "ALARM") && heard(&name, "OK"), "{name}");
            assert!(!heard(&name, "INSUFFICIENT_DATA"), "it says nothing");
        }
    }
    assert!(!heard("other-Quality-LowSafety-Critical-model.m", "ALARM"));
}

#[test]
fn the_rule_hears_every_component_alarm() {
    for row in &COMPONENT_KINDS {
        let component = InferenceComponent::parse("chat-7b").unwrap();
        let name = name::component(&prefix(), &ComponentAlarm { kind: row.kind, component });
        assert!(heard(&name, "ALARM") && heard(&name, "OK"), "{name}");
        assert!(!heard(&name, "INSUFFICIENT_DATA"), "it says nothing");
    }
}

#[test]
fn alarms_on_llmwatch_are_not_taken_for_a_pools() {
    for alarm in resources("AWS::CloudWatch::Alarm") {
        let name = alarm.text("AlarmName").replace("${Prefix}", "llmwatch");
        assert_eq!(name::parse(&prefix(), &name), None);
        assert!(!heard(&name, "ALARM"), "{name}");
    }
}

#[test]
fn the_updater_may_touch_the_alarms_it_makes_only() {
    for stem in name::stems(&prefix()) {
        let stem = stem.replace("llmwatch", "${Prefix}");
        assert!(TEXT.contains(&format!("{ARN}{stem}*")), "{stem}");
    }
}

#[test]
fn every_expression_names_metrics_that_are_there() {
    for alarm in resources("AWS::CloudWatch::Alarm") {
        let metrics = alarm.property("Metrics").as_array().map_or(&[][..], Vec::as_slice);
        let ids: Vec<&str> = metrics.iter().filter_map(|one| one["Id"].as_str()).collect();
        for expression in metrics.iter().filter_map(|one| one["Expression"].as_str()) {
            let named = expression
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
            for id in named {
                assert!(ids.contains(&id), "{}: {id} in {expression}", alarm.id);
            }
        }
        let returned = metrics.iter().filter(|one| one["ReturnData"] != false).count();
        assert!(metrics.is_empty() || returned == 1, "{}", alarm.id);
    }
}

#[test]
fn no_alarm_asks_for_more_datapoints_than_it_looks_at() {
    for alarm in resources("AWS::CloudWatch::Alarm") {
        let looked_at = alarm.property("EvaluationPeriods").as_u64().unwrap();
        assert!(alarm.property("DatapointsToAlarm").as_u64().unwrap_or(looked_at) <= looked_at);
        assert_eq!(alarm.text("TreatMissingData"), "notBreaching", "{}", alarm.id);
        // Where `!Sub` has parts, the text is the first of a list.
        let described = texts(alarm.property("AlarmDescription"));
        assert!(described.iter().any(|text| !text.is_empty()), "{}", alarm.id);
    }
}

#[test]
fn truncated_pools_are_watched_by_the_metric_the_updater_publishes() {
    use llmwatch_core::alarm::pool_metrics::{NAMESPACE, POOL_TRUNCATED};
    let alarm = Resource::named("PoolTruncatedAlarm");
    assert_eq!((alarm.text("Namespace"), alarm.text("MetricName")), (NAMESPACE, POOL_TRUNCATED));
    assert!(alarm.property("Dimensions").is_null());
}
