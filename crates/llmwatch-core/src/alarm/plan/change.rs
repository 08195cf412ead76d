//! One change of one alarm, printable in a line.

use std::collections::BTreeMap;
use std::fmt;

use super::Alarm;
use crate::alarm::desired::{
    Breach, COMPOSITE_WORD, Detector, Evaluation, MetricQuery, MetricWatch, QuerySource, Watch,
};
use crate::alarm::name::AlarmName;

/// One thing to do. `Display` is one line for logs and for `plan-only`.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmChange {
    /// Train an anomaly model.
    PutDetector(Detector),
    /// Create an alarm.
    Create {
        /// The alarm.
        put: Alarm,
        /// The tags it is created with.
        tags: BTreeMap<&'static str, String>,
    },
    /// Overwrite an alarm; what is not in `put` stays as it is.
    Update {
        /// The alarm as it is to be.
        put: Alarm,
        /// What differs from the alarm as it is.
        fields: Vec<FieldChange>,
    },
    /// Delete an alarm.
    Delete {
        /// Which alarm of which pool.
        alarm: AlarmName,
        /// Its name.
        name: String,
    },
    /// Delete an anomaly model.
    DeleteDetector(Detector),
}

/// A field that changes, with both values as people read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Which field.
    pub field: Field,
    /// The value it has.
    pub old: String,
    /// The value it gets.
    pub new: String,
}

/// A field of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The fixed value a datapoint is compared with.
    Threshold,
    /// How a datapoint is compared, when it is not only the threshold that changes.
    Condition,
    /// M of N.
    Evaluation,
    /// Seconds per datapoint.
    Period,
    /// The `ModelId` values watched.
    Series,
    /// The metric's statistic.
    Statistic,
    /// Metric math, or the metrics' names and ids.
    Metrics,
    /// How a missing datapoint counts.
    MissingData,
    /// The composite's rule.
    Rule,
    /// Actions on ALARM.
    AlarmActions,
    /// Actions on OK.
    OkActions,
    /// The description.
    Description,
}

impl Field {
    fn word(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Condition => "condition",
            Self::Evaluation => "evaluation",
            Self::Period => "period",
            Self::Series => "series",
            Self::Statistic => "statistic",
            Self::Metrics => "metrics",
            Self::MissingData => "missing data",
            Self::Rule => "rule",
            Self::AlarmActions => "alarm actions",
            Self::OkActions => "OK actions",
            Self::Description => "description",
        }
    }
}

impl fmt::Display for FieldChange {
    /// A description is whole sentences, so only that it changes is said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Field::Description => f.write_str("description reworded"),
            Field::Threshold
            | Field::Condition
            | Field::Evaluation
            | Field::Period
            | Field::Series
            | Field::Statistic
            | Field::Metrics
            | Field::MissingData
            | Field::Rule
            | Field::AlarmActions
            | Field::OkActions => {
                write!(f, "{} {} → {}", self.field.word(), self.old, self.new)
            }
        }
    }
}

/// The order of doing, earliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    PutDetectors,
    PutChildren,
    PutComposites,
    DeleteComposites,
    DeleteChildren,
    DeleteDetectors,
}

impl AlarmChange {
    /// The alarm changed; `None` for an anomaly model.
    #[must_use]
    pub fn alarm(&self) -> Option<&AlarmName> {
        match self {
            Self::Create { put, .. } | Self::Update { put, .. } => Some(&put.alarm),
            Self::Delete { alarm, .. } => Some(alarm),
            Self::PutDetector(_) | Self::DeleteDetector(_) => None,
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::PutDetector(_) => Stage::PutDetectors,
            Self::Create { put, .. } | Self::Update { put, .. } => match put.alarm {
                AlarmName::Child(..) | AlarmName::Quality(_) | AlarmName::Component(_) => {
                    Stage::PutChildren
                }
                AlarmName::Composite(_) => Stage::PutComposites,
            },
            Self::Delete { alarm, .. } => match alarm {
                AlarmName::Composite(_) => Stage::DeleteComposites,
                AlarmName::Child(..) | AlarmName::Quality(_) | AlarmName::Component(_) => {
                    Stage::DeleteChildren
                }
            },
            Self::DeleteDetector(_) => Stage::DeleteDetectors,
        }
    }
}

impl fmt::Display for AlarmChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PutDetector(detector) => write!(f, "{}: create", Subject::Model(detector)),
            Self::Create { put, .. } => {
                write!(f, "{}: create, {}", Subject::Alarm(&put.alarm), Summary(&put.watch))
            }
            Self::Update { put, fields } => {
                let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
                write!(f, "{}: {}", Subject::Alarm(&put.alarm), fields.join(", "))
            }
            Self::Delete { alarm, .. } => write!(f, "{}: delete", Subject::Alarm(alarm)),
            Self::DeleteDetector(detector) => write!(f, "{}: delete", Subject::Model(detector)),
        }
    }
}

/// A whole plan, one line a change; `nothing to change` when it is empty.
#[must_use]
pub fn text(changes: &[AlarmChange]) -> String {
    if changes.is_empty() {
        return "nothing to change".to_owned();
    }
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

enum Subject<'a> {
    Alarm(&'a AlarmName),
    Model(&'a Detector),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(AlarmName::Child(kind, pool)) => write!(f, "{kind} of {pool}"),
            Self::Alarm(AlarmName::Composite(pool)) => write!(f, "{COMPOSITE_WORD} of {pool}"),
            Self::Alarm(AlarmName::Quality(alarm)) => {
                write!(f, "{} ({}) of {}", alarm.kind, alarm.severity, alarm.series)
            }
            Self::Alarm(AlarmName::Component(alarm)) => {
                write!(f, "{} of component {}", alarm.kind, alarm.component)
            }
            Self::Model(detector) => write!(
                f,
                "anomaly model of {} over {}",
                metric_names(&detector.queries),
                series(&detector.queries)
            ),
        }
    }
}

struct Summary<'a>(&'a Watch);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Watch::Metrics(watch) => write!(
                f,
                "{} {} per {} {}, {} periods, over {}",
                statistics(&watch.queries),
                metric_names(&watch.queries),
                periods(&watch.queries),
                condition(watch),
                evaluation(watch.evaluation),
                series(&watch.queries),
            ),
            Watch::Children(rule) => f.write_str(&children(rule)),
        }
    }
}

pub(super) fn condition(watch: &MetricWatch) -> String {
    match &watch.breach {
        Breach::AtLeast(threshold) => format!("at least {threshold}"),
        Breach::Below(threshold) => format!("below {threshold}"),
        Breach::AboveBand(id) => format!("above {}", band(watch, id)),
        Breach::BelowBand(id) => format!("below {}", band(watch, id)),
        Breach::Foreign(words) => words.clone(),
    }
}

fn band<'a>(watch: &'a MetricWatch, id: &'a str) -> &'a str {
    let query = watch.queries.iter().find(|query| query.id == id);
    query.map_or(id, |query| match &query.source {
        QuerySource::Expression(expression) => expression,
        QuerySource::Metric { metric, .. } => metric,
    })
}

/// A rule names every child in full, so only their number is said.
pub(super) fn children(rule: &str) -> String {
    format!("over {} alarms", rule.matches("ALARM(").count())
}

pub(super) fn evaluation(evaluation: Evaluation) -> String {
    format!("{} of {}", evaluation.datapoints_to_alarm, evaluation.evaluation_periods)
}

pub(super) fn series(queries: &[MetricQuery]) -> String {
    distinct(queries, |source| match source {
        QuerySource::Metric { dimensions, .. } => {
            let values: Vec<&str> = dimensions.iter().map(|(_, value)| value.as_str()).collect();
            Some(values.join("/"))
        }
        QuerySource::Expression(_) => None,
    })
}

pub(super) fn periods(queries: &[MetricQuery]) -> String {
    distinct(queries, |source| match source {
        QuerySource::Metric { period_seconds, .. } => Some(format!("{period_seconds} s")),
        QuerySource::Expression(_) => None,
    })
}

pub(super) fn statistics(queries: &[MetricQuery]) -> String {
    distinct(queries, |source| match source {
        QuerySource::Metric { statistic, .. } => Some(statistic.clone()),
        QuerySource::Expression(_) => None,
    })
}

fn metric_names(queries: &[MetricQuery]) -> String {
    distinct(queries, |source| match source {
        QuerySource::Metric { metric, .. } => Some(metric.clone()),
        QuerySource::Expression(_) => None,
    })
}

/// Metric names and expressions: what neither series, statistic nor period says.
pub(super) fn formula(queries: &[MetricQuery]) -> String {
    distinct(queries, |source| match source {
        QuerySource::Metric { metric, .. } => Some(metric.clone()),
        QuerySource::Expression(expression) => Some(expression.clone()),
    })
}

fn distinct(queries: &[MetricQuery], part: impl Fn(&QuerySource) -> Option<String>) -> String {
    let mut found: Vec<String> = Vec::new();
    for part in queries.iter().filter_map(|query| part(&query.source)) {
        if !found.contains(&part) {
            found.push(part);
        }
    }
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}
