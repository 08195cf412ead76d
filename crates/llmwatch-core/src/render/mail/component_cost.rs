//! The mail about a component's budget: what it cost, what drives it, and where to change what.

use askama::Template;

use super::component::ComponentNote;
use super::lone;
use crate::alarm::AlarmKind;
use crate::alarm::change::AlarmOccasion;
use crate::alarm::name::{self, ComponentAlarm};
use crate::alarm::{pool_metrics, tuning};
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
    kind: AlarmKind,
    severity: &'static str,
    noun: &'static str,
    says: &'static str,
    /// How long it lasted, of a recovery.
    duration: Option<String>,
    /// Of a recovery: whether there is no cost to say that it is lower.
    is_unknown: bool,
    over_since: Option<String>,
    account: String,
    region: String,
    component: String,
    label: String,
    budget: Option<String>,
    cost: Option<String>,
    since: String,
    unread: Option<String>,
    table: Vec<String>,
    also: String,
    also_unread: Option<String>,
    reason: String,
    alarm_link: String,
    metrics_link: String,
    prices_parameter: String,
    tuning_parameter: String,
}

impl ComponentCostMail {
    pub(super) fn of(note: &ComponentNote<'_>, spending: &Read<Spending>) -> Self {
        let words = words(note.language);
        let ComponentAlarm { kind, component } = note.alarm;
        let recovered = match note.occasion {
            AlarmOccasion::Fired { .. } => None,
            AlarmOccasion::Recovered { at } => Some(at),
        };
        let lasted = recovered.map(|at| at.duration_since(note.alarm_at));
        let (also, also_unread) =
            lone::also_firing(words, note.also_firing, |alarm| alarm.kind.word().to_owned());
        let known = spending.known();
        Self {
            language: note.language,
            kind: *kind,
            severity: words.severity(note.alarm.severity()),
            noun: words.noun(*kind),
            says: words.component_says(*kind),
            duration: lasted.map(|lasted| words.span(lasted)),
            is_unknown: recovered.zip(known).is_some_and(|(at, known)| known.is_unknown(at)),
            over_since: note.occasion.recovered_at().map(|at| words.moment(at)),
            account: note.account.to_string(),
            region: note.region.to_string(),
            component: component.to_string(),
            label: component.label(),
            budget: note.line.map(dollars),
            cost: note.value.map(dollars),
            since: words.moment(note.alarm_at),
            unread: spending.why().map(reason),
            table: known.map(|known| hours(words, known)).unwrap_or_default(),
            also,
            also_unread,
            reason: reason(note.reason),
            alarm_link: links::alarm(note.region, &name::component(note.prefix, note.alarm)),
            metrics_link: links::metrics_of(note.region, pool_metrics::NAMESPACE),
            prices_parameter: setting_parameter(note.prefix, price::SETTING),
            tuning_parameter: setting_parameter(note.prefix, tuning::SETTING),
        }
    }

    pub(super) fn links(&self) -> Vec<LinkFact> {
        vec![
            LinkFact::new("alarm", self.kind.word(), &self.alarm_link),
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
