//! What an operator says is to happen, and whom it reaches; each setting changed without a deploy.

use llmwatch_core::alarm::AlarmKind::{self, HighTPMQuotaUsage, ServerErrors, Throttles};
use llmwatch_tests::world::Mail;
use serde_json::json;

use crate::stage::{Stage, Traffic, says};

/// Plays one episode to its end; gives its mails, the recovery's last.
fn episode(stage: &Stage, kinds: &[AlarmKind]) -> Vec<Mail> {
    let before = stage.world.mails().unwrap().len();
    stage.fire(kinds);
    stage.wait_for_silence();
    stage.recover(kinds);
    stage.mails_after(before)
}

#[test]
fn dry_run_says_what_it_would_do_off_does_nothing_and_a_filter_keeps_mail_back_but_not_acts() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[]);
    let mails = episode(&stage, &[Throttles]);
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert!(
        says(
            &mails[0],
            "DRY RUN, nothing was sent. With case automation on, llmwatch would have requested 690,000 tokens per minute instead of 500,000"
        ),
        "{}",
        mails[0].body
    );
    assert!(says(&mails[0], "--name /llmwatch/settings/case-automation --value on"));
    let mails = episode(&stage, &[ServerErrors]);
    assert!(says(&mails[0], "Investigation case: DRY RUN"), "{}", mails[0].body);

    stage.world.set_parameter("settings/case-automation", "off").unwrap();
    let mails = episode(&stage, &[Throttles]);
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert!(says(&mails[0], "not requested, because case automation is off"), "{}", mails[0].body);
    assert!(!says(&mails[0], "would have"), "{}", mails[0].body);
    assert_eq!(stage.writes(0), Vec::<String>::new());

    stage.world.set_parameter("settings/case-automation", "on").unwrap();
    stage.world.set_parameter("settings/notify-from", "critical").unwrap();
    assert_eq!(episode(&stage, &[HighTPMQuotaUsage]), [], "a warning and its recovery");
    assert_eq!(stage.writes(0), ["RequestServiceQuotaIncrease", "AddCommunicationToCase"]);
    assert_eq!(stage.quota_requests().len(), 1);
}

#[test]
fn a_muted_child_causes_nothing() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    let at = stage.stamp();
    let mut muted = stage.child_event(Throttles, "ALARM", &at);
    muted["detail"]["muteDetail"] = json!({
        "mutedByArn": format!("arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:night"),
        "muteWindowStart": at,
        "muteWindowEnd": at,
    });
    stage.world.put_alarm_event(&muted).unwrap();
    stage.wait_for_silence();

    let names = json!({ "AlarmNames": [stage.alarm(Throttles)] });
    stage.cloudwatch("DisableAlarmActions", &names);
    stage.fire(&[Throttles]);
    assert_eq!(stage.mails_after(0), [], "both routes, the composite's too");
    assert_eq!(stage.writes(0), Vec::<String>::new());

    // A child that is heard makes an episode, in which the muted one is not counted.
    stage.fire(&[ServerErrors]);
    let mails = stage.mails_after(0);
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(!says(&mails[0], "Throttles ("), "{}", mails[0].body);
    assert_eq!(stage.writes(0), ["CreateCase"]);
    stage.recover(&[ServerErrors]);
    assert_eq!(stage.mails_after(1).len(), 1, "the muted one holds nothing up");
}
