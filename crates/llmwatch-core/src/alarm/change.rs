//! What the change of an alarm that stands alone is worth telling: a quality alarm's, or a
//! component's.
//!
//! There is no episode and no settling, because these alarms look at five minutes or more and do
//! not change within seconds. Each change to ALARM is told once, and each recovery of a change that
//! was told. Events may come twice, late or out of order; what was told last is remembered by
//! [`Told`] and decides.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cloudwatch::alarm::AlarmState;
use crate::evidence::Read;
use crate::fingerprint::fingerprint;

/// A change to ALARM older than this counts only when the alarm has fired ever since: only a replay
/// brings it, and its mail would be untrue.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What people were told last of one alarm, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When the alarm went to ALARM.
    pub alarm_at: Timestamp,
    /// When it was OK again, once that was told.
    #[serde(default)]
    pub recovered_at: Option<Timestamp>,
}

/// The alarm's change, as its event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The state it is in since.
    pub state: AlarmState,
    /// When it changed.
    pub at: Timestamp,
    /// Whether an alarm mute rule held its actions back.
    pub is_muted: bool,
}

/// The alarm as CloudWatch has it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Its state.
    pub state: AlarmState,
    /// Since when, where CloudWatch says it.
    pub since: Option<Timestamp>,
    /// Whether its actions are on; an operator turns them off to mute it.
    pub actions_enabled: bool,
}

/// What to do about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Tell that it fires.
    TellAlarm {
        /// Since when it has been OK again, if it is: this mail then tells the recovery, too.
        over_since: Option<Timestamp>,
    },
    /// Tell that it is OK again.
    TellRecovery {
        /// When it went to ALARM.
        alarm_at: Timestamp,
    },
    /// Nothing, and why.
    Nothing(NoStep),
}

/// What a mail about an alarm that stands alone is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmOccasion {
    /// The alarm fires, or did.
    Fired {
        /// Since when it has been OK again, if it is.
        over_since: Option<Timestamp>,
    },
    /// The alarm is OK again.
    Recovered {
        /// Since when.
        at: Timestamp,
    },
}

impl AlarmOccasion {
    /// Since when the alarm is OK again, where it is.
    #[must_use]
    pub fn recovered_at(self) -> Option<Timestamp> {
        match self {
            Self::Fired { over_since } => over_since,
            Self::Recovered { at } => Some(at),
        }
    }
}

/// Why nothing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoStep {
    /// Too little data says nothing.
    InsufficientData,
    /// An operator muted the alarm.
    Muted,
    /// This change, or a later one, was told.
    AlreadyTold,
    /// Nobody was told that it fired.
    NothingToRecover,
    /// The alarm has been deleted since.
    Gone,
    /// The change is older than a day, and the alarm has changed since.
    Stale,
}

impl NoStep {
    /// The reason in a few words, for logs.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::InsufficientData => "too little data says nothing",
            Self::Muted => "an operator muted it",
            Self::AlreadyTold => "this change or a later one was told",
            Self::NothingToRecover => "nobody was told that it fired",
            Self::Gone => "the alarm does not exist any more",
            Self::Stale => "the change is older than a day, and the alarm changed since",
        }
    }
}

/// Decides what a change is worth, by what was told before and by the alarm as it stands.
///
/// `live` holds `None` for an alarm that does not exist. One that cannot be read counts as audible
/// and as its event says: people are told rather than not.
#[must_use]
pub fn step(
    told: Option<&Told>,
    change: Change,
    live: &Read<Option<Live>>,
    now: Timestamp,
) -> Step {
    let is_off = matches!(live, Read::Known(Some(live)) if !live.actions_enabled);
    if change.is_muted || is_off {
        return Step::Nothing(NoStep::Muted);
    }
    match change.state {
        AlarmState::InsufficientData => Step::Nothing(NoStep::InsufficientData),
        AlarmState::Alarm => fired(told, change.at, live, now),
        AlarmState::Ok => recovered(told, change.at),
    }
}

fn fired(told: Option<&Told>, at: Timestamp, live: &Read<Option<Live>>, now: Timestamp) -> Step {
    if told.is_some_and(|told| told.alarm_at >= at) {
        return Step::Nothing(NoStep::AlreadyTold);
    }
    let over_since = match live {
        Read::Known(None) => return Step::Nothing(NoStep::Gone),
        Read::Known(Some(live)) if live.state == AlarmState::Ok => {
            live.since.filter(|since| *since >= at)
        }
        Read::Known(Some(_)) | Read::Unreadable(_) => None,
    };
    let fires_since = match live {
        Read::Known(Some(live)) if live.state == AlarmState::Alarm => live.since,
        Read::Known(_) | Read::Unreadable(_) => None,
    };
    // CloudWatch lists milliseconds, events may say microseconds: the same second is the same change.
    let is_the_last = fires_since.is_some_and(|since| since.as_second() <= at.as_second());
    if now.duration_since(at) >= STALE_AFTER && !is_the_last {
        return Step::Nothing(NoStep::Stale);
    }
    Step::TellAlarm { over_since }
}

fn recovered(told: Option<&Told>, at: Timestamp) -> Step {
    match told {
        None => Step::Nothing(NoStep::NothingToRecover),
        Some(Told { recovered_at: Some(_), .. }) => Step::Nothing(NoStep::AlreadyTold),
        Some(Told { alarm_at, .. }) if *alarm_at > at => Step::Nothing(NoStep::AlreadyTold),
        Some(Told { alarm_at, .. }) => Step::TellRecovery { alarm_at: *alarm_at },
    }
}

/// What mails of one change end with, so that they are found again, for example
/// `20261121T0245-0a1b2c3d4e5f`: the same for every delivery of its event, and for its recovery.
#[must_use]
pub fn change_id(alarm_arn: &str, alarm_at: Timestamp) -> String {
    let minute = alarm_at.strftime("%Y%m%dT%H%M");
    let print = fingerprint(&[alarm_arn, &alarm_at.as_millisecond().to_string()]);
    format!("{minute}-{print}")
}

#[cfg(test)]
mod tests;
