//! What one event does to a pool's episode.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    AlarmState, Child, ChildChange, ChildState, CompositeChange, Episode, EpisodeEvent, EpisodeId,
    Muting, Timing,
};
use crate::pool::PoolLabel;

/// How long past its due time a message counts as on its way: longer than the queue tries it.
const LOST_AFTER_SECONDS: u32 = 3600;

/// How long after its last recovery an open episode is taken for over: longer than the event that
/// should have ended it is tried.
const OVER_AFTER_SECONDS: u32 = 900;

/// From which age on an ALARM event is not believed unseen: EventBridge tries to deliver an event for
/// 24 hours, so an older one was parked and sent again.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>.
const STALE_AFTER_SECONDS: u32 = 24 * 3600;

/// What to do about an event. Each episode is the one to store.
#[derive(Debug, Clone, PartialEq)]
pub enum EpisodeStep {
    /// Store it on condition that the pool has no open episode, then send one message that is due
    /// after the settle time. If the condition fails, ask again with the episode that is there.
    Open {
        /// The new episode.
        episode: Episode,
        /// When the decision is due.
        settle_after_seconds: u32,
    },
    /// Store it: the decision or update on its way covers the alarm, or it was covered before.
    Join {
        /// The episode.
        episode: Episode,
    },
    /// Store it and send one message that is due after this time.
    EnqueueUpdate {
        /// The episode.
        episode: Episode,
        /// When the update is due: the settle time, or what is left of the cool-down.
        after_seconds: u32,
    },
    /// Store it, then read the children's states and ask [`super::recovery`].
    CheckRecovery {
        /// The episode.
        episode: Episode,
    },
    /// Store that a muted child changed, if an episode is open; nothing else.
    RecordMuted {
        /// The open episode, if any.
        episode: Option<Episode>,
    },
    /// The composite fired and lists no child, or the event is so old that its alarm may be long
    /// over: read the children's states and ask again with those in ALARM, as the composite's.
    ResolveChildren,
    /// Nothing.
    Nothing(NoStep),
}

impl EpisodeStep {
    /// The episode to store, on condition that nobody else has changed it.
    #[must_use]
    pub fn episode(&self) -> Option<&Episode> {
        match self {
            Self::Open { episode, .. }
            | Self::Join { episode }
            | Self::EnqueueUpdate { episode, .. }
            | Self::CheckRecovery { episode } => Some(episode),
            Self::RecordMuted { episode } => episode.as_ref(),
            Self::ResolveChildren | Self::Nothing(_) => None,
        }
    }
}

/// Why an event causes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoStep {
    /// Too little data says nothing about the pool: it neither opens nor ends an episode.
    InsufficientData,
    /// The pool has no open episode that could recover.
    NoOpenEpisode,
    /// The event was seen before, or a later one of the same alarm was.
    AlreadyKnown,
    /// The event is from before the end of the pool's last episode.
    FromEndedEpisode,
}

/// Decides what an event does, given the pool's latest episode, open or ended.
#[must_use]
pub fn step(
    pool: &PoolLabel,
    latest: Option<&Episode>,
    event: &EpisodeEvent,
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    match event {
        EpisodeEvent::Child(change) => child_step(pool, latest, change, now, timing),
        EpisodeEvent::Composite(change) => composite_step(pool, latest, change, now, timing),
    }
}

fn child_step(
    pool: &PoolLabel,
    latest: Option<&Episode>,
    change: &ChildChange,
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    let open = latest.filter(|episode| episode.is_open());
    if change.muting == Muting::Muted {
        return record_muted(open, std::slice::from_ref(change));
    }
    match change.state {
        AlarmState::InsufficientData => EpisodeStep::Nothing(NoStep::InsufficientData),
        AlarmState::Alarm if later(change.at, STALE_AFTER_SECONDS) <= now => {
            EpisodeStep::ResolveChildren
        }
        AlarmState::Alarm => {
            fire(pool, latest, &change.arn, std::slice::from_ref(change), now, timing)
        }
        AlarmState::Ok => match open {
            None => EpisodeStep::Nothing(NoStep::NoOpenEpisode),
            Some(episode) => recover_child(episode, change, now, timing),
        },
    }
}

fn composite_step(
    pool: &PoolLabel,
    latest: Option<&Episode>,
    change: &CompositeChange,
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    let open = latest.filter(|episode| episode.is_open());
    match (change.state, open) {
        (AlarmState::InsufficientData, _) => EpisodeStep::Nothing(NoStep::InsufficientData),
        (AlarmState::Ok, None) => EpisodeStep::Nothing(NoStep::NoOpenEpisode),
        (AlarmState::Ok, Some(episode)) if is_owed_a_decision(episode, now, timing) => {
            enqueue_update(episode.clone(), now, timing)
        }
        (AlarmState::Ok, Some(episode)) => EpisodeStep::CheckRecovery { episode: episode.clone() },
        (AlarmState::Alarm, Some(episode))
            if change.children.is_empty() && !episode.still_firing().is_empty() =>
        {
            EpisodeStep::Nothing(NoStep::AlreadyKnown)
        }
        (AlarmState::Alarm, _) => composite_fired(pool, latest, change, now, timing),
    }
}

fn composite_fired(
    pool: &PoolLabel,
    latest: Option<&Episode>,
    change: &CompositeChange,
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    let audible: Vec<ChildChange> = change
        .children
        .iter()
        .filter(|child| child.state == AlarmState::Alarm && child.muting == Muting::Audible)
        .cloned()
        .collect();
    if !audible.is_empty() {
        fire(pool, latest, &change.arn, &audible, now, timing)
    } else if change.children.is_empty() {
        EpisodeStep::ResolveChildren
    } else {
        record_muted(latest.filter(|episode| episode.is_open()), &change.children)
    }
}

fn record_muted(open: Option<&Episode>, children: &[ChildChange]) -> EpisodeStep {
    let episode = open.cloned().map(|mut episode| {
        episode.muted.extend(children.iter().map(|child| (child.kind, child.at)));
        episode
    });
    EpisodeStep::RecordMuted { episode }
}

/// Children went to ALARM: opens an episode or joins the open one.
fn fire(
    pool: &PoolLabel,
    latest: Option<&Episode>,
    opened_by: &str,
    children: &[ChildChange],
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    let Some(first) = children.iter().min_by_key(|child| child.at) else {
        return EpisodeStep::ResolveChildren;
    };
    let latest_fired = children.iter().map(|child| child.at).max();
    match latest {
        Some(episode) if episode.is_open() && !is_over_unnoticed(episode, first.at) => {
            join(episode, children, now, timing)
        }
        Some(episode) if !episode.is_open() && latest_fired <= episode.recovered_at => {
            EpisodeStep::Nothing(NoStep::FromEndedEpisode)
        }
        Some(_) | None => EpisodeStep::Open {
            episode: Episode {
                id: EpisodeId::of(pool, opened_by, first.at),
                pool: pool.clone(),
                opened_at: first.at,
                opened_by: opened_by.to_owned(),
                children: children.iter().map(|child| (child.kind, fired(child))).collect(),
                muted: BTreeMap::new(),
                notified_at: None,
                reported: Vec::new(),
                last_update_at: None,
                update_due_at: None,
                recovered_at: None,
                unfinished: None,
            },
            settle_after_seconds: timing.settle_seconds,
        },
    }
}

fn join(
    episode: &Episode,
    children: &[ChildChange],
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    let mut after = episode.clone();
    for child in children {
        match after.children.get_mut(&child.kind) {
            None => {
                after.children.insert(child.kind, fired(child));
            }
            Some(known) if child.at > known.changed_at => {
                known.state = ChildState::Firing;
                known.changed_at = child.at;
            }
            // The composite's message, which says no value, may have come first.
            Some(known) if child.at == known.fired_at => {
                known.value = known.value.or(child.value);
                known.threshold = known.threshold.or(child.threshold);
            }
            Some(_) => {}
        }
    }
    if after == *episode {
        return EpisodeStep::Nothing(NoStep::AlreadyKnown);
    }
    if is_owed_a_decision(&after, now, timing) {
        enqueue_update(after, now, timing)
    } else {
        EpisodeStep::Join { episode: after }
    }
}

/// Whether every child had recovered so long before `fired_at` that the end must have been missed:
/// joining such an episode would tell nobody of an alarm it has been told of before.
fn is_over_unnoticed(episode: &Episode, fired_at: Timestamp) -> bool {
    let last_change = episode.children.values().map(|child| child.changed_at).max();
    episode.unreported().is_empty()
        && episode.still_firing().is_empty()
        && last_change.is_some_and(|last| later(last, OVER_AFTER_SECONDS) <= fired_at)
}

/// Whether an alarm waits for a decision that no message will bring.
fn is_owed_a_decision(episode: &Episode, now: Timestamp, timing: Timing) -> bool {
    let opening_due_at = match episode.notified_at {
        None => Some(later(episode.opened_at, timing.settle_seconds)),
        Some(_) => None,
    };
    let due_at = episode.update_due_at.or(opening_due_at);
    let is_on_its_way = due_at.is_some_and(|due_at| now < later(due_at, LOST_AFTER_SECONDS));
    !episode.unreported().is_empty() && !is_on_its_way
}

fn enqueue_update(mut episode: Episode, now: Timestamp, timing: Timing) -> EpisodeStep {
    let after_seconds = schedule_update(&mut episode, now, timing);
    EpisodeStep::EnqueueUpdate { episode, after_seconds }
}

/// Notes that an update is on its way, and returns when its message is due.
pub(super) fn schedule_update(episode: &mut Episode, now: Timestamp, timing: Timing) -> u32 {
    let after_seconds = update_delay_seconds(episode, now, timing);
    episode.update_due_at = Some(later(now, after_seconds));
    after_seconds
}

/// The settle time, or what is left of the cool-down when that is longer.
pub(super) fn update_delay_seconds(episode: &Episode, now: Timestamp, timing: Timing) -> u32 {
    let cool_down_left = episode.last_update_at.map_or(0, |last| {
        let since = now.as_second() - last.as_second();
        let left = i64::from(timing.update_cool_down_seconds) - since;
        u32::try_from(left.max(0)).unwrap_or(0).min(timing.update_cool_down_seconds)
    });
    timing.settle_seconds.max(cool_down_left)
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

/// A child went to OK. It still counts as having fired.
///
/// A change that is known asks for the recovery again: the first try may have ended before it.
fn recover_child(
    episode: &Episode,
    change: &ChildChange,
    now: Timestamp,
    timing: Timing,
) -> EpisodeStep {
    let mut after = episode.clone();
    if let Some(known) = after.children.get_mut(&change.kind)
        && change.at > known.changed_at
    {
        known.state = ChildState::Recovered;
        known.changed_at = change.at;
    }
    if is_owed_a_decision(&after, now, timing) {
        enqueue_update(after, now, timing)
    } else if after.still_firing().is_empty() && after.unreported().is_empty() {
        EpisodeStep::CheckRecovery { episode: after }
    } else if after == *episode {
        EpisodeStep::Nothing(NoStep::AlreadyKnown)
    } else {
        EpisodeStep::Join { episode: after }
    }
}

fn fired(change: &ChildChange) -> Child {
    Child {
        arn: change.arn.clone(),
        fired_at: change.at,
        changed_at: change.at,
        state: ChildState::Firing,
        reason: change.reason.clone(),
        value: change.value,
        threshold: change.threshold,
    }
}
