//! What people are told of a quota request after it was made, and that it is told once.

use aws_sdk_servicequotas::types::RequestStatus;
use llmwatch_core::alarm::AlarmKind::{HighTPMQuotaUsage, Throttles};

use super::world::{Kill, RPM, TPM, World};

/// The value that TPM is raised to from 500,000.
const ASKED_FOR: f64 = 690_000.0;

/// Requests a TPM increase, and has its case told the figures.
async fn requested(world: World) -> World {
    world.fire(Throttles);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.requests().len(), world.watched()), (1, 1, 1));
    world
}

fn decide(world: &World, status: &RequestStatus, applied: f64) {
    world.state().decide_requests(status);
    world.state().quotas.insert(TPM.to_owned(), applied);
}

/// Lets hours pass, with a look at requests in each.
async fn run_hours(world: &World, hours: u32) {
    for _ in 0..hours {
        world.look_at_requests();
        world.run_for(60).await;
    }
}

/// The subjects after the first mail, each up to its colon.
fn news(world: &World) -> Vec<String> {
    let subjects = world.subjects().into_iter().skip(1);
    subjects.map(|subject| subject.split(": ").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_a_request_came_to_is_told_once() {
    use RequestStatus::{Approved, CaseClosed, Denied, InvalidRequest, NotApproved};

    let raised = ["[Quota raised] TPM is 690,000 now"];
    let in_part = ["[Quota raised in part] TPM is 600,000 now"];
    let refused = ["[Quota not raised] TPM increase was refused"];
    let closed = ["[Quota not raised] TPM increase was closed"];
    for (status, applied, hours, expected) in [
        (Approved, ASKED_FOR, 1, raised),
        (CaseClosed, ASKED_FOR, 1, raised),
        (Denied, ASKED_FOR, 1, raised),
        (Approved, 600_000.0, 1, in_part),
        (Denied, 500_000.0, 1, refused),
        (NotApproved, 500_000.0, 1, refused),
        (InvalidRequest, 500_000.0, 1, refused),
        (CaseClosed, 500_000.0, 7, closed),
    ] {
        let world = requested(World::busy()).await;
        decide(&world, &status, applied);
        run_hours(&world, hours).await;
        assert_eq!(news(&world), expected, "{status}");
        run_hours(&world, 3).await;
        assert_eq!(news(&world), expected, "{status}, once");
        assert_eq!((world.watched(), world.dead_letters()), (0, 0));
    }
}

#[tokio::test]
async fn an_open_request_makes_no_mail_until_it_is_given_up() {
    let world = requested(World::busy()).await;
    run_hours(&world, 24).await;
    assert!(news(&world).is_empty());
    world.run_for(60 * 24 * 58).await;
    run_hours(&world, 25).await;
    assert_eq!(news(&world), ["[Quota not raised] TPM increase is not decided"]);
    assert_eq!(world.watched(), 0);
}

#[tokio::test]
async fn a_request_that_service_quotas_forgot_is_given_up() {
    let world = requested(World::busy()).await;
    world.state().forget_requests();
    run_hours(&world, 2).await;
    assert_eq!(news(&world), ["[Quota not raised] TPM increase is not known any more"]);
    assert_eq!((world.watched(), world.dead_letters()), (0, 0));
}

#[tokio::test]
async fn an_approved_value_that_is_not_applied_is_told_of_once_and_then_its_arrival() {
    let world = requested(World::busy()).await;
    decide(&world, &RequestStatus::Approved, 500_000.0);
    run_hours(&world, 6).await;
    assert!(news(&world).is_empty());
    run_hours(&world, 24).await;
    let late = "[Quota not raised yet] TPM increase is approved";
    assert_eq!(news(&world), [late]);
    decide(&world, &RequestStatus::Approved, ASKED_FOR);
    run_hours(&world, 2).await;
    assert_eq!(news(&world), [late, "[Quota raised] TPM is 690,000 now"]);
    assert_eq!(world.watched(), 0);
}

#[tokio::test]
async fn a_request_found_open_is_watched_and_the_first_to_watch_it_is_kept() {
    let world = World::busy();
    world.state().request(TPM, 650_000.0);
    world.fire(Throttles);
    world.run_for(60).await;
    assert_eq!((world.requests().len(), world.watched()), (1, 1));
    world.recover(Throttles);
    world.run_for(60).await;
    world.fire(HighTPMQuotaUsage);
    world.run_for(60).await;
    let before = world.mails().len();
    decide(&world, &RequestStatus::CaseClosed, 650_000.0);
    run_hours(&world, 2).await;
    let subjects = world.subjects().split_off(before);
    let [granted] = &subjects[..] else { panic!("{subjects:?}") };
    assert!(granted.starts_with("[Quota raised] TPM is 650,000 now"), "{granted}");
}

#[tokio::test]
async fn nothing_is_watched_in_a_dry_run() {
    let world = World::busy();
    world.state().set("case-automation", "dry-run");
    world.state().request(TPM, 650_000.0);
    world.fire(Throttles);
    world.run_for(60).await;
    run_hours(&world, 1).await;
    assert_eq!((world.mails().len(), world.watched()), (1, 0));
}

#[tokio::test]
async fn whoever_was_told_of_a_request_is_told_of_its_end() {
    for (kind, told) in [(Throttles, 2), (HighTPMQuotaUsage, 0)] {
        let world = World::busy();
        world.state().set("notify-from", "critical");
        world.fire(kind);
        world.run_for(60).await;
        decide(&world, &RequestStatus::Approved, ASKED_FOR);
        run_hours(&world, 2).await;
        assert_eq!(world.mails().len(), told, "{kind}: {:?}", world.subjects());
        assert_eq!((world.requests().len(), world.watched()), (1, 0), "{kind}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_read_hides_no_other_and_is_read_again() {
    let world = World::busy();
    world.state().usage.insert("Invocations", 900.0);
    world.fire(Throttles);
    world.run_for(60).await;
    assert_eq!(world.watched(), 2);
    world.state().decide_requests(&RequestStatus::Approved);
    world.state().quotas.extend([(TPM.to_owned(), 1e9), (RPM.to_owned(), 1e6)]);
    // One of the two, in the first try and in Lambda's two further ones.
    world.state().refuse("get_requested_service_quota_change", "InternalFailure", 1);
    world.look_at_requests();
    world.run_for(0).await;
    assert_eq!((news(&world).len(), world.watched()), (1, 1));
    world.run_for(60).await;
    assert_eq!((news(&world).len(), world.watched(), world.dead_letters()), (2, 0, 0));

    let row = ("watched-requests".to_owned(), "broken".to_owned());
    world.state().rows.insert(row, std::collections::HashMap::new());
    world.look_at_requests();
    world.run_for(60).await;
    assert_eq!(world.dead_letters(), 1, "a row that cannot be read is not passed over in silence");
}

#[tokio::test]
async fn the_hourly_look_and_the_queues_at_once_make_one_mail() {
    let world = World::busy();
    world.fire(Throttles);
    world.run_for(1).await;
    decide(&world, &RequestStatus::Approved, ASKED_FOR);
    // The queue's message is at the mail when the schedule comes.
    world.deliver_during("publish", World::look_at_requests);
    world.run_for(60).await;
    assert_eq!(news(&world), ["[Quota raised] TPM is 690,000 now"]);
    run_hours(&world, 1).await;
    assert_eq!((news(&world).len(), world.watched(), world.dead_letters()), (1, 0, 0));
}

/// A request that is approved, found not to be applied, and applied in the end.
async fn play(world: &World) {
    world.fire(Throttles);
    world.run_for(60).await;
    decide(world, &RequestStatus::Approved, 500_000.0);
    world.run_for(60 * 7).await;
    run_hours(world, 2).await;
    decide(world, &RequestStatus::Approved, ASKED_FOR);
    run_hours(world, 2).await;
}

#[tokio::test]
async fn the_watch_survives_a_crash_at_any_call() {
    let undisturbed = World::busy();
    play(&undisturbed).await;
    let expected = news(&undisturbed);
    assert_eq!(expected.len(), 2);
    let calls = undisturbed.state().calls.clone();
    for (number, operation) in calls.iter().enumerate() {
        for kill in [Kill::Before(number), Kill::After(number)] {
            let world = World::busy();
            world.state().kill = Some(kill);
            play(&world).await;
            // A mail that nobody noted may come twice: that is the price of never losing one.
            let mut found: Vec<String> =
                world.subjects().iter().map(|s| s.split(": ").next().unwrap().to_owned()).collect();
            found.dedup();
            assert_eq!(found[1..], expected, "{kill:?} {operation}");
            assert!(world.mails().len() <= 4, "{kill:?} {operation}: {:?}", world.subjects());
            assert_eq!((world.requests().len(), world.watched()), (1, 0), "{kill:?} {operation}");
            assert_eq!(world.dead_letters(), 0, "{kill:?} {operation}");
        }
    }
}
