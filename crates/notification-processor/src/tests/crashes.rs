//! Killed at any call, before or after it takes effect, the function ends where it would have.

use llmwatch_core::alarm::AlarmKind::{self, ServerErrors, Throttles};

use super::world::{Kill, World};

/// An incident from its alarm to its end.
async fn play(world: &World, kind: AlarmKind) {
    world.fire(kind);
    world.run_for(90).await;
    world.recover(kind);
    world.run_for(90).await;
}

/// Everything that people and AWS see of an incident.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    requests: usize,
    cases: usize,
    /// Of every case, the first words of each message.
    told: Vec<Vec<String>>,
    incident_mails: usize,
    recovery_mails: usize,
    is_open: bool,
    is_quiet: bool,
    dead_letters: usize,
}

fn seen(world: &World) -> Seen {
    let first_words = |(_, body): &(String, String)| {
        body.split_whitespace().take(4).collect::<Vec<_>>().join(" ")
    };
    let cases = world.cases();
    let told: Vec<Vec<String>> =
        cases.iter().map(|case| case.messages.iter().map(first_words).collect()).collect();
    let is_recovery = |subject: &&String| subject.starts_with("[Recovered");
    Seen {
        requests: world.requests().len(),
        cases: told.len(),
        told,
        incident_mails: world.subjects().iter().filter(|subject| !is_recovery(subject)).count(),
        recovery_mails: world.subjects().iter().filter(|subject| is_recovery(subject)).count(),
        is_open: world.episode().is_open(),
        is_quiet: world.is_quiet(),
        dead_letters: world.dead_letters(),
    }
}

async fn check_every_kill(world: fn() -> World, kind: AlarmKind) {
    let undisturbed = world();
    play(&undisturbed, kind).await;
    let expected = seen(&undisturbed);
    assert_eq!((expected.incident_mails, expected.recovery_mails), (1, 1));
    let calls = undisturbed.state().calls.clone();
    for (number, operation) in calls.iter().enumerate() {
        // A read has no effect to be killed after.
        let is_read = ["get_", "describe_", "list_"].iter().any(|read| operation.starts_with(read));
        let after = (!is_read).then_some(Kill::After(number));
        for kill in [Kill::Before(number)].into_iter().chain(after) {
            let world = world();
            world.state().kill = Some(kill);
            play(&world, kind).await;
            let mut found = seen(&world);
            // A mail that nobody noted may come twice: that is the price of never losing one.
            let is_unnoted = match kill {
                Kill::Before(number) => number > 0 && calls[number - 1] == "publish",
                Kill::After(number) => calls[number] == "publish",
            };
            if is_unnoted {
                assert_eq!(found.incident_mails + found.recovery_mails, 3, "{kill:?} {operation}");
                found.incident_mails = 1;
                found.recovery_mails = 1;
            }
            assert_eq!(found, expected, "{kill:?} {operation}\n{:#?}", world.mails());
        }
    }
}

#[tokio::test]
async fn a_quota_incident_survives_a_crash_at_any_call() {
    check_every_kill(World::busy, Throttles).await;
}

#[tokio::test]
async fn an_investigation_survives_a_crash_at_any_call() {
    check_every_kill(World::calm, ServerErrors).await;
}
