//! The operations on alarms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use llmwatch_core::cloudwatch::composite;
use serde_json::{Value, json};

use super::alarms::{Alarm, HistoryItem, NewState, StateChange, Watching};
use super::notify::{self, Notice};
use super::{CloudWatch, bad_token, convert, refused, validate};
use crate::error::AwsError;
use crate::paging::page;
use crate::value::{count, items, text, texts, time};
use crate::world::Served;

/// Alarms on a page when the caller does not say.
const DEFAULT_PAGE: usize = 50;
/// Alarms one DeleteAlarms may name.
const DELETED_AT_ONCE: usize = 100;
/// Tags an alarm may have.
const TAGS: usize = 50;

impl CloudWatch {
    pub(super) fn put_metric_alarm(
        &mut self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Served, AwsError> {
        validate::metric_alarm(input)?;
        let watching = Watching::Metrics(convert::metric_alarm(input)?);
        let notices = self.put(watching, input, now)?;
        self.bands.remove(text(input, "AlarmName").unwrap_or_default());
        Ok(Served { output: json!({}), notices })
    }

    pub(super) fn put_composite_alarm(
        &mut self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Served, AwsError> {
        validate::actions(input)?;
        if input.get("ActionsSuppressor").is_some() {
            return Err(refused("ActionsSuppressor is not modelled"));
        }
        let name = text(input, "AlarmName").unwrap_or_default();
        let rule = composite::parse(text(input, "AlarmRule").unwrap_or_default())
            .map_err(|problem| refused(format!("AlarmRule is invalid: {problem}")))?;
        let unknown: Vec<&str> =
            rule.children().into_iter().filter(|child| !self.alarms.contains_key(*child)).collect();
        if !unknown.is_empty() {
            return Err(refused(format!(
                "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
                unknown.join(", ")
            )));
        }
        let mut notices = self.put(Watching::Alarms(rule), input, now)?;
        notices.extend(self.evaluate_composite(name, None, now));
        Ok(Served { output: json!({}), notices })
    }

    fn put(
        &mut self,
        watching: Watching,
        input: &Value,
        now: Timestamp,
    ) -> Result<Vec<Notice>, AwsError> {
        let name = text(input, "AlarmName").unwrap_or_default().to_owned();
        let tags = tags_of(input)?;
        let mut config = input.clone();
        if let Some(members) = config.as_object_mut() {
            members.remove("Tags");
        }
        let (alarm, what, operation) = match self.alarms.get_mut(&name) {
            Some(alarm) if alarm.watching.type_name() != watching.type_name() => {
                return Err(refused(format!(
                    "An alarm named {name} already exists with type {}",
                    alarm.watching.type_name()
                )));
            }
            Some(alarm) => {
                alarm.watching = watching;
                alarm.config = config;
                alarm.updated_at = now;
                (alarm, "updated", "update")
            }
            None => {
                let arn = self.alarm_arn(&name);
                self.tags.insert(arn.clone(), tags);
                let alarm = Alarm::new(watching, arn, config, now);
                (self.alarms.entry(name).or_insert(alarm), "created", "create")
            }
        };
        self.history.push(HistoryItem::configuration(alarm, what, now));
        Ok(vec![notify::configuration_change(alarm, operation)])
    }

    pub(super) fn describe_alarms(&self, input: &Value) -> Result<Value, AwsError> {
        let names = texts(input, "AlarmNames");
        let prefix = text(input, "AlarmNamePrefix");
        if !names.is_empty() && prefix.is_some() {
            return Err(refused("AlarmNames and AlarmNamePrefix are mutually exclusive"));
        }
        let types = texts(input, "AlarmTypes");
        let related = self.related(input)?;
        let wanted_type = |alarm: &Alarm| {
            if types.is_empty() {
                alarm.watching.type_name() == "MetricAlarm"
            } else {
                types.contains(&alarm.watching.type_name())
            }
        };
        let found: Vec<&Alarm> = self
            .alarms
            .values()
            .filter(|alarm| match &related {
                Some(related) => related.iter().any(|name| name == alarm.name()),
                None => wanted_type(alarm),
            })
            .filter(|alarm| names.is_empty() || names.contains(&alarm.name()))
            .filter(|alarm| prefix.is_none_or(|prefix| alarm.name().starts_with(prefix)))
            .filter(|alarm| text(input, "StateValue").is_none_or(|state| alarm.state == state))
            .filter(|alarm| {
                text(input, "ActionPrefix").is_none_or(|prefix| {
                    ["OK", "ALARM", "INSUFFICIENT_DATA"]
                        .iter()
                        .flat_map(|state| alarm.actions_of(state))
                        .any(|action| action.starts_with(prefix))
                })
            })
            .collect();
        let size = count(input, "MaxRecords").unwrap_or(DEFAULT_PAGE);
        let (page, next) =
            page("alarms", found, text(input, "NextToken"), size).map_err(bad_token)?;
        let of = |name: &str| -> Value {
            page.iter()
                .filter(|alarm| alarm.watching.type_name() == name)
                .map(|alarm| alarm.described())
                .collect()
        };
        Ok(json!({
            "MetricAlarms": of("MetricAlarm"),
            "CompositeAlarms": of("CompositeAlarm"),
            "NextToken": next,
        }))
    }

    /// The names a listing of children or parents asks for; `None` for any other listing.
    fn related(&self, input: &Value) -> Result<Option<Vec<String>>, AwsError> {
        let (children_of, parents_of) =
            (text(input, "ChildrenOfAlarmName"), text(input, "ParentsOfAlarmName"));
        let others = input.as_object().map_or(0, |members| {
            let paging = ["MaxRecords", "NextToken"];
            members.keys().filter(|name| !paging.contains(&name.as_str())).count()
        });
        if (children_of.is_some() || parents_of.is_some()) && others > 1 {
            return Err(refused(
                "ChildrenOfAlarmName and ParentsOfAlarmName go with MaxRecords and NextToken only",
            ));
        }
        Ok(match (children_of, parents_of) {
            (Some(name), _) => Some(match self.alarms.get(name).map(|alarm| &alarm.watching) {
                Some(Watching::Alarms(rule)) => {
                    rule.children().into_iter().map(str::to_owned).collect()
                }
                Some(Watching::Metrics(_)) | None => Vec::new(),
            }),
            (None, Some(name)) => Some(self.parents_of(name)),
            (None, None) => None,
        })
    }

    pub(super) fn describe_alarm_history(&self, input: &Value) -> Result<Value, AwsError> {
        let types = texts(input, "AlarmTypes");
        let (from, to) = (time(input, "StartDate"), time(input, "EndDate"));
        let mut found: Vec<&HistoryItem> = self
            .history
            .iter()
            .filter(|item| {
                if types.is_empty() {
                    item.alarm_type == "MetricAlarm" || text(input, "AlarmName").is_some()
                } else {
                    types.contains(&item.alarm_type)
                }
            })
            .filter(|item| text(input, "AlarmName").is_none_or(|name| item.name == name))
            .filter(|item| text(input, "HistoryItemType").is_none_or(|kind| item.item == kind))
            .filter(|item| from.is_none_or(|from| item.at >= from))
            .filter(|item| to.is_none_or(|to| item.at <= to))
            .collect();
        if text(input, "ScanBy") != Some("TimestampAscending") {
            found.reverse();
        }
        let size = count(input, "MaxRecords").unwrap_or(DEFAULT_PAGE);
        let (page, next) =
            page("history", found, text(input, "NextToken"), size).map_err(bad_token)?;
        let described: Value = page.iter().map(|item| item.described()).collect();
        Ok(json!({"AlarmHistoryItems": described, "NextToken": next}))
    }

    pub(super) fn set_alarm_state(
        &mut self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Served, AwsError> {
        let name = text(input, "AlarmName").unwrap_or_default();
        let reason_data = text(input, "StateReasonData");
        if reason_data.is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
            return Err(AwsError::new("InvalidFormatFault", "StateReasonData is not valid JSON"));
        }
        let new = NewState {
            value: text(input, "StateValue").unwrap_or_default().to_owned(),
            reason: text(input, "StateReason").unwrap_or_default().to_owned(),
            reason_data: reason_data.map(str::to_owned),
            triggering: Vec::new(),
        };
        if !self.alarms.contains_key(name) {
            return Err(AwsError::new("ResourceNotFound", format!("Alarm {name} does not exist")));
        }
        Ok(Served { output: json!({}), notices: self.enter_state(name, new, now) })
    }

    /// Writes an alarm's state, with its history, actions and event.
    pub(super) fn enter_state(&mut self, name: &str, new: NewState, now: Timestamp) -> Vec<Notice> {
        let Some(alarm) = self.alarms.get_mut(name) else { return Vec::new() };
        let Some(change) = alarm.enter(new, now) else { return Vec::new() };
        let alarm = alarm.clone();
        let mut notices = self.tell(&alarm, &change);
        notices.extend(self.evaluate_parents(name, now));
        notices
    }

    fn tell(&mut self, alarm: &Alarm, change: &StateChange) -> Vec<Notice> {
        self.history.push(HistoryItem::state(alarm, change));
        if alarm.actions_enabled() {
            for action in alarm.actions_of(&change.new) {
                self.history.push(HistoryItem::action(alarm, action, change));
            }
        }
        notify::state_change(alarm, change, &self.place.account, &self.place.region)
    }

    pub(super) fn delete_alarms(
        &mut self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Served, AwsError> {
        let names = texts(input, "AlarmNames");
        if names.len() > DELETED_AT_ONCE {
            return Err(refused(format!(
                "At most {DELETED_AT_ONCE} alarms can be deleted at once"
            )));
        }
        let composites = names
            .iter()
            .filter_map(|name| self.alarms.get(*name))
            .filter(|alarm| alarm.watching.type_name() == "CompositeAlarm")
            .count();
        if composites > 1 {
            return Err(refused("At most one composite alarm can be deleted at once"));
        }
        for name in names.iter().filter(|name| self.alarms.contains_key(**name)) {
            let depending: Vec<String> = self
                .parents_of(name)
                .into_iter()
                .filter(|parent| !names.contains(&parent.as_str()))
                .collect();
            if !depending.is_empty() {
                return Err(refused(format!(
                    "Cannot delete {name} as there are composite alarm(s) depending on it: {}",
                    depending.join(", ")
                )));
            }
        }
        // AWS deletes those that exist, whatever else is named.
        if names.iter().all(|name| !self.alarms.contains_key(*name)) && !names.is_empty() {
            let message = format!("Alarms [{}] do not exist", names.join(", "));
            return Err(AwsError::new("ResourceNotFound", message));
        }
        let mut notices = Vec::new();
        for name in &names {
            if let Some(alarm) = self.alarms.remove(*name) {
                self.tags.remove(&alarm.arn);
                self.bands.remove(*name);
                self.history.push(HistoryItem::configuration(&alarm, "deleted", now));
                notices.push(notify::configuration_change(&alarm, "delete"));
            }
        }
        Ok(Served { output: json!({}), notices })
    }

    pub(super) fn enable_actions(
        &mut self,
        input: &Value,
        enabled: bool,
        now: Timestamp,
    ) -> Result<Served, AwsError> {
        let mut notices = Vec::new();
        for name in texts(input, "AlarmNames") {
            if let Some(alarm) = self.alarms.get_mut(name)
                && alarm.actions_enabled() != enabled
            {
                if let Some(members) = alarm.config.as_object_mut() {
                    members.insert("ActionsEnabled".to_owned(), Value::Bool(enabled));
                }
                alarm.updated_at = now;
                self.history.push(HistoryItem::configuration(alarm, "updated", now));
                notices.push(notify::configuration_change(alarm, "update"));
            }
        }
        Ok(Served { output: json!({}), notices })
    }
}

/// The tags of a request, checked.
pub(super) fn tags_of(input: &Value) -> Result<BTreeMap<String, String>, AwsError> {
    let tags: BTreeMap<String, String> = items(input, "Tags")
        .iter()
        .filter_map(|tag| Some((text(tag, "Key")?.to_owned(), text(tag, "Value")?.to_owned())))
        .collect();
    if tags.len() > TAGS {
        return Err(AwsError::new(
            "InvalidParameterValueException",
            format!("at most {TAGS} tags"),
        ));
    }
    if let Some(key) = tags.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(AwsError::new(
            "InvalidParameterValueException",
            format!("tag key {key} is reserved: it starts with aws:"),
        ));
    }
    Ok(tags)
}
