//! The weekly digest: what the pools and the scored models did in seven days, beside the seven
//! before, and what of it somebody should act on.
//!
//! Reading is not here: [`wanted`] says which metrics are read, and everything that was read, or why
//! not, comes in as [`Readings`]. A figure that could not be read stays unknown and is never 0.

mod attention;
mod change;
mod cost;
mod pools;
mod scores;
mod volumes;
pub mod wanted;
mod week;

pub use attention::{NEAR, Need, needs};
pub use change::Change;
pub use cost::{Cost, TotalCost};
pub use pools::{PoolReading, PoolWeek, QuotaMove, QuotaUse, Used, WeekFigures};
pub use scores::{
    MINIMUM_SAMPLES, Move, SCORES, Score, ScoreRow, SeriesReading, SeriesWeek, moved_most,
};
pub use volumes::{Volume, Volumes, total};
pub use week::{TwoWeeks, Week};

use crate::evidence::Read;
use crate::price::Prices;
use crate::request_watch::WatchedRequest;

/// Everything a digest is made of, each part read or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// The week it speaks of.
    pub week: Week,
    /// Every pool that is stored.
    pub pools: Read<Vec<PoolReading>>,
    /// Every series of scores that is stored.
    pub series: Read<Vec<SeriesReading>>,
    /// The operator's prices.
    pub prices: Read<Prices>,
    /// The quota requests whose end is still to be told.
    pub watched: Read<Vec<WatchedRequest>>,
    /// Documents that were not understood, in words.
    pub misread: Vec<String>,
}

/// A week's figures, compared with the week before.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    /// The week it speaks of.
    pub week: Week,
    /// The pools, busiest first; those whose figures could not be read last.
    pub pools: Read<Vec<PoolWeek>>,
    /// What all pools that could be read came to, this week and the week before.
    pub volumes: TwoWeeks<Volumes>,
    /// What all pools cost.
    pub cost: TotalCost,
    /// The scored series by model, most samples first.
    pub series: Read<Vec<SeriesWeek>>,
    /// The quota requests whose end is still to be told.
    pub watched: Read<Vec<WatchedRequest>>,
    /// Why prices could not be read.
    pub prices_unread: Option<String>,
    /// Documents that were not understood, in words.
    pub misread: Vec<String>,
}

impl Readings {
    /// Whether nothing of a week's figures could be read, so that another try is worth more than a
    /// mail.
    #[must_use]
    pub fn are_blank(&self) -> bool {
        let parts = [
            Part::of(&self.pools, |pool| pool.figures.known().is_some()),
            Part::of(&self.series, |series| series.scores.known().is_some()),
        ];
        parts.contains(&Part::Failed) && !parts.contains(&Part::Read)
    }
}

/// How the reading of a part went.
#[derive(PartialEq)]
enum Part {
    /// Some of it was read.
    Read,
    /// There is some, and none of it was read.
    Failed,
    /// There is none.
    Empty,
}

impl Part {
    fn of<T>(list: &Read<Vec<T>>, was_read: impl Fn(&T) -> bool) -> Self {
        match list {
            Read::Known(all) if all.is_empty() => Self::Empty,
            Read::Known(all) if all.iter().any(was_read) => Self::Read,
            Read::Known(_) | Read::Unreadable(_) => Self::Failed,
        }
    }
}

impl Digest {
    /// Compares what was read.
    #[must_use]
    pub fn of(readings: Readings) -> Self {
        let Readings { week, pools, series, prices, watched, misread } = readings;
        let (known_prices, prices_unread) = match prices {
            Read::Known(prices) => (prices, None),
            Read::Unreadable(why) => (Prices::default(), Some(why)),
        };
        let pools = pools.map(|pools| {
            let pools = pools.into_iter().map(|pool| PoolWeek::of(pool, week, &known_prices));
            let mut pools: Vec<PoolWeek> = pools.collect();
            pools.sort_by(|a, b| {
                b.busyness().total_cmp(&a.busyness()).then_with(|| a.pool.cmp(&b.pool))
            });
            pools
        });
        let series = series.map(|series| {
            let mut series: Vec<SeriesWeek> = series.into_iter().map(SeriesWeek::of).collect();
            series.sort_by(|a, b| {
                b.samples().total_cmp(&a.samples()).then_with(|| a.series.cmp(&b.series))
            });
            series
        });
        let all = pools.listed();
        Self {
            volumes: total(all.iter().filter_map(PoolWeek::volumes)),
            cost: TotalCost::of(all),
            week,
            pools,
            series,
            watched,
            prices_unread,
            misread,
        }
    }

    /// The pools, or none where the list could not be read.
    #[must_use]
    pub fn pools(&self) -> &[PoolWeek] {
        self.pools.listed()
    }

    /// The series, or none where the list could not be read.
    #[must_use]
    pub fn series(&self) -> &[SeriesWeek] {
        self.series.listed()
    }
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
