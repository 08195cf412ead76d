//! What a stack costs a month at AWS's list prices: counts in, dollars out.
//!
//! Alarms and metrics are counted from the same plans that make them. What an incident takes is the
//! bench's count, rounded up. Traffic to Bedrock, support plans and taxes are not here.

mod prices;
mod scoring;

use std::fmt;

pub use prices::{Checked, Item, PRICES, Price};
pub use scoring::{Scoring, scoring_month};

use crate::alarm::desired::{
    Breach, DesiredAlarm, Destinations, Lines, QuerySource, Watch, desired_alarms,
};
use crate::alarm::pool_metrics::pool_metrics;
use crate::alarm::tuning::Tuning;
use crate::component::reports;
use crate::hourly_cost::{self, Counted};
use crate::ids::StackPrefix;
use crate::quota_used;
use crate::stored::StoredPool;

/// The hours AWS bills for a month of 365 / 12 days.
const HOURS_A_MONTH: f64 = 730.0;

/// The upper and the lower edge of a band, billed beside the metrics it is made of.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_billing.html>.
const METRICS_OF_A_BAND: u32 = 2;

/// What a stack does, as far as pools do not tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// Metrics that the template's own alarms read.
    pub own_alarm_metrics: u32,
    /// Secrets the template makes.
    pub secrets: u32,
    /// Queues that Lambda polls.
    pub polled_queues: u32,
    /// Episodes a month, from the first alarm to the recovery.
    pub incidents: u32,
    /// People who get each mail.
    pub recipients: u32,
}

/// How many units of an item a month takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// What.
    pub item: Item,
    /// How many.
    pub units: f64,
}

/// One line of a bill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// What is billed.
    pub price: Price,
    /// How many units.
    pub units: f64,
}

/// A month's bill, one line an item in the order of [`PRICES`].
#[derive(Debug, Clone, PartialEq)]
pub struct Bill(pub Vec<Line>);

impl Line {
    /// Dollars, the free tier left out.
    #[must_use]
    pub fn dollars(&self) -> f64 {
        self.units * self.price.dollars / self.price.per
    }

    /// Dollars in an account that uses the always-free tier for nothing else.
    #[must_use]
    pub fn dollars_after_free_tier(&self) -> f64 {
        (self.units - self.price.free_units).max(0.0) * self.price.dollars / self.price.per
    }
}

impl Bill {
    /// Dollars in all, the free tier left out.
    #[must_use]
    pub fn dollars(&self) -> f64 {
        self.0.iter().map(Line::dollars).sum()
    }

    /// Dollars in all in an account that uses the always-free tier for nothing else.
    #[must_use]
    pub fn dollars_after_free_tier(&self) -> f64 {
        self.0.iter().map(Line::dollars_after_free_tier).sum()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.0} = {:.2} USD", self.price.item, self.units, self.dollars())
    }
}

/// The bill for what was used.
#[must_use]
pub fn bill(used: &[Used]) -> Bill {
    let units = |item| used.iter().filter(|used| used.item == item).map(|used| used.units).sum();
    Bill(PRICES.iter().map(|price| Line { price: *price, units: units(price.item) }).collect())
}

/// The metrics CloudWatch bills an alarm for; none for a composite, which has a price of its own.
#[must_use]
pub fn alarm_metrics(alarm: &DesiredAlarm) -> u32 {
    let Watch::Metrics(watch) = &alarm.watch else { return 0 };
    let is_metric = |source: &QuerySource| matches!(source, QuerySource::Metric { .. });
    let read = watch.queries.iter().filter(|query| is_metric(&query.source)).count();
    let band = match watch.breach {
        Breach::AboveBand(_) | Breach::BelowBand(_) => METRICS_OF_A_BAND,
        Breach::AtLeast(_) | Breach::Below(_) | Breach::Foreign(_) => 0,
    };
    u32::try_from(read).unwrap_or(u32::MAX).saturating_add(band)
}

/// What a month takes, with these pools watched all the time.
#[must_use]
pub fn month(
    pools: &[StoredPool],
    tuning: &Tuning,
    prefix: &StackPrefix,
    activity: &Activity,
) -> Vec<Used> {
    let destinations = Destinations { raw_topic_arn: String::new() };
    let lines = Lines { tuning, budget: None };
    let alarms: Vec<DesiredAlarm> =
        pools.iter().flat_map(|pool| desired_alarms(pool, lines, &destinations, prefix)).collect();
    let composites = alarms.iter().filter(|alarm| matches!(alarm.watch, Watch::Children(_)));
    let read: u32 = alarms.iter().map(alarm_metrics).sum();
    let series: usize = pools.iter().map(|pool| pool.series.len()).sum();
    let of_pools = [
        (Item::AlarmMetric, f64::from(read + activity.own_alarm_metrics)),
        (Item::CompositeAlarm, count(composites.count())),
        (
            Item::CustomMetric,
            count(pool_metrics(pools).len() + quota_used::metrics_published(pools)),
        ),
        (Item::MetricRead, count(quota_used::metrics_read(pools)) * HOURS_A_MONTH),
        // The overview.
        (Item::Dashboard, 1.0),
        (Item::Secret, f64::from(activity.secrets)),
        (Item::Key, 1.0),
        (
            Item::QueueRequest,
            f64::from(activity.polled_queues) * prices::POLLS_AN_HOUR * HOURS_A_MONTH,
        ),
    ];
    let hourly = prices::hourly(count(alarms.len()), count(series));
    let incident =
        prices::incident(count(series) / count(pools.len().max(1)), f64::from(activity.recipients));
    let times = |used: &[(Item, f64)], times: f64| -> Vec<Used> {
        used.iter().map(|&(item, units)| Used { item, units: units * times }).collect()
    };
    [
        times(&of_pools, 1.0),
        times(&hourly, HOURS_A_MONTH),
        times(&incident, f64::from(activity.incidents)),
    ]
    .concat()
}

/// What a month takes that tells what a pool of so many callers costs, once it has a price: its
/// metrics, and the hourly reads they are made of. A budget adds an alarm, see [`alarm_metrics`].
#[must_use]
pub fn priced_pool_month(callers: u32) -> Vec<Used> {
    let reads = f64::from(callers) * count(Counted::ALL.len()) * HOURS_A_MONTH;
    vec![
        Used { item: Item::CustomMetric, units: count(hourly_cost::METRICS_OF_A_POOL) },
        Used { item: Item::MetricRead, units: reads },
    ]
}

/// What a month takes that tells what an inference component with so many GPUs costs, once its
/// endpoint has a price: its metrics, and the hourly reads of who reports on the endpoint, which all
/// components of the endpoint share. A budget adds an alarm of one metric.
#[must_use]
pub fn priced_component_month(gpus: u32, endpoint_gpus: u32, instances: u32) -> Vec<Used> {
    let calls = 1.0;
    let reads = f64::from(gpus) + f64::from(endpoint_gpus) + f64::from(instances) + calls;
    vec![
        Used { item: Item::CustomMetric, units: count(hourly_cost::METRICS_OF_A_POOL) },
        Used { item: Item::MetricRead, units: reads * HOURS_A_MONTH },
        Used {
            item: Item::CloudWatchRequest,
            units: count(reports::COUNTED.len()) * HOURS_A_MONTH,
        },
    ]
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::desired::tests::{ALL_QUOTAS, desired_with, stored};
    use crate::quota::QuotaKind;

    const QUIET: Activity = Activity {
        own_alarm_metrics: 0,
        secrets: 0,
        polled_queues: 0,
        incidents: 0,
        recipients: 1,
    };

    #[track_caller]
    fn check(series: usize, tuning: &str, metrics: u32) {
        let alarms = desired_with(&stored(series, &ALL_QUOTAS), tuning);
        assert_eq!(alarms.iter().map(alarm_metrics).sum::<u32>(), metrics);
    }

    #[test]
    fn every_series_of_every_alarm_is_billed_and_two_for_a_band() {
        // 9 sums and a percentile over each series, an average over two metrics of each; 3 sums and
        // an average in bands.
        check(1, "none", 10 + 2 + 3 * (1 + 2) + (2 + 2));
        check(3, "none", 10 * 3 + 2 * 3 + 3 * (3 + 2) + (2 * 3 + 2));
        // An alarm reads 8 metrics at most.
        check(8, "none", 10 * 8 + 8 + 3 * (8 + 2) + (8 + 2));
        check(12, "none", 10 * 8 + 8 + 3 * (8 + 2) + (8 + 2));
    }

    #[test]
    fn a_kind_switched_off_costs_nothing() {
        check(1, r#"{"*": {"LatencyAnomaly": {"enabled": false}}}"#, 10 + 2 + 9);
    }

    #[test]
    fn the_free_tier_is_taken_off_each_line_and_never_below_nothing() {
        let used = [
            Used { item: Item::AlarmMetric, units: 25.0 },
            Used { item: Item::FunctionRequest, units: 10.0 },
        ];
        let bill = bill(&used);
        assert_eq!(format!("{:.6}", bill.dollars()), "2.500002");
        assert_eq!(format!("{:.6}", bill.dollars_after_free_tier()), "1.500000");
    }

    #[test]
    fn every_item_has_one_price_with_its_source() {
        for (index, item) in Item::ALL.into_iter().enumerate() {
            assert_eq!(PRICES[index].item, item);
            assert!(PRICES[index].source.starts_with("https://"), "{item}");
        }
        assert_eq!(PRICES.len(), Item::ALL.len());
    }

    #[test]
    fn a_quiet_month_of_one_pool_is_mostly_alarms_and_metrics() {
        let pools = [stored(1, &[(QuotaKind::Rpm, 1000.0), (QuotaKind::Tpm, 1_000_000.0)])];
        let prefix = crate::alarm::desired::tests::prefix();
        let bill = bill(&month(&pools, &Tuning::default(), &prefix, &QUIET));
        let dollars = |item| {
            let line = bill.0.iter().find(|line| line.price.item == item).unwrap();
            format!("{:.2}", line.dollars())
        };
        assert_eq!(dollars(Item::AlarmMetric), "2.30");
        assert_eq!(dollars(Item::CompositeAlarm), "0.50");
        assert_eq!(dollars(Item::CustomMetric), "2.10");
        assert_eq!(dollars(Item::MetricRead), "0.01");
        assert_eq!(dollars(Item::Key), "1.00");
    }
}
