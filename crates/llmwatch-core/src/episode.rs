//! The time a pool is unwell: which events open, join, update and end it.
//!
//! A pure state machine. Each function takes the pool's latest episode and returns what to do with
//! the episode as it is afterwards; storing it and sending messages is the caller's.

mod settle;
mod step;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
pub use settle::{Concluded, LiveChild, Recovery, Settled, conclude, recovery, settle};
pub use step::{EpisodeStep, NoStep, step};

use crate::alarm::AlarmKind;
pub use crate::cloudwatch::alarm::AlarmState;
use crate::fingerprint::fingerprint;
use crate::pool::PoolLabel;

/// An episode's id, short and readable, for example `20261121T0245-0a1b2c3d4e5f`.
///
/// It depends only on the pool, the alarm that opened the episode and when that alarm changed, so
/// every delivery of the same event gives the same id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EpisodeId(String);

impl EpisodeId {
    /// The id of the episode that an alarm opens by going to ALARM at a moment.
    #[must_use]
    pub fn of(pool: &PoolLabel, alarm_arn: &str, changed_at: Timestamp) -> Self {
        let minute = changed_at.strftime("%Y%m%dT%H%M");
        let print =
            fingerprint(&[pool.as_str(), alarm_arn, &changed_at.as_millisecond().to_string()]);
        Self(format!("{minute}-{print}"))
    }

    /// Takes an id as it stands in the ledger.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What every mail and case of the episode ends with, so that it is found again:
    /// `llmwatch:<episode id>`.
    #[must_use]
    pub fn marker(&self) -> String {
        format!("llmwatch:{self}")
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long the machine waits, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From an alarm to the decision about it, so that its companions can join.
    pub settle_seconds: u32,
    /// From one update of a pool to the next.
    pub update_cool_down_seconds: u32,
}

impl Timing {
    /// At most one update a pool in ten minutes.
    pub const UPDATE_COOL_DOWN_SECONDS: u32 = 600;

    /// The timing with a settle time of the deployer's choice.
    #[must_use]
    pub fn settling_for(settle_seconds: u32) -> Self {
        Self { settle_seconds, update_cool_down_seconds: Self::UPDATE_COOL_DOWN_SECONDS }
    }
}

/// Whether an alarm's actions are muted, by a mute rule or by `ActionsEnabled=false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Muting {
    /// They are not.
    Audible,
    /// They are: the change is noted and causes nothing else.
    Muted,
}

/// A child alarm's change, from EventBridge.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildChange {
    /// The kind.
    pub kind: AlarmKind,
    /// The alarm's ARN.
    pub arn: String,
    /// The state it changed to.
    pub state: AlarmState,
    /// When it changed.
    pub at: Timestamp,
    /// CloudWatch's reason in words.
    pub reason: String,
    /// The metric's latest value, where the event has it.
    pub value: Option<f64>,
    /// The value the alarm fires at, where the event has it.
    pub threshold: Option<f64>,
    /// Whether it is muted.
    pub muting: Muting,
}

/// A composite alarm's change, from SNS.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeChange {
    /// The alarm's ARN.
    pub arn: String,
    /// The state it changed to.
    pub state: AlarmState,
    /// When it changed.
    pub at: Timestamp,
    /// The children in ALARM that the message lists; it may list none.
    pub children: Vec<ChildChange>,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum EpisodeEvent {
    /// A child alarm changed.
    Child(ChildChange),
    /// The composite alarm changed.
    Composite(CompositeChange),
}

/// What an episode knows of a child alarm that fired in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// The alarm's ARN.
    pub arn: String,
    /// When it first went to ALARM in this episode.
    pub fired_at: Timestamp,
    /// When it last changed between ALARM and OK.
    pub changed_at: Timestamp,
    /// Whether it is in ALARM still.
    pub state: ChildState,
    /// CloudWatch's reason for firing, in words.
    pub reason: String,
    /// The metric's value when it fired, where known.
    pub value: Option<f64>,
    /// The value the alarm fires at, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

/// Where a child that fired stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChildState {
    /// In ALARM.
    Firing,
    /// Back to OK.
    Recovered,
}

/// The time a pool is unwell, as the ledger keeps it: one open episode a pool, or the last one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The id.
    pub id: EpisodeId,
    /// The pool.
    pub pool: PoolLabel,
    /// When its first alarm fired.
    pub opened_at: Timestamp,
    /// The ARN of the alarm whose event opened it.
    pub opened_by: String,
    /// Every child that fired in it, muted ones left out.
    pub children: BTreeMap<AlarmKind, Child>,
    /// Children that changed while muted, with the time of the last change.
    pub muted: BTreeMap<AlarmKind, Timestamp>,
    /// When it was first decided about, mailed or filtered.
    pub notified_at: Option<Timestamp>,
    /// The children that decisions so far have covered.
    pub reported: Vec<AlarmKind>,
    /// When the last update was decided.
    pub last_update_at: Option<Timestamp>,
    /// When the update that is on its way is due.
    pub update_due_at: Option<Timestamp>,
    /// When its last child recovered; `None` while it is open.
    pub recovered_at: Option<Timestamp>,
    /// The notice that was told although a step of it failed to the last try: its parked message,
    /// sent again, goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
}

/// The name of an episode's first notice.
const OPENING: &str = "opening";

impl Episode {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.recovered_at.is_none()
    }

    /// The children that are in ALARM still, in the catalogue's order.
    #[must_use]
    pub fn still_firing(&self) -> Vec<AlarmKind> {
        let firing = |child: &Child| child.state == ChildState::Firing;
        self.children.iter().filter(|(_, child)| firing(child)).map(|(kind, _)| *kind).collect()
    }

    /// The children that fired and no decision has covered yet.
    #[must_use]
    pub fn unreported(&self) -> Vec<AlarmKind> {
        self.children.keys().copied().filter(|kind| !self.reported.contains(kind)).collect()
    }

    /// Whether a notice that was told has a failed step, and no other notice is due: an update
    /// decides about everything, so that it takes the step over.
    #[must_use]
    pub fn is_to_be_finished(&self) -> bool {
        self.unfinished.is_some() && self.unreported().is_empty()
    }

    /// The name of the notice that is due next: of two notices of an episode never the same, and
    /// of every try of one notice the same.
    #[must_use]
    pub fn notice(&self) -> String {
        if self.is_to_be_finished() {
            return self.unfinished.clone().unwrap_or_default();
        }
        match self.last_update_at.or(self.notified_at) {
            None => OPENING.to_owned(),
            Some(last) => format!("after-{}", last.strftime("%Y%m%dT%H%M%S")),
        }
    }

    /// The episode after a decision that covered these alarms.
    #[must_use]
    pub fn after_notice(mut self, covered: &[AlarmKind], now: Timestamp) -> Self {
        if self.notified_at.is_some() {
            self.last_update_at = Some(now);
        }
        self.notified_at.get_or_insert(now);
        self.update_due_at = None;
        self.unfinished = None;
        for kind in covered {
            if !self.reported.contains(kind) {
                self.reported.push(*kind);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests;
