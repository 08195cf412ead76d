//! The usual range of a metric, learned from two weeks: a model of our own, after what is known of
//! CloudWatch's.
//!
//! **The model.** A datapoint is expected at *centre ± width × spread*, reaching further on the
//! side towards which the metric drifts:
//! - *Training* sees the datapoints of the [`TRAINING_SECONDS`] before a given moment, without the
//!   excluded ranges, and nothing after that moment, so that it never learns what it judges.
//! - *Centre* of an hour of the week: the middle one of three medians: that of this hour a week
//!   ago, that of two weeks ago, and that of the same hour of all days of its kind (Monday to
//!   Friday, or the weekend). A weekly habit is in both weeks and is learned; an incident or an
//!   outage is in one and is outvoted. Before two weeks are known, the hour on days of its kind
//!   counts, failing that the hour on all days, failing that everything. A median over fewer than
//!   [`MINIMUM_OF_AN_HOUR`] datapoints is none.
//! - *Spread* of an hour of the day: the 90th percentile of the distances from the centre in that
//!   hour on all days, over [`NINE_TENTHS_IN_SIGMAS`], which for normally distributed values is
//!   their standard deviation. An hour that went wrong on one day of fourteen does not widen it;
//!   one that does on two days is usual. It is at least [`SPREAD_FLOOR`] of the centre or of the
//!   metric's typical magnitude (the median of those that are not 0), whichever is larger, so that
//!   a constant metric may move a little and one that is 0 at night does not alarm at 1.
//! - *Drift* of an hour and kind of day: the median of how much it rose or fell from one week to
//!   the next, where most days of the kind are known twice. The centre lies about a week and a half
//!   behind, so the edge reaches [`REACH_WEEKS`] of the drift further. A shift to a new level is
//!   met on the third day, as the spread covers it; a steady growth does not alarm.
//! - *Sign*: where no datapoint was negative the lower edge is not either.
//!
//! There is no band, so that datapoints judged against it count as missing and the alarm's
//! `TreatMissingData` says what follows, while the history is shorter than [`WARM_UP_SECONDS`]
//! (three days always hold one from Monday to Friday) or has fewer than [`MINIMUM_OF_ALL`]
//! datapoints, and where an edge would exceed the range of numbers.
//!
//! **Known blind spots.** Before a weekend was seen it is expected to be like the other days.
//! Activity in fewer than a tenth of an hour's datapoints is never usual. An incident that lasts
//! for two days is learned. After a shift the band is wide, and dull, until the old level is two
//! weeks old. An hour unlike that of the other days (a report run on Mondays) does not drift with
//! them, and is known at a new level when it was seen there twice. Holidays are ordinary days.
//!
//! **CloudWatch's own model is not public.** As documented
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html>
//! and `Create_Anomaly_Detection_Alarm.html` beside it, read November 2026) it is machine learning
//! over up to two weeks, assesses trends and hourly, daily and weekly patterns, works with less
//! history (how little is not said; nor is what an alarm does until then), is retrained as values
//! evolve or suddenly change, has predictors for spiky and sparse metrics, keeps the band of many
//! AWS metrics within logical values, and honours excluded ranges, a time zone and
//! `PeriodicSpikes`. Its threshold is a number that thickens the band, in the reference of metric
//! math a number of standard deviations. Ours has no `PeriodicSpikes`. What a back test with this
//! model shows is therefore how much a metric departs from its own fortnight, and on which days;
//! not that CloudWatch's alarm would have changed state at that minute.

mod season;

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use season::{HOURS_OF_DAY, HOURS_OF_WEEK, Point, Season, Week, median, nine_tenths};

/// How far back training looks: two weeks, in seconds.
pub const TRAINING_SECONDS: i64 = 2 * WEEK_SECONDS;
/// The history below which there is no band: three days, in seconds.
pub const WARM_UP_SECONDS: i64 = 3 * 86_400;
/// Fewer datapoints than this make no band: those of a two-weeks' daily metric do.
pub const MINIMUM_OF_ALL: usize = 12;
/// Fewer datapoints than this say nothing about an hour on days of one kind.
pub const MINIMUM_OF_AN_HOUR: usize = 3;
/// Fewer distances than this make no 90th percentile, as it would be the largest of them.
pub const MINIMUM_OF_A_SPREAD: usize = 10;
/// The 90th percentile of the distances of normally distributed values from their centre, in
/// standard deviations.
pub const NINE_TENTHS_IN_SIGMAS: f64 = 1.644_853_626_951_472_7;
/// The smallest spread, as a share of the centre's or the metric's typical magnitude.
pub const SPREAD_FLOOR: f64 = 0.05;
/// The weeks of drift the band reaches beyond its centre.
pub const REACH_WEEKS: f64 = 1.5;

const WEEK_SECONDS: i64 = 7 * 86_400;

/// Trained bands by the id of the query they belong to.
pub type Bands = BTreeMap<String, Band>;

/// How a model is to be trained (`AnomalyDetectorConfiguration`).
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AnomalyDetectorConfiguration.html>.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Times whose datapoints are left out; the end of a range is not part of it (ours: AWS does
    /// not say).
    pub excluded: Vec<Range<Timestamp>>,
    /// Where the metric's hours and days are counted.
    pub time_zone: TimeZone,
}

/// Trainings by the id of the query the band is of; [`Training::plain`] where a query has none.
pub type Trainings = BTreeMap<String, Training>;

/// A trained band, good for any later time; train again as history grows.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    time_zone: TimeZone,
    /// One per hour of the local week.
    hours: Vec<Usual>,
    values: Values,
}

/// Where a metric is expected at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edges {
    /// Below this is unusually low.
    pub lower: f64,
    /// Above this is unusually high.
    pub upper: f64,
}

/// What is usual in one hour of the week.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Usual {
    centre: f64,
    spread: f64,
    drift: f64,
}

/// Which values a metric was seen to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    NeverNegative,
    Any,
}

impl Training {
    /// Nothing excluded, hours and days in UTC, as without a configuration.
    #[must_use]
    pub fn plain() -> Self {
        Self { excluded: Vec::new(), time_zone: TimeZone::UTC }
    }

    fn excludes(&self, at: Timestamp) -> bool {
        self.excluded.iter().any(|range| range.contains(&at))
    }

    /// The seconds from the first datapoint to the end of training that are not excluded.
    fn history_seconds(&self, first: Timestamp, until: Timestamp) -> i64 {
        let mut seconds = until.as_second() - first.as_second();
        let mut counted = first;
        let mut ranges: Vec<&Range<Timestamp>> = self.excluded.iter().collect();
        ranges.sort_by_key(|range| range.start);
        for range in ranges {
            let (start, end) = (range.start.max(counted), range.end.min(until));
            if start < end {
                seconds -= end.as_second() - start.as_second();
                counted = end;
            }
        }
        seconds
    }
}

impl Band {
    /// Learns from the datapoints of the two weeks before `until`; none with too little history.
    ///
    /// Datapoints outside those weeks and values that are not finite are not looked at. Takes time
    /// proportional to the datapoints.
    #[must_use]
    pub fn train(
        points: &[(Timestamp, f64)],
        until: Timestamp,
        training: &Training,
    ) -> Option<Self> {
        let kept: Vec<(Timestamp, f64)> = points
            .iter()
            .copied()
            .filter(|(at, value)| {
                let age = until.as_second() - at.as_second();
                *at < until && age <= TRAINING_SECONDS && value.is_finite()
            })
            .filter(|(at, _)| !training.excludes(*at))
            .collect();
        let first = kept.iter().map(|(at, _)| *at).min()?;
        let history = training.history_seconds(first, until);
        if history < WARM_UP_SECONDS || kept.len() < MINIMUM_OF_ALL {
            return None;
        }
        let points: Vec<Point> = kept
            .iter()
            .map(|(at, value)| Point {
                hour: hour_of_week(*at, &training.time_zone),
                week: if until.as_second() - at.as_second() <= WEEK_SECONDS {
                    Week::Recent
                } else {
                    Week::Earlier
                },
                value: *value,
            })
            .collect();
        let never_negative = points.iter().all(|point| point.value >= 0.0);
        Some(Self {
            time_zone: training.time_zone.clone(),
            hours: usual_hours(&points),
            values: if never_negative { Values::NeverNegative } else { Values::Any },
        })
    }

    /// The edges at a time, `width` spreads from the centre; none if they are no numbers.
    #[must_use]
    pub fn edges(&self, at: Timestamp, width: f64) -> Option<Edges> {
        let usual = self.hours.get(hour_of_week(at, &self.time_zone))?;
        let (half, reach) = (width * usual.spread, REACH_WEEKS * usual.drift);
        let lower = usual.centre + reach.min(0.0) - half;
        let upper = usual.centre + reach.max(0.0) + half;
        let lower = match self.values {
            Values::NeverNegative => lower.max(0.0),
            Values::Any => lower,
        };
        (lower.is_finite() && upper.is_finite()).then_some(Edges { lower, upper })
    }
}

/// 0 ≤ hour < 168, from Monday's first on.
fn hour_of_week(at: Timestamp, time_zone: &TimeZone) -> usize {
    let local = time_zone.to_datetime(at);
    let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
    let hour = usize::try_from(local.hour()).unwrap_or_default();
    (day * HOURS_OF_DAY + hour) % HOURS_OF_WEEK
}

/// What is usual in each hour of the week.
fn usual_hours(points: &[Point]) -> Vec<Usual> {
    let season = Season::of(points);
    let mut distances = vec![Vec::new(); HOURS_OF_DAY];
    for point in points {
        let distance = (point.value - season.centre(point.hour)).abs();
        distances[point.hour % HOURS_OF_DAY].push(distance);
    }
    let mut all: Vec<f64> = distances.iter().flatten().copied().collect();
    let of_all = nine_tenths(&mut all).unwrap_or_default();
    let spreads: Vec<f64> = distances
        .iter_mut()
        .map(|hour| if hour.len() < MINIMUM_OF_A_SPREAD { None } else { nine_tenths(hour) })
        .map(|distance| distance.unwrap_or(of_all) / NINE_TENTHS_IN_SIGMAS)
        .collect();
    let typical = typical_magnitude(points);
    let usual = |hour: usize| {
        let centre = season.centre(hour);
        let floor = SPREAD_FLOOR * typical.max(centre.abs());
        let spread = spreads[hour % HOURS_OF_DAY].max(floor);
        Usual { centre, spread, drift: season.drift(hour) }
    };
    (0..HOURS_OF_WEEK).map(usual).collect()
}

/// The median magnitude of the datapoints that are not 0; 0 if all are.
fn typical_magnitude(points: &[Point]) -> f64 {
    let magnitudes = points.iter().map(|point| point.value.abs());
    let mut magnitudes: Vec<f64> = magnitudes.filter(|magnitude| *magnitude > 0.0).collect();
    median(&mut magnitudes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
