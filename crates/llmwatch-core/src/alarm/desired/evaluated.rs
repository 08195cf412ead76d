//! The desired alarms as CloudWatch would evaluate them, over sparse series.

use jiff::{SignedDuration, Timestamp};

use super::tests::{ALL_QUOTAS, desired_with, stored};
use super::{Breach, DesiredAlarm, MetricQuery, QuerySource, Watch};
use crate::alarm::AlarmKind;
use crate::alarm::name::AlarmName;
use crate::cloudwatch::alarm::{
    self, AlarmState, Comparison, Condition, MetricAlarm, MissingData, Moment, Side, Watched,
};
use crate::cloudwatch::metric::{MetricKey, MetricStore};
use crate::cloudwatch::query::{self, MetricDataQuery, MetricStat, Returned};
use crate::stored::StoredPool;

const NOW: &str = "2026-11-21T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn as_evaluated(desired: &DesiredAlarm) -> Option<MetricAlarm> {
    let Watch::Metrics(watch) = &desired.watch else { return None };
    Some(MetricAlarm {
        name: desired.name.clone(),
        watched: Watched::Queries(watch.queries.iter().map(as_queried).collect()),
        condition: match &watch.breach {
            Breach::AtLeast(threshold) => {
                Condition::Threshold(Comparison::GreaterThanOrEqualToThreshold, *threshold)
            }
            Breach::Below(threshold) => {
                Condition::Threshold(Comparison::LessThanThreshold, *threshold)
            }
            Breach::AboveBand(band) => {
                Condition::Band(Side::GreaterThanUpperThreshold, band.clone())
            }
            Breach::BelowBand(band) => Condition::Band(Side::LessThanLowerThreshold, band.clone()),
            Breach::Foreign(words) => panic!("{words}"),
        },
        evaluation_periods: watch.evaluation.evaluation_periods,
        datapoints_to_alarm: Some(watch.evaluation.datapoints_to_alarm),
        missing_data: MissingData::NotBreaching,
    })
}

fn as_queried(desired: &MetricQuery) -> MetricDataQuery {
    let source = match &desired.source {
        QuerySource::Expression(text) => {
            query::QuerySource::Expression { text: text.clone(), period_seconds: None }
        }
        QuerySource::Metric { namespace, metric, dimensions, statistic, period_seconds } => {
            query::QuerySource::Metric(MetricStat {
                key: MetricKey {
                    namespace: namespace.clone(),
                    name: metric.clone(),
                    dimensions: dimensions.iter().cloned().collect(),
                },
                stat: statistic.parse().unwrap(),
                period_seconds: *period_seconds,
            })
        }
    };
    MetricDataQuery {
        id: desired.id.clone(),
        source,
        returned: if desired.watched { Returned::Yes } else { Returned::No },
        label: None,
    }
}

/// Puts values of one metric of one series, by minutes before now.
fn put(store: &mut MetricStore, metric: &str, series: &str, values: &[(i64, f64)]) {
    let key = MetricKey::new("AWS/Bedrock", metric, &[("ModelId", series)]);
    for &(minutes_ago, value) in values {
        store.put_value(&key, now() - SignedDuration::from_mins(minutes_ago), value);
    }
}

#[track_caller]
fn check(
    pool: &StoredPool,
    tuning: &str,
    kind: AlarmKind,
    store: &MetricStore,
    expected: AlarmState,
) {
    let desired = desired_with(pool, tuning);
    let is_it = |alarm: &&DesiredAlarm| matches!(alarm.alarm, AlarmName::Child(k, _) if k == kind);
    let alarm = as_evaluated(desired.iter().find(is_it).unwrap()).unwrap();
    let found = alarm::evaluate(&alarm, AlarmState::Ok, store, Moment::live(now())).unwrap();
    assert_eq!(found.state, expected, "{}", found.reason);
}

#[test]
fn cloudwatch_accepts_every_alarm() {
    let p99 = r#"{"*": {"HighLatency": {"statistic": "p99"}}}"#;
    for series in [1, 2, 4, 5, 8, 12] {
        for tuning in ["none", p99] {
            for desired in desired_with(&stored(series, &ALL_QUOTAS), tuning) {
                let Some(alarm) = as_evaluated(&desired) else { continue };
                alarm::validate(&alarm).unwrap();
                let moment = Moment::live(now());
                let idle = MetricStore::default();
                let found = alarm::evaluate(&alarm, AlarmState::Ok, &idle, moment).unwrap();
                assert_eq!(found.state, AlarmState::Ok, "{}: {}", alarm.name, found.reason);
            }
        }
    }
}

#[test]
fn b10_an_idle_series_does_not_hide_the_busy_one() {
    let pool = stored(2, &ALL_QUOTAS);
    let mut store = MetricStore::default();
    let busy: Vec<(i64, f64)> = (1..=10).map(|minute| (minute, 850_000.0)).collect();
    put(&mut store, "EstimatedTPMQuotaUsage", "us.amazon.nova-lite-v1:0", &busy);
    check(&pool, "none", AlarmKind::HighTPMQuotaUsage, &store, AlarmState::Alarm);
}

#[test]
fn a_quota_nearly_used_up_is_critical_before_the_first_throttle() {
    let pool = stored(1, &ALL_QUOTAS);
    let used = |value: f64| {
        let mut store = MetricStore::default();
        let minutes: Vec<(i64, f64)> = (1..=10).map(|minute| (minute, value)).collect();
        put(&mut store, "EstimatedTPMQuotaUsage", "us.amazon.nova-lite-v1:0", &minutes);
        store
    };
    check(&pool, "none", AlarmKind::HighTPMQuotaUsage, &used(949_999.0), AlarmState::Alarm);
    check(&pool, "none", AlarmKind::TPMQuotaUsageAtLimit, &used(949_999.0), AlarmState::Ok);
    check(&pool, "none", AlarmKind::TPMQuotaUsageAtLimit, &used(950_000.0), AlarmState::Alarm);
    let later = r#"{"*": {"TPMQuotaUsageAtLimit": {"percent": 99}}}"#;
    check(&pool, later, AlarmKind::TPMQuotaUsageAtLimit, &used(950_000.0), AlarmState::Ok);
}

#[test]
fn two_series_below_the_threshold_are_above_it_together() {
    let pool = stored(2, &ALL_QUOTAS);
    let mut store = MetricStore::default();
    let half: Vec<(i64, f64)> = (1..=10).map(|minute| (minute, 450_000.0)).collect();
    put(&mut store, "EstimatedTPMQuotaUsage", "us.amazon.nova-lite-v1:0", &half);
    check(&pool, "none", AlarmKind::HighTPMQuotaUsage, &store, AlarmState::Ok);
    put(&mut store, "EstimatedTPMQuotaUsage", "eu.amazon.nova-lite-v1:0", &half);
    check(&pool, "none", AlarmKind::HighTPMQuotaUsage, &store, AlarmState::Alarm);
}

#[test]
fn b5_a_burst_of_errors_in_one_minute_alarms() {
    let mut store = MetricStore::default();
    put(&mut store, "InvocationServerErrors", "us.amazon.nova-lite-v1:0", &[(3, 100.0)]);
    check(&stored(2, &[]), "none", AlarmKind::ServerErrors, &store, AlarmState::Alarm);
}

#[test]
fn any_error_alarms_when_tuned_so_and_none_does_not() {
    let any = r#"{"*": {"Throttles":
        {"threshold": 0, "datapoints_to_alarm": 1, "evaluation_periods": 1}}}"#;
    let pool = stored(1, &[]);
    let mut store = MetricStore::default();
    put(&mut store, "InvocationThrottles", "us.amazon.nova-lite-v1:0", &[(2, 0.0)]);
    check(&pool, any, AlarmKind::Throttles, &store, AlarmState::Ok);
    put(&mut store, "InvocationThrottles", "us.amazon.nova-lite-v1:0", &[(2, 1.0)]);
    check(&pool, any, AlarmKind::Throttles, &store, AlarmState::Alarm);
    check(&pool, "none", AlarmKind::Throttles, &store, AlarmState::Ok);
}

#[test]
fn average_latency_weighs_series_by_their_requests() {
    let pool = stored(2, &[]);
    let mut store = MetricStore::default();
    for minute in 1..=30 {
        // Nine fast requests beside each slow one: 13 s on average, where the mean of the two
        // series' averages would be 65 s.
        let fast = [(minute, 1000.0); 9];
        put(&mut store, "InvocationLatency", "us.amazon.nova-lite-v1:0", &fast);
        put(&mut store, "InvocationLatency", "eu.amazon.nova-lite-v1:0", &[(minute, 129_000.0)]);
    }
    check(&pool, "none", AlarmKind::HighLatency, &store, AlarmState::Ok);
    let p99 = r#"{"*": {"HighLatency": {"statistic": "p99"}}}"#;
    check(&pool, p99, AlarmKind::HighLatency, &store, AlarmState::Alarm);
}

#[test]
fn b11_tokens_of_the_last_24_hours_alarm_though_no_minute_is_near_its_quota() {
    let pool = stored(1, &ALL_QUOTAS);
    let mut store = MetricStore::default();
    let steady: Vec<(i64, f64)> = (1..=1439).map(|minute| (minute, 805_000.0)).collect();
    put(&mut store, "EstimatedTPMQuotaUsage", "us.amazon.nova-lite-v1:0", &steady);
    check(&pool, "none", AlarmKind::HighTPDQuotaUsage, &store, AlarmState::Alarm);
}
