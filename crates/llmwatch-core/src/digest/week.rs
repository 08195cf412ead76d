//! Seven days, and the seven before.

use jiff::{SignedDuration, Timestamp};

use crate::usage::Window;

const DAYS: u32 = 7;
const MINUTES_PER_DAY: u32 = 1440;
const SECONDS_PER_DAY: i64 = 86_400;

/// Seven full days in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// The midnight after its last day, in days of the epoch.
    end_day: i64,
}

impl Week {
    /// The last seven days that were over at a moment.
    #[must_use]
    pub fn before(moment: Timestamp) -> Self {
        Self { end_day: moment.as_second().div_euclid(SECONDS_PER_DAY) }
    }

    /// The seven days before this week.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { end_day: self.end_day - i64::from(DAYS) }
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        midnight(self.end_day - i64::from(DAYS))
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        midnight(self.end_day)
    }

    /// Its minutes.
    #[must_use]
    pub fn minutes(self) -> Window {
        Window::ending_at(self.end(), DAYS * MINUTES_PER_DAY)
    }

    /// Whether a moment is in it.
    #[must_use]
    pub fn contains(self, moment: Timestamp) -> bool {
        self.start() <= moment && moment < self.end()
    }

    /// Its first and its last day, for example `2026-11-09` and `2026-11-15`.
    #[must_use]
    pub fn days(self) -> (String, String) {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        (day(self.start()), day(self.end() - SignedDuration::from_secs(1)))
    }
}

fn midnight(day: i64) -> Timestamp {
    Timestamp::from_second(day.saturating_mul(SECONDS_PER_DAY)).unwrap_or(Timestamp::MAX)
}

/// The same of a week and of the week before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TwoWeeks<T> {
    /// The week.
    pub this: T,
    /// The week before.
    pub before: T,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_the_seven_days_that_are_over() {
        for (moment, first, last) in [
            ("2026-11-16T07:00:12Z", "2026-11-09", "2026-11-15"),
            ("2026-11-16T00:00:00Z", "2026-11-09", "2026-11-15"),
            ("2026-11-15T23:59:59.9Z", "2026-11-08", "2026-11-14"),
            ("2027-01-04T07:00:00Z", "2026-12-28", "2027-01-03"),
        ] {
            let week = Week::before(moment.parse().unwrap());
            assert_eq!(week.days(), (first.to_owned(), last.to_owned()), "{moment}");
            assert_eq!(week.previous().end(), week.start());
            assert_eq!(
                (week.minutes().start(), week.minutes().end()),
                (week.start(), week.end()),
                "{moment}"
            );
            assert!(week.contains(week.start()) && !week.contains(week.end()));
        }
    }
}
