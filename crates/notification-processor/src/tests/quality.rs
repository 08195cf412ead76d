//! What people are told of a quality alarm: each change once, and what is known of it.

use llmwatch_core::alarm::Severity;
use llmwatch_core::episode::AlarmState::{self, Alarm, Ok};
use llmwatch_core::quality::alarm::QualityKind;

use super::world::{Kill, World};

const REFUSALS: (QualityKind, Severity) = (QualityKind::HighRefusal, Severity::Critical);

/// A model that refuses 60 % of its calls, in the hours that end with now.
fn refusing() -> World {
    let world = World::calm();
    world.state().quality_data =
        [200, 140, 80, 20].map(|minutes_ago| (minutes_ago, 0.6, 40.0)).to_vec();
    world
}

fn set(world: &World, to: AlarmState) {
    world.set_quality(REFUSALS, to, true);
}

#[tokio::test]
async fn a_change_is_told_once_and_its_recovery_once() {
    let world = refusing();
    set(&world, Alarm);
    world.deliver_quality_again(REFUSALS, Alarm);
    world.run_for(60).await;
    let subject = "[Critical] Many refusals 60 % (line 50 %): claude-haiku-4-5 us-east-1";
    assert_eq!(world.subjects(), [subject]);
    let (_, body) = world.mails().remove(0);
    assert!(body.contains("sustained: 4 of the last 4 hours"), "{body}");
    set(&world, Ok);
    world.deliver_quality_again(REFUSALS, Ok);
    world.run_for(60).await;
    let recovered = "[Recovered critical] Many refusals for 1 h 00 min: claude-haiku-4-5 us-east-1";
    assert_eq!(world.subjects(), [subject, recovered]);
    assert_eq!(world.dead_letters(), 0);
}

#[tokio::test]
async fn nothing_is_asked_of_aws() {
    let world = refusing();
    set(&world, Alarm);
    world.run_for(24 * 60).await;
    assert_eq!(world.mails().len(), 1);
    assert_eq!((world.requests().len(), world.cases().len()), (0, 0));
    for operation in ["describe_cases", "request_service_quota_increase", "send_message"] {
        assert_eq!(world.count(operation), 0, "{operation}");
    }
}

#[tokio::test]
async fn the_mail_names_what_else_fires() {
    let world = refusing();
    world.set_quality((QualityKind::LowRelevance, Severity::Warning), Alarm, false);
    set(&world, Alarm);
    world.run_for(5).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].1.contains("LowRelevance (warning)"), "{}", mails[0].1);
}

#[tokio::test]
async fn a_muted_alarm_and_a_filtered_severity_tell_nothing() {
    let world = refusing();
    world.set_quality(REFUSALS, Alarm, false);
    world.run_for(5).await;
    world.set_quality(REFUSALS, Ok, true);
    world.run_for(5).await;
    assert_eq!(world.mails().len(), 0);

    let world = refusing();
    world.state().set("notify-from", "critical");
    world.set_quality((QualityKind::HighRefusal, Severity::Warning), Alarm, true);
    world.run_for(5).await;
    world.set_quality((QualityKind::HighRefusal, Severity::Warning), Ok, true);
    world.run_for(5).await;
    assert_eq!(world.mails().len(), 0);
    set(&world, Alarm);
    world.run_for(5).await;
    assert_eq!(world.mails().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_told_all_the_same() {
    for (operation, says) in [
        ("get_metric_data", "since the metric could not be read"),
        ("describe_alarms", "since the alarm could not be read"),
        ("get_parameters", "sustained: 4 of the last 4 hours"),
    ] {
        let world = refusing();
        world.state().refuse(operation, "AccessDenied", 99);
        set(&world, Alarm);
        world.run_for(5).await;
        let mails = world.mails();
        assert_eq!(mails.len(), 1, "{operation}");
        let text = mails[0].1.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(says), "{operation}: {text}");
    }
}

#[tokio::test]
async fn a_recovery_that_overtakes_its_alarm_is_told_with_it() {
    let world = refusing();
    set(&world, Alarm);
    let events = world.hold_deliveries();
    world.state().now += jiff::SignedDuration::from_mins(20);
    set(&world, Ok);
    world.run_for(1).await;
    assert_eq!(world.mails().len(), 0);
    world.release_deliveries(events);
    world.run_for(1).await;
    let subjects = world.subjects();
    assert_eq!(subjects.len(), 1);
    assert!(subjects[0].starts_with("[Critical] Over: Many refusals"), "{subjects:?}");
    world.deliver_quality_again(REFUSALS, Ok);
    world.run_for(1).await;
    assert_eq!(world.mails().len(), 1);
}

#[tokio::test]
async fn the_operators_language_is_the_mails() {
    let world = refusing();
    world.state().set("language", "ja");
    set(&world, Alarm);
    world.run_for(5).await;
    assert!(world.mails()[0].1.contains("【アラームの内容】"));
}

/// Wherever the function is killed, the change is told, and told twice at most: a mail leaves no
/// trace that a second try could find.
#[tokio::test]
async fn a_kill_at_any_call_loses_no_mail() {
    let whole = refusing();
    set(&whole, Alarm);
    whole.run_for(60).await;
    let calls = whole.state().calls.len();
    let published = whole.state().calls.iter().position(|call| *call == "publish").unwrap();
    for call in 0..calls {
        for kill in [Kill::Before(call), Kill::After(call)] {
            let world = refusing();
            world.state().kill = Some(kill);
            set(&world, Alarm);
            world.run_for(60).await;
            let may_repeat = matches!(kill, Kill::After(at) | Kill::Before(at) if at >= published);
            let most = if may_repeat { 2 } else { 1 };
            let mails = world.mails().len();
            assert!((1..=most).contains(&mails), "{kill:?}: {mails}");
            assert_eq!(world.dead_letters(), 0, "{kill:?}");
        }
    }
}
