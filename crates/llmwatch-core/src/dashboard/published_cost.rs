//! What pools and inference components cost, by the metrics that llmwatch publishes for each clock
//! hour: on pages that know no prices.

use super::queries::{curve, math, search, value_of};
use super::{Blank, Chart, Content, Draw, Panel, Row, Unit, Width};
use crate::alarm::pool_metrics::NAMESPACE;
use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::cloudwatch::query::MetricDataQuery;
use crate::hourly_cost::{COST_PER_HOUR, COST_PER_THOUSAND};
use crate::metric_values::HOUR_SECONDS;
use crate::quality::series::INFERENCE_COMPONENT;

/// What has a cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Priced {
    /// The dimension its metrics have.
    dimension: &'static str,
    /// What it is called in titles.
    word: &'static str,
    /// How to read the metrics.
    says: &'static str,
}

/// Pools.
pub(super) const POOLS: Priced = Priced {
    dimension: "Pool",
    word: "pool",
    says: "By clock hour, at the prices in the setting; each comes 20 minutes after its end.",
};

/// SageMaker inference components.
pub(super) const COMPONENTS: Priced = Priced {
    dimension: INFERENCE_COMPONENT,
    word: "component",
    says: "By clock hour, at the price of the endpoint's instances in the setting, by the \
           component's part of their GPUs; each comes 20 minutes after its end. Needs enhanced \
           metrics.",
};

/// What all with a price cost, whichever there are.
pub(super) fn every_row(of: Priced, title: &str) -> Row {
    let each = |title: String, metric: &str, draw| {
        let stat = Stat::Maximum;
        let found = search(NAMESPACE, metric, &[of.dimension], &[], stat, HOUR_SECONDS);
        panel(of, title, draw, math("each", &value_of(of.dimension), found))
    };
    let word = of.word;
    Row {
        title: title.to_owned(),
        panels: vec![
            each(format!("Cost an hour, by {word}"), COST_PER_HOUR, Draw::Stacked),
            each(format!("Cost of 1,000 invocations, by {word}"), COST_PER_THOUSAND, Draw::Lines),
        ],
    }
}

/// What the one that the viewer chooses cost, in a row and in panels that are called so.
pub(super) fn chosen_row(of: Priced, chosen: &str, title: &str, panels: [&str; 2]) -> Row {
    let one = |title: &str, metric: &str, label: &str| {
        let metric = MetricKey::new(NAMESPACE, metric, &[(of.dimension, chosen)]);
        let query = curve("m", label, metric, Stat::Maximum, HOUR_SECONDS);
        panel(of, title.to_owned(), Draw::Lines, query)
    };
    let [an_hour, of_thousand] = panels;
    Row {
        title: title.to_owned(),
        panels: vec![
            one(an_hour, COST_PER_HOUR, "USD an hour"),
            one(of_thousand, COST_PER_THOUSAND, "USD for 1,000 invocations"),
        ],
    }
}

fn panel(of: Priced, title: String, draw: Draw, query: MetricDataQuery) -> Panel {
    let chart = Chart {
        unit: Unit::Dollars,
        draw,
        queries: vec![query],
        lines: Vec::new(),
        blank: Some(Blank::PriceUnknown),
    };
    Panel { title, says: of.says.to_owned(), content: Content::Chart(chart), width: Width::Half }
}
