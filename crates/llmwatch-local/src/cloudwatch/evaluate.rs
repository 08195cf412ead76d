//! Evaluating alarms: metric alarms each minute, composites whenever a child changes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::cloudwatch::alarm::{self, AlarmState, MetricAlarm, Moment, Watched};
use llmwatch_core::cloudwatch::band::{Bands, Trainings};
use llmwatch_core::cloudwatch::composite::Rule;
use serde_json::json;

use super::CloudWatch;
use super::alarms::{Child, NewState, Watching};
use super::notify::{Notice, stamp};

/// A trained band is used this long.
const BAND_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Trained bands by alarm name, with the time of training.
pub(super) type TrainedBands = BTreeMap<String, (Timestamp, Bands)>;

impl CloudWatch {
    /// Evaluates every alarm at a minute, in the order of their names.
    pub fn evaluate(&mut self, now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut metric_alarms: Vec<MetricAlarm> = Vec::new();
        let mut composites: Vec<String> = Vec::new();
        for alarm in self.alarms.values() {
            match &alarm.watching {
                Watching::Metrics(watching) => metric_alarms.push(watching.clone()),
                Watching::Alarms(_) => composites.push(alarm.name().to_owned()),
            }
        }
        for watching in metric_alarms {
            notices.extend(self.evaluate_metric_alarm(&watching, now));
        }
        for name in composites {
            notices.extend(self.evaluate_composite(&name, None, now));
        }
        notices
    }

    fn evaluate_metric_alarm(&mut self, watching: &MetricAlarm, now: Timestamp) -> Vec<Notice> {
        let name = &watching.name;
        let previous = self.state_of(name).unwrap_or(AlarmState::InsufficientData);
        let moment = Moment { now, visible_until: self.visible_until(now) };
        let bands = self.trained_bands(watching, moment);
        let evaluation =
            alarm::evaluate_with_bands(watching, previous, &self.metrics, moment, &bands);
        let evaluation = match evaluation {
            Ok(evaluation) => evaluation,
            Err(problem) => {
                tracing::warn!(alarm.name = %name, %problem, "alarm cannot be evaluated");
                return Vec::new();
            }
        };
        if evaluation.state == previous {
            return Vec::new();
        }
        let new = NewState {
            value: evaluation.state.word().to_owned(),
            reason: evaluation.reason,
            reason_data: Some(evaluation.reason_data.to_string()),
            triggering: Vec::new(),
        };
        self.enter_state(name, new, now)
    }

    fn trained_bands(&mut self, watching: &MetricAlarm, moment: Moment) -> Bands {
        if let Some((trained, bands)) = self.bands.get(&watching.name)
            && moment.now.duration_since(*trained).abs() < BAND_LIFE
        {
            return bands.clone();
        }
        let trainings = match &watching.watched {
            Watched::Metric(_) => Trainings::new(),
            Watched::Queries(queries) => self.trainings(queries),
        };
        // A refused alarm was not stored, so training finds nothing wrong with it.
        let bands = alarm::train_bands(watching, &self.metrics, moment, &trainings);
        let bands = bands.unwrap_or_default();
        self.bands.insert(watching.name.clone(), (moment.now, bands.clone()));
        bands
    }

    /// Evaluates the composites that name an alarm whose state changed.
    pub(super) fn evaluate_parents(&mut self, changed: &str, now: Timestamp) -> Vec<Notice> {
        let parents = self.parents_of(changed);
        parents
            .iter()
            .flat_map(|parent| self.evaluate_composite(parent, Some(changed), now))
            .collect()
    }

    /// Evaluates one composite; `changed` is the child that made it necessary.
    pub(super) fn evaluate_composite(
        &mut self,
        name: &str,
        changed: Option<&str>,
        now: Timestamp,
    ) -> Vec<Notice> {
        let Some(composite) = self.alarms.get(name) else { return Vec::new() };
        let Watching::Alarms(rule) = &composite.watching else { return Vec::new() };
        let state = rule.evaluate(|child| self.state_of(child));
        if state.word() == composite.state {
            return Vec::new();
        }
        let children = match changed {
            Some(child) => self.child(child).into_iter().collect(),
            None => self.children_in(rule, state),
        };
        let reason = match (children.first(), changed) {
            (Some(child), Some(_)) => format!(
                "{} transitioned to {} at {}",
                child.arn,
                child.state,
                child.at.strftime("%A %d %B, %Y %H:%M:%S UTC")
            ),
            _ => format!("{} was evaluated and its alarm rule evaluates to {state}", composite.arn),
        };
        let triggering: Vec<_> = children
            .iter()
            .map(|child| json!({"arn": child.arn, "state": {"value": child.state, "timestamp": stamp(child.at)}}))
            .collect();
        let new = NewState {
            value: state.word().to_owned(),
            reason,
            reason_data: Some(json!({"triggeringAlarms": triggering}).to_string()),
            triggering: children,
        };
        self.enter_state(name, new, now)
    }

    /// The composites whose rule names an alarm.
    pub(super) fn parents_of(&self, name: &str) -> Vec<String> {
        self.alarms
            .values()
            .filter(|alarm| match &alarm.watching {
                Watching::Alarms(rule) => rule.children().contains(&name),
                Watching::Metrics(_) => false,
            })
            .map(|alarm| alarm.name().to_owned())
            .collect()
    }

    fn state_of(&self, name: &str) -> Option<AlarmState> {
        self.alarms.get(name).and_then(|alarm| alarm.state.parse().ok())
    }

    fn child(&self, name: &str) -> Option<Child> {
        let alarm = self.alarms.get(name)?;
        let (arn, state) = (alarm.arn.clone(), alarm.state.clone());
        Some(Child { arn, state, at: alarm.state_transitioned_at })
    }

    fn children_in(&self, rule: &Rule, state: AlarmState) -> Vec<Child> {
        rule.children()
            .into_iter()
            .filter(|child| self.state_of(child) == Some(state))
            .filter_map(|child| self.child(child))
            .collect()
    }
}
