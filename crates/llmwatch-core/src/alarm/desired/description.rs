//! What an alarm says about itself in the CloudWatch console.

use super::{Breach, MAX_SERIES, MAX_SERIES_OF_AVERAGE};
use crate::alarm::{AlarmDefinition, Limit, Statistic};
use crate::stored::{PoolQuota, StoredPool};

/// The longest description CloudWatch takes.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
pub(crate) const MAX_CHARS: usize = 1024;

/// M of N is left out: an operator may edit it, and the console shows it anyway.
pub(super) fn child(pool: &StoredPool, row: &AlarmDefinition, breach: &Breach) -> String {
    let what = format!("{} {}.", pool.pool, row.says);
    let condition = format!(
        "Breaches when {} of {} over {} s {}.",
        statistic(row.statistic),
        row.metric,
        row.period_seconds,
        condition(pool, row, breach),
    );
    [what, condition, watched(pool, row), MANAGED.to_owned()]
        .join(" ")
        .chars()
        .take(MAX_CHARS)
        .collect()
}

pub(super) fn composite(pool: &StoredPool, children: usize) -> String {
    format!(
        "{} is unwell: at least one of its {children} alarms fires. Tells llmwatch, which decides \
         and writes one e-mail. {MANAGED}",
        pool.pool
    )
    .chars()
    .take(MAX_CHARS)
    .collect()
}

pub(crate) const MANAGED: &str = "Kept by llmwatch: change it by the setting alarm-tuning; your own actions, \
                       ActionsEnabled, M of N and tags are left as you set them.";

fn statistic(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Sum => "the sum",
        Statistic::Average => "the average",
        Statistic::P90 => "the 90th percentile",
        Statistic::P99 => "the 99th percentile",
        Statistic::Maximum => "the value",
    }
}

fn condition(pool: &StoredPool, row: &AlarmDefinition, breach: &Breach) -> String {
    match (row.limit, breach) {
        (Limit::PercentOfQuota(kind, _), Breach::AtLeast(threshold)) => {
            let stored = pool.quota(kind);
            let arithmetic = stored.map(|stored| arithmetic(stored, *threshold));
            let arithmetic = arithmetic.unwrap_or_default();
            format!("is {threshold} or more{arithmetic}")
        }
        (Limit::Budget, Breach::AtLeast(budget)) => {
            format!("is {budget} US dollars or more (the budget in the setting prices)")
        }
        (_, Breach::AtLeast(threshold)) => match row.statistic {
            Statistic::Sum | Statistic::Maximum => format!("is {threshold} or more"),
            Statistic::Average | Statistic::P90 | Statistic::P99 => {
                format!("is {threshold} ms or more")
            }
        },
        (Limit::AboveBand(width), _) => {
            format!("is above its usual band of {width} standard deviations")
        }
        (
            Limit::AtLeast(_) | Limit::PercentOfQuota(..) | Limit::Budget,
            Breach::Below(_) | Breach::AboveBand(_) | Breach::BelowBand(_) | Breach::Foreign(_),
        ) => "is unusual".to_owned(),
    }
}

/// The percentage is worked out of the two figures, so that it is true of this threshold even while
/// a changed setting waits for the next calculation.
fn arithmetic(stored: &PoolQuota, threshold: f64) -> String {
    let PoolQuota { kind, quota, .. } = stored;
    if quota.value > 0.0 {
        let percent = (threshold / quota.value * 1000.0).round() / 10.0;
        format!(
            " ({percent} % of the {kind} quota {} of {} {})",
            quota.code,
            quota.value,
            kind.unit()
        )
    } else {
        format!(" (the {kind} quota {} is {} {})", quota.code, quota.value, kind.unit())
    }
}

fn watched(pool: &StoredPool, row: &AlarmDefinition) -> String {
    let (limit, of_all) = match row.statistic {
        Statistic::Average => (MAX_SERIES_OF_AVERAGE, "Taken over"),
        Statistic::Sum => (MAX_SERIES, "Taken over"),
        Statistic::P90 | Statistic::P99 => (MAX_SERIES, "The highest of"),
        Statistic::Maximum => {
            return "Worked out by llmwatch over all ModelId series of the pool, 20 minutes after the \
                    end of each clock hour."
                .to_owned();
        }
    };
    match pool.series.len() {
        1 => "Watches one ModelId series.".to_owned(),
        all if all <= limit => format!("{of_all} all {all} ModelId series of the pool."),
        all => format!(
            "{of_all} the {limit} busiest of the pool's {all} ModelId series: metric math takes \
             no more."
        ),
    }
}
