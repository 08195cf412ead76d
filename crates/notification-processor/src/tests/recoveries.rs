//! The end of an episode, told once.

use llmwatch_core::alarm::AlarmKind::{HighLatency, ServerErrors, Throttles};
use llmwatch_core::episode::AlarmState;

use super::world::World;

/// A pool that people were told of, half an hour ago.
async fn told() -> World {
    let world = World::calm();
    world.fire(ServerErrors);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1);
    world
}

#[track_caller]
fn check_over(world: &World, mails: usize) {
    assert_eq!(world.mails().len(), mails, "{:?}", world.subjects());
    assert!(world.mails()[mails - 1].0.starts_with("[Recovered"), "{:?}", world.subjects());
    assert!(!world.episode().is_open());
    assert!(world.is_quiet() && world.dead_letters() == 0);
}

#[tokio::test]
async fn b2_a_recovery_that_both_routes_tell_of_makes_one_mail() {
    let world = told().await;
    world.recover(ServerErrors);
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn both_routes_at_once_make_one_mail_and_no_failed_event() {
    let world = told().await;
    world.recover(ServerErrors);
    world.deliver_during("publish", |_| ());
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn a_recovery_during_the_decision_is_told_after_it() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.deliver_during("publish", |world| world.recover(ServerErrors));
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn a_recovery_before_the_decision_is_told_after_it() {
    let world = World::calm();
    world.fire(ServerErrors);
    world.run_for(0).await;
    world.recover(ServerErrors);
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn a_recovery_that_cannot_be_looked_at_is_told_later() {
    let world = told().await;
    world.state().refuse("describe_alarms", "ThrottlingException", 5);
    world.recover(ServerErrors);
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn a_recovery_mail_that_sns_refused_is_sent_later() {
    let world = told().await;
    world.state().refuse("publish", "ThrottledException", 2);
    world.recover(ServerErrors);
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn the_composite_ends_an_episode_whose_child_event_was_lost() {
    let world = told().await;
    world.recover(ServerErrors);
    world.state().lose_deliveries_of("ServerErrors");
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn an_alarm_between_the_recovery_mail_and_the_end_gets_an_update_and_its_own_recovery() {
    let world = told().await;
    world.recover(ServerErrors);
    world.deliver_during("publish", |world| world.fire(HighLatency));
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 3, "{:?}", world.subjects());
    assert!(world.episode().is_open());
    world.recover(HighLatency);
    world.run_for(30).await;
    check_over(&world, 4);
}

#[tokio::test]
async fn recovery_waits_for_an_update_within_its_cool_down() {
    let world = told().await;
    world.fire(HighLatency);
    world.run_for(2).await;
    assert_eq!(world.mails().len(), 2);
    world.fire(Throttles);
    world.run_for(1).await;
    for kind in [ServerErrors, HighLatency, Throttles] {
        world.recover(kind);
    }
    world.run_for(30).await;
    check_over(&world, 4);
    assert!(world.mails()[2].1.contains("Throttles"));
}

#[tokio::test]
async fn a_pool_whose_recovery_was_missed_for_good_is_heard_again() {
    let world = told().await;
    world.state().refuse("describe_alarms", "ThrottlingException", 1000);
    world.state().refuse("send_message", "ServiceUnavailable", 1000);
    world.recover(ServerErrors);
    world.run_for(60).await;
    assert!(world.episode().is_open());
    world.state().faults.clear();
    world.fire(ServerErrors);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 2, "{:?}", world.subjects());
    assert!(!world.mails()[1].0.starts_with("[Recovered"), "{:?}", world.subjects());
}

#[tokio::test]
async fn too_little_data_ends_nothing() {
    let world = told().await;
    world.set(ServerErrors, AlarmState::InsufficientData);
    world.run_for(30).await;
    assert!(world.episode().is_open());
    world.recover(ServerErrors);
    world.run_for(30).await;
    check_over(&world, 2);
}

#[tokio::test]
async fn what_is_open_and_cannot_be_read_is_not_called_nothing() {
    let world = told().await;
    world.state().refuse("describe_cases", "InternalServerError", 1);
    world.recover(ServerErrors);
    world.run_for(30).await;
    let mail = &world.mails()[1].1;
    assert!(mail.contains("could not be read: DescribeCases"), "{mail}");
}
