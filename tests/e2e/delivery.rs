//! Events come more than once, at once, broken, and while AWS fails.

use std::time::Duration;

use llmwatch_core::alarm::AlarmKind::{ServerErrors, Throttles};
use llmwatch_tests::aws_call::Invoked;
use llmwatch_tests::control::{Fault, FaultKind};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::world::DeadLetters;
use serde_json::{Value, json};

use crate::ledger;
use crate::stage::{FUNCTIONS, PATIENCE, PROCESSOR, Stage, Traffic, says};

#[test]
fn the_same_event_twice_or_two_at_once_makes_one_mail_and_one_case() {
    let stage = Stage::deploy(Traffic::Calm, &[("CaseAutomation", "on")]);
    let at = stage.stamp();
    let composite = stage.composite_message("ALARM", &at);
    let child = stage.child_event(ServerErrors, "ALARM", &at);
    let all_at_once = || {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| stage.world.publish_composite_alarm(&composite).unwrap());
                scope.spawn(|| stage.world.put_alarm_event(&child).unwrap());
            }
        });
    };
    // Every route at the same time: what CloudWatch sends itself, and each event twice.
    stage.fire(&[ServerErrors]);
    all_at_once();
    let episode = ledger::episode(&stage);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| stage.send_settle(&episode.id));
        }
    });
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(stage.writes(0), ["CreateCase"]);

    // And again, after everything has been done.
    all_at_once();
    stage.send_settle(&episode.id);
    assert!(stage.mails_after(1).is_empty());
    assert_eq!(stage.writes(0), ["CreateCase"]);
    assert_eq!(stage.cases().len(), 1);
    assert_eq!(ledger::episode(&stage).id, episode.id);
    for queue in [DeadLetters::FailedInvocations, DeadLetters::FailedFollowUps] {
        assert_eq!(stage.world.dead_letters(queue).unwrap(), 0, "{queue:?}");
    }
}

#[test]
fn a_mail_that_cannot_be_published_arrives_once_and_the_request_is_made_once() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    // More failures than the SDK retries in one call.
    let fault = Fault {
        count: Some(5),
        caller: Some(PROCESSOR),
        ..Fault::always("sns", "Publish", FaultKind::ServerError)
    };
    stage.control().order_fault(&fault).unwrap();
    stage.fire(&[Throttles]);
    wait_until("the first try to fail", PATIENCE, || {
        let tries = stage.calls(0).iter().filter(|call| call.operation == "Publish").count();
        Ok(if tries >= 4 { Seen::Yes(()) } else { Seen::NotYet(format!("{tries} tries")) })
    })
    .unwrap();
    assert!(stage.world.mails().unwrap().is_empty());
    // Whether the mail went out is not known until the lease of the first try has run out.
    wait_until("the mail", PATIENCE, || {
        ledger::expire_leases(&stage);
        let mails = stage.world.mails()?;
        Ok(if mails.is_empty() { Seen::NotYet("no mail".to_owned()) } else { Seen::Yes(()) })
    })
    .unwrap();
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(stage.writes(0), ["RequestServiceQuotaIncrease", "AddCommunicationToCase"]);
    assert_eq!(stage.quota_requests().len(), 1);
    assert!(says(&mails[0], "SUBMITTED, 690,000 tokens per minute"), "{}", mails[0].body);
    assert_eq!(stage.world.dead_letters(DeadLetters::FailedFollowUps).unwrap(), 0);
}

#[test]
fn an_event_that_cannot_be_read_is_refused_by_its_field_and_parked() {
    let stage = Stage::deploy_unevaluated(Traffic::None, &[]);
    // Retries come a second apart.
    stage.control().hurry_queues(1_000).unwrap();
    let at = stage.stamp();

    let mut composite = stage.composite_message("ALARM", &at);
    composite["StateChangeTime"] = "yesterday".into();
    stage.world.publish_composite_alarm(&composite).unwrap();
    let mut child = stage.child_event(Throttles, "ALARM", &at);
    child["detail"]["state"].as_object_mut().unwrap().remove("timestamp");
    stage.world.put_alarm_event(&child).unwrap();
    stage.world.send_follow_up("{\"settle\":{\"pool\":\"global.m\"}}").unwrap();

    let parked = parked(&stage, DeadLetters::FailedInvocations, 2);
    let problem = |member: &str| {
        let event = parked.iter().find(|event| event["requestPayload"].get(member).is_some());
        event.unwrap()["responsePayload"]["errorMessage"].as_str().unwrap().to_owned()
    };
    let composite = problem("Records");
    assert!(composite.contains("Records[0].Sns.Message.StateChangeTime"), "{composite}");
    assert!(composite.contains("yesterday"), "{composite}");
    let child = problem("detail");
    assert!(child.contains("missing field `timestamp`"), "{child}");

    wait_until("the parked message", PATIENCE, || {
        let count = stage.world.dead_letters(DeadLetters::FailedFollowUps)?;
        Ok(if count == 1 { Seen::Yes(()) } else { Seen::NotYet(format!("{count}")) })
    })
    .unwrap();
    let logged = stage.logged(PROCESSOR);
    assert!(logged.contains("Records[0].body"), "{logged}");
    assert!(logged.contains("missing field `episode`"), "{logged}");

    let nonsense = json!({ "hello": "world" });
    for function in FUNCTIONS {
        let Invoked::Failed(error) = stage.world.invoke(function, &nonsense).unwrap() else {
            panic!("{function} took nonsense")
        };
        let message = error["errorMessage"].as_str().unwrap();
        assert!(
            message.starts_with("the event is from none") || message.contains("hello"),
            "{message}"
        );
    }
    assert!(stage.world.mails().unwrap().is_empty());
    assert_eq!(stage.world.dead_letters(DeadLetters::UndeliveredEvents).unwrap(), 0);
}

/// Waits until so many events are parked, and gives them.
fn parked(stage: &Stage, queue: DeadLetters, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    wait_until("parked events", Duration::from_secs(20), || {
        found.extend(stage.world.receive_dead_letters(queue)?);
        Ok(if found.len() >= count {
            Seen::Yes(found.iter().map(|body| serde_json::from_str(body).unwrap()).collect())
        } else {
            Seen::NotYet(format!("{found:?}"))
        })
    })
    .unwrap()
}
