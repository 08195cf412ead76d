//! What the tokens cost: of a pool with known prices as it goes, of whichever pools there are by the
//! hours that llmwatch has published.

use super::{Callers, TOKENS};
use crate::alarm::{AlarmKind, pool_metrics};
use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::cloudwatch::query::MetricDataQuery;
use crate::dashboard::alert_lines::Alarms;
use crate::dashboard::queries::{
    FIVE_MINUTES, PERIODS_AN_HOUR, curve, hidden_math, math, search, value_of,
};
use crate::dashboard::{AlertLine, Bad, Blank, Chart, Content, Draw, Panel, Row, Unit, Width};
use crate::hourly_cost::{COST_PER_HOUR, COST_PER_THOUSAND};
use crate::metric_values::HOUR_SECONDS;
use crate::price::{SETTING, TokenPrices};

/// How to read the metrics that are published for each hour.
const PUBLISHED: &str = "By clock hour, at the prices in the setting; each comes 20 minutes after its \
                         end.";

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
            let budget = money.budget.and_then(|budget| budget_line(budget, on));
            vec![an_hour(callers, prices, budget), of_invocations(callers, prices)]
        }
        None => vec![unknown(model)],
    };
    Row { title: "Cost".to_owned(), panels }
}

/// Where the alarm on the budget begins; none when it is switched off.
fn budget_line(budget: f64, on: Alarms<'_>) -> Option<AlertLine> {
    let row = on.definition(AlarmKind::HighHourlyCost)?;
    Some(AlertLine {
        label: format!("budget, {} {}", row.kind, row.severity.word().to_lowercase()),
        value: budget,
        severity: row.severity,
        bad: Bad::Above,
    })
}

/// What every pool with a price cost, whichever pools there are.
pub(super) fn every_pool_row() -> Row {
    let each = |title: &str, metric: &str, draw| {
        let found =
            search(pool_metrics::NAMESPACE, metric, &["Pool"], &[], Stat::Maximum, HOUR_SECONDS);
        published(title, draw, math("each", &value_of("Pool"), found))
    };
    Row {
        title: "What pools cost".to_owned(),
        panels: vec![
            each("Cost an hour, by pool", COST_PER_HOUR, Draw::Stacked),
            each("Cost of 1,000 invocations, by pool", COST_PER_THOUSAND, Draw::Lines),
        ],
    }
}

/// What the pool that the viewer chooses cost.
pub(super) fn chosen_row(pool: &str) -> Row {
    let of = |title: &str, metric: &str, label: &str| {
        let metric = MetricKey::new(pool_metrics::NAMESPACE, metric, &[("Pool", pool)]);
        published(title, Draw::Lines, curve("m", label, metric, Stat::Maximum, HOUR_SECONDS))
    };
    Row {
        title: "Chosen pool: cost".to_owned(),
        panels: vec![
            of("Cost an hour", COST_PER_HOUR, "USD an hour"),
            of("Cost of 1,000 invocations", COST_PER_THOUSAND, "USD for 1,000 invocations"),
        ],
    }
}

fn published(title: &str, draw: Draw, query: MetricDataQuery) -> Panel {
    let chart = Chart {
        unit: Unit::Dollars,
        draw,
        queries: vec![query],
        lines: Vec::new(),
        blank: Some(Blank::PriceUnknown),
    };
    Panel {
        title: title.to_owned(),
        says: PUBLISHED.to_owned(),
        content: Content::Chart(chart),
        width: Width::Half,
    }
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
