//! Metric alarms: what one evaluation looks at and what state it gives.
//!
//! Rules, each documented at
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>
//! unless marked:
//! - An evaluation retrieves more datapoints than `evaluation_periods` (N): the *evaluation range*.
//!   How many is not public; the page's examples use N + 2, which a 15-minute 1-of-1 alarm was
//!   seen to do as well. One-minute alarms were seen to use datapoints up to 6 minutes old
//!   (<https://github.com/infrahouse/terraform-aws-lambda-monitored>, docs/monitoring.md), so
//!   theirs is at least 6.
//! - With N real datapoints or more in the range, the newest N decide, wherever they lie.
//! - With fewer, all of them count and the rest is filled in as `missing_data` says.
//! - `missing` with no datapoint at all is INSUFFICIENT_DATA; `ignore` then keeps the state.
//! - Avoiding premature alarms: fewer than `datapoints_to_alarm` (M) breaching datapoints still
//!   alarm when they are all there is and the oldest is at least M periods old (`ignore`: keep the
//!   state). The page's tables show that one datapoint within the threshold rules this out.
//! - The window slides: it ends at the last full minute and its periods count back from there,
//!   whatever the period. A one-day alarm therefore sums the last 24 hours, anew every minute,
//!   which is also how a daily quota counts
//!   (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html>).
//!
//! Ours, where the page is silent: `missing` and `ignore` with too few breaching datapoints, the
//! newest of them younger than M periods, give OK, as the tables show for other such rows.

mod check;
mod evaluate;
mod reason;

use std::fmt;
use std::str::FromStr;

pub use check::{CheckedAlarm, check, validate};
pub use evaluate::{Moment, evaluate, evaluate_with_bands, train_bands};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::query::{MetricDataQuery, MetricStat, QueryError};
use crate::excerpt::excerpt;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Outside the threshold.
    Alarm,
    /// Just created, or too few datapoints to say.
    InsufficientData,
}

/// A metric alarm, as far as its evaluation goes.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAlarm {
    /// The alarm's name.
    pub name: String,
    /// What it watches.
    pub watched: Watched,
    /// When a datapoint breaches.
    pub condition: Condition,
    /// Datapoints looked at (N), ≥ 1.
    pub evaluation_periods: u32,
    /// Datapoints that must breach (M), 1–N; N when absent. Reasons are worded differently when
    /// it is given.
    pub datapoints_to_alarm: Option<u32>,
    /// What a missing datapoint counts as.
    pub missing_data: MissingData,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// One metric.
    Metric(MetricStat),
    /// The one returned query that is not the threshold band; all metrics of one period.
    Queries(Vec<MetricDataQuery>),
}

/// When a datapoint breaches.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Compared with a number.
    Threshold(Comparison, f64),
    /// Outside the band of the query with this id (`ThresholdMetricId`).
    Band(Side, String),
}

/// How a datapoint is compared with a number for it to breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// ≥
    GreaterThanOrEqualToThreshold,
    /// >
    GreaterThanThreshold,
    /// <
    LessThanThreshold,
    /// ≤
    LessThanOrEqualToThreshold,
}

/// The side of a band a datapoint breaches on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Either.
    LessThanLowerOrGreaterThanUpperThreshold,
    /// Below.
    LessThanLowerThreshold,
    /// Above.
    GreaterThanUpperThreshold,
}

/// What a missing datapoint counts as (`TreatMissingData`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingData {
    /// Not there; CloudWatch's default.
    #[default]
    Missing,
    /// A reason to keep the state.
    Ignore,
    /// Outside the threshold.
    Breaching,
    /// Within the threshold.
    NotBreaching,
}

/// What one evaluation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The state from now on; the previous one when missing data is ignored.
    pub state: AlarmState,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// The figures behind it, as `StateReasonData` holds them.
    pub reason_data: serde_json::Value,
}

/// An alarm that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AlarmError {
    /// M of N out of range.
    #[error("{datapoints_to_alarm} of {evaluation_periods} datapoints is not possible")]
    Datapoints {
        /// M.
        datapoints_to_alarm: u32,
        /// N.
        evaluation_periods: u32,
    },
    /// Not exactly one returned query besides the band.
    #[error("an alarm watches one returned query, not {0}")]
    WatchedQueries(usize),
    /// The threshold metric is not a returned anomaly band of the alarm.
    #[error("`{0}` is not a returned ANOMALY_DETECTION_BAND of the alarm")]
    NoBand(String),
    /// Not one period, the same for all metrics, that is a multiple of 60.
    #[error("the metrics of an alarm have one period, a multiple of 60; these have {0:?}")]
    Periods(Vec<u32>),
    /// A watched query that yields a number or several series.
    #[error("the watched query does not yield one time series")]
    NotOneSeries,
    /// A search, which finds any number of series and other ones tomorrow.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html>
    /// ("You can't create an alarm based on the SEARCH expression"); the words are those that
    /// `PutMetricAlarm` was seen to answer with, in METR/hawk#1165 and RoboFinSystems/robosystems#1131.
    #[error("SEARCH is not supported on Metric Alarms")]
    Search,
    /// What it watches cannot be evaluated.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// A word that is not one of CloudWatch's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{}` is not a {what}", excerpt(word))]
pub struct UnknownWord {
    /// What it should be.
    pub what: &'static str,
    /// What it is.
    pub word: String,
}

/// An operator, threshold and threshold metric that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConditionError {
    /// Not an operator.
    #[error(transparent)]
    Operator(#[from] UnknownWord),
    /// A comparison with a number has none, or has a band as well.
    #[error("{0} needs a threshold and no threshold metric")]
    NeedsThreshold(String),
    /// A comparison with a band has none, or has a number as well.
    #[error("{0} needs a threshold metric and no threshold")]
    NeedsBand(String),
}

impl Condition {
    /// The condition behind the members of `PutMetricAlarm`.
    ///
    /// # Errors
    ///
    /// An operator CloudWatch does not have, or one that does not fit the threshold given.
    pub fn parse(
        operator: &str,
        threshold: Option<f64>,
        threshold_metric_id: Option<&str>,
    ) -> Result<Self, ConditionError> {
        let comparison = COMPARISONS.iter().find(|comparison| comparison.word() == operator);
        let side = SIDES.iter().find(|side| side.word() == operator);
        match (comparison, side, threshold, threshold_metric_id) {
            (Some(comparison), _, Some(threshold), None) => {
                Ok(Self::Threshold(*comparison, threshold))
            }
            (Some(_), ..) => Err(ConditionError::NeedsThreshold(operator.to_owned())),
            (None, Some(side), None, Some(id)) => Ok(Self::Band(*side, id.to_owned())),
            (None, Some(_), ..) => Err(ConditionError::NeedsBand(operator.to_owned())),
            (None, None, ..) => Err(ConditionError::Operator(UnknownWord {
                what: "comparison operator",
                word: operator.to_owned(),
            })),
        }
    }

    /// The operator's word in `ComparisonOperator`.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        match self {
            Self::Threshold(comparison, _) => comparison.word(),
            Self::Band(side, _) => side.word(),
        }
    }
}

const COMPARISONS: [Comparison; 4] = [
    Comparison::GreaterThanOrEqualToThreshold,
    Comparison::GreaterThanThreshold,
    Comparison::LessThanThreshold,
    Comparison::LessThanOrEqualToThreshold,
];
const SIDES: [Side; 3] = [
    Side::LessThanLowerOrGreaterThanUpperThreshold,
    Side::LessThanLowerThreshold,
    Side::GreaterThanUpperThreshold,
];

impl Comparison {
    fn word(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualToThreshold => "GreaterThanOrEqualToThreshold",
            Self::GreaterThanThreshold => "GreaterThanThreshold",
            Self::LessThanThreshold => "LessThanThreshold",
            Self::LessThanOrEqualToThreshold => "LessThanOrEqualToThreshold",
        }
    }
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::LessThanLowerOrGreaterThanUpperThreshold => {
                "LessThanLowerOrGreaterThanUpperThreshold"
            }
            Self::LessThanLowerThreshold => "LessThanLowerThreshold",
            Self::GreaterThanUpperThreshold => "GreaterThanUpperThreshold",
        }
    }
}

impl AlarmState {
    /// CloudWatch's word: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl fmt::Display for AlarmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for AlarmState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Ok, Self::Alarm, Self::InsufficientData]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| UnknownWord { what: "alarm state", word: word.to_owned() })
    }
}

impl MissingData {
    /// CloudWatch's word: `missing`, `ignore`, `breaching` or `notBreaching`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

impl FromStr for MissingData {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Missing, Self::Ignore, Self::Breaching, Self::NotBreaching]
            .into_iter()
            .find(|treatment| treatment.word() == word)
            .ok_or_else(|| UnknownWord { what: "treatment of missing data", word: word.to_owned() })
    }
}

impl MetricAlarm {
    /// Datapoints that must breach (M).
    #[must_use]
    pub fn needed(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }
}

#[cfg(test)]
mod tests;
