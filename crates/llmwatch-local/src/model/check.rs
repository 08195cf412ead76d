//! Checks a request against its shape, and words refusals as AWS's front door does.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use jiff::Timestamp;
use regex_lite::Regex;
use serde_json::Value;

use super::{Kind, Model, Shape};
use crate::clock::lock;
use crate::value::seconds;

/// What is wrong with a request before its service looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// A value of another type than the model's.
    Type(String),
    /// Constraints not met, one sentence each, at least one.
    Constraints(Vec<String>),
}

impl Rejected {
    /// The message AWS sends.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Type(problem) => problem.clone(),
            Self::Constraints(problems) => {
                let (count, plural) =
                    (problems.len(), if problems.len() == 1 { "error" } else { "errors" });
                format!("{count} validation {plural} detected: {}", problems.join("; "))
            }
        }
    }
}

impl Model {
    /// Checks an operation's input and turns timestamps given as text into seconds.
    ///
    /// # Errors
    ///
    /// When a value has the wrong type or breaks a constraint; the caller's to mend.
    pub fn check(&self, operation: &str, input: &mut Value) -> Result<(), Rejected> {
        let Some(shape) = self.input(operation) else { return Ok(()) };
        let mut checker = Checker { model: self, problems: Vec::new() };
        checker.visit(shape, input, "")?;
        if checker.problems.is_empty() {
            Ok(())
        } else {
            Err(Rejected::Constraints(checker.problems))
        }
    }
}

struct Checker<'a> {
    model: &'a Model,
    problems: Vec<String>,
}

impl Checker<'_> {
    fn visit(&mut self, shape: &Shape, value: &mut Value, at: &str) -> Result<(), Rejected> {
        if shape.document {
            return Ok(());
        }
        match (shape.kind, &mut *value) {
            (Kind::Structure, Value::Object(members)) => {
                members.retain(|_, member| !member.is_null());
                if shape.union {
                    self.one_member(shape, members.keys(), at);
                }
                for name in &shape.required {
                    if !members.contains_key(name) {
                        self.refuse("null", &path(at, name), "Member must not be null");
                    }
                }
                for (name, member) in members.iter_mut() {
                    if let Some(shape) = self.model.member(shape, name) {
                        self.visit(shape, member, &path(at, name))?;
                    }
                }
            }
            (Kind::List, Value::Array(items)) => {
                self.within(shape, items.len(), "length", "a list", at);
                if let Some(element) = self.model.element(shape) {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.visit(element, item, &format!("{at}.{}.member", index + 1))?;
                    }
                }
            }
            (Kind::Map, Value::Object(entries)) => {
                self.within(shape, entries.len(), "length", "a map", at);
                if let Some(key) = self.model.key(shape) {
                    entries.keys().for_each(|name| self.text(key, name, at));
                }
                if let Some(element) = self.model.element(shape) {
                    for (key, item) in entries.iter_mut() {
                        self.visit(element, item, &path(at, key))?;
                    }
                }
            }
            (Kind::String, Value::String(text)) => self.text(shape, text, at),
            (Kind::Blob, Value::String(_)) => {}
            (Kind::Integer | Kind::Long, Value::Number(number))
                if number.as_f64().is_some_and(|n| n.fract() == 0.0) =>
            {
                let number = number.as_f64().unwrap_or_default();
                *value = Value::from(number as i64);
                self.range(shape, number, at);
            }
            (Kind::Double | Kind::Float, Value::Number(number)) => {
                let number = number.as_f64().unwrap_or_default();
                self.range(shape, number, at);
            }
            (Kind::Boolean, Value::Bool(_)) | (Kind::Timestamp, Value::Number(_)) => {}
            (Kind::Timestamp, Value::String(text)) => {
                let at_time = text.parse::<Timestamp>().map_err(|_| wrong_type(shape.kind, at))?;
                *value = seconds(at_time);
            }
            _ => return Err(wrong_type(shape.kind, at)),
        }
        Ok(())
    }

    /// The words are ours: how AWS words this is not documented.
    fn one_member<'n>(&mut self, shape: &Shape, names: impl Iterator<Item = &'n String>, at: &str) {
        let known = names.filter(|name| shape.members.contains_key(*name)).count();
        if known != 1 {
            self.refuse("a union", at, "Member must have exactly one member set");
        }
    }

    fn text(&mut self, shape: &Shape, text: &str, at: &str) {
        self.within(shape, text.chars().count(), "length", text, at);
        if !shape.allowed.is_empty() && !shape.allowed.iter().any(|allowed| allowed == text) {
            let set = shape.allowed.join(", ");
            self.refuse(text, at, &format!("Member must satisfy enum value set: [{set}]"));
        }
        if let Some(pattern) = &shape.pattern
            && !matches(pattern, text)
        {
            self.refuse(
                text,
                at,
                &format!("Member must satisfy regular expression pattern: {pattern}"),
            );
        }
    }

    fn within(&mut self, shape: &Shape, length: usize, what: &str, value: &str, at: &str) {
        let length = length as f64;
        if shape.min.is_some_and(|min| length < min) {
            let min = shape.min.unwrap_or_default();
            self.refuse(
                value,
                at,
                &format!("Member must have {what} greater than or equal to {min}"),
            );
        }
        if shape.max.is_some_and(|max| length > max) {
            let max = shape.max.unwrap_or_default();
            self.refuse(value, at, &format!("Member must have {what} less than or equal to {max}"));
        }
    }

    fn range(&mut self, shape: &Shape, number: f64, at: &str) {
        if shape.min.is_some_and(|min| number < min) {
            let min = shape.min.unwrap_or_default();
            self.refuse(
                &number.to_string(),
                at,
                &format!("Member must have value greater than or equal to {min}"),
            );
        }
        if shape.max.is_some_and(|max| number > max) {
            let max = shape.max.unwrap_or_default();
            self.refuse(
                &number.to_string(),
                at,
                &format!("Member must have value less than or equal to {max}"),
            );
        }
    }

    fn refuse(&mut self, value: &str, at: &str, rule: &str) {
        let shown =
            if value == "null" { value.to_owned() } else { format!("'{}'", shorten(value)) };
        self.problems.push(format!("Value {shown} at '{at}' failed to satisfy constraint: {rule}"));
    }
}

/// AWS names members in lower camel case.
fn path(at: &str, member: &str) -> String {
    let mut chars = member.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase()).into_iter();
    let name: String = first.chain(chars).collect();
    if at.is_empty() { name } else { format!("{at}.{name}") }
}

fn shorten(value: &str) -> String {
    if value.chars().count() > 200 {
        value.chars().take(200).chain("…".chars()).collect()
    } else {
        value.to_owned()
    }
}

fn wrong_type(kind: Kind, at: &str) -> Rejected {
    Rejected::Type(format!("the value at '{at}' is not of type {kind:?}").to_lowercase())
}

fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = lock(&COMPILED);
    let regex = compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok());
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{BEDROCK_RUNTIME, CLOUDWATCH, COMPREHEND, SERVICE_QUOTAS, SUPPORT};
    use super::*;

    fn check(model: &Model, operation: &str, mut input: Value, expected: &str) {
        let message = match model.check(operation, &mut input) {
            Ok(()) => String::new(),
            Err(rejected) => rejected.message(),
        };
        if expected.is_empty() {
            assert_eq!(message, "", "{operation}");
        } else {
            assert!(message.contains(expected), "{operation}: {message:?} lacks {expected:?}");
        }
    }

    #[test]
    fn requests_are_held_to_the_models_limits() {
        let cw = &*CLOUDWATCH;
        check(cw, "DescribeAlarms", json!({}), "");
        check(
            cw,
            "DescribeAlarms",
            json!({"MaxRecords": 101}),
            "'maxRecords' failed to satisfy constraint: Member must have value less than or equal to 100",
        );
        check(cw, "DescribeAlarms", json!({"AlarmTypes": ["Metric"]}), "enum value set");
        check(
            cw,
            "SetAlarmState",
            json!({"AlarmName": "a", "StateValue": "ALARM"}),
            "Value null at 'stateReason'",
        );
        check(
            cw,
            "PutMetricAlarm",
            json!({"AlarmName": "", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}),
            "length greater than or equal to 1",
        );
        check(cw, "PutMetricAlarm", json!({"AlarmName": 5}), "is not of type string");
        check(
            cw,
            "GetMetricData",
            json!({"MetricDataQueries": [], "StartTime": "2026-01-01T00:00:00Z", "EndTime": 1.5}),
            "",
        );
        check(
            &SERVICE_QUOTAS,
            "GetServiceQuota",
            json!({"ServiceCode": "bedrock", "QuotaCode": "9"}),
            "regular expression",
        );
        check(
            &SERVICE_QUOTAS,
            "RequestServiceQuotaIncrease",
            json!({"ServiceCode": "bedrock", "QuotaCode": "L-1", "DesiredValue": -1}),
            "greater than or equal to 0",
        );
        check(&SUPPORT, "DescribeCases", json!({"maxResults": 9}), "greater than or equal to 10");
        check(
            &COMPREHEND,
            "DetectSentiment",
            json!({"Text": "a", "LanguageCode": "nl"}),
            "enum value set",
        );
    }

    #[test]
    fn unions_maps_and_documents_are_held_to_the_model_too() {
        let converse = |part: Value| {
            let mut input = json!({"modelId": "amazon.nova-lite-v1:0", "messages": []});
            input.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            input
        };
        let checked =
            |part, expected| check(&BEDROCK_RUNTIME, "Converse", converse(part), expected);
        let asked = |content: Value| json!({"messages": [{"role": "user", "content": [content]}]});
        checked(asked(json!({"text": "a"})), "");
        checked(asked(json!({})), "exactly one member");
        checked(asked(json!({"text": "a", "cachePoint": {"type": "default"}})), "exactly one");
        checked(json!({"requestMetadata": {"llmwatch": "judge"}}), "");
        checked(json!({"requestMetadata": {}}), "length greater than or equal to 1");
        checked(json!({"requestMetadata": {"a|b": "c"}}), "regular expression pattern");
        let tool = json!({"name": "t", "inputSchema": {"json": {"any": ["thing", 1, null]}}});
        checked(json!({"toolConfig": {"tools": [{"toolSpec": tool}]}}), "");
        checked(json!({"inferenceConfig": {"temperature": 1.5}}), "less than or equal to 1");
        checked(json!({"modelId": ""}), "'modelId'");
    }

    #[test]
    fn text_timestamps_become_seconds() {
        let mut input =
            json!({"MetricDataQueries": [], "StartTime": "2026-01-01T00:00:00Z", "EndTime": 1.5});
        CLOUDWATCH.check("GetMetricData", &mut input).unwrap();
        assert_eq!(input["StartTime"], json!(1_767_225_600.0));
    }
}
