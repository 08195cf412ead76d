//! Which metrics a digest reads, and what is made of their values.
//!
//! By the day, so that two weeks of everything are a few hundred values a pool. Peaks need minutes,
//! which are read for pools with traffic only, see [`usage_metrics`].

use jiff::{SignedDuration, Timestamp};

use super::{Score, TwoWeeks, Volume, Volumes, Week, WeekFigures};
use crate::alarm::pool_metrics::{NAMESPACE, QUOTA_VALUE};
use crate::cloudwatch::metric::MetricKey;
use crate::evidence::Read;
use crate::metric_values::{DAY_SECONDS, HOUR_SECONDS, Values, Wanted};
use crate::quality::Metric;
use crate::quality::series::StoredSeries;
use crate::quota::QuotaKind;
use crate::stored::StoredPool;
use crate::usage::{UsageMetric, Window};

/// The stretch of time that everything but minutes is read over: both weeks.
#[must_use]
pub fn stretch(week: Week) -> (Timestamp, Timestamp) {
    (week.previous().start(), week.end())
}

/// What one series of a pool is read by: each count, then the p90 latency.
const OF_A_CALLER: usize = Volume::ALL.len() + 1;

/// The metrics of a pool's figures, for [`figures`].
#[must_use]
pub fn of_pool(pool: &StoredPool) -> Vec<Wanted> {
    let of_caller = |model_id: &String| {
        let by = |name: &str, statistic| Wanted::of_model(model_id, name, statistic, DAY_SECONDS);
        let counts = Volume::ALL.into_iter().map(|volume| by(volume.metric_name(), "Sum"));
        counts.chain([by("InvocationLatency", "p90")]).collect::<Vec<_>>()
    };
    pool.series.iter().flat_map(of_caller).collect()
}

/// A pool's figures from the values of [`of_pool`], in its order.
#[must_use]
pub fn figures(values: &[Values], week: Week) -> Read<TwoWeeks<WeekFigures>> {
    let mut figures = TwoWeeks::<WeekFigures>::default();
    for of_caller in values.chunks(OF_A_CALLER) {
        for (index, values) in of_caller.iter().enumerate() {
            let values = match values {
                Read::Known(values) => values,
                Read::Unreadable(why) => return Read::Unreadable(why.clone()),
            };
            for (at, value) in values {
                let Some(figures) = of_week(&mut figures, week, *at) else { continue };
                match Volume::ALL.get(index) {
                    Some(volume) => figures.volumes.add(*volume, *value),
                    None => {
                        let slowest = figures.slowest_day_p90_ms.unwrap_or(0.0).max(*value);
                        figures.slowest_day_p90_ms = Some(slowest);
                    }
                }
            }
        }
    }
    Read::Known(figures)
}

/// The metrics that tell whether a pool's quotas changed, in the order of its quotas.
#[must_use]
pub fn of_quotas(pool: &StoredPool) -> Vec<(QuotaKind, Wanted)> {
    let label = pool.pool.label();
    let of_quota = |kind: QuotaKind| Wanted {
        metric: MetricKey::new(
            NAMESPACE,
            QUOTA_VALUE,
            &[("Pool", label.as_str()), ("Quota", kind.abbreviation())],
        ),
        statistic: "Maximum",
        period_seconds: HOUR_SECONDS,
    };
    pool.quotas.iter().map(|quota| (quota.kind, of_quota(quota.kind))).collect()
}

/// The metrics of those of [`SCORES`](super::SCORES) that a series has, two of each: the sum and the
/// number of its samples.
#[must_use]
pub fn of_series(series: &StoredSeries, namespace: &str) -> Vec<(Metric, [Wanted; 2])> {
    let known = series.metrics();
    let wanted = |metric: Metric, statistic: &'static str| Wanted {
        metric: series.series.metric(namespace, metric),
        statistic,
        period_seconds: DAY_SECONDS,
    };
    let of_metric =
        |metric| (metric, ["Sum", "SampleCount"].map(|statistic| wanted(metric, statistic)));
    super::SCORES.into_iter().filter(|metric| known.contains(metric)).map(of_metric).collect()
}

/// The means of both weeks from the values of one metric of [`of_series`].
///
/// # Errors
///
/// Why one of them could not be read.
pub fn score(
    sum: &Values,
    samples: &Values,
    week: Week,
) -> Result<TwoWeeks<Option<Score>>, String> {
    let total = |values: &Values| match values {
        Read::Unreadable(why) => Err(why.clone()),
        Read::Known(values) => {
            let mut total = TwoWeeks::<f64>::default();
            for (at, value) in values {
                if let Some(total) = of_week(&mut total, week, *at) {
                    *total += value;
                }
            }
            Ok(total)
        }
    };
    let (sum, samples) = (total(sum)?, total(samples)?);
    Ok(TwoWeeks {
        this: Score::of(sum.this, samples.this),
        before: Score::of(sum.before, samples.before),
    })
}

/// The metrics whose minutes tell how near a pool came to its quotas.
///
/// CloudWatch's estimate where it has data, else what it is estimated from.
#[must_use]
pub fn usage_metrics(volumes: &Volumes) -> &'static [UsageMetric] {
    const ESTIMATED: &[UsageMetric] =
        &[UsageMetric::Invocations, UsageMetric::Throttles, UsageMetric::EstimatedTpm];
    const BY_TOKENS: &[UsageMetric] = &[
        UsageMetric::Invocations,
        UsageMetric::Throttles,
        UsageMetric::InputTokens,
        UsageMetric::OutputTokens,
        UsageMetric::CacheWriteTokens,
    ];
    if volumes.get(Volume::QuotaTokens) > 0.0 { ESTIMATED } else { BY_TOKENS }
}

/// Whether CloudWatch still has every minute of a window: it keeps them for 15 days, and a digest may
/// be sent again later than that.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>.
#[must_use]
pub fn are_minutes_kept(window: Window, now: Timestamp) -> bool {
    now.duration_since(window.start()) < SignedDuration::from_hours(15 * 24)
}

fn of_week<T>(weeks: &mut TwoWeeks<T>, week: Week, at: Timestamp) -> Option<&mut T> {
    if week.contains(at) {
        Some(&mut weeks.this)
    } else if week.previous().contains(at) {
        Some(&mut weeks.before)
    } else {
        None
    }
}

/// From when on quota values are looked at: a day before the week, so that the value before it is
/// known although one of its hours had none.
#[must_use]
pub fn quotas_from(week: Week) -> Timestamp {
    week.start() - SignedDuration::from_hours(24)
}
