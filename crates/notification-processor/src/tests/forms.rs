//! What is mailed is told in every further form that is on, and none of them touches the mail.

use llmwatch_core::alarm::AlarmKind::{HighLatency, ServerErrors, Throttles};
use llmwatch_core::alarm::Severity;
use llmwatch_core::delivery::TRIES;
use llmwatch_core::episode::AlarmState;
use llmwatch_core::quality::alarm::QualityKind;
use llmwatch_core::render::Form;
use serde_json::Value;

use super::world::{Kill, World};

/// An incident from its alarm to its end, with an alarm that joins.
async fn play(world: &World) {
    world.fire(ServerErrors);
    world.run_for(15).await;
    world.fire(HighLatency);
    world.run_for(15).await;
    world.recover(ServerErrors);
    world.recover(HighLatency);
    world.run_for(90).await;
}

fn kinds(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_form_that_is_off_sends_nothing() {
    let world = World::calm();
    play(&world).await;
    assert_eq!(world.mails().len(), 3, "{:?}", world.subjects());
    assert!(world.state().published.is_empty());
    let sent = world.count("send_message");
    let world = World::calm_with(&[Form::Webhook]);
    play(&world).await;
    assert_eq!((world.published(Form::Chat).len(), world.published(Form::Webhook).len()), (0, 3));
    assert_eq!(world.count("send_message"), sent + 3);
}

#[tokio::test]
async fn every_mail_is_told_once_in_each_form_in_the_thread_of_its_episode() {
    let world = World::calm_with(&Form::ALL);
    play(&world).await;
    assert_eq!(world.mails().len(), 3, "{:?}", world.subjects());
    let documents = world.published(Form::Webhook);
    assert_eq!(kinds(&documents), ["incident", "update", "recovery"]);
    let thread = format!("llmwatch:{}", world.episode().id);
    let chats = world.published(Form::Chat);
    assert_eq!(chats.len(), 3);
    for ((document, chat), (subject, body)) in documents.iter().zip(&chats).zip(world.mails()) {
        assert_eq!(document["thread"], thread.as_str());
        assert_eq!(chat["metadata"]["threadId"], thread.as_str());
        assert_eq!(document["id"], chat["id"]);
        assert_eq!(document["subject"], subject.as_str());
        assert_eq!(document["text"], body.as_str());
        assert!(!body.contains("llmwatch.notification/1") && !body.contains("client-markdown"));
    }
    let ids: std::collections::BTreeSet<&str> =
        documents.iter().map(|document| document["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    assert!(world.dead_letters() == 0 && world.is_quiet());
}

#[tokio::test]
async fn what_notify_from_keeps_back_is_kept_from_every_form() {
    let world = World::calm_with(&Form::ALL);
    world.state().set("notify-from", "critical");
    world.fire(HighLatency);
    world.run_for(30).await;
    world.recover(HighLatency);
    world.run_for(30).await;
    assert!(world.mails().is_empty() && world.state().published.is_empty());
}

#[tokio::test]
async fn messages_that_come_twice_are_published_once() {
    let world = World::calm_with(&Form::ALL);
    world.fire(ServerErrors);
    world.run_for(0).await;
    for _ in 0..4 {
        world.duplicate_messages();
        world.run_for(1).await;
    }
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    assert_eq!((world.published(Form::Chat).len(), world.published(Form::Webhook).len()), (1, 1));
}

#[tokio::test]
async fn a_topic_that_refuses_for_a_time_gets_its_message_once_and_the_mail_stays_one() {
    let world = World::calm_with(&Form::ALL);
    world.state().denied_topic = Some(Form::Chat.word());
    world.fire(ServerErrors);
    world.run_for(4).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    assert!(world.published(Form::Chat).is_empty());
    assert_eq!(world.published(Form::Webhook).len(), 1);
    world.state().denied_topic = None;
    world.run_for(60).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    assert_eq!((world.published(Form::Chat).len(), world.published(Form::Webhook).len()), (1, 1));
    assert_eq!(world.dead_letters(), 0);
}

#[tokio::test]
async fn a_topic_that_always_refuses_has_its_messages_parked_and_nothing_else_changes() {
    let world = World::calm_with(&Form::ALL);
    world.state().denied_topic = Some(Form::Chat.word());
    play(&world).await;
    assert_eq!(world.mails().len(), 3, "{:?}", world.subjects());
    assert_eq!(kinds(&world.published(Form::Webhook)), ["incident", "update", "recovery"]);
    assert!(world.published(Form::Chat).is_empty());
    assert!(!world.episode().is_open());
    assert_eq!(world.dead_letters(), 3);
    // Sent again, as the command line does it, once the topic takes messages.
    world.state().denied_topic = None;
    let parked: Vec<Value> = std::mem::take(&mut world.state().dead_letters)
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    for event in parked {
        let record = &event["Records"][0];
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], TRIES.to_string());
        world.state().enqueue(record["body"].as_str().unwrap(), 0);
    }
    world.run_for(30).await;
    assert_eq!((world.mails().len(), world.published(Form::Chat).len()), (3, 3));
    assert_eq!(world.published(Form::Webhook).len(), 3);
}

#[tokio::test]
async fn a_message_of_a_form_that_was_switched_off_comes_to_nothing() {
    let on = World::calm_with(&Form::ALL);
    on.state().denied_topic = Some(Form::Chat.word());
    on.fire(ServerErrors);
    on.run_for(60).await;
    let parked: Value = serde_json::from_str(&on.state().dead_letters[0]).unwrap();
    let off = World::calm();
    off.state().enqueue(parked["Records"][0]["body"].as_str().unwrap(), 0);
    off.run_for(60).await;
    assert!(off.state().published.is_empty() && off.mails().is_empty());
    assert!(off.dead_letters() == 0 && off.is_quiet());
}

#[tokio::test]
async fn news_of_a_request_and_quality_alarms_are_told_too() {
    let world = World::calm_with(&Form::ALL);
    world.state().usage.insert("EstimatedTPMQuotaUsage", 450_000.0);
    world.fire(Throttles);
    world.run_for(60).await;
    world.state().decide_requests(&aws_sdk_servicequotas::types::RequestStatus::NotApproved);
    world.look_at_requests();
    world.run_for(10).await;
    assert_eq!(kinds(&world.published(Form::Webhook)), ["incident", "request-news"]);
    let documents = world.published(Form::Webhook);
    assert_eq!(documents[0]["thread"], documents[1]["thread"]);

    let alarm = (QualityKind::LowRelevance, Severity::Warning);
    world.set_quality(alarm, AlarmState::Alarm, true);
    world.run_for(30).await;
    world.set_quality(alarm, AlarmState::Ok, true);
    world.run_for(30).await;
    let documents = world.published(Form::Webhook).split_off(2);
    assert_eq!(kinds(&documents), ["quality-alarm", "quality-recovery"]);
    assert_eq!(documents[0]["thread"], documents[1]["thread"]);
    assert_eq!(world.published(Form::Chat).len(), 4);
    assert_eq!(world.mails().len(), 4, "{:?}", world.subjects());
}

/// What was told in a form, by its id, and how often.
fn told(world: &World, form: Form) -> std::collections::BTreeMap<String, usize> {
    let mut told = std::collections::BTreeMap::new();
    for message in world.published(form) {
        *told.entry(message["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    told
}

#[tokio::test]
async fn killed_at_any_call_the_function_still_tells_everything_in_each_form() {
    async fn play(world: &World) {
        world.fire(ServerErrors);
        world.run_for(60).await;
        world.recover(ServerErrors);
        world.run_for(60).await;
    }
    let undisturbed = World::calm_with(&Form::ALL);
    play(&undisturbed).await;
    let calls = undisturbed.state().calls.clone();
    // A read has no effect to be killed after.
    let is_write =
        |operation: &str| !["get_", "describe_"].iter().any(|r| operation.starts_with(r));
    for (number, operation) in calls.iter().enumerate() {
        let after = is_write(operation).then_some(Kill::After(number));
        for kill in [Kill::Before(number)].into_iter().chain(after) {
            let world = World::calm_with(&Form::ALL);
            world.state().kill = Some(kill);
            play(&world).await;
            let mails = world.mails().len();
            for form in Form::ALL {
                let told = told(&world, form);
                // What is published and not noted may come twice, as a mail may.
                assert_eq!(told.len(), 2, "{kill:?} {operation}: {told:?} {:?}", world.subjects());
                assert!(told.values().sum::<usize>() <= 3, "{kill:?} {operation}: {told:?}");
                assert!(told.len() <= mails, "{kill:?} {operation}: {told:?}");
            }
            assert!(world.dead_letters() == 0 && world.is_quiet(), "{kill:?} {operation}");
        }
    }
}
