//! How much a Bedrock model is used: quotas, traffic, errors, latency, tokens, cost.
//!
//! What the metrics count, and the traps:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>. Throttled
//! requests are neither invocations nor errors. `InputTokenCount` holds no cached tokens.
//! `TimeToFirstToken` speaks of streaming calls only. `EstimatedTPMQuotaUsage` is in tokens, not in
//! percent, and knows nothing of the reservation by `max_tokens` that is made when a call begins.

mod cost;
mod latency;
mod quota;

use super::alert_lines::Alarms;
use super::published_cost;
use super::queries::{FIVE_MINUTES, MOST_CALLERS, curve, hidden, math, search, value_of};
use super::{Chart, Choice, Content, Draw, Panel, Row, Unit, Width};
use crate::alarm::AlarmKind;
use crate::alarm::tuning::Tuning;
use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::cloudwatch::query::MetricDataQuery;
use crate::metric_values::{BEDROCK, MODEL_ID};
use crate::price::Prices;
use crate::stored::StoredPool;

/// Tokens by their kind, as one model's panels list them: metric and label.
const TOKENS: [(&str, &str); 4] = [
    ("InputTokenCount", "input"),
    ("OutputTokenCount", "output"),
    ("CacheReadInputTokenCount", "cache read"),
    ("CacheWriteInputTokenCount", "cache write"),
];

/// What goes wrong with calls: alarm kind, metric and label.
const FAILURES: [(AlarmKind, &str, &str); 3] = [
    (AlarmKind::ServerErrors, "InvocationServerErrors", "server errors (5xx)"),
    (AlarmKind::ClientErrors, "InvocationClientErrors", "client errors (4xx)"),
    (AlarmKind::Throttles, "InvocationThrottles", "throttles"),
];

/// The panels of a pool: its quotas, and everything about its callers taken together.
///
/// A pool of more than 50 callers is charted by its 50 busiest.
#[must_use]
pub fn pool_rows(pool: &StoredPool, tuning: &Tuning, prices: &Prices) -> Vec<Row> {
    let label = pool.pool.label();
    let callers = Callers::These(pool.series.iter().take(MOST_CALLERS).cloned().collect());
    let on = Alarms::of(tuning, label.as_str());
    let mut rows = quota::rows(pool, &callers, on);
    rows.extend(traffic_rows(&callers, on));
    let money =
        cost::Money { prices: prices.of_pool(&pool.pool), budget: prices.budget_of(&pool.pool) };
    rows.push(cost::row(&callers, money, &pool.pool.model, on));
    rows
}

/// The panels of the one model that the viewer chooses, without quotas and cost, which are known of
/// pools only.
#[must_use]
pub fn chosen_model_rows() -> Vec<Row> {
    let callers = Callers::These(vec![Choice::MODEL.word()]);
    traffic_rows(&callers, Alarms::OF_THE_CATALOGUE)
}

/// The quotas of the pool that the viewer chooses, and how its callers use them together.
#[must_use]
pub fn chosen_pool_row(pool: Choice, callers: Choice) -> Row {
    quota::chosen_row(&pool.word(), &Callers::Held(callers.word()))
}

/// What the pool that the viewer chooses cost, hour by hour.
#[must_use]
pub fn chosen_pool_cost_row(pool: Choice) -> Row {
    let panels = ["Cost an hour", "Cost of 1,000 invocations"];
    published_cost::chosen_row(published_cost::POOLS, &pool.word(), "Chosen pool: cost", panels)
}

/// What all pools with a price cost, hour by hour, whichever there are.
#[must_use]
pub fn every_pool_cost_row() -> Row {
    published_cost::every_row(published_cost::POOLS, "What pools cost")
}

/// How much of its quotas every pool used, hour by hour, whichever pools there are.
#[must_use]
pub fn every_pool_quota_row() -> Row {
    quota::every_pool_row()
}

/// The panels of all models side by side, whichever there are.
#[must_use]
pub fn every_model_row() -> Row {
    let each = |metric: &str, stat: Stat| {
        let found = search(BEDROCK, metric, &[MODEL_ID], &[], stat, FIVE_MINUTES);
        vec![math("each", &value_of(MODEL_ID), found)]
    };
    let panel = |title: &str, says: &str, unit, draw, queries| Panel {
        title: title.to_owned(),
        says: says.to_owned(),
        content: Content::Chart(Chart { unit, draw, queries, lines: Vec::new(), blank: None }),
        width: Width::Third,
    };
    let failures = FAILURES.iter().zip(1..).map(|((_, metric, label), at)| {
        let found = search(BEDROCK, metric, &[MODEL_ID], &[], Stat::Sum, FIVE_MINUTES);
        math(&format!("each{at}"), &format!("{label} {}", value_of(MODEL_ID)), found)
    });
    Row {
        title: "All models".to_owned(),
        panels: vec![
            panel(
                "Invocations in 5 minutes",
                "Requests by model, throttled ones not counted.",
                Unit::Count,
                Draw::Stacked,
                each("Invocations", Stat::Sum),
            ),
            panel(
                "Errors and throttles in 5 minutes",
                "By model and kind.",
                Unit::Count,
                Draw::Lines,
                failures.collect(),
            ),
            panel(
                "Latency, p90",
                "From the request to the last token, by model.",
                Unit::Milliseconds,
                Draw::Lines,
                each("InvocationLatency", Stat::Percentile(90.0)),
            ),
            panel(
                "Time to first token, p90",
                "Streaming calls only, by model.",
                Unit::Milliseconds,
                Draw::Lines,
                each("TimeToFirstToken", Stat::Percentile(90.0)),
            ),
            panel(
                "Input tokens in 5 minutes",
                "Cached tokens not counted, by model.",
                Unit::Count,
                Draw::Stacked,
                each("InputTokenCount", Stat::Sum),
            ),
            panel(
                "Output tokens in 5 minutes",
                "By model.",
                Unit::Count,
                Draw::Stacked,
                each("OutputTokenCount", Stat::Sum),
            ),
        ],
    }
}

/// The series whose numbers are taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Callers {
    /// These `ModelId` values.
    These(Vec<String>),
    /// Those that a dashboard variable holds, one or several: its word.
    Held(String),
}

impl Callers {
    /// The metric of each, and the expression of their sum: a minute without data counts as 0.
    fn sum(
        &self,
        id: &str,
        metric: &str,
        stat: Stat,
        period: u32,
    ) -> (Vec<MetricDataQuery>, String) {
        match self {
            Self::These(series) => {
                let ids: Vec<String> = (1..=series.len()).map(|at| format!("{id}{at}")).collect();
                let queries = ids.iter().zip(series);
                let queries =
                    queries.map(|(id, model)| hidden(id, of_model(metric, model), stat, period));
                let terms: Vec<String> = ids.iter().map(|id| format!("FILL({id}, 0)")).collect();
                (queries.collect(), format!("({})", terms.join(" + ")))
            }
            Self::Held(word) => {
                (vec![hidden(id, of_model(metric, word), stat, period)], format!("SUM({id})"))
            }
        }
    }
}

fn of_model(metric: &str, model: &str) -> MetricKey {
    MetricKey::new(BEDROCK, metric, &[(MODEL_ID, model)])
}

fn traffic_rows(callers: &Callers, on: Alarms<'_>) -> Vec<Row> {
    vec![
        Row {
            title: "Traffic and errors".to_owned(),
            panels: vec![invocations(callers), failures(callers, on)],
        },
        Row {
            title: "Latency".to_owned(),
            panels: vec![
                latency::panel(&latency::FULL, callers, on),
                latency::panel(&latency::FIRST_TOKEN, callers, on),
            ],
        },
        Row {
            title: "Tokens".to_owned(),
            panels: vec![tokens(callers), tokens_a_second(callers), speed(callers)],
        },
    ]
}

fn invocations(callers: &Callers) -> Panel {
    let (draw, queries) = match callers {
        Callers::These(series) => {
            let each = series.iter().zip(1..).map(|(model, at)| {
                let id = format!("m{at}");
                curve(&id, model, of_model("Invocations", model), Stat::Sum, FIVE_MINUTES)
            });
            (Draw::Stacked, each.collect())
        }
        Callers::Held(word) => {
            let all = of_model("Invocations", word);
            (Draw::Stacked, vec![curve("m", &value_of(MODEL_ID), all, Stat::Sum, FIVE_MINUTES)])
        }
    };
    Panel {
        title: "Invocations in 5 minutes".to_owned(),
        says: "Requests by the id they were called with. Throttled requests are not in here."
            .to_owned(),
        content: Content::Chart(Chart {
            unit: Unit::Count,
            draw,
            queries,
            lines: Vec::new(),
            blank: None,
        }),
        width: Width::Half,
    }
}

fn failures(callers: &Callers, on: Alarms<'_>) -> Panel {
    let mut queries = Vec::new();
    for ((_, metric, label), stem) in FAILURES.iter().zip(["server", "client", "throttle"]) {
        let (each, sum) = callers.sum(stem, metric, Stat::Sum, FIVE_MINUTES);
        queries.extend(each);
        queries.push(math(&format!("{stem}s"), label, sum));
    }
    Panel {
        title: "Errors and throttles in 5 minutes".to_owned(),
        says: "Over all callers. A line is where an alarm begins.".to_owned(),
        content: Content::Chart(Chart {
            unit: Unit::Count,
            draw: Draw::Lines,
            queries,
            lines: FAILURES.iter().filter_map(|(kind, ..)| on.line(*kind)).collect(),
            blank: None,
        }),
        width: Width::Half,
    }
}

fn tokens(callers: &Callers) -> Panel {
    token_panel(
        callers,
        Unit::Count,
        "Tokens in 5 minutes",
        "Input holds no cached tokens: all that a model read is input, cache read and cache write.",
        |sum| sum,
    )
}

fn tokens_a_second(callers: &Callers) -> Panel {
    token_panel(
        callers,
        Unit::PerSecond,
        "Tokens a second",
        "Tokens in 5 minutes by 300 s: what all calls together take and give.",
        |sum| format!("{sum} / {FIVE_MINUTES}"),
    )
}

fn token_panel(
    callers: &Callers,
    unit: Unit,
    title: &str,
    says: &str,
    of_sum: impl Fn(String) -> String,
) -> Panel {
    let mut queries = Vec::new();
    for ((metric, label), stem) in TOKENS.iter().zip(["in", "out", "read", "write"]) {
        let (each, sum) = callers.sum(stem, metric, Stat::Sum, FIVE_MINUTES);
        queries.extend(each);
        queries.push(math(&format!("{stem}_tokens"), label, of_sum(sum)));
    }
    Panel {
        title: title.to_owned(),
        says: says.to_owned(),
        content: Content::Chart(Chart {
            unit,
            draw: Draw::Stacked,
            queries,
            lines: Vec::new(),
            blank: None,
        }),
        width: Width::Third,
    }
}

/// A ratio of sums, which a quotient of percentiles is not.
fn speed(callers: &Callers) -> Panel {
    let (mut queries, tokens) = callers.sum("out", "OutputTokenCount", Stat::Sum, FIVE_MINUTES);
    let (each, waited) = callers.sum("ms", "InvocationLatency", Stat::Sum, FIVE_MINUTES);
    queries.extend(each);
    queries.push(math("speed", "output tokens a second", format!("1000 * {tokens} / {waited}")));
    Panel {
        title: "Output tokens a second of a call".to_owned(),
        says: "All output tokens by all the time callers waited, the wait for the first token \
               included: how fast an answer comes."
            .to_owned(),
        content: Content::Chart(Chart {
            unit: Unit::PerSecond,
            draw: Draw::Lines,
            queries,
            lines: Vec::new(),
            blank: None,
        }),
        width: Width::Third,
    }
}
