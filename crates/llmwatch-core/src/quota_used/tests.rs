use super::*;
use crate::alarm::desired::tests::{ALL_QUOTAS, stored};

const ESTIMATE: &str = "EstimatedTPMQuotaUsage";
const RPM: [(QuotaKind, f64); 1] = [(QuotaKind::Rpm, 1_000.0)];
const TPM: [(QuotaKind, f64); 1] = [(QuotaKind::Tpm, 1_000_000.0)];
const TPD: [(QuotaKind, f64); 1] = [(QuotaKind::Tpd, 1_440_000_000.0)];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The hour that is worked out.
fn hour() -> Timestamp {
    at("2026-11-22T11:00:00Z")
}

/// What is there of a caller, by its place among the pool's: metric, time, value.
type Sum = (usize, &'static str, &'static str, f64);

/// Everything is read; what is not said has no data.
fn used(pool: &StoredPool, sums: &[Sum]) -> Used {
    let mut used = Used::default();
    for reading in readings(std::slice::from_ref(pool), &[hour()]) {
        let values = reading.wanted.iter().map(|wanted| {
            let of = |(caller, metric, _, _): &&Sum| {
                Wanted::of_model(&pool.series[*caller], metric, "Sum", wanted.period_seconds)
                    == *wanted
            };
            let (from, to) = reading.stretch;
            let there = sums.iter().filter(of).map(|(.., time, value)| (at(time), *value));
            Read::Known(there.filter(|(time, _)| (from..to).contains(time)).collect())
        });
        let values = values.collect();
        used.add(reading, values).unwrap();
    }
    used
}

#[track_caller]
fn check(callers: usize, quotas: &[(QuotaKind, f64)], sums: &[Sum], expected: &[&str]) {
    let pool = stored(callers, quotas);
    let used = used(&pool, sums);
    let lines: Vec<String> = metrics(&[pool], &used, &[hour()])
        .into_iter()
        .map(|(at, metric)| {
            assert_eq!((at, metric.name), (hour(), "QuotaUsedPercent"));
            let [("Pool", pool), ("Quota", quota)] = metric.dimensions.as_slice() else { panic!() };
            assert_eq!(pool, "cross-region.amazon.nova-lite-v1_0");
            format!("{quota} {}", metric.value)
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn callers_are_added_up_minute_by_minute_before_the_highest_is_taken() {
    let sums = [
        (0, INVOCATIONS, "2026-11-22T11:10:00Z", 700.0),
        (1, INVOCATIONS, "2026-11-22T11:11:00Z", 600.0),
        (0, INVOCATIONS, "2026-11-22T11:30:00Z", 400.0),
        (1, INVOCATIONS, "2026-11-22T11:30:00Z", 450.0),
    ];
    check(2, &RPM, &sums, &["RPM 85"]);
    // A caller that was idle takes nothing away.
    check(3, &RPM, &sums, &["RPM 85"]);
}

#[test]
fn an_hour_holds_its_first_minute_and_not_the_next_hours() {
    let sums = [
        (0, INVOCATIONS, "2026-11-22T10:59:00Z", 900.0),
        (0, INVOCATIONS, "2026-11-22T11:00:00Z", 100.0),
        (0, INVOCATIONS, "2026-11-22T11:59:00Z", 50.0),
        (0, INVOCATIONS, "2026-11-22T12:00:00Z", 800.0),
    ];
    check(1, &RPM, &sums, &["RPM 10"]);
}

#[test]
fn tokens_of_a_day_are_those_of_the_24_hours_that_end_with_the_hour() {
    let sums = [
        (0, ESTIMATE, "2026-11-21T11:00:00Z", 1_000_000_000.0),
        (0, ESTIMATE, "2026-11-21T12:00:00Z", 360_000_000.0),
        (0, ESTIMATE, "2026-11-22T11:00:00Z", 72_000_000.0),
        (0, ESTIMATE, "2026-11-22T12:00:00Z", 1_000_000_000.0),
    ];
    check(1, &TPD, &sums, &["TPD 30"]);
}

#[test]
fn every_quota_of_a_pool_has_its_share_also_beyond_it() {
    let sums = [
        (0, INVOCATIONS, "2026-11-22T11:10:00Z", 40.0),
        (0, ESTIMATE, "2026-11-22T11:10:00Z", 700_000.0),
        (1, ESTIMATE, "2026-11-22T11:10:00Z", 800_000.0),
    ];
    let quotas = [RPM[0], TPM[0], (QuotaKind::Tpd, 1_500_000_000.0)];
    check(2, &quotas, &sums, &["RPM 4", "TPM 150", "TPD 0.1"]);
}

#[test]
fn an_idle_hour_used_nothing() {
    check(2, &ALL_QUOTAS, &[], &["RPM 0", "TPM 0", "TPD 0"]);
}

#[test]
fn calls_whose_tokens_nobody_estimated_leave_their_share_unknown() {
    let called = (1, INVOCATIONS, "2026-11-22T11:00:00Z", 5.0);
    check(2, &TPM, &[called], &[]);
    check(2, &TPD, &[called], &[]);
    // The estimates of another caller do not stand for them.
    check(2, &TPM, &[called, (0, ESTIMATE, "2026-11-22T11:00:00Z", 1_000.0)], &[]);
    check(2, &TPM, &[called, (1, ESTIMATE, "2026-11-22T11:00:00Z", 1_000.0)], &["TPM 0.1"]);
    // A call of an hour before, and one that is none.
    check(2, &TPM, &[(1, INVOCATIONS, "2026-11-22T10:59:00Z", 5.0)], &["TPM 0"]);
    check(2, &TPM, &[(1, INVOCATIONS, "2026-11-22T11:05:00Z", 0.0)], &["TPM 0"]);
}

#[test]
fn of_no_quota_and_of_no_callers_there_is_no_share() {
    check(1, &[(QuotaKind::Rpm, 0.0)], &[], &[]);
    check(0, &ALL_QUOTAS, &[], &[]);
    let pools = [stored(1, &[(QuotaKind::Rpm, 0.0)]), stored(0, &ALL_QUOTAS), stored(1, &[])];
    assert_eq!(readings(&pools, &[hour()]), []);
    assert_eq!((metrics_read(&pools), metrics_published(&pools)), (0, 0));
}

#[test]
fn what_could_not_be_read_is_told_and_takes_only_its_own_share_away() {
    let pool = stored(2, &[RPM[0], TPM[0]]);
    let mut used = Used::default();
    let mut readings = readings(std::slice::from_ref(&pool), &[hour()]);
    let reading = readings.remove(0);
    let values: Vec<Values> = reading
        .wanted
        .iter()
        .map(|wanted| match (wanted.metric.name.as_str(), &wanted.metric.dimensions["ModelId"]) {
            (ESTIMATE, caller) if *caller == pool.series[1] => Read::Unreadable("denied".into()),
            _ => Read::Known(Vec::new()),
        })
        .collect();
    assert_eq!(used.add(reading, values), Err("denied".to_owned()));
    let found = metrics(std::slice::from_ref(&pool), &used, &[hour()]);
    let quotas: Vec<&str> =
        found.iter().map(|(_, metric)| metric.dimensions[1].1.as_str()).collect();
    assert_eq!(quotas, ["RPM"]);
}

#[test]
fn each_caller_is_read_once_for_all_of_the_hours() {
    let hours = crate::hourly_cost::hours(at("2026-11-22T12:20:00Z"));
    let pools = [stored(3, &ALL_QUOTAS), stored(2, &RPM)];
    let readings = readings(&pools, &hours);
    let told: Vec<String> = readings
        .iter()
        .map(|reading| {
            let period = reading.wanted[0].period_seconds;
            let (from, to) = reading.stretch;
            format!("{} by {period} s, {from} to {to}", reading.wanted.len())
        })
        .collect();
    assert_eq!(
        told,
        [
            "6 by 60 s, 2026-11-22T06:00:00Z to 2026-11-22T12:00:00Z",
            "6 by 3600 s, 2026-11-21T07:00:00Z to 2026-11-22T12:00:00Z",
        ]
    );
    assert_eq!(metrics_read(&pools), 12);
    assert_eq!(metrics_published(&pools), 4);
    assert_eq!(metrics(&pools[..1], &Used::default(), &hours), []);
}
