//! What the judge may spend in a day, and when it must stop.
//!
//! The day is that of UTC. The stop is hard: before each call its greatest cost is reserved, and
//! the call is made only when the reservation still fits; what the call did not use is given back
//! afterwards. The row that holds the spend is the function's business, added to under the
//! condition that [`DailyBudget::room_before`] gives, so that functions at work at the same time
//! cannot spend the same money twice.

use std::fmt;
use std::ops::Add;

/// An amount of money in thousand-millionths of a US dollar, so that sums are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NanoUsd(u64);

impl NanoUsd {
    /// Takes US dollars, 0 to a million; anything else is `None`. Rounded to a nano-dollar.
    #[must_use]
    pub fn of_dollars(dollars: f64) -> Option<Self> {
        // At most 10^15: exact in f64.
        (0.0..=1e6).contains(&dollars).then(|| Self((dollars * 1e9).round() as u64))
    }

    /// Takes nano-dollars, as the ledger holds them.
    #[must_use]
    pub fn new(nano: u64) -> Self {
        Self(nano)
    }

    /// Nano-dollars, for the ledger.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// US dollars.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// What something costs, when its price is known. An unknown price is never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The price is known.
    Known(NanoUsd),
    /// No price is configured for the model.
    Unknown,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(cost) => write!(f, "{:.4} USD", cost.dollars()),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A model's price, in US dollars per million tokens as price lists have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    input: NanoUsd,
    output: NanoUsd,
}

impl Price {
    /// Takes prices per million input and output tokens, 0 to a million dollars each.
    #[must_use]
    pub fn per_million(input_dollars: f64, output_dollars: f64) -> Option<Self> {
        Some(Self {
            input: NanoUsd::of_dollars(input_dollars)?,
            output: NanoUsd::of_dollars(output_dollars)?,
        })
    }

    /// What these tokens cost, rounded up to a nano-dollar.
    #[must_use]
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> NanoUsd {
        let nano = u128::from(self.input.0) * u128::from(input_tokens)
            + u128::from(self.output.0) * u128::from(output_tokens);
        NanoUsd(u64::try_from(nano.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// What was spent, or is about to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// Calls of the judge, repairs included.
    pub calls: u64,
    /// Tokens in and out.
    pub tokens: u64,
    /// Their cost, as far as prices were known.
    pub cost: NanoUsd,
}

impl Spend {
    /// One call with these tokens; without a price its cost is left out.
    #[must_use]
    pub fn one_call(input_tokens: u64, output_tokens: u64, price: Option<Price>) -> Self {
        Self {
            calls: 1,
            tokens: input_tokens.saturating_add(output_tokens),
            cost: price.map_or(NanoUsd::default(), |price| price.of(input_tokens, output_tokens)),
        }
    }

    /// What has to be added to the ledger once the call is over: used less reserved, for each
    /// number. Negative gives back.
    #[must_use]
    pub fn settle(self, used: Self) -> Settlement {
        let difference = |used: u64, reserved: u64| {
            i64::try_from(i128::from(used) - i128::from(reserved)).unwrap_or(i64::MAX)
        };
        Settlement {
            calls: difference(used.calls, self.calls),
            tokens: difference(used.tokens, self.tokens),
            cost_nano_usd: difference(used.cost.0, self.cost.0),
        }
    }
}

impl Add for Spend {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost + other.cost,
        }
    }
}

/// What to add to the ledger after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// Calls.
    pub calls: i64,
    /// Tokens.
    pub tokens: i64,
    /// Nano-dollars.
    pub cost_nano_usd: i64,
}

/// The most that may be spent in a day (UTC). All limits that are set hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyBudget {
    /// Money.
    pub cost: Option<NanoUsd>,
    /// Calls.
    pub calls: Option<u64>,
    /// Tokens in and out.
    pub tokens: Option<u64>,
}

/// Why an exchange is not judged whose question does not fit into what is left of the day, whatever
/// limit it would break; the word of a metric's dimension.
pub const OVER_BUDGET: &str = "over budget";

/// Why the judge may not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// The day's money is spent.
    Cost,
    /// The day's calls are made.
    Calls,
    /// The day's tokens are used.
    Tokens,
    /// Money is limited and the judge's price is not known.
    PriceUnknown,
}

impl NoRoom {
    /// The word of the metric's dimension.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cost | Self::Calls | Self::Tokens => OVER_BUDGET,
            Self::PriceUnknown => "price unknown",
        }
    }
}

impl DailyBudget {
    /// What holds when the operator turned the judge on and set no budget: 1000 calls a day. Ours:
    /// a cap of some dollars for the usual judges, whatever their price.
    pub const WHEN_UNSET: Self = Self { cost: None, calls: Some(1000), tokens: None };

    /// The most that may already be spent for one more call to fit: the condition of the
    /// reservation. A limit that is not set is `u64::MAX`.
    ///
    /// # Errors
    ///
    /// When the call would not fit into an untouched day, or its cost is not known and money is
    /// limited.
    pub fn room_before(self, call: Spend, price: Option<Price>) -> Result<Spend, NoRoom> {
        let room = |limit: Option<u64>, needed: u64, why: NoRoom| match limit {
            Some(limit) => limit.checked_sub(needed).ok_or(why),
            None => Ok(u64::MAX),
        };
        if self.cost.is_some() && price.is_none() {
            return Err(NoRoom::PriceUnknown);
        }
        Ok(Spend {
            calls: room(self.calls, call.calls, NoRoom::Calls)?,
            tokens: room(self.tokens, call.tokens, NoRoom::Tokens)?,
            cost: NanoUsd(room(self.cost.map(NanoUsd::get), call.cost.0, NoRoom::Cost)?),
        })
    }

    /// Whether one more call fits after what was spent today.
    ///
    /// # Errors
    ///
    /// Which limit it would break.
    pub fn may_ask(self, spent: Spend, call: Spend, price: Option<Price>) -> Result<(), NoRoom> {
        let room = self.room_before(call, price)?;
        if spent.cost > room.cost {
            Err(NoRoom::Cost)
        } else if spent.calls > room.calls {
            Err(NoRoom::Calls)
        } else if spent.tokens > room.tokens {
            Err(NoRoom::Tokens)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dollars(dollars: f64) -> NanoUsd {
        NanoUsd::of_dollars(dollars).unwrap()
    }

    fn price() -> Option<Price> {
        Price::per_million(0.25, 1.25)
    }

    #[test]
    fn a_call_costs_its_tokens() {
        // 2000 × 0.25 / 10^6 + 100 × 1.25 / 10^6
        assert_eq!(Spend::one_call(2000, 100, price()).cost, dollars(0.000_625));
        assert_eq!(Price::per_million(0.035, 0.14).unwrap().of(1, 1), NanoUsd::new(175));
        assert_eq!(Price::per_million(0.0375, 0.0).unwrap().of(1, 0), NanoUsd::new(38), "up");
    }

    #[test]
    fn an_unknown_price_is_said_to_be_unknown() {
        assert_eq!(Cost::Unknown.to_string(), "unknown");
        assert_eq!(Cost::Known(dollars(1.5)).to_string(), "1.5000 USD");
        let limited = DailyBudget { cost: Some(dollars(5.0)), calls: None, tokens: None };
        let call = Spend::one_call(10, 10, None);
        assert_eq!(limited.may_ask(Spend::default(), call, None), Err(NoRoom::PriceUnknown));
        assert_eq!(DailyBudget::WHEN_UNSET.may_ask(Spend::default(), call, None), Ok(()));
    }

    #[test]
    fn the_last_call_that_fits_is_made() {
        let budget = DailyBudget { cost: Some(dollars(0.001)), calls: Some(3), tokens: Some(100) };
        let call = Spend { calls: 1, tokens: 50, cost: dollars(0.0005) };
        let spent = |calls, tokens, cost| Spend { calls, tokens, cost: dollars(cost) };
        let ask = |spent| budget.may_ask(spent, call, price());
        assert_eq!(ask(spent(2, 50, 0.0005)), Ok(()));
        assert_eq!(ask(spent(3, 50, 0.0005)), Err(NoRoom::Calls));
        assert_eq!(ask(spent(2, 51, 0.0005)), Err(NoRoom::Tokens));
        assert_eq!(ask(spent(2, 50, 0.000_500_001)), Err(NoRoom::Cost));
    }

    #[test]
    fn a_call_dearer_than_the_day_is_never_made() {
        let budget = DailyBudget { cost: Some(dollars(0.001)), calls: None, tokens: None };
        let call = Spend::one_call(1_000_000, 0, price());
        assert_eq!(budget.may_ask(Spend::default(), call, price()), Err(NoRoom::Cost));
    }

    #[test]
    fn what_was_not_used_is_given_back() {
        let reserved = Spend::one_call(2000, 500, price());
        let used = Spend::one_call(1800, 90, price());
        let back = reserved.settle(used);
        assert_eq!((back.calls, back.tokens), (0, -610));
        assert_eq!(back.cost_nano_usd, used.cost.0 as i64 - reserved.cost.0 as i64);
        assert_eq!(reserved.settle(Spend::default()).calls, -1, "a call that was not made");
    }

    #[test]
    fn no_amount_is_negative_or_endless() {
        for amount in [-1.0, f64::NAN, f64::INFINITY, 2e6] {
            assert_eq!(NanoUsd::of_dollars(amount), None);
        }
    }

    proptest! {
        #[test]
        fn a_day_never_costs_more_than_its_budget(
            limit in 0u64..10_000_000,
            calls in proptest::collection::vec((0u64..5_000, 0u64..500), 0..200),
        ) {
            let limits = DailyBudget { cost: Some(NanoUsd::new(limit)), calls: Some(100), tokens: None };
            let mut spent = Spend::default();
            for (input, output) in calls {
                let call = Spend::one_call(input, output, price());
                if limits.may_ask(spent, call, price()).is_ok() {
                    spent = spent + call;
                }
            }
            prop_assert!(spent.cost.get() <= limit && spent.calls <= 100);
        }
    }
}
