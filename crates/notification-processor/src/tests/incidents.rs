//! From alarms to one decision, one request or case, and one mail.

use aws_sdk_servicequotas::types::RequestStatus;
use jiff::SignedDuration;
use llmwatch_core::alarm::AlarmKind::{
    HighInvocationRate, HighLatency, HighTPMQuotaUsage, ServerErrors, Throttles,
};
use llmwatch_core::episode::AlarmState;

use super::world::{TPM, World};

#[tokio::test]
async fn alarms_of_one_minute_make_one_request_and_one_mail() {
    let world = World::busy();
    world.fire(Throttles);
    world.fire(HighTPMQuotaUsage);
    world.fire(ServerErrors);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    let [request] = &world.requests()[..] else { panic!("one request") };
    assert_eq!(request.code, TPM);
    assert!(world.dead_letters() == 0 && world.is_quiet());
    assert_eq!(world.episode().reported, [ServerErrors, Throttles, HighTPMQuotaUsage]);
}

#[tokio::test]
async fn errors_make_one_case_and_one_mail() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    let [case] = &world.cases()[..] else { panic!("one case") };
    assert!(case.messages[0].1.contains("llmwatch:"), "{}", case.messages[0].1);
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn a_case_is_as_severe_as_its_alarm() {
    for (alarm, severity) in [(ServerErrors, "high"), (HighLatency, "normal")] {
        let world = World::calm();
        world.fire(alarm);
        world.run_for(30).await;
        let [case] = &world.cases()[..] else { panic!("one case") };
        assert_eq!(case.severity, severity, "{alarm}");
    }
}

#[tokio::test]
async fn d5_events_and_messages_that_come_again_change_nothing() {
    let world = World::busy();
    let at = world.state().now;
    world.fire(Throttles);
    world.run_for(2).await;
    world.deliver_again(Throttles, AlarmState::Alarm, at);
    let episode = world.episode().id;
    let pool = super::world::pool();
    let settle = format!("{{\"settle\":{{\"pool\":\"{pool}\",\"episode\":\"{episode}\"}}}}");
    world.state().enqueue(&settle, 0);
    world.state().enqueue(&settle, 0);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_alarm_that_fires_while_the_mail_goes_out_gets_an_update() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.deliver_during("publish", |world| world.fire(HighLatency));
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 2, "{:?}", world.subjects());
    assert!(world.mails()[1].1.contains("HighLatency"), "{}", world.mails()[1].1);
    let [case] = &world.cases()[..] else { panic!("one case") };
    assert_eq!(case.messages.len(), 2, "the open case is told of the new alarm");
    assert_eq!(world.episode().unreported(), []);
}

#[tokio::test]
async fn an_alarm_that_counts_on_a_message_with_nothing_to_tell_gets_one_of_its_own() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.run_for(5).await;
    // A muted alarm has an update enqueued, which finds nothing; meanwhile one joins that is heard.
    world.fire_unheard(HighLatency);
    world.run_for(0).await;
    world.deliver_during("describe_alarms", |world| world.fire(Throttles));
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 2, "{:?}", world.subjects());
    assert!(world.mails()[1].1.contains("Throttles"), "{}", world.mails()[1].1);
}

#[tokio::test]
async fn alarms_whose_actions_are_disabled_are_not_told() {
    let world = World::calm();
    world.fire_unheard(ServerErrors);
    world.run_for(30).await;
    assert!(world.mails().is_empty() && world.cases().is_empty());
    assert!(!world.episode().is_open());
}

#[tokio::test]
async fn a_step_that_fails_for_a_time_is_told_and_then_done_once() {
    let world = World::busy();
    world.state().refuse("request_service_quota_increase", "AccessDeniedException", 2);
    world.fire(Throttles);
    world.run_for(60).await;
    let [failed, submitted] = &world.mails()[..] else { panic!("{:?}", world.subjects()) };
    assert!(failed.1.contains("AccessDeniedException"), "{}", failed.1);
    assert!(submitted.1.contains("request-1"), "{}", submitted.1);
    assert_eq!(world.requests().len(), 1);
    assert!(world.dead_letters() == 0);
}

#[tokio::test]
async fn a_step_that_keeps_failing_is_told_once_and_ends_with_the_pool_awake() {
    let world = World::calm();
    world.state().refuse("create_case", "InternalServerError", 100);
    world.fire(ServerErrors);
    world.run_for(60).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    assert_eq!(world.dead_letters(), 1);
    world.recover(ServerErrors);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 2, "{:?}", world.subjects());
    assert!(!world.episode().is_open());
}

#[tokio::test]
async fn a_case_whose_answer_was_lost_is_found_in_the_same_try() {
    let world = World::calm();
    world.state().lose_answer("create_case");
    world.fire(ServerErrors);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.cases().len()), (1, 1), "{:?}", world.subjects());
    assert!(world.mails()[0].1.contains("Investigation case: OPENED"), "{}", world.mails()[0].1);
}

#[tokio::test]
async fn a_case_that_may_be_open_is_told_as_that_and_found_by_the_next_try() {
    let world = World::calm();
    world.state().lose_answer("create_case");
    // The list that the decision looks at, and then the look for what became of the case.
    world.state().refuse_after(1, "describe_cases", "InternalServerError");
    world.fire(ServerErrors);
    world.run_for(60).await;
    let [lost, opened] = &world.mails()[..] else { panic!("{:?}", world.subjects()) };
    let words = |mail: &(String, String)| mail.1.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(lost).contains("NOT KNOWN whether it was opened"), "{}", lost.1);
    assert!(words(lost).contains("Look for a case that is open already"), "{}", lost.1);
    assert!(words(opened).contains("Investigation case: OPENED"), "{}", opened.1);
    assert_eq!((world.cases().len(), world.count("create_case")), (1, 1));
}

#[tokio::test]
async fn a_case_that_is_not_listed_yet_is_not_opened_again() {
    let world = World::calm();
    world.state().lose_answer("create_case");
    let soon = world.state().now + SignedDuration::from_mins(2);
    world.state().unlisted_until = Some(soon);
    world.fire(ServerErrors);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.count("create_case")), (2, 1));
    assert_eq!(world.cases().len(), 1);
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_found_in_the_same_try() {
    let world = World::busy();
    world.state().lose_answer("request_service_quota_increase");
    world.fire(Throttles);
    world.run_for(1).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
    assert!(world.mails()[0].1.contains("request-1"), "{}", world.mails()[0].1);
}

#[tokio::test]
async fn a_message_to_a_case_whose_answer_was_lost_is_found_in_the_same_try() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.run_for(15).await;
    world.recover(ServerErrors);
    world.run_for(15).await;
    world.state().lose_answer("add_communication_to_case");
    world.fire(ServerErrors);
    world.run_for(60).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 3, "{:?}", world.subjects());
    assert!(mails[2].1.contains("has been told of the new"), "{}", mails[2].1);
    assert_eq!(world.count("add_communication_to_case"), 1);
}

#[tokio::test]
async fn a_refused_step_is_told_and_not_tried_again() {
    let world = World::calm();
    world.state().refuse("create_case", "CaseCreationLimitExceeded", 100);
    world.fire(ServerErrors);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.count("create_case")), (1, 1));
    assert!(world.dead_letters() == 0);
}

#[tokio::test]
async fn a4_each_quota_is_requested_whatever_becomes_of_the_other() {
    let world = World::busy();
    world.state().usage.insert("Invocations", 900.0);
    world.state().refuse("request_service_quota_increase", "QuotaExceededException", 1);
    world.fire(Throttles);
    world.run_for(10).await;
    assert_eq!(world.count("request_service_quota_increase"), 2);
    let [request] = &world.requests()[..] else { panic!("one of two") };
    assert_eq!(request.code, TPM);
    let mail = &world.mails()[0].1;
    assert!(mail.contains("QuotaExceededException") && mail.contains("request-1"), "{mail}");
}

#[tokio::test]
async fn an_update_tells_the_case_of_the_open_request() {
    let world = World::busy();
    world.fire(Throttles);
    world.run_for(20).await;
    assert_eq!(world.cases()[0].messages.len(), 3, "ours, Support's, the figures");
    world.fire(HighTPMQuotaUsage);
    world.run_for(20).await;
    assert_eq!((world.mails().len(), world.requests().len()), (2, 1));
    let messages = &world.cases()[0].messages;
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert!(messages[3].1.contains("HighTPMQuotaUsage"), "{}", messages[3].1);
}

#[tokio::test]
async fn an_update_after_a_closed_request_makes_a_new_one() {
    let world = World::busy();
    world.fire(Throttles);
    world.run_for(20).await;
    world.state().decide_requests(&RequestStatus::CaseClosed);
    world.fire(HighTPMQuotaUsage);
    world.run_for(20).await;
    assert_eq!(world.requests().len(), 2);
}

#[tokio::test]
async fn an_update_after_a_resolved_case_opens_a_new_one() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.run_for(20).await;
    world.state().resolve_cases();
    world.fire(HighLatency);
    world.run_for(20).await;
    assert_eq!(world.cases().len(), 2);
}

#[tokio::test]
async fn an_open_request_of_somebody_else_gets_no_second_one() {
    let world = World::busy();
    world.state().request(TPM, 600_000.0);
    world.run_for(5).await;
    world.fire(Throttles);
    world.run_for(30).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
    let told = &world.cases()[0].messages;
    assert!(told.last().unwrap().1.contains("Throttles"), "{told:?}");
}

#[tokio::test]
async fn a_request_that_service_quotas_knows_of_before_its_history_says_so_is_ours_to_follow() {
    let world = World::busy();
    world.state().refuse("list_requested_service_quota_change_history", "", 0);
    world.fire(Throttles);
    // Between the history and the request, somebody else files one.
    world.deliver_during("request_service_quota_increase", |world| {
        world.state().request(TPM, 600_000.0);
    });
    world.run_for(30).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
    let told = &world.cases()[0].messages;
    assert!(told.last().unwrap().1.contains("Throttles"), "{told:?}");
}

#[tokio::test]
async fn a_lost_settle_message_is_made_up_for_by_the_next_alarm() {
    let world = World::calm();
    world.state().refuse("send_message", "ServiceUnavailable", 100);
    world.fire(ServerErrors);
    world.run_for(70).await;
    assert_eq!(world.dead_letters(), 1, "the composite found the episode open");
    assert!(world.mails().is_empty());
    world.state().faults.clear();
    world.fire(HighInvocationRate);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    let mail = &world.mails()[0].1;
    assert!(mail.contains("ServerErrors") && mail.contains("HighInvocationRate"), "{mail}");
}

#[tokio::test]
async fn a_message_that_sqs_refused_is_sent_by_the_next_try_of_the_event() {
    let world = World::calm();
    world.state().refuse("send_message", "ServiceUnavailable", 1);
    world.fire(ServerErrors);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
}

#[tokio::test]
async fn dry_run_writes_nothing_and_a_filtered_mail_is_not_sent() {
    let world = World::busy();
    world.state().set("case-automation", "dry-run");
    world.fire(Throttles);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1);
    assert!(world.requests().is_empty());

    let world = World::busy();
    world.state().set("notify-from", "critical");
    world.fire(HighTPMQuotaUsage);
    world.run_for(30).await;
    assert_eq!(world.requests().len(), 1);
    world.recover(HighTPMQuotaUsage);
    world.run_for(30).await;
    assert!(world.mails().is_empty());
    assert!(!world.episode().is_open());
}
