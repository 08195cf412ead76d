//! What each pool cost in each clock hour, as metrics: the tokens of its callers at the prices given.
//!
//! `CostPerHour` stands at the start of its hour. An hour is worked out by several runs, so that a
//! run that is missed leaves no gap, and is then published several times over. Tokens that came
//! late only add to it, so that the highest of its values is the one that holds: read the metric's
//! `Maximum`.
//!
//! What is not known is not published: not 0, but nothing. An hour in which nothing was used did
//! cost 0.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::alarm::pool_metrics::PoolMetric;
use crate::metric_values::HOUR_SECONDS;
use crate::price::{Prices, Tokens};
use crate::stored::StoredPool;

/// What a pool cost in an hour, in US dollars; dimension Pool. What an inference component cost has
/// the same name and the dimension InferenceComponentName ([`component`](crate::component)).
pub const COST_PER_HOUR: &str = "CostPerHour";

/// What 1,000 invocations of a pool cost on the average of an hour, in US dollars; dimension Pool.
/// None of an hour without invocations.
pub const COST_PER_THOUSAND: &str = "CostPer1000Invocations";

/// The metrics of a pool, or a component, with a price.
pub const METRICS_OF_A_POOL: usize = 2;

/// Complete hours that every run works out.
pub const HOURS: i64 = 6;

/// How long after its end an hour's metrics are taken to be in. The hourly run, at 20 past, waits
/// longer anyway; one that a deployment starts does not.
const SETTLES_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// What is read of each caller for each hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Input tokens that were not cached.
    Input,
    /// Output tokens.
    Output,
    /// Input tokens read from the cache.
    CacheRead,
    /// Input tokens written to the cache.
    CacheWrite,
    /// Invocations.
    Invocations,
}

impl Counted {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Input, Self::Output, Self::CacheRead, Self::CacheWrite, Self::Invocations];

    /// The metric in `AWS/Bedrock`, whose sum it is.
    #[must_use]
    pub fn metric_name(self) -> &'static str {
        match self {
            Self::Input => "InputTokenCount",
            Self::Output => "OutputTokenCount",
            Self::CacheRead => "CacheReadInputTokenCount",
            Self::CacheWrite => "CacheWriteInputTokenCount",
            Self::Invocations => "Invocations",
        }
    }
}

/// What was used in an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Used {
    /// The tokens.
    pub tokens: Tokens,
    /// The invocations.
    pub invocations: f64,
}

impl Used {
    /// Adds one of the counts.
    pub fn add(&mut self, counted: Counted, value: f64) {
        let Self { tokens, invocations } = self;
        *match counted {
            Counted::Input => &mut tokens.input,
            Counted::Output => &mut tokens.output,
            Counted::CacheRead => &mut tokens.cache_read,
            Counted::CacheWrite => &mut tokens.cache_write,
            Counted::Invocations => invocations,
        } += value;
    }

    fn and(mut self, other: &Self) -> Self {
        self.add(Counted::Input, other.tokens.input);
        self.add(Counted::Output, other.tokens.output);
        self.add(Counted::CacheRead, other.tokens.cache_read);
        self.add(Counted::CacheWrite, other.tokens.cache_write);
        self.add(Counted::Invocations, other.invocations);
        self
    }
}

/// What each caller used, by the start of the hour; an hour that is not there had nothing.
///
/// It is complete: every caller of a pool with a price was read for all of the hours.
pub type UsedByCaller = BTreeMap<String, BTreeMap<Timestamp, Used>>;

/// The starts of the hours to work out at a time, oldest first.
#[must_use]
pub fn hours(now: Timestamp) -> Vec<Timestamp> {
    let settled = now.as_second() - SETTLES_AFTER.as_secs();
    let end = settled.div_euclid(HOUR_SECONDS.into());
    (end - HOURS..end)
        .filter_map(|hour| Timestamp::from_second(hour * i64::from(HOUR_SECONDS)).ok())
        .collect()
}

/// The callers whose use is to be read, each once: those of pools with a price.
#[must_use]
pub fn callers(pools: &[StoredPool], prices: &Prices) -> BTreeSet<String> {
    let priced = pools.iter().filter(|pool| prices.of_pool(&pool.pool).is_some());
    priced.flat_map(|pool| pool.series.iter().cloned()).collect()
}

/// What to publish, each metric with the hour it speaks of.
#[must_use]
pub fn metrics(
    pools: &[StoredPool],
    prices: &Prices,
    used: &UsedByCaller,
    hours: &[Timestamp],
) -> Vec<(Timestamp, PoolMetric)> {
    let each = pools.iter().flat_map(|pool| hours.iter().map(move |hour| (pool, *hour)));
    each.flat_map(|(pool, hour)| {
        let metrics = of_hour(pool, prices, used, hour);
        metrics.into_iter().map(move |metric| (hour, metric))
    })
    .collect()
}

fn of_hour(
    pool: &StoredPool,
    prices: &Prices,
    used: &UsedByCaller,
    hour: Timestamp,
) -> Vec<PoolMetric> {
    // Of a pool without callers nobody has looked at anything.
    let Some(price) = prices.of_pool(&pool.pool).filter(|_| !pool.series.is_empty()) else {
        return Vec::new();
    };
    let of_caller = |caller: &String| used.get(caller).and_then(|by_hour| by_hour.get(&hour));
    let all =
        pool.series.iter().filter_map(of_caller).fold(Used::default(), |all, one| all.and(one));
    let Some(cost) = price.cost(all.tokens) else { return Vec::new() };
    let metric = |name, value| PoolMetric {
        name,
        dimensions: vec![("Pool", pool.pool.label().to_string())],
        value,
    };
    let of_thousand = (all.invocations > 0.0)
        .then(|| metric(COST_PER_THOUSAND, 1_000.0 * cost / all.invocations));
    [metric(COST_PER_HOUR, cost)].into_iter().chain(of_thousand).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::desired::tests::stored;

    const PRICES: &str = r#"{"bedrock": {"amazon.nova-lite-v1:0":
        {"input": 0.06, "output": 0.24, "cache_read": 0.015}}}"#;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn used(input: f64, output: f64, cache_read: f64, cache_write: f64, calls: f64) -> Used {
        Used { tokens: Tokens { input, output, cache_read, cache_write }, invocations: calls }
    }

    #[track_caller]
    fn check(prices: &str, callers: usize, all: &[(usize, Used)], expected: &[&str]) {
        let pool = stored(callers, &[]);
        let hour = at("2026-11-22T11:00:00Z");
        let by_caller: UsedByCaller = all
            .iter()
            .map(|(caller, used)| (pool.series[*caller].clone(), BTreeMap::from([(hour, *used)])))
            .collect();
        let prices = Prices::parse(prices).unwrap();
        let lines: Vec<String> = metrics(&[pool], &prices, &by_caller, &[hour])
            .into_iter()
            .map(|(at, metric)| {
                assert_eq!(at, hour);
                assert_eq!(metric.dimensions[0].1, "cross-region.amazon.nova-lite-v1_0");
                format!("{} {:.6}", metric.name, metric.value)
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn hours_are_complete_and_settled() {
        for (now, last) in [
            ("2026-11-22T12:20:00Z", "2026-11-22T11:00:00Z"),
            ("2026-11-22T12:10:00Z", "2026-11-22T11:00:00Z"),
            ("2026-11-22T12:09:59Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T12:59:59Z", "2026-11-22T11:00:00Z"),
            ("2026-11-22T00:15:00Z", "2026-11-21T23:00:00Z"),
        ] {
            let found = hours(at(now));
            assert_eq!(found.len(), 6, "{now}");
            assert_eq!(*found.last().unwrap(), at(last), "{now}");
            assert_eq!(found[0], at(last) - SignedDuration::from_hours(5), "{now}");
        }
    }

    #[test]
    fn the_callers_of_a_pool_are_added_up() {
        // 0.06 of 3 million input, 0.24 of 1 million output, 0.015 of 2 million cached.
        let all = [(0, used(1e6, 1e6, 0.0, 0.0, 300.0)), (1, used(2e6, 0.0, 2e6, 0.0, 100.0))];
        let expected = ["CostPerHour 0.450000", "CostPer1000Invocations 1.125000"];
        check(PRICES, 2, &all, &expected);
        // A caller that was not used adds nothing.
        check(PRICES, 5, &all, &expected);
    }

    #[test]
    fn an_idle_hour_cost_nothing_and_has_no_cost_of_calls() {
        check(PRICES, 1, &[], &["CostPerHour 0.000000"]);
    }

    #[test]
    fn what_is_not_known_is_not_published() {
        check("{}", 1, &[(0, used(1e6, 1e6, 0.0, 0.0, 1.0))], &[]);
        // The price of written cache is not given.
        check(PRICES, 1, &[(0, used(1e6, 1e6, 0.0, 1.0, 1.0))], &[]);
        check(PRICES, 0, &[], &[]);
    }

    #[test]
    fn callers_of_pools_without_a_price_are_not_read() {
        let pools = [stored(2, &[]), stored(2, &[])];
        assert_eq!(callers(&pools, &Prices::default()), BTreeSet::new());
        let each = pools[0].series.iter().cloned().collect();
        assert_eq!(callers(&pools, &Prices::parse(PRICES).unwrap()), each);
    }

    #[test]
    fn a_pool_has_the_metrics_that_are_counted_for_the_bill() {
        let pool = stored(1, &[]);
        let hour = at("2026-11-22T11:00:00Z");
        let used = used(1.0, 1.0, 0.0, 0.0, 1.0);
        let by_caller =
            UsedByCaller::from([(pool.series[0].clone(), BTreeMap::from([(hour, used)]))]);
        let found = metrics(&[pool], &Prices::parse(PRICES).unwrap(), &by_caller, &[hour]);
        assert_eq!(found.len(), METRICS_OF_A_POOL);
    }
}
