//! How a metric went over the last hours: sustained or intermittent, and the figures a mail tells.

use jiff::{SignedDuration, Timestamp};

use super::{BadSide, PERIOD_SECONDS};

/// The hours a course is judged by.
pub const HOURS: usize = 4;

/// Of so many hours beyond the line a drop is called sustained.
pub const SUSTAINED_HOURS: usize = 3;

/// One period of a series: its mean and how many samples it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Its start.
    pub start: Timestamp,
    /// The mean of its samples.
    pub mean: f64,
    /// How many samples.
    pub samples: f64,
}

/// The line the means are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// Which side is bad.
    pub bad: BadSide,
    /// The line, in the metric's unit; `None` where it is the edge of a band, which is not read.
    pub line: Option<f64>,
    /// The least samples for a mean to count.
    pub minimum_samples: f64,
}

impl Held {
    /// Whether a mean is on the bad side; `None` where there is no fixed line or too few samples.
    #[must_use]
    pub fn is_beyond(&self, mean: f64, samples: f64) -> Option<bool> {
        let line = self.line?;
        (samples >= self.minimum_samples).then_some(match self.bad {
            BadSide::Below => mean < line,
            BadSide::AtLeast => mean >= line,
        })
    }
}

/// One of the hours, counted back from the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hour {
    /// Its start.
    pub start: Timestamp,
    /// The mean over its samples; `None` without any.
    pub mean: Option<f64>,
    /// How many samples.
    pub samples: f64,
    /// Whether the mean is on the bad side, where that can be said.
    pub beyond: Option<bool>,
}

/// Whether a drop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// At least [`SUSTAINED_HOURS`] of the hours are beyond the line.
    Sustained {
        /// Hours beyond the line.
        beyond: usize,
    },
    /// Fewer of them are, and enough hours could be judged to say so.
    Intermittent {
        /// Hours beyond the line.
        beyond: usize,
        /// Hours that could be judged.
        judged: usize,
    },
    /// Too few of the hours have enough samples to say either.
    TooLittleData {
        /// Hours beyond the line.
        beyond: usize,
        /// Hours that could be judged.
        judged: usize,
    },
    /// The line is the edge of a band, which is not read.
    NoFixedLine,
}

/// How a metric went over the last [`HOURS`].
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The hours, oldest first.
    pub hours: Vec<Hour>,
    /// The newest period with enough samples on the bad side; without a fixed line, the newest with
    /// enough samples.
    pub worst_lately: Option<Period>,
    /// The newest period with enough samples.
    pub newest: Option<Period>,
    /// All samples of the hours.
    pub samples: f64,
    /// Whether the drop goes on.
    pub persistence: Persistence,
}

/// The window of a course that is looked at now: from, to. Both are edges of periods.
///
/// The period that has not ended is in it: what it holds so far may be the newest there is.
#[must_use]
pub fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    let period = i64::from(PERIOD_SECONDS);
    let end = now.as_second().div_euclid(period) * period + period;
    let end = Timestamp::from_second(end).unwrap_or(now);
    (end - SignedDuration::from_hours(HOURS as i64), end)
}

/// Judges the periods of a window that ends at `end`; what lies outside of it is left out.
#[must_use]
pub fn course(periods: &[Period], held: &Held, end: Timestamp) -> Course {
    let hours: Vec<Hour> = (1..=HOURS as i64)
        .rev()
        .map(|back| hour(periods, held, end - SignedDuration::from_hours(back)))
        .collect();
    let start = hours.first().map_or(end, |hour| hour.start);
    let mut counted: Vec<Period> = periods
        .iter()
        .filter(|period| period.start >= start && period.start < end)
        .filter(|period| period.samples >= held.minimum_samples)
        .copied()
        .collect();
    counted.sort_by_key(|period| period.start);
    let is_worst = |period: &&Period| held.is_beyond(period.mean, period.samples).unwrap_or(true);
    Course {
        worst_lately: counted.iter().rev().find(is_worst).copied(),
        newest: counted.last().copied(),
        samples: hours.iter().map(|hour| hour.samples).sum(),
        persistence: persistence(&hours, held),
        hours,
    }
}

fn hour(periods: &[Period], held: &Held, start: Timestamp) -> Hour {
    let end = start + SignedDuration::from_hours(1);
    let within = || periods.iter().filter(|period| period.start >= start && period.start < end);
    let samples: f64 = within().map(|period| period.samples).sum();
    let total: f64 = within().map(|period| period.mean * period.samples).sum();
    let mean = (samples > 0.0).then(|| total / samples);
    Hour { start, mean, samples, beyond: mean.and_then(|mean| held.is_beyond(mean, samples)) }
}

fn persistence(hours: &[Hour], held: &Held) -> Persistence {
    if held.line.is_none() {
        return Persistence::NoFixedLine;
    }
    let beyond = hours.iter().filter(|hour| hour.beyond == Some(true)).count();
    let judged = hours.iter().filter(|hour| hour.beyond.is_some()).count();
    if beyond >= SUSTAINED_HOURS {
        Persistence::Sustained { beyond }
    } else if judged >= SUSTAINED_HOURS {
        Persistence::Intermittent { beyond, judged }
    } else {
        Persistence::TooLittleData { beyond, judged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: &str = "2026-11-22T12:00:00Z";

    fn end() -> Timestamp {
        END.parse().unwrap()
    }

    fn below(line: f64) -> Held {
        Held { bad: BadSide::Below, line: Some(line), minimum_samples: 20.0 }
    }

    fn period(minutes_before: i64, mean: f64, samples: f64) -> Period {
        Period { start: end() - SignedDuration::from_mins(minutes_before), mean, samples }
    }

    /// One period at the start of each of the four hours.
    #[track_caller]
    fn check(hours: [(f64, f64); 4], expected: Persistence) {
        let periods: Vec<Period> = hours
            .into_iter()
            .zip([240, 180, 120, 60])
            .map(|((mean, samples), before)| period(before, mean, samples))
            .collect();
        assert_eq!(course(&periods, &below(0.8), end()).persistence, expected);
    }

    #[test]
    fn three_of_four_hours_beyond_the_line_are_sustained() {
        let (good, bad, thin) = ((0.9, 30.0), (0.7, 30.0), (0.1, 19.0));
        check([bad, bad, bad, bad], Persistence::Sustained { beyond: 4 });
        check([bad, good, bad, bad], Persistence::Sustained { beyond: 3 });
        check([thin, bad, bad, bad], Persistence::Sustained { beyond: 3 });
        check([good, good, bad, bad], Persistence::Intermittent { beyond: 2, judged: 4 });
        check([good, good, good, good], Persistence::Intermittent { beyond: 0, judged: 4 });
        check([thin, bad, good, bad], Persistence::Intermittent { beyond: 2, judged: 3 });
        check([thin, thin, bad, bad], Persistence::TooLittleData { beyond: 2, judged: 2 });
        check([thin; 4], Persistence::TooLittleData { beyond: 0, judged: 0 });
    }

    #[test]
    fn on_the_line_is_good_below_and_bad_above() {
        let held = below(0.8);
        let high = Held { bad: BadSide::AtLeast, ..held };
        assert_eq!(held.is_beyond(0.8, 20.0), Some(false));
        assert_eq!(high.is_beyond(0.8, 20.0), Some(true));
        assert_eq!(high.is_beyond(0.8, 19.0), None);
        assert_eq!(Held { line: None, ..held }.is_beyond(0.1, 99.0), None);
    }

    #[test]
    fn an_hour_weighs_its_periods_by_their_samples() {
        let periods = [period(60, 1.0, 30.0), period(45, 0.0, 10.0), period(300, 0.0, 500.0)];
        let course = course(&periods, &below(0.8), end());
        let last = course.hours[3];
        assert_eq!((last.mean, last.samples, last.beyond), (Some(0.75), 40.0, Some(true)));
        assert_eq!(course.samples, 40.0);
        assert_eq!((course.hours[0].mean, course.hours[0].beyond), (None, None));
        assert_eq!(course.newest, Some(periods[0]));
        assert_eq!(course.worst_lately, None);
    }

    #[test]
    fn the_newest_bad_period_is_told_even_when_a_good_one_follows() {
        let periods = [period(75, 0.5, 40.0), period(45, 0.6, 25.0), period(30, 0.95, 25.0)];
        let course = course(&periods, &below(0.8), end());
        assert_eq!(course.worst_lately, Some(periods[1]));
        assert_eq!(course.newest, Some(periods[2]));
    }

    #[test]
    fn without_a_fixed_line_only_the_figures_are_told() {
        let held = Held { line: None, ..below(0.8) };
        let course = course(&[period(30, 0.01, 50.0)], &held, end());
        assert_eq!(course.persistence, Persistence::NoFixedLine);
        assert_eq!(course.worst_lately, course.newest);
    }

    #[test]
    fn a_window_ends_with_the_period_that_is_not_over() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (now, from, to) in [
            ("2026-11-22T12:07:31Z", "2026-11-22T08:15:00Z", "2026-11-22T12:15:00Z"),
            ("2026-11-22T12:15:00Z", "2026-11-22T08:30:00Z", "2026-11-22T12:30:00Z"),
        ] {
            assert_eq!(window(at(now)), (at(from), at(to)));
        }
    }
}
