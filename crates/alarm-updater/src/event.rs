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
    /// EventBridge, every hour; or somebody with `{}`.
    Reconcile,
    /// Somebody with `{"plan-only": true}`: say what would be done.
    PlanOnly,
}

/// An event that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// A custom-resource event that cannot be answered.
    #[error(transparent)]
    CustomResource(#[from] MalformedRequest),
    /// The field `plan-only` is neither true nor false.
    #[error("event: field plan-only must be true or false")]
    PlanOnly,
    /// Anything else.
    #[error(
        "event: expected a CloudFormation custom resource (field RequestType), a schedule (field \
         detail-type \"Scheduled Event\"), {{}} or {{\"plan-only\": true}}; got {found}; send {{}} \
         to reconcile now"
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
    match event {
        Value::Null => Ok(Trigger::Reconcile),
        Value::Object(fields) => match (fields.get("detail-type"), fields.get("plan-only")) {
            (Some(Value::String(word)), None) if word == "Scheduled Event" => {
                Ok(Trigger::Reconcile)
            }
            (None, Some(Value::Bool(true))) => Ok(Trigger::PlanOnly),
            (None, Some(Value::Bool(false))) => Ok(Trigger::Reconcile),
            (None, Some(_)) => Err(InvalidEvent::PlanOnly),
            (None, None) if fields.is_empty() => Ok(Trigger::Reconcile),
            (Some(_) | None, _) => {
                let names: Vec<String> =
                    fields.keys().take(MAX_FIELDS_SHOWN).map(|name| excerpt(name)).collect();
                let found = format!("an object with the fields {}", names.join(", "));
                Err(InvalidEvent::Unknown { found })
            }
        },
        Value::Array(_) => Err(InvalidEvent::Unknown { found: "an array".to_owned() }),
        Value::String(_) | Value::Number(_) | Value::Bool(_) => {
            Err(InvalidEvent::Unknown { found: "a bare value".to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_way_of_invoking_is_read() {
        for (event, expected) in [
            (json!({"detail-type": "Scheduled Event", "detail": {}}), Trigger::Reconcile),
            (json!({}), Trigger::Reconcile),
            (Value::Null, Trigger::Reconcile),
            (json!({"plan-only": false}), Trigger::Reconcile),
            (json!({"plan-only": true}), Trigger::PlanOnly),
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
            assert!(error.contains("send {} to reconcile now"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(trigger(&json!({"plan-only": "yes"})), Err(InvalidEvent::PlanOnly));
        let error = trigger(&json!({"RequestType": "Create"})).unwrap_err().to_string();
        assert!(error.contains("field ResponseURL"), "{error}");
    }
}
