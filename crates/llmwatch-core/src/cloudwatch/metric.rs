//! Metrics in memory: one statistic set per series and minute, read by period and statistic.
//!
//! The resolution is one minute; timestamps are rounded down to it. A series costs about 24 bytes
//! a minute, and a query touches only the minutes in its window.

mod distribution;
mod stat;

use std::collections::BTreeMap;

use distribution::{Distribution, Sample};
use jiff::Timestamp;
pub use stat::{Stat, UnknownStat};

/// Seconds in the store's resolution.
pub const MINUTE_SECONDS: i64 = 60;
const MINUTE_NANOSECONDS: i128 = 60_000_000_000;

/// What names one series: namespace, metric name and the exact set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricKey {
    /// For example `AWS/Bedrock`.
    pub namespace: String,
    /// For example `Invocations`.
    pub name: String,
    /// Dimension values by dimension name; CloudWatch never adds series up over dimensions.
    pub dimensions: BTreeMap<String, String>,
}

impl MetricKey {
    /// The series of a metric with exactly these dimensions, given as (name, value).
    #[must_use]
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
        }
    }
}

/// A statistic set as `PutMetricData` takes it: samples already added up by the sender.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatisticSet {
    /// Number of samples, > 0.
    pub sample_count: f64,
    /// Sum of the samples.
    pub sum: f64,
    /// Smallest sample.
    pub minimum: f64,
    /// Largest sample.
    pub maximum: f64,
}

/// The time a query looks at, and how much of it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Inclusive, rounded down to the minute; periods are counted from here.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
    /// for the rounding. That periods count from the start, not from the epoch, is what the
    /// `startDate` of real alarm events shows.
    pub start: Timestamp,
    /// Exclusive: a period belongs to the window when it starts before this.
    pub end: Timestamp,
    /// Only minutes that start before this are visible: `now` for a live store, earlier to replay
    /// a metric that arrives late.
    pub visible_until: Timestamp,
}

/// Which series a listing holds; an empty filter holds all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilter {
    /// The exact namespace.
    pub namespace: Option<String>,
    /// The exact metric name.
    pub name: Option<String>,
    /// Dimensions the series must have; it may have more.
    pub dimensions: Vec<DimensionFilter>,
}

/// A dimension a listed series must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DimensionFilter {
    /// The dimension's name.
    pub name: String,
    /// The value it must have; any value when absent.
    pub value: Option<String>,
}

/// One series of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedMetric<'store> {
    /// The series.
    pub key: &'store MetricKey,
    /// The start of its newest minute with data.
    pub last_seen: Timestamp,
}

/// Every series, by key and minute.
#[derive(Debug, Clone, Default)]
pub struct MetricStore {
    series: BTreeMap<MetricKey, Series>,
}

/// Minutes since the epoch in ascending order, with the samples of each at the same position.
#[derive(Debug, Clone, Default)]
struct Series {
    minutes: Vec<i64>,
    samples: Vec<Sample>,
}

impl MetricStore {
    /// Adds one sample. A value that is not finite is dropped: CloudWatch refuses it.
    pub fn put_value(&mut self, key: &MetricKey, at: Timestamp, value: f64) {
        if value.is_finite() {
            self.put(key, |series| series.put(minute_of(at), Sample::One(value)));
        }
    }

    /// Adds distinct values with how often each occurred.
    ///
    /// A missing count is 1; a value that is not finite or whose count is not > 0 is dropped.
    pub fn put_values(&mut self, key: &MetricKey, at: Timestamp, values: &[f64], counts: &[f64]) {
        let counts = counts.iter().copied().chain(std::iter::repeat(1.0));
        let distribution =
            Distribution::of(
                values.iter().copied().zip(counts).filter(|(value, count)| {
                    value.is_finite() && count.is_finite() && *count > 0.0
                }),
            );
        if let Some(distribution) = distribution {
            let sample = Sample::Many(Box::new(distribution));
            self.put(key, |series| series.put(minute_of(at), sample));
        }
    }

    /// Adds samples the sender has added up; percentiles of that period are then unknown, except
    /// where all samples are equal.
    ///
    /// A set that is not finite or has no samples is dropped.
    pub fn put_statistics(&mut self, key: &MetricKey, at: Timestamp, set: StatisticSet) {
        let finite = [set.sample_count, set.sum, set.minimum, set.maximum]
            .iter()
            .all(|value| value.is_finite());
        if finite && set.sample_count > 0.0 {
            let distribution = Distribution::of_set(&set);
            let sample = Sample::Many(Box::new(distribution));
            self.put(key, |series| series.put(minute_of(at), sample));
        }
    }

    /// Adds one sample a minute from `start` on; a value that is not finite means no datapoint.
    pub fn put_minutes(&mut self, key: &MetricKey, start: Timestamp, values: &[f64]) {
        self.put(key, |series| {
            series.minutes.reserve(values.len());
            series.samples.reserve(values.len());
            for (minute, value) in (minute_of(start)..).zip(values) {
                if value.is_finite() {
                    series.put(minute, Sample::One(*value));
                }
            }
        });
    }

    /// The series a filter holds, by key.
    #[must_use]
    pub fn list(&self, filter: &MetricFilter) -> Vec<ListedMetric<'_>> {
        self.series
            .iter()
            .filter(|(key, _)| filter.holds(key))
            .filter_map(|(key, series)| {
                let last_seen = start_of_minute(*series.minutes.last()?);
                Some(ListedMetric { key, last_seen })
            })
            .collect()
    }

    /// The datapoints of a series in time order, stamped with the start of their period.
    ///
    /// `period_seconds` is a multiple of 60 (rounded down, at least 60). A period without samples
    /// has no datapoint, nor has a percentile of samples that came as a statistic set.
    #[must_use]
    pub fn datapoints(
        &self,
        key: &MetricKey,
        stat: &Stat,
        period_seconds: u32,
        window: Window,
    ) -> Vec<(Timestamp, f64)> {
        self.series.get(key).map_or_else(Vec::new, |series| {
            series.datapoints(stat, period_minutes(period_seconds), window)
        })
    }

    /// The start of a series' oldest minute with data.
    #[must_use]
    pub fn first_seen(&self, key: &MetricKey) -> Option<Timestamp> {
        self.series.get(key)?.minutes.first().map(|minute| start_of_minute(*minute))
    }

    fn put(&mut self, key: &MetricKey, write: impl FnOnce(&mut Series)) {
        if let Some(series) = self.series.get_mut(key) {
            write(series);
        } else {
            write(self.series.entry(key.clone()).or_default());
        }
    }
}

impl MetricFilter {
    fn holds(&self, key: &MetricKey) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace)
            && self.name.as_ref().is_none_or(|name| *name == key.name)
            && self.dimensions.iter().all(|wanted| {
                key.dimensions.get(&wanted.name).is_some_and(|value| {
                    wanted.value.as_ref().is_none_or(|wanted_value| wanted_value == value)
                })
            })
    }
}

impl Series {
    fn put(&mut self, minute: i64, sample: Sample) {
        if self.minutes.last().is_none_or(|last| *last < minute) {
            self.minutes.push(minute);
            self.samples.push(sample);
            return;
        }
        match self.minutes.binary_search(&minute) {
            Ok(position) => self.samples[position].add(sample),
            Err(position) => {
                self.minutes.insert(position, minute);
                self.samples.insert(position, sample);
            }
        }
    }

    fn datapoints(&self, stat: &Stat, period: i64, window: Window) -> Vec<(Timestamp, f64)> {
        let start = minute_of(window.start);
        let end = first_minute_from(window.end).max(start);
        // The last period may start within the window and end after it.
        let periods = (end - start + period - 1) / period;
        let until = (start + periods * period).min(first_minute_from(window.visible_until));
        let mut position = self.minutes.partition_point(|minute| *minute < start);
        let mut points = Vec::new();
        while let Some(minute) = self.minutes.get(position).filter(|minute| **minute < until) {
            let period_start = start + (minute - start) / period * period;
            let next_period = (period_start + period).min(until);
            let length =
                self.minutes[position..].iter().take_while(|minute| **minute < next_period).count();
            let samples = &self.samples[position..position + length];
            if let Some(value) = distribution::statistic(samples, stat) {
                points.push((start_of_minute(period_start), value));
            }
            position += length;
        }
        points
    }
}

/// The minute a timestamp falls in, counted from the epoch.
pub(super) fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(MINUTE_SECONDS)
}

/// The first minute that starts at or after a timestamp.
fn first_minute_from(at: Timestamp) -> i64 {
    let whole = minute_of(at);
    if at.as_nanosecond().rem_euclid(MINUTE_NANOSECONDS) == 0 { whole } else { whole + 1 }
}

/// The timestamp a minute starts at; the last representable one beyond the calendar's end.
pub(super) fn start_of_minute(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(MINUTE_SECONDS)).unwrap_or(Timestamp::MAX)
}

fn period_minutes(period_seconds: u32) -> i64 {
    (i64::from(period_seconds) / MINUTE_SECONDS).max(1)
}

#[cfg(test)]
mod tests;
