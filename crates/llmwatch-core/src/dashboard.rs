//! Dashboards: what a person sees of a model, described once and rendered three times.
//!
//! [`quantity`], [`component`] and [`quality`] describe the panels, from the tables of alarms and
//! metrics; [`cloudwatch_body`] renders a description as a CloudWatch dashboard. A panel's queries
//! are those of `GetMetricData`: what a dashboard shows can be asked of CloudWatch as it stands.
//!
//! A description speaks either of known series, or of a [`Choice`], which the viewer makes at the
//! top of the dashboard: its word, for example `$model`, then stands where the dimension's value
//! would.

mod alert_lines;
mod choice;
pub mod cloudwatch_body;
pub mod component;
pub mod grafana;
pub mod grafana_alerts;
pub mod plan;
mod published_cost;
pub mod quality;
pub mod quantity;
mod queries;

use self::alert_lines::Alarms;
pub use self::choice::Choice;
use crate::alarm::Severity;
use crate::alarm::tuning::Tuning;
use crate::cloudwatch::query::MetricDataQuery;
use crate::component::InferenceComponent;
use crate::price::Prices;
use crate::quality::alarm::tuning::QualityTuning;
use crate::quality::series::StoredSeries;
use crate::stored::StoredPool;

/// What the operator set that shows on dashboards.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What is changed about the alarms of pools and components.
    pub tuning: &'a Tuning,
    /// What is changed about the quality alarms.
    pub quality_tuning: &'a QualityTuning,
    /// The prices known.
    pub prices: &'a Prices,
    /// The namespace of quality metrics.
    pub namespace: &'a str,
}

/// One page of panels.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// What it is about, for its heading.
    pub title: String,
    /// What the viewer chooses at the top.
    pub choices: Vec<Choice>,
    /// The panels, top down.
    pub rows: Vec<Row>,
}

/// Panels that belong together, side by side as far as they fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The heading.
    pub title: String,
    /// The panels, from the left.
    pub panels: Vec<Panel>,
}

/// One chart, or a text where a chart would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows, without unit.
    pub title: String,
    /// How to read it and what it does not show, in plain sentences.
    pub says: String,
    /// What is in it.
    pub content: Content,
    /// Its breadth.
    pub width: Width,
}

/// What a panel holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Values over time.
    Chart(Chart),
    /// A text in Markdown: why there is no chart, and what to do for one.
    Text(String),
}

/// Values over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The unit of every curve.
    pub unit: Unit,
    /// How the curves are drawn.
    pub draw: Draw,
    /// The curves, and the metrics they are made of, as `GetMetricData` takes them: at most 500.
    pub queries: Vec<MetricDataQuery>,
    /// Where alarms and alerts begin.
    pub lines: Vec<AlertLine>,
    /// Why there may be no curve at all, where that is not for want of calls.
    pub blank: Option<Blank>,
}

/// Why a chart may have no curve though models are called. Blank is unknown, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    /// No judge is configured.
    JudgeOff,
    /// Nobody said what tokens cost.
    PriceUnknown,
}

impl Blank {
    /// What stands where curves would, where that can be said.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::JudgeOff => "judge off",
            Self::PriceUnknown => "price unknown, not 0",
        }
    }

    /// The reason as a sentence, with what ends it.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::JudgeOff => {
                "Judged scores are blank while the judge is off: the parameter `JudgeModelId` \
                 turns it on."
            }
            Self::PriceUnknown => {
                "What has no price is not in here: its cost is unknown, not 0. The setting \
                 `prices` in Parameter Store gives it."
            }
        }
    }
}

/// How curves are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// Each by itself, above 0.
    Lines,
    /// Each by itself, below 0 too where it goes there.
    Signed,
    /// One upon the other, where their sum means something.
    Stacked,
}

/// The unit of a panel's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Requests, tokens, errors: how many.
    Count,
    /// How many a second.
    PerSecond,
    /// 0 to 100.
    Percent,
    /// 0 to 1.
    Ratio,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds, SageMaker's unit of latency.
    Microseconds,
    /// Seconds.
    Seconds,
    /// US dollars.
    Dollars,
}

impl Unit {
    /// The unit in words, for the axis.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::PerSecond => "per second",
            Self::Percent => "%",
            Self::Ratio => "0 to 1",
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::Seconds => "s",
            Self::Dollars => "USD",
        }
    }
}

/// A line at a value from which on it is bad.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertLine {
    /// What begins there, for example `LowSafety critical below 0.8`.
    pub label: String,
    /// The value, in the chart's unit.
    pub value: f64,
    /// How bad.
    pub severity: Severity,
    /// The side that is bad.
    pub bad: Bad,
}

/// Which side of a line is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// Values at it and above.
    Above,
    /// Values below it.
    Below,
}

/// A panel's breadth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Three side by side.
    Third,
    /// Two side by side.
    Half,
    /// The whole page.
    Full,
}

impl Draw {
    /// Where the axis begins; none where the lowest value decides.
    #[must_use]
    pub fn axis_minimum(self) -> Option<u32> {
        match self {
            Self::Lines | Self::Stacked => Some(0),
            Self::Signed => None,
        }
    }
}

impl Width {
    /// The columns it takes of the 24 that both CloudWatch and Grafana have.
    #[must_use]
    pub fn columns(self) -> u32 {
        match self {
            Self::Third => 8,
            Self::Half => 12,
            Self::Full => 24,
        }
    }
}

impl Panel {
    /// The queries of the panel, as one `GetMetricData` request takes them; none of a text.
    #[must_use]
    pub fn queries(&self) -> &[MetricDataQuery] {
        match &self.content {
            Content::Chart(chart) => &chart.queries,
            Content::Text(_) => &[],
        }
    }
}

impl Dashboard {
    /// The page of a pool: quotas, traffic, latency, tokens, cost, and beside them the quality of
    /// its callers' answers, as far as it is scored.
    ///
    /// `scored` may hold series of other pools: they are left out.
    #[must_use]
    pub fn of_pool(pool: &StoredPool, scored: &[StoredSeries], known: Known<'_>) -> Self {
        let own: Vec<StoredSeries> = scored
            .iter()
            .filter(|stored| stored.series.inference_component.is_none())
            .filter(|stored| pool.series.contains(&stored.series.model_id))
            .cloned()
            .collect();
        let mut rows = quantity::pool_rows(pool, known.tuning, known.prices);
        if !own.is_empty() {
            rows.extend(quality::rows(
                quality::Scored::These(&own),
                known.quality_tuning,
                known.namespace,
            ));
        }
        Self {
            title: format!("{} ({})", pool.pool.model, pool.pool.scope),
            choices: Vec::new(),
            rows,
        }
    }

    /// The page of a SageMaker inference component, with its scores where it has any.
    #[must_use]
    pub fn of_component(
        component: &InferenceComponent,
        scored: &[StoredSeries],
        known: Known<'_>,
    ) -> Self {
        let own: Vec<StoredSeries> = scored
            .iter()
            .filter(|stored| {
                stored.series.inference_component.as_deref() == Some(component.as_str())
            })
            .cloned()
            .collect();
        let label = component.label();
        let on = Alarms::of(known.tuning, &label);
        let mut rows = component::rows(component.as_str(), on);
        rows.push(component::cost::row(component, known.prices, on));
        if !own.is_empty() {
            rows.extend(quality::rows(
                quality::Scored::These(&own),
                known.quality_tuning,
                known.namespace,
            ));
        }
        Self { title: format!("Inference component {component}"), choices: Vec::new(), rows }
    }

    /// The page of all models and components whichever there are, then of the one model and the one
    /// component that the viewer chooses: quality beside quantity.
    #[must_use]
    pub fn overview(namespace: &str) -> Self {
        let tuning = QualityTuning::default();
        let mut rows = vec![
            quantity::every_model_row(),
            quantity::every_pool_quota_row(),
            quantity::every_pool_cost_row(),
        ];
        rows.extend(quality::rows(quality::Scored::Every, &tuning, namespace));
        rows.push(quality::scorer_row(namespace));
        rows.extend(component::every_component_rows());
        rows.push(every_component_cost_row());
        rows.extend(of_chosen_model(namespace));
        rows.extend(of_chosen_component(namespace));
        Self {
            title: "Language models: quantity and quality".to_owned(),
            choices: vec![Choice::MODEL, Choice::COMPONENT],
            rows,
        }
    }

    /// The page of quantity, for a Grafana that knows neither models nor pools beforehand.
    #[must_use]
    pub fn of_quantity() -> Self {
        let mut rows = vec![
            quantity::every_model_row(),
            quantity::every_pool_quota_row(),
            quantity::every_pool_cost_row(),
            quantity::chosen_pool_row(Choice::POOL, Choice::CALLERS),
            quantity::chosen_pool_cost_row(Choice::POOL),
        ];
        rows.extend(quantity::chosen_model_rows());
        rows.extend(component::every_component_rows());
        rows.push(every_component_cost_row());
        rows.extend(component::rows(&Choice::COMPONENT.word(), Alarms::OF_THE_CATALOGUE));
        rows.push(chosen_component_cost_row());
        Self {
            title: "Language models: quantity".to_owned(),
            choices: vec![Choice::POOL, Choice::CALLERS, Choice::MODEL, Choice::COMPONENT],
            rows,
        }
    }

    /// The page of quality for such a Grafana, with the quantity of the chosen model and of the chosen
    /// component beside it: each may be healthy and wrong, or good and wasteful.
    #[must_use]
    pub fn of_quality(namespace: &str) -> Self {
        let mut rows = quality::rows(quality::Scored::Every, &QualityTuning::default(), namespace);
        rows.push(quality::scorer_row(namespace));
        rows.push(quantity::every_pool_cost_row());
        rows.extend(of_chosen_model(namespace));
        rows.extend(of_chosen_component(namespace));
        Self {
            title: "Language models: quality beside quantity".to_owned(),
            choices: vec![Choice::MODEL, Choice::COMPONENT],
            rows,
        }
    }

    /// Every panel, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }
}

/// Quantity, then quality, of the model that the viewer chooses.
fn of_chosen_model(namespace: &str) -> impl Iterator<Item = Row> {
    let scored = quality::Scored::ChosenModel;
    let quality = quality::rows(scored, &QualityTuning::default(), namespace);
    let rows = quantity::chosen_model_rows().into_iter().chain(quality);
    rows.map(|row| Row { title: format!("Chosen model: {}", row.title), ..row })
}

/// Quantity, then quality, of the inference component that the viewer chooses.
fn of_chosen_component(namespace: &str) -> impl Iterator<Item = Row> {
    let chosen = Choice::COMPONENT.word();
    let scored = quality::Scored::ChosenComponent;
    let quality = quality::rows(scored, &QualityTuning::default(), namespace).into_iter();
    let named = format!("Inference component {chosen}: ");
    let quality = quality.map(move |row| Row { title: format!("{named}{}", row.title), ..row });
    let quantity = component::rows(&chosen, Alarms::OF_THE_CATALOGUE).into_iter();
    quantity.chain([chosen_component_cost_row()]).chain(quality)
}

fn every_component_cost_row() -> Row {
    published_cost::every_row(published_cost::COMPONENTS, "What inference components cost")
}

fn chosen_component_cost_row() -> Row {
    let chosen = Choice::COMPONENT.word();
    let title = format!("Inference component {chosen}: cost");
    let panels = ["Component cost an hour", "Component cost of 1,000 invocations"];
    published_cost::chosen_row(published_cost::COMPONENTS, &chosen, &title, panels)
}

#[cfg(test)]
pub(crate) mod tests;
