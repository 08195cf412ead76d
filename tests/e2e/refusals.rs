//! What AWS refuses, people are told; nothing is done on a guess.

use llmwatch_core::alarm::AlarmKind::{HighTPMQuotaUsage, ServerErrors, Throttles};
use llmwatch_tests::control::FaultKind;

use crate::stage::{Stage, Traffic, says};

#[test]
fn without_a_support_plan_the_quota_is_requested_and_the_mail_says_what_is_missing() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    stage.fail("support", "*", FaultKind::SubscriptionRequired);
    stage.fire(&[Throttles]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(stage.writes(0), ["RequestServiceQuotaIncrease"]);
    assert!(says(&mails[0], "no Support API"), "{}", mails[0].body);
    assert!(!says(&mails[0], "figures follow by themselves"), "{}", mails[0].body);
    stage.recover(&[Throttles]);
    assert_eq!(stage.mails_after(1).len(), 1);

    stage.fire(&[ServerErrors]);
    let mails = stage.mails_after(2);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(
        says(&mails[0], "NOT OPENED, the account's support plan has no Support API"),
        "{}",
        mails[0].body
    );
    assert_eq!(stage.writes(0), ["RequestServiceQuotaIncrease"]);
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_written() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    // The decision is tried again until it is parked.
    stage.control().hurry_queues(900).unwrap();
    stage.fail("cloudwatch", "GetMetricData", FaultKind::Deny);
    stage.fire(&[HighTPMQuotaUsage]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(mails[0].subject.contains("usage unknown"), "{}", mails[0].subject);
    assert!(says(&mails[0], "Scenario: unknown"), "{}", mails[0].body);
    assert!(says(&mails[0], "lacks the permission for GetMetricData"), "{}", mails[0].body);
    stage.recover(&[HighTPMQuotaUsage]);
    assert_eq!(stage.mails_after(1).len(), 1, "the recovery");
    assert_eq!(stage.writes(0), Vec::<String>::new());

    stage.control().clear_faults().unwrap();
    stage.world.set_parameter("settings/case-automation", "yes please").unwrap();
    stage.fire(&[Throttles]);
    let mails = stage.mails_after(2);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    let body = &mails[0].body;
    assert!(says(&mails[0], "/llmwatch/settings/case-automation"), "{body}");
    assert!(says(&mails[0], "\"yes please\" must be dry-run, on or off"), "{body}");
    assert!(says(&mails[0], "DRY RUN, nothing was sent"), "{body}");
    assert_eq!(stage.writes(0), Vec::<String>::new());
}
