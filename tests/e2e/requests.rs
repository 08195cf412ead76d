//! Quota requests after they were made: people are told once how each ended, and by which value.

use jiff::SignedDuration;
use llmwatch_core::alarm::AlarmKind::Throttles;
use llmwatch_tests::aws_call::Invoked;
use llmwatch_tests::control::{Delays, QuotaDecision};
use llmwatch_tests::permissions;
use llmwatch_tests::traffic::quota;
use llmwatch_tests::world::{DeadLetters, Mail};
use serde_json::{Value, json};

use crate::ledger;
use crate::stage::{PROCESSOR, Stage, TPM, Traffic, says};

/// What the hourly rule sends.
fn an_hour_passes(stage: &Stage) {
    let check = json!({ "check": "requests" });
    assert_eq!(stage.world.invoke(PROCESSOR, &check).unwrap(), Invoked::Returned(Value::Null));
}

/// The mails about requests, once everything is at rest.
fn request_mails(stage: &Stage) -> Vec<Mail> {
    let mut mails = stage.mails_after(0);
    mails.retain(|mail| mail.subject.starts_with("[Quota "));
    mails
}

/// An episode that requests an increase, and the newest request.
fn request(stage: &Stage) -> Value {
    let before = stage.quota_requests().len();
    stage.recover(&[Throttles]);
    stage.wait_for_silence();
    stage.fire(&[Throttles]);
    stage.wait_for_silence();
    let requests = stage.quota_requests();
    assert_eq!(requests.len(), before + 1, "{requests:#?}");
    requests[0].clone()
}

/// Puts another value in force, whatever was decided.
fn apply(stage: &Stage, value: f64) {
    let quota = json!({ "code": quota::BUSY_TPM, "applied": value, "adjustable": true });
    stage.control().seed(&json!({ "quotas": [quota] })).unwrap();
}

#[test]
fn a_granted_request_is_told_of_once_by_the_queue_or_by_the_hourly_look() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    stage.control().hurry_queues(900).unwrap();
    let late = Delays {
        publishing_delay_seconds: 0,
        case_id_delay_seconds: 600,
        first_reply_delay_seconds: 0,
    };
    stage.control().set_delays(late).unwrap();

    // Approved at once, before there is a case: the queue's next look tells.
    stage.fire(&[Throttles]);
    stage.world.wait_for_mails(1).unwrap();
    let episode = ledger::episode(&stage);
    let request_id = stage.quota_requests()[0]["Id"].as_str().unwrap().to_owned();
    let approve = QuotaDecision::Approve;
    stage.control().decide_quota_request(quota::BUSY_TPM, approve).unwrap();
    stage.world.wait_for_mails(2).unwrap();
    let mails = request_mails(&stage);
    let [granted] = &mails[..] else { panic!("{mails:#?}") };
    assert!(granted.subject.starts_with("[Quota raised] TPM is 690,000 now: "), "{granted:?}");
    for text in [
        "raised from 500,000 to 690,000 tokens per minute",
        "hourly runs read the quota at 5 past and change the alarms at 20 past",
        &request_id,
        &episode.id.marker(),
    ] {
        assert!(says(granted, text), "{text}: {}", granted.body);
    }
    an_hour_passes(&stage);
    an_hour_passes(&stage);
    assert_eq!(request_mails(&stage).len(), 1);

    // Granted days later, by nothing but a closed case: the hourly look tells.
    apply(&stage, TPM);
    let at_once = Delays { case_id_delay_seconds: 0, ..late };
    stage.control().set_delays(at_once).unwrap();
    request(&stage);
    an_hour_passes(&stage);
    assert_eq!(request_mails(&stage).len(), 1, "it is open");
    stage.control().decide_quota_request(quota::BUSY_TPM, QuotaDecision::Close).unwrap();
    an_hour_passes(&stage);
    an_hour_passes(&stage);
    let mails = request_mails(&stage);
    let [_, granted] = &mails[..] else { panic!("{mails:#?}") };
    assert!(says(granted, "Status: CASE_CLOSED"), "{}", granted.body);
    assert!(says(granted, "raised from 500,000 to 690,000"), "{}", granted.body);
    let case = stage.quota_requests()[0]["CaseId"].as_str().unwrap().to_owned();
    assert!(says(granted, &format!("Case: {case}")), "{case}: {}", granted.body);

    let allowed = permissions::allowed(stage.world.places(), PROCESSOR).unwrap();
    let calls = stage.control().calls_since(0).unwrap();
    let mut actions: Vec<String> =
        calls.iter().filter(|call| call.caller == PROCESSOR).map(permissions::action).collect();
    assert!(actions.contains(&"dynamodb:Query".to_owned()));
    actions.retain(|action| !allowed.contains(action));
    assert!(actions.is_empty(), "not allowed: {actions:?}");
}

#[test]
fn a_request_granted_in_part_refused_or_not_applied_is_told_of_as_such() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    let told = |count: usize| {
        an_hour_passes(&stage);
        an_hour_passes(&stage);
        let mails = request_mails(&stage);
        assert_eq!(mails.len(), count, "{mails:#?}");
        mails.last().unwrap().clone()
    };

    request(&stage);
    stage.control().decide_quota_request(quota::BUSY_TPM, QuotaDecision::Approve).unwrap();
    apply(&stage, 600_000.0);
    let in_part = told(1);
    let subject = "[Quota raised in part] TPM is 600,000 now: ";
    assert!(in_part.subject.starts_with(subject), "{}", in_part.subject);
    assert!(says(&in_part, "from 500,000 to 600,000 tokens per minute; 690,000 were asked for"));

    let asked_for = request(&stage)["DesiredValue"].clone();
    assert_eq!(asked_for, 750_000.0);
    stage.control().decide_quota_request(quota::BUSY_TPM, QuotaDecision::Deny).unwrap();
    let refused = told(2);
    let subject = "[Quota not raised] TPM increase was refused: ";
    assert!(refused.subject.starts_with(subject), "{}", refused.subject);
    assert!(says(&refused, "It is still 600,000 tokens per minute"), "{}", refused.body);
    assert!(says(&refused, "Read on the case how it was decided"), "{}", refused.body);

    // Approved seven hours ago, and not applied until now.
    request(&stage);
    let offset = SignedDuration::from_hours(7).as_secs();
    stage.control().set_clock_offset_seconds(-offset).unwrap();
    stage.control().decide_quota_request(quota::BUSY_TPM, QuotaDecision::Approve).unwrap();
    apply(&stage, 600_000.0);
    let not_yet = told(3);
    let subject = "[Quota not raised yet] TPM increase is approved: ";
    assert!(not_yet.subject.starts_with(subject), "{}", not_yet.subject);
    apply(&stage, 750_000.0);
    let granted = told(4);
    assert!(granted.subject.starts_with("[Quota raised] TPM is 750,000 now: "), "{granted:?}");
    assert!(says(&granted, "from 600,000 to 750,000"), "{}", granted.body);
    for queue in [DeadLetters::FailedInvocations, DeadLetters::FailedFollowUps] {
        assert_eq!(stage.world.dead_letters(queue).unwrap(), 0, "{queue:?}");
    }
}
