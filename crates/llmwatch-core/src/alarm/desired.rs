//! The alarms a pool should have: what CloudWatch is to hold, not how it gets there.

pub(crate) mod description;
pub(crate) mod queries;

use std::collections::BTreeMap;

pub use queries::{
    Detector, MAX_SERIES, MAX_SERIES_OF_AVERAGE, MetricQuery, QuerySource, detector, detector_is_of,
};

use super::tuning::{EvaluationSource, Tuning};
use super::{AlarmDefinition, CATALOGUE, Limit, name};
use crate::ids::StackPrefix;
use crate::pool::PoolLabel;
use crate::stored::StoredPool;

/// The word for a pool's composite alarm in tags and texts.
pub const COMPOSITE_WORD: &str = "QuotaHealth";

/// Where alarms send their state changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destinations {
    /// The topic the composite alarms publish to; the notification processor reads it.
    ///
    /// The children have no action of ours: EventBridge carries their state changes.
    pub raw_topic_arn: String,
}

/// What the operator set about a pool's alarms.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    /// What is changed about the CATALOGUE.
    pub tuning: &'a Tuning,
    /// What the pool may cost in an hour, in US dollars; `None` without a budget.
    pub budget: Option<f64>,
}

/// One alarm as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredAlarm {
    /// Which alarm of which pool or series.
    pub alarm: name::AlarmName,
    /// Its name in CloudWatch.
    pub name: String,
    /// What it means and how its threshold came about, at most 1,024 characters.
    pub description: String,
    /// What it watches.
    pub watch: Watch,
    /// ARNs to call on ALARM. Operators may have added others.
    pub alarm_actions: Vec<String>,
    /// ARNs to call on OK. Operators may have added others.
    pub ok_actions: Vec<String>,
    /// Where its M of N comes from.
    pub evaluation_source: EvaluationSource,
    /// Tags it is created with; later changes of its tags are the operator's.
    pub tags: BTreeMap<&'static str, String>,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watch {
    /// Metric math over the series of a pool, or over one series of quality metrics.
    Metrics(MetricWatch),
    /// The states of other alarms, by an alarm rule.
    Children(String),
}

/// A metric alarm's condition.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricWatch {
    /// The metrics and expressions, in a fixed order.
    pub queries: Vec<MetricQuery>,
    /// When a datapoint breaches.
    pub breach: Breach,
    /// How a missing datapoint counts.
    pub missing: MissingData,
    /// How many datapoints must breach.
    pub evaluation: Evaluation,
}

/// When a datapoint breaches.
#[derive(Debug, Clone, PartialEq)]
pub enum Breach {
    /// It is at or above this value (`GreaterThanOrEqualToThreshold`).
    AtLeast(f64),
    /// It is below this value (`LessThanThreshold`).
    Below(f64),
    /// It is above the upper edge of the band with this query id (`GreaterThanUpperThreshold`).
    AboveBand(String),
    /// It is below the lower edge of the band with this query id (`LessThanLowerThreshold`).
    BelowBand(String),
    /// A condition llmwatch never sets, in CloudWatch's words; somebody edited the alarm.
    Foreign(String),
}

/// How a missing datapoint counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingData {
    /// As not breaching.
    NotBreaching,
    /// A treatment llmwatch never sets, in CloudWatch's words; somebody edited the alarm.
    Foreign(String),
}

/// M of N.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// Datapoints that must breach (M), ≥ 1.
    pub datapoints_to_alarm: u32,
    /// Datapoints looked at (N), ≥ M.
    pub evaluation_periods: u32,
}

/// Every alarm a pool should have, the composite last.
///
/// A kind that speaks of a quota or a budget the pool lacks, or that is switched off, is left out; a
/// pool without series has nothing to watch and so no alarm, and a pool without alarms no composite.
#[must_use]
pub fn desired_alarms(
    pool: &StoredPool,
    lines: Lines<'_>,
    destinations: &Destinations,
    prefix: &StackPrefix,
) -> Vec<DesiredAlarm> {
    let label = pool.pool.label();
    if pool.series.is_empty() {
        return Vec::new();
    }
    let mut alarms: Vec<DesiredAlarm> = CATALOGUE
        .iter()
        .filter_map(|row| lines.tuning.definition(row.kind, label.as_str()))
        .filter_map(|row| child(pool, &label, &row, lines, prefix))
        .collect();
    if !alarms.is_empty() {
        alarms.push(composite(pool, &label, &alarms, destinations, prefix));
    }
    alarms
}

/// The series that no alarm of a pool watches, because metric math takes no more; quietest last.
#[must_use]
pub fn unwatched_series(pool: &StoredPool) -> &[String] {
    pool.series.get(MAX_SERIES..).unwrap_or_default()
}

fn child(
    pool: &StoredPool,
    label: &PoolLabel,
    row: &AlarmDefinition,
    lines: Lines<'_>,
    prefix: &StackPrefix,
) -> Option<DesiredAlarm> {
    let queries = queries::of(pool, row, prefix);
    let breach = match row.limit {
        Limit::AtLeast(threshold) => Breach::AtLeast(threshold),
        Limit::PercentOfQuota(kind, percent) => {
            Breach::AtLeast(pool.quota(kind)?.alarm_threshold(row.kind, percent))
        }
        Limit::AboveBand(_) => Breach::AboveBand(queries::BAND_ID.to_owned()),
        Limit::Budget => Breach::AtLeast(lines.budget?),
    };
    Some(DesiredAlarm {
        alarm: name::AlarmName::Child(row.kind, label.clone()),
        name: name::child(prefix, row.kind, label),
        description: description::child(pool, row, &breach),
        watch: Watch::Metrics(MetricWatch {
            queries,
            breach,
            missing: MissingData::NotBreaching,
            evaluation: Evaluation {
                datapoints_to_alarm: row.datapoints_to_alarm,
                evaluation_periods: row.evaluation_periods,
            },
        }),
        alarm_actions: Vec::new(),
        ok_actions: Vec::new(),
        evaluation_source: lines.tuning.evaluation_source(row.kind, label.as_str()),
        tags: tags(prefix, label, row.kind.word()),
    })
}

fn composite(
    pool: &StoredPool,
    label: &PoolLabel,
    children: &[DesiredAlarm],
    destinations: &Destinations,
    prefix: &StackPrefix,
) -> DesiredAlarm {
    let states: Vec<String> =
        children.iter().map(|child| format!("ALARM(\"{}\")", child.name)).collect();
    DesiredAlarm {
        alarm: name::AlarmName::Composite(label.clone()),
        name: name::composite(prefix, label),
        description: description::composite(pool, children.len()),
        watch: Watch::Children(states.join(" OR ")),
        alarm_actions: vec![destinations.raw_topic_arn.clone()],
        ok_actions: vec![destinations.raw_topic_arn.clone()],
        evaluation_source: EvaluationSource::Catalogue,
        tags: tags(prefix, label, COMPOSITE_WORD),
    }
}

fn tags(prefix: &StackPrefix, label: &PoolLabel, kind: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("llmwatch:prefix", prefix.to_string()),
        ("llmwatch:pool", label.to_string()),
        ("llmwatch:kind", kind.to_owned()),
    ])
}

#[cfg(test)]
mod anomalies;
#[cfg(test)]
pub(crate) mod evaluated;
#[cfg(test)]
pub(crate) mod tests;
