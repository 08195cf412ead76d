//! What could not be done is parked, and an alarm says so in words that help.

use llmwatch_core::alarm::AlarmKind::{ServerErrors, Throttles};
use llmwatch_tests::control::FaultKind;
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::world::{DeadLetters, Mail};
use serde_json::Value;

use crate::ledger;
use crate::stage::{PATIENCE, PROCESSOR, Stage, Traffic};

/// CloudWatch's own mail about an alarm of this stack, once a minute has passed.
fn notice(stage: &Stage, alarm: &str) -> Value {
    stage.control().advance_minutes(1).unwrap();
    let subject = format!("ALARM: \"llmwatch-Self-{alarm}\" in US East (N. Virginia)");
    let notices = wait_until(alarm, PATIENCE, || {
        let notices = stage.world.alarm_notices()?;
        let is_it = |notice: &&Mail| notice.subject == subject;
        let found: Vec<Mail> = notices.iter().filter(is_it).cloned().collect();
        Ok(if found.is_empty() { Seen::NotYet(format!("{notices:?}")) } else { Seen::Yes(found) })
    })
    .unwrap();
    assert_eq!(notices.len(), 1, "{notices:#?}");
    serde_json::from_str(&notices[0].body).unwrap()
}

#[test]
fn a_mail_that_can_never_be_published_is_parked_and_an_alarm_says_what_to_do() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    stage.control().hurry_queues(900).unwrap();
    stage.fail("sns", "Publish", FaultKind::Deny);
    stage.fire(&[Throttles]);
    wait_until("the parked message", PATIENCE, || {
        ledger::expire_leases(&stage);
        let count = stage.world.dead_letters(DeadLetters::FailedFollowUps)?;
        Ok(if count == 1 { Seen::Yes(()) } else { Seen::NotYet(format!("{count}")) })
    })
    .unwrap();
    assert_eq!(stage.quota_requests().len(), 1, "what could be done was done once");
    assert_eq!(stage.cases().len(), 1);
    assert!(stage.logged(PROCESSOR).contains("not authorized to perform: sns:Publish"));

    let notice = notice(&stage, "FailedFollowUps");
    let text = notice["AlarmDescription"].as_str().unwrap();
    assert!(text.contains("Read why in the log /aws/lambda/llmwatch-notification-processor"));
    assert!(text.contains("run `make replay STACK=llmwatch`"), "{text}");
    assert_eq!(notice["NewStateValue"], "ALARM");
    assert_eq!(notice["Trigger"]["MetricName"], "ApproximateNumberOfMessagesVisible");

    // Once the queue is empty again the alarm is over.
    stage.world.take_dead_letters(DeadLetters::FailedFollowUps).unwrap();
    stage.control().advance_minutes(7).unwrap();
    let state = stage.self_alarm("FailedFollowUps");
    assert_eq!(state, "OK");
}

#[test]
fn an_event_that_failed_three_times_and_one_that_was_never_delivered_raise_their_alarms() {
    let stage = Stage::deploy(Traffic::Calm, &[]);
    stage.fail("dynamodb", "*", FaultKind::Deny);
    stage.fire(&[ServerErrors]);
    wait_until("the parked events", PATIENCE, || {
        let count = stage.world.dead_letters(DeadLetters::FailedInvocations)?;
        Ok(if count == 2 { Seen::Yes(()) } else { Seen::NotYet(format!("{count}")) })
    })
    .unwrap();
    assert!(stage.world.mails().unwrap().is_empty());
    let parked = notice(&stage, "FailedInvocations");
    let text = parked["AlarmDescription"].as_str().unwrap();
    assert!(text.contains("run `make replay STACK=llmwatch`"), "{text}");
    // Six failures, of the child's event and of the composite's message.
    stage.control().advance_minutes(15).unwrap();
    assert_eq!(stage.self_alarm("FunctionErrors"), "ALARM");
    assert_eq!(stage.self_alarm("FunctionThrottles"), "OK");
    assert_eq!(stage.self_alarm("UndeliveredEvents"), "OK");

    stage.world.park(DeadLetters::UndeliveredEvents, "{}").unwrap();
    let undelivered = notice(&stage, "UndeliveredEvents");
    let text = undelivered["AlarmDescription"].as_str().unwrap();
    assert!(text.contains("deploy again where in doubt"), "{text}");
}
