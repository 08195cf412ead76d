//! What an invocation asks for.

use llmwatch_core::bucket_notifications::{KeyFilter, Wanted};
use llmwatch_core::contact::Address;
use llmwatch_core::custom_resource::{
    CustomResourceRequest, MalformedRequest, is_custom_resource_event,
};
use llmwatch_core::excerpt::excerpt;
use llmwatch_core::invocation_logging::Place;
use serde_json::Value;

use crate::bucket_notifications::Subscription;

/// The template's types of the custom resources.
const CONTACTS: &str = "Custom::Contacts";
const INVOCATION_LOGGING: &str = "Custom::InvocationLogging";
const BUCKET_NOTIFICATIONS: &str = "Custom::BucketNotifications";

/// What invoked the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// CloudFormation creates, updates or deletes a resource; it waits for an answer.
    CustomResource(Box<StackRequest>),
    /// EventBridge, every day.
    Schedule,
    /// An operator or the command line: `{}`.
    Direct,
}

/// One request of CloudFormation, and which of the function's resources it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackRequest {
    /// What an answer needs.
    pub request: CustomResourceRequest,
    /// The resource.
    pub resource: Resource,
}

/// A custom resource as the template describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The contacts' subscriptions.
    Contacts {
        /// The template's `AlertEmail`, which CloudFormation subscribes itself; none where it is
        /// `none`.
        alert_email: Option<Address>,
    },
    /// Bedrock's invocation logging.
    InvocationLogging {
        /// Where logs are to be delivered.
        place: Place,
    },
    /// A notification of a bucket.
    BucketNotifications {
        /// The notification and its bucket.
        subscription: Subscription,
        /// What an update replaces.
        former: Option<Subscription>,
    },
    /// One of ours that lacks a property.
    Incomplete {
        /// The property's name.
        property: &'static str,
    },
    /// A type this version does not know, as it was spelt.
    Unknown(String),
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
         reconcile the contacts now"
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
        let request = CustomResourceRequest::parse(event)?;
        let request = StackRequest { request, resource: resource(event) };
        return Ok(Trigger::CustomResource(Box::new(request)));
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
            let names: Vec<String> = fields.keys().take(10).map(|name| excerpt(name)).collect();
            format!("an object with the fields {}", names.join(", "))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Null => "null".to_owned(),
    }
}

fn resource(event: &Value) -> Resource {
    let properties = &event["ResourceProperties"];
    let read = match event["ResourceType"].as_str().unwrap_or_default() {
        CONTACTS => {
            let alert_email = properties["AlertEmail"].as_str().and_then(Address::parse);
            Ok(Resource::Contacts { alert_email })
        }
        INVOCATION_LOGGING => place(properties).map(|place| Resource::InvocationLogging { place }),
        BUCKET_NOTIFICATIONS => subscription(properties).map(|subscription| {
            let former = subscription_of_update(event);
            Resource::BucketNotifications { subscription, former }
        }),
        other => Ok(Resource::Unknown(other.to_owned())),
    };
    read.unwrap_or_else(|property| Resource::Incomplete { property })
}

fn subscription_of_update(event: &Value) -> Option<Subscription> {
    subscription(event.get("OldResourceProperties")?).ok()
}

fn place(properties: &Value) -> Result<Place, &'static str> {
    let bucket = filled(properties, "Bucket")?;
    Ok(Place::new(bucket, properties["LogPrefix"].as_str().unwrap_or_default()))
}

fn subscription(properties: &Value) -> Result<Subscription, &'static str> {
    let text = |name: &str| properties[name].as_str().unwrap_or_default().to_owned();
    let wanted = Wanted {
        id: filled(properties, "Id")?.to_owned(),
        queue_arn: filled(properties, "Queue")?.to_owned(),
        keys: KeyFilter { prefix: text("KeyPrefix"), suffix: text("KeySuffix") },
    };
    Ok(Subscription { bucket: filled(properties, "Bucket")?.to_owned(), wanted })
}

fn filled<'a>(properties: &'a Value, name: &'static str) -> Result<&'a str, &'static str> {
    properties[name].as_str().filter(|text| !text.is_empty()).ok_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schedule_and_an_empty_event_reconcile() {
        let schedule = json!({"detail-type": "Scheduled Event", "source": "aws.events"});
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
        for event in [json!({"email": ["a@example.com"]}), json!([1]), json!("a@example.com")] {
            let error = trigger(&event).unwrap_err().to_string();
            assert!(error.contains("send {} to reconcile"), "{error}");
            assert!(!error.contains("example"), "{error}");
        }
    }

    #[test]
    fn a_stack_event_names_its_resource_and_whom_cloudformation_subscribes() {
        let event = |kind: &str, alert_email: &str| {
            json!({
                "RequestType": "Create",
                "ResponseURL": "https://example.com/answer",
                "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/1",
                "RequestId": "1",
                "LogicalResourceId": "Contacts",
                "ResourceType": kind,
                "ResourceProperties": {"AlertEmail": alert_email},
            })
        };
        let read = |kind: &str, alert_email: &str| match trigger(&event(kind, alert_email)) {
            Ok(Trigger::CustomResource(request)) => request.resource,
            other => panic!("{other:?}"),
        };
        let alert_email = Address::parse("a@example.com");
        assert_eq!(read(CONTACTS, "a@example.com"), Resource::Contacts { alert_email });
        assert_eq!(read(CONTACTS, "none"), Resource::Contacts { alert_email: None });
        assert_eq!(read("Custom::Other", "none"), Resource::Unknown("Custom::Other".to_owned()));
    }
}
