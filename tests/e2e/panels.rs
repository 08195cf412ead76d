//! Every panel of every dashboard and every rule, asked of the local CloudWatch over the demo's
//! traffic: none is empty but for a reason that stands here, and what a page draws is what the seed
//! holds, worked out apart from the code that draws it.

mod figures;
mod grafana;
mod seeded;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::pool::{Pool, PoolLabel, Scope};
use llmwatch_core::quality::{Metric, NAMESPACE};
use llmwatch_tests::shown::{self, Shown};
use llmwatch_tests::traffic::component::{COMPONENT, ENDPOINT};
use llmwatch_tests::traffic::{self, BUSY_MODEL, DAILY_MODEL};
use serde_json::{Value, json};

use crate::stage::Stage;
use seeded::Seeded;

/// How far back pages look.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(4);

/// How long ago the incident began, to the five minutes before.
const MINUTES_SINCE_INCIDENT: i64 = 60;

/// US dollars for a million tokens of the busy model, and for an hour of an instance.
const PRICES: [f64; 4] = [3.0, 15.0, 0.3, 3.75];
const INSTANCE_PRICE: f64 = 5.67;

/// Queries that nothing answers, and why that is right.
struct Unanswered {
    /// What its page, its chart and its id begin with.
    page: &'static str,
    chart: &'static str,
    query: &'static str,
    why: &'static str,
}

const fn unanswered_in(
    page: &'static str,
    chart: &'static str,
    query: &'static str,
    why: &'static str,
) -> Unanswered {
    Unanswered { page, chart, query, why }
}

const OTHER_NAME: &str = "the seed's GPUs are called by AcceleratorId, not by GpuId";
const REFUSED: &str = "its quota is 0, and every call is refused";
const NO_DAY: &str = "the pool has no quota for tokens a day";
const NO_PRICE: &str = "the pool has no price";
const BUSY_IN_GRAFANA: &str = "grafana quantity cross-region.anthropic.claude-sonnet-4-5";
const DAILY_IN_GRAFANA: &str = "grafana quantity global.amazon.nova-2-lite";

/// Whatever else is empty fails the test, and so does one of these that is not.
const UNANSWERED: [Unanswered; 13] = [
    unanswered_in("overview", "GPUs", "gpus", OTHER_NAME),
    unanswered_in("component", "GPUs", "gpus", OTHER_NAME),
    unanswered_in("component", "Component cost", "gpus", OTHER_NAME),
    unanswered_in("grafana", "GPUs", "gpus", OTHER_NAME),
    unanswered_in(BUSY_IN_GRAFANA, "TPD used", "utilisation", NO_DAY),
    unanswered_in(BUSY_IN_GRAFANA, "TPD: used, quota and headroom", "value", NO_DAY),
    unanswered_in(BUSY_IN_GRAFANA, "TPD: used, quota and headroom", "headroom", NO_DAY),
    unanswered_in(DAILY_IN_GRAFANA, "Cost", "m", NO_PRICE),
    unanswered_in(BLOCKED_PAGE, "TPM used", "utilisation", "no part of a quota of 0 is a number"),
    unanswered_in(BLOCKED_PAGE, "Invocations in 5 minutes", "m1", REFUSED),
    unanswered_in(BLOCKED_PAGE, "Latency", "", REFUSED),
    unanswered_in(BLOCKED_PAGE, "Time to first token", "", REFUSED),
    unanswered_in(BLOCKED_PAGE, "Output tokens a second of a call", "speed", REFUSED),
];
const BLOCKED_PAGE: &str = "pool cross-region-anthropic-claude-opus-5";

/// While the judge is off, what speaks of its scores is empty too: charts by their titles, rules by
/// their uids.
const JUDGED: [&str; 6] =
    ["judged", "low-composite", "low-professional-tone", "low-relevance", "low-safety", "Judge"];

/// The stack, an hour after the incident, with everything switched on that publishes or draws.
struct Played {
    stage: Stage,
    incident: Timestamp,
    seeded: Seeded,
}

impl Played {
    fn start() -> Self {
        let mut incident = Timestamp::UNIX_EPOCH;
        let mut seeded = Value::Null;
        let tuning = traffic::alarm_tuning();
        let parameters =
            [("AlarmTuning", tuning.as_str()), ("PoolDashboards", "on"), ("GrafanaMetrics", "on")];
        let stage = Stage::deploy_back(1, &parameters, |minute| {
            let minute = (minute - MINUTES_SINCE_INCIDENT).div_euclid(5) * 5;
            incident = Timestamp::from_second(minute * 60).unwrap();
            let mut seed = traffic::seed(incident);
            seed["metrics"].as_array_mut().unwrap().extend(measured(incident));
            seeded = seed.clone();
            seed
        });
        let [input, output, cache_read, cache_write] = PRICES;
        let prices = json!({
            "bedrock": { BUSY_MODEL: {
                "input": input, "output": output, "cache_read": cache_read,
                "cache_write": cache_write,
            } },
            "endpoints": { ENDPOINT: INSTANCE_PRICE },
        });
        stage.world.set_parameter("settings/prices", &prices.to_string()).unwrap();
        let played = Self { stage, incident, seeded: Seeded::of(&seeded) };
        played.run_updater();
        // What the function has published of this minute, by the system's clock, is then in the last
        // five minutes that pages show whole.
        played.stage.control().advance_minutes(7).unwrap();
        played
    }

    fn run_updater(&self) {
        self.stage.world.invoke("alarm-updater", &json!({})).unwrap();
    }

    fn shown(&self) -> Shown {
        Shown { until: self.stage.now(), back: LOOKS_BACK }
    }

    /// The page of a dashboard of CloudWatch, with the busiest model and the component chosen.
    fn page(&self, name: &str) -> Value {
        let calls = self.stage.world.calls();
        let body = shown::body(calls, name).unwrap();
        let chosen = [("model", regional()), ("component", COMPONENT.to_owned())];
        let chosen = chosen.each_ref().map(|(id, value)| (*id, value.as_str()));
        let widgets = shown::widgets(calls, &body, &chosen).unwrap();
        shown::page(calls, &widgets, self.shown()).unwrap()
    }

    /// The dashboards that CloudWatch keeps.
    fn names(&self) -> Vec<String> {
        shown::names(self.stage.world.calls(), "llmwatch_").unwrap()
    }

    /// The page whose dashboard is of this pool or component.
    fn page_of(&self, label: &str) -> Value {
        let written = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let label: String = label.chars().map(written).collect();
        let names = self.names();
        let mut found = names.iter().filter(|name| name.contains(&format!("_{label}_")));
        let name = found.next().unwrap_or_else(|| panic!("no page of {label}: {names:?}"));
        assert_eq!(found.next(), None, "{label}");
        self.page(name)
    }
}

fn regional() -> String {
    format!("us.{BUSY_MODEL}")
}

fn busy_pool() -> PoolLabel {
    Pool { scope: Scope::CrossRegion, model: BUSY_MODEL.to_owned() }.label()
}

fn daily_pool() -> PoolLabel {
    Pool { scope: Scope::Global, model: DAILY_MODEL.to_owned() }.label()
}

/// A score a minute of the busiest model and of the component, of these metrics.
fn scores(incident: Timestamp, wanted: impl Fn(Metric) -> bool) -> Vec<Value> {
    let start = (incident - SignedDuration::from_hours(6)).to_string();
    let of = |name: &str, dimensions: Value| {
        json!({
            "namespace": NAMESPACE, "name": name, "dimensions": dimensions, "start": start,
            "values": vec![0.9; 8 * 60],
        })
    };
    let metrics = Metric::ALL.iter().map(|facts| facts.metric).filter(|metric| wanted(*metric));
    metrics
        .flat_map(|metric| {
            let name = metric.to_string();
            [
                of(&name, json!({ "ModelId": regional() })),
                of(&name, json!({ "ModelId": "llama", "InferenceComponentName": COMPONENT })),
            ]
        })
        .collect()
}

/// What the scorer publishes without a judge: scores, and how it fares itself.
fn measured(incident: Timestamp) -> Vec<Value> {
    let mut metrics = scores(incident, |metric| !metric.is_judged());
    let like = metrics[0].clone();
    for (name, dimensions) in [
        ("EvaluationLatency", json!({})),
        ("ScoringDelay", json!({})),
        ("SkippedRecords", json!({ "Reason": "TooLarge" })),
        ("NotScored", json!({ "Metric": "Refusal", "Reason": "NoText" })),
    ] {
        let mut own = like.clone();
        own["name"] = json!(name);
        own["dimensions"] = dimensions;
        metrics.push(own);
    }
    metrics
}

/// A query that should be answered: page, chart, id of the query.
type Asked = (String, String, String);

/// The queries of a page's charts that draw something, those of them without a point.
fn unanswered(page: &str, charts: impl Iterator<Item = Value>) -> BTreeSet<Asked> {
    let mut empty = BTreeSet::new();
    for chart in charts {
        let title = chart["title"].as_str().unwrap();
        let series = chart["series"].as_array().unwrap();
        for id in chart["asked"].as_array().unwrap() {
            let points = |one: &&Value| one["id"] == *id && one["points"] != json!([]);
            if !series.iter().any(|one| points(&one)) {
                let id = id.as_str().unwrap();
                empty.insert((page.to_owned(), title.to_owned(), id.to_owned()));
            }
        }
    }
    empty
}

/// Every output's queries without a point.
fn all_unanswered(played: &Played) -> BTreeSet<Asked> {
    let mut empty = BTreeSet::new();
    for name in played.names() {
        let page = played.page(&name);
        let kind = ["_pool_", "_component_", "_overview"];
        let kind = kind.iter().find(|kind| name.contains(**kind)).unwrap().trim_matches('_');
        let label = name.split(&format!("_{kind}_")).nth(1).and_then(|of| of.rsplit_once('_'));
        let short = label.map_or(kind.to_owned(), |(label, _)| format!("{kind} {label}"));
        empty.extend(unanswered(&short, shown::charts(&page).cloned()));
    }
    for pool in [busy_pool(), daily_pool()] {
        for file in ["quantity", "quality"] {
            let charts = grafana::charts(played, file, pool.as_str());
            empty.extend(unanswered(&format!("grafana {file} {pool}"), charts.into_iter()));
        }
    }
    empty.extend(unanswered("grafana rules", grafana::rules(played).into_iter()));
    empty
}

/// Holds what is empty against the list.
#[track_caller]
fn hold_against_the_list(empty: &BTreeSet<Asked>) {
    let is_it = |listed: &Unanswered, (page, chart, query): &Asked| {
        page.starts_with(listed.page)
            && chart.starts_with(listed.chart)
            && query.starts_with(listed.query)
    };
    let unlisted: Vec<&Asked> =
        empty.iter().filter(|one| !UNANSWERED.iter().any(|listed| is_it(listed, one))).collect();
    assert_eq!(unlisted, Vec::<&Asked>::new(), "nothing answers these");
    for listed in &UNANSWERED {
        let Unanswered { page, chart, query, why } = listed;
        let is_empty = empty.iter().any(|one| is_it(listed, one));
        assert!(is_empty, "{page}, {chart}, {query} is answered, though {why}");
    }
}

#[test]
fn every_panel_is_answered_and_figures_are_the_seeds() {
    let played = Played::start();
    figures::hold(&played);

    let is_judged = |(_, chart, _): &Asked| JUDGED.iter().any(|word| chart.contains(word));
    let (judged, empty) = all_unanswered(&played).into_iter().partition(is_judged);
    hold_against_the_list(&empty);
    let pages: BTreeSet<&str> =
        judged.iter().map(|(page, ..): &Asked| page.split(' ').next().unwrap()).collect();
    assert_eq!(pages, BTreeSet::from(["grafana", "overview"]), "the judge is off");

    let judged = scores(played.incident, Metric::is_judged);
    played.stage.control().seed(&json!({ "metrics": judged })).unwrap();
    played.run_updater();
    hold_against_the_list(&all_unanswered(&played));
}
