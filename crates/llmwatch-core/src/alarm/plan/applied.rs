//! What was last applied to a pool's alarms: the memory that tells an operator's edit from ours.
//!
//! Parameter Store, `/{prefix}/pools/{pool label}/applied`. An entry is replaced only when its
//! alarm is known to stand as the entry says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Actual, pool_of};
use crate::alarm::AlarmKind;
use crate::alarm::desired::{Breach, DesiredAlarm, Evaluation, Watch};
use crate::alarm::name::AlarmName;
use crate::pool::PoolLabel;

/// What was last applied to one pool's alarms.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// By kind.
    #[serde(default)]
    children: BTreeMap<AlarmKind, AppliedAlarm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    composite: Option<AppliedAlarm>,
}

/// What was last applied to one alarm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AppliedAlarm {
    /// The threshold, in the metric's unit; absent where there is none (bands, composites).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The M of N llmwatch wanted, even where the operator's was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// The actions llmwatch set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
}

/// A change of one pool's memory.
#[derive(Debug, Clone, PartialEq)]
pub enum AppliedChange {
    /// Store this.
    Store(PoolLabel, Applied),
    /// The pool has no alarm any more; delete its document.
    Forget(PoolLabel),
}

impl Applied {
    /// What was last applied to one alarm of the pool.
    #[must_use]
    pub fn of(&self, alarm: &AlarmName) -> Option<&AppliedAlarm> {
        match alarm {
            AlarmName::Child(kind, _) => self.children.get(kind),
            AlarmName::Composite(_) => self.composite.as_ref(),
        }
    }

    fn set(&mut self, alarm: &AlarmName, applied: AppliedAlarm) {
        match alarm {
            AlarmName::Child(kind, _) => {
                self.children.insert(*kind, applied);
            }
            AlarmName::Composite(_) => self.composite = Some(applied),
        }
    }

    fn alarms(&self, pool: &PoolLabel) -> Vec<AlarmName> {
        let children = self.children.keys().map(|kind| AlarmName::Child(*kind, pool.clone()));
        let composite = self.composite.as_ref().map(|_| AlarmName::Composite(pool.clone()));
        children.chain(composite).collect()
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.composite.is_none()
    }
}

/// What to remember after a plan was carried out, all but the changes of `failed` alarms.
///
/// Only what differs from the stored memory is a change.
#[must_use]
pub fn applied_changes(
    desired: &[DesiredAlarm],
    actual: &Actual,
    failed: &BTreeSet<AlarmName>,
) -> Vec<AppliedChange> {
    let mut next: BTreeMap<&PoolLabel, Applied> = BTreeMap::new();
    for alarm in desired.iter().filter(|alarm| !failed.contains(&alarm.alarm)) {
        next.entry(pool_of(&alarm.alarm)).or_default().set(&alarm.alarm, applied(alarm));
    }
    for (pool, before) in &actual.applied {
        for alarm in before.alarms(pool).into_iter().filter(|alarm| failed.contains(alarm)) {
            if let Some(kept) = before.of(&alarm) {
                next.entry(pool).or_default().set(&alarm, kept.clone());
            }
        }
    }
    let forgotten = actual
        .applied
        .keys()
        .filter(|pool| !next.contains_key(pool) && !actual.unreadable.contains(pool))
        .map(|pool| AppliedChange::Forget(pool.clone()));
    let stored = next
        .iter()
        .filter(|(pool, applied)| !applied.is_empty() && actual.applied.get(pool) != Some(applied))
        .map(|(pool, applied)| AppliedChange::Store((*pool).clone(), applied.clone()));
    forgotten.chain(stored).collect()
}

fn applied(desired: &DesiredAlarm) -> AppliedAlarm {
    let (threshold, evaluation) = match &desired.watch {
        Watch::Metrics(watch) => {
            let threshold = match watch.breach {
                Breach::AtLeast(threshold) => Some(threshold),
                Breach::AboveBand(_) | Breach::Foreign(_) => None,
            };
            (threshold, Some(watch.evaluation))
        }
        Watch::Children(_) => (None, None),
    };
    let actions = desired.alarm_actions.iter().chain(&desired.ok_actions);
    let actions: BTreeSet<&String> = actions.collect();
    AppliedAlarm { threshold, evaluation, actions: actions.into_iter().cloned().collect() }
}
