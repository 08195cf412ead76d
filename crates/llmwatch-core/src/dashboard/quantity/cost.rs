//! What the tokens of a pool with known prices cost, as it goes.

use super::{Callers, TOKENS};
use crate::cloudwatch::metric::Stat;
use crate::cloudwatch::query::MetricDataQuery;
use crate::dashboard::alert_lines::Alarms;
use crate::dashboard::queries::{FIVE_MINUTES, PERIODS_AN_HOUR, hidden_math, math};
use crate::dashboard::{AlertLine, Chart, Content, Draw, Panel, Row, Unit, Width};
use crate::price::{SETTING, TokenPrices};

/// What an operator said of a pool's money.
#[derive(Debug, Clone, Copy)]
pub(super) struct Money<'a> {
    /// The prices of its tokens, where known.
    pub(super) prices: Option<&'a TokenPrices>,
    /// What it may cost in an hour.
    pub(super) budget: Option<f64>,
}

/// Cost per hour and of 1,000 invocations; a text in their place where the price is unknown.
pub(super) fn row(callers: &Callers, money: Money<'_>, model: &str, on: Alarms<'_>) -> Row {
    let panels = match money.prices {
        Some(prices) => {
            let budget = money.budget.and_then(|budget| on.budget_line(budget));
            vec![an_hour(callers, prices, budget), of_invocations(callers, prices)]
        }
        None => vec![unknown(model)],
    };
    Row { title: "Cost".to_owned(), panels }
}

fn unknown(model: &str) -> Panel {
    Panel {
        title: "Cost: unknown".to_owned(),
        says: "No price is known, and so no cost; it is not 0.".to_owned(),
        content: Content::Text(format!(
            "**The price of {model} is not known, and so its cost is not either.**\n\nGive it by \
             the setting `{SETTING}` in Parameter Store, in US dollars for a million tokens:\n\n\
             ```\n{{\"bedrock\": {{\"{model}\": {{\"input\": …, \"output\": …, \"cache_read\": …, \
             \"cache_write\": …}}}}}}\n```\n"
        )),
        width: Width::Full,
    }
}

fn an_hour(callers: &Callers, prices: &TokenPrices, budget: Option<AlertLine>) -> Panel {
    let mut queries = cost(callers, prices);
    let hour = format!("cost * {PERIODS_AN_HOUR}");
    queries.push(math("hour", "USD an hour", hour));
    panel("Cost an hour", queries, budget)
}

fn of_invocations(callers: &Callers, prices: &TokenPrices) -> Panel {
    let mut queries = cost(callers, prices);
    let (each, calls) = callers.sum("calls", "Invocations", Stat::Sum, FIVE_MINUTES);
    queries.extend(each);
    queries.push(math("thousand", "USD for 1,000 invocations", format!("1000 * cost / {calls}")));
    panel("Cost of 1,000 invocations", queries, None)
}

fn panel(title: &str, queries: Vec<MetricDataQuery>, line: Option<AlertLine>) -> Panel {
    Panel {
        title: title.to_owned(),
        says: "List prices from the setting, cached tokens priced as such; no discounts, no \
               provisioned throughput, no batch prices. A gap where tokens of unknown price were \
               used."
            .to_owned(),
        content: Content::Chart(Chart {
            unit: Unit::Dollars,
            draw: Draw::Lines,
            queries,
            lines: line.into_iter().collect(),
            blank: None,
        }),
        width: Width::Half,
    }
}

/// The query `cost`: US dollars in five minutes; no datapoint where there were tokens of unknown
/// price.
fn cost(callers: &Callers, prices: &TokenPrices) -> Vec<MetricDataQuery> {
    let of_kind = [Some(prices.input), Some(prices.output), prices.cache_read, prices.cache_write];
    let (mut queries, mut priced, mut unpriced) = (Vec::new(), Vec::new(), Vec::new());
    for (((metric, _), stem), price) in
        TOKENS.iter().zip(["in", "out", "read", "write"]).zip(of_kind)
    {
        let (each, sum) = callers.sum(stem, metric, Stat::Sum, FIVE_MINUTES);
        queries.extend(each);
        let tokens = format!("{stem}_tokens");
        queries.push(hidden_math(&tokens, sum));
        match price {
            Some(price) => priced.push(format!("{tokens} * {price} / 1000000")),
            None => unpriced.push(tokens),
        }
    }
    let dollars = priced.join(" + ");
    if unpriced.is_empty() {
        queries.push(hidden_math("cost", dollars));
    } else {
        queries.push(hidden_math("dollars", dollars));
        queries.push(hidden_math("unpriced", unpriced.join(" + ")));
        queries.push(hidden_math("cost", "IF(unpriced == 0, dollars)".to_owned()));
    }
    queries
}
