//! What a due message and a recovery check find.

use jiff::{SignedDuration, Timestamp};

use super::step::{schedule_update, update_delay_seconds};
use super::{AlarmState, Child, ChildState, Episode, Muting, OPENING, Timing};
use crate::alarm::AlarmKind;
use crate::decision::{Firing, FiringAlarm, Occasion};
use crate::evidence::Read;

/// A child alarm as CloudWatch lists it now.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveChild {
    /// The kind.
    pub kind: AlarmKind,
    /// The alarm's ARN.
    pub arn: String,
    /// Its state.
    pub state: AlarmState,
    /// When it came to this state.
    pub changed_at: Timestamp,
    /// CloudWatch's reason in words.
    pub reason: String,
    /// Whether its actions are muted or disabled.
    pub muting: Muting,
}

/// What a due message finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// Decide about these alarms, then store what [`conclude`] makes of this episode and ask
    /// [`recovery`]: the alarms may be over already.
    Decide {
        /// The episode with what CloudWatch lists now.
        episode: Episode,
        /// Every alarm that fired in it.
        firing: Firing,
        /// Which mail it is.
        occasion: Occasion,
    },
    /// The cool-down has not passed: send the message again, due after this time.
    TooEarly {
        /// What is left of it.
        after_seconds: u32,
    },
    /// Every alarm that fired has been decided about, or the episode has ended: store it, then ask
    /// [`recovery`].
    NothingNew {
        /// The episode, with no update on its way.
        episode: Episode,
    },
    /// Only muted alarms fired: store the episode, which has ended, and say nothing.
    OnlyMuted {
        /// The ended episode.
        episode: Episode,
    },
}

/// Decides what is due, from the episode and the children as they are now.
///
/// An alarm that fired and is OK again still counts; one whose actions are muted never does. When
/// the children cannot be read, what the events said is enough.
#[must_use]
pub fn settle(
    episode: &Episode,
    live: &Read<Vec<LiveChild>>,
    now: Timestamp,
    timing: Timing,
) -> Settled {
    // A message that was parked may be sent again after the episode: its steps are still owed.
    let is_owed = episode.is_to_be_finished();
    if !episode.is_open() && !is_owed {
        return Settled::NothingNew { episode: episode.clone() };
    }
    let mut episode = match episode.is_open() {
        true => brought_up_to_date(episode, live),
        false => episode.clone(),
    };
    let Some(firing) = firing(&episode) else {
        // Not now: an alarm that fired since may not have been delivered yet.
        let last_change = episode.muted.values().max().copied();
        let ended_at = last_change.unwrap_or(episode.opened_at);
        return Settled::OnlyMuted { episode: ended(episode, ended_at) };
    };
    let occasion = match episode.notice().as_str() {
        OPENING => Occasion::Opening,
        _ => Occasion::Update,
    };
    if episode.is_to_be_finished() {
        return Settled::Decide { episode, firing, occasion };
    }
    if episode.unreported().is_empty() {
        episode.update_due_at = None;
        return Settled::NothingNew { episode };
    }
    let no_settling = Timing { settle_seconds: 0, ..timing };
    match update_delay_seconds(&episode, now, no_settling) {
        0 => Settled::Decide { episode, firing, occasion },
        after_seconds => Settled::TooEarly { after_seconds },
    }
}

/// What is stored once a decision has been carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Concluded {
    /// The episode.
    pub episode: Episode,
    /// When the update is due for alarms that fired while the decision was carried out: they found
    /// it on its way, so that nobody sent a message for them.
    pub update_after_seconds: Option<u32>,
}

/// Notes a decision in the stored episode, which others may have changed since it was `decided`
/// about.
#[must_use]
pub fn conclude(stored: &Episode, decided: &Episode, now: Timestamp, timing: Timing) -> Concluded {
    let mut episode = stored.clone();
    for (kind, child) in &decided.children {
        episode.children.entry(*kind).or_insert_with(|| child.clone());
    }
    for (kind, muted_at) in &decided.muted {
        episode.muted.insert(*kind, *muted_at);
        let is_older = |child: &Child| child.changed_at <= *muted_at;
        if !decided.children.contains_key(kind) && episode.children.get(kind).is_some_and(is_older)
        {
            episode.children.remove(kind);
        }
    }
    let covered: Vec<AlarmKind> = decided.children.keys().copied().collect();
    let mut episode = episode.after_notice(&covered, now);
    let update_after_seconds =
        (!episode.unreported().is_empty()).then(|| schedule_update(&mut episode, now, timing));
    Concluded { episode, update_after_seconds }
}

impl Concluded {
    /// The same, when a step of the notice failed to the last try.
    #[must_use]
    pub fn unfinished(mut self, decided: &Episode) -> Self {
        self.episode.unfinished = Some(decided.notice());
        self
    }
}

/// What a recovery check finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Recovery {
    /// Store the episode, which has ended, and send one recovery note.
    Recovered {
        /// The ended episode.
        episode: Box<Episode>,
        /// Every alarm that fired in it; the note has their highest severity.
        firing: Firing,
        /// From the first alarm to the last recovery.
        duration: SignedDuration,
    },
    /// Some alarm is not OK.
    NotYet,
    /// Some alarm has not been decided about: that comes first, then ask again.
    NotNotified,
    /// The episode has ended before.
    AlreadyEnded,
    /// The children could not be read, for this reason: ask again.
    Unknown(String),
}

/// Decides whether an episode is over: it was decided about and every child is OK.
///
/// An alarm that fired and is in INSUFFICIENT_DATA since is not OK. One that no longer exists, or
/// is muted now, holds nothing up.
#[must_use]
pub fn recovery(episode: &Episode, live: &Read<Vec<LiveChild>>) -> Recovery {
    let children = match live {
        Read::Known(children) => children,
        Read::Unreadable(why) => return Recovery::Unknown(why.clone()),
    };
    if !episode.is_open() {
        return Recovery::AlreadyEnded;
    }
    if episode.notified_at.is_none() {
        return Recovery::NotNotified;
    }
    let episode = brought_up_to_date(episode, live);
    let holds_up = |kind: &AlarmKind| {
        children.iter().any(|child| child.kind == *kind && child.muting == Muting::Audible)
    };
    if episode.still_firing().iter().any(holds_up) {
        return Recovery::NotYet;
    }
    if !episode.unreported().is_empty() {
        return Recovery::NotNotified;
    }
    let Some(firing) = firing(&episode) else {
        return Recovery::AlreadyEnded;
    };
    let last_change = episode.children.values().map(|child| child.changed_at).max();
    let recovered_at = last_change.unwrap_or(episode.opened_at);
    let duration = recovered_at.duration_since(episode.opened_at);
    Recovery::Recovered { episode: Box::new(ended(episode, recovered_at)), firing, duration }
}

fn ended(mut episode: Episode, at: Timestamp) -> Episode {
    episode.recovered_at = Some(at);
    episode.update_due_at = None;
    episode
}

/// The episode with what CloudWatch lists now: children that fired unseen join, muted ones leave.
fn brought_up_to_date(episode: &Episode, live: &Read<Vec<LiveChild>>) -> Episode {
    let mut episode = episode.clone();
    let Read::Known(children) = live else {
        return episode;
    };
    for live in children {
        match (live.muting, live.state) {
            (Muting::Muted, _) => {
                if !episode.reported.contains(&live.kind)
                    && episode.children.remove(&live.kind).is_some()
                {
                    episode.muted.insert(live.kind, live.changed_at);
                }
            }
            (Muting::Audible, AlarmState::Alarm) => see_firing(&mut episode, live),
            (Muting::Audible, AlarmState::Ok) => see_recovered(&mut episode, live),
            (Muting::Audible, AlarmState::InsufficientData) => {}
        }
    }
    episode
}

fn see_firing(episode: &mut Episode, live: &LiveChild) {
    let child = episode.children.entry(live.kind).or_insert_with(|| Child {
        arn: live.arn.clone(),
        fired_at: live.changed_at,
        changed_at: live.changed_at,
        state: ChildState::Firing,
        reason: live.reason.clone(),
        value: None,
        threshold: None,
    });
    if live.changed_at > child.changed_at {
        child.changed_at = live.changed_at;
        child.state = ChildState::Firing;
    }
    if child.reason.is_empty() {
        child.reason.clone_from(&live.reason);
    }
}

fn see_recovered(episode: &mut Episode, live: &LiveChild) {
    // A listing can be older than an event: what changed last counts.
    if let Some(child) = episode.children.get_mut(&live.kind)
        && live.changed_at >= child.changed_at
    {
        child.state = ChildState::Recovered;
        child.changed_at = live.changed_at;
    }
}

fn firing(episode: &Episode) -> Option<Firing> {
    let alarms = episode
        .children
        .iter()
        .map(|(kind, child)| FiringAlarm {
            kind: *kind,
            arn: child.arn.clone(),
            since: child.fired_at,
            recovered_at: match child.state {
                ChildState::Firing => None,
                ChildState::Recovered => Some(child.changed_at),
            },
            reason: child.reason.clone(),
            value: child.value,
            threshold: child.threshold,
        })
        .collect();
    Firing::new(alarms)
}
