//! What models cost, as the operator says: the setting `prices`.
//!
//! AWS bills by price lists that no API of Bedrock tells, and that differ by Region, scope and
//! contract. So prices are the operator's to give, and a price that is not given is unknown: no
//! cost is shown then, never 0.
//!
//! JSON, in US dollars:
//! `{"bedrock": {"amazon.nova-lite-v1:0": {"input": 0.06, "output": 0.24, "cache_read": 0.015,
//! "cache_write": 0.06}}, "endpoints": {"chat": 5.752}, "budgets": {"*": 5, "global.*": 20}}`.
//! Bedrock's prices are those of a million tokens, by model id, or by pool label where a scope has
//! a price of its own (`global.…`); the label wins. An endpoint's is that of one instance for an
//! hour, by the name of the SageMaker endpoint. A budget is what a pool or an inference component may
//! cost in an hour, by its label (`component.{name}` of a component) or a glob; the more exact one
//! wins, as in `alarm-tuning`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::alarm::tuning::LabelPattern;
use crate::component::InferenceComponent;
use crate::excerpt::excerpt;
use crate::pool::Pool;

/// The name of the setting.
pub const SETTING: &str = "prices";

/// Room for the names of all fields, which the parser lists where one is unknown, in characters.
const LONGEST_PROBLEM_CHARS: usize = 160;

const TOKENS_PRICED: f64 = 1e6;

/// All known prices. The default knows none.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    #[serde(default)]
    bedrock: BTreeMap<String, TokenPrices>,
    #[serde(default)]
    endpoints: BTreeMap<String, f64>,
    #[serde(default)]
    budgets: BTreeMap<String, f64>,
}

/// What a model's tokens cost, in US dollars for a million; ≥ 0.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPrices {
    /// Input that was not cached.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input read from the cache; unknown when absent.
    #[serde(default)]
    pub cache_read: Option<f64>,
    /// Input written to the cache; unknown when absent.
    #[serde(default)]
    pub cache_write: Option<f64>,
}

/// Tokens by what they are billed as; counts, ≥ 0. No token is in two of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tokens {
    /// Input that was not cached.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input read from the cache.
    pub cache_read: f64,
    /// Input written to the cache.
    pub cache_write: f64,
}

/// A setting that makes no sense; nothing of it takes effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {SETTING}: {0}")]
pub struct InvalidPrices(String);

impl Prices {
    /// Reads the setting's text. Empty text and `none` know no price.
    ///
    /// # Errors
    ///
    /// When it is not the JSON described above, a price is negative, or a budget is not above 0 or
    /// not of a label or glob; says where.
    pub fn parse(text: &str) -> Result<Self, InvalidPrices> {
        let text = text.trim();
        if text.is_empty() || text == "none" {
            return Ok(Self::default());
        }
        let prices: Self =
            serde_json::from_str(text).map_err(|error| InvalidPrices(shortened(&error)))?;
        let of_models = prices.bedrock.iter().flat_map(|(model, price)| {
            let all = [Some(price.input), Some(price.output), price.cache_read, price.cache_write];
            all.into_iter().flatten().map(move |price| (model, price))
        });
        let of_endpoints = prices.endpoints.iter().map(|(endpoint, price)| (endpoint, *price));
        let is_wrong = |(_, price): &(&String, f64)| !price.is_finite() || *price < 0.0;
        if let Some((name, price)) = of_models.chain(of_endpoints).find(is_wrong) {
            let name = excerpt(name);
            return Err(InvalidPrices(format!("{price} of {name:?} is no price; write 0 or more")));
        }
        match prices.budgets.iter().find_map(|(key, budget)| wrong_budget(key, *budget)) {
            Some(problem) => Err(InvalidPrices(problem)),
            None => Ok(prices),
        }
    }

    /// The prices of a pool's tokens; `None` when they are unknown.
    #[must_use]
    pub fn of_pool(&self, pool: &Pool) -> Option<&TokenPrices> {
        let by_label = self.bedrock.get(pool.label().as_str());
        by_label.or_else(|| self.bedrock.get(&pool.model))
    }

    /// What a pool may cost in an hour, in US dollars; `None` without a budget for it, and where its
    /// price is unknown, because nobody can tell then what it does cost.
    #[must_use]
    pub fn budget_of(&self, pool: &Pool) -> Option<f64> {
        self.of_pool(pool).and_then(|_| self.budget_for(pool.label().as_str()))
    }

    /// What an inference component may cost in an hour, in US dollars; `None` without a budget for
    /// it, and where no endpoint has a price.
    ///
    /// Which endpoint it is on its metrics tell, at times; where they say nothing, or the endpoint
    /// has no price, no cost is known, and the alarm on the budget has nothing to fire on.
    #[must_use]
    pub fn budget_of_component(&self, component: &InferenceComponent) -> Option<f64> {
        if self.endpoints.is_empty() { None } else { self.budget_for(&component.label()) }
    }

    /// Whether a pool has a budget that cannot be watched, because its price is unknown.
    #[must_use]
    pub fn has_budget_without_price(&self, pool: &Pool) -> bool {
        self.of_pool(pool).is_none() && self.budget_for(pool.label().as_str()).is_some()
    }

    /// Whether an inference component has a budget, watched or not.
    #[must_use]
    pub fn has_budget_for_component(&self, component: &InferenceComponent) -> bool {
        self.budget_for(&component.label()).is_some()
    }

    fn budget_for(&self, label: &str) -> Option<f64> {
        let budgets = self.budgets.iter();
        budgets
            .filter_map(|(key, budget)| Some((LabelPattern::parse(key).ok()?, *budget)))
            .filter(|(pattern, _)| pattern.matches(label))
            .max_by(|(one, _), (other, _)| one.cmp(other))
            .map(|(_, budget)| budget)
    }

    /// US dollars for one instance of a SageMaker endpoint for an hour; `None` when unknown.
    #[must_use]
    pub fn of_endpoint(&self, endpoint: &str) -> Option<f64> {
        self.endpoints.get(endpoint).copied()
    }

    /// The endpoints with a price, by name.
    pub fn endpoints(&self) -> impl Iterator<Item = (&str, f64)> {
        self.endpoints.iter().map(|(name, price)| (name.as_str(), *price))
    }
}

impl TokenPrices {
    /// What these tokens cost, in US dollars; `None` when there are tokens of unknown price.
    #[must_use]
    pub fn cost(&self, tokens: Tokens) -> Option<f64> {
        let part = |count: f64, price: Option<f64>| match price {
            Some(price) => Some(count * price / TOKENS_PRICED),
            None if count == 0.0 => Some(0.0),
            None => None,
        };
        let cached =
            part(tokens.cache_read, self.cache_read)? + part(tokens.cache_write, self.cache_write)?;
        let plain = tokens.input * self.input + tokens.output * self.output;
        Some(plain / TOKENS_PRICED + cached)
    }
}

/// What the parser says, which repeats names and texts of the setting whole, and where it is.
fn shortened(error: &serde_json::Error) -> String {
    let told = error.to_string();
    if told.chars().count() <= LONGEST_PROBLEM_CHARS {
        return told;
    }
    format!("{} at line {} column {}", excerpt(&told), error.line(), error.column())
}

fn wrong_budget(key: &str, budget: f64) -> Option<String> {
    if let Err(problem) = LabelPattern::parse(key) {
        return Some(format!("budgets: {:?} {problem}", excerpt(key)));
    }
    let is_sensible = budget.is_finite() && budget > 0.0;
    let key = excerpt(key);
    (!is_sensible).then(|| {
        format!("budgets: {budget} of {key:?} is no budget; write US dollars an hour above 0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Scope;

    const SETTING_TEXT: &str = r#"{
        "bedrock": {
            "amazon.nova-lite-v1:0": {"input": 0.06, "output": 0.24, "cache_read": 0.015},
            "global.amazon.nova-lite-v1_0": {"input": 0.05, "output": 0.2}
        },
        "endpoints": {"chat": 5.752}
    }"#;

    fn pool(scope: Scope, model: &str) -> Pool {
        Pool { scope, model: model.to_owned() }
    }

    #[test]
    fn a_pools_own_price_wins_over_its_models() {
        let prices = Prices::parse(SETTING_TEXT).unwrap();
        for (pool, input) in [
            (pool(Scope::OnDemand, "amazon.nova-lite-v1:0"), Some(0.06)),
            (pool(Scope::CrossRegion, "amazon.nova-lite-v1:0"), Some(0.06)),
            (pool(Scope::Global, "amazon.nova-lite-v1:0"), Some(0.05)),
            (pool(Scope::Global, "amazon.nova-pro-v1:0"), None),
        ] {
            assert_eq!(prices.of_pool(&pool).map(|price| price.input), input, "{pool}");
        }
        assert_eq!(prices.of_endpoint("chat"), Some(5.752));
        assert_eq!(prices.of_endpoint("other"), None);
        assert_eq!(prices.endpoints().collect::<Vec<_>>(), [("chat", 5.752)]);
    }

    #[test]
    fn tokens_without_a_price_make_the_cost_unknown_and_never_0() {
        let price =
            TokenPrices { input: 0.06, output: 0.24, cache_read: Some(0.015), cache_write: None };
        let tokens = |cache_read, cache_write| Tokens {
            input: 1_000_000.0,
            output: 500_000.0,
            cache_read,
            cache_write,
        };
        assert_eq!(price.cost(tokens(0.0, 0.0)), Some(0.06 + 0.12));
        assert_eq!(price.cost(tokens(2_000_000.0, 0.0)), Some(0.06 + 0.12 + 0.03));
        assert_eq!(price.cost(tokens(0.0, 1.0)), None);
    }

    #[test]
    fn the_more_exact_budget_holds_and_only_where_a_price_is_known() {
        let text = r#"{"bedrock": {"maker.a": {"input": 1, "output": 2}},
            "budgets": {"*": 5, "global.*": 20, "global.maker.a": 7.5, "on-demand.*.a*": 3}}"#;
        let prices = Prices::parse(text).unwrap();
        for (pool, budget) in [
            (pool(Scope::Global, "maker.a"), Some(7.5)),
            (pool(Scope::CrossRegion, "maker.a"), Some(5.0)),
            (pool(Scope::OnDemand, "maker.a"), Some(3.0)),
            (pool(Scope::Global, "maker.b"), None),
        ] {
            assert_eq!(prices.budget_of(&pool), budget, "{pool}");
            assert_eq!(prices.has_budget_without_price(&pool), budget.is_none(), "{pool}");
        }
        let without = Prices::parse(SETTING_TEXT).unwrap();
        let lite = pool(Scope::OnDemand, "amazon.nova-lite-v1:0");
        assert_eq!(without.budget_of(&lite), None);
        assert!(!without.has_budget_without_price(&lite));
    }

    #[test]
    fn no_setting_knows_no_price() {
        for text in ["", " none ", "{}"] {
            assert_eq!(Prices::parse(text), Ok(Prices::default()), "{text:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        for (text, expected) in [
            ("[1]", "setting prices: invalid type: integer `1`"),
            (r#"{"bedrock": {"m": {"input": 1}}}"#, "setting prices: missing field `output`"),
            (
                r#"{"bedrock": {"m": {"input": 1, "output": -2}}}"#,
                "setting prices: -2 of \"m\" is no price; write 0 or more",
            ),
            (r#"{"bedrock": {"m": {"in": 1}}}"#, "setting prices: unknown field `in`"),
            (r#"{"endpoints": {"chat": "5"}}"#, "setting prices: invalid type: string \"5\""),
            (
                r#"{"budgets": {"*": 0}}"#,
                "setting prices: budgets: 0 of \"*\" is no budget; write US dollars an hour above 0",
            ),
            (
                r#"{"budgets": {"global.*": -2}}"#,
                "setting prices: budgets: -2 of \"global.*\" is no budget",
            ),
            (
                r#"{"budgets": {"amazon.nova-lite-v1:0": 2}}"#,
                "setting prices: budgets: \"amazon.nova-lite-v1:0\" is no label",
            ),
            (r#"{"budgets": {"*": "5"}}"#, "setting prices: invalid type: string \"5\""),
        ] {
            let error = Prices::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_component_has_a_budget_by_its_label_where_an_endpoint_has_a_price() {
        let text = r#"{"endpoints": {"chat": 6},
            "budgets": {"*": 5, "component.*": 20, "component.chat-7b": 7.5, "global.*": 1}}"#;
        let prices = Prices::parse(text).unwrap();
        for (name, budget) in [("chat-7b", 7.5), ("embed", 20.0)] {
            let component = InferenceComponent::parse(name).unwrap();
            assert_eq!(prices.budget_of_component(&component), Some(budget), "{name}");
            assert!(prices.has_budget_for_component(&component), "{name}");
            let unpriced = Prices::parse(r#"{"budgets": {"component.*": 20}}"#).unwrap();
            assert_eq!(unpriced.budget_of_component(&component), None, "{name}");
            assert!(unpriced.has_budget_for_component(&component), "{name}");
            let others = r#"{"endpoints": {"chat": 6}, "budgets": {"global.*": 20}}"#;
            let others = Prices::parse(others).unwrap();
            assert_eq!(others.budget_of_component(&component), None, "{name}");
            assert!(!others.has_budget_for_component(&component), "{name}");
        }
    }

    #[test]
    fn a_long_text_in_the_wrong_place_is_not_repeated_whole() {
        let long = "five dollars ".repeat(100);
        for text in [
            format!(r#"{{"endpoints": {{"chat": "{long}"}}}}"#),
            format!(r#"{{"bedrock": {{"m": {{"{long}": 1}}}}}}"#),
        ] {
            let error = Prices::parse(&text).unwrap_err().to_string();
            assert!(error.contains("… at line 1 column ") && error.len() < 200, "{error}");
        }
    }
}
