//! The catalogue's anomaly alarms over weeks of seeded traffic: what fires, when, and what does
//! not.

use jiff::{SignedDuration, Timestamp};

use super::evaluated::as_evaluated;
use super::tests::{desired_with, stored};
use super::{DesiredAlarm, Watch};
use crate::alarm::catalogue::definition;
use crate::alarm::name::AlarmName;
use crate::alarm::{AlarmKind, Layer, Limit};
use crate::cloudwatch::alarm::{self, AlarmState, MetricAlarm, Moment};
use crate::cloudwatch::band::{Bands, Trainings};
use crate::cloudwatch::metric::{MetricKey, MetricStore, StatisticSet};

const SERIES: [&str; 2] = ["us.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"];
const MINUTES_OF_DAY: i64 = 1_440;
/// Minutes from one seeded sample to the next, and from one evaluation to the next.
const STEP: i64 = 15;
/// Minutes a trained band is used here; the local AWS trains every hour, which takes longer.
const BAND_LIFE: i64 = 360;

/// What one caller of a model does in a quarter of an hour.
#[derive(Debug, Clone, Copy)]
struct Traffic {
    requests: f64,
    input_tokens: f64,
    output_tokens: f64,
    latency_ms: f64,
}

/// A time in minutes since Monday, 2 November 2026, at 0:00 UTC.
#[derive(Debug, Clone, Copy)]
struct At(i64);

impl At {
    fn day(self) -> i64 {
        self.0.div_euclid(MINUTES_OF_DAY)
    }

    fn hour(self) -> i64 {
        self.0.rem_euclid(MINUTES_OF_DAY) / 60
    }

    fn is_within(self, day: i64, hours: std::ops::Range<i64>) -> bool {
        self.day() == day && hours.contains(&self.hour())
    }

    fn timestamp(self) -> Timestamp {
        let monday: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
        monday + SignedDuration::from_mins(self.0)
    }
}

/// Between -1 and 1, the same for the same time.
fn unrest(at: At) -> f64 {
    (at.0 / STEP * 7_919).rem_euclid(401) as f64 / 200.0 - 1.0
}

/// An office's day and week: a wave on workdays, a third of it at weekends, a tenth of unrest.
fn usual(at: At) -> Traffic {
    let phase = at.0.rem_euclid(MINUTES_OF_DAY) as f64 / MINUTES_OF_DAY as f64;
    let wave = 300.0 - 250.0 * (std::f64::consts::TAU * phase).cos();
    let level = if at.day().rem_euclid(7) < 5 { wave } else { wave / 3.0 };
    let requests = (level * (1.0 + 0.1 * unrest(at))).round();
    Traffic {
        requests,
        input_tokens: requests * 1_200.0,
        output_tokens: requests * 300.0,
        latency_ms: 1_800.0 + requests + 100.0 * unrest(At(at.0 + 1)),
    }
}

/// As usual, but on Mondays from 6 to 8 six times the requests: a weekly report.
fn with_report(at: At) -> Traffic {
    if at.is_within(at.day() / 7 * 7, 6..8) { times(6.0, at) } else { usual(at) }
}

/// As usual, with several times the requests and all that comes with them.
fn times(factor: f64, at: At) -> Traffic {
    let usual = usual(at);
    Traffic {
        requests: usual.requests * factor,
        input_tokens: usual.input_tokens * factor,
        output_tokens: usual.output_tokens * factor,
        ..usual
    }
}

/// The traffic of each series, of which a pool of one has the first.
fn seeded(days: std::ops::Range<i64>, traffic: &dyn Fn(At) -> Traffic) -> MetricStore {
    let mut store = MetricStore::default();
    for series in SERIES {
        let mut put = |metric: &str, at: At, sum: f64, samples: f64| {
            let key = MetricKey::new("AWS/Bedrock", metric, &[("ModelId", series)]);
            let one = sum / samples;
            let set = StatisticSet { sample_count: samples, sum, minimum: one, maximum: one };
            store.put_statistics(&key, at.timestamp(), set);
        };
        for minute in
            (days.start * MINUTES_OF_DAY..days.end * MINUTES_OF_DAY).step_by(STEP as usize)
        {
            let at = At(minute);
            let Traffic { requests, input_tokens, output_tokens, latency_ms } = traffic(at);
            put("Invocations", at, requests, requests);
            put("InputTokenCount", at, input_tokens, requests);
            put("OutputTokenCount", at, output_tokens, requests);
            put("InvocationLatency", at, latency_ms * requests, requests);
        }
    }
    store
}

/// The alarms of a pool of so many series.
fn anomaly_alarms(series: usize) -> Vec<(AlarmKind, MetricAlarm)> {
    let kind_of = |desired: &DesiredAlarm| match (&desired.alarm, &desired.watch) {
        (AlarmName::Child(kind, _), Watch::Metrics(_)) => Some(*kind),
        (_, _) => None,
    };
    let desired = desired_with(&stored(series, &[]), "none");
    desired
        .iter()
        .filter_map(|desired| Some((kind_of(desired)?, desired)))
        .filter(|(kind, _)| definition(*kind).layer == Layer::Anomaly)
        .map(|(kind, desired)| (kind, as_evaluated(desired).unwrap()))
        .collect()
}

/// Every change to ALARM and from it while the days are evaluated, `InvocationAnomaly 15 14:45 on`.
fn changes(days: std::ops::Range<i64>, store: &MetricStore) -> Vec<String> {
    changes_of(SERIES.len(), days, store)
}

/// The same of a pool of so many series.
fn changes_of(series: usize, days: std::ops::Range<i64>, store: &MetricStore) -> Vec<String> {
    let mut changes = Vec::new();
    for (kind, alarm) in anomaly_alarms(series) {
        let checked = alarm::check(&alarm).unwrap();
        let mut state = AlarmState::Ok;
        let mut bands = Bands::new();
        for minute in
            (days.start * MINUTES_OF_DAY..days.end * MINUTES_OF_DAY).step_by(STEP as usize)
        {
            let at = At(minute);
            let moment = Moment::live(at.timestamp());
            if minute % BAND_LIFE == 0 {
                bands = checked.train_bands(store, moment, &Trainings::new()).unwrap();
            }
            let found = checked.evaluate(state, store, moment, &bands).unwrap();
            if found.state != state {
                state = found.state;
                let word = if state == AlarmState::Alarm { "on" } else { "off" };
                let (day, hour, rest) = (at.day(), at.hour(), minute % 60);
                changes.push(format!("{kind} {day} {hour:02}:{rest:02} {word}"));
            }
        }
    }
    changes
}

/// Checks what changes while days 14 to 21 are evaluated, after two weeks as usual: of a pool of one
/// series, and of one whose series are summed or averaged.
#[track_caller]
fn check(traffic: &dyn Fn(At) -> Traffic, expected: &[impl AsRef<str>]) {
    let store = seeded(0..21, traffic);
    let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    for series in 1..=SERIES.len() {
        assert_eq!(changes_of(series, 14..21, &store), expected, "{series} series");
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn every_anomaly_alarm_is_three_wide_and_looks_at_quarter_hours() {
    for series in 1..=SERIES.len() {
        let alarms = anomaly_alarms(series);
        assert_eq!(alarms.len(), 4);
        for (kind, alarm) in alarms {
            assert_eq!(definition(kind).limit, Limit::AboveBand(3.0));
            assert_eq!(alarm::validate(&alarm), Ok(900));
        }
    }
}

/// The changes of the three alarms that count requests and tokens.
fn of_all_traffic(changes: &[&str]) -> Vec<String> {
    ["InvocationAnomaly", "InputTokenAnomaly", "OutputTokenAnomaly"]
        .iter()
        .flat_map(|kind| changes.iter().map(move |change| format!("{kind} {change}")))
        .collect()
}

#[test]
fn a_usual_week_is_quiet() {
    check(&usual, &NOTHING);
}

#[test]
fn a_weekly_peak_is_quiet() {
    check(&with_report, &NOTHING);
}

#[test]
fn five_times_the_traffic_fires_what_counts_it() {
    let rush = |at: At| if at.is_within(15, 14..16) { times(5.0, at) } else { usual(at) };
    check(&rush, &of_all_traffic(&["15 14:45 on", "15 16:30 off"]));
}

#[test]
fn long_answers_fire_output_tokens_alone() {
    let wordy = |at: At| match usual(at) {
        usual if at.is_within(16, 9..11) => {
            Traffic { output_tokens: usual.output_tokens * 4.0, ..usual }
        }
        usual => usual,
    };
    check(&wordy, &["OutputTokenAnomaly 16 09:45 on", "OutputTokenAnomaly 16 11:30 off"]);
}

#[test]
fn slow_answers_fire_latency_alone() {
    let slow = |at: At| match usual(at) {
        usual if at.is_within(17, 3..5) => Traffic { latency_ms: 3.0 * usual.latency_ms, ..usual },
        usual => usual,
    };
    check(&slow, &["LatencyAnomaly 17 03:45 on", "LatencyAnomaly 17 05:30 off"]);
}

#[test]
fn a_workday_on_a_saturday_fires() {
    let busy = |at: At| if at.day() == 19 { times(3.0, at) } else { usual(at) };
    check(&busy, &of_all_traffic(&["19 00:45 on", "20 00:30 off"]));
}

#[test]
fn one_quarter_of_an_hour_does_not_fire() {
    let blip = |at: At| {
        let of_hour = at.0 % 60;
        if at.is_within(15, 14..15) && of_hour < 15 { times(20.0, at) } else { usual(at) }
    };
    check(&blip, &NOTHING);
}

#[test]
fn the_first_two_weeks_of_a_stack_are_quiet() {
    assert_eq!(changes(0..14, &seeded(0..14, &usual)), Vec::<String>::new());
}

#[test]
fn nothing_fires_before_three_days_are_known() {
    let rush = |at: At| if at.is_within(1, 9..18) { times(50.0, at) } else { usual(at) };
    assert_eq!(changes(0..3, &seeded(0..3, &rush)), Vec::<String>::new());
}

#[test]
fn a_shift_to_three_times_the_traffic_is_usual_on_the_third_day() {
    let shifted = |at: At| if at.day() >= 15 { times(3.0, at) } else { usual(at) };
    let store = seeded(0..31, &shifted);
    assert_eq!(changes(14..31, &store), of_all_traffic(&["15 00:45 on", "17 00:30 off"]));
}

#[test]
fn a_fall_to_a_third_is_quiet_and_so_is_the_way_back() {
    let fallen = |at: At| if (15..24).contains(&at.day()) { times(0.33, at) } else { usual(at) };
    assert_eq!(changes(14..31, &seeded(0..31, &fallen)), Vec::<String>::new());
}

/// The factor of traffic that grows by a fifth a week.
fn growth(at: At) -> f64 {
    1.2_f64.powf(at.0 as f64 / (7 * MINUTES_OF_DAY) as f64)
}

#[test]
fn traffic_that_grows_by_a_fifth_a_week_is_quiet() {
    let growing = |at: At| times(growth(at), at);
    assert_eq!(changes(14..28, &seeded(0..28, &growing)), Vec::<String>::new());
}

/// A blind spot of the model: only hours that other days share have a drift.
#[test]
fn a_weekly_peak_that_grows_fires() {
    let growing = |at: At| {
        let report = with_report(at).requests / usual(at).requests;
        times(growth(at) * report, at)
    };
    let store = seeded(0..15, &growing);
    assert_eq!(changes(14..15, &store), of_all_traffic(&["14 06:45 on", "14 08:30 off"]));
}

#[test]
fn an_idle_pool_is_quiet() {
    assert_eq!(changes(14..15, &MetricStore::default()), Vec::<String>::new());
}
