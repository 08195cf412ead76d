//! What CloudWatch tells the world when an alarm changes state.
//!
//! Messages to SNS: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>;
//! events: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::alarms::{Alarm, Child, StateChange, Watching};
use crate::value::{items, text};

/// Something CloudWatch sends out.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A message to an SNS topic.
    Sns {
        /// The topic.
        topic_arn: String,
        /// At most 100 characters.
        subject: String,
        /// JSON.
        message: String,
    },
    /// An event on the default bus, source `aws.cloudwatch`.
    Event {
        /// For example `CloudWatch Alarm State Change`.
        detail_type: &'static str,
        /// The alarm.
        alarm_arn: String,
        /// The event's `detail`.
        detail: Value,
    },
}

/// Subjects longer than this are cut.
const SUBJECT_LIMIT: usize = 100;

/// The notices of a state change: to the actions of the new state, and to the event bus.
///
/// Actions run only while they are enabled; the event is sent in either case.
#[must_use]
pub fn state_change(
    alarm: &Alarm,
    change: &StateChange,
    account: &str,
    region: &str,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    if alarm.actions_enabled() {
        let message = sns_message(alarm, change, account, region).to_string();
        let subject = subject(alarm.name(), &change.new, region);
        let topics = alarm.actions_of(&change.new);
        notices.extend(topics.into_iter().filter(|arn| arn.contains(":sns:")).map(|arn| {
            Notice::Sns {
                topic_arn: arn.to_owned(),
                subject: subject.clone(),
                message: message.clone(),
            }
        }));
    }
    notices.push(Notice::Event {
        detail_type: "CloudWatch Alarm State Change",
        alarm_arn: alarm.arn.clone(),
        detail: json!({
            "alarmName": alarm.name(),
            "state": state(&change.new, &change.reason, change.reason_data.as_deref(), change.at),
            "previousState": state(
                &change.old,
                &change.old_reason,
                change.old_reason_data.as_deref(),
                change.old_at,
            ),
            "configuration": configuration(alarm),
        }),
    });
    notices
}

/// The notice of a created, updated or deleted alarm.
#[must_use]
pub fn configuration_change(alarm: &Alarm, operation: &str) -> Notice {
    Notice::Event {
        detail_type: "CloudWatch Alarm Configuration Change",
        alarm_arn: alarm.arn.clone(),
        detail: json!({
            "alarmName": alarm.name(),
            "operation": operation,
            "state": state(
                &alarm.state,
                &alarm.reason,
                alarm.reason_data.as_deref(),
                alarm.state_updated_at,
            ),
            "configuration": configuration(alarm),
        }),
    }
}

fn subject(name: &str, state: &str, region: &str) -> String {
    let subject = format!("{state}: \"{name}\" in {}", region_name(region));
    if subject.chars().count() <= SUBJECT_LIMIT {
        subject
    } else {
        subject.chars().take(SUBJECT_LIMIT - 3).chain("...".chars()).collect()
    }
}

fn sns_message(alarm: &Alarm, change: &StateChange, account: &str, region: &str) -> Value {
    let mut message = json!({
        "AlarmName": alarm.name(),
        "AlarmDescription": alarm.config.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.updated_at),
        "NewStateValue": change.new,
        "NewStateReason": change.reason,
        "StateChangeTime": stamp(change.at),
        "Region": region_name(region),
        "AlarmArn": alarm.arn,
        "OldStateValue": change.old,
        "OKActions": items(&alarm.config, "OKActions"),
        "AlarmActions": items(&alarm.config, "AlarmActions"),
        "InsufficientDataActions": items(&alarm.config, "InsufficientDataActions"),
    });
    if let Value::Object(members) = &mut message {
        match &alarm.watching {
            Watching::Alarms(_) => {
                members.remove("AlarmConfigurationUpdatedTimestamp");
                members.insert("AlarmRule".to_owned(), alarm.config["AlarmRule"].clone());
                let children: Vec<Value> = change.triggering.iter().map(child_pascal).collect();
                members.insert("TriggeringChildren".to_owned(), Value::Array(children));
            }
            Watching::Metrics(_) => {
                members.insert("Trigger".to_owned(), trigger(&alarm.config));
            }
        }
    }
    message
}

fn child_pascal(child: &Child) -> Value {
    json!({"Arn": child.arn, "State": {"Value": child.state, "Timestamp": stamp(child.at)}})
}

/// The `Trigger` of a metric alarm's message.
fn trigger(config: &Value) -> Value {
    let mut trigger = Map::new();
    let or_empty = |name: &str| text(config, name).unwrap_or_default().to_owned();
    let mut put = |name: &str, value: Value| {
        trigger.insert(name.to_owned(), value);
    };
    for name in [
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "ComparisonOperator",
        "Threshold",
        "ThresholdMetricId",
    ] {
        if let Some(value) = config.get(name) {
            put(name, value.clone());
        }
    }
    let missing = text(config, "TreatMissingData").unwrap_or("missing");
    put("TreatMissingData", Value::from(missing));
    put(
        "EvaluateLowSampleCountPercentile",
        Value::from(or_empty("EvaluateLowSampleCountPercentile")),
    );
    if let Some(queries) = config.get("Metrics").and_then(Value::as_array) {
        put("Period", config.get("Period").cloned().unwrap_or(Value::from(0)));
        put("Metrics", queries.iter().map(trigger_query).collect());
        return Value::Object(trigger);
    }
    put("MetricName", Value::from(or_empty("MetricName")));
    put("Namespace", Value::from(or_empty("Namespace")));
    put("Period", config["Period"].clone());
    put("Unit", config.get("Unit").cloned().unwrap_or(Value::Null));
    put("Dimensions", dimensions(items(config, "Dimensions")));
    if let Some(extended) = text(config, "ExtendedStatistic") {
        put("StatisticType", Value::from("ExtendedStatistic"));
        put("ExtendedStatistic", Value::from(extended));
    } else {
        put("StatisticType", Value::from("Statistic"));
        let statistic = match text(config, "Statistic").unwrap_or_default() {
            "SampleCount" => "SAMPLE_COUNT".to_owned(),
            other => other.to_ascii_uppercase(),
        };
        put("Statistic", Value::from(statistic));
    }
    Value::Object(trigger)
}

fn trigger_query(query: &Value) -> Value {
    let mut copy = query.clone();
    if let Some(metric) = copy.pointer_mut("/MetricStat/Metric").and_then(Value::as_object_mut) {
        let named = metric.remove("Dimensions").unwrap_or(Value::Array(Vec::new()));
        let lower = dimensions(named.as_array().map_or(&[], Vec::as_slice));
        metric.insert("Dimensions".to_owned(), lower);
    }
    if let Some(members) = copy.as_object_mut() {
        members.entry("ReturnData").or_insert(Value::Bool(true));
    }
    copy
}

/// SNS messages write dimensions with lower-case member names, value first.
fn dimensions(dimensions: &[Value]) -> Value {
    dimensions.iter().map(|one| json!({"value": one["Value"], "name": one["Name"]})).collect()
}

fn state(value: &str, reason: &str, reason_data: Option<&str>, at: Timestamp) -> Value {
    let mut state = json!({"value": value, "reason": reason, "timestamp": stamp(at)});
    if let (Some(data), Value::Object(members)) = (reason_data, &mut state) {
        members.insert("reasonData".to_owned(), Value::from(data));
    }
    state
}

/// The `configuration` of an event.
fn configuration(alarm: &Alarm) -> Value {
    let mut configuration = Map::new();
    if let Some(description) = alarm.config.get("AlarmDescription") {
        configuration.insert("description".to_owned(), description.clone());
    }
    match &alarm.watching {
        Watching::Alarms(_) => {
            configuration.insert("alarmRule".to_owned(), alarm.config["AlarmRule"].clone());
        }
        Watching::Metrics(_) => {
            configuration.insert("metrics".to_owned(), event_metrics(alarm));
        }
    }
    Value::Object(configuration)
}

fn event_metrics(alarm: &Alarm) -> Value {
    let config = &alarm.config;
    if let Some(queries) = config.get("Metrics").and_then(Value::as_array) {
        return queries.iter().map(event_query).collect();
    }
    let stat = text(config, "Statistic").or(text(config, "ExtendedStatistic"));
    json!([{
        "id": crate::world::stable_uuid(&alarm.arn),
        "metricStat": {
            "metric": {
                "namespace": config["Namespace"],
                "name": config["MetricName"],
                "dimensions": event_dimensions(items(config, "Dimensions")),
            },
            "period": config["Period"],
            "stat": stat,
        },
        "returnData": true,
    }])
}

fn event_query(query: &Value) -> Value {
    let mut event = json!({
        "id": query["Id"],
        "returnData": query.get("ReturnData").cloned().unwrap_or(Value::Bool(true)),
    });
    let Value::Object(members) = &mut event else { return event };
    for (name, lower) in [("Expression", "expression"), ("Label", "label"), ("Period", "period")] {
        if let Some(value) = query.get(name) {
            members.insert(lower.to_owned(), value.clone());
        }
    }
    if let Some(stat) = query.get("MetricStat") {
        let metric = &stat["Metric"];
        members.insert(
            "metricStat".to_owned(),
            json!({
                "metric": {
                    "namespace": metric["Namespace"],
                    "name": metric["MetricName"],
                    "dimensions": event_dimensions(items(metric, "Dimensions")),
                },
                "period": stat["Period"],
                "stat": stat["Stat"],
            }),
        );
    }
    event
}

/// Events write dimensions as one object, name to value.
fn event_dimensions(dimensions: &[Value]) -> Value {
    let pairs = dimensions
        .iter()
        .filter_map(|one| Some((text(one, "Name")?.to_owned(), Value::from(text(one, "Value")?))));
    Value::Object(pairs.collect())
}

/// CloudWatch's timestamps have no colon in the offset: `2021-11-10T02:45:55.640+0000`.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}

/// The Region's display name, as CloudWatch writes it in messages; the code when not known here.
fn region_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "ca-central-1" => "Canada (Central)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-north-1" => "EU (Stockholm)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-northeast-3" => "Asia Pacific (Osaka)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "sa-east-1" => "South America (Sao Paulo)",
        other => other,
    }
}
