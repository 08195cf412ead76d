//! The records are those of AWS's pages on destinations and dead-letter queues, with our events in.

use super::*;
use crate::contact::plan::{Receiver, Status, Subscription};

const ACCOUNT: &str = "arn:aws:lambda:us-east-1:123456789012:function";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:llmwatch-RawTopic-1F7J3K";
const WEBHOOK: &str = "arn:aws:sns:us-east-1:123456789012:llmwatch-WebhookMessages-9K2L";
const ENDPOINT: &str = "arn:aws:sns:us-east-1:123456789012:llmwatch-WebhookMessages-9K2L:8a21";
const PROCESSOR: &str = "llmwatch-notification-processor";
const UPDATER: &str = "llmwatch-alarm-updater";

fn stack() -> Receivers {
    Receivers {
        functions: [PROCESSOR, UPDATER].map(str::to_owned).into(),
        processor: PROCESSOR.to_owned(),
        raw_topic_arn: TOPIC.to_owned(),
        webhook: Some(webhook(Audience::Endpoint { others: 0 })),
    }
}

fn webhook(audience: Audience) -> Webhook {
    Webhook { topic_arn: WEBHOOK.to_owned(), audience, others: Others::AreSpared }
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn child_alarm() -> Value {
    sample(include_str!("../../../../events/child-alarm.json"))
}

fn composite_alarm() -> Value {
    sample(include_str!("../../../../events/composite-alarm.json"))
}

fn weekly_digest() -> Value {
    sample(include_str!("../../../../events/weekly-digest.json"))
}

fn schedule() -> Value {
    sample(include_str!("../../../../events/schedule.json"))
}

/// What Lambda parks, of a function's ARN or name and the event it failed on.
fn record(function: &str, payload: Value) -> Value {
    let mut record = json!({
        "version": "1.0",
        "timestamp": "2026-11-21T10:20:31.568Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-4203-95fc-1c3d4f9e0a5b",
            "functionArn": format!("{ACCOUNT}:{function}:$LATEST"),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": { "errorMessage": "secret", "errorType": "CallFailed" },
    });
    record["requestPayload"] = payload;
    record
}

/// A notification as SNS writes it, of the sample in Lambda's form.
fn notification() -> Value {
    let mut sns = composite_alarm()["Records"][0]["Sns"].take();
    let fields = sns.as_object_mut().unwrap();
    for (lambdas, ours) in
        [("SigningCertUrl", "SigningCertURL"), ("UnsubscribeUrl", "UnsubscribeURL")]
    {
        let value = fields.remove(lambdas).unwrap();
        fields.insert(ours.to_owned(), value);
    }
    sns
}

fn eventbridge(target: &str) -> BTreeMap<String, String> {
    [
        ("RULE_ARN", "arn:aws:events:us-east-1:123456789012:rule/llmwatch-child-alarms"),
        ("TARGET_ARN", &format!("{ACCOUNT}:{target}")),
        ("ERROR_CODE", "NO_PERMISSIONS"),
        ("ERROR_MESSAGE", "not authorized"),
        ("RETRY_ATTEMPTS", "0"),
        ("EXHAUSTED_RETRY_CONDITION", "MaximumRetryAttempts"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn check(
    queue: ParkingQueue,
    body: &Value,
    attributes: &BTreeMap<String, String>,
) -> Result<Resend, String> {
    resend(queue, &body.to_string(), attributes, &stack()).map_err(|why| why.to_string())
}

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

#[test]
fn a_failed_invocation_goes_to_its_function_as_it_was() {
    for (function, payload, what) in [
        (
            PROCESSOR,
            child_alarm(),
            "llmwatch-Bedrock-Throttles-Critical-cross-region.anthropic.claude-haiku-4-5-20251001-v1_0 \
             ALARM at 2026-11-21 10:17:05Z",
        ),
        (
            PROCESSOR,
            composite_alarm(),
            "llmwatch-Bedrock-QuotaHealth-Composite-cross-region.anthropic.claude-haiku-4-5-20251001-v1_0 \
             ALARM at 2026-11-21 10:17:05Z",
        ),
        (UPDATER, schedule(), "scheduled run of 2026-11-21T10:05:00Z"),
        (UPDATER, json!({}), "run asked for by hand"),
        (UPDATER, Value::Null, "run asked for by hand"),
        (UPDATER, json!({"plan-only": true}), "run asked for by hand"),
        (PROCESSOR, weekly_digest(), "scheduled run of 2026-11-16T07:00:00Z"),
        (PROCESSOR, json!({"check": "digest"}), "check of digest"),
        (PROCESSOR, json!({"check": "requests"}), "check of requests"),
    ] {
        let sent =
            check(ParkingQueue::FailedInvocations, &record(function, payload.clone()), &none());
        let handover = Handover::Invoke { function: function.to_owned(), payload };
        assert_eq!(sent, Ok(Resend { handover, what: what.to_owned() }));
    }
}

#[test]
fn a_request_of_cloudformation_is_never_sent_again() {
    for (event, word) in [
        (include_str!("../../../../events/custom-resource-delete.json"), "a Delete request"),
        (include_str!("../../../../events/custom-resource-create.json"), "a Create request"),
        (r#"{"RequestType": "Later", "ResponseURL": "https://x"}"#, "a Later request"),
        (r#"{"ResponseURL": "https://x"}"#, "a malformed request"),
    ] {
        let record = record(UPDATER, sample(event));
        let why = check(ParkingQueue::FailedInvocations, &record, &none()).unwrap_err();
        assert!(why.starts_with(word) && why.contains("deploy it again"), "{why}");
        assert!(!why.contains("https"), "{why}");
        let body = sample(event);
        let why = check(ParkingQueue::UndeliveredEvents, &body, &eventbridge(UPDATER));
        assert!(why.unwrap_err().starts_with(word));
    }
}

#[test]
fn what_eventbridge_could_not_deliver_goes_to_its_target() {
    for (function, payload) in [(PROCESSOR, child_alarm()), (UPDATER, schedule())] {
        let sent =
            check(ParkingQueue::UndeliveredEvents, &payload, &eventbridge(function)).unwrap();
        assert_eq!(sent.handover, Handover::Invoke { function: function.to_owned(), payload });
    }
}

#[test]
fn what_sns_could_not_deliver_goes_to_the_processor_as_sns_would_send_it() {
    let mut expected = composite_alarm();
    for body in [notification(), composite_alarm()] {
        let sent = check(ParkingQueue::UndeliveredEvents, &body, &none()).unwrap();
        let Handover::Invoke { function, payload } = sent.handover else {
            panic!("{:?}", sent.handover)
        };
        assert_eq!(function, PROCESSOR);
        assert_eq!(payload["Records"][0]["EventSource"], "aws:sns");
        assert_eq!(payload["Records"][0]["Sns"], expected["Records"][0]["Sns"]);
    }
    expected["Records"][0]["Sns"]["TopicArn"] = "arn:aws:sns:us-east-1:123456789012:other".into();
    let why = check(ParkingQueue::UndeliveredEvents, &expected, &none()).unwrap_err();
    assert!(why.ends_with("other, which is not of this stack"), "{why}");
}

/// A document for the webhook endpoint as SNS would have posted it.
fn undelivered_document() -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": WEBHOOK,
        "Subject": "[Critical] Throttling",
        "Message": json!({"schema": "llmwatch.notification/1", "text": "secret"}).to_string(),
        "Timestamp": "2026-11-21T10:17:35.722Z",
        "SignatureVersion": "2",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    })
}

#[test]
fn what_the_webhook_endpoint_did_not_take_is_published_again_as_it_was() {
    let document = undelivered_document();
    let for_lambda = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": document }] });
    for body in [&document, &for_lambda] {
        let sent = check(ParkingQueue::UndeliveredEvents, body, &none());
        let handover = Handover::Publish {
            topic_arn: WEBHOOK.to_owned(),
            subject: "[Critical] Throttling".to_owned(),
            text: document["Message"].as_str().unwrap().to_owned(),
        };
        let what = "webhook message: [Critical] Throttling".to_owned();
        assert_eq!(sent, Ok(Resend { handover, what }));
    }
}

#[test]
fn a_webhook_message_waits_until_it_would_reach_its_endpoint_and_nobody_else() {
    use Others::{AreSpared, MayHearItAgain};
    let body = undelivered_document().to_string();
    for (audience, others, expected) in [
        (Audience::Endpoint { others: 0 }, AreSpared, Ok(())),
        (Audience::Endpoint { others: 0 }, MayHearItAgain, Ok(())),
        (Audience::Endpoint { others: 2 }, AreSpared, Err("but 2 more subscribed to its topic")),
        (Audience::Endpoint { others: 2 }, MayHearItAgain, Ok(())),
        (Audience::Unconfirmed, AreSpared, Err("whose subscription is not confirmed")),
        (Audience::Unconfirmed, MayHearItAgain, Err("whose subscription is not confirmed")),
        (Audience::NoEndpoint, MayHearItAgain, Err("the stack has none now")),
        (Audience::Unknown("denied".to_owned()), MayHearItAgain, Err("read: denied")),
    ] {
        let webhook = Some(Webhook { others, ..webhook(audience) });
        let stack = Receivers { webhook, ..stack() };
        match (resend(ParkingQueue::UndeliveredEvents, &body, &none(), &stack), expected) {
            (Ok(_), Ok(())) => {}
            (Err(why), Err(expected)) => {
                assert!(why.to_string().contains(expected), "{why}");
                assert!(!why.to_string().contains("secret"), "{why}");
            }
            (decided, expected) => panic!("{decided:?} is not {expected:?}"),
        }
    }
    let without = Receivers { webhook: None, ..stack() };
    let why = resend(ParkingQueue::UndeliveredEvents, &body, &none(), &without).unwrap_err();
    assert_eq!(why, StaysParked::OfAnotherStack(WEBHOOK.to_owned()));
}

#[test]
fn who_hears_the_webhook_topic_is_told_by_the_confirmed_subscriptions() {
    let subscription = |status| Subscription { receiver: Receiver::Other, status };
    let confirmed = |arn: &str| subscription(Status::Confirmed { arn: arn.to_owned() });
    let (pending, over) = (subscription(Status::Pending), subscription(Status::Over));
    let other = confirmed("arn:aws:sns:us-east-1:123456789012:llmwatch-WebhookMessages-9K2L:1");
    for (endpoint, subscriptions, expected) in [
        (None, vec![other.clone()], Audience::NoEndpoint),
        (Some(ENDPOINT), vec![], Audience::Unconfirmed),
        (Some(ENDPOINT), vec![pending.clone(), over.clone()], Audience::Unconfirmed),
        (Some(ENDPOINT), vec![pending.clone(), other.clone()], Audience::Unconfirmed),
        (Some(ENDPOINT), vec![confirmed(ENDPOINT)], Audience::Endpoint { others: 0 }),
        (
            Some(ENDPOINT),
            vec![pending, over, confirmed(ENDPOINT), other],
            Audience::Endpoint { others: 1 },
        ),
    ] {
        assert_eq!(Audience::of(endpoint, &subscriptions), expected);
    }
}

#[test]
fn a_follow_up_goes_back_to_its_queue() {
    let pool = "cross-region.m";
    for (message, what) in [
        (
            json!({"settle": {"pool": pool, "episode": "20261121T1017-5f0c"}}),
            "settle of cross-region.m, episode 20261121T1017-5f0c",
        ),
        (
            json!({"follow-up": {"pool": pool, "episode": "e", "request": "r", "text": "secret"}}),
            "follow-up of cross-region.m, episode e",
        ),
        (
            json!({"publish": {
                "form": "chat",
                "pk": "episode#e",
                "sk": "effect#opening#mail#0",
                "subject": "[Critical] Throttling",
                "text": "secret",
            }}),
            "chat message: [Critical] Throttling",
        ),
    ] {
        let sent = check(ParkingQueue::FailedFollowUps, &message, &none());
        assert_eq!(sent, Ok(Resend { handover: Handover::FollowUp, what: what.to_owned() }));
    }
}

#[test]
fn a_notification_of_a_log_object_goes_back_to_its_queue() {
    let key = "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/2026/11/21/10/a.json.gz";
    let record = |key: &str| {
        json!({
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": { "bucket": { "name": "logs" }, "object": { "key": key, "size": 1 } },
        })
    };
    let notification = json!({ "Records": [record(key), record("b.json.gz")] });
    let sent = check(ParkingQueue::UnscoredObjects, &notification, &none());
    let what = format!("log object s3://logs/{key}, s3://logs/b.json.gz");
    assert_eq!(sent, Ok(Resend { handover: Handover::LogObjects, what }));
}

#[test]
fn of_many_objects_the_first_are_named() {
    let record =
        |name: &str| json!({ "s3": { "bucket": { "name": "logs" }, "object": { "key": name } } });
    let records = ["a", "b", "c", "d", "e", "f", "g"].map(record);
    let notification = json!({ "Records": records });
    let sent = check(ParkingQueue::UnscoredObjects, &notification, &none()).unwrap();
    let named = "s3://logs/a, s3://logs/b, s3://logs/c, s3://logs/d, s3://logs/e";
    assert_eq!(sent.what, format!("log object {named} and 2 more"));
}

#[test]
fn what_is_not_understood_stays_with_its_reason_and_without_its_content() {
    let mut timeless = child_alarm();
    timeless["detail"]["state"].as_object_mut().unwrap().remove("timestamp");
    let mut yesterday = composite_alarm();
    let message = yesterday["Records"][0]["Sns"]["Message"].as_str().unwrap();
    yesterday["Records"][0]["Sns"]["Message"] =
        message.replace("2026-11-21T10:17:05.640+0000", "secret").into();
    let mut vague = child_alarm();
    vague["detail"]["state"]["value"] = "secret".into();
    let mut without_payload = record(PROCESSOR, Value::Null);
    without_payload.as_object_mut().unwrap().remove("requestPayload");
    let invocation = |payload| record(PROCESSOR, payload);
    let with = |name: &str, value: Value| {
        let mut notification = undelivered_document();
        notification[name] = value;
        notification
    };
    let other_schema = json!({"schema": "secret/1"}).to_string();
    for (queue, body, expected) in [
        (ParkingQueue::FailedInvocations, json!({"a": 1}), "functionArn is missing"),
        (ParkingQueue::FailedInvocations, without_payload, "requestPayload is missing"),
        (ParkingQueue::FailedInvocations, invocation(timeless), "detail.state.timestamp"),
        (ParkingQueue::FailedInvocations, invocation(yesterday), "is no time"),
        (ParkingQueue::FailedInvocations, invocation(vague), "none of OK, ALARM"),
        (ParkingQueue::FailedInvocations, invocation(json!({"Records": []})), "is empty"),
        (
            ParkingQueue::FailedInvocations,
            invocation(json!({"hello": "secret"})),
            "an event with the fields hello",
        ),
        (
            ParkingQueue::FailedInvocations,
            invocation(json!({"me@example.com": "secret"})),
            "fields (not shown)",
        ),
        (ParkingQueue::FailedInvocations, invocation(json!([1])), "no object"),
        (
            ParkingQueue::FailedInvocations,
            record("other-alarm-updater", json!({})),
            "not of this stack",
        ),
        (ParkingQueue::UndeliveredEvents, json!({"hello": 1}), "attribute TARGET_ARN"),
        (ParkingQueue::UndeliveredEvents, json!([1]), "is an object"),
        (
            ParkingQueue::UndeliveredEvents,
            with("Message", "secret".into()),
            "no document of llmwatch",
        ),
        (ParkingQueue::UndeliveredEvents, with("Message", "[]".into()), "no document of llmwatch"),
        (ParkingQueue::UndeliveredEvents, with("Message", other_schema.into()), "no document of"),
        (ParkingQueue::UndeliveredEvents, with("Message", Value::Null), "Message is missing"),
        (ParkingQueue::UndeliveredEvents, with("Subject", Value::Null), "Subject is missing"),
        (ParkingQueue::FailedFollowUps, json!({"settle": {"pool": "m"}}), "settle.episode"),
        (
            ParkingQueue::FailedFollowUps,
            json!({"publish": {"form": "chat", "text": "secret"}}),
            "publish.pk is missing",
        ),
        (ParkingQueue::FailedFollowUps, json!({"later": {}}), "of the kind later"),
        (ParkingQueue::FailedFollowUps, json!({"settle": {}, "b": {}}), "exactly one field"),
        (ParkingQueue::FailedFollowUps, json!("secret"), "exactly one field"),
        (ParkingQueue::UnscoredObjects, json!({"secret": 1}), "no notification of S3"),
        (ParkingQueue::UnscoredObjects, json!({"Records": []}), "no notification of S3"),
        (
            ParkingQueue::UnscoredObjects,
            json!({"Records": [{"s3": {"bucket": {"name": "secret"}}}]}),
            "s3.object.key is missing",
        ),
    ] {
        let why = check(queue, &body, &none()).unwrap_err();
        assert!(why.contains(expected), "{why}");
        assert!(!why.contains("secret") && !why.contains("example.com"), "{why}");
    }
    let why = resend(ParkingQueue::FailedFollowUps, "{secret", &none(), &stack()).unwrap_err();
    assert_eq!(why.to_string(), "not understood: its body is not JSON");
    let why = check(ParkingQueue::UndeliveredEvents, &child_alarm(), &eventbridge("other"));
    assert!(why.unwrap_err().contains("not of this stack"));
}
