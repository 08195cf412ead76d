//! What the webhook endpoint does not take is parked, and a replay brings it there.
//!
//! The local AWS posts to a server of the test in plain HTTP, once, and parks what it refuses; AWS's
//! own tries, its certificates and its signatures are not part of this.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use llmwatch_core::alarm::AlarmKind::ServerErrors;
use llmwatch_tests::aws_call::QueryService;
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers;
use llmwatch_tests::world::DeadLetters::UndeliveredEvents;
use serde_json::Value;
use tiny_http::{Response, Server};

use crate::replay::{assert_rights_are_documented, wait_for_parked};
use crate::stage::{PATIENCE, Stage, Traffic};

/// A customer's endpoint, which confirms its subscription and answers as it is told.
struct Endpoint {
    url: String,
    status: Arc<AtomicU16>,
    envelopes: Arc<Mutex<Vec<Value>>>,
}

impl Endpoint {
    fn start() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let url = format!("https://{}/llmwatch", server.server_addr());
        let (status, envelopes) = (Arc::new(AtomicU16::new(200)), Arc::default());
        let endpoint = Self { url, status: Arc::clone(&status), envelopes: Arc::clone(&envelopes) };
        thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let mut body = String::new();
                request.as_reader().read_to_string(&mut body).unwrap();
                let envelope: Value = serde_json::from_str(&body).unwrap();
                let answer = if envelope["Type"] == "SubscriptionConfirmation" {
                    ureq::get(envelope["SubscribeURL"].as_str().unwrap()).call().unwrap();
                    200
                } else {
                    envelopes.lock().unwrap().push(envelope);
                    status.load(Ordering::SeqCst)
                };
                request.respond(Response::empty(answer)).unwrap();
            }
        });
        endpoint
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Waits for the next envelope posted, and takes it; there must be no second one.
    fn take(&self) -> Value {
        let mut taken = wait_until("a post to the endpoint", PATIENCE, || {
            let taken = std::mem::take(&mut *self.envelopes.lock().unwrap());
            Ok(if taken.is_empty() { Seen::NotYet("none".to_owned()) } else { Seen::Yes(taken) })
        })
        .unwrap();
        assert_eq!(taken.len(), 1, "{taken:#?}");
        taken.remove(0)
    }

    fn got_nothing(&self) -> bool {
        self.envelopes.lock().unwrap().is_empty()
    }
}

fn wait_for_confirmation(stage: &Stage) {
    let topic = stage.world.stack().resource("WebhookMessages").unwrap();
    let input = [("TopicArn".to_owned(), topic)];
    wait_until("the confirmation", PATIENCE, || {
        let calls = stage.world.calls();
        let listed = calls.query(QueryService::Sns, "ListSubscriptionsByTopic", &input)?;
        let is_confirmed = !listed.contains("PendingConfirmation");
        Ok(if is_confirmed { Seen::Yes(()) } else { Seen::NotYet(listed) })
    })
    .unwrap();
}

#[test]
fn what_the_endpoint_refuses_is_parked_and_replayed_to_it_and_to_nobody_unasked() {
    let endpoint = Endpoint::start();
    let stage = Stage::deploy(
        Traffic::Calm,
        &[("WebhookTopic", "on"), ("WebhookEndpoint", &endpoint.url), ("CaseAutomation", "on")],
    );
    wait_for_confirmation(&stage);

    endpoint.answer(503);
    stage.fire(&[ServerErrors]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    let refused = endpoint.take();
    assert_eq!(refused["Subject"], mails[0].subject.as_str());
    wait_for_parked(&stage, UndeliveredEvents, 1);
    let alarm = readers::alarms(stage.world.calls(), "llmwatch-Self-UndeliveredEvents").unwrap();
    let text = alarm[0].description["AlarmDescription"].as_str().unwrap();
    assert!(text.contains("not taken by the webhook endpoint, and is parked"), "{text}");
    assert!(text.contains("answers with 200 again, then run `make replay STACK=llmwatch`"));

    let said = stage.world.llmwatch(&["replay", "--dry-run"]).unwrap();
    let what = format!("webhook message: {}, to the webhook topic", mails[0].subject);
    assert!(said.well && said.text.contains(&what), "{said:?}");
    assert!(said.text.contains("1 would be sent, 0 discarded, 0 left as they are"), "{said:?}");
    assert!(endpoint.got_nothing());

    // The endpoint still refuses: what was sent again is parked again.
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(said.well && said.text.contains("1 sent, 0 discarded, 0 left"), "{said:?}");
    assert_eq!(endpoint.take()["Message"], refused["Message"]);
    wait_for_parked(&stage, UndeliveredEvents, 1);

    // Somebody who subscribed by hand, and got the message at its time, is spared it.
    let queue = stage.world.subscribe_queue("WebhookMessages").unwrap();
    endpoint.answer(200);
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(!said.well && said.text.contains("but 1 more subscribed to its topic"), "{said:?}");
    assert_eq!(said.stay().len(), 1, "{said:?}");
    assert!(said.text.contains("(make replay STACK=llmwatch ARGS='--discard ID')"), "{said:?}");
    assert!(endpoint.got_nothing());
    let said = stage.world.llmwatch(&["replay", "--all-subscribers"]).unwrap();
    assert!(said.well && said.text.contains("1 sent, 0 discarded, 0 left"), "{said:?}");
    let taken = endpoint.take();
    for member in ["TopicArn", "Subject", "Message"] {
        assert_eq!(taken[member], refused[member], "{member}");
    }
    let told = stage.world.take_notifications(&queue).unwrap();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["Message"], refused["Message"]);
    assert_eq!(stage.world.dead_letters(UndeliveredEvents).unwrap(), 0);
    assert_eq!(stage.world.mails().unwrap().len(), 1, "the mail is not sent again");

    // A new endpoint has nothing until it confirms, and what is parked waits for that.
    let other = "https://127.0.0.1:9/other";
    stage.world.update(&[("WebhookTopic", "on"), ("WebhookEndpoint", other)]).unwrap();
    stage.world.park(UndeliveredEvents, &refused.to_string()).unwrap();
    let said = stage.world.llmwatch(&["replay", "--all-subscribers"]).unwrap();
    assert!(!said.well && said.text.contains("subscription is not confirmed"), "{said:?}");
    assert_eq!(stage.world.dead_letters(UndeliveredEvents).unwrap(), 1);
    assert_rights_are_documented(&stage);
}
