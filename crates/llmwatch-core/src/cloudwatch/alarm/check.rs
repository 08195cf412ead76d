//! Checks an alarm once, so that many evaluations need not.

use super::{AlarmError, Condition, MetricAlarm, Watched};
use crate::cloudwatch::query::{MetricDataQuery, MetricStat, Plan, QuerySource, Returned};

/// An alarm that CloudWatch would accept, its expressions parsed: for evaluating it many times.
#[derive(Debug)]
pub struct CheckedAlarm<'alarm> {
    pub(super) alarm: &'alarm MetricAlarm,
    pub(super) period_seconds: u32,
    pub(super) source: Source<'alarm>,
}

/// Where the datapoints come from.
#[derive(Debug)]
pub(super) enum Source<'alarm> {
    Metric(&'alarm MetricStat),
    Queries {
        plan: Plan<'alarm>,
        /// The position of the watched query.
        watched: usize,
        /// The position of the threshold band.
        band: Option<usize>,
    },
}

/// Checks an alarm as `PutMetricAlarm` does.
///
/// # Errors
///
/// What is wrong with it.
pub fn check(alarm: &MetricAlarm) -> Result<CheckedAlarm<'_>, AlarmError> {
    let (needed, periods) = (alarm.needed(), alarm.evaluation_periods);
    if needed == 0 || needed > periods {
        let (datapoints_to_alarm, evaluation_periods) = (needed, periods);
        return Err(AlarmError::Datapoints { datapoints_to_alarm, evaluation_periods });
    }
    match (&alarm.watched, &alarm.condition) {
        (Watched::Metric(metric), Condition::Threshold(..)) => {
            let period_seconds = metric.period_seconds;
            if period_seconds == 0 || period_seconds % 60 != 0 {
                return Err(AlarmError::Periods(vec![period_seconds]));
            }
            Ok(CheckedAlarm { alarm, period_seconds, source: Source::Metric(metric) })
        }
        (Watched::Metric(_), Condition::Band(_, id)) => Err(AlarmError::NoBand(id.clone())),
        (Watched::Queries(queries), condition) => {
            let plan = Plan::new(queries)?;
            if plan.has_search() {
                return Err(AlarmError::Search);
            }
            let band = match condition {
                Condition::Threshold(..) => None,
                Condition::Band(_, id) => Some(band(queries, &plan, id)?),
            };
            let watched = watched(queries, band)?;
            let period_seconds = period(queries)?;
            let source = Source::Queries { plan, watched, band };
            Ok(CheckedAlarm { alarm, period_seconds, source })
        }
    }
}

/// Checks an alarm as `PutMetricAlarm` does, and returns its period in seconds.
///
/// # Errors
///
/// What is wrong with it.
pub fn validate(alarm: &MetricAlarm) -> Result<u32, AlarmError> {
    Ok(check(alarm)?.period_seconds)
}

/// The one returned query that is not the band.
fn watched(queries: &[MetricDataQuery], band: Option<usize>) -> Result<usize, AlarmError> {
    let returned = queries.iter().enumerate().filter(|(_, query)| query.returned == Returned::Yes);
    let watched: Vec<usize> =
        returned.map(|(position, _)| position).filter(|at| Some(*at) != band).collect();
    match watched.as_slice() {
        [position] => Ok(*position),
        several => Err(AlarmError::WatchedQueries(several.len())),
    }
}

fn band(queries: &[MetricDataQuery], plan: &Plan<'_>, id: &str) -> Result<usize, AlarmError> {
    queries
        .iter()
        .position(|query| query.id == id && query.returned == Returned::Yes)
        .filter(|position| plan.is_band(*position))
        .ok_or_else(|| AlarmError::NoBand(id.to_owned()))
}

fn period(queries: &[MetricDataQuery]) -> Result<u32, AlarmError> {
    let mut periods: Vec<u32> = queries
        .iter()
        .filter_map(|query| match &query.source {
            QuerySource::Metric(metric) => Some(metric.period_seconds),
            QuerySource::Expression { .. } => None,
        })
        .collect();
    periods.sort_unstable();
    periods.dedup();
    match periods.as_slice() {
        [period] => Ok(*period),
        _ => Err(AlarmError::Periods(periods)),
    }
}
