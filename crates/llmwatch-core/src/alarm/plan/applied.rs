//! What was last applied to a pool's alarms: the memory that tells an operator's edit from ours.
//!
//! Parameter Store, `/{prefix}/pools/{pool label}/applied`,
//! `/{prefix}/quality/{series label}/applied` and `/{prefix}/components/{label}/applied`. An entry is replaced only when its
//! alarm is known to stand as the entry says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Actual;
use crate::alarm::desired::{Breach, DesiredAlarm, Evaluation, Watch};
use crate::alarm::name::{AlarmName, ComponentAlarm, Owner, QualityAlarm};
use crate::alarm::{AlarmKind, Severity};
use crate::quality::alarm::QualityKind;

/// What was last applied to the alarms of one pool, series or component.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// A pool's or a component's alarms, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    children: BTreeMap<AlarmKind, AppliedAlarm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    composite: Option<AppliedAlarm>,
    /// A series' alarms, by kind and severity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    quality: BTreeMap<QualityKind, BTreeMap<Severity, AppliedAlarm>>,
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

/// A change of the memory of one pool, series or component.
#[derive(Debug, Clone, PartialEq)]
pub enum AppliedChange {
    /// Store this.
    Store(Owner, Applied),
    /// It has no alarm any more; delete its document.
    Forget(Owner),
}

impl Applied {
    /// What was last applied to one of the alarms.
    #[must_use]
    pub fn of(&self, alarm: &AlarmName) -> Option<&AppliedAlarm> {
        match alarm {
            AlarmName::Child(kind, _) | AlarmName::Component(ComponentAlarm { kind, .. }) => {
                self.children.get(kind)
            }
            AlarmName::Composite(_) => self.composite.as_ref(),
            AlarmName::Quality(QualityAlarm { kind, severity, .. }) => {
                self.quality.get(kind)?.get(severity)
            }
        }
    }

    fn set(&mut self, alarm: &AlarmName, applied: AppliedAlarm) {
        match alarm {
            AlarmName::Child(kind, _) | AlarmName::Component(ComponentAlarm { kind, .. }) => {
                self.children.insert(*kind, applied);
            }
            AlarmName::Composite(_) => self.composite = Some(applied),
            AlarmName::Quality(QualityAlarm { kind, severity, .. }) => {
                self.quality.entry(*kind).or_default().insert(*severity, applied);
            }
        }
    }

    fn alarms(&self, owner: &Owner) -> Vec<AlarmName> {
        match owner {
            Owner::Pool(pool) => {
                let children =
                    self.children.keys().map(|kind| AlarmName::Child(*kind, pool.clone()));
                let composite = self.composite.as_ref().map(|_| AlarmName::Composite(pool.clone()));
                children.chain(composite).collect()
            }
            Owner::Series(series) => {
                let lines = self.quality.iter().flat_map(|(kind, by_severity)| {
                    by_severity.keys().map(move |severity| (*kind, *severity))
                });
                let alarm = |(kind, severity)| {
                    AlarmName::Quality(QualityAlarm { kind, severity, series: series.clone() })
                };
                lines.map(alarm).collect()
            }
            Owner::Component(component) => {
                let alarm = |kind: &AlarmKind| {
                    let component = component.clone();
                    AlarmName::Component(ComponentAlarm { kind: *kind, component })
                };
                self.children.keys().map(alarm).collect()
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.composite.is_none() && self.quality.is_empty()
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
    let mut next: BTreeMap<Owner, Applied> = BTreeMap::new();
    for alarm in desired.iter().filter(|alarm| !failed.contains(&alarm.alarm)) {
        next.entry(alarm.alarm.owner()).or_default().set(&alarm.alarm, applied(alarm));
    }
    for (owner, before) in &actual.applied {
        for alarm in before.alarms(owner).into_iter().filter(|alarm| failed.contains(alarm)) {
            if let Some(kept) = before.of(&alarm) {
                next.entry(owner.clone()).or_default().set(&alarm, kept.clone());
            }
        }
    }
    let forgotten = actual
        .applied
        .keys()
        .filter(|owner| !next.contains_key(owner) && !actual.unreadable.contains(owner))
        .map(|owner| AppliedChange::Forget(owner.clone()));
    let stored = next
        .iter()
        .filter(|(owner, next)| !next.is_empty() && actual.applied.get(owner) != Some(next))
        .map(|(owner, next)| AppliedChange::Store(owner.clone(), next.clone()));
    forgotten.chain(stored).collect()
}

fn applied(desired: &DesiredAlarm) -> AppliedAlarm {
    let (threshold, evaluation) = match &desired.watch {
        Watch::Metrics(watch) => {
            let threshold = match watch.breach {
                Breach::AtLeast(threshold) | Breach::Below(threshold) => Some(threshold),
                Breach::AboveBand(_) | Breach::BelowBand(_) | Breach::Foreign(_) => None,
            };
            (threshold, Some(watch.evaluation))
        }
        Watch::Children(_) => (None, None),
    };
    let actions = desired.alarm_actions.iter().chain(&desired.ok_actions);
    let actions: BTreeSet<&String> = actions.collect();
    AppliedAlarm { threshold, evaluation, actions: actions.into_iter().cloned().collect() }
}
