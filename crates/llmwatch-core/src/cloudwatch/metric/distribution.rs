//! The samples of one series in one minute, and the statistics of several minutes together.

use super::{Stat, StatisticSet};

/// What one minute holds. Almost every minute holds one value, which then costs no allocation.
#[derive(Debug, Clone)]
pub(super) enum Sample {
    /// A single sample.
    One(f64),
    /// Several samples.
    Many(Box<Distribution>),
}

/// Several samples: their sums and, where known, the values themselves.
#[derive(Debug, Clone)]
pub(super) struct Distribution {
    set: StatisticSet,
    /// Values with how often each occurred; absent when a sender's statistic set hides them.
    values: Option<Vec<(f64, f64)>>,
}

impl Sample {
    pub(super) fn add(&mut self, other: Self) {
        let mut together = match std::mem::replace(self, Self::One(0.0)) {
            Self::One(value) => Box::new(Distribution::of_one(value)),
            Self::Many(distribution) => distribution,
        };
        match other {
            Self::One(value) => together.add(Distribution::of_one(value)),
            Self::Many(distribution) => together.add(*distribution),
        }
        *self = Self::Many(together);
    }

    fn set(&self) -> StatisticSet {
        match self {
            Self::One(value) => set_of_one(*value),
            Self::Many(distribution) => distribution.set,
        }
    }
}

impl Distribution {
    fn of_one(value: f64) -> Self {
        Self { set: set_of_one(value), values: Some(vec![(value, 1.0)]) }
    }

    /// The distribution of values with counts; none when there are none.
    pub(super) fn of(values: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let values: Vec<(f64, f64)> = values.collect();
        let set = values.iter().map(|(value, count)| set_of_many(*value, *count)).reduce(join)?;
        Some(Self { set, values: Some(values) })
    }

    /// The distribution behind a statistic set: its values are known only when all are equal.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
    /// (percentiles need raw samples unless the count is 1 or minimum and maximum are equal).
    pub(super) fn of_set(set: &StatisticSet) -> Self {
        let one_value = if set.sample_count == 1.0 {
            Some(set.sum)
        } else {
            (set.minimum == set.maximum).then_some(set.minimum)
        };
        Self { set: *set, values: one_value.map(|value| vec![(value, set.sample_count)]) }
    }

    fn add(&mut self, other: Self) {
        self.set = join(self.set, other.set);
        self.values = match (self.values.take(), other.values) {
            (Some(mut values), Some(more)) => {
                values.extend(more);
                Some(values)
            }
            _ => None,
        };
    }
}

/// One statistic of samples taken together; none for no samples or an unknown percentile.
pub(super) fn statistic(samples: &[Sample], stat: &Stat) -> Option<f64> {
    if let [Sample::One(value)] = samples {
        return Some(if matches!(stat, Stat::SampleCount) { 1.0 } else { *value });
    }
    let set = samples.iter().map(Sample::set).reduce(join)?;
    match stat {
        Stat::Sum => Some(set.sum),
        Stat::Average => Some(set.sum / set.sample_count),
        Stat::Minimum => Some(set.minimum),
        Stat::Maximum => Some(set.maximum),
        Stat::SampleCount => Some(set.sample_count),
        Stat::Percentile(percent) => percentile(samples, *percent),
    }
}

fn percentile(samples: &[Sample], percent: f64) -> Option<f64> {
    let mut values: Vec<(f64, f64)> = Vec::with_capacity(samples.len());
    for sample in samples {
        match sample {
            Sample::One(value) => values.push((*value, 1.0)),
            Sample::Many(distribution) => values.extend(distribution.values.as_ref()?),
        }
    }
    values.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let total: f64 = values.iter().map(|(_, count)| count).sum();
    let rank = total * percent / 100.0;
    let mut seen = 0.0;
    for (value, count) in &values {
        seen += count;
        if seen >= rank {
            return Some(*value);
        }
    }
    values.last().map(|(value, _)| *value)
}

fn set_of_one(value: f64) -> StatisticSet {
    set_of_many(value, 1.0)
}

fn set_of_many(value: f64, count: f64) -> StatisticSet {
    StatisticSet { sample_count: count, sum: value * count, minimum: value, maximum: value }
}

fn join(left: StatisticSet, right: StatisticSet) -> StatisticSet {
    StatisticSet {
        sample_count: left.sample_count + right.sample_count,
        sum: left.sum + right.sum,
        minimum: left.minimum.min(right.minimum),
        maximum: left.maximum.max(right.maximum),
    }
}
