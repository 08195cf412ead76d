//! How much of its quotas each pool used, worked out for hours that are complete.
//!
//! A pool's callers are added up minute by minute, a minute without data counting as 0, and the
//! busiest minute of the hour is held against the quota. Charts of whichever pools there are cannot
//! do so themselves: a search finds callers, and nothing tells it whose they are.
//!
//! A quota by the day is held against the last 24 hours at the end of the hour, as its alarm does.
//!
//! As with the cost of an hour, the metric stands at the start of its hour, and every run works out
//! several hours again, so that a missed one leaves no gap: **a reader takes the Maximum**. Each run
//! uses the quota in force: after a raise the higher share of the last hours stays.
//!
//! What is unknown is not published: the share of a quota of 0, of use that could not be read, and
//! of tokens where calls were answered and Bedrock estimated nothing of them. An idle hour used 0 %.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::alarm::pool_metrics::PoolMetric;
use crate::alarm::{definition, warning_of};
use crate::cloudwatch::metric::MetricKey;
use crate::evidence::Read;
use crate::metric_values::{DAY_SECONDS, HOUR_SECONDS, Values, Wanted};
use crate::quota::QuotaKind;
use crate::stored::{PoolQuota, StoredPool};

/// The highest use of a quota in an hour, in percent of its value, ≥ 0; dimensions Pool and Quota.
pub const QUOTA_USED_PERCENT: &str = "QuotaUsedPercent";

/// The period of what quotas by the minute count, in seconds.
const MINUTE_SECONDS: u32 = 60;

/// The successful calls. Where there are some, an estimate of their tokens is due.
const INVOCATIONS: &str = "Invocations";

/// Sums of callers, to be read over one stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What to read, each metric once.
    pub wanted: Vec<Wanted>,
    /// From when to when.
    pub stretch: (Timestamp, Timestamp),
}

/// What is to be read for these hours, which must follow one another: by the minute, and by the hour
/// from a day before. A stretch without pools that need it is left out.
#[must_use]
pub fn readings(pools: &[StoredPool], hours: &[Timestamp]) -> Vec<Reading> {
    let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return Vec::new() };
    let end = *last + seconds(HOUR_SECONDS);
    let by_period = [MINUTE_SECONDS, HOUR_SECONDS].map(|period| Reading {
        wanted: wanted(pools, period),
        stretch: (from(period, *first), end),
    });
    by_period.into_iter().filter(|reading| !reading.wanted.is_empty()).collect()
}

/// How many metrics a run reads for these pools, for the bill.
#[must_use]
pub fn metrics_read(pools: &[StoredPool]) -> usize {
    [MINUTE_SECONDS, HOUR_SECONDS].iter().map(|period| wanted(pools, *period).len()).sum()
}

/// How many metrics are published of these pools, for the bill.
#[must_use]
pub fn metrics_published(pools: &[StoredPool]) -> usize {
    pools.iter().flat_map(|pool| pool.quotas.iter().filter(|quota| has_share(pool, quota))).count()
}

/// What callers used, by metric and period, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Used(BTreeMap<(MetricKey, u32), BTreeMap<Timestamp, f64>>);

impl Used {
    /// Adds the answers to one reading, in its order, and says why the first of those that could
    /// not be read could not.
    ///
    /// # Errors
    ///
    /// When one could not be read. The others are added.
    pub fn add(&mut self, reading: Reading, values: Vec<Values>) -> Result<(), String> {
        let mut unread = Ok(());
        for (wanted, values) in reading.wanted.into_iter().zip(values) {
            match values {
                Read::Known(values) => {
                    let key = (wanted.metric, wanted.period_seconds);
                    self.0.insert(key, values.into_iter().collect());
                }
                Read::Unreadable(why) => unread = unread.and(Err(why)),
            }
        }
        unread
    }

    /// The sums of one metric of a caller in a stretch of time; none when they were not read.
    fn of(
        &self,
        caller: &str,
        metric: &str,
        period: u32,
        (from, to): (Timestamp, Timestamp),
    ) -> Option<Vec<(Timestamp, f64)>> {
        let key = (Wanted::of_model(caller, metric, "Sum", period).metric, period);
        let values = self.0.get(&key)?;
        Some(values.range(from..to).map(|(at, value)| (*at, *value)).collect())
    }
}

/// What to publish, each metric with the hour it speaks of.
#[must_use]
pub fn metrics(
    pools: &[StoredPool],
    used: &Used,
    hours: &[Timestamp],
) -> Vec<(Timestamp, PoolMetric)> {
    let mut all = Vec::new();
    for pool in pools {
        let quotas = pool.quotas.iter().filter(|quota| has_share(pool, quota));
        for (quota, hour) in quotas.flat_map(|quota| hours.iter().map(move |hour| (quota, *hour))) {
            let Some(most) = most_used(pool, quota.kind, used, hour) else { continue };
            let label = pool.pool.label().to_string();
            let metric = PoolMetric {
                name: QUOTA_USED_PERCENT,
                dimensions: vec![("Pool", label), ("Quota", quota.kind.to_string())],
                value: 100.0 * most / quota.quota.value,
            };
            all.push((hour, metric));
        }
    }
    all
}

/// Of a quota of 0 nobody knows the share, and of a pool without callers nobody has looked.
fn has_share(pool: &StoredPool, quota: &PoolQuota) -> bool {
    quota.quota.value > 0.0 && !pool.series.is_empty()
}

/// The most that all callers together used of a kind of quota in an hour, in its unit; none when
/// that is not known.
fn most_used(pool: &StoredPool, kind: QuotaKind, used: &Used, hour: Timestamp) -> Option<f64> {
    let (metric, period) = (definition(warning_of(kind)).metric, period(kind));
    let stretch = (from(period, hour), hour + seconds(HOUR_SECONDS));
    let mut sums: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for caller in &pool.series {
        let of_caller = used.of(caller, metric, period, stretch)?;
        let called = || used.of(caller, INVOCATIONS, period, stretch);
        if of_caller.is_empty() && called()?.iter().any(|(_, calls)| *calls > 0.0) {
            return None;
        }
        for (at, value) in of_caller {
            *sums.entry(at).or_default() += value;
        }
    }
    Some(match kind {
        QuotaKind::Rpm | QuotaKind::Tpm => sums.into_values().fold(0.0, f64::max),
        // A sum of nothing by `sum` is -0.
        QuotaKind::Tpd => sums.into_values().fold(0.0, |all, one| all + one),
    })
}

fn wanted(pools: &[StoredPool], of_period: u32) -> Vec<Wanted> {
    let mut all = BTreeSet::new();
    for pool in pools {
        let quotas = pool.quotas.iter().filter(|quota| has_share(pool, quota));
        for quota in quotas.filter(|quota| period(quota.kind) == of_period) {
            let metrics = [INVOCATIONS, definition(warning_of(quota.kind)).metric];
            all.extend(
                pool.series.iter().flat_map(|caller| metrics.map(|metric| (caller, metric))),
            );
        }
    }
    let sum =
        |(caller, metric): (&String, &str)| Wanted::of_model(caller, metric, "Sum", of_period);
    all.into_iter().map(sum).collect()
}

/// The period whose sums are read for a kind of quota.
fn period(kind: QuotaKind) -> u32 {
    match kind {
        QuotaKind::Rpm | QuotaKind::Tpm => MINUTE_SECONDS,
        QuotaKind::Tpd => HOUR_SECONDS,
    }
}

/// Where the sums of a period begin that an hour is about: those by the hour are of the 24 hours
/// that end with it.
fn from(period: u32, hour: Timestamp) -> Timestamp {
    if period == MINUTE_SECONDS { hour } else { hour - seconds(DAY_SECONDS - HOUR_SECONDS) }
}

fn seconds(number: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(number))
}

#[cfg(test)]
mod tests;
