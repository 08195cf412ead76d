//! One evaluation of a metric alarm.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::check::{CheckedAlarm, Source, check};
use super::reason::{reason, reason_data};
use super::{
    AlarmError, AlarmState, Comparison, Condition, Evaluation, MetricAlarm, MissingData, Side,
};
use crate::cloudwatch::band::{Bands, Edges, Trainings};
use crate::cloudwatch::math::{TimeSeries, Value};
use crate::cloudwatch::metric::{MetricStore, Stat, Window, minute_of, start_of_minute};
use crate::cloudwatch::query::MetricStat;

/// Periods retrieved beyond N, as in the page's examples.
const EXTRA_PERIODS: u32 = 2;
/// The fewest periods a one-minute alarm was seen to retrieve.
const ONE_MINUTE_RANGE: u32 = 6;

/// When an evaluation takes place, and what it can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of the evaluation.
    pub now: Timestamp,
    /// Minutes that start at or after this are not visible yet; `now` when metrics come at once.
    pub visible_until: Timestamp,
}

impl Moment {
    /// The moment in which everything that has happened is visible.
    #[must_use]
    pub fn live(now: Timestamp) -> Self {
        Self { now, visible_until: now }
    }
}

/// A real datapoint of the evaluation range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Datapoint {
    /// The start of its period.
    pub(super) at: Timestamp,
    pub(super) value: f64,
    /// Samples in it, where one metric is watched.
    pub(super) sample_count: Option<f64>,
    /// The band it was compared with, where it was.
    pub(super) edges: Option<Edges>,
    pub(super) breaching: bool,
    /// 1 for the newest period of the range.
    pub(super) age: u32,
}

/// What an evaluation looked at, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookedAt {
    pub(super) now: Timestamp,
    pub(super) window: Window,
    pub(super) period_seconds: u32,
}

/// The outcome of judging the datapoints, before words are made of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judgement {
    /// None when missing data is ignored and the state stays.
    pub(super) state: Option<AlarmState>,
    /// The real datapoints that counted, newest first; at most N.
    pub(super) counted: Vec<Datapoint>,
    /// How many of N were filled in.
    pub(super) filled: u32,
}

/// Evaluates an alarm once.
///
/// Touches the evaluation range only, and two weeks of a banded metric.
///
/// # Errors
///
/// An alarm that CloudWatch would refuse to create.
pub fn evaluate(
    alarm: &MetricAlarm,
    previous: AlarmState,
    store: &MetricStore,
    moment: Moment,
) -> Result<Evaluation, AlarmError> {
    let checked = check(alarm)?;
    let bands = checked.train_bands(store, moment, &Trainings::new())?;
    checked.evaluate(previous, store, moment, &bands)
}

/// As [`evaluate`], with bands trained before.
///
/// # Errors
///
/// An alarm that CloudWatch would refuse to create.
pub fn evaluate_with_bands(
    alarm: &MetricAlarm,
    previous: AlarmState,
    store: &MetricStore,
    moment: Moment,
    bands: &Bands,
) -> Result<Evaluation, AlarmError> {
    check(alarm)?.evaluate(previous, store, moment, bands)
}

/// The bands the alarm compares with, trained on the two weeks before its evaluation range.
///
/// Empty for an alarm without a band. Good for about an hour of evaluations.
///
/// # Errors
///
/// An alarm that CloudWatch would refuse to create.
pub fn train_bands(
    alarm: &MetricAlarm,
    store: &MetricStore,
    moment: Moment,
    trainings: &Trainings,
) -> Result<Bands, AlarmError> {
    check(alarm)?.train_bands(store, moment, trainings)
}

impl CheckedAlarm<'_> {
    /// Evaluates the alarm once, with bands trained before.
    ///
    /// # Errors
    ///
    /// Only what shows when an expression is evaluated: arguments of the wrong kind.
    pub fn evaluate(
        &self,
        previous: AlarmState,
        store: &MetricStore,
        moment: Moment,
        bands: &Bands,
    ) -> Result<Evaluation, AlarmError> {
        let window = self.window(moment);
        let datapoints = self.retrieve(store, window, bands)?;
        let judgement = judge(self.alarm, datapoints);
        let looked_at = LookedAt { now: moment.now, window, period_seconds: self.period_seconds };
        Ok(Evaluation {
            state: judgement.state.unwrap_or(previous),
            reason: reason(self.alarm, &judgement),
            reason_data: reason_data(self.alarm, &judgement, looked_at),
        })
    }

    /// As the function [`train_bands`].
    ///
    /// # Errors
    ///
    /// Only what shows when an expression is evaluated: arguments of the wrong kind.
    pub fn train_bands(
        &self,
        store: &MetricStore,
        moment: Moment,
        trainings: &Trainings,
    ) -> Result<Bands, AlarmError> {
        match &self.source {
            Source::Metric(_) => Ok(Bands::new()),
            Source::Queries { plan, .. } => {
                Ok(plan.train_bands(store, self.window(moment), trainings)?)
            }
        }
    }

    /// The evaluation range, ending at the last full minute.
    #[must_use]
    pub fn window(&self, moment: Moment) -> Window {
        let least = if self.period_seconds <= 60 { ONE_MINUTE_RANGE } else { 0 };
        let periods = self.alarm.evaluation_periods.saturating_add(EXTRA_PERIODS).max(least);
        let end = minute_of(moment.now);
        let minutes = i64::from(periods).saturating_mul(i64::from(self.period_seconds) / 60);
        Window {
            start: start_of_minute(end.saturating_sub(minutes)),
            end: start_of_minute(end),
            visible_until: moment.visible_until,
        }
    }

    /// The real datapoints of the range, newest first.
    fn retrieve(
        &self,
        store: &MetricStore,
        window: Window,
        bands: &Bands,
    ) -> Result<Vec<Datapoint>, AlarmError> {
        match &self.source {
            Source::Metric(metric) => Ok(self.retrieve_metric(metric, store, window)),
            Source::Queries { plan, watched, band } => {
                let wanted: Vec<usize> = band.iter().copied().chain([*watched]).collect();
                let values = plan.values(store, window, bands, &wanted)?;
                self.combine(values, *watched, *band, window)
            }
        }
    }

    fn retrieve_metric(
        &self,
        metric: &MetricStat,
        store: &MetricStore,
        window: Window,
    ) -> Vec<Datapoint> {
        let read = |stat| store.datapoints(&metric.key, stat, metric.period_seconds, window);
        let counts = read(&Stat::SampleCount);
        let datapoint = |(at, value)| {
            let counted = counts.binary_search_by_key(&at, |(at, _)| *at).ok();
            Datapoint {
                sample_count: counted.and_then(|position| counts.get(position)).map(|(_, n)| *n),
                ..self.datapoint(at, value, None, window)
            }
        };
        read(&metric.stat).into_iter().rev().map(datapoint).collect()
    }

    /// The watched values, each with its band; a value whose band is unknown counts as missing.
    fn combine(
        &self,
        mut values: BTreeMap<usize, Value>,
        watched: usize,
        band: Option<usize>,
        window: Window,
    ) -> Result<Vec<Datapoint>, AlarmError> {
        let edges: Option<[TimeSeries; 2]> = match band.and_then(|band| values.remove(&band)) {
            Some(Value::Array(edges)) => <[TimeSeries; 2]>::try_from(edges).ok(),
            Some(Value::Series(_) | Value::Scalar(_)) | None => None,
        };
        let Some(Value::Series(series)) = values.remove(&watched) else {
            return Err(AlarmError::NotOneSeries);
        };
        let edges_at = |position: usize| {
            let [upper, lower] = edges.as_ref()?;
            let (upper, lower) = (*upper.values.get(position)?, *lower.values.get(position)?);
            (!upper.is_nan() && !lower.is_nan()).then_some(Edges { lower, upper })
        };
        let mut datapoints = Vec::new();
        for (position, (at, value)) in series.timestamps().zip(&series.values).enumerate() {
            let edges = edges_at(position);
            if !value.is_nan() && (band.is_none() || edges.is_some()) {
                datapoints.push(self.datapoint(at, *value, edges, window));
            }
        }
        datapoints.reverse();
        Ok(datapoints)
    }

    fn datapoint(
        &self,
        at: Timestamp,
        value: f64,
        edges: Option<Edges>,
        window: Window,
    ) -> Datapoint {
        let breaching = breaches(&self.alarm.condition, value, edges);
        let seconds = window.end.as_second() - at.as_second();
        let age = u32::try_from(seconds / i64::from(self.period_seconds)).unwrap_or(u32::MAX);
        Datapoint { at, value, sample_count: None, edges, breaching, age }
    }
}

fn breaches(condition: &Condition, value: f64, edges: Option<Edges>) -> bool {
    match (condition, edges) {
        (Condition::Threshold(comparison, threshold), _) => match comparison {
            Comparison::GreaterThanOrEqualToThreshold => value >= *threshold,
            Comparison::GreaterThanThreshold => value > *threshold,
            Comparison::LessThanThreshold => value < *threshold,
            Comparison::LessThanOrEqualToThreshold => value <= *threshold,
        },
        (Condition::Band(..), None) => false,
        (Condition::Band(side, _), Some(edges)) => match side {
            Side::LessThanLowerOrGreaterThanUpperThreshold => {
                value < edges.lower || value > edges.upper
            }
            Side::LessThanLowerThreshold => value < edges.lower,
            Side::GreaterThanUpperThreshold => value > edges.upper,
        },
    }
}

/// Decides by the rules of the module documentation; `datapoints` are newest first.
fn judge(alarm: &MetricAlarm, datapoints: Vec<Datapoint>) -> Judgement {
    let (needed, periods) = (alarm.needed(), alarm.evaluation_periods);
    let mut counted = datapoints;
    counted.truncate(usize::try_from(periods).unwrap_or(usize::MAX));
    let filled = periods - u32::try_from(counted.len()).unwrap_or(periods).min(periods);
    let breaching = counted.iter().filter(|datapoint| datapoint.breaching).count();
    let breaching = u32::try_from(breaching).unwrap_or(u32::MAX);
    let decided =
        |breaching: u32| Some(if breaching >= needed { AlarmState::Alarm } else { AlarmState::Ok });
    if filled == 0 {
        return Judgement { state: decided(breaching), counted, filled };
    }
    let state = match alarm.missing_data {
        MissingData::Breaching => decided(breaching.saturating_add(filled)),
        MissingData::NotBreaching => decided(breaching),
        MissingData::Missing if counted.is_empty() => Some(AlarmState::InsufficientData),
        MissingData::Ignore if counted.is_empty() => None,
        MissingData::Missing | MissingData::Ignore if breaching >= needed => decided(breaching),
        MissingData::Missing if is_old_enough(&counted, needed) => Some(AlarmState::Alarm),
        MissingData::Ignore if is_old_enough(&counted, needed) => None,
        MissingData::Missing | MissingData::Ignore => Some(AlarmState::Ok),
    };
    Judgement { state, counted, filled }
}

/// Whether breaching datapoints are all there is, and the oldest lies M periods back or more.
fn is_old_enough(counted: &[Datapoint], needed: u32) -> bool {
    counted.iter().all(|datapoint| datapoint.breaching)
        && counted.last().is_some_and(|oldest| oldest.age >= needed)
}
