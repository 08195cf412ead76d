//! What can wake the function, parsed once into types that cannot be wrong.
//!
//! Four routes lead in: the composite alarm through SNS, the state changes of children, of quality
//! and of component alarms and the two schedules (quota requests, the digest) through EventBridge,
//! and the function's own messages through its queue.

use jiff::Timestamp;
use llmwatch_core::alarm::name::{self, AlarmName};
use llmwatch_core::alarm::{Limit, definition};
use llmwatch_core::cloudwatch::alarm::{AlarmState, UnknownWord};
use llmwatch_core::cloudwatch::change_time::change_time;
use llmwatch_core::delivery::{Delivery, deliveries};
use llmwatch_core::excerpt::excerpt;
use llmwatch_core::ids::StackPrefix;
use serde::Deserialize;
use serde_json::Value;

use crate::queue::QueueMessage;

/// How much of a problem is kept, in characters.
const MAX_PROBLEM_CHARS: usize = 200;

/// One invocation's work.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// Alarms changed state; those of other stacks are left out.
    Alarms(Vec<AlarmChange>),
    /// Messages the function sent itself, each to be answered on its own.
    Queue(Vec<QueueRecord>),
    /// An hour has passed: look what has become of the quota requests.
    WatchedRequests,
    /// A week is over, or somebody asks by hand: tell what the last seven days came to.
    Digest {
        /// When it was due by the schedule, so that a retry is about the same week; `None` asks for
        /// the seven days before now.
        due: Option<Timestamp>,
    },
}

/// One of this stack's alarms changed state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AlarmChange {
    /// Which alarm.
    pub name: AlarmName,
    /// Its ARN.
    pub arn: String,
    /// The state it is in now.
    pub state: AlarmState,
    /// When it changed.
    pub at: Timestamp,
    /// CloudWatch's reason, as it stands in the event.
    pub reason: String,
    /// The metric's latest value, where the event has it.
    pub value: Option<f64>,
    /// The value the alarm fires at, where the event has it.
    pub threshold: Option<f64>,
    /// Whether an alarm mute rule holds its actions back.
    pub muted: bool,
}

/// One queue message with the id by which its failure is reported.
#[derive(Debug, PartialEq)]
pub(crate) struct QueueRecord {
    /// SQS's id of the message.
    pub id: String,
    /// The handle by which its next delivery is put off; absent in a hand-made event.
    pub receipt: Option<String>,
    /// How often it has been received, this time included.
    pub tries: u32,
    /// What the message says, or why it cannot be read.
    pub message: Result<QueueMessage, EventError>,
}

/// An event the function cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EventError {
    /// The event comes from none of the function's triggers.
    #[error(
        "the event is from none of the triggers (SNS, SQS, EventBridge aws.cloudwatch and \
             aws.events, {{\"check\": \"requests\"}}, {{\"check\": \"digest\"}}): {0}"
    )]
    UnknownSource(String),
    /// A member is absent or has another type.
    #[error("{place} is not readable: {problem}; send the event as AWS shapes it")]
    Malformed {
        /// Where in the event.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// Reads an invocation's event.
///
/// # Errors
///
/// When the event's source is unknown or a member is missing or malformed; the message names it.
pub(crate) fn incoming(event: &Value, prefix: &StackPrefix) -> Result<Incoming, EventError> {
    let first = event.pointer("/Records/0");
    let record_source = first
        .and_then(|record| record.get("EventSource").or_else(|| record.get("eventSource")))
        .and_then(Value::as_str);
    match (record_source, event.get("source").and_then(Value::as_str)) {
        (Some("aws:sns"), _) => sns_alarms(event, prefix).map(Incoming::Alarms),
        (Some("aws:sqs"), _) => queue_records(event).map(Incoming::Queue),
        (None, Some("aws.cloudwatch")) => {
            Ok(Incoming::Alarms(eventbridge_alarm(event, prefix)?.into_iter().collect()))
        }
        (None, Some("aws.events")) => scheduled(event),
        (None, None) if is_check(event, "requests") => Ok(Incoming::WatchedRequests),
        (None, None) if is_check(event, "digest") => Ok(Incoming::Digest { due: None }),
        (record_source, source) => Err(EventError::UnknownSource(excerpt(
            record_source.or(source).unwrap_or("no source member"),
        ))),
    }
}

/// Why an event, or messages in it, cannot be read; none when all of it can.
#[must_use]
pub fn refusals(event: &Value, prefix: &StackPrefix) -> Vec<String> {
    match incoming(event, prefix) {
        Ok(Incoming::Alarms(_) | Incoming::WatchedRequests | Incoming::Digest { .. }) => Vec::new(),
        Ok(Incoming::Queue(records)) => records
            .into_iter()
            .filter_map(|record| Some(record.message.err()?.to_string()))
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[derive(Deserialize)]
struct SnsEvent {
    #[serde(rename = "Records")]
    records: Vec<SnsRecord>,
}

#[derive(Deserialize)]
struct SnsRecord {
    #[serde(rename = "Sns")]
    sns: SnsMessage,
}

#[derive(Deserialize)]
struct SnsMessage {
    #[serde(rename = "Message")]
    message: String,
}

/// The alarm message CloudWatch publishes; a composite's lacks `Trigger`.
///
/// The children it may list are not read: the list can be empty, and the alarms are read anyway.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AlarmNotification {
    alarm_name: String,
    alarm_arn: String,
    new_state_value: String,
    #[serde(default)]
    new_state_reason: String,
    state_change_time: String,
}

fn sns_alarms(event: &Value, prefix: &StackPrefix) -> Result<Vec<AlarmChange>, EventError> {
    let event: SnsEvent = typed(event, "the SNS event")?;
    let mut changes = Vec::new();
    for (index, record) in event.records.iter().enumerate() {
        let place = format!("Records[{index}].Sns.Message");
        let message: Value = serde_json::from_str(&record.sns.message)
            .map_err(|error| malformed(&place, &error.to_string()))?;
        let alarm: AlarmNotification = typed(&message, &place)?;
        let Some(name) = name::parse(prefix, &alarm.alarm_name) else {
            tracing::info!(alarm.name = %alarm.alarm_name, "left alone: another stack's alarm");
            continue;
        };
        changes.push(AlarmChange {
            name,
            arn: alarm.alarm_arn,
            state: state(&alarm.new_state_value, &format!("{place}.NewStateValue"))?,
            at: time(&alarm.state_change_time, &format!("{place}.StateChangeTime"))?,
            reason: alarm.new_state_reason,
            value: None,
            threshold: None,
            muted: false,
        });
    }
    Ok(changes)
}

#[derive(Deserialize)]
struct AlarmStateChange {
    resources: Vec<String>,
    detail: AlarmStateDetail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlarmStateDetail {
    alarm_name: String,
    state: EventState,
    mute_detail: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventState {
    value: String,
    #[serde(default)]
    reason: String,
    reason_data: Option<String>,
    timestamp: String,
}

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.
fn eventbridge_alarm(
    event: &Value,
    prefix: &StackPrefix,
) -> Result<Option<AlarmChange>, EventError> {
    let event: AlarmStateChange = typed(event, "the EventBridge event")?;
    let Some(name) = name::parse(prefix, &event.detail.alarm_name) else {
        tracing::info!(alarm.name = %event.detail.alarm_name, "left alone: another stack's alarm");
        return Ok(None);
    };
    let arn = event.resources.into_iter().next();
    let figures = Figures::of(event.detail.state.reason_data.as_deref(), &name);
    Ok(Some(AlarmChange {
        name,
        arn: arn.ok_or_else(|| malformed("resources[0]", "the alarm's ARN is missing"))?,
        state: state(&event.detail.state.value, "detail.state.value")?,
        at: time(&event.detail.state.timestamp, "detail.state.timestamp")?,
        reason: event.detail.state.reason,
        value: figures.value,
        threshold: figures.threshold,
        muted: event.detail.mute_detail.is_some(),
    }))
}

/// The figures in an alarm's `reasonData`, which is JSON in a string.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Figures {
    /// The newest datapoint; of an alarm on a budget the newest that reached it, because that alarm
    /// goes on for hours after one that did.
    value: Option<f64>,
    threshold: Option<f64>,
}

impl Figures {
    fn of(reason_data: Option<&str>, name: &AlarmName) -> Self {
        let data: Option<Value> = reason_data.and_then(|data| serde_json::from_str(data).ok());
        let Some(data) = data else { return Self::default() };
        let threshold = data.get("threshold").and_then(Value::as_f64);
        let recent = data.get("recentDatapoints").and_then(Value::as_array);
        let newest: Vec<f64> =
            recent.into_iter().flatten().rev().filter_map(Value::as_f64).collect();
        let is_budgeted = match name {
            AlarmName::Child(kind, _) => definition(*kind).limit == Limit::Budget,
            AlarmName::Composite(_) | AlarmName::Quality(_) | AlarmName::Component(_) => false,
        };
        let reached = newest
            .iter()
            .find(|value| is_budgeted && threshold.is_some_and(|budget| **value >= budget));
        Self { value: reached.or(newest.first()).copied(), threshold }
    }
}

#[derive(Deserialize)]
struct ScheduledEvent {
    time: String,
}

/// The weekly rule hands its event over as it is, because that says when it was due; the hourly one
/// has an input of its own.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>.
fn scheduled(event: &Value) -> Result<Incoming, EventError> {
    let ScheduledEvent { time: due } = typed(event, "the scheduled event")?;
    Ok(Incoming::Digest { due: Some(time(&due, "time")?) })
}

fn is_check(event: &Value, of: &str) -> bool {
    event.get("check").and_then(Value::as_str) == Some(of)
}

fn queue_records(event: &Value) -> Result<Vec<QueueRecord>, EventError> {
    let deliveries =
        deliveries(event).map_err(|error| malformed("the SQS event", &error.to_string()))?;
    let record = |(index, Delivery { id, receipt, tries, body })| {
        let place = format!("Records[{index}].body");
        let message =
            serde_json::from_str(&body).map_err(|error| malformed(&place, &error.to_string()));
        QueueRecord { id, receipt, tries, message }
    };
    Ok(deliveries.into_iter().enumerate().map(record).collect())
}

fn typed<T: for<'de> Deserialize<'de>>(value: &Value, place: &str) -> Result<T, EventError> {
    T::deserialize(value).map_err(|error| malformed(place, &error.to_string()))
}

/// The problem is kept short: it may repeat what it could not read, and is logged.
fn malformed(place: &str, problem: &str) -> EventError {
    let problem = problem.chars().take(MAX_PROBLEM_CHARS).collect();
    EventError::Malformed { place: place.to_owned(), problem }
}

fn state(text: &str, place: &str) -> Result<AlarmState, EventError> {
    text.parse().map_err(|error: UnknownWord| malformed(place, &error.to_string()))
}

fn time(text: &str, place: &str) -> Result<Timestamp, EventError> {
    change_time(text).ok_or_else(|| malformed(place, &format!("{:?} is no time", excerpt(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use llmwatch_core::alarm::AlarmKind;
    use llmwatch_core::pool::PoolLabel;
    use serde_json::json;

    fn prefix() -> StackPrefix {
        StackPrefix::parse("llmwatch").unwrap()
    }

    fn sns(message: &Value) -> Value {
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message.to_string()}}]})
    }

    fn composite() -> Value {
        json!({
            "AlarmName": "llmwatch-Bedrock-QuotaHealth-Composite-global.m",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x",
            "NewStateValue": "ALARM",
            "NewStateReason": "r",
            "StateChangeTime": "2026-11-10T02:45:55.640+0000",
            "TriggeringChildren": []
        })
    }

    fn child() -> Value {
        json!({
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:y"],
            "detail": {
                "alarmName": "llmwatch-Bedrock-Throttles-Critical-global.m",
                "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-10T02:45:55.640+0000"},
                "muteDetail": {"mutedByArn": "arn:aws:cloudwatch:us-east-1:123456789012:mute:m"}
            }
        })
    }

    #[test]
    fn a_composite_without_children_and_with_an_odd_offset_is_read() {
        let Ok(Incoming::Alarms(changes)) = incoming(&sns(&composite()), &prefix()) else {
            panic!()
        };
        assert_eq!(changes[0].name, AlarmName::Composite(PoolLabel::from_text("global.m")));
        assert_eq!(changes[0].at, "2026-11-10T02:45:55.640Z".parse().unwrap());
    }

    #[test]
    fn a_muted_child_says_so() {
        let Ok(Incoming::Alarms(changes)) = incoming(&child(), &prefix()) else { panic!() };
        let expected = AlarmName::Child(AlarmKind::Throttles, PoolLabel::from_text("global.m"));
        assert_eq!((&changes[0].name, changes[0].muted), (&expected, true));
    }

    #[test]
    fn an_alarm_on_a_budget_tells_the_newest_value_that_reached_it() {
        let child = |kind| AlarmName::Child(kind, PoolLabel::from_text("global.x"));
        let cost = child(AlarmKind::HighHourlyCost);
        let throttles = child(AlarmKind::Throttles);
        let data = r#"{"recentDatapoints": [9.0, 7.5, 2.0], "threshold": 5.0}"#;
        let figures = |value, threshold| Figures { value, threshold };
        for (data, name, expected) in [
            (Some(data), &cost, figures(Some(7.5), Some(5.0))),
            (Some(data), &throttles, figures(Some(2.0), Some(5.0))),
            (Some(r#"{"recentDatapoints": [2.0]}"#), &cost, figures(Some(2.0), None)),
            (Some(r#"{"recentDatapoints": [], "threshold": 5}"#), &cost, figures(None, Some(5.0))),
            (Some("{"), &cost, figures(None, None)),
            (None, &cost, figures(None, None)),
        ] {
            assert_eq!(Figures::of(data, name), expected, "{data:?} {name:?}");
        }
    }

    #[test]
    fn d18_every_sns_record_is_read() {
        let mut event = sns(&composite());
        let record = event["Records"][0].clone();
        event["Records"].as_array_mut().unwrap().push(record);
        let Ok(Incoming::Alarms(changes)) = incoming(&event, &prefix()) else { panic!() };
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn every_sample_event_is_read() {
        let read = |text: &str| incoming(&serde_json::from_str(text).unwrap(), &prefix()).unwrap();
        for (text, muted) in [
            (include_str!("../../../events/composite-alarm.json"), false),
            (include_str!("../../../events/composite-alarm-without-children.json"), false),
            (include_str!("../../../events/composite-recovered.json"), false),
            (include_str!("../../../events/child-alarm.json"), false),
            (include_str!("../../../events/child-anomaly.json"), false),
            (include_str!("../../../events/child-muted.json"), true),
            (include_str!("../../../events/child-recovered.json"), false),
        ] {
            let Incoming::Alarms(changes) = read(text) else { panic!("{text}") };
            assert_eq!((changes.len(), changes[0].muted), (1, muted), "{text}");
        }
        for text in [
            include_str!("../../../events/follow-up-settle.json"),
            include_str!("../../../events/follow-up-case.json"),
            include_str!("../../../events/follow-up-publish.json"),
        ] {
            let Incoming::Queue(records) = read(text) else { panic!("{text}") };
            assert!(records[0].message.is_ok(), "{:?}", records[0].message);
        }
    }

    #[test]
    fn only_the_hourly_check_is_read_as_one() {
        let hourly = include_str!("../../../events/hourly-requests.json");
        let hourly = serde_json::from_str(hourly).unwrap();
        assert_eq!(incoming(&hourly, &prefix()), Ok(Incoming::WatchedRequests));
        for other in [json!({"check": "alarms"}), json!({"check": 1}), json!({"requests": true})] {
            let read = incoming(&other, &prefix());
            assert!(matches!(read, Err(EventError::UnknownSource(_))), "{other}");
        }
        let Ok(Incoming::Alarms(_)) = incoming(&child(), &prefix()) else { panic!() };
    }

    #[test]
    fn a_digest_is_of_the_week_that_it_was_due_after() {
        let weekly = include_str!("../../../events/weekly-digest.json");
        let mut weekly: Value = serde_json::from_str(weekly).unwrap();
        let due = Some("2026-11-16T07:00:00Z".parse().unwrap());
        assert_eq!(incoming(&weekly, &prefix()), Ok(Incoming::Digest { due }));
        let by_hand = json!({"check": "digest"});
        assert_eq!(incoming(&by_hand, &prefix()), Ok(Incoming::Digest { due: None }));
        weekly["time"] = "Monday".into();
        let problem = incoming(&weekly, &prefix()).unwrap_err().to_string();
        assert!(problem.contains("Monday"), "{problem}");
        weekly.as_object_mut().unwrap().remove("time");
        let problem = incoming(&weekly, &prefix()).unwrap_err().to_string();
        assert!(problem.contains("the scheduled event"), "{problem}");
    }

    #[test]
    fn another_stacks_alarm_is_left_alone() {
        let mut message = composite();
        message["AlarmName"] = "other-Bedrock-QuotaHealth-Composite-global.m".into();
        assert_eq!(incoming(&sns(&message), &prefix()), Ok(Incoming::Alarms(vec![])));
    }

    #[test]
    fn malformed_events_name_the_member() {
        let without = |pointer: &str, key: &str| {
            let mut event = child();
            event.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key);
            incoming(&event, &prefix()).unwrap_err().to_string()
        };
        assert!(without("/detail", "alarmName").contains("alarmName"));
        assert!(without("/detail/state", "timestamp").contains("timestamp"));
        assert!(without("", "resources").contains("resources"));
        let mut message = composite();
        message["NewStateValue"] = "BROKEN".into();
        let problem = incoming(&sns(&message), &prefix()).unwrap_err().to_string();
        assert!(problem.contains("NewStateValue") && problem.contains("BROKEN"), "{problem}");
        message = composite();
        message["StateChangeTime"] = "yesterday".into();
        let problem = incoming(&sns(&message), &prefix()).unwrap_err().to_string();
        assert!(problem.contains("StateChangeTime"), "{problem}");
        let event = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "no json"}}]});
        assert!(
            incoming(&event, &prefix()).unwrap_err().to_string().contains("Records[0].Sns.Message")
        );
        assert!(matches!(incoming(&json!({}), &prefix()), Err(EventError::UnknownSource(_))));
    }

    #[test]
    fn what_cannot_be_read_is_not_logged_whole() {
        let text = json!("x".repeat(5000)).to_string();
        let event = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text}}]});
        let problem = incoming(&event, &prefix()).unwrap_err().to_string();
        assert!(problem.contains("xxx") && problem.len() < 400, "{problem}");
    }

    #[test]
    fn one_unreadable_queue_message_does_not_hide_the_others() {
        let event = json!({"Records": [
            {"eventSource": "aws:sqs", "messageId": "1", "body": "no json"},
            {"eventSource": "aws:sqs", "messageId": "2",
             "body": "{\"settle\":{\"pool\":\"global.m\",\"episode\":\"e\"}}"}
        ]});
        let Ok(Incoming::Queue(records)) = incoming(&event, &prefix()) else { panic!() };
        assert!(records[0].message.is_err());
        assert!(records[1].message.is_ok());
    }
}
