//! What a band learns and what it does not, on series of quarter hours from a Monday on.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

const QUARTER_SECONDS: i64 = 900;
const QUARTERS_OF_DAY: i64 = 96;
const FORTNIGHT: i64 = 14 * QUARTERS_OF_DAY;

/// A quarter of an hour since Monday, 2 November 2026, at 0:00 UTC.
fn quarter(number: i64) -> Timestamp {
    let monday: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
    monday + SignedDuration::from_secs(number * QUARTER_SECONDS)
}

/// Quarter `hour:00` of a day, counted from the first Monday.
fn at(day: i64, hour: i64) -> i64 {
    day * QUARTERS_OF_DAY + hour * 4
}

fn hour_of(quarter: i64) -> i64 {
    quarter.rem_euclid(QUARTERS_OF_DAY) / 4
}

fn day_of(quarter: i64) -> i64 {
    quarter.div_euclid(QUARTERS_OF_DAY)
}

fn series(quarters: Range<i64>, value: impl Fn(i64) -> f64) -> Vec<(Timestamp, f64)> {
    quarters.map(|number| (quarter(number), value(number))).collect()
}

/// The band learned from two weeks.
fn fortnight(value: impl Fn(i64) -> f64) -> Band {
    Band::train(&series(0..FORTNIGHT, value), quarter(FORTNIGHT), &Training::plain()).unwrap()
}

/// A little unrest, between -1 and 1, the same for the same quarter.
fn unrest(number: i64) -> f64 {
    (number * 7_919).rem_euclid(201) as f64 / 100.0 - 1.0
}

/// 1,000 on workdays from 8 to 18, 100 at night, 200 at weekends; 5 % unrest.
fn office(number: i64) -> f64 {
    let level = match (day_of(number).rem_euclid(7), hour_of(number)) {
        (5 | 6, _) => 200.0,
        (_, 8..18) => 1_000.0,
        _ => 100.0,
    };
    level * (1.0 + 0.05 * unrest(number))
}

/// Checks the centre of the band 3 wide, to 3 % of it, and that the band is no wider than
/// `spread` on either side.
#[track_caller]
fn check(band: &Band, number: i64, centre: f64, spread: f64) {
    let edges = band.edges(quarter(number), 3.0).unwrap();
    let usual = band.hours[hour_of_week(quarter(number), &band.time_zone)];
    assert!((usual.centre - centre).abs() <= 0.03 * centre.abs(), "{usual:?}");
    assert!(edges.upper - centre <= 3.0 * spread, "{edges:?} {usual:?}");
    assert!(centre - edges.lower <= 3.0 * spread, "{edges:?} {usual:?}");
}

#[test]
fn each_hour_has_its_own_centre_on_workdays_and_at_weekends() {
    let band = fortnight(office);
    check(&band, at(14, 12), 1_000.0, 60.0);
    check(&band, at(14, 3), 100.0, 60.0);
    check(&band, at(19, 12), 200.0, 60.0);
    check(&band, at(20, 3), 200.0, 60.0);
}

#[test]
fn a_weekly_habit_is_learned_from_two_weeks() {
    let monday_batch = |number| match (day_of(number) % 7, hour_of(number)) {
        (0, 2..5) => 3_000.0,
        _ => office(number),
    };
    let band = fortnight(monday_batch);
    check(&band, at(14, 3), 3_000.0, 150.0);
    check(&band, at(15, 3), 100.0, 60.0);
}

#[test]
fn neither_an_incident_nor_an_outage_becomes_usual() {
    for wrong in [1e6, 0.0] {
        let once =
            |number| if (at(8, 10)..at(8, 14)).contains(&number) { wrong } else { office(number) };
        check(&fortnight(once), at(15, 12), 1_000.0, 70.0);
    }
}

#[test]
fn a_day_off_in_two_weeks_does_not_widen_the_band() {
    let holiday = |number| if day_of(number) == 9 { 0.0 } else { office(number) };
    check(&fortnight(holiday), at(15, 12), 1_000.0, 60.0);
    check(&fortnight(holiday), at(16, 12), 1_000.0, 60.0);
}

#[test]
fn a_weekend_not_seen_yet_is_like_the_other_days() {
    let until = at(4, 0);
    let band = Band::train(&series(0..until, office), quarter(until), &Training::plain()).unwrap();
    check(&band, at(5, 12), 1_000.0, 60.0);
}

#[test]
fn after_a_weekend_a_monday_is_known_from_the_friday_before() {
    let (from, until) = (at(4, 0), at(7, 0));
    let band =
        Band::train(&series(from..until, office), quarter(until), &Training::plain()).unwrap();
    check(&band, at(7, 12), 1_000.0, 60.0);
}

#[test]
fn hours_without_datapoints_are_like_the_rest() {
    let daytime = |number: &i64| (8..18).contains(&hour_of(*number));
    let points: Vec<_> =
        (0..FORTNIGHT).filter(daytime).map(|number| (quarter(number), 300.0)).collect();
    let band = Band::train(&points, quarter(FORTNIGHT), &Training::plain()).unwrap();
    check(&band, at(14, 3), 300.0, 15.0);
}

#[test]
fn a_metric_of_one_datapoint_a_day_has_a_band() {
    let points: Vec<_> = (0..14).map(|day| (quarter(at(day, 0)), 70.0)).collect();
    let band = Band::train(&points, quarter(FORTNIGHT), &Training::plain()).unwrap();
    check(&band, at(14, 0), 70.0, 3.5);
}

#[test]
fn a_constant_metric_may_move_a_little() {
    let band = fortnight(|_| 100.0);
    let edges = band.edges(quarter(FORTNIGHT), 3.0).unwrap();
    assert!((edges.lower - 85.0).abs() < 1e-9 && (edges.upper - 115.0).abs() < 1e-9, "{edges:?}");
    let nothing = fortnight(|_| 0.0).edges(quarter(FORTNIGHT), 3.0).unwrap();
    assert_eq!(nothing, Edges { lower: 0.0, upper: 0.0 });
}

#[test]
fn one_request_at_a_time_of_silence_is_usual_where_the_day_is_busy() {
    let silent_nights = |number| if hour_of(number) < 6 { 0.0 } else { 100.0 };
    let edges = fortnight(silent_nights).edges(quarter(at(14, 3)), 3.0).unwrap();
    assert_eq!(edges.lower, 0.0);
    assert!(edges.upper > 1.0 && edges.upper < 50.0, "{edges:?}");
}

#[test]
fn what_happens_in_every_fifth_quarter_is_usual_in_any() {
    let sparse = |number: i64| if number % 5 == 0 { 40.0 } else { 0.0 };
    let edges = fortnight(sparse).edges(quarter(at(14, 3)), 3.0).unwrap();
    assert!(edges.upper > 40.0 && edges.upper < 100.0, "{edges:?}");
}

#[test]
fn the_lower_edge_is_negative_only_where_a_value_was() {
    let wild = |number: i64| if number % 2 == 0 { 0.0 } else { 100.0 };
    assert_eq!(fortnight(wild).edges(quarter(FORTNIGHT), 3.0).unwrap().lower, 0.0);
    let below = fortnight(|number| wild(number) - 1.0);
    assert!(below.edges(quarter(FORTNIGHT), 3.0).unwrap().lower < -50.0);
}

#[test]
fn growth_is_expected_to_go_on() {
    let growing =
        |number: i64| office(number) * (1.0 + 0.2 * number as f64 / (7.0 * QUARTERS_OF_DAY as f64));
    let band = fortnight(growing);
    for number in FORTNIGHT..FORTNIGHT + 7 * QUARTERS_OF_DAY {
        let edges = band.edges(quarter(number), 3.0).unwrap();
        let of_its_day = growing(FORTNIGHT) / office(FORTNIGHT) * office(number);
        assert!(edges.lower < of_its_day && of_its_day < edges.upper, "{number} {edges:?}");
    }
}

#[test]
fn warm_up_is_three_days_of_history_and_twelve_datapoints() {
    let trained = |points: &[(Timestamp, f64)], until: i64| {
        Band::train(points, quarter(until), &Training::plain()).is_some()
    };
    assert!(!trained(&[], FORTNIGHT));
    assert!(!trained(&series(0..at(3, 0) - 1, office), at(3, 0) - 1));
    assert!(trained(&series(0..at(3, 0), office), at(3, 0)));
    let eleven: Vec<_> = (0..11).map(|day| (quarter(at(day, 0)), 1.0)).collect();
    assert!(!trained(&eleven, at(11, 0)));
}

#[test]
fn older_than_two_weeks_is_forgotten() {
    let points = series(-FORTNIGHT..0, |_| 100.0);
    assert!(Band::train(&points, quarter(at(13, 0)), &Training::plain()).is_some());
    assert_eq!(Band::train(&points, quarter(FORTNIGHT - 5), &Training::plain()), None);
}

#[test]
fn excluded_ranges_teach_nothing_and_are_no_history() {
    let incident = at(2, 0)..at(12, 0);
    let excluded = vec![quarter(incident.start)..quarter(incident.end)];
    let training = Training { excluded, ..Training::plain() };
    let points =
        series(0..FORTNIGHT, |number| if incident.contains(&number) { 1e9 } else { 100.0 });
    let band = Band::train(&points, quarter(FORTNIGHT), &training).unwrap();
    check(&band, at(14, 12), 100.0, 5.0);

    let twice = vec![quarter(0)..quarter(at(8, 0)), quarter(at(5, 0))..quarter(at(12, 0))];
    let training = Training { excluded: twice, ..Training::plain() };
    assert_eq!(Band::train(&points, quarter(FORTNIGHT), &training), None);
}

#[test]
fn hours_are_those_of_the_metrics_time_zone() {
    // Winter time began on Sunday, 1 November 2026, in New York.
    let new_york = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
    let local = |number: i64| {
        let hour = new_york.to_datetime(quarter(number)).hour();
        if (9..17).contains(&hour) { 500.0 } else { 50.0 }
    };
    let training = Training { time_zone: new_york.clone(), ..Training::plain() };
    let (from, until) = (at(-10, 0), at(4, 0));
    let points = series(from..until, local);
    let band = Band::train(&points, quarter(until), &training).unwrap();
    for number in until..until + QUARTERS_OF_DAY {
        check(&band, number, local(number), 25.0);
    }
}

#[test]
fn numbers_at_the_end_of_their_range_make_no_band() {
    let extreme = |number: i64| if number % 2 == 0 { f64::MAX } else { f64::MIN };
    assert_eq!(fortnight(extreme).edges(quarter(FORTNIGHT), 3.0), None);
    let band = fortnight(office);
    for width in [f64::NAN, f64::INFINITY, f64::MAX] {
        assert_eq!(band.edges(quarter(FORTNIGHT), width), None);
    }
}

#[test]
fn values_that_are_no_numbers_are_not_looked_at() {
    let holed = |number: i64| match number % 7 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        _ => 100.0,
    };
    check(&fortnight(holed), FORTNIGHT, 100.0, 5.0);
}

/// Any values, some of them far off, some missing.
fn any_values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        8 => (-1e3..1e3).prop_map(Some),
        1 => (-1e12..1e12).prop_map(Some),
        1 => Just(Some(0.0)),
        1 => Just(None),
    ];
    proptest::collection::vec(value, 300..1_400)
}

/// A daily and weekly pattern with noise: values at each hour of the week and unrest around them.
fn patterned() -> impl Strategy<Value = Vec<f64>> {
    let pattern = proptest::collection::vec(10.0..1e4, HOURS_OF_WEEK);
    let noise = proptest::collection::vec(-0.1..0.1, FORTNIGHT as usize);
    (pattern, noise).prop_map(|(pattern, noise)| {
        let value =
            |(number, noise): (usize, &f64)| pattern[number / 4 % HOURS_OF_WEEK] * (1.0 + noise);
        noise.iter().enumerate().map(value).collect()
    })
}

fn points_of(values: &[Option<f64>]) -> Vec<(Timestamp, f64)> {
    let all = values.iter().enumerate();
    all.filter_map(|(number, value)| Some((quarter(number as i64), (*value)?))).collect()
}

fn end_of(values: &[Option<f64>]) -> Timestamp {
    quarter(values.len() as i64)
}

fn of_patterned(values: &[f64]) -> Band {
    fortnight(|number| values[number as usize])
}

fn close(left: f64, right: f64, scale: f64) -> bool {
    (left - right).abs() <= 1e-6 * scale
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn training_is_deterministic_and_never_sees_what_comes_after(values in any_values(), later in any_values()) {
        let points = points_of(&values);
        let band = Band::train(&points, end_of(&values), &Training::plain());
        let mut more = points.clone();
        let after = |(number, value): (usize, &Option<f64>)| {
            Some((quarter((values.len() + number) as i64), (*value)?))
        };
        more.extend(later.iter().enumerate().filter_map(after));
        more.reverse();
        prop_assert_eq!(band, Band::train(&more, end_of(&values), &Training::plain()));
    }

    #[test]
    fn a_wider_band_holds_a_narrower_one(values in any_values(), narrow in 0.01..5.0, more in 0.0..5.0) {
        let Some(band) = Band::train(&points_of(&values), end_of(&values), &Training::plain()) else {
            return Ok(());
        };
        for hour in 0..HOURS_OF_WEEK as i64 {
            let inner = band.edges(quarter(hour * 4), narrow).unwrap();
            let outer = band.edges(quarter(hour * 4), narrow + more).unwrap();
            prop_assert!(inner.lower <= inner.upper);
            prop_assert!(outer.lower <= inner.lower && inner.upper <= outer.upper);
        }
    }

    #[test]
    fn a_band_two_wide_holds_most_of_what_it_learned_from(values in any_values()) {
        let points = points_of(&values);
        let Some(band) = Band::train(&points, end_of(&values), &Training::plain()) else {
            return Ok(());
        };
        let inside = points.iter().filter(|(at, value)| {
            let edges = band.edges(*at, 2.0).unwrap();
            edges.lower <= *value && *value <= edges.upper
        });
        prop_assert!(inside.count() * 10 >= points.len() * 8);
    }

    #[test]
    fn the_median_of_the_same_hours_is_in_the_band(values in patterned()) {
        let band = of_patterned(&values);
        for hour in 0..HOURS_OF_WEEK {
            let quarters = [hour, hour + HOURS_OF_WEEK].into_iter().flat_map(|hour| hour * 4..hour * 4 + 4);
            let mut same: Vec<f64> = quarters.map(|number| values[number]).collect();
            let middle = median(&mut same).unwrap();
            let edges = band.edges(quarter(hour as i64 * 4), 3.0).unwrap();
            prop_assert!(edges.lower <= middle && middle <= edges.upper, "{edges:?} {middle}");
        }
    }

    #[test]
    fn the_unit_of_a_metric_does_not_matter(values in any_values(), factor in 1e-3..1e3) {
        let scaled: Vec<_> = values.iter().map(|value| value.map(|value| value * factor)).collect();
        let band = Band::train(&points_of(&values), end_of(&values), &Training::plain());
        let of_scaled = Band::train(&points_of(&scaled), end_of(&values), &Training::plain());
        let (Some(band), Some(of_scaled)) = (band, of_scaled) else { return Ok(()) };
        for hour in 0..HOURS_OF_WEEK as i64 {
            let edges = band.edges(quarter(hour * 4), 3.0).unwrap();
            let scaled = of_scaled.edges(quarter(hour * 4), 3.0).unwrap();
            let scale = (edges.lower.abs() + edges.upper.abs()) * factor;
            prop_assert!(close(edges.lower * factor, scaled.lower, scale));
            prop_assert!(close(edges.upper * factor, scaled.upper, scale));
        }
    }

    /// Only the floor of the spread and the sign know where 0 is, so both are kept out of it.
    #[test]
    fn a_shifted_metric_has_a_shifted_band(values in patterned(), shift in -1e4..1e4) {
        let noisy: Vec<f64> =
            values.iter().enumerate().map(|(number, value)| value - 1e5 + 1e5 * unrest(number as i64)).collect();
        let shifted: Vec<f64> = noisy.iter().map(|value| value + shift).collect();
        let (band, of_shifted) = (of_patterned(&noisy), of_patterned(&shifted));
        for hour in 0..HOURS_OF_WEEK as i64 {
            let edges = band.edges(quarter(hour * 4), 3.0).unwrap();
            let moved = of_shifted.edges(quarter(hour * 4), 3.0).unwrap();
            prop_assert!(close(edges.lower + shift, moved.lower, 1e5));
            prop_assert!(close(edges.upper + shift, moved.upper, 1e5));
        }
    }

    #[test]
    fn one_spike_hardly_widens_the_band(values in patterned(), where_ in 0..FORTNIGHT as usize, height in 1e5..1e9) {
        let mut spiked = values.clone();
        spiked[where_] += height;
        let (band, of_spiked) = (of_patterned(&values), of_patterned(&spiked));
        for hour in 0..HOURS_OF_WEEK as i64 {
            let edges = band.edges(quarter(hour * 4), 3.0).unwrap();
            let wider = of_spiked.edges(quarter(hour * 4), 3.0).unwrap();
            let width = edges.upper - edges.lower;
            prop_assert!(wider.upper - wider.lower <= 2.0 * width, "{edges:?} {wider:?}");
        }
    }
}
