//! The pools' figures, line by line.

use super::{MOST_LISTED, figure, name};
use crate::digest::{
    Change, Cost, PoolWeek, QuotaUse, TotalCost, TwoWeeks, Used, Volume, Volumes, WeekFigures,
    total,
};
use crate::quota::QuotaKind;
use crate::render::format::{count, dollars};
use crate::render::layout::table;
use crate::render::words::Words;

const MILLISECONDS: f64 = 1000.0;

/// The counts a reader sees; what quotas count is told by their peaks.
const TOLD: [Volume; 8] = [
    Volume::Requests,
    Volume::Throttles,
    Volume::ClientErrors,
    Volume::ServerErrors,
    Volume::InputTokens,
    Volume::OutputTokens,
    Volume::CacheReadTokens,
    Volume::CacheWriteTokens,
];

/// One pool.
#[derive(Debug, Clone)]
pub(super) struct PoolLines {
    pub(super) pool: String,
    /// What was counted; `None` where that could not be read.
    pub(super) counted: Option<CountedFacts>,
    pub(super) quotas: Vec<QuotaLine>,
}

/// What was counted of a pool.
#[derive(Debug, Clone)]
pub(super) struct CountedFacts {
    pub(super) requests: String,
    pub(super) refused: String,
    pub(super) client_errors: String,
    pub(super) server_errors: String,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) cache_read: String,
    pub(super) cache_write: String,
    /// The cost with its change, where the price is known.
    pub(super) cost: Option<String>,
    /// The p90 latency of the slowest day, and the same of the week before.
    pub(super) latency: Option<(String, Option<String>)>,
}

/// One quota of a pool.
#[derive(Debug, Clone)]
pub(super) struct QuotaLine {
    pub(super) kind: QuotaKind,
    pub(super) value: String,
    pub(super) used: UsedFacts,
}

/// How much of a quota was used at most.
#[derive(Debug, Clone)]
pub(super) enum UsedFacts {
    Nothing,
    /// With what is left of the quota, in percent.
    Peak {
        value: String,
        at: String,
        shares: Option<(String, String)>,
        is_whole: bool,
    },
    Unread,
}

/// What the pools that are not told of one by one came to.
#[derive(Debug, Clone)]
pub(super) struct RestOfPools {
    pub(super) pools: usize,
    pub(super) requests: String,
    pub(super) refused: String,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) cost: Option<String>,
}

impl PoolLines {
    pub(super) fn all(words: &dyn Words, pools: &[PoolWeek]) -> Vec<Self> {
        pools.iter().take(MOST_LISTED).map(|pool| Self::of(words, pool)).collect()
    }

    fn of(words: &dyn Words, pool: &PoolWeek) -> Self {
        let figures = pool.figures.known();
        let cost = pool.cost.as_ref();
        Self {
            pool: name(&pool.pool.to_string()),
            counted: figures
                .zip(cost)
                .map(|(figures, cost)| CountedFacts::of(words, figures, cost)),
            quotas: pool.quotas.iter().map(|quota| QuotaLine::of(words, quota)).collect(),
        }
    }
}

impl CountedFacts {
    fn of(words: &dyn Words, figures: &TwoWeeks<WeekFigures>, cost: &TwoWeeks<Cost>) -> Self {
        let TwoWeeks { this, before } = figures;
        let volume = |volume| figure(words, this.volumes.get(volume), before.volumes.get(volume));
        let latency = |milliseconds: f64| words.seconds(milliseconds / MILLISECONDS);
        Self {
            requests: volume(Volume::Requests),
            refused: volume(Volume::Throttles),
            client_errors: volume(Volume::ClientErrors),
            server_errors: volume(Volume::ServerErrors),
            input: volume(Volume::InputTokens),
            output: volume(Volume::OutputTokens),
            cache_read: volume(Volume::CacheReadTokens),
            cache_write: volume(Volume::CacheWriteTokens),
            cost: cost.this.known().map(|known| {
                let change = Change::of(Some(known), cost.before.known());
                super::cost(words, known, change)
            }),
            latency: this
                .slowest_day_p90_ms
                .map(|p90| (latency(p90), before.slowest_day_p90_ms.map(latency))),
        }
    }
}

impl QuotaLine {
    fn of(words: &dyn Words, quota: &QuotaUse) -> Self {
        let used = match &quota.used {
            Used::Nothing => UsedFacts::Nothing,
            Used::Unread(_) => UsedFacts::Unread,
            Used::Peak { value, at, share, gap } => UsedFacts::Peak {
                value: count(*value),
                at: words.moment(*at),
                shares: share
                    .map(|share| (words.share(share), words.share((1.0 - share).max(0.0)))),
                is_whole: gap.is_none(),
            },
        };
        Self { kind: quota.quota.kind, value: count(quota.quota.quota.value), used }
    }
}

impl RestOfPools {
    pub(super) fn of(words: &dyn Words, pools: &[PoolWeek]) -> Option<Self> {
        let rest = pools.get(MOST_LISTED..).filter(|rest| !rest.is_empty())?;
        let volumes = total(rest.iter().filter_map(PoolWeek::volumes));
        let volume = |volume| figure(words, volumes.this.get(volume), volumes.before.get(volume));
        let cost = TotalCost::of(rest);
        Some(Self {
            pools: rest.len(),
            requests: volume(Volume::Requests),
            refused: volume(Volume::Throttles),
            input: volume(Volume::InputTokens),
            output: volume(Volume::OutputTokens),
            cost: cost.dollars.map(|sum| super::cost(words, sum, cost.change)),
        })
    }
}

/// All pools in one table.
pub(super) fn volume_table(
    words: &dyn Words,
    volumes: &TwoWeeks<Volumes>,
    cost: &TotalCost,
) -> Vec<String> {
    let heads = [""].into_iter().chain(words.week_table()).map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = vec![heads];
    rows.extend(TOLD.into_iter().map(|volume| {
        let (this, before) = (volumes.this.get(volume), volumes.before.get(volume));
        let change = words.change(Change::of(Some(this), Some(before)));
        vec![words.volume(volume).to_owned(), count(this), count(before), change]
    }));
    if let Some(sum) = cost.dollars {
        let before = cost.dollars_before.map_or_else(|| "-".to_owned(), dollars);
        rows.push(vec![
            words.token_cost().to_owned(),
            dollars(sum),
            before,
            words.change(cost.change),
        ]);
    }
    table(&rows)
}
