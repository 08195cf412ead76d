//! The figures of a pool's page over uneven traffic, worked out by hand and not by the evaluator.

use super::*;

/// How a caller's twenty calls of a minute are: twelve of one kind, seven of another, one of a third.
const CALLS: [f64; 3] = [12.0, 7.0, 1.0];

/// What a caller's metrics hold for a call of each kind: metric and values.
type Each = [(&'static str, [f64; 3]); 4];

const FIRST: Each = [
    ("InvocationLatency", [800.0, 2_400.0, 9_000.0]),
    ("TimeToFirstToken", [200.0, 450.0, 1_500.0]),
    ("OutputTokenCount", [100.0, 300.0, 1_200.0]),
    ("InputTokenCount", [1_000.0; 3]),
];

const SECOND: Each = [
    ("InvocationLatency", [700.0, 3_000.0, 8_000.0]),
    ("TimeToFirstToken", [250.0, 400.0, 1_200.0]),
    ("OutputTokenCount", [80.0, 350.0, 900.0]),
    ("InputTokenCount", [400.0; 3]),
];

/// An hour of two callers; until its last five minutes every call is half as large.
fn an_hour_of(pool: &StoredPool) -> MetricStore {
    let mut store = MetricStore::default();
    let [first, second] = pool.series.as_slice() else { panic!("two callers") };
    let key =
        |metric: &str, model: &str| MetricKey::new("AWS/Bedrock", metric, &[("ModelId", model)]);
    let at = |minute: i64| now() - SignedDuration::from_mins(60 - minute);
    for minute in 0..60 {
        let size = if minute < 55 { 0.5 } else { 1.0 };
        for (model, each) in [(first, FIRST), (second, SECOND)] {
            store.put_values(&key("Invocations", model), at(minute), &[1.0], &[20.0]);
            for (metric, values) in each {
                let values = values.map(|value| value * size);
                store.put_values(&key(metric, model), at(minute), &values, &CALLS);
            }
        }
        let cached = [("CacheReadInputTokenCount", first, 500.0, 7.0)];
        let written = [("CacheWriteInputTokenCount", second, 300.0, 1.0)];
        for (metric, model, tokens, calls) in cached.into_iter().chain(written) {
            store.put_values(&key(metric, model), at(minute), &[tokens * size], &[calls]);
        }
    }
    for (metric, model, minute, count) in [
        ("InvocationServerErrors", first, 57, 2.0),
        ("InvocationServerErrors", second, 58, 1.0),
        ("InvocationServerErrors", second, 54, 100.0),
        ("InvocationClientErrors", second, 55, 4.0),
        ("InvocationThrottles", second, 59, 7.0),
        ("EstimatedTPMQuotaUsage", first, 59, 400_000.0),
        ("EstimatedTPMQuotaUsage", second, 59, 700_000.0),
    ] {
        store.put_value(&key(metric, model), at(minute), count);
    }
    store
}

/// What each curve of a panel ends with: of a quota its last minute, of all else the last five.
#[track_caller]
fn check(title: &str, expected: &[(&str, f64)]) {
    let pool = stored(2, &ALL_QUOTAS);
    let page = with_known(PRICES, "", |known| Dashboard::of_pool(&pool, &[], known));
    let found = latest(&page, title, &an_hour_of(&pool), last_hour());
    let rounded = |value: f64| (value * 1e9).round() / 1e9;
    let expected: Vec<(String, f64)> =
        expected.iter().map(|(label, value)| ((*label).to_owned(), rounded(*value))).collect();
    assert_eq!(found, expected, "{title}");
}

#[test]
fn a_percentile_is_that_of_the_slowest_caller_and_the_average_of_all_calls() {
    // 60 fast, 35 slower, 5 slow calls of each caller: the 50th, 90th and 99th are of one kind each.
    // (12 × 800 + 7 × 2,400 + 9,000 + 12 × 700 + 7 × 3,000 + 8,000) / 40 = 1,820.
    check("Latency", &[("p50", 800.0), ("p90", 3_000.0), ("p99", 9_000.0), ("average", 1_820.0)]);
    // (12 × 200 + 7 × 450 + 1,500 + 12 × 250 + 7 × 400 + 1,200) / 40 = 351.25.
    check(
        "Time to first token",
        &[("p50", 250.0), ("p90", 450.0), ("p99", 1_500.0), ("average", 351.25)],
    );
}

#[test]
fn tokens_are_those_of_all_callers() {
    // Output in a minute: 12 × 100 + 7 × 300 + 1,200 = 4,500 and 12 × 80 + 7 × 350 + 900 = 4,310.
    let five_minutes = [
        ("input", 140_000.0),
        ("output", 44_050.0),
        ("cache read", 17_500.0),
        ("cache write", 1_500.0),
    ];
    check("Tokens in 5 minutes", &five_minutes);
    check("Tokens a second", &five_minutes.map(|(label, tokens)| (label, tokens / 300.0)));
    // 44,050 tokens in 364 seconds of waiting.
    check("Output tokens a second of a call", &[("output tokens a second", 44_050.0 / 364.0)]);
}

#[test]
fn errors_are_those_of_the_last_five_minutes_and_of_all_callers() {
    check(
        "Errors and throttles in 5 minutes",
        &[("server errors (5xx)", 3.0), ("client errors (4xx)", 4.0), ("throttles", 7.0)],
    );
}

#[test]
fn headroom_is_what_the_quota_leaves_and_below_0_beyond_it() {
    check("RPM used", &[("used", 4.0)]);
    check("RPM: used, quota and headroom", &[("used", 40.0), ("quota", 1e3), ("headroom", 960.0)]);
    check("TPM used", &[("used", 110.0)]);
    check(
        "TPM: used, quota and headroom",
        &[("used", 1_100_000.0), ("quota", 1e6), ("headroom", -100_000.0)],
    );
}

#[test]
fn cost_is_each_kind_of_token_at_its_price() {
    // 0.06 × 140,000 + 0.24 × 44,050 + 0.015 × 17,500 + 0.06 × 1,500 = 19,324.5 of a millionth.
    check("Cost an hour", &[("USD an hour", 12.0 * 0.019_324_5)]);
    // 200 calls.
    check("Cost of 1,000 invocations", &[("USD for 1,000 invocations", 5.0 * 0.019_324_5)]);
}
