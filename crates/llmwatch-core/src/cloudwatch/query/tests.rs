//! Requests as GetMetricData takes them, and those it refuses.

use super::*;
use crate::cloudwatch::metric::{minute_of, start_of_minute as minute};

fn key(name: &str) -> MetricKey {
    MetricKey::new("AWS/Bedrock", name, &[])
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
        &["m1 0:6", "m2 2:20"],
    );
}

/// Searches in a store where `Used` has a series for each of three places, one long ago.
#[track_caller]
fn check_search(text: &str, period_seconds: Option<u32>, label: Option<&str>, expected: &[&str]) {
    let mut store = store();
    let used = |place: &str| MetricKey {
        dimensions: [("Kind".to_owned(), "k".to_owned()), ("Place".to_owned(), place.to_owned())]
            .into(),
        ..key("Used")
    };
    const DAY: i64 = 1_440;
    store.put_minutes(&used("past"), minute(0), &[9.0]);
    store.put_minutes(&used("here"), minute(15 * DAY), &[1.0, 2.0, 3.0]);
    store.put_minutes(&used("there"), minute(15 * DAY + 2), &[10.0]);
    store.put_minutes(&used("future"), minute(15 * DAY + 60), &[1.0]);
    let query = MetricDataQuery {
        source: QuerySource::Expression { text: text.to_owned(), period_seconds },
        label: label.map(str::to_owned),
        ..expression("e1", "")
    };
    let window = Window { visible_until: minute(15 * DAY + 4), ..window(15 * DAY, 15 * DAY + 4) };
    let shown: Vec<String> = evaluate(&[query], &store, window)
        .unwrap()
        .iter()
        .map(|result| {
            let points = result.points.iter();
            let points =
                points.map(|(at, value)| format!(" {}:{value}", minute_of(*at) - 15 * DAY));
            format!("{}{}", result.label, points.collect::<String>())
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn a_search_reads_what_it_finds_by_its_statistic_and_period() {
    let found = r#"SEARCH('{AWS/Bedrock,Kind,Place} MetricName="Used"', 'Sum', 120)"#;
    check_search(found, None, None, &["here 0:3 2:3", "there 2:10"]);
    check_search(found, Some(60), None, &["here 0:1 1:2 2:3", "there 2:10"]);
    check_search(&format!("SUM({found})"), None, None, &["e1 0:3 2:13"]);
    check_search(&format!("SUM({found} * 0 + 1)"), None, None, &["e1 0:1 2:2"]);
    let without = r#"SEARCH('{AWS/Bedrock,Kind,Place} Place=here', 'Maximum')"#;
    check_search(without, Some(240), None, &["Used 0:3"]);
    check_search("SEARCH('{AWS/Bedrock,Kind} Used', 'Sum', 60)", None, None, &[]);
    check_search("SUM(SEARCH('{AWS/Bedrock,Kind} Used', 'Sum', 60))", None, None, &[]);
}

#[test]
fn each_series_of_a_search_has_the_expressions_label_and_its_own() {
    let found = "SEARCH('{AWS/Bedrock,Kind,Place}', 'Sum', 240)";
    check_search(found, None, Some(""), &["here 0:6", "there 0:10"]);
    check_search(found, None, Some("used"), &["used here 0:6", "used there 0:10"]);
    check_search(
        &format!("{found} * 2"),
        None,
        Some("twice"),
        &["twice here 0:12", "twice there 0:20"],
    );
    check_search(
        &format!("100 / {found}"),
        None,
        Some(""),
        &["here 0:16.666666666666668", "there 0:10"],
    );
    check_search(&format!("SUM({found})"), None, Some("all"), &["all 0:16"]);
    let dynamic = Some("at ${PROP('Dim.Place')}");
    check_search(found, None, dynamic, &["at here 0:6", "at there 0:10"]);
    let alone = "SEARCH('{AWS/Bedrock,Kind,Place} Place=here', 'Sum', 240)";
    check_search(alone, None, Some(""), &["Used 0:6"]);
    check_search(alone, None, dynamic, &["at here 0:6"]);
}

#[test]
fn the_shortest_period_is_that_of_a_metric_or_a_search() {
    let search = expression("e1", "SUM(SEARCH('a', 'Sum', 120)) + SUM(SEARCH('b', 'Sum', 300))");
    assert_eq!(shortest_period(std::slice::from_ref(&search)), Ok(Some(120)));
    assert_eq!(shortest_period(&[search.clone(), metric("m1", 60, Returned::No)]), Ok(Some(60)));
    assert_eq!(shortest_period(&[metric("m1", 300, Returned::No), search]), Ok(Some(120)));
    assert_eq!(shortest_period(&[expression("e1", "m1")]).ok(), None);
}

#[test]
fn a_search_returns_500_series_and_says_that_there_are_more() {
    let queries = [expression("e1", "SUM(SEARCH('{AWS/Bedrock,Place}', 'Sum', 60))")];
    for (there_are, found, exceeds) in [(500, 500.0, false), (501, 500.0, true)] {
        let mut store = MetricStore::default();
        for number in 0..there_are {
            let dimensions = [("Place".to_owned(), number.to_string())].into();
            store.put_minutes(&MetricKey { dimensions, ..key("Used") }, minute(0), &[1.0]);
        }
        let results = evaluate(&queries, &store, window(0, 1)).unwrap();
        assert_eq!(results[0].points, [(minute(0), found)]);
        assert_eq!(exceeds_search_limit(&queries, &store, window(0, 1)), Ok(exceeds));
    }
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
        &[expression("e1", "SEARCH('a', 'Sum')")],
        "query `e1`: a search needs a period, its own or the query's",
    );
    check_error(
        &[
            expression("e1", "ANOMALY_DETECTION_BAND(e2)"),
            expression("e2", "e3 * 2"),
            expression("e3", "SUM(SEARCH('a', 'Sum', 60))"),
        ],
        "query `e2` searches, and an anomaly band of a SEARCH is not supported",
    );
    check_error(
        &[metric("m1", 120, Returned::No), expression("e1", "m1 + SEARCH('m2', 'Sum', 60)")],
        &format!(
            "{id}: at character 4: series with periods of 120 and 60 seconds cannot be combined"
        ),
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
