//! What one episode causes, from its first alarm to its recovery.

use jiff::SignedDuration;
use llmwatch_core::alarm::AlarmKind::{
    ClientErrors, HighLatency, HighTPMQuotaUsage, ServerErrors, Throttles,
};
use llmwatch_tests::permissions;
use llmwatch_tests::traffic::quota;

use crate::ledger;
use crate::stage::{FUNCTIONS, Stage, Traffic, says};

/// Six alarms fire in the first minute they are evaluated, and the composite with them.
#[test]
fn six_children_in_one_minute_and_the_composite_make_one_mail_one_request_and_one_case() {
    let stage = Stage::deploy_unevaluated(Traffic::Breach, &[("CaseAutomation", "on")]);
    stage.control().advance_minutes(1).unwrap();
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(mails[0].subject.starts_with("[Critical] "), "{}", mails[0].subject);
    for kind in [
        "ServerErrors",
        "ClientErrors",
        "Throttles",
        "HighTPMQuotaUsage",
        "HighLatency",
        "HighTimeToFirstToken",
    ] {
        assert!(says(&mails[0], &format!("- {kind} (")), "{kind}: {}", mails[0].body);
    }

    let requests = stage.quota_requests();
    let codes: Vec<_> = requests.iter().map(|request| &request["QuotaCode"]).collect();
    assert_eq!(codes, [quota::BUSY_TPM]);
    assert_eq!(requests[0]["DesiredValue"], 690_000.0);
    assert_eq!(stage.writes(0), ["RequestServiceQuotaIncrease", "AddCommunicationToCase"]);
    let cases = stage.cases();
    assert_eq!(cases.len(), 1, "{cases:#?}");
    let episode = ledger::episode(&stage);
    let ours = cases[0].communications.last().unwrap();
    assert!(ours.contains(&episode.id.marker()), "{ours}");
    assert!(ours.contains("from 500,000 to 690,000"), "{ours}");

    // The breach ends, and half an hour later the slowest alarm sees nothing of it.
    stage.control().advance_minutes(45).unwrap();
    let recovery = stage.mails_after(1);
    assert_eq!(recovery.len(), 1, "{recovery:#?}");
    assert!(recovery[0].subject.starts_with("[Recovered Critical] "), "{}", recovery[0].subject);
    assert!(says(&recovery[0], quota::BUSY_TPM), "the request is open: {}", recovery[0].body);

    for function in FUNCTIONS {
        let allowed = permissions::allowed(stage.world.places(), function).unwrap();
        let calls = stage.control().calls_since(0).unwrap();
        for call in calls.iter().filter(|call| call.caller == function) {
            let action = permissions::action(call);
            assert!(allowed.contains(&action), "{function} may not call {action}");
        }
    }
}

#[test]
fn a_child_that_joins_makes_one_update_and_one_append_and_at_most_one_in_ten_minutes() {
    let stage = Stage::deploy(Traffic::Calm, &[("CaseAutomation", "on")]);
    stage.fire(&[ServerErrors]);
    let first = stage.mails_after(0);
    assert_eq!(first.len(), 1, "{first:#?}");
    assert_eq!(stage.writes(0), ["CreateCase"]);

    stage.fire(&[HighLatency]);
    let update = stage.mails_after(1);
    assert_eq!(update.len(), 1, "{update:#?}");
    assert!(update[0].subject.contains("Update: "), "{}", update[0].subject);
    assert!(says(&update[0], "HighLatency joined"), "{}", update[0].body);
    assert_eq!(stage.writes(0), ["CreateCase", "AddCommunicationToCase"]);

    // It goes and comes back within the episode.
    stage.recover(&[HighLatency]);
    stage.wait_for_silence();
    stage.fire(&[HighLatency]);
    assert!(stage.mails_after(2).is_empty(), "a child that was told of is not told again");

    // A third one joins at once: what is left of ten minutes is waited for.
    stage.control().hurry_queues(1).unwrap();
    let before = stage.last_call();
    stage.fire(&[ClientErrors]);
    stage.wait_for_silence_but(1);
    let sent = stage.calls(before);
    let delays: Vec<_> = sent
        .iter()
        .filter_map(|call| call.request.as_ref()?.get("DelaySeconds")?.as_u64())
        .collect();
    assert!(matches!(delays[..], [570..=600]), "{delays:?}");

    // Its message comes early: it is not the time yet.
    let episode = ledger::episode(&stage);
    stage.send_settle(&episode.id);
    stage.wait_for_silence_but(2);
    assert_eq!(stage.world.mails().unwrap().len(), 2);

    ledger::age_last_update(&stage, SignedDuration::from_mins(10));
    stage.send_settle(&episode.id);
    stage.wait_for_silence_but(2);
    let mails = stage.world.mails().unwrap();
    assert_eq!(mails.len(), 3, "{mails:#?}");
    assert!(says(&mails[2], "ClientErrors joined"), "{}", mails[2].body);
    assert_eq!(stage.cases().len(), 1);
    assert_eq!(stage.writes(before), ["AddCommunicationToCase"]);
    assert_eq!(ledger::episode(&stage).id, episode.id);
}

#[test]
fn an_episode_that_is_over_before_it_settled_is_mailed_and_its_recovery_once() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[]);
    stage.fire(&[Throttles, HighTPMQuotaUsage]);
    stage.recover(&[Throttles, HighTPMQuotaUsage]);
    let mails = stage.mails_after(0);
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert!(
        matches!(subjects[..], [first, second]
            if first.starts_with("[Critical] ") && second.starts_with("[Recovered Critical] ")),
        "{subjects:?}"
    );

    // Once more, with a recovery that comes in two steps: it counts when the last one is well.
    stage.fire(&[Throttles, ServerErrors]);
    assert_eq!(stage.mails_after(2).len(), 1);
    stage.recover(&[Throttles]);
    assert!(stage.mails_after(3).is_empty(), "one alarm is still firing");
    stage.recover(&[ServerErrors]);
    let recovery = stage.mails_after(3);
    assert_eq!(recovery.len(), 1, "{recovery:#?}");
    assert!(says(&recovery[0], "every alarm is OK again"), "{}", recovery[0].body);
    stage.world.publish_composite_alarm(&stage.composite_message("OK", &stage.stamp())).unwrap();
    assert!(stage.mails_after(4).is_empty(), "one recovery mail an episode");
}
