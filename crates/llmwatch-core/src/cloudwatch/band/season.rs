//! The daily and weekly pattern of a metric: medians by hour of the week, kind of day and hour.

use super::MINIMUM_OF_AN_HOUR;

pub(super) const HOURS_OF_DAY: usize = 24;
pub(super) const HOURS_OF_WEEK: usize = 7 * HOURS_OF_DAY;
/// Saturday, counted from Monday.
const FIRST_WEEKEND_DAY: usize = 5;
const DAYS_OF_WEEK: usize = 7;

/// A datapoint by its place in the pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Of the local week, from Monday's first on.
    pub(super) hour: usize,
    pub(super) week: Week,
    pub(super) value: f64,
}

/// Which of the two weeks of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Week {
    /// The last seven days.
    Recent,
    /// The seven days before.
    Earlier,
}

/// Days that are expected to be alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayKind {
    Weekday,
    Weekend,
}

/// The pattern, each part with as many entries as it has hours.
#[derive(Debug)]
pub(super) struct Season {
    /// Medians of each hour of the week in the earlier week.
    earlier: Vec<Option<f64>>,
    /// The same in the recent week.
    recent: Vec<Option<f64>>,
    /// The median of each hour of the day, Monday to Friday.
    weekday: Vec<f64>,
    /// The same at weekends.
    weekend: Vec<f64>,
}

impl Season {
    pub(super) fn of(points: &[Point]) -> Self {
        let mut earlier = vec![Vec::new(); HOURS_OF_WEEK];
        let mut recent = earlier.clone();
        for point in points {
            match point.week {
                Week::Earlier => earlier[point.hour].push(point.value),
                Week::Recent => recent[point.hour].push(point.value),
            }
        }
        let mut all: Vec<f64> = points.iter().map(|point| point.value).collect();
        let overall = median(&mut all).unwrap_or_default();
        let of_hour = |hour: usize, wanted: &dyn Fn(usize) -> bool| {
            let days = (0..DAYS_OF_WEEK).filter(|day| wanted(*day));
            let hours = days.map(|day| day * HOURS_OF_DAY + hour);
            let mut values: Vec<f64> =
                hours.flat_map(|at| earlier[at].iter().chain(&recent[at])).copied().collect();
            if values.len() < MINIMUM_OF_AN_HOUR { None } else { median(&mut values) }
        };
        let of_kind = |kind: DayKind| -> Vec<f64> {
            let hours = 0..HOURS_OF_DAY;
            hours
                .map(|hour| {
                    of_hour(hour, &|day| DayKind::of(day) == kind)
                        .or_else(|| of_hour(hour, &|_| true))
                        .unwrap_or(overall)
                })
                .collect()
        };
        Self {
            weekday: of_kind(DayKind::Weekday),
            weekend: of_kind(DayKind::Weekend),
            earlier: earlier.iter_mut().map(|values| median(values)).collect(),
            recent: recent.iter_mut().map(|values| median(values)).collect(),
        }
    }

    /// The middle of this hour in the two weeks and on all days of its kind.
    pub(super) fn centre(&self, hour: usize) -> f64 {
        let of_day = hour % HOURS_OF_DAY;
        let on_such_days = match DayKind::of(hour / HOURS_OF_DAY) {
            DayKind::Weekday => self.weekday[of_day],
            DayKind::Weekend => self.weekend[of_day],
        };
        match (self.earlier[hour], self.recent[hour]) {
            (Some(earlier), Some(recent)) => {
                on_such_days.clamp(earlier.min(recent), earlier.max(recent))
            }
            (Some(_), None) | (None, Some(_)) | (None, None) => on_such_days,
        }
    }

    /// How much this hour rose from one week to the next on most days of its kind; 0 if unknown.
    pub(super) fn drift(&self, hour: usize) -> f64 {
        let kind = DayKind::of(hour / HOURS_OF_DAY);
        let days: Vec<usize> = (0..DAYS_OF_WEEK).filter(|day| DayKind::of(*day) == kind).collect();
        let mut rises: Vec<f64> = days
            .iter()
            .map(|day| day * HOURS_OF_DAY + hour % HOURS_OF_DAY)
            .filter_map(|at| Some(self.recent[at]? - self.earlier[at]?))
            .collect();
        if 2 * rises.len() <= days.len() { 0.0 } else { median(&mut rises).unwrap_or_default() }
    }
}

impl DayKind {
    /// The kind of a day, counted from Monday.
    fn of(day: usize) -> Self {
        if day < FIRST_WEEKEND_DAY { Self::Weekday } else { Self::Weekend }
    }
}

/// The middle value, the lower one of two; reorders the values.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The smallest value that nine in ten do not exceed; reorders the values.
pub(super) fn nine_tenths(values: &mut [f64]) -> Option<f64> {
    let rank = (values.len() * 9).div_ceil(10).checked_sub(1)?;
    Some(*values.select_nth_unstable_by(rank, f64::total_cmp).1)
}
