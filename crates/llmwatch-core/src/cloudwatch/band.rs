//! The usual range of a metric: a median and a robust spread for each hour of the week.
//!
//! Training looks at up to [`TRAINING_SECONDS`] before the evaluated window. The centre of an hour
//! of the week (UTC) is the median of the datapoints in that hour and its two neighbours; the
//! spread is 1.4826 × the median absolute deviation, which for normally distributed values is the
//! standard deviation, and at least [`SPREAD_FLOOR`] of the centre or of the metric's typical value
//! (the median of its non-zero magnitudes), whichever is larger, so that a metric that is always 0
//! at night does not alarm at 1. Where the hour of the week has
//! too few datapoints, the same hour of all days is taken, and failing that all datapoints. The
//! edges are centre ± width × spread. With less than [`WARM_UP_SECONDS`] of history there is no
//! band, so the datapoints judged against it count as missing.
//!
//! CloudWatch's own model is not public. As documented
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html>)
//! it is retrained continuously on up to two weeks, knows hourly, daily and weekly patterns and
//! *trends*, and honours excluded ranges and a time zone. Ours has no trend, no exclusions and no
//! time zone, and being built on medians it ignores short past incidents that CloudWatch may learn.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// How far back training looks: two weeks, in seconds.
pub const TRAINING_SECONDS: i64 = 14 * 86_400;
/// The history below which there is no band: three days, in seconds.
pub const WARM_UP_SECONDS: i64 = 3 * 86_400;
/// The smallest spread, as a share of the centre's or the metric's typical magnitude.
pub const SPREAD_FLOOR: f64 = 0.05;

const HOUR_SECONDS: i64 = 3_600;
const HOURS_OF_DAY: usize = 24;
const HOURS_OF_WEEK: usize = 7 * HOURS_OF_DAY;
/// Fewer datapoints than this say nothing about an hour.
const MINIMUM_DATAPOINTS: usize = 6;
/// Turns a median absolute deviation into a standard deviation of normally distributed values.
const DEVIATIONS_TO_SIGMA: f64 = 1.4826;

/// Trained bands by the id of the query they belong to.
pub type Bands = BTreeMap<String, Band>;

/// A trained band, good for any later time; train again as history grows.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// One per hour of the week, from the epoch's hour on.
    hours: Vec<Usual>,
}

/// Where a metric is expected at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edges {
    /// Below this is unusually low; may be negative.
    pub lower: f64,
    /// Above this is unusually high.
    pub upper: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Usual {
    centre: f64,
    spread: f64,
}

impl Band {
    /// Learns from datapoints in time order; none with less than [`WARM_UP_SECONDS`] between the
    /// first and the last, or fewer than 24 datapoints.
    #[must_use]
    pub fn train(points: &[(Timestamp, f64)]) -> Option<Self> {
        let (first, last) = (points.first()?.0, points.last()?.0);
        let history = last.as_second() - first.as_second();
        if history < WARM_UP_SECONDS || points.len() < HOURS_OF_DAY {
            return None;
        }
        let mut by_hour: Vec<Vec<f64>> = vec![Vec::new(); HOURS_OF_WEEK];
        for (at, value) in points {
            by_hour[hour_of_week(*at)].push(*value);
        }
        let floor = SPREAD_FLOOR * typical_magnitude(points);
        let usual = |hours: &mut dyn Iterator<Item = usize>| {
            usual(hours.flat_map(|hour| by_hour[hour].iter().copied()).collect(), floor)
        };
        let by_hour_of_day: Vec<Option<Usual>> = (0..HOURS_OF_DAY)
            .map(|hour| usual(&mut (hour..HOURS_OF_WEEK).step_by(HOURS_OF_DAY)))
            .collect();
        let overall = usual(&mut (0..HOURS_OF_WEEK))?;
        let hours = (0..HOURS_OF_WEEK).map(|hour| {
            let neighbours = [hour + HOURS_OF_WEEK - 1, hour, hour + 1];
            usual(&mut neighbours.iter().map(|hour| hour % HOURS_OF_WEEK))
                .or(by_hour_of_day[hour % HOURS_OF_DAY])
                .unwrap_or(overall)
        });
        Some(Self { hours: hours.collect() })
    }

    /// The edges at a time, `width` spreads from the centre; none if they are no numbers.
    #[must_use]
    pub fn edges(&self, at: Timestamp, width: f64) -> Option<Edges> {
        let usual = self.hours.get(hour_of_week(at))?;
        let half = width * usual.spread;
        let edges = Edges { lower: usual.centre - half, upper: usual.centre + half };
        (edges.lower.is_finite() && edges.upper.is_finite()).then_some(edges)
    }
}

/// 0 ≤ hour < 168, counted from the epoch (a Thursday).
fn hour_of_week(at: Timestamp) -> usize {
    let hours = at.as_second().div_euclid(HOUR_SECONDS).rem_euclid(HOURS_OF_WEEK as i64);
    usize::try_from(hours).unwrap_or_default()
}

/// The median magnitude of the datapoints that are not 0; 0 if all are.
fn typical_magnitude(points: &[(Timestamp, f64)]) -> f64 {
    let magnitudes = points.iter().map(|(_, value)| value.abs());
    let mut magnitudes: Vec<f64> = magnitudes.filter(|magnitude| *magnitude > 0.0).collect();
    median(&mut magnitudes).unwrap_or_default()
}

/// The centre and spread of enough datapoints; the spread is at least `floor`.
fn usual(mut values: Vec<f64>, floor: f64) -> Option<Usual> {
    if values.len() < MINIMUM_DATAPOINTS {
        return None;
    }
    let centre = median(&mut values)?;
    values.iter_mut().for_each(|value| *value = (*value - centre).abs());
    let deviation = median(&mut values)?;
    let spread = (deviation * DEVIATIONS_TO_SIGMA).max(centre.abs() * SPREAD_FLOOR).max(floor);
    Some(Usual { centre, spread })
}

/// The middle value, the lower one of two, so that an incident in one of two weeks does not count
/// as usual; reorders the values.
fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = (values.len() - 1) / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK_HOURS: i64 = 7 * 24;

    /// Hourly values, four an hour, for a number of days.
    fn history(days: i64, value_at_hour: impl Fn(i64) -> f64) -> Vec<(Timestamp, f64)> {
        (0..days * 24 * 4)
            .map(|quarter| {
                (Timestamp::from_second(quarter * 900).unwrap(), value_at_hour(quarter / 4))
            })
            .collect()
    }

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * HOUR_SECONDS).unwrap()
    }

    #[test]
    fn a_short_history_has_no_band() {
        assert_eq!(Band::train(&[]), None);
        assert_eq!(Band::train(&history(2, |_| 1.0)), None);
        assert!(Band::train(&history(4, |_| 1.0)).is_some());
    }

    #[test]
    fn a_constant_metric_keeps_the_smallest_spread() {
        let band = Band::train(&history(14, |_| 100.0)).unwrap();
        let edges = band.edges(hour(14 * 24), 3.0).unwrap();
        assert!((edges.lower - 85.0).abs() < 1e-9 && (edges.upper - 115.0).abs() < 1e-9);
    }

    #[test]
    fn the_hours_of_the_day_differ() {
        let busy = |hour: i64| if (8..18).contains(&(hour % 24)) { 1_000.0 } else { 10.0 };
        let band = Band::train(&history(14, busy)).unwrap();
        let (noon, midnight) = (hour(14 * 24 + 12), hour(14 * 24));
        assert!(band.edges(noon, 3.0).unwrap().lower > 500.0);
        assert!(band.edges(midnight, 3.0).unwrap().upper < 50.0);
    }

    #[test]
    fn the_days_of_the_week_differ() {
        let weekly = |hour: i64| if hour / 24 % 7 == 0 { 1_000.0 } else { 10.0 };
        let band = Band::train(&history(14, weekly)).unwrap();
        assert!(band.edges(hour(2 * WEEK_HOURS + 12), 3.0).unwrap().lower > 500.0);
        assert!(band.edges(hour(2 * WEEK_HOURS + 36), 3.0).unwrap().upper < 50.0);
    }

    #[test]
    fn an_hour_of_the_week_not_seen_yet_uses_its_hour_of_the_day() {
        let busy = |hour: i64| if (8..18).contains(&(hour % 24)) { 1_000.0 } else { 10.0 };
        let band = Band::train(&history(4, busy)).unwrap();
        assert!(band.edges(hour(5 * 24 + 12), 3.0).unwrap().lower > 500.0);
    }

    #[test]
    fn one_past_incident_does_not_widen_the_band() {
        let incident = |hour: i64| if (100..104).contains(&hour) { 1e6 } else { 100.0 };
        let band = Band::train(&history(14, incident)).unwrap();
        assert!(band.edges(hour(14 * 24 + 102 - WEEK_HOURS), 3.0).unwrap().upper < 200.0);
    }
}
