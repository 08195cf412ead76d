//! What an inference component costs: its share of its endpoint's instances.
//!
//! AWS bills the instances of an endpoint, whatever runs on them. A component's part is that of the
//! GPUs that it has of all the GPUs of the endpoint; both are counted by who reports, as are the
//! instances, so that no number of GPUs is typed in anywhere. Needs enhanced metrics.

use super::{COMPONENT, GPU, INVOCATIONS, chart, count_of, of_component};
use crate::cloudwatch::metric::Stat;
use crate::cloudwatch::query::MetricDataQuery;
use crate::component::InferenceComponent;
use crate::component::reports::{
    COMPONENTS, CONTAINER, ENDPOINT, ENDPOINTS, INSTANCE, OF_GPUS, OF_INSTANCES, VARIANT,
};
use crate::dashboard::alert_lines::Alarms;
use crate::dashboard::queries::{FIVE_MINUTES, PERIODS_AN_HOUR, hidden, hidden_math, math, search};
use crate::dashboard::{AlertLine, Content, Draw, Panel, Row, Unit, Width};
use crate::price::{Prices, SETTING};

/// Endpoints that are asked about: which of them a component stands on only its metrics tell.
const MOST_ENDPOINTS: usize = 10;

/// Cost an hour, with the line of the alarm on a budget, and of 1,000 invocations; a text in their
/// place where no endpoint has a price.
///
/// Of more than ten endpoints with a price the first ten by name are asked about.
#[must_use]
pub(in crate::dashboard) fn row(
    component: &InferenceComponent,
    prices: &Prices,
    on: Alarms<'_>,
) -> Row {
    let budget = prices.budget_of_component(component);
    let line = budget.and_then(|budget| on.budget_line(budget));
    let component = component.as_str();
    let priced: Vec<(&str, f64)> = prices.endpoints().take(MOST_ENDPOINTS).collect();
    let panels = if priced.is_empty() {
        vec![unknown()]
    } else {
        vec![an_hour(component, &priced, line), of_invocations(component, &priced)]
    };
    Row { title: format!("Inference component {component}: cost"), panels }
}

fn unknown() -> Panel {
    Panel {
        title: "Cost: unknown".to_owned(),
        says: "No endpoint's price is known, and so no cost; it is not 0.".to_owned(),
        content: Content::Text(format!(
            "**The price of the endpoint's instances is not known, and so the component's cost is \
             not either.**\n\nGive it by the setting `{SETTING}` in Parameter Store, in US dollars \
             for one instance for an hour, by the endpoint's name:\n\n```\n{{\"endpoints\": \
             {{\"my-endpoint\": …}}}}\n```\n"
        )),
        width: Width::Full,
    }
}

fn an_hour(component: &str, priced: &[(&str, f64)], line: Option<AlertLine>) -> Panel {
    let mut queries = Vec::new();
    for (at, (endpoint, price)) in (1..).zip(priced) {
        for gpu in GPU {
            let (cost, mut of_gpu) = hourly_cost(component, endpoint, *price, gpu, at);
            let label = format!("USD an hour on {endpoint} ({})", gpu.0);
            of_gpu.push(math(&format!("{}_hour{at}", gpu.1), &label, cost));
            queries.extend(of_gpu);
        }
    }
    let mut panel = panel("Component cost an hour", queries);
    if let Content::Chart(chart) = &mut panel.content {
        chart.lines = line.into_iter().collect();
    }
    panel
}

fn of_invocations(component: &str, priced: &[(&str, f64)]) -> Panel {
    let calls = of_component(INVOCATIONS, "Invocations", component);
    let mut queries = vec![hidden("calls", calls, Stat::Sum, FIVE_MINUTES)];
    for (at, (endpoint, price)) in (1..).zip(priced) {
        for gpu in GPU {
            let (cost, mut of_gpu) = hourly_cost(component, endpoint, *price, gpu, at);
            let label = format!("USD for 1,000 invocations on {endpoint} ({})", gpu.0);
            let of_thousand = format!("1000 * {cost} / {PERIODS_AN_HOUR} / calls");
            of_gpu.push(math(&format!("{}_thousand{at}", gpu.1), &label, of_thousand));
            queries.extend(of_gpu);
        }
    }
    panel("Component cost of 1,000 invocations", queries)
}

/// The component's cost an hour on an endpoint, as an expression, and the queries it is made of.
fn hourly_cost(
    component: &str,
    endpoint: &str,
    price: f64,
    (dimension, stem): (&str, &str),
    at: usize,
) -> (String, Vec<MetricDataQuery>) {
    let on = (ENDPOINT, endpoint);
    let count = |namespace: &str, metric: &str, dimensions: &[&str], where_: &[(&str, &str)]| {
        let stat = Stat::Average;
        count_of(&search(namespace, metric, dimensions, where_, stat, FIVE_MINUTES))
    };
    let instances = count(ENDPOINTS, OF_INSTANCES, &[ENDPOINT, VARIANT, INSTANCE], &[on]);
    let all = count(ENDPOINTS, OF_GPUS, &[ENDPOINT, VARIANT, INSTANCE, dimension], &[on]);
    let own = count(
        COMPONENTS,
        OF_GPUS,
        &[ENDPOINT, VARIANT, INSTANCE, CONTAINER, COMPONENT, dimension],
        &[on, (COMPONENT, component)],
    );
    let id = |what: &str| format!("{stem}_{what}{at}");
    let queries = vec![
        hidden_math(&id("instances"), instances),
        hidden_math(&id("all"), all),
        hidden_math(&id("own"), own),
    ];
    (format!("({price} * {} * {} / {})", id("instances"), id("own"), id("all")), queries)
}

fn panel(title: &str, queries: Vec<MetricDataQuery>) -> Panel {
    chart(
        title,
        "The price of the endpoint's instances, by the component's part of their GPUs, both as \
         they report; needs enhanced metrics. GPUs that nobody has are in no component's cost; a \
         GPU that two share counts for both. List prices, no discounts.",
        Unit::Dollars,
        Draw::Lines,
        Width::Half,
        queries,
    )
}
