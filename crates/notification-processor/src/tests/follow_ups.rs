//! The figures reach the case of a request, once.

use llmwatch_core::alarm::AlarmKind::Throttles;

use super::world::World;

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
    world.state().close_requests();
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.is_quiet()), (1, true));
}

#[tokio::test]
async fn a_request_that_closes_gets_its_figures_if_support_has_answered() {
    let world = requested(|_| ()).await;
    world.state().now += jiff::SignedDuration::from_secs(90);
    world.cases();
    world.state().close_requests();
    world.run_for(60).await;
    assert_eq!(world.cases()[0].messages.len(), 3);
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
