//! The figures reach the case of a request, once.

use aws_sdk_servicequotas::types::RequestStatus;
use llmwatch_core::alarm::AlarmKind::Throttles;

use super::world::{TPM, World};

const A_DAY: i64 = 24 * 60;

/// A pool for which a TPM increase has been requested just now.
async fn requested(prepare: impl FnOnce(&World)) -> World {
    let world = World::busy();
    prepare(&world);
    world.fire(Throttles);
    world.run_for(1).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
    world
}

#[tokio::test]
async fn d10_the_figures_follow_once_the_case_has_its_reply() {
    let world = requested(|_| ()).await;
    world.run_for(A_DAY + 60).await;
    let [case] = &world.cases()[..] else { panic!("one case") };
    let [_, reply, figures] = &case.messages[..] else { panic!("{:?}", case.messages) };
    assert_eq!(reply.0, "Amazon Web Services");
    assert!(figures.1.contains("Please increase tokens per minute"), "{}", figures.1);
    assert_eq!((world.mails().len(), world.is_quiet()), (1, true));
}

#[tokio::test]
async fn the_figures_wait_for_a_reply_that_comes_minutes_after_the_case() {
    let world = requested(|world| world.state().support_replies = false).await;
    // The case is there after 90 s; looks at 1, 3 and 8 minutes find it without a reply.
    world.run_for(10).await;
    assert_eq!(world.cases()[0].messages.len(), 1);
    world.state().confirm_cases();
    world.run_for(30).await;
    let [_, reply, figures] = &world.cases()[0].messages[..] else { panic!("{:?}", world.cases()) };
    assert_eq!(reply.0, "Amazon Web Services");
    assert!(figures.1.contains("Please increase tokens per minute"), "{}", figures.1);
    assert_eq!((world.mails().len(), world.is_quiet()), (1, true));
}

#[tokio::test]
async fn a_message_delivered_twice_makes_no_second_chain() {
    let world = requested(|world| world.state().gives_cases = false).await;
    world.duplicate_messages();
    world.run_for(60).await;
    // 1 + 2 + 5 minutes, then every 15: each look once, and the first one twice.
    assert_eq!(world.count("get_requested_service_quota_change"), 7);
    world.state().gives_cases = true;
    world.run_for(60).await;
    assert_eq!(world.cases()[0].messages.len(), 3);
    assert!(world.is_quiet());
}

#[tokio::test]
async fn a_case_without_a_reply_gets_the_figures_after_a_day() {
    let world = requested(|world| world.state().support_replies = false).await;
    world.run_for(A_DAY - 60).await;
    assert_eq!(world.cases()[0].messages.len(), 1);
    world.run_for(120).await;
    assert_eq!(world.cases()[0].messages.len(), 2);
    assert_eq!((world.mails().len(), world.is_quiet()), (1, true));
}

#[tokio::test]
async fn each_request_without_a_case_is_told_of_after_a_day() {
    let world = World::busy();
    world.state().usage.insert("Invocations", 900.0);
    world.state().gives_cases = false;
    world.fire(Throttles);
    world.run_for(A_DAY + 60).await;
    assert_eq!(world.requests().len(), 2);
    assert_eq!(world.mails().len(), 3, "{:?}", world.subjects());
    assert!(world.is_quiet());
}

#[tokio::test]
async fn a_request_that_closes_without_a_case_ends_the_wait() {
    let world = requested(|world| world.state().gives_cases = false).await;
    world.run_for(10).await;
    world.state().decide_requests(&RequestStatus::CaseClosed);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.is_quiet()), (1, true));
    assert_eq!(world.watched(), 1, "whether the quota changes is still to be seen");
}

#[tokio::test]
async fn a_request_approved_before_it_has_a_case_is_told_of_at_the_next_look() {
    let world = requested(|world| world.state().gives_cases = false).await;
    world.state().decide_requests(&RequestStatus::Approved);
    world.state().quotas.insert(TPM.to_owned(), 690_000.0);
    world.run_for(5).await;
    let [_, granted] = &world.subjects()[..] else { panic!("{:?}", world.subjects()) };
    assert!(granted.starts_with("[Quota raised] TPM is 690,000 now"), "{granted}");
    world.look_at_requests();
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.watched(), world.is_quiet()), (2, 0, true));
    assert!(world.cases().is_empty());
}

#[tokio::test]
async fn a_request_denied_while_its_case_is_awaited_is_told_of() {
    let world = requested(|world| world.state().gives_cases = false).await;
    world.run_for(10).await;
    world.state().decide_requests(&RequestStatus::Denied);
    world.run_for(60).await;
    let [_, refused] = &world.subjects()[..] else { panic!("{:?}", world.subjects()) };
    assert!(refused.starts_with("[Quota not raised] TPM increase was refused"), "{refused}");
    assert_eq!((world.watched(), world.is_quiet()), (0, true));
}

#[tokio::test]
async fn the_case_of_a_decided_request_is_left_alone() {
    let world = requested(|_| ()).await;
    world.state().now += jiff::SignedDuration::from_secs(90);
    world.cases();
    world.state().decide_requests(&RequestStatus::CaseClosed);
    world.run_for(60).await;
    assert_eq!(world.cases()[0].messages.len(), 2, "a message would open it again");
    assert!(world.is_quiet());
}

#[tokio::test]
async fn a_request_that_is_not_listed_yet_is_waited_for() {
    let world = requested(|_| ()).await;
    world.state().refuse("get_requested_service_quota_change", "NoSuchResourceException", 2);
    world.run_for(60).await;
    assert_eq!((world.cases()[0].messages.len(), world.dead_letters()), (3, 0));
    assert!(world.is_quiet());
}

#[tokio::test]
async fn a_status_nobody_has_heard_of_ends_no_wait() {
    let world = requested(|world| world.state().gives_cases = false).await;
    world.state().decide_requests(&RequestStatus::from("ESCALATED"));
    world.run_for(60).await;
    assert!(!world.is_quiet());
    world.run_for(A_DAY).await;
    let [_, pending] = &world.subjects()[..] else { panic!("{:?}", world.subjects()) };
    assert!(pending.contains("has no case yet"), "{pending}");
}

#[tokio::test]
async fn a_reply_by_another_name_is_taken_for_none() {
    let world = requested(|world| world.state().support_calls_itself = "AWS").await;
    world.run_for(A_DAY - 60).await;
    assert_eq!(world.cases()[0].messages.len(), 2);
    world.run_for(120).await;
    assert_eq!(world.cases()[0].messages.len(), 3, "after a day the figures come all the same");
    assert!(world.is_quiet());
}

#[tokio::test]
async fn an_account_that_lost_its_support_plan_ends_the_wait() {
    let world = requested(|_| ()).await;
    world.state().refuse("describe_cases", "SubscriptionRequiredException", 1000);
    world.run_for(60).await;
    assert!(world.is_quiet() && world.dead_letters() == 0);
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_found_and_not_repeated() {
    let world = requested(|world| world.state().lose_answer("add_communication_to_case")).await;
    world.run_for(60).await;
    assert_eq!(world.cases()[0].messages.len(), 3);
    assert!(world.is_quiet() && world.dead_letters() == 0);
}

#[tokio::test]
async fn a_service_that_stays_away_ends_in_the_watched_queue() {
    let world = requested(|_| ()).await;
    world.state().refuse("get_requested_service_quota_change", "InternalFailure", 1000);
    world.run_for(60).await;
    assert_eq!((world.dead_letters(), world.is_quiet()), (1, true));
}
