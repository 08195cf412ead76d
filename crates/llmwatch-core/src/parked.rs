//! What a parked message is, and how it is sent again.
//!
//! Four queues park what came to nothing, each in a form of its own: Lambda's record of a failed
//! asynchronous invocation, a message as the function sent it to itself, what SNS or EventBridge could not
//! deliver (to a function, or SNS to the webhook endpoint), and S3's notifications of log objects.
//! Receiving, sending and deleting are the command line's.

mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

pub use self::webhook::{Audience, Others, Webhook};

use crate::cloudwatch::alarm::AlarmState;
use crate::cloudwatch::change_time::change_time;
use crate::custom_resource::is_custom_resource_event;
use crate::excerpt::excerpt;

/// How much of a name from outside is repeated, in characters.
const MAX_NAME_CHARS: usize = 300;
/// How many objects or alarms of one message are named.
const MAX_NAMED: usize = 5;

/// A queue of the stack in which messages are parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParkingQueue {
    /// Events a function failed on three times, by Lambda.
    FailedInvocations,
    /// Follow-ups that failed five times, by SQS.
    FailedFollowUps,
    /// Events that never reached a function, and messages that the webhook endpoint did not take, by
    /// SNS and EventBridge.
    UndeliveredEvents,
    /// Notifications of log objects that could not be scored five times, by SQS.
    UnscoredObjects,
}

impl ParkingQueue {
    /// Every queue, in the order they are emptied: follow-ups after the events, because an event
    /// sent again may have opened the episode that one of them speaks of.
    pub const ALL: [Self; 4] = [
        Self::UndeliveredEvents,
        Self::FailedInvocations,
        Self::FailedFollowUps,
        Self::UnscoredObjects,
    ];

    /// Its logical id in the template.
    #[must_use]
    pub const fn logical_id(self) -> &'static str {
        match self {
            Self::FailedInvocations => "FailedInvocations",
            Self::FailedFollowUps => "FailedFollowUps",
            Self::UndeliveredEvents => "UndeliveredEvents",
            Self::UnscoredObjects => "UnscoredObjects",
        }
    }

    /// Whether every stack has it; one that scores nothing has no queue of unscored objects.
    #[must_use]
    pub const fn is_in_every_stack(self) -> bool {
        match self {
            Self::FailedInvocations | Self::FailedFollowUps | Self::UndeliveredEvents => true,
            Self::UnscoredObjects => false,
        }
    }
}

impl fmt::Display for ParkingQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.logical_id())
    }
}

/// Where a stack's events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivers {
    /// The names of the stack's functions.
    pub functions: BTreeSet<String>,
    /// The one among them that hears of alarms.
    pub processor: String,
    /// The topic composite alarms publish to.
    pub raw_topic_arn: String,
    /// The webhook topic, of a stack that has one.
    pub webhook: Option<Webhook>,
}

/// How a parked message is sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct Resend {
    /// To whom, and with what.
    pub handover: Handover,
    /// What it is, in a few words without its content.
    pub what: String,
}

/// Where a parked message goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Handover {
    /// Into a function's asynchronous queue, so that a new failure is parked again.
    Invoke {
        /// The function's name.
        function: String,
        /// Its event.
        payload: Value,
    },
    /// Back into the follow-up queue, as it was.
    FollowUp,
    /// Back into the queue that tells of log objects, as it was.
    LogObjects,
    /// To its topic again, for whoever is subscribed there.
    Publish {
        /// The topic.
        topic_arn: String,
        /// The message's subject.
        subject: String,
        /// The message, as it was.
        text: String,
    },
}

/// Why a parked message stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaysParked {
    /// CloudFormation gave up waiting long ago. What it asked for then, a delete for example, may
    /// be the opposite of what is wanted now.
    #[error(
        "a {0} request of CloudFormation, which waits no longer and may have asked for the \
         opposite since; if the stack is not as it should be, deploy it again"
    )]
    CustomResource(String),
    /// The message is none this release knows.
    #[error("not understood: {0}")]
    NotUnderstood(String),
    /// It was meant for something outside the stack.
    #[error("meant for {0}, which is not of this stack")]
    OfAnotherStack(String),
    /// The stack has the webhook topic, and subscribes nobody to it.
    #[error(
        "meant for a webhook endpoint, and the stack has none now; deploy it with WebhookEndpoint, \
         or discard the message"
    )]
    NoEndpoint,
    /// What is published now would not reach the endpoint.
    #[error(
        "meant for the webhook endpoint, whose subscription is not confirmed, so that SNS would \
         send it nothing; it has to fetch the SubscribeURL that SNS posted to it"
    )]
    EndpointUnconfirmed,
    /// So many others would get a message for the second time.
    #[error(
        "meant for the webhook endpoint, but {0} more subscribed to its topic, and would get it a \
         second time; --all-subscribers sends it all the same"
    )]
    OthersWouldHear(usize),
    /// Nobody could tell who would get the message.
    #[error("meant for the webhook endpoint, but who else would get it could not be read: {0}")]
    AudienceUnknown(String),
}

/// Decides how a message parked in a queue is sent again.
///
/// # Errors
///
/// When it must not be sent, or is not understood; the message then stays parked.
pub fn resend(
    queue: ParkingQueue,
    body: &str,
    attributes: &BTreeMap<String, String>,
    stack: &Receivers,
) -> Result<Resend, StaysParked> {
    let message: Value =
        serde_json::from_str(body).map_err(|_| not_understood("its body is not JSON"))?;
    match queue {
        ParkingQueue::FailedFollowUps => follow_up(&message),
        ParkingQueue::UnscoredObjects => log_objects(&message),
        ParkingQueue::FailedInvocations => failed_invocation(message, stack),
        ParkingQueue::UndeliveredEvents => match attributes.get("TARGET_ARN") {
            Some(target) => invoke(target, message, stack),
            None => undelivered_notification(message, stack),
        },
    }
}

/// The processor's own messages: `{"settle": {…}}`, `{"follow-up": {…}}` or `{"publish": {…}}`.
fn follow_up(message: &Value) -> Result<Resend, StaysParked> {
    let fields = message.as_object().filter(|fields| fields.len() == 1);
    let Some((kind, content)) = fields.and_then(|fields| fields.iter().next()) else {
        return Err(not_understood("a follow-up has exactly one field"));
    };
    let needed: &[&str] = match kind.as_str() {
        "settle" => &["pool", "episode"],
        "follow-up" => &["pool", "episode", "request"],
        "publish" => &["form", "pk", "sk", "subject", "text"],
        other => {
            return Err(not_understood(&format!(
                "a follow-up of the kind {}",
                excerpt(&named(other))
            )));
        }
    };
    for name in needed {
        text(content, name, &format!("{kind}.{name}"))?;
    }
    let shown = |name: &str| text(content, name, name).map(named);
    let what = match kind.as_str() {
        "publish" => format!("{} message: {}", shown("form")?, shown("subject")?),
        kind => format!("{kind} of {}, episode {}", shown("pool")?, shown("episode")?),
    };
    Ok(Resend { handover: Handover::FollowUp, what })
}

/// S3's notification of log objects. Those that were scored meanwhile are not scored again.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>.
fn log_objects(message: &Value) -> Result<Resend, StaysParked> {
    let records = message.get("Records").and_then(Value::as_array);
    let records = records.filter(|records| !records.is_empty()).ok_or_else(|| {
        not_understood("no notification of S3: it has no Records, or none in them")
    })?;
    let none = Value::Null;
    let object = |record: &Value| {
        let bucket = record.pointer("/s3/bucket").unwrap_or(&none);
        let object = record.pointer("/s3/object").unwrap_or(&none);
        let bucket = text(bucket, "name", "Records[].s3.bucket.name")?;
        let key = text(object, "key", "Records[].s3.object.key")?;
        Ok(format!("s3://{}/{}", named(bucket), named(key)))
    };
    let objects: Vec<String> = records.iter().map(object).collect::<Result<_, _>>()?;
    Ok(Resend { handover: Handover::LogObjects, what: format!("log object {}", listed(&objects)) })
}

/// Lambda's record of an asynchronous invocation that failed.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.
fn failed_invocation(mut record: Value, stack: &Receivers) -> Result<Resend, StaysParked> {
    let function = record
        .pointer("/requestContext/functionArn")
        .and_then(Value::as_str)
        .ok_or_else(|| not_understood("requestContext.functionArn is missing"))?
        .to_owned();
    match record.get_mut("requestPayload").map(Value::take) {
        Some(payload) => invoke(&function, payload, stack),
        None => Err(not_understood(
            "requestPayload is missing; Lambda leaves it out when the record is too large",
        )),
    }
}

/// What SNS could not deliver: the notification itself, or already in the form Lambda gets.
///
/// For a queue SNS parks the notification as it would have come there (a capture is in
/// <https://github.com/localstack/localstack/issues/6639>). Which of the two it parks for a Lambda
/// or https subscription is not documented, so both are read.
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>, and for the
/// form Lambda gets <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>.
fn undelivered_notification(message: Value, stack: &Receivers) -> Result<Resend, StaysParked> {
    let event = if message.get("Records").is_some() { message } else { delivered(message)? };
    let topic = event.pointer("/Records/0/Sns/TopicArn").and_then(Value::as_str);
    let webhook = stack.webhook.as_ref().filter(|webhook| Some(&*webhook.topic_arn) == topic);
    if let Some(webhook) = webhook {
        return webhook.resend(&event["Records"][0]["Sns"]);
    }
    match topic {
        Some(topic) if topic == stack.raw_topic_arn => {
            let what = outline(&event)?;
            let function = stack.processor.clone();
            Ok(Resend { handover: Handover::Invoke { function, payload: event }, what })
        }
        Some(topic) => Err(StaysParked::OfAnotherStack(excerpt(&named(topic)))),
        None => Err(not_understood(
            "neither an event of EventBridge (attribute TARGET_ARN) nor a notification of SNS \
             (field TopicArn)",
        )),
    }
}

/// A notification in the envelope in which SNS hands it to Lambda, which spells two fields
/// otherwise.
fn delivered(notification: Value) -> Result<Value, StaysParked> {
    let Value::Object(fields) = notification else {
        return Err(not_understood("a notification of SNS is an object"));
    };
    let sns: serde_json::Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "SigningCertURL" => ("SigningCertUrl".to_owned(), value),
            "UnsubscribeURL" => ("UnsubscribeUrl".to_owned(), value),
            _ => (name, value),
        })
        .collect();
    Ok(json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns }] }))
}

fn invoke(target: &str, payload: Value, stack: &Receivers) -> Result<Resend, StaysParked> {
    // A function's ARN may end with a version or an alias: …:function:{name}:$LATEST.
    let function = target
        .split(':')
        .skip_while(|part| *part != "function")
        .nth(1)
        .filter(|name| stack.functions.contains(*name))
        .ok_or_else(|| StaysParked::OfAnotherStack(excerpt(&named(target))))?
        .to_owned();
    let what = outline(&payload)?;
    Ok(Resend { handover: Handover::Invoke { function, payload }, what })
}

/// What an event is, if a function of ours can read it.
fn outline(event: &Value) -> Result<String, StaysParked> {
    if is_custom_resource_event(event) {
        let kind = event.get("RequestType").and_then(Value::as_str).unwrap_or("malformed");
        return Err(StaysParked::CustomResource(excerpt(&named(kind))));
    }
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        let alarms: Result<Vec<String>, StaysParked> = records.iter().map(composite).collect();
        return match alarms? {
            none if none.is_empty() => Err(not_understood("Records is empty")),
            alarms => Ok(listed(&alarms)),
        };
    }
    match (event.get("detail-type").and_then(Value::as_str), event) {
        (Some("CloudWatch Alarm State Change"), _) => child(event),
        (Some("Scheduled Event"), _) => {
            Ok(format!("scheduled run of {}", named(text(event, "time", "time")?)))
        }
        (None, Value::Null) => Ok(BY_HAND.to_owned()),
        (None, Value::Object(fields))
            if fields.keys().all(|name| name == "plan-only") && fields.len() <= 1 =>
        {
            Ok(BY_HAND.to_owned())
        }
        (None, Value::Object(fields))
            if fields.len() == 1 && event["check"].as_str().is_some_and(is_check) =>
        {
            Ok(format!("check of {}", named(text(event, "check", "check")?)))
        }
        (_, Value::Object(fields)) => {
            let names: Vec<String> =
                fields.keys().take(10).map(|name| excerpt(&named(name))).collect();
            Err(not_understood(&format!("an event with the fields {}", names.join(", "))))
        }
        _ => Err(not_understood("an event that is no object")),
    }
}

/// What notification-processor looks at by the clock, or when asked by hand. Looking late does no
/// harm: what has been told is not told again.
fn is_check(of: &str) -> bool {
    matches!(of, "requests" | "digest")
}

const BY_HAND: &str = "run asked for by hand";

fn composite(record: &Value) -> Result<String, StaysParked> {
    let message = record
        .pointer("/Sns/Message")
        .and_then(Value::as_str)
        .ok_or_else(|| not_understood("Records[].Sns.Message is missing"))?;
    let message: Value = serde_json::from_str(message)
        .map_err(|_| not_understood("Records[].Sns.Message is no alarm of CloudWatch"))?;
    change(
        text(&message, "AlarmName", "Sns.Message.AlarmName")?,
        text(&message, "NewStateValue", "Sns.Message.NewStateValue")?,
        text(&message, "StateChangeTime", "Sns.Message.StateChangeTime")?,
    )
}

fn child(event: &Value) -> Result<String, StaysParked> {
    let none = Value::Null;
    let detail = event.get("detail").unwrap_or(&none);
    let state = detail.get("state").unwrap_or(&none);
    change(
        text(detail, "alarmName", "detail.alarmName")?,
        text(state, "value", "detail.state.value")?,
        text(state, "timestamp", "detail.state.timestamp")?,
    )
}

fn change(alarm: &str, state: &str, at: &str) -> Result<String, StaysParked> {
    if state.parse::<AlarmState>().is_err() {
        return Err(not_understood("the state is none of OK, ALARM, INSUFFICIENT_DATA"));
    }
    let Some(at) = change_time(at) else {
        return Err(not_understood("the time of the alarm's change is no time"));
    };
    Ok(format!("{} {state} at {}", named(alarm), at.strftime("%Y-%m-%d %H:%M:%SZ")))
}

fn text<'a>(object: &'a Value, name: &str, place: &str) -> Result<&'a str, StaysParked> {
    object
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| not_understood(&format!("{place} is missing or no text")))
}

fn not_understood(problem: &str) -> StaysParked {
    StaysParked::NotUnderstood(problem.to_owned())
}

/// Names as they are printed: the first of them, and how many more there are.
fn listed(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(MAX_NAMED));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    format!("{}{more}", shown.join(", "))
}

/// A name from outside as it is printed: short, on one line, and never an e-mail address.
fn named(name: &str) -> String {
    if name.contains('@') {
        return "(not shown)".to_owned();
    }
    name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests;
