//! The fields one entry of the tuning may have, by the kind's limit.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::alarm::{AlarmDefinition, Layer, Limit, Statistic};
use crate::excerpt::excerpt;

/// The longest time an alarm looks back: a day, or a week for periods of an hour or more.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
const LOOK_BACK_SECONDS: u32 = 86_400;
const LOOK_BACK_SECONDS_OF_LONG_PERIODS: u32 = 604_800;

/// With fewer periods an alarm on an hour's cost would at times look at hours without a value only.
const PERIODS_UNTIL_COST_IS_SEEN: u32 = 3;

/// Above this, a count of errors is a slip of the pen.
const MOST_ERRORS: f64 = 1e9;

/// What an entry changes; `None` leaves the wider entry's or the CATALOGUE's value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Adjustment {
    pub(super) switch: Option<Switch>,
    pub(super) limit: Option<Limit>,
    pub(super) statistic: Option<Statistic>,
    pub(super) evaluation: Option<Evaluation>,
}

/// Whether the alarm exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    On,
    Off,
}

/// M of N; always both, so that no combination of entries can make M exceed N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Evaluation {
    pub(super) datapoints_to_alarm: u32,
    pub(super) evaluation_periods: u32,
}

/// Problems that are told one by one; whoever mends these sees the next.
const MOST_PROBLEMS: usize = 10;

/// Collects what is wrong, in the order of the JSON's keys.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    told: Vec<String>,
    more: usize,
}

impl Problems {
    pub(crate) fn add(&mut self, place: &str, what: impl Display) {
        if self.told.len() < MOST_PROBLEMS {
            self.told.push(format!("{place} {what}"));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(crate) fn into_texts(self) -> Vec<String> {
        let Self { mut told, more } = self;
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told
    }
}

/// Reads the fields of one kind; what is wrong with them goes to `problems`.
pub(super) fn read(
    place: &str,
    row: &AlarmDefinition,
    fields: &Value,
    problems: &mut Problems,
) -> Option<Adjustment> {
    let Some(fields) = fields.as_object() else {
        problems.add(place, r#"must be an object of fields, for example {"enabled": false}"#);
        return None;
    };
    let mut adjustment = Adjustment::default();
    for (field, value) in fields {
        let read = match Field::of(field, row) {
            Some(field) => field.read(row, value, &mut adjustment),
            None => {
                let known: Vec<&str> = Field::all(row).iter().map(|field| field.word()).collect();
                problems.add(
                    &format!("{place}.{}", excerpt(field)),
                    format_args!("is no field of this kind; it takes {}", known.join(", ")),
                );
                continue;
            }
        };
        if let Err(mend) = read {
            let value = excerpt(&value.to_string());
            problems.add(&format!("{place}.{field}"), format_args!("is {value}; {mend}"));
        }
    }
    adjustment.evaluation = evaluation(place, row, fields, problems);
    Some(adjustment)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Enabled,
    DatapointsToAlarm,
    EvaluationPeriods,
    Threshold,
    Percent,
    Statistic,
    ThresholdMs,
    Width,
}

impl Field {
    fn word(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::DatapointsToAlarm => "datapoints_to_alarm",
            Self::EvaluationPeriods => "evaluation_periods",
            Self::Threshold => "threshold",
            Self::Percent => "percent",
            Self::Statistic => "statistic",
            Self::ThresholdMs => "threshold_ms",
            Self::Width => "width",
        }
    }

    fn all(row: &AlarmDefinition) -> Vec<Self> {
        let mut fields = vec![Self::Enabled, Self::DatapointsToAlarm, Self::EvaluationPeriods];
        match (row.limit, row.layer) {
            (Limit::AtLeast(_), Layer::CriticalErrors) => fields.push(Self::Threshold),
            (Limit::AtLeast(_), Layer::Usage | Layer::Anomaly | Layer::Budget) => {
                fields.extend([Self::Statistic, Self::ThresholdMs]);
            }
            (Limit::PercentOfQuota(..), _) => fields.push(Self::Percent),
            (Limit::AboveBand(_), _) => fields.push(Self::Width),
            // The budget stands in the setting of prices.
            (Limit::Budget, _) => {}
        }
        fields
    }

    fn of(word: &str, row: &AlarmDefinition) -> Option<Self> {
        Self::all(row).into_iter().find(|field| field.word() == word)
    }

    fn read(
        self,
        row: &AlarmDefinition,
        value: &Value,
        adjustment: &mut Adjustment,
    ) -> Result<(), &'static str> {
        match self {
            Self::Enabled => {
                let enabled = value.as_bool().ok_or("write true or false")?;
                adjustment.switch = Some(if enabled { Switch::On } else { Switch::Off });
            }
            Self::Threshold => {
                let count = number(value, |n| (0.0..=MOST_ERRORS).contains(&n) && n.fract() == 0.0)
                    .ok_or("write a whole number from 0 (any error at all) to 1000000000")?;
                // "At least 0" always holds; errors are whole, so "more than 0" is "at least 1".
                adjustment.limit = Some(Limit::AtLeast(count.max(1.0)));
            }
            Self::Percent => {
                let percent = number(value, |n| n > 0.0 && n <= 100.0)
                    .ok_or("write a number above 0, at most 100")?;
                if let Limit::PercentOfQuota(quota, _) = row.limit {
                    adjustment.limit = Some(Limit::PercentOfQuota(quota, percent));
                }
            }
            Self::Statistic => {
                adjustment.statistic = Some(match value.as_str() {
                    Some("average") => Statistic::Average,
                    Some("p90") => Statistic::P90,
                    Some("p99") => Statistic::P99,
                    _ => return Err("write average, p90 or p99"),
                });
            }
            Self::ThresholdMs => {
                let milliseconds = number(value, |n| n > 0.0 && n <= 3_600_000.0)
                    .ok_or("write milliseconds above 0, at most 3600000")?;
                adjustment.limit = Some(Limit::AtLeast(milliseconds));
            }
            Self::Width => {
                let width = number(value, |n| n > 0.0 && n <= 100.0)
                    .ok_or("write standard deviations above 0, at most 100")?;
                adjustment.limit = Some(Limit::AboveBand(width));
            }
            Self::DatapointsToAlarm | Self::EvaluationPeriods => {
                whole(value).ok_or("write a whole number from 1")?;
            }
        }
        Ok(())
    }
}

fn evaluation(
    place: &str,
    row: &AlarmDefinition,
    fields: &Map<String, Value>,
    problems: &mut Problems,
) -> Option<Evaluation> {
    let (m_word, n_word) = (Field::DatapointsToAlarm.word(), Field::EvaluationPeriods.word());
    let alone = |word, missing| (word, format!("stands alone; write {missing} beside it"));
    let (word, problem) = match (fields.get(m_word), fields.get(n_word)) {
        (None, None) => return None,
        (Some(_), None) => alone(m_word, n_word),
        (None, Some(_)) => alone(n_word, m_word),
        (Some(m), Some(n)) => {
            let evaluation =
                Evaluation { datapoints_to_alarm: whole(m)?, evaluation_periods: whole(n)? };
            match nonsense(row, evaluation) {
                None => return Some(evaluation),
                Some((field, problem)) => (field.word(), problem),
            }
        }
    };
    problems.add(&format!("{place}.{word}"), problem);
    None
}

fn nonsense(row: &AlarmDefinition, evaluation: Evaluation) -> Option<(Field, String)> {
    let Evaluation { datapoints_to_alarm: m, evaluation_periods: n } = evaluation;
    let look_back = if row.period_seconds < 3600 {
        LOOK_BACK_SECONDS
    } else {
        LOOK_BACK_SECONDS_OF_LONG_PERIODS
    };
    let most = look_back / row.period_seconds;
    if m > n {
        let problem = format!("is {m}, more than evaluation_periods {n}; write at most {n}");
        Some((Field::DatapointsToAlarm, problem))
    } else if n > most {
        let period = row.period_seconds;
        let problem = format!("is {n}; CloudWatch looks back at most {most} periods of {period} s");
        Some((Field::EvaluationPeriods, problem))
    } else if n == 1 && row.period_seconds == 60 {
        let problem = "is 1; per-minute metrics arrive late and the newest minute reads 0, so \
                       write at least 2";
        Some((Field::EvaluationPeriods, problem.to_owned()))
    } else if n < PERIODS_UNTIL_COST_IS_SEEN && row.limit == Limit::Budget {
        let problem = format!(
            "is {n}; the newest cost is up to 2 h 20 min old, so write at least \
             {PERIODS_UNTIL_COST_IS_SEEN}"
        );
        Some((Field::EvaluationPeriods, problem))
    } else {
        None
    }
}

fn number(value: &Value, sensible: impl Fn(f64) -> bool) -> Option<f64> {
    value.as_f64().filter(|number| sensible(*number))
}

fn whole(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}
