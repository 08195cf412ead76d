//! Each test tells one story of a pool, event by event.

use AlarmKind::{HighLatency, ServerErrors, Throttles};

use super::*;
use crate::alarm::Severity;
use crate::decision::Occasion;
use crate::evidence::Read;

const TIMING: Timing = Timing { settle_seconds: 30, update_cool_down_seconds: 600 };

fn pool() -> PoolLabel {
    PoolLabel::from_text("cross-region.amazon.nova-2-lite-v1_0")
}

/// A moment given as `mm:ss` after 02:00.
fn at(minute_second: &str) -> Timestamp {
    format!("2026-11-21T02:{minute_second}Z").parse().unwrap()
}

fn arn(kind: AlarmKind) -> String {
    format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:llmwatch-Bedrock-{kind}")
}

fn change(kind: AlarmKind, state: AlarmState, when: &str) -> ChildChange {
    ChildChange {
        kind,
        arn: arn(kind),
        state,
        at: at(when),
        reason: "Threshold Crossed".into(),
        value: None,
        threshold: None,
        muting: Muting::Audible,
    }
}

fn child(kind: AlarmKind, state: AlarmState, when: &str) -> EpisodeEvent {
    EpisodeEvent::Child(change(kind, state, when))
}

fn muted(kind: AlarmKind, when: &str) -> EpisodeEvent {
    EpisodeEvent::Child(ChildChange {
        muting: Muting::Muted,
        ..change(kind, AlarmState::Alarm, when)
    })
}

fn composite(state: AlarmState, children: &[AlarmKind], when: &str) -> EpisodeEvent {
    EpisodeEvent::Composite(CompositeChange {
        arn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:composite".into(),
        state,
        at: at(when),
        children: children.iter().map(|kind| change(*kind, AlarmState::Alarm, when)).collect(),
    })
}

fn live(kind: AlarmKind, state: AlarmState, when: &str) -> LiveChild {
    LiveChild {
        kind,
        arn: arn(kind),
        state,
        changed_at: at(when),
        reason: "Threshold Crossed".into(),
        muting: Muting::Audible,
    }
}

fn ask(latest: Option<&Episode>, event: &EpisodeEvent, now: &str) -> EpisodeStep {
    step(&pool(), latest, event, at(now), TIMING)
}

#[track_caller]
fn opened(kind: AlarmKind, when: &str) -> Episode {
    match ask(None, &child(kind, AlarmState::Alarm, when), when) {
        EpisodeStep::Open { episode, settle_after_seconds: 30 } => episode,
        other => panic!("{other:?}"),
    }
}

/// An episode opened by throttles and mailed half a minute later.
fn notified() -> Episode {
    opened(Throttles, "00:00").after_notice(&[Throttles], at("00:30"))
}

#[track_caller]
fn joined(step: EpisodeStep) -> Episode {
    match step {
        EpisodeStep::Join { episode } => episode,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn enqueued(step: EpisodeStep, expected_seconds: u32) -> Episode {
    match step {
        EpisodeStep::EnqueueUpdate { episode, after_seconds } => {
            assert_eq!(after_seconds, expected_seconds);
            episode
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_alarm_opens_and_the_next_ones_join_until_it_settles() {
    let episode = opened(Throttles, "00:00");
    let event = child(ServerErrors, AlarmState::Alarm, "00:10");
    let episode = joined(ask(Some(&episode), &event, "00:10"));
    let settled = settle(&episode, &Read::Known(Vec::new()), at("00:30"), TIMING);
    let Settled::Decide { firing, occasion, .. } = settled else { panic!("{settled:?}") };
    assert_eq!(firing.kinds(), [ServerErrors, Throttles]);
    assert_eq!(occasion, Occasion::Opening);
}

#[test]
fn d5_every_delivery_of_an_event_gives_the_same_id() {
    let first = opened(Throttles, "00:00").id;
    assert_eq!(opened(Throttles, "00:00").id, first);
    assert!(first.as_str().starts_with("20261121T0200-"), "{first}");
    assert_eq!(first.as_str().len(), 26);
    assert_ne!(opened(ServerErrors, "00:00").id, first);
    assert_ne!(opened(Throttles, "00:01").id, first);
    assert_eq!(first.marker(), format!("llmwatch:{first}"));
}

#[test]
fn d5_a_redelivered_event_changes_nothing() {
    let episode = opened(Throttles, "00:00");
    let again = child(Throttles, AlarmState::Alarm, "00:00");
    let expected = EpisodeStep::Nothing(NoStep::AlreadyKnown);
    assert_eq!(ask(Some(&episode), &again, "05:00"), expected);
}

#[test]
fn d5_an_event_of_an_ended_episode_opens_no_new_one() {
    let ended = Episode { recovered_at: Some(at("09:00")), ..notified() };
    let late = child(ServerErrors, AlarmState::Alarm, "08:00");
    let expected = EpisodeStep::Nothing(NoStep::FromEndedEpisode);
    assert_eq!(ask(Some(&ended), &late, "10:00"), expected);
    let new = child(ServerErrors, AlarmState::Alarm, "09:30");
    assert!(matches!(ask(Some(&ended), &new, "10:00"), EpisodeStep::Open { .. }));
}

#[test]
fn b1_a_second_child_while_unwell_makes_one_update() {
    let event = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&notified()), &event, "05:00"), 30);
    let third = child(HighLatency, AlarmState::Alarm, "05:10");
    let episode = joined(ask(Some(&episode), &third, "05:10"));
    let settled = settle(&episode, &Read::Known(Vec::new()), at("05:30"), TIMING);
    let Settled::Decide { firing, occasion, .. } = settled else { panic!("{settled:?}") };
    assert_eq!(firing.kinds(), [ServerErrors, Throttles, HighLatency]);
    assert_eq!(occasion, Occasion::Update);
}

#[test]
fn updates_keep_ten_minutes_apart() {
    let event = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&notified()), &event, "05:00"), 30);
    let episode = episode.after_notice(&[ServerErrors, Throttles], at("05:30"));
    let third = child(HighLatency, AlarmState::Alarm, "07:30");
    let episode = enqueued(ask(Some(&episode), &third, "07:30"), 480);
    assert_eq!(
        settle(&episode, &Read::Known(Vec::new()), at("15:00"), TIMING),
        Settled::TooEarly { after_seconds: 30 }
    );
    let due = settle(&episode, &Read::Known(Vec::new()), at("15:30"), TIMING);
    assert!(matches!(due, Settled::Decide { .. }), "{due:?}");
}

#[test]
fn a_child_that_was_told_of_comes_back_without_an_update() {
    let episode = notified();
    let server_errors = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&episode), &server_errors, "05:00"), 30);
    let episode = episode.after_notice(&[ServerErrors, Throttles], at("05:30"));
    let ok = child(ServerErrors, AlarmState::Ok, "06:00");
    let episode = joined(ask(Some(&episode), &ok, "06:00"));
    let back = child(ServerErrors, AlarmState::Alarm, "07:00");
    let episode = joined(ask(Some(&episode), &back, "07:00"));
    assert_eq!(episode.still_firing(), [ServerErrors, Throttles]);
}

#[test]
fn b2_recovery_is_told_once_with_its_duration() {
    let ok = child(Throttles, AlarmState::Ok, "12:00");
    let EpisodeStep::CheckRecovery { episode } = ask(Some(&notified()), &ok, "12:01") else {
        panic!("every child is OK")
    };
    let children = Read::Known(vec![live(Throttles, AlarmState::Ok, "12:00")]);
    let Recovery::Recovered { episode, firing, duration } = recovery(&episode, &children) else {
        panic!("every child is OK")
    };
    assert_eq!(duration.as_secs(), 12 * 60);
    assert_eq!(firing.severity(), Severity::Critical);
    assert_eq!(episode.recovered_at, Some(at("12:00")));
    assert_eq!(recovery(&episode, &children), Recovery::AlreadyEnded);
}

#[test]
fn b2_the_composite_going_ok_asks_for_recovery_too() {
    let event = composite(AlarmState::Ok, &[], "12:00");
    let step = ask(Some(&notified()), &event, "12:00");
    assert_eq!(step, EpisodeStep::CheckRecovery { episode: notified() });
}

#[test]
fn recovery_waits_for_every_child() {
    for state in [AlarmState::Alarm, AlarmState::InsufficientData] {
        let children = Read::Known(vec![live(Throttles, state, "11:00")]);
        assert_eq!(recovery(&notified(), &children), Recovery::NotYet, "{state:?}");
    }
    let unseen = vec![
        live(Throttles, AlarmState::Ok, "11:00"),
        live(ServerErrors, AlarmState::Alarm, "11:00"),
    ];
    assert_eq!(recovery(&notified(), &Read::Known(unseen)), Recovery::NotYet);
}

#[test]
fn recovery_does_not_trust_a_listing_older_than_the_event() {
    let children = Read::Known(vec![LiveChild {
        changed_at: "2026-11-21T01:00:00Z".parse().unwrap(),
        ..live(Throttles, AlarmState::Ok, "00:00")
    }]);
    assert_eq!(recovery(&notified(), &children), Recovery::NotYet);
}

#[test]
fn an_alarm_that_was_deleted_holds_no_recovery_up() {
    let recovered = recovery(&notified(), &Read::Known(Vec::new()));
    assert!(matches!(recovered, Recovery::Recovered { .. }), "{recovered:?}");
}

#[test]
fn recovery_is_not_claimed_unseen_or_before_the_decision() {
    let denied = Read::Unreadable("AccessDenied".into());
    assert_eq!(recovery(&notified(), &denied), Recovery::Unknown("AccessDenied".into()));
    let children = Read::Known(vec![live(Throttles, AlarmState::Ok, "00:20")]);
    assert_eq!(recovery(&opened(Throttles, "00:00"), &children), Recovery::NotNotified);
}

#[test]
fn b3_a_child_that_is_ok_again_before_settling_still_counts() {
    let ok = child(Throttles, AlarmState::Ok, "00:20");
    let episode = joined(ask(Some(&opened(Throttles, "00:00")), &ok, "00:20"));
    let children = Read::Known(vec![live(Throttles, AlarmState::Ok, "00:20")]);
    let settled = settle(&episode, &children, at("00:30"), TIMING);
    let Settled::Decide { episode, firing, .. } = settled else { panic!("{settled:?}") };
    assert_eq!(firing.kinds(), [Throttles]);
    assert_eq!(firing.alarms()[0].recovered_at, Some(at("00:20")));
    let episode = episode.after_notice(&firing.kinds(), at("00:31"));
    assert!(matches!(recovery(&episode, &children), Recovery::Recovered { .. }));
}

#[test]
fn b3_the_listing_adds_what_no_event_told() {
    let children = Read::Known(vec![
        live(Throttles, AlarmState::Alarm, "00:00"),
        live(HighLatency, AlarmState::Alarm, "00:05"),
        live(ServerErrors, AlarmState::Ok, "00:00"),
    ]);
    let settled = settle(&opened(Throttles, "00:00"), &children, at("00:30"), TIMING);
    let Settled::Decide { firing, .. } = settled else { panic!("{settled:?}") };
    assert_eq!(firing.kinds(), [Throttles, HighLatency]);
}

#[test]
fn settling_needs_no_listing() {
    let denied = Read::Unreadable("AccessDenied".into());
    let settled = settle(&opened(Throttles, "00:00"), &denied, at("00:30"), TIMING);
    assert!(matches!(settled, Settled::Decide { .. }), "{settled:?}");
}

#[test]
fn a_repeated_settle_message_decides_nothing_twice() {
    let settled = settle(&notified(), &Read::Known(Vec::new()), at("00:40"), TIMING);
    assert_eq!(settled, Settled::NothingNew { episode: notified() });
}

#[test]
fn insufficient_data_never_opens_or_ends() {
    let nothing = EpisodeStep::Nothing(NoStep::InsufficientData);
    for event in [
        child(Throttles, AlarmState::InsufficientData, "03:00"),
        composite(AlarmState::InsufficientData, &[], "03:00"),
    ] {
        assert_eq!(ask(None, &event, "03:00"), nothing);
        assert_eq!(ask(Some(&notified()), &event, "03:00"), nothing);
    }
}

#[test]
fn ok_without_an_episode_is_nothing() {
    for event in
        [child(Throttles, AlarmState::Ok, "03:00"), composite(AlarmState::Ok, &[], "03:00")]
    {
        assert_eq!(ask(None, &event, "03:00"), EpisodeStep::Nothing(NoStep::NoOpenEpisode));
    }
}

#[test]
fn a_muted_child_is_recorded_and_causes_nothing() {
    assert_eq!(
        ask(None, &muted(Throttles, "00:00"), "00:00"),
        EpisodeStep::RecordMuted { episode: None }
    );
    let EpisodeStep::RecordMuted { episode: Some(episode) } =
        ask(Some(&notified()), &muted(ServerErrors, "03:00"), "03:00")
    else {
        panic!("an episode is open")
    };
    assert_eq!(episode.muted.get(&ServerErrors), Some(&at("03:00")));
    assert_eq!(episode.children, notified().children);
}

#[test]
fn an_episode_of_disabled_alarms_only_ends_in_silence() {
    let children = Read::Known(vec![LiveChild {
        muting: Muting::Muted,
        ..live(Throttles, AlarmState::Alarm, "00:00")
    }]);
    let settled = settle(&opened(Throttles, "00:00"), &children, at("00:30"), TIMING);
    let Settled::OnlyMuted { episode } = settled else { panic!("{settled:?}") };
    assert!(!episode.is_open());
    assert_eq!(episode.muted.get(&Throttles), Some(&at("00:00")));
    // Its event may come after the muted one has been looked at.
    let heard = child(ServerErrors, AlarmState::Alarm, "00:01");
    assert!(matches!(ask(Some(&episode), &heard, "00:31"), EpisodeStep::Open { .. }));
    let again = child(Throttles, AlarmState::Alarm, "00:00");
    let known = EpisodeStep::Nothing(NoStep::FromEndedEpisode);
    assert_eq!(ask(Some(&episode), &again, "00:31"), known);
}

#[test]
fn a_composite_opens_with_the_children_it_lists() {
    let event = composite(AlarmState::Alarm, &[Throttles, ServerErrors], "00:00");
    let EpisodeStep::Open { episode, .. } = ask(None, &event, "00:00") else {
        panic!("nothing is open")
    };
    assert_eq!(episode.still_firing(), [ServerErrors, Throttles]);
}

#[test]
fn an_alarm_that_the_composite_told_of_gets_its_value_from_its_own_event() {
    let event = composite(AlarmState::Alarm, &[Throttles], "00:00");
    let EpisodeStep::Open { episode, .. } = ask(None, &event, "00:00") else {
        panic!("nothing is open")
    };
    let with_value = |when: &str| {
        let change = change(Throttles, AlarmState::Alarm, when);
        EpisodeEvent::Child(ChildChange { value: Some(312.0), threshold: Some(5.0), ..change })
    };
    let episode = joined(ask(Some(&episode), &with_value("00:00"), "00:01"));
    let child = &episode.children[&Throttles];
    assert_eq!((child.value, child.threshold), (Some(312.0), Some(5.0)));
    let known = EpisodeStep::Nothing(NoStep::AlreadyKnown);
    assert_eq!(ask(Some(&episode), &with_value("00:00"), "00:02"), known);
}

#[test]
fn a_composite_without_children_asks_for_them() {
    let event = composite(AlarmState::Alarm, &[], "00:00");
    assert_eq!(ask(None, &event, "00:00"), EpisodeStep::ResolveChildren);
    let expected = EpisodeStep::Nothing(NoStep::AlreadyKnown);
    assert_eq!(ask(Some(&notified()), &event, "00:00"), expected);
}

#[test]
fn both_routes_of_one_alarm_make_one_episode() {
    let episode = opened(Throttles, "00:00");
    let event = composite(AlarmState::Alarm, &[Throttles], "00:00");
    let expected = EpisodeStep::Nothing(NoStep::AlreadyKnown);
    assert_eq!(ask(Some(&episode), &event, "00:01"), expected);
}

#[test]
fn events_out_of_order_keep_the_later_state() {
    let ok = child(Throttles, AlarmState::Ok, "02:00");
    let episode = joined(ask(Some(&opened(Throttles, "00:00")), &ok, "02:00"));
    let late = child(Throttles, AlarmState::Alarm, "01:00");
    let expected = EpisodeStep::Nothing(NoStep::AlreadyKnown);
    assert_eq!(ask(Some(&episode), &late, "02:30"), expected);
}

#[test]
fn the_ledger_reads_back_what_it_stored() {
    let event = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&notified()), &event, "05:00"), 30);
    let json = serde_json::to_string(&episode).unwrap();
    assert_eq!(serde_json::from_str::<Episode>(&json).unwrap(), episode);
}

#[test]
fn a_redelivered_recovery_asks_again() {
    let ok = child(Throttles, AlarmState::Ok, "12:00");
    let EpisodeStep::CheckRecovery { episode } = ask(Some(&notified()), &ok, "12:00") else {
        panic!("every child is OK")
    };
    assert_eq!(ask(Some(&episode), &ok, "13:00"), EpisodeStep::CheckRecovery { episode });
}

#[test]
fn recovery_waits_for_the_update_that_is_on_its_way() {
    let event = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&notified()), &event, "05:00"), 30);
    let ok = child(ServerErrors, AlarmState::Ok, "05:10");
    let episode = joined(ask(Some(&episode), &ok, "05:10"));
    let ok = child(Throttles, AlarmState::Ok, "05:20");
    let episode = joined(ask(Some(&episode), &ok, "05:20"));
    let children = Read::Known(vec![
        live(Throttles, AlarmState::Ok, "05:20"),
        live(ServerErrors, AlarmState::Ok, "05:10"),
    ]);
    assert_eq!(recovery(&episode, &children), Recovery::NotNotified);
    let settled = settle(&episode, &children, at("05:30"), TIMING);
    let Settled::Decide { episode: decided, .. } = settled else { panic!("{settled:?}") };
    let Concluded { episode, .. } = conclude(&episode, &decided, at("05:31"), TIMING);
    assert!(matches!(recovery(&episode, &children), Recovery::Recovered { .. }));
}

#[test]
fn an_alarm_that_fires_while_the_decision_is_carried_out_gets_an_update() {
    let episode = opened(Throttles, "00:00");
    let settled = settle(&episode, &Read::Known(Vec::new()), at("00:30"), TIMING);
    let Settled::Decide { episode: decided, .. } = settled else { panic!("{settled:?}") };
    let late = child(ServerErrors, AlarmState::Alarm, "00:31");
    let episode = joined(ask(Some(&episode), &late, "00:31"));
    let concluded = conclude(&episode, &decided, at("00:33"), TIMING);
    assert_eq!(concluded.update_after_seconds, Some(30));
    assert_eq!(concluded.episode.update_due_at, Some(at("01:03")));
    assert_eq!(concluded.episode.unreported(), [ServerErrors]);
}

#[test]
fn a_concluded_decision_keeps_what_the_listing_told() {
    let episode = joined(ask(
        Some(&opened(Throttles, "00:00")),
        &child(HighLatency, AlarmState::Alarm, "00:10"),
        "00:10",
    ));
    let children = Read::Known(vec![
        live(ServerErrors, AlarmState::Alarm, "00:05"),
        LiveChild { muting: Muting::Muted, ..live(HighLatency, AlarmState::Alarm, "00:10") },
    ]);
    let settled = settle(&episode, &children, at("00:30"), TIMING);
    let Settled::Decide { episode: decided, .. } = settled else { panic!("{settled:?}") };
    let concluded = conclude(&episode, &decided, at("00:31"), TIMING);
    assert_eq!(concluded.update_after_seconds, None);
    assert_eq!(concluded.episode.reported, [ServerErrors, Throttles]);
    assert_eq!(concluded.episode.muted.get(&HighLatency), Some(&at("00:10")));
}

#[test]
fn a_notice_that_was_not_finished_is_gone_on_with_when_its_message_comes_again() {
    let children = Read::Known(Vec::new());
    let settled = settle(&opened(Throttles, "00:00"), &children, at("00:30"), TIMING);
    let Settled::Decide { episode: decided, .. } = settled else { panic!("{settled:?}") };
    let told = conclude(&decided, &decided, at("00:31"), TIMING).unfinished(&decided).episode;
    let ended = Episode { recovered_at: Some(at("00:40")), ..told.clone() };
    for episode in [told.clone(), ended] {
        let again = settle(&episode, &children, at("02:00"), TIMING);
        let Settled::Decide { episode: again, occasion, .. } = again else { panic!("{again:?}") };
        assert_eq!((again.notice(), occasion), (decided.notice(), Occasion::Opening));
        let finished = conclude(&again, &again, at("02:01"), TIMING).episode;
        let settled = settle(&finished, &children, at("03:00"), TIMING);
        assert_eq!(settled, Settled::NothingNew { episode: finished });
    }

    // A child that joins makes an update, which takes the step over.
    let joins = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&told), &joins, "05:00"), 30);
    let settled = settle(&episode, &children, at("05:30"), TIMING);
    let Settled::Decide { episode, occasion, .. } = settled else { panic!("{settled:?}") };
    assert_eq!(occasion, Occasion::Update);
    assert_ne!(episode.notice(), decided.notice());
    assert_eq!(conclude(&episode, &episode, at("05:31"), TIMING).episode.unfinished, None);
}

/// An hour and more after the episode opened, and nobody was told of it.
const HOURS_LATER: &str = "2026-11-21T05:00:00Z";

#[test]
fn a_lost_settle_message_is_sent_again_by_the_next_event() {
    let later: Timestamp = HOURS_LATER.parse().unwrap();
    let episode = opened(Throttles, "00:00");
    for event in [
        child(ServerErrors, AlarmState::Alarm, "59:00"),
        child(Throttles, AlarmState::Ok, "59:00"),
        composite(AlarmState::Ok, &[], "59:00"),
    ] {
        let due = enqueued(step(&pool(), Some(&episode), &event, later, TIMING), 30);
        assert_eq!(due.update_due_at, Some("2026-11-21T05:00:30Z".parse().unwrap()), "{event:?}");
        let joined = step(&pool(), Some(&due), &event, later, TIMING);
        assert!(!matches!(joined, EpisodeStep::EnqueueUpdate { .. }), "{joined:?}");
    }
}

#[test]
fn a_lost_update_message_is_sent_again_by_the_next_event() {
    let event = child(ServerErrors, AlarmState::Alarm, "05:00");
    let episode = enqueued(ask(Some(&notified()), &event, "05:00"), 30);
    let third = child(HighLatency, AlarmState::Alarm, "59:00");
    let later = HOURS_LATER.parse().unwrap();
    enqueued(step(&pool(), Some(&episode), &third, later, TIMING), 30);
}

#[test]
fn an_alarm_long_after_an_unnoticed_recovery_opens_a_new_episode() {
    let ok = child(Throttles, AlarmState::Ok, "12:00");
    let EpisodeStep::CheckRecovery { episode } = ask(Some(&notified()), &ok, "12:00") else {
        panic!("every child is OK")
    };
    let flap = child(Throttles, AlarmState::Alarm, "26:59");
    joined(ask(Some(&episode), &flap, "26:59"));
    let again = child(Throttles, AlarmState::Alarm, "27:00");
    let EpisodeStep::Open { episode: new, .. } = ask(Some(&episode), &again, "27:00") else {
        panic!("the first episode is over")
    };
    assert_ne!(new.id, episode.id);
}

#[test]
fn each_notice_of_an_episode_has_its_own_name() {
    let opening = opened(Throttles, "00:00");
    assert_eq!(opening.notice(), "opening");
    assert_eq!(notified().notice(), "after-20261121T020030");
    let updated = notified().after_notice(&[ServerErrors], at("09:00"));
    assert_eq!(updated.notice(), "after-20261121T020900");
}

#[test]
fn an_event_older_than_a_day_counts_only_by_what_fires_now() {
    let day_later = |seconds: i64| at("00:00") + jiff::SignedDuration::from_secs(86_400 + seconds);
    let event = child(Throttles, AlarmState::Alarm, "00:00");
    let step_at = |latest: Option<&Episode>, now| step(&pool(), latest, &event, now, TIMING);
    assert!(matches!(step_at(None, day_later(-1)), EpisodeStep::Open { .. }));
    assert_eq!(step_at(None, day_later(0)), EpisodeStep::ResolveChildren);
    // An open episode is not joined either by an alarm that may have been over before it began.
    let open = opened(HighLatency, "05:00");
    assert_eq!(step_at(Some(&open), day_later(0)), EpisodeStep::ResolveChildren);
    // What fires now is asked about as the composite's children, however long it has been firing.
    let resolved = composite(AlarmState::Alarm, &[Throttles], "00:00");
    let step = step(&pool(), None, &resolved, day_later(0), TIMING);
    assert!(matches!(step, EpisodeStep::Open { .. }), "{step:?}");
}
