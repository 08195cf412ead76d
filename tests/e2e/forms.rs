//! What is mailed is told in chat rooms and to machines, each on a topic of its own.

use llmwatch_core::alarm::AlarmKind::ServerErrors;
use llmwatch_tests::aws_call::QueryService;
use llmwatch_tests::control::{Fault, FaultKind};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::world::{DeadLetters, Mail};
use serde_json::Value;

use crate::stage::{PATIENCE, PROCESSOR, Stage, Traffic};

const BOTH: [(&str, &str); 3] =
    [("ChatTopic", "on"), ("WebhookTopic", "on"), ("CaseAutomation", "on")];

/// The queues that are subscribed to the forms' topics.
struct Receivers {
    chat: String,
    webhook: String,
}

impl Receivers {
    fn subscribed(stage: &Stage) -> Self {
        let queue = |topic| stage.world.subscribe_queue(topic).unwrap();
        Self { chat: queue("ChatMessages"), webhook: queue("WebhookMessages") }
    }
}

/// The messages of a subscriber.
fn taken(stage: &Stage, queue: &str) -> Vec<Value> {
    let envelopes = stage.world.take_notifications(queue).unwrap();
    let message = |envelope: &Value| {
        assert_eq!(envelope["Type"], "Notification");
        serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap()
    };
    envelopes.iter().map(message).collect()
}

#[test]
fn an_incident_and_its_end_come_once_in_each_form_and_as_mail_without_a_document() {
    let stage = Stage::deploy(Traffic::Calm, &BOTH);
    let receivers = Receivers::subscribed(&stage);
    stage.fire(&[ServerErrors]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    let [document] = &taken(&stage, &receivers.webhook)[..] else { panic!("one document") };
    let [chat] = &taken(&stage, &receivers.chat)[..] else { panic!("one message") };
    assert_eq!(document["schema"], "llmwatch.notification/1");
    assert_eq!((&document["kind"], &document["state"]), (&"incident".into(), &"firing".into()));
    assert_eq!(document["text"], mails[0].body.as_str());
    assert_eq!(document["actions"][0]["outcome"], "opened");
    assert_eq!(document["alarms"][0]["name"], stage.alarm(ServerErrors));
    assert_eq!(chat["content"]["title"], mails[0].subject.as_str());
    assert_eq!(chat["metadata"]["threadId"], document["thread"]);

    stage.recover(&[ServerErrors]);
    let mails = stage.mails_after(1);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    let [recovery] = &taken(&stage, &receivers.webhook)[..] else { panic!("one document") };
    let [chat] = &taken(&stage, &receivers.chat)[..] else { panic!("one message") };
    assert_eq!(recovery["kind"], "recovery");
    assert_eq!(recovery["thread"], document["thread"]);
    assert_eq!(chat["metadata"]["threadId"], document["thread"]);
    // CloudWatch's own are the only JSON that goes to people, and none was sent.
    assert!(stage.world.alarm_notices().unwrap().is_empty());
    assert_eq!(stage.world.dead_letters(DeadLetters::FailedFollowUps).unwrap(), 0);
}

#[test]
fn a_chat_topic_that_denies_leaves_the_mail_as_it_was_and_its_message_is_parked_and_sent_again() {
    let stage = Stage::deploy(Traffic::Calm, &BOTH);
    let receivers = Receivers::subscribed(&stage);
    stage.control().hurry_queues(900).unwrap();
    let fault = Fault {
        caller: Some(PROCESSOR),
        about: Some("client-markdown".to_owned()),
        ..Fault::always("sns", "Publish", FaultKind::Deny)
    };
    stage.control().order_fault(&fault).unwrap();
    stage.fire(&[ServerErrors]);
    wait_until("the parked message", PATIENCE, || {
        let count = stage.world.dead_letters(DeadLetters::FailedFollowUps)?;
        Ok(if count == 1 { Seen::Yes(()) } else { Seen::NotYet(format!("{count}")) })
    })
    .unwrap();
    assert_eq!(stage.world.mails().unwrap().len(), 1);
    assert_eq!(taken(&stage, &receivers.webhook).len(), 1);
    assert!(taken(&stage, &receivers.chat).is_empty());
    assert_eq!(stage.cases().len(), 1);
    stage.control().advance_minutes(1).unwrap();
    wait_until("the alarm", PATIENCE, || {
        let state = stage.self_alarm("FailedFollowUps");
        Ok(if state == "ALARM" { Seen::Yes(()) } else { Seen::NotYet(state) })
    })
    .unwrap();

    stage.control().clear_faults().unwrap();
    let parked = stage.world.take_dead_letters(DeadLetters::FailedFollowUps).unwrap();
    assert_eq!(parked.len(), 1);
    stage.world.send_follow_up(&parked[0]).unwrap();
    stage.wait_for_silence();
    // A minute has passed, in which the alarm was OK again, so there is a recovery too.
    let incident = |chat: &&Value| chat["metadata"]["eventType"] == "llmwatch-incident";
    let chats = taken(&stage, &receivers.chat);
    let told: Vec<&Value> = chats.iter().filter(incident).collect();
    assert_eq!(told.len(), 1, "{chats:#?} {}", stage.logged(PROCESSOR));
    let mails = stage.world.mails().unwrap();
    assert_eq!(told[0]["content"]["title"], mails[0].subject.as_str());
    let again = |mail: &&Mail| mail.subject == mails[0].subject;
    assert_eq!(mails.iter().filter(again).count(), 1, "{mails:#?}");
    let documents = taken(&stage, &receivers.webhook);
    assert!(documents.iter().all(|document| document["kind"] == "recovery"), "{documents:#?}");
}

#[test]
fn the_endpoint_is_subscribed_with_https_and_without_the_parameters_there_is_no_topic() {
    let endpoint = "https://127.0.0.1:9/llmwatch";
    let parameters = [("WebhookTopic", "on"), ("WebhookEndpoint", endpoint)];
    let stage = Stage::deploy_unevaluated(Traffic::None, &parameters);
    let topic = stage.world.stack().resource("WebhookMessages").unwrap();
    let input = [("TopicArn".to_owned(), topic)];
    let calls = stage.world.calls();
    let answer = calls.query(QueryService::Sns, "ListSubscriptionsByTopic", &input).unwrap();
    assert!(answer.contains(&format!("<Endpoint>{endpoint}</Endpoint>")), "{answer}");
    assert!(answer.contains("<Protocol>https</Protocol>"), "{answer}");
    assert!(stage.world.stack().resource("ChatMessages").is_err());
}
