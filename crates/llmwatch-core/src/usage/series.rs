//! A value a minute over a fixed window.

use jiff::Timestamp;

const SECONDS_PER_MINUTE: i64 = 60;

/// A stretch of whole minutes, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start_second: i64,
    minutes: u32,
}

impl Window {
    /// How many minutes evidence looks back: 14 days, within the 15 that CloudWatch keeps them.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>.
    pub const EVIDENCE_MINUTES: u32 = 14 * 1440;

    /// The 14 days of whole minutes that end at or before `now`.
    #[must_use]
    pub fn evidence_until(now: Timestamp) -> Self {
        Self::ending_at(now, Self::EVIDENCE_MINUTES)
    }

    /// Whole minutes that end at or before `now`; 0 minutes are taken as 1.
    #[must_use]
    pub fn ending_at(now: Timestamp, minutes: u32) -> Self {
        let minutes = minutes.max(1);
        let end = now.as_second().div_euclid(SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE;
        Self { start_second: end - i64::from(minutes) * SECONDS_PER_MINUTE, minutes }
    }

    /// The first minute.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.minute(0)
    }

    /// The first minute after the window.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.at_second(self.start_second + i64::from(self.minutes) * SECONDS_PER_MINUTE)
    }

    /// How many minutes it has, ≥ 1.
    #[must_use]
    pub fn minutes(self) -> u32 {
        self.minutes
    }

    /// The minute at an index counted from the start.
    #[must_use]
    pub fn minute(self, index: usize) -> Timestamp {
        let index = i64::try_from(index).unwrap_or(i64::MAX / SECONDS_PER_MINUTE);
        self.at_second(self.start_second.saturating_add(index * SECONDS_PER_MINUTE))
    }

    /// The index of the minute a moment falls in; `None` outside the window.
    #[must_use]
    pub fn index_of(self, at: Timestamp) -> Option<usize> {
        let index = (at.as_second() - self.start_second).div_euclid(SECONDS_PER_MINUTE);
        usize::try_from(index).ok().filter(|index| *index < self.minutes as usize)
    }

    fn at_second(self, second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }
}

/// One value a minute; a minute without data counts as 0, and is known to be without.
#[derive(Debug, Clone, PartialEq)]
pub struct MinuteSeries {
    window: Window,
    values: Vec<f64>,
    datapoints: usize,
}

impl MinuteSeries {
    /// A series without data.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self { window, values: vec![0.0; window.minutes as usize], datapoints: 0 }
    }

    /// Adds a value to the minute it falls in, so that several series sum minute by minute.
    ///
    /// A value outside the window, not finite or below 0 is left out: no metric of ours has one.
    pub fn add(&mut self, at: Timestamp, value: f64) {
        if let Some(index) = self.window.index_of(at)
            && value.is_finite()
            && value >= 0.0
        {
            self.values[index] += value;
            self.datapoints += 1;
        }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// The values from the first minute on, exactly as many as the window has minutes.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether any value was added.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.datapoints > 0
    }

    /// The sum of all values.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.values.iter().sum()
    }

    /// Minute by minute, this series and another of the same window.
    #[must_use]
    pub(super) fn plus(&self, other: &Self) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a + b).collect();
        Self { window: self.window, values, datapoints: self.datapoints + other.datapoints }
    }

    /// Every value times a factor.
    #[must_use]
    pub(super) fn times(&self, factor: f64) -> Self {
        let values = self.values.iter().map(|value| value * factor).collect();
        Self { window: self.window, values, datapoints: self.datapoints }
    }
}
