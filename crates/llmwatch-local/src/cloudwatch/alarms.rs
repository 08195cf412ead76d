//! Alarms as stored: configuration, state, actions and history.

use jiff::Timestamp;
use llmwatch_core::cloudwatch::alarm::MetricAlarm;
use llmwatch_core::cloudwatch::composite::Rule;
use serde_json::{Map, Value, json};

use super::notify::stamp;
use crate::value::{seconds, text, texts, truth};

/// What an alarm watches, ready to be evaluated.
#[derive(Debug, Clone)]
pub enum Watching {
    /// Metrics.
    Metrics(MetricAlarm),
    /// Other alarms, by a rule: a composite alarm.
    Alarms(Rule),
}

impl Watching {
    /// The alarm type's name in the API.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Metrics(_) => "MetricAlarm",
            Self::Alarms(_) => "CompositeAlarm",
        }
    }
}

/// One alarm.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// What it watches.
    pub watching: Watching,
    /// The alarm's ARN.
    pub arn: String,
    /// The request that last configured it, without its tags.
    pub config: Value,
    /// When it was last configured.
    pub updated_at: Timestamp,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Why it is in this state.
    pub reason: String,
    /// The same as JSON text, if there is one.
    pub reason_data: Option<String>,
    /// When the state or its reason was last written.
    pub state_updated_at: Timestamp,
    /// When the state last became another.
    pub state_transitioned_at: Timestamp,
}

/// A child alarm whose change moved a composite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The child's ARN.
    pub arn: String,
    /// The child's state.
    pub state: String,
    /// When the child came into this state.
    pub at: Timestamp,
}

/// One change of an alarm's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The state before.
    pub old: String,
    /// The reason of the state before.
    pub old_reason: String,
    /// The reason of the state before, as JSON text.
    pub old_reason_data: Option<String>,
    /// When the state before was written.
    pub old_at: Timestamp,
    /// The state now.
    pub new: String,
    /// Why.
    pub reason: String,
    /// Why, as JSON text.
    pub reason_data: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The children that moved a composite; empty for others.
    pub triggering: Vec<Child>,
}

/// A state with its reason, about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewState {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Why, as JSON text.
    pub reason_data: Option<String>,
    /// The children that moved a composite; empty for others.
    pub triggering: Vec<Child>,
}

/// StateReason is cut at this length.
const REASON_LIMIT: usize = 1023;

impl Alarm {
    /// A new alarm, in `INSUFFICIENT_DATA` until it is first evaluated.
    #[must_use]
    pub fn new(watching: Watching, arn: String, config: Value, now: Timestamp) -> Self {
        Self {
            watching,
            arn,
            config,
            updated_at: now,
            state: "INSUFFICIENT_DATA".to_owned(),
            reason: "Unchecked: Initial alarm creation".to_owned(),
            reason_data: None,
            state_updated_at: now,
            state_transitioned_at: now,
        }
    }

    /// The alarm's name.
    #[must_use]
    pub fn name(&self) -> &str {
        text(&self.config, "AlarmName").unwrap_or_default()
    }

    /// Whether its actions run.
    #[must_use]
    pub fn actions_enabled(&self) -> bool {
        truth(&self.config, "ActionsEnabled").unwrap_or(true)
    }

    /// The ARNs of the actions that run when it comes into `state`.
    #[must_use]
    pub fn actions_of(&self, state: &str) -> Vec<&str> {
        let member = match state {
            "ALARM" => "AlarmActions",
            "OK" => "OKActions",
            _ => "InsufficientDataActions",
        };
        texts(&self.config, member)
    }

    /// Writes a state. Answers the change if the state became another.
    pub fn enter(&mut self, new: NewState, now: Timestamp) -> Option<StateChange> {
        let reason: String = new.reason.chars().take(REASON_LIMIT).collect();
        let change = StateChange {
            old: std::mem::replace(&mut self.state, new.value.clone()),
            old_reason: std::mem::replace(&mut self.reason, reason.clone()),
            old_reason_data: std::mem::replace(&mut self.reason_data, new.reason_data.clone()),
            old_at: std::mem::replace(&mut self.state_updated_at, now),
            new: new.value,
            reason,
            reason_data: new.reason_data,
            at: now,
            triggering: new.triggering,
        };
        if change.old == change.new {
            return None;
        }
        self.state_transitioned_at = now;
        Some(change)
    }

    /// The alarm as `DescribeAlarms` shows it.
    #[must_use]
    pub fn described(&self) -> Value {
        let mut members: Map<String, Value> = self.config.as_object().cloned().unwrap_or_default();
        members.entry("ActionsEnabled").or_insert(Value::Bool(true));
        for actions in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
            members.entry(actions).or_insert(Value::Array(Vec::new()));
        }
        if matches!(self.watching, Watching::Metrics(_)) && !members.contains_key("Metrics") {
            members.entry("Dimensions").or_insert(Value::Array(Vec::new()));
        }
        let state = json!({
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": seconds(self.updated_at),
            "StateValue": self.state,
            "StateReason": self.reason,
            "StateReasonData": self.reason_data,
            "StateUpdatedTimestamp": seconds(self.state_updated_at),
            "StateTransitionedTimestamp": seconds(self.state_transitioned_at),
        });
        members.extend(state.as_object().cloned().unwrap_or_default());
        Value::Object(members)
    }
}

/// One line of an alarm's history.
#[derive(Debug, Clone)]
pub struct HistoryItem {
    /// The alarm's name.
    pub name: String,
    /// `MetricAlarm` or `CompositeAlarm`.
    pub alarm_type: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// `ConfigurationUpdate`, `StateUpdate` or `Action`.
    pub item: &'static str,
    /// One sentence.
    pub summary: String,
    /// JSON text.
    pub data: String,
}

impl HistoryItem {
    /// The line of a change of configuration: `created`, `updated` or `deleted`.
    #[must_use]
    pub fn configuration(alarm: &Alarm, what: &str, now: Timestamp) -> Self {
        let kind = match what {
            "created" => "Create",
            "updated" => "Update",
            _ => "Delete",
        };
        let data = json!({"version": "1.0", "type": kind, "updatedAlarm": alarm.config});
        Self::new(
            alarm,
            now,
            "ConfigurationUpdate",
            format!("Alarm \"{}\" {what}", alarm.name()),
            &data,
        )
    }

    /// The line of a change of state.
    #[must_use]
    pub fn state(alarm: &Alarm, change: &StateChange) -> Self {
        let data = json!({
            "version": "1.0",
            "oldState": {"stateValue": change.old, "stateReason": change.old_reason},
            "newState": {
                "stateValue": change.new,
                "stateReason": change.reason,
                "stateReasonData": reason_data(change.reason_data.as_deref()),
            },
        });
        let summary = format!("Alarm updated from {} to {}", change.old, change.new);
        Self::new(alarm, change.at, "StateUpdate", summary, &data)
    }

    /// The line of an action that ran.
    #[must_use]
    pub fn action(alarm: &Alarm, action: &str, change: &StateChange) -> Self {
        let data = json!({
            "actionState": "Succeeded",
            "stateUpdateTimestamp": stamp(change.at),
            "notificationResource": action,
        });
        let summary = format!("Successfully executed action {action}");
        Self::new(alarm, change.at, "Action", summary, &data)
    }

    fn new(
        alarm: &Alarm,
        at: Timestamp,
        item: &'static str,
        summary: String,
        data: &Value,
    ) -> Self {
        let name = alarm.name().to_owned();
        let alarm_type = alarm.watching.type_name();
        Self { name, alarm_type, at, item, summary, data: data.to_string() }
    }

    /// The line as `DescribeAlarmHistory` shows it.
    #[must_use]
    pub fn described(&self) -> Value {
        json!({
            "AlarmName": self.name,
            "AlarmType": self.alarm_type,
            "Timestamp": seconds(self.at),
            "HistoryItemType": self.item,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
        })
    }
}

fn reason_data(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}
