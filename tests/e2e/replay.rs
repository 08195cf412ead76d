//! `llmwatch replay`: what was parked is sent again, and what it was about happens once.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use llmwatch_core::alarm::AlarmKind::{ServerErrors, Throttles};
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::control::FaultKind;
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::world::DeadLetters;
use llmwatch_tests::{permissions, readers};
use serde_json::{Value, json};

use crate::ledger;
use crate::stage::{PATIENCE, PROCESSOR, Stage, Traffic};

const QUEUES: [DeadLetters; 3] =
    [DeadLetters::FailedInvocations, DeadLetters::FailedFollowUps, DeadLetters::UndeliveredEvents];

/// Parks a message by hand, where the local AWS has no way to make one come there.
fn park(stage: &Stage, queue: &str, body: &Value, attributes: &[(&str, &str)]) {
    let attributes: Value = attributes
        .iter()
        .map(|(name, value)| {
            ((*name).to_owned(), json!({ "DataType": "String", "StringValue": value }))
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let input = json!({
        "QueueUrl": stage.world.stack().resource(queue).unwrap(),
        "MessageBody": body.to_string(),
        "MessageAttributes": attributes,
    });
    stage.world.calls().json(JsonService::Sqs, "SendMessage", &input).unwrap();
}

/// An event that EventBridge could not hand to the processor.
fn park_child_event(stage: &Stage, event: &Value) {
    let target = format!("arn:aws:lambda:us-east-1:000000000000:function:llmwatch-{PROCESSOR}");
    let rule = "arn:aws:events:us-east-1:000000000000:rule/llmwatch-child-alarms";
    let attributes =
        [("TARGET_ARN", target.as_str()), ("RULE_ARN", rule), ("ERROR_CODE", "NO_PERMISSIONS")];
    park(stage, "UndeliveredEvents", event, &attributes);
}

/// A notification that SNS could not hand to the processor.
fn park_composite_message(stage: &Stage, message: &Value) {
    let notification = json!({
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": stage.world.stack().resource("RawTopic").unwrap(),
        "Message": message.to_string(),
        "Timestamp": "2026-11-21T10:17:05.722Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    });
    park(stage, "UndeliveredEvents", &notification, &[]);
}

/// A request to delete the alarms that a function failed on, as Lambda parks it.
fn park_a_delete_of_cloudformation(stage: &Stage) {
    let record = json!({
        "version": "1.0",
        "requestContext": {
            "functionArn":
                "arn:aws:lambda:us-east-1:000000000000:function:llmwatch-alarm-updater:$LATEST",
            "condition": "RetriesExhausted",
        },
        "requestPayload": {
            "RequestType": "Delete",
            "ResponseURL": "http://127.0.0.1:1/expired",
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/llmwatch/1",
            "RequestId": "r",
            "LogicalResourceId": "PoolAlarms",
            "PhysicalResourceId": "llmwatch-PoolAlarms",
        },
    });
    park(stage, "FailedInvocations", &record, &[]);
}

fn parked(stage: &Stage) -> [u64; 3] {
    QUEUES.map(|queue| stage.world.dead_letters(queue).unwrap())
}

pub(crate) fn wait_for_parked(stage: &Stage, queue: DeadLetters, count: u64) {
    wait_until(&format!("{count} in {queue:?}"), PATIENCE, || {
        let seen = stage.world.dead_letters(queue)?;
        Ok(if seen >= count { Seen::Yes(()) } else { Seen::NotYet(seen.to_string()) })
    })
    .unwrap();
}

/// The README must name every right that the command line was seen using.
pub(crate) fn assert_rights_are_documented(stage: &Stage) {
    let calls = stage.control().calls_since(0).unwrap();
    let used: BTreeSet<String> =
        calls.iter().filter(|call| call.caller == "llmwatch").map(permissions::action).collect();
    assert!(used.contains("sqs:ReceiveMessage"), "{used:?}");
    let readme = std::fs::read_to_string(stage.world.places().repository.join("README.md"));
    let readme = readme.unwrap();
    for action in used {
        assert!(readme.contains(&format!("`{action}`")), "the README does not name {action}");
    }
}

/// The subjects of the mails so far.
fn subjects(stage: &Stage) -> Vec<String> {
    stage.mails_after(0).into_iter().map(|mail| mail.subject).collect()
}

#[test]
fn what_was_parked_is_sent_again_and_its_mail_arrives_once() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    stage.control().hurry_queues(1_000).unwrap();

    // The alarm fires while the ledger refuses: both its events are parked, and so are one that
    // nobody can read, a follow-up that nobody can read, and a request of CloudFormation.
    stage.fail("dynamodb", "GetItem", FaultKind::Deny);
    stage.fire(&[Throttles]);
    let at = stage.stamp();
    let mut unreadable = stage.child_event(ServerErrors, "ALARM", &at);
    unreadable["detail"]["state"].as_object_mut().unwrap().remove("timestamp");
    stage.world.put_alarm_event(&unreadable).unwrap();
    stage.world.send_follow_up("{\"settle\":{\"pool\":\"global.m\"}}").unwrap();
    wait_for_parked(&stage, DeadLetters::FailedInvocations, 3);
    wait_for_parked(&stage, DeadLetters::FailedFollowUps, 1);
    park_a_delete_of_cloudformation(&stage);
    // The same alarm's events once more, from where they never reached the function.
    park_child_event(&stage, &stage.child_event(Throttles, "ALARM", &at));
    park_composite_message(&stage, &stage.composite_message("ALARM", &at));
    assert_eq!(parked(&stage), [4, 1, 2]);
    stage.control().clear_faults().unwrap();

    let said = stage.world.llmwatch(&["replay", "--dry-run"]).unwrap();
    assert!(said.text.contains("4 would be sent, 0 discarded, 3 left as they are"), "{said:?}");
    assert!(!said.well && said.text.contains("detail.state.timestamp is missing"), "{said:?}");
    stage.wait_for_silence();
    assert_eq!(parked(&stage), [4, 1, 2]);
    assert_eq!((stage.world.mails().unwrap(), stage.writes(0)), (vec![], vec![]));

    // Now they are sent, but no mail can be: the decision is parked in its turn.
    stage.fail("sns", "Publish", FaultKind::ServerError);
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(said.text.contains("4 sent, 0 discarded, 3 left as they are"), "{said:?}");
    assert_eq!(said.stay().len(), 3, "{said:?}");
    wait_for_parked(&stage, DeadLetters::FailedFollowUps, 2);
    stage.wait_for_silence();
    assert_eq!(stage.world.mails().unwrap(), []);

    stage.control().clear_faults().unwrap();
    stage.control().hurry_queues(60).unwrap();
    ledger::expire_leases(&stage);
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(said.text.contains("settle of"), "{said:?}");
    assert_eq!(subjects(&stage).len(), 1, "{:#?}", stage.world.mails());
    assert!(subjects(&stage)[0].contains("Throttl"), "{:?}", subjects(&stage));
    assert_eq!(stage.writes(0), ["RequestServiceQuotaIncrease", "AddCommunicationToCase"]);
    assert_eq!(stage.quota_requests().len(), 1);

    // What nobody can read goes when the operator says so; the alarms were never deleted.
    let stay = said.stay();
    let discards = stay.iter().flat_map(|id| ["--discard", *id]);
    let arguments: Vec<&str> = ["replay"].into_iter().chain(discards).collect();
    let said = stage.world.llmwatch(&arguments).unwrap();
    assert!(said.well && said.text.contains("0 sent, 3 discarded, 0 left"), "{said:?}");
    assert_eq!(parked(&stage), [0, 0, 0]);
    assert_eq!(subjects(&stage).len(), 1, "{:#?}", stage.world.mails());
    assert_eq!(stage.quota_requests().len(), 1);
    let alarms = readers::alarms(stage.world.calls(), "llmwatch-Bedrock-").unwrap();
    assert!(alarms.len() > 10, "{alarms:?}");
    assert_rights_are_documented(&stage);
}

#[test]
fn an_alarm_of_last_week_counts_only_if_it_still_fires() {
    let stage = Stage::deploy(Traffic::Calm, &[("CaseAutomation", "on")]);
    let last_week = stage.now() - SignedDuration::from_hours(7 * 24);
    let at = last_week.strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string();
    park_child_event(&stage, &stage.child_event(Throttles, "ALARM", &at));
    park_composite_message(&stage, &stage.composite_message("ALARM", &at));
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(said.well && said.text.contains("2 sent, 0 discarded, 0 left"), "{said:?}");
    assert_eq!(stage.mails_after(0), []);
    assert_eq!(stage.writes(0), Vec::<String>::new());
    assert_eq!(parked(&stage), [0, 0, 0]);

    // ServerErrors fires now; the old event of another alarm brings it up, and nothing else.
    stage.fail("dynamodb", "GetItem", FaultKind::Deny);
    stage.fire(&[ServerErrors]);
    wait_for_parked(&stage, DeadLetters::FailedInvocations, 2);
    stage.control().clear_faults().unwrap();
    park_child_event(&stage, &stage.child_event(Throttles, "ALARM", &at));
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(said.well && said.text.contains("3 sent"), "{said:?}");
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(!mails[0].body.contains("Throttles"), "{}", mails[0].body);
    assert_eq!(stage.writes(0), ["CreateCase"]);
}

#[test]
fn a_stack_that_is_not_there_or_is_none_of_llmwatch_is_named() {
    let stage = Stage::deploy_unevaluated(Traffic::None, &[]);
    stage.world.stack().delete().unwrap();
    for command in ["replay", "delete"] {
        let said = stage.world.llmwatch(&[command]).unwrap();
        assert!(!said.well && said.text.contains("there is no stack \"llmwatch\""), "{said:?}");
    }
}
