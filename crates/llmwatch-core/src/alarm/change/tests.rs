use super::*;

const NOW: &str = "2026-11-22T12:00:00Z";

/// A time so many minutes before now.
fn ago(minutes: i64) -> Timestamp {
    NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_mins(minutes)
}

fn change(state: AlarmState, minutes_ago: i64) -> Change {
    Change { state, at: ago(minutes_ago), is_muted: false }
}

fn told(alarm: i64, recovered: Option<i64>) -> Told {
    Told { alarm_at: ago(alarm), recovered_at: recovered.map(ago) }
}

fn live(state: AlarmState, minutes_ago: i64) -> Read<Option<Live>> {
    Read::Known(Some(Live { state, since: Some(ago(minutes_ago)), actions_enabled: true }))
}

#[track_caller]
fn check(told: Option<Told>, change: Change, live: &Read<Option<Live>>, expected: Step) {
    assert_eq!(step(told.as_ref(), change, live, ago(0)), expected);
}

const FIRES: Step = Step::TellAlarm { over_since: None };

fn nothing(why: NoStep) -> Step {
    Step::Nothing(why)
}

#[test]
fn each_change_to_alarm_is_told_once() {
    let (alarm, ok) = (AlarmState::Alarm, AlarmState::Ok);
    let fires = live(alarm, 5);
    check(None, change(alarm, 5), &fires, FIRES);
    check(Some(told(5, None)), change(alarm, 5), &fires, nothing(NoStep::AlreadyTold));
    // An earlier change that comes late.
    check(Some(told(5, None)), change(alarm, 60), &fires, nothing(NoStep::AlreadyTold));
    // The recovery in between has not come yet, or never will.
    check(Some(told(60, None)), change(alarm, 5), &fires, FIRES);
    check(Some(told(60, Some(30))), change(alarm, 5), &fires, FIRES);
    check(None, change(alarm, 5), &live(ok, 2), Step::TellAlarm { over_since: Some(ago(2)) });
}

#[test]
fn a_recovery_is_told_once_and_only_of_what_was_told() {
    let ok = live(AlarmState::Ok, 5);
    let recovers = change(AlarmState::Ok, 5);
    check(None, recovers, &ok, nothing(NoStep::NothingToRecover));
    check(Some(told(90, None)), recovers, &ok, Step::TellRecovery { alarm_at: ago(90) });
    check(Some(told(90, Some(5))), recovers, &ok, nothing(NoStep::AlreadyTold));
    // It fired again after this recovery.
    let again = live(AlarmState::Alarm, 2);
    check(Some(told(2, None)), recovers, &again, nothing(NoStep::AlreadyTold));
}

#[test]
fn mutes_are_respected_either_way() {
    let muted = |state| Change { is_muted: true, ..change(state, 5) };
    let off = Read::Known(Some(Live {
        state: AlarmState::Alarm,
        since: Some(ago(5)),
        actions_enabled: false,
    }));
    for state in [AlarmState::Alarm, AlarmState::Ok] {
        let before = Some(told(90, None));
        check(before.clone(), muted(state), &live(state, 5), nothing(NoStep::Muted));
        check(before, change(state, 5), &off, nothing(NoStep::Muted));
    }
}

#[test]
fn what_cannot_be_read_is_told_rather_than_not() {
    let unread = Read::Unreadable("AccessDenied".to_owned());
    check(None, change(AlarmState::Alarm, 5), &unread, FIRES);
    let recovery = Step::TellRecovery { alarm_at: ago(90) };
    check(Some(told(90, None)), change(AlarmState::Ok, 5), &unread, recovery);
}

#[test]
fn an_old_change_counts_while_it_is_the_last() {
    let day = 24 * 60;
    let alarm = AlarmState::Alarm;
    check(
        None,
        change(alarm, day - 1),
        &live(AlarmState::Ok, 60),
        Step::TellAlarm { over_since: Some(ago(60)) },
    );
    check(None, change(alarm, day), &live(alarm, day), FIRES);
    check(None, change(alarm, day), &live(alarm, 60), nothing(NoStep::Stale));
    check(None, change(alarm, day), &live(AlarmState::Ok, 60), nothing(NoStep::Stale));
    let unread = Read::Unreadable("AccessDenied".to_owned());
    check(None, change(alarm, day), &unread, nothing(NoStep::Stale));
}

#[test]
fn a_deleted_alarm_and_missing_data_tell_nothing() {
    check(None, change(AlarmState::Alarm, 5), &Read::Known(None), nothing(NoStep::Gone));
    check(
        Some(told(90, None)),
        change(AlarmState::InsufficientData, 5),
        &live(AlarmState::InsufficientData, 5),
        nothing(NoStep::InsufficientData),
    );
}

#[test]
fn a_recovery_has_the_id_of_its_alarm() {
    let id = change_id("arn", ago(90));
    assert_eq!(id, change_id("arn", ago(90)));
    assert!(id.starts_with("20261122T1030-"), "{id}");
    assert_ne!(id, change_id("arn", ago(89)));
}
