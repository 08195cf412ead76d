//! What tokens cost, by the operator's prices.

use super::{Change, PoolWeek, TwoWeeks, Volumes};
use crate::pool::Pool;
use crate::price::{Prices, Tokens};

/// What a pool's tokens cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cost {
    /// This much.
    Known(f64),
    /// There were tokens whose price the setting does not say.
    Unknown,
}

impl Cost {
    /// The cost of a week's tokens; no tokens cost nothing, whatever their price.
    #[must_use]
    pub(super) fn of(pool: &Pool, volumes: &Volumes, prices: &Prices) -> Self {
        let tokens = volumes.tokens();
        if tokens == Tokens::default() {
            return Self::Known(0.0);
        }
        let dollars = prices.of_pool(pool).and_then(|price| price.cost(tokens));
        dollars.map_or(Self::Unknown, Self::Known)
    }

    /// The dollars, where they are known.
    #[must_use]
    pub fn known(self) -> Option<f64> {
        match self {
            Self::Known(dollars) => Some(dollars),
            Self::Unknown => None,
        }
    }
}

/// What pools cost together, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TotalCost {
    /// The sum over the pools whose cost is known, in US dollars; `None` when it is of none.
    pub dollars: Option<f64>,
    /// The sum of the week before over the pools whose cost was known then, in US dollars.
    pub dollars_before: Option<f64>,
    /// Against the week before, over the pools whose cost is known of both weeks.
    pub change: Change,
    /// Pools of unknown price this week.
    pub unpriced: usize,
}

impl TotalCost {
    /// The sum of what these pools cost.
    #[must_use]
    pub fn of(pools: &[PoolWeek]) -> Self {
        let costs = || pools.iter().filter_map(|pool| pool.cost.as_ref());
        let sum = |known: &dyn Fn(&TwoWeeks<Cost>) -> Option<f64>| {
            let known: Vec<f64> = costs().filter_map(known).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>())
        };
        let both = |cost: &TwoWeeks<Cost>| cost.this.known().zip(cost.before.known());
        Self {
            dollars: sum(&|cost| cost.this.known()),
            dollars_before: sum(&|cost| cost.before.known()),
            change: Change::of(sum(&|cost| Some(both(cost)?.0)), sum(&|cost| Some(both(cost)?.1))),
            unpriced: costs().filter(|cost| cost.this == Cost::Unknown).count(),
        }
    }
}
