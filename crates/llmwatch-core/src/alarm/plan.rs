//! What to change so that CloudWatch holds the desired alarms: pure and printable.
//!
//! Writing an alarm overwrites all of it, so each field has one owner:
//!
//! - **ours**: metrics, condition, period, treatment of missing data, rule, description, and the
//!   actions [`DesiredAlarm`] names. An edit of these is put back; the setting `alarm-tuning` is
//!   the way to change them.
//! - **the operator's**: further actions, `ActionsEnabled`, tags, and every field llmwatch does not
//!   know. They are left as they are.
//! - **M of N**: ours until the operator edits it, which shows as a difference from what was last
//!   applied; then it stays, until `alarm-tuning` names another one for it. Where nothing is known
//!   to have been applied, any difference counts as an edit.

mod applied;
mod change;
mod difference;

use std::collections::{BTreeMap, BTreeSet};

pub use applied::{Applied, AppliedAlarm, AppliedChange, applied_changes};
pub use change::{AlarmChange, Field, FieldChange, text};

use super::desired::{DesiredAlarm, Detector, Evaluation, Watch, detector};
use super::name::{self, AlarmName, Owner};
use super::tuning::EvaluationSource;
use crate::ids::StackPrefix;
use crate::pool::Scope;

/// An alarm in CloudWatch, as it is or as it is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Which alarm of which pool.
    pub alarm: AlarmName,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// What it watches.
    pub watch: Watch,
    /// ARNs to call on ALARM.
    pub alarm_actions: Vec<String>,
    /// ARNs to call on OK.
    pub ok_actions: Vec<String>,
    /// Whether it calls them.
    pub actions: ActionsSwitch,
}

/// Whether an alarm calls its actions (`ActionsEnabled`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionsSwitch {
    /// It does.
    Enabled,
    /// An operator muted it.
    Disabled,
}

/// What is there now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Actual {
    /// Alarms that [`owned`] says are this stack's.
    pub alarms: Vec<Alarm>,
    /// Anomaly models that are this stack's.
    pub detectors: Vec<Detector>,
    /// What was last applied, by pool or series.
    pub applied: BTreeMap<Owner, Applied>,
    /// Those whose stored document could not be understood: nothing of theirs is touched.
    pub unreadable: BTreeSet<Owner>,
}

/// Reads the name of an alarm that this stack may change and delete; `None` for everyone else's.
///
/// The last part must begin as labels do, with a pool's scope or a series' word: a copy an operator
/// made under a similar name is the operator's.
#[must_use]
pub fn owned(prefix: &StackPrefix, alarm_name: &str) -> Option<AlarmName> {
    name::parse(prefix, alarm_name).filter(|alarm| match alarm.owner() {
        Owner::Pool(pool) => {
            let scope = pool.as_str().split_once('.').map(|(scope, _)| scope);
            Scope::ALL.iter().any(|known| Some(known.word()) == scope)
        }
        Owner::Series(series) => series.is_well_formed(),
        // A label of another form is no component's.
        Owner::Component(_) => true,
    })
}

/// What to change, in the order to do it; empty when all is as it should be.
///
/// Anomaly models come before the alarms that use them, metric alarms before the composites over
/// them; deletes come last and the other way round.
#[must_use]
pub fn plan(desired: &[DesiredAlarm], actual: &Actual) -> Vec<AlarmChange> {
    let existing: BTreeMap<&str, &Alarm> =
        actual.alarms.iter().map(|alarm| (alarm.name.as_str(), alarm)).collect();
    let wanted: BTreeSet<&str> = desired.iter().map(|alarm| alarm.name.as_str()).collect();

    let puts = desired
        .iter()
        .filter_map(|alarm| put(alarm, existing.get(alarm.name.as_str()).copied(), actual));
    let deletes = actual
        .alarms
        .iter()
        .filter(|alarm| !wanted.contains(alarm.name.as_str()))
        .filter(|alarm| !actual.unreadable.contains(&alarm.alarm.owner()))
        .map(|alarm| AlarmChange::Delete { alarm: alarm.alarm.clone(), name: alarm.name.clone() });

    let mut changes: Vec<AlarmChange> =
        puts.chain(deletes).chain(detector_changes(desired, actual)).collect();
    changes.sort_by_key(AlarmChange::stage);
    changes
}

fn put(desired: &DesiredAlarm, existing: Option<&Alarm>, actual: &Actual) -> Option<AlarmChange> {
    let Some(existing) = existing else {
        return Some(AlarmChange::Create { put: as_desired(desired), tags: desired.tags.clone() });
    };
    let applied =
        actual.applied.get(&desired.alarm.owner()).and_then(|applied| applied.of(&desired.alarm));
    let put = merged(desired, existing, applied);
    let fields = difference::between(existing, &put);
    (!fields.is_empty()).then_some(AlarmChange::Update { put, fields })
}

/// The alarm as it is created: ours alone.
#[must_use]
pub fn as_desired(desired: &DesiredAlarm) -> Alarm {
    Alarm {
        alarm: desired.alarm.clone(),
        name: desired.name.clone(),
        description: desired.description.clone(),
        watch: desired.watch.clone(),
        alarm_actions: desired.alarm_actions.clone(),
        ok_actions: desired.ok_actions.clone(),
        actions: ActionsSwitch::Enabled,
    }
}

fn merged(desired: &DesiredAlarm, existing: &Alarm, applied: Option<&AppliedAlarm>) -> Alarm {
    let ours_before = applied.map(|applied| applied.actions.as_slice()).unwrap_or_default();
    let mut put = as_desired(desired);
    put.actions = existing.actions;
    put.alarm_actions = with_theirs(&desired.alarm_actions, &existing.alarm_actions, ours_before);
    put.ok_actions = with_theirs(&desired.ok_actions, &existing.ok_actions, ours_before);
    if let (Watch::Metrics(watch), Watch::Metrics(there)) = (&mut put.watch, &existing.watch) {
        watch.evaluation = evaluation(
            watch.evaluation,
            desired.evaluation_source,
            there.evaluation,
            applied.and_then(|applied| applied.evaluation),
        );
    }
    put
}

/// Our actions and those the operator added; one we set before and no longer want goes.
fn with_theirs(ours: &[String], there: &[String], ours_before: &[String]) -> Vec<String> {
    let theirs = there.iter().filter(|arn| !ours.contains(arn) && !ours_before.contains(arn));
    ours.iter().chain(theirs).cloned().collect()
}

fn evaluation(
    desired: Evaluation,
    source: EvaluationSource,
    there: Evaluation,
    applied: Option<Evaluation>,
) -> Evaluation {
    match (applied, source) {
        (Some(applied), _) if there == applied => desired,
        (Some(applied), EvaluationSource::Tuning) if desired != applied => desired,
        (Some(_) | None, EvaluationSource::Tuning | EvaluationSource::Catalogue) => there,
    }
}

fn detector_changes(desired: &[DesiredAlarm], actual: &Actual) -> Vec<AlarmChange> {
    let untouched = actual
        .alarms
        .iter()
        .filter(|alarm| actual.unreadable.contains(&alarm.alarm.owner()))
        .map(|alarm| &alarm.watch);
    let needed: Vec<Detector> =
        desired.iter().map(|alarm| &alarm.watch).chain(untouched).filter_map(model).collect();
    let missing = needed
        .iter()
        .filter(|detector| !contains(&actual.detectors, detector))
        .map(|detector| AlarmChange::PutDetector(detector.clone()));
    let surplus = actual
        .detectors
        .iter()
        .filter(|detector| !contains(&needed, detector))
        .map(|detector| AlarmChange::DeleteDetector(detector.clone()));
    missing.chain(surplus).collect()
}

fn model(watch: &Watch) -> Option<Detector> {
    match watch {
        Watch::Metrics(watch) => detector(watch),
        Watch::Children(_) => None,
    }
}

fn contains(detectors: &[Detector], detector: &Detector) -> bool {
    detectors.iter().any(|other| difference::same_queries(&other.queries, &detector.queries))
}

#[cfg(test)]
mod tests;
