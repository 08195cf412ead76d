//! `StateReason` and `StateReasonData` in the form CloudWatch gives them.
//!
//! AWS documents neither; the wording follows `StateReason` values of real alarms as published in
//! issues and test fixtures, which the tests quote. Java prints the numbers, hence `1.0E7`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::evaluate::{Datapoint, Judgement, LookedAt};
use super::{AlarmState, Comparison, Condition, MetricAlarm, MissingData, Side, Watched};

/// The most datapoints a reason lists within its sentence.
const LISTED_INLINE: usize = 4;
/// The most datapoints a reason lists at all.
const LISTED: usize = 5;
/// Keeps `StateReasonData` within its 4,000 characters.
const MAXIMUM_EVALUATED: usize = 20;
/// Keeps `StateReasonData` within its 4,000 characters.
const MAXIMUM_RECENT: usize = 60;

/// Why an alarm is in its state.
///
/// CloudWatch gives no new reason when missing data is ignored and the state stays; ours says so.
pub(super) fn reason(alarm: &MetricAlarm, judgement: &Judgement) -> String {
    let periods = alarm.evaluation_periods as usize;
    let received = judgement.counted.len();
    match judgement.state {
        Some(AlarmState::InsufficientData) => {
            format!("Insufficient Data: {} unknown.", datapoints_were(periods))
        }
        Some(state) => crossed(alarm, judgement, state),
        None => format!(
            "Unchanged: {received} of {periods} datapoints were received and missing datapoints \
             are ignored."
        ),
    }
}

/// The datapoints that decided, or that there were none.
fn crossed(alarm: &MetricAlarm, judgement: &Judgement, state: AlarmState) -> String {
    let start = match alarm.condition {
        Condition::Threshold(..) => "Threshold Crossed",
        Condition::Band(..) => "Thresholds Crossed",
    };
    let treated = treated(alarm, judgement);
    let periods = alarm.evaluation_periods as usize;
    let decisive: Vec<&Datapoint> = judgement
        .counted
        .iter()
        .filter(|datapoint| datapoint.breaching == (state == AlarmState::Alarm))
        .collect();
    if decisive.is_empty() {
        let received = match judgement.counted.len() {
            0 => "no datapoints were".to_owned(),
            received => datapoints_were(received),
        };
        return format!("{start}: {received} received for {}{treated}.", count(periods, "period"));
    }
    let listed = &decisive[..decisive.len().min(LISTED)];
    let compared = compared(alarm, state, listed);
    let dates = list(listed.iter().map(|datapoint| dated(datapoint)));
    let (before, after) = if decisive.len() > LISTED_INLINE {
        let most_recent = "The most recent datapoints which crossed the threshold";
        (String::new(), format!(". {most_recent}: {dates}"))
    } else {
        (format!(" {dates}"), String::new())
    };
    let were = if decisive.len() == 1 { "was" } else { "were" };
    let what = format!("{before} {were} {compared}{treated}{after}");
    match alarm.datapoints_to_alarm {
        None => format!("{start}: {}{what}.", count(decisive.len(), "datapoint")),
        Some(_) => format!(
            "{start}: {} out of the last {periods} datapoints{what} (minimum {}).",
            decisive.len(),
            minimum(alarm, state)
        ),
    }
}

/// For example `3 datapoints for OK -> ALARM transition`.
fn minimum(alarm: &MetricAlarm, state: AlarmState) -> String {
    let (needed, periods) = (alarm.needed() as usize, alarm.evaluation_periods as usize);
    match state {
        AlarmState::Alarm => format!("{} for OK -> ALARM transition", count(needed, "datapoint")),
        AlarmState::Ok | AlarmState::InsufficientData => {
            let within = count(periods - needed + 1, "datapoint");
            format!("{within} for ALARM -> OK transition")
        }
    }
}

/// The figures of an evaluation, as the JSON document `StateReasonData` holds.
pub(super) fn reason_data(
    alarm: &MetricAlarm,
    judgement: &Judgement,
    looked_at: LookedAt,
) -> Value {
    let counted = &judgement.counted;
    let mut data = Map::new();
    let mut set = |name: &str, value: Value| data.insert(name.to_owned(), value);
    set("version", json!("1.0"));
    set("queryDate", json!(stamp(looked_at.now)));
    if let Some(oldest) = counted.last() {
        set("startDate", json!(stamp(oldest.at)));
    }
    if let Watched::Metric(metric) = &alarm.watched {
        set("statistic", json!(metric.stat.to_string()));
    }
    set("period", json!(looked_at.period_seconds));
    let recent: Vec<&Datapoint> = counted.iter().take(MAXIMUM_RECENT).rev().collect();
    let values = recent.iter().map(|datapoint| datapoint.value);
    set("recentDatapoints", values.collect());
    match &alarm.condition {
        Condition::Threshold(_, threshold) => {
            set("threshold", json!(threshold));
        }
        Condition::Band(side, _) => {
            if has_lower(*side) {
                let edges = recent.iter().filter_map(|datapoint| datapoint.edges);
                set("recentLowerThresholds", edges.map(|edges| edges.lower).collect());
            }
            if has_upper(*side) {
                let edges = recent.iter().filter_map(|datapoint| datapoint.edges);
                set("recentUpperThresholds", edges.map(|edges| edges.upper).collect());
            }
        }
    }
    set("evaluatedDatapoints", evaluated(alarm, judgement, looked_at));
    Value::Object(data)
}

/// The real datapoints, newest first; without any, the periods that were looked at.
fn evaluated(alarm: &MetricAlarm, judgement: &Judgement, looked_at: LookedAt) -> Value {
    if judgement.counted.is_empty() {
        let end = looked_at.window.end.as_second();
        let periods = (1..=i64::from(alarm.evaluation_periods)).take(MAXIMUM_EVALUATED);
        let starts = periods.map(|age| end - age * i64::from(looked_at.period_seconds));
        return starts
            .filter_map(|second| Timestamp::from_second(second).ok())
            .map(|at| json!({ "timestamp": stamp(at) }))
            .collect();
    }
    let datapoints = judgement.counted.iter().take(MAXIMUM_EVALUATED);
    datapoints
        .map(|datapoint| {
            let mut entry = json!({ "timestamp": stamp(datapoint.at), "value": datapoint.value });
            if let Some(sample_count) = datapoint.sample_count {
                entry["sampleCount"] = json!(sample_count);
            }
            if let (Condition::Band(side, _), Some(edges)) = (&alarm.condition, datapoint.edges) {
                let threshold = match side {
                    Side::LessThanLowerThreshold => edges.lower,
                    Side::LessThanLowerOrGreaterThanUpperThreshold
                    | Side::GreaterThanUpperThreshold => edges.upper,
                };
                entry["threshold"] = json!(threshold);
            }
            entry
        })
        .collect()
}

/// For example `not greater than the threshold (42.0)`.
fn compared(alarm: &MetricAlarm, state: AlarmState, listed: &[&Datapoint]) -> String {
    let not = if state == AlarmState::Alarm { "" } else { "not " };
    match &alarm.condition {
        Condition::Threshold(comparison, threshold) => {
            let words = match comparison {
                Comparison::GreaterThanOrEqualToThreshold => "greater than or equal to",
                Comparison::GreaterThanThreshold => "greater than",
                Comparison::LessThanThreshold => "less than",
                Comparison::LessThanOrEqualToThreshold => "less than or equal to",
            };
            format!("{not}{words} the threshold ({})", number(*threshold))
        }
        Condition::Band(side, _) => {
            let edges = || listed.iter().filter_map(|datapoint| datapoint.edges);
            let lowers = list(edges().map(|edges| number(edges.lower)));
            let uppers = list(edges().map(|edges| number(edges.upper)));
            let lower = format!("{not}less than the lower thresholds {lowers}");
            let upper = format!("{not}greater than the upper thresholds {uppers}");
            match side {
                Side::LessThanLowerOrGreaterThanUpperThreshold => format!("{lower} or {upper}"),
                Side::LessThanLowerThreshold => lower,
                Side::GreaterThanUpperThreshold => upper,
            }
        }
    }
}

fn has_lower(side: Side) -> bool {
    match side {
        Side::LessThanLowerOrGreaterThanUpperThreshold | Side::LessThanLowerThreshold => true,
        Side::GreaterThanUpperThreshold => false,
    }
}

fn has_upper(side: Side) -> bool {
    match side {
        Side::LessThanLowerOrGreaterThanUpperThreshold | Side::GreaterThanUpperThreshold => true,
        Side::LessThanLowerThreshold => false,
    }
}

/// For example ` and 2 missing datapoints were treated as [Breaching]`; empty if none was.
fn treated(alarm: &MetricAlarm, judgement: &Judgement) -> String {
    let treatment = match alarm.missing_data {
        MissingData::Breaching => "Breaching",
        MissingData::NotBreaching => "NonBreaching",
        MissingData::Missing | MissingData::Ignore => return String::new(),
    };
    match judgement.filled {
        0 => String::new(),
        1 => format!(" and 1 missing datapoint was treated as [{treatment}]"),
        filled => format!(" and {filled} missing datapoints were treated as [{treatment}]"),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn datapoints_were(number: usize) -> String {
    let verb = if number == 1 { "was" } else { "were" };
    format!("{} {verb}", count(number, "datapoint"))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// For example `1.0 (26/03/26 09:42:00)`.
fn dated(datapoint: &Datapoint) -> String {
    format!("{} ({})", number(datapoint.value), datapoint.at.strftime("%d/%m/%y %H:%M:%S"))
}

/// For example `2021-10-14T14:49:54.786+0000`.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// A number as Java's `Double.toString` writes it.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&magnitude) || !value.is_finite() {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => format!("{mantissa}E{exponent}"),
        Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::band::Edges;

    #[test]
    fn numbers_are_written_as_java_writes_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (80.0, "80.0"),
            (-2.5, "-2.5"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (16_384_000.0, "1.6384E7"),
            (0.001, "0.001"),
            (0.0005, "5.0E-4"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    /// The reason of a band alarm whose datapoints (value, lower, upper; newest first) all decided.
    #[track_caller]
    fn check(
        side: Side,
        (needed, periods): (u32, u32),
        datapoints: &[(&str, f64, f64, f64)],
        expected: &str,
    ) {
        let alarm = MetricAlarm {
            name: "alarm".to_owned(),
            watched: Watched::Queries(Vec::new()),
            condition: Condition::Band(side, "ad1".to_owned()),
            evaluation_periods: periods,
            datapoints_to_alarm: Some(needed),
            missing_data: MissingData::Missing,
        };
        let breaching = !expected.contains("not ");
        let counted = (1..)
            .zip(datapoints)
            .map(|(age, (at, value, lower, upper))| Datapoint {
                at: at.parse().unwrap(),
                value: *value,
                sample_count: None,
                edges: Some(Edges { lower: *lower, upper: *upper }),
                breaching,
                age,
            })
            .collect();
        let state = Some(if breaching { AlarmState::Alarm } else { AlarmState::Ok });
        let judgement = Judgement { state, counted, filled: 0 };
        assert_eq!(reason(&alarm, &judgement), expected);
    }

    /// Quoted from real alarms, as in test_data/cloudwatch/state-reasons.json.
    #[test]
    fn real_reasons_of_band_alarms_are_reproduced() {
        check(
            Side::LessThanLowerOrGreaterThanUpperThreshold,
            (2, 2),
            &[
                ("2019-11-22T00:57:00Z", 28.244242980188464, 31.723549397187316, 33.09242087209403),
                ("2019-11-22T00:52:00Z", 27.035814838199848, 31.317673764600034, 32.68864166862828),
            ],
            "Thresholds Crossed: 2 out of the last 2 datapoints [28.244242980188464 (22/11/19 \
             00:57:00), 27.035814838199848 (22/11/19 00:52:00)] were less than the lower \
             thresholds [31.723549397187316, 31.317673764600034] or greater than the upper \
             thresholds [33.09242087209403, 32.68864166862828] (minimum 2 datapoints for OK -> \
             ALARM transition).",
        );
        check(
            Side::GreaterThanUpperThreshold,
            (3, 3),
            &[("2023-09-08T15:36:00Z", 40.609605060341245, 0.0, 44.47595391472755)],
            "Thresholds Crossed: 1 out of the last 3 datapoints [40.609605060341245 (08/09/23 \
             15:36:00)] was not greater than the upper thresholds [44.47595391472755] (minimum 1 \
             datapoint for ALARM -> OK transition).",
        );
        check(
            Side::LessThanLowerOrGreaterThanUpperThreshold,
            (1, 1),
            &[(
                "2021-06-27T13:52:00Z",
                0.46522264287069004,
                0.4129373661576242,
                0.4700330400585261,
            )],
            "Thresholds Crossed: 1 out of the last 1 datapoints [0.46522264287069004 (27/06/21 \
             13:52:00)] was not less than the lower thresholds [0.4129373661576242] or not \
             greater than the upper thresholds [0.4700330400585261] (minimum 1 datapoint for \
             ALARM -> OK transition).",
        );
    }
}
