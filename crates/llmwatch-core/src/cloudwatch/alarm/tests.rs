//! CloudWatch's documented tables, real reasons, and the rules the module documentation states.

use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::cloudwatch::band::Trainings;
use crate::cloudwatch::metric::{MetricKey, MetricStore, Stat};
use crate::cloudwatch::query::{QuerySource, Returned};

const PERIOD: u32 = 300;
const WITHIN: f64 = 1.0;
const BREACHING: f64 = 100.0;

fn key() -> MetricKey {
    MetricKey::new("AWS/Bedrock", "Invocations", &[])
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn metric(period_seconds: u32) -> MetricStat {
    MetricStat { key: key(), stat: Stat::Sum, period_seconds }
}

fn alarm(needed: u32, periods: u32, missing_data: MissingData) -> MetricAlarm {
    MetricAlarm {
        name: "alarm".to_owned(),
        watched: Watched::Metric(metric(PERIOD)),
        condition: Condition::Threshold(Comparison::GreaterThanOrEqualToThreshold, 80.0),
        evaluation_periods: periods,
        datapoints_to_alarm: Some(needed),
        missing_data,
    }
}

/// A store with one datapoint per mark of a row such as `0 - X`, the last ending at `now`.
fn store(row: &str, now: Timestamp) -> MetricStore {
    let mut store = MetricStore::default();
    for (age, mark) in (1_i64..).zip(row.split(' ').rev()) {
        let at = now - Span::new().seconds(age * i64::from(PERIOD));
        match mark {
            "0" => store.put_value(&key(), at, WITHIN),
            "X" => store.put_value(&key(), at, BREACHING),
            _ => assert_eq!(mark, "-"),
        }
    }
    store
}

fn evaluate_row(alarm: &MetricAlarm, row: &str, previous: AlarmState) -> Evaluation {
    let now = time("2026-01-15T10:30:00Z");
    evaluate(alarm, previous, &store(row, now), Moment::live(now)).unwrap()
}

fn fixture(name: &str) -> Value {
    let text = match name {
        "missing-data" => include_str!("../../../test_data/cloudwatch/missing-data.json"),
        _ => include_str!("../../../test_data/cloudwatch/state-reasons.json"),
    };
    serde_json::from_str(text).unwrap()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn each(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn the_documented_tables_hold() {
    for table in each(&fixture("missing-data")["tables"]) {
        let (needed, periods) =
            (number(&table["datapoints_to_alarm"]), number(&table["evaluation_periods"]));
        for row in each(&table["rows"]) {
            for treatment in ["missing", "ignore", "breaching", "notBreaching"] {
                let alarm = alarm(needed, periods, treatment.parse().unwrap());
                for previous in [AlarmState::Ok, AlarmState::Alarm] {
                    let found = evaluate_row(&alarm, row["data"].as_str().unwrap(), previous);
                    let expected = match row[treatment].as_str().unwrap() {
                        "Retain current state" => previous,
                        word => word.parse().unwrap(),
                    };
                    assert_eq!(found.state, expected, "{needed} of {periods}: {row} {treatment}");
                    let real = each(&found.reason_data["recentDatapoints"]).len();
                    assert_eq!(periods as usize - real, number(&row["filled"]) as usize, "{row}");
                }
            }
        }
    }
}

#[test]
fn the_documented_premature_rows_do_not_alarm() {
    for row in each(&fixture("missing-data")["not_in_alarm"]) {
        let alarm = alarm(
            number(&row["datapoints_to_alarm"]),
            number(&row["evaluation_periods"]),
            row["missing_data"].as_str().unwrap().parse().unwrap(),
        );
        let found = evaluate_row(&alarm, row["data"].as_str().unwrap(), AlarmState::Ok);
        assert_eq!(found.state, AlarmState::Ok, "{row}");
    }
}

#[test]
fn real_reasons_are_reproduced() {
    for case in each(&fixture("state-reasons")["cases"]) {
        let mut store = MetricStore::default();
        for datapoint in each(&case["datapoints"]) {
            let at = time(datapoint[0].as_str().unwrap());
            store.put_value(&key(), at, datapoint[1].as_f64().unwrap());
        }
        let operator = case["operator"].as_str().unwrap();
        let alarm = MetricAlarm {
            name: "alarm".to_owned(),
            watched: Watched::Metric(metric(number(&case["period"]))),
            condition: Condition::parse(operator, case["threshold"].as_f64(), None).unwrap(),
            evaluation_periods: number(&case["of"]),
            datapoints_to_alarm: case["needed"].as_u64().map(|needed| needed as u32),
            missing_data: case["missing_data"].as_str().unwrap().parse().unwrap(),
        };
        let moment = Moment::live(time(case["evaluated"].as_str().unwrap()));
        let found = evaluate(&alarm, AlarmState::Ok, &store, moment).unwrap();
        assert_eq!(found.reason, case["reason"].as_str().unwrap());
    }
}

#[test]
fn reason_data_has_cloudwatchs_members() {
    let now = time("2022-01-17T14:47:42.271Z");
    let mut store = MetricStore::default();
    store.put_value(&key(), time("2022-01-17T14:37:00Z"), 11.5);
    store.put_value(&key(), time("2022-01-17T14:42:00Z"), 15.0);
    store.put_value(&key(), time("2022-01-17T14:43:00Z"), 15.4);
    let alarm = MetricAlarm {
        condition: Condition::Threshold(Comparison::GreaterThanThreshold, 10.0),
        ..alarm(2, 2, MissingData::Missing)
    };
    let found = evaluate(&alarm, AlarmState::Ok, &store, Moment::live(now)).unwrap();
    let expected = json!({
        "version": "1.0",
        "queryDate": "2022-01-17T14:47:42.271+0000",
        "startDate": "2022-01-17T14:37:00.000+0000",
        "statistic": "Sum",
        "period": 300,
        "recentDatapoints": [11.5, 30.4],
        "threshold": 10.0,
        "evaluatedDatapoints": [
            {"timestamp": "2022-01-17T14:42:00.000+0000", "sampleCount": 2.0, "value": 30.4},
            {"timestamp": "2022-01-17T14:37:00.000+0000", "sampleCount": 1.0, "value": 11.5},
        ],
    });
    assert_eq!(found.reason_data, expected);
}

#[test]
fn without_data_the_periods_looked_at_are_listed_newest_first() {
    let found = evaluate_row(&alarm(1, 2, MissingData::Missing), "- -", AlarmState::Ok);
    assert_eq!(found.reason_data.get("startDate"), None);
    assert_eq!(
        found.reason_data["evaluatedDatapoints"],
        json!([
            {"timestamp": "2026-01-15T10:25:00.000+0000"},
            {"timestamp": "2026-01-15T10:20:00.000+0000"},
        ])
    );
}

/// The state of a 1-of-1 alarm at or above 80 with one datapoint of 100.
#[track_caller]
fn check_one_datapoint(period: u32, at: &str, now: &str, expected: AlarmState) {
    let mut store = MetricStore::default();
    store.put_value(&key(), time(at), BREACHING);
    let alarm = MetricAlarm {
        watched: Watched::Metric(metric(period)),
        ..alarm(1, 1, MissingData::NotBreaching)
    };
    let found = evaluate(&alarm, AlarmState::Ok, &store, Moment::live(time(now))).unwrap();
    assert_eq!(found.state, expected);
}

#[test]
fn the_window_ends_at_the_last_full_minute() {
    let at = "2026-01-15T10:30:00Z";
    check_one_datapoint(60, at, "2026-01-15T10:30:59Z", AlarmState::Ok);
    check_one_datapoint(60, at, "2026-01-15T10:31:00Z", AlarmState::Alarm);
}

#[test]
fn a_one_minute_alarm_uses_datapoints_up_to_six_minutes_old() {
    let at = "2026-01-15T10:30:00Z";
    check_one_datapoint(60, at, "2026-01-15T10:36:59Z", AlarmState::Alarm);
    check_one_datapoint(60, at, "2026-01-15T10:37:00Z", AlarmState::Ok);
}

#[test]
fn a_fifteen_minute_alarm_recovers_after_three_periods_as_was_seen() {
    let at = "2026-01-15T19:50:31Z";
    check_one_datapoint(900, at, "2026-01-15T20:35:51Z", AlarmState::Alarm);
    check_one_datapoint(900, at, "2026-01-15T20:36:51Z", AlarmState::Ok);
}

/// Tokens of the last 24 hours, 100 a minute for `minutes` minutes up to `until`.
#[track_caller]
fn check_last_day(minutes: usize, until: &str, now: &str, expected: f64) {
    let mut store = MetricStore::default();
    let start = time(until) - Span::new().minutes(i64::try_from(minutes).unwrap());
    store.put_minutes(&key(), start, &vec![100.0; minutes]);
    let alarm = MetricAlarm {
        watched: Watched::Metric(metric(86_400)),
        ..alarm(1, 1, MissingData::NotBreaching)
    };
    let found = evaluate(&alarm, AlarmState::Ok, &store, Moment::live(time(now))).unwrap();
    assert_eq!(found.reason_data["recentDatapoints"], json!([expected]));
}

#[test]
fn a_one_day_alarm_slides_over_the_last_24_hours() {
    check_last_day(1_440, "2026-01-15T10:30:00Z", "2026-01-15T10:30:20Z", 144_000.0);
    check_last_day(2_000, "2026-01-15T10:30:00Z", "2026-01-15T10:30:20Z", 144_000.0);
    check_last_day(1_440, "2026-01-15T10:30:00Z", "2026-01-15T11:30:20Z", 138_000.0);
}

#[test]
fn a_metric_that_is_not_visible_yet_is_missing() {
    let now = time("2026-01-15T10:30:00Z");
    let store = store("X X X", now);
    let alarm = alarm(3, 3, MissingData::NotBreaching);
    let late = Moment { now, visible_until: now - Span::new().minutes(5) };
    let state = |moment| evaluate(&alarm, AlarmState::Ok, &store, moment).unwrap().state;
    assert_eq!(state(Moment::live(now)), AlarmState::Alarm);
    assert_eq!(state(late), AlarmState::Ok);
}

fn expression(id: &str, text: &str) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        source: QuerySource::Expression { text: text.to_owned(), period_seconds: None },
        returned: Returned::Yes,
        label: None,
    }
}

fn metric_query(id: &str, period_seconds: u32, returned: Returned) -> MetricDataQuery {
    let source = QuerySource::Metric(metric(period_seconds));
    MetricDataQuery { id: id.to_owned(), source, returned, label: None }
}

/// Two weeks at 100 a quarter of an hour, then the given values, ending at the returned time.
fn banded_history(last: &[f64]) -> (MetricStore, Timestamp) {
    let mut store = MetricStore::default();
    let start = time("2026-01-01T00:00:00Z");
    let mut minutes = vec![f64::NAN; 14 * 1_440];
    minutes.iter_mut().step_by(15).for_each(|value| *value = 100.0);
    for value in last {
        minutes.push(*value);
        minutes.extend([f64::NAN; 14]);
    }
    store.put_minutes(&key(), start, &minutes);
    (store, start + Span::new().minutes(i64::try_from(minutes.len()).unwrap()))
}

fn banded_alarm() -> MetricAlarm {
    MetricAlarm {
        watched: Watched::Queries(vec![
            metric_query("m1", 900, Returned::Yes),
            expression("ad1", "ANOMALY_DETECTION_BAND(m1, 3)"),
        ]),
        condition: Condition::Band(Side::GreaterThanUpperThreshold, "ad1".to_owned()),
        ..alarm(3, 4, MissingData::NotBreaching)
    }
}

#[test]
fn a_band_alarm_names_its_upper_thresholds() {
    let (store, now) = banded_history(&[100.0, 500.0, 600.0, 700.0]);
    let moment = Moment::live(now);
    let found = evaluate(&banded_alarm(), AlarmState::Ok, &store, moment).unwrap();
    assert_eq!(found.state, AlarmState::Alarm);
    assert_eq!(
        found.reason,
        "Thresholds Crossed: 3 out of the last 4 datapoints [700.0 (15/01/26 00:45:00), \
         600.0 (15/01/26 00:30:00), 500.0 (15/01/26 00:15:00)] were greater than the upper \
         thresholds [115.0, 115.0, 115.0] (minimum 3 datapoints for OK -> ALARM transition)."
    );
    assert_eq!(found.reason_data["recentUpperThresholds"], json!([115.0, 115.0, 115.0, 115.0]));
    assert_eq!(found.reason_data.get("threshold"), None);
}

#[test]
fn the_evaluated_window_does_not_teach_the_band() {
    let (store, now) = banded_history(&[500.0; 6]);
    let found = evaluate(&banded_alarm(), AlarmState::Ok, &store, Moment::live(now)).unwrap();
    assert_eq!(found.state, AlarmState::Alarm);
}

#[test]
fn without_enough_history_a_band_alarm_has_no_datapoints() {
    let mut store = MetricStore::default();
    let now = time("2026-01-15T10:30:00Z");
    store.put_minutes(&key(), now - Span::new().hours(5), &[100.0; 300]);
    let found = evaluate(&banded_alarm(), AlarmState::Ok, &store, Moment::live(now)).unwrap();
    assert_eq!(found.state, AlarmState::Ok);
    assert_eq!(found.reason_data["recentDatapoints"], json!([]));
}

#[test]
fn bands_trained_before_give_the_same_evaluation() {
    let (store, now) = banded_history(&[100.0, 500.0, 600.0, 700.0]);
    let (alarm, moment) = (banded_alarm(), Moment::live(now));
    let bands = train_bands(&alarm, &store, moment, &Trainings::new()).unwrap();
    assert_eq!(
        evaluate_with_bands(&alarm, AlarmState::Ok, &store, moment, &bands),
        evaluate(&alarm, AlarmState::Ok, &store, moment)
    );
}

#[test]
fn filled_minutes_count_as_datapoints() {
    let now = time("2026-01-15T10:30:00Z");
    let mut store = MetricStore::default();
    store.put_minutes(&key(), now - Span::new().minutes(3), &[BREACHING; 2]);
    let alarm = MetricAlarm {
        watched: Watched::Queries(vec![
            metric_query("m1", 60, Returned::No),
            expression("e1", "FILL(m1, 0) + FILL(m1, 0)"),
        ]),
        ..alarm(2, 5, MissingData::Missing)
    };
    let found = evaluate(&alarm, AlarmState::Ok, &store, Moment::live(now)).unwrap();
    assert_eq!(found.state, AlarmState::Alarm);
    assert_eq!(found.reason_data["recentDatapoints"], json!([0.0, 0.0, 200.0, 200.0, 0.0]));
}

#[track_caller]
fn check_refused(alarm: &MetricAlarm, expected: AlarmError) {
    assert_eq!(validate(alarm), Err(expected));
}

#[test]
fn impossible_alarms_are_refused() {
    let possible = alarm(1, 1, MissingData::Missing);
    let watching = |queries| MetricAlarm { watched: Watched::Queries(queries), ..possible.clone() };
    check_refused(
        &alarm(4, 3, MissingData::Missing),
        AlarmError::Datapoints { datapoints_to_alarm: 4, evaluation_periods: 3 },
    );
    check_refused(
        &alarm(0, 3, MissingData::Missing),
        AlarmError::Datapoints { datapoints_to_alarm: 0, evaluation_periods: 3 },
    );
    let uneven = MetricAlarm { watched: Watched::Metric(metric(90)), ..possible.clone() };
    check_refused(&uneven, AlarmError::Periods(vec![90]));
    let two_returned =
        vec![metric_query("m1", 60, Returned::Yes), metric_query("m2", 60, Returned::Yes)];
    check_refused(&watching(two_returned), AlarmError::WatchedQueries(2));
    let two_periods =
        vec![metric_query("m1", 60, Returned::Yes), metric_query("m2", 300, Returned::No)];
    check_refused(&watching(two_periods), AlarmError::Periods(vec![60, 300]));
    let no_band = MetricAlarm {
        watched: Watched::Queries(vec![
            metric_query("m1", 60, Returned::Yes),
            expression("ad1", "m1 * 2"),
        ]),
        condition: Condition::Band(Side::GreaterThanUpperThreshold, "ad1".to_owned()),
        ..possible.clone()
    };
    check_refused(&no_band, AlarmError::NoBand("ad1".to_owned()));
    let searching = vec![
        metric_query("m1", 60, Returned::No),
        expression("e1", "m1 + SUM(SEARCH('{AWS/Bedrock,ModelId} Invocations', 'Sum', 60))"),
    ];
    check_refused(&watching(searching), AlarmError::Search);
}

#[test]
fn an_operator_must_fit_its_threshold() {
    let parse = Condition::parse;
    assert!(parse("GreaterThanThreshold", Some(1.0), None).is_ok());
    assert!(parse("GreaterThanUpperThreshold", None, Some("ad1")).is_ok());
    assert!(matches!(
        parse("GreaterThanThreshold", None, Some("ad1")),
        Err(ConditionError::NeedsThreshold(_))
    ));
    assert!(matches!(
        parse("LessThanLowerThreshold", Some(1.0), None),
        Err(ConditionError::NeedsBand(_))
    ));
    assert!(matches!(parse("Equal", Some(1.0), None), Err(ConditionError::Operator(_))));
}
