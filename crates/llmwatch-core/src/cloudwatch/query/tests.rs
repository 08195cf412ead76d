//! Requests as GetMetricData takes them, and those it refuses.

use std::collections::BTreeMap;

use super::*;
use crate::cloudwatch::metric::{minute_of, start_of_minute as minute};

fn key(name: &str) -> MetricKey {
    MetricKey {
        namespace: "AWS/Bedrock".to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::new(),
    }
}

fn metric(id: &str, period_seconds: u32, returned: Returned) -> MetricDataQuery {
    let source = QuerySource::Metric(MetricStat { key: key(id), stat: Stat::Sum, period_seconds });
    MetricDataQuery { id: id.to_owned(), source, returned, label: None }
}

fn expression(id: &str, text: &str) -> MetricDataQuery {
    let source = QuerySource::Expression { text: text.to_owned(), period_seconds: None };
    MetricDataQuery { id: id.to_owned(), source, returned: Returned::Yes, label: None }
}

/// m1 has 1 and 2 in the first two minutes, m2 has 10 in the third.
fn store() -> MetricStore {
    let mut store = MetricStore::default();
    store.put_minutes(&key("m1"), minute(0), &[1.0, 2.0]);
    store.put_minutes(&key("m2"), minute(2), &[10.0]);
    store
}

fn window(start: i64, end: i64) -> Window {
    Window { start: minute(start), end: minute(end), visible_until: Timestamp::MAX }
}

/// The results as `label minute:value …`.
#[track_caller]
fn check(queries: &[MetricDataQuery], expected: &[&str]) {
    let results = evaluate(queries, &store(), window(0, 4)).unwrap();
    let shown: Vec<String> = results
        .iter()
        .map(|result| {
            let points = result.points.iter();
            let points = points.map(|(at, value)| format!(" {}:{value}", minute_of(*at)));
            format!("{}{}", result.label, points.collect::<String>())
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn only_returned_queries_are_in_the_result_in_their_order() {
    check(
        &[
            expression("e1", "m1 + m2"),
            metric("m1", 60, Returned::No),
            metric("m2", 60, Returned::Yes),
        ],
        &["e1 0:1 1:2 2:10", "m2 2:10"],
    );
}

#[test]
fn expressions_read_expressions_wherever_they_stand() {
    check(
        &[
            expression("e2", "e1 * 2"),
            expression("e1", "FILL(m1, 0)"),
            metric("m1", 60, Returned::No),
        ],
        &["e2 0:2 1:4 2:0 3:0", "e1 0:1 1:2 2:0 3:0"],
    );
}

#[test]
fn metrics_means_every_metric_and_no_expression() {
    check(
        &[
            metric("m1", 60, Returned::No),
            metric("m2", 60, Returned::No),
            expression("e1", "SUM(METRICS())"),
            expression("e2", "SUM(FILL(METRICS(\"2\"), 5))"),
        ],
        &["e1 0:1 1:2 2:10", "e2 0:5 1:5 2:10 3:5"],
    );
}

#[test]
fn an_array_gives_a_result_for_each_series() {
    check(
        &[
            metric("m1", 120, Returned::No),
            metric("m2", 120, Returned::No),
            expression("e1", "METRICS() * 2"),
        ],
        &["e1 0:6", "e1 2:20"],
    );
}

#[test]
fn a_metric_that_is_not_there_is_an_empty_result() {
    check(&[metric("m3", 60, Returned::Yes)], &["m3"]);
}

#[test]
fn zeros_filled_before_a_metric_began_do_not_teach_its_band() {
    const DAY: i64 = 1_440;
    let mut store = MetricStore::default();
    store.put_minutes(&key("m1"), minute(10 * DAY), &[100.0; 4 * 1_440]);
    let queries = [
        metric("m1", 900, Returned::No),
        expression("e1", "FILL(m1, 0)"),
        expression("ad1", "ANOMALY_DETECTION_BAND(e1, 2)"),
    ];
    let results = evaluate(&queries, &store, window(14 * DAY, 14 * DAY + 15)).unwrap();
    let edges: Vec<f64> = results[1..].iter().map(|result| result.points[0].1).collect();
    assert_eq!(edges, [1_650.0, 1_350.0]);
}

#[track_caller]
fn check_error(queries: &[MetricDataQuery], expected: &str) {
    let error = evaluate(queries, &store(), window(0, 4)).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn requests_cloudwatch_refuses_are_errors() {
    let id = "query `e1`";
    check_error(
        &[metric("M1", 60, Returned::Yes)],
        "`M1` is not an id: a lower-case letter, then letters, digits and underscores",
    );
    check_error(
        &[metric("m1", 60, Returned::Yes), metric("m1", 60, Returned::Yes)],
        "two queries have the id `m1`",
    );
    check_error(
        &[metric("m1", 90, Returned::Yes)],
        "query `m1`: a period of 90 seconds is not a multiple of 60",
    );
    check_error(
        &[expression("e1", "m1 +")],
        &format!("{id}: at character 5: the expression ends where a value is expected"),
    );
    check_error(&[expression("e1", "2 * m1")], &format!("{id}: at character 5: unknown id `m1`"));
    check_error(&[expression("e1", "e1 + 1")], "query `e1` refers to itself");
    check_error(&[expression("e1", "e2"), expression("e2", "e1")], "query `e1` refers to itself");
    check_error(&[metric("m1", 60, Returned::No)], "no query is returned");
    check_error(&[], "no query is returned");
    check_error(&[expression("e1", "1 + 1")], "query `e1` yields a number, not a time series");
    check_error(
        &[metric("m1", 60, Returned::No), expression("e1", "SUM(m1)")],
        "query `e1` yields a number, not a time series",
    );
    check_error(
        &[
            metric("m1", 60, Returned::No),
            metric("m2", 120, Returned::No),
            expression("e1", "m1 + m2"),
        ],
        &format!(
            "{id}: at character 4: series with periods of 60 and 120 seconds cannot be combined"
        ),
    );
}
