//! What is stored is what is read, by period and statistic.

use jiff::Span;
use proptest::prelude::*;

use super::*;

fn key(model: &str) -> MetricKey {
    MetricKey::new("AWS/Bedrock", "InvocationLatency", &[("ModelId", model)])
}

fn minute(minute: i64) -> Timestamp {
    start_of_minute(minute)
}

fn window(start: i64, end: i64) -> Window {
    Window { start: minute(start), end: minute(end), visible_until: Timestamp::MAX }
}

/// Minutes 0–9 hold 1, 2, … 10, except that minute 4 holds nothing.
fn ten_minutes() -> MetricStore {
    let mut store = MetricStore::default();
    let mut values: Vec<f64> = (1..=10).map(f64::from).collect();
    values[4] = f64::NAN;
    store.put_minutes(&key("m"), minute(0), &values);
    store
}

/// The datapoints as `minute:value`.
#[track_caller]
fn check(store: &MetricStore, stat: &str, period_minutes: u32, window: Window, expected: &str) {
    let stat = stat.parse().unwrap();
    let points = store.datapoints(&key("m"), &stat, period_minutes * 60, window);
    let shown: Vec<String> =
        points.iter().map(|(at, value)| format!("{}:{value}", minute_of(*at))).collect();
    assert_eq!(shown.join(" "), expected);
}

#[test]
fn periods_count_from_the_start_and_empty_ones_have_no_datapoint() {
    let store = ten_minutes();
    check(&store, "Sum", 1, window(2, 7), "2:3 3:4 5:6 6:7");
    check(&store, "Sum", 5, window(0, 10), "0:10 5:40");
    check(&store, "Sum", 5, window(2, 12), "2:20 7:27");
    check(&store, "Sum", 2, window(4, 8), "4:6 6:15");
    check(&store, "SampleCount", 5, window(0, 10), "0:4 5:5");
    check(&store, "Average", 5, window(0, 10), "0:2.5 5:8");
    check(&store, "Minimum", 5, window(0, 10), "0:1 5:6");
    check(&store, "Maximum", 5, window(0, 10), "0:4 5:10");
    check(&store, "p50", 5, window(5, 10), "5:8");
    check(&store, "p90", 10, window(0, 10), "0:10");
}

#[test]
fn a_period_that_starts_in_the_window_is_whole() {
    check(&ten_minutes(), "Sum", 5, window(0, 6), "0:10 5:40");
    check(&ten_minutes(), "Sum", 5, window(0, 5), "0:10");
}

#[test]
fn a_window_that_ends_before_it_starts_is_empty() {
    check(&ten_minutes(), "Sum", 5, window(5, 0), "");
}

#[test]
fn the_start_is_rounded_down_to_the_minute() {
    let late = Window { start: minute(2) + Span::new().seconds(59), ..window(2, 4) };
    check(&ten_minutes(), "Sum", 1, late, "2:3 3:4");
}

#[test]
fn minutes_that_start_at_or_after_the_visible_end_are_hidden() {
    let until = |visible_until| Window { visible_until, ..window(0, 10) };
    check(&ten_minutes(), "Sum", 5, until(minute(7)), "0:10 5:13");
    let within = minute(7) + Span::new().nanoseconds(1);
    check(&ten_minutes(), "Sum", 5, until(within), "0:10 5:21");
}

#[test]
fn samples_of_a_minute_come_together_in_any_order() {
    let mut store = MetricStore::default();
    store.put_value(&key("m"), minute(5), 10.0);
    store.put_value(&key("m"), minute(3), 1.0);
    store.put_value(&key("m"), minute(3) + Span::new().seconds(59), 3.0);
    store.put_values(&key("m"), minute(3), &[5.0, 7.0], &[2.0]);
    check(&store, "Sum", 1, window(0, 10), "3:21 5:10");
    check(&store, "SampleCount", 1, window(0, 10), "3:5 5:1");
    check(&store, "p50", 1, window(0, 10), "3:5 5:10");
    check(&store, "p100", 1, window(0, 10), "3:7 5:10");
    check(&store, "p0", 1, window(0, 10), "3:1 5:10");
}

#[test]
fn a_statistic_set_has_no_percentiles_unless_its_samples_are_equal() {
    let mut store = MetricStore::default();
    let set =
        |sample_count, sum, minimum, maximum| StatisticSet { sample_count, sum, minimum, maximum };
    store.put_statistics(&key("m"), minute(1), set(4.0, 10.0, 1.0, 4.0));
    store.put_statistics(&key("m"), minute(2), set(4.0, 8.0, 2.0, 2.0));
    store.put_statistics(&key("m"), minute(3), set(1.0, 7.0, 7.0, 7.0));
    check(&store, "Sum", 1, window(0, 10), "1:10 2:8 3:7");
    check(&store, "Average", 10, window(0, 10), "0:2.7777777777777777");
    check(&store, "p90", 1, window(0, 10), "2:2 3:7");
    check(&store, "p90", 10, window(0, 10), "");
}

#[test]
fn values_cloudwatch_refuses_are_dropped() {
    let mut store = MetricStore::default();
    store.put_value(&key("m"), minute(1), f64::NAN);
    store.put_values(&key("m"), minute(1), &[f64::INFINITY, 1.0], &[1.0, 0.0]);
    let set = StatisticSet { sample_count: 0.0, sum: 0.0, minimum: 0.0, maximum: 0.0 };
    store.put_statistics(&key("m"), minute(1), set);
    assert_eq!(store.list(&MetricFilter::default()), []);
}

#[track_caller]
fn check_listed(filter: &MetricFilter, expected: &[&str]) {
    let mut store = ten_minutes();
    store.put_value(&key("other"), minute(3), 1.0);
    store.put_value(
        &MetricKey { namespace: "LLMWatch/Quota".to_owned(), ..key("q") },
        minute(1),
        1.0,
    );
    let listed: Vec<String> = store
        .list(filter)
        .iter()
        .map(|listed| {
            format!("{}@{}", listed.key.dimensions["ModelId"], minute_of(listed.last_seen))
        })
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn a_listing_holds_what_the_filter_wants_with_the_last_minute() {
    let model = |value: Option<&str>| MetricFilter {
        dimensions: vec![DimensionFilter {
            name: "ModelId".to_owned(),
            value: value.map(str::to_owned),
        }],
        ..MetricFilter::default()
    };
    let namespace =
        |text: &str| MetricFilter { namespace: Some(text.to_owned()), ..MetricFilter::default() };
    check_listed(&MetricFilter::default(), &["m@9", "other@3", "q@1"]);
    check_listed(&namespace("AWS/Bedrock"), &["m@9", "other@3"]);
    check_listed(&model(None), &["m@9", "other@3", "q@1"]);
    check_listed(&model(Some("other")), &["other@3"]);
    let name = MetricFilter { name: Some("Invocations".to_owned()), ..MetricFilter::default() };
    check_listed(&name, &[]);
}

#[test]
fn two_weeks_of_minutes_are_read_whole() {
    let mut store = MetricStore::default();
    store.put_minutes(&key("m"), minute(0), &vec![1.0; 14 * 1_440]);
    let points = store.datapoints(&key("m"), &Stat::Sum, 60, window(0, 14 * 1_440));
    assert_eq!(points.len(), 20_160);
    check(&store, "Sum", 14 * 1_440, window(0, 14 * 1_440), "0:20160");
}

proptest! {
    #[test]
    fn the_sum_over_periods_is_the_sum_of_the_samples(
        samples in prop::collection::vec((0_i64..500, 0_u32..1_000), 1..100),
        period in 1_u32..60,
    ) {
        let mut store = MetricStore::default();
        for (at, value) in &samples {
            store.put_value(&key("m"), minute(*at), f64::from(*value));
        }
        let points = store.datapoints(&key("m"), &Stat::Sum, period * 60, window(0, 500));
        let read: f64 = points.iter().map(|(_, value)| value).sum();
        let put: f64 = samples.iter().map(|(_, value)| f64::from(*value)).sum();
        prop_assert_eq!(read, put);
        prop_assert!(points.is_sorted_by(|left, right| left.0 < right.0));
    }

    #[test]
    fn no_window_panics(start in any::<i64>(), end in any::<i64>(), period in any::<u32>()) {
        let at = |second: i64| Timestamp::from_second(second % 250_000_000_000).unwrap();
        let window = Window { start: at(start), end: at(end), visible_until: Timestamp::MAX };
        let _ = ten_minutes().datapoints(&key("m"), &Stat::Percentile(90.0), period, window);
    }
}
