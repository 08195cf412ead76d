//! The desired alarms as CloudWatch would evaluate them, over scores that come late or are few.

use jiff::{SignedDuration, Timestamp};

use super::DesiredAlarm;
use super::tests::{desired_with, every_metric};
use crate::alarm::Severity;
use crate::alarm::desired::evaluated::as_evaluated;
use crate::alarm::name::AlarmName;
use crate::cloudwatch::alarm::{self, AlarmState, Moment};
use crate::cloudwatch::metric::{MetricKey, MetricStore, StatisticSet};
use crate::quality::Metric;
use crate::quality::NAMESPACE;
use crate::quality::alarm::QualityKind;

const NOW: &str = "2026-11-21T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// `samples` values of this mean at minutes before now.
fn put(store: &mut MetricStore, metric: Metric, minutes_ago: i64, mean: f64, samples: f64) {
    let key =
        MetricKey::new(NAMESPACE, &metric.to_string(), &[("ModelId", "us.amazon.nova-lite-v1:0")]);
    let sum = mean * samples;
    let set = StatisticSet { sample_count: samples, sum, minimum: mean, maximum: mean };
    store.put_statistics(&key, now() - SignedDuration::from_mins(minutes_ago), set);
}

fn alarm_of(kind: QualityKind, severity: Severity) -> DesiredAlarm {
    let is_it = |alarm: &DesiredAlarm| matches!(&alarm.alarm, AlarmName::Quality(it) if it.kind == kind && it.severity == severity);
    desired_with(&every_metric(), "none").into_iter().find(is_it).unwrap()
}

#[track_caller]
fn check(kind: QualityKind, severity: Severity, store: &MetricStore, expected: AlarmState) {
    let alarm = as_evaluated(&alarm_of(kind, severity)).unwrap();
    let found = alarm::evaluate(&alarm, AlarmState::Ok, store, Moment::live(now())).unwrap();
    assert_eq!(found.state, expected, "{}", found.reason);
}

#[test]
fn cloudwatch_accepts_every_alarm_and_an_idle_model_is_ok() {
    for desired in desired_with(&every_metric(), "none") {
        let alarm = as_evaluated(&desired).unwrap();
        alarm::validate(&alarm).unwrap();
        let idle = MetricStore::default();
        let moment = Moment::live(now());
        let found = alarm::evaluate(&alarm, AlarmState::Ok, &idle, moment).unwrap();
        assert_eq!(found.state, AlarmState::Ok, "{}: {}", alarm.name, found.reason);
    }
}

#[test]
fn two_bad_quarters_alarm_and_one_does_not() {
    let mut store = MetricStore::default();
    put(&mut store, Metric::Refusal, 35, 0.3, 40.0);
    check(QualityKind::HighRefusal, Severity::Warning, &store, AlarmState::Ok);
    put(&mut store, Metric::Refusal, 50, 0.3, 40.0);
    check(QualityKind::HighRefusal, Severity::Warning, &store, AlarmState::Alarm);
    check(QualityKind::HighRefusal, Severity::Critical, &store, AlarmState::Ok);
}

#[test]
fn scores_that_come_twenty_minutes_late_still_alarm() {
    // Nothing of the last quarter but one has arrived, nor of the last.
    let mut store = MetricStore::default();
    for minutes_ago in [25, 40] {
        put(&mut store, Metric::JudgeSafety, minutes_ago, 0.6, 25.0);
    }
    check(QualityKind::LowSafety, Severity::Critical, &store, AlarmState::Alarm);
}

#[test]
fn a_quarter_of_nineteen_samples_never_counts() {
    let mut store = MetricStore::default();
    for quarter in 0..8 {
        put(&mut store, Metric::Refusal, 20 + 15 * quarter, 1.0, 19.0);
    }
    check(QualityKind::HighRefusal, Severity::Critical, &store, AlarmState::Ok);
    // The twentieth sample of two of them arrives.
    for quarter in [1, 3] {
        put(&mut store, Metric::Refusal, 20 + 15 * quarter, 1.0, 1.0);
    }
    check(QualityKind::HighRefusal, Severity::Critical, &store, AlarmState::Alarm);
}

#[test]
fn what_is_more_than_two_hours_old_does_not_alarm() {
    let mut store = MetricStore::default();
    for minutes_ago in [150, 165, 180] {
        put(&mut store, Metric::JudgeComposite, minutes_ago, 0.1, 100.0);
    }
    check(QualityKind::LowComposite, Severity::Warning, &store, AlarmState::Ok);
}

#[test]
fn on_the_line_a_low_score_is_ok_and_a_high_ratio_is_not() {
    let mut store = MetricStore::default();
    for minutes_ago in [20, 35] {
        put(&mut store, Metric::JudgeComposite, minutes_ago, 0.75, 64.0);
        put(&mut store, Metric::Refusal, minutes_ago, 0.5, 64.0);
    }
    check(QualityKind::LowComposite, Severity::Warning, &store, AlarmState::Ok);
    check(QualityKind::HighRefusal, Severity::Critical, &store, AlarmState::Alarm);
}
