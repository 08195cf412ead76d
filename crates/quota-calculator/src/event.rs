//! What an invocation asks for.

use llmwatch_core::custom_resource::{
    CustomResourceRequest, MalformedRequest, is_custom_resource_event,
};
use llmwatch_core::excerpt::excerpt;
use serde_json::Value;

/// The fields of an unknown event that are named.
const MAX_FIELDS_SHOWN: usize = 10;

/// What invoked the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// CloudFormation creates, updates or deletes the stack; it waits for an answer.
    CustomResource(Box<CustomResourceRequest>),
    /// EventBridge, every hour.
    Schedule,
    /// An operator or the command line: `{}`.
    Direct,
}

/// An event that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// A custom-resource event that cannot be answered.
    #[error(transparent)]
    CustomResource(#[from] MalformedRequest),
    /// Anything else.
    #[error(
        "event: expected a CloudFormation custom resource (field RequestType), a schedule (field \
         detail-type \"Scheduled Event\") or an empty object, got {found}; send {{}} to \
         recalculate now"
    )]
    Unknown {
        /// What came instead, without its content.
        found: String,
    },
}

/// Reads an event.
///
/// # Errors
///
/// When the event is of no known kind, or CloudFormation's without a field an answer needs.
pub fn trigger(event: &Value) -> Result<Trigger, InvalidEvent> {
    if is_custom_resource_event(event) {
        return Ok(Trigger::CustomResource(Box::new(CustomResourceRequest::parse(event)?)));
    }
    let detail_type = event.get("detail-type").and_then(Value::as_str);
    match (event, detail_type) {
        (_, Some("Scheduled Event")) => Ok(Trigger::Schedule),
        (Value::Null, _) => Ok(Trigger::Direct),
        (Value::Object(fields), _) if fields.is_empty() => Ok(Trigger::Direct),
        _ => Err(InvalidEvent::Unknown { found: outline(event) }),
    }
}

fn outline(event: &Value) -> String {
    match event {
        Value::Object(fields) => {
            let names: Vec<String> =
                fields.keys().take(MAX_FIELDS_SHOWN).map(|name| excerpt(name)).collect();
            format!("an object with the fields {}", names.join(", "))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Null => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schedule_and_an_empty_event_recalculate() {
        let schedule = json!({
            "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event",
            "source": "aws.events", "account": "123456789012", "time": "2026-11-21T12:00:00Z",
            "region": "us-east-1", "resources": [], "detail": {},
        });
        for (event, expected) in [
            (schedule, Trigger::Schedule),
            (json!({}), Trigger::Direct),
            (Value::Null, Trigger::Direct),
        ] {
            assert_eq!(trigger(&event), Ok(expected), "{event}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_mend_and_without_its_content() {
        for event in [
            json!({"Records": [{"body": "secret"}]}),
            json!([1]),
            json!("secret"),
            json!({"detail-type": "CloudWatch Alarm State Change"}),
        ] {
            let error = trigger(&event).unwrap_err().to_string();
            assert!(error.contains("send {} to recalculate"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_custom_resource_event_without_a_field_is_refused_by_its_name() {
        let error = trigger(&json!({"RequestType": "Create"})).unwrap_err().to_string();
        assert!(error.contains("field ResponseURL"), "{error}");
    }
}
