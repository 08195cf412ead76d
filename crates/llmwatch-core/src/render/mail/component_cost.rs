//! The mail about a component's budget: what it cost, what drives it, and where to change what.

use askama::Template;

use super::component::{ComponentAlarmFacts, ComponentNote};
use crate::alarm::pool_metrics;
use crate::component::spending::Spending;
use crate::evidence::Read;
use crate::price;
use crate::render::facts::reason;
use crate::render::format::{count, dollars};
use crate::render::layout::table;
use crate::render::links;
use crate::render::notice::LinkFact;
use crate::render::words::{Words, words};
use crate::settings::Language;
use crate::stored::setting_parameter;

#[derive(Template)]
#[template(path = "mail/component_cost.txt")]
pub(super) struct ComponentCostMail {
    language: Language,
    alarm: ComponentAlarmFacts,
    /// Of a recovery: whether there is no cost to say that it is lower.
    is_unknown: bool,
    budget: Option<String>,
    cost: Option<String>,
    unread: Option<String>,
    table: Vec<String>,
    metrics_link: String,
    prices_parameter: String,
}

impl ComponentCostMail {
    pub(super) fn of(note: &ComponentNote<'_>, spending: &Read<Spending>) -> Self {
        let words = words(note.language);
        let known = spending.known();
        Self {
            language: note.language,
            alarm: ComponentAlarmFacts::of(words, note),
            is_unknown: note.recovered().zip(known).is_some_and(|(at, known)| known.is_unknown(at)),
            budget: note.line.map(dollars),
            cost: note.value.map(dollars),
            unread: spending.why().map(reason),
            table: known.map(|known| hours(words, known)).unwrap_or_default(),
            metrics_link: links::metrics_of(note.region, pool_metrics::NAMESPACE),
            prices_parameter: setting_parameter(note.prefix, price::SETTING),
        }
    }

    pub(super) fn links(&self) -> Vec<LinkFact> {
        vec![
            self.alarm.link(),
            LinkFact::new("metrics", pool_metrics::NAMESPACE, &self.metrics_link),
        ]
    }
}

fn hours(words: &dyn Words, spending: &Spending) -> Vec<String> {
    if spending.hours.is_empty() {
        return Vec::new();
    }
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let mut rows = vec![words.component_cost_table().map(str::to_owned).to_vec()];
    rows.extend(spending.hours.iter().map(|hour| {
        vec![
            words.moment_in_table(hour.start),
            or_none(hour.dollars.map(dollars)),
            count(hour.invocations),
            or_none(hour.dollars_of_thousand.map(dollars)),
            or_none(hour.gpu_percent.map(|used| words.share(used / 100.0))),
        ]
    }));
    table(&rows)
}

/// The figures of a subject: what it cost, and what it may.
pub(super) fn figures(value: Option<f64>, line: Option<f64>) -> String {
    match (value, line) {
        (Some(value), Some(line)) => format!(": {} (budget {})", dollars(value), dollars(line)),
        (Some(value), None) => format!(": {}", dollars(value)),
        (None, _) => String::new(),
    }
}
