//! The demo's SageMaker inference component has what the pages about components ask for, and the
//! waits of its busiest model are those of its calls.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::tuning::Tuning;
use llmwatch_core::cloudwatch::metric::{MetricKey, MetricStore, Window};
use llmwatch_core::cloudwatch::query::{QuerySource, evaluate};
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::dashboard::component::every_component_rows;
use llmwatch_core::dashboard::quantity::chosen_model_rows;
use llmwatch_core::dashboard::{Content, Dashboard, Known, Panel};
use llmwatch_core::price::Prices;
use llmwatch_core::quality::NAMESPACE;
use llmwatch_core::quality::alarm::tuning::QualityTuning;
use llmwatch_tests::traffic;
use llmwatch_tests::traffic::component::COMPONENT;
use serde_json::{Value, json};

const INCIDENT: &str = "2026-11-20T10:00:00Z";

fn incident() -> Timestamp {
    INCIDENT.parse().unwrap()
}

/// The seed's series in SageMaker's namespaces, as the local AWS stores them.
fn store() -> MetricStore {
    store_of(|series| {
        let namespace = series["namespace"].as_str().unwrap();
        namespace == "AWS/SageMaker" || namespace.starts_with("/aws/sagemaker/")
    })
}

/// The seed's series of these, as the local AWS stores them.
fn store_of(wanted: impl Fn(&Value) -> bool) -> MetricStore {
    let mut store = MetricStore::default();
    let seed = traffic::seed(incident());
    for series in seed["metrics"].as_array().unwrap().iter().filter(|series| wanted(series)) {
        put(&mut store, series);
    }
    store
}

fn put(store: &mut MetricStore, series: &Value) {
    let text = |member: &str| series[member].as_str().unwrap().to_owned();
    let dimensions = series["dimensions"].as_object().unwrap().iter();
    let key = MetricKey {
        namespace: text("namespace"),
        name: text("name"),
        dimensions: dimensions
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
    };
    let start: Timestamp = text("start").parse().unwrap();
    let numbers = |list: &Value| -> Vec<f64> {
        let value = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        list.as_array().into_iter().flatten().map(value).collect()
    };
    let at = |minute: i64| start + SignedDuration::from_mins(minute);
    let values = numbers(&series["values"]);
    if series["counts"].is_array() {
        let spread: Vec<Vec<f64>> =
            series["spread"].as_array().unwrap().iter().map(numbers).collect();
        for ((value, count), minute) in values.iter().zip(numbers(&series["counts"])).zip(0..) {
            let waits: Vec<f64> = spread.iter().map(|part| value * part[0]).collect();
            let counts: Vec<f64> = spread.iter().map(|part| count * part[1]).collect();
            store.put_values(&key, at(minute), &waits, &counts);
        }
    } else {
        store.put_minutes(&key, start, &values);
    }
    for (minute, samples) in (0..).zip(series["samples"].as_array().into_iter().flatten()) {
        store.put_values(&key, at(minute), &numbers(samples), &[]);
    }
}

fn panels() -> Vec<Panel> {
    let known = Known {
        tuning: &Tuning::default(),
        quality_tuning: &QualityTuning::default(),
        prices: &Prices::default(),
        namespace: NAMESPACE,
    };
    let component = InferenceComponent::parse(COMPONENT).unwrap();
    let page = Dashboard::of_component(&component, &[], known);
    let all = [page.rows, every_component_rows()].concat();
    let panels = all.into_iter().flat_map(|row| row.panels);
    // Without a price the cost is a text.
    panels.filter(|panel| !panel.queries().is_empty()).collect()
}

/// What a panel's curves end with in the hour before a moment, by label.
fn latest(panel: &Panel, store: &MetricStore, end: Timestamp) -> Vec<(String, f64)> {
    let hour = Window { start: end - SignedDuration::from_hours(1), end, visible_until: end };
    let results = evaluate(panel.queries(), store, hour).unwrap();
    let last = |points: &[(Timestamp, f64)]| {
        points.last().unwrap_or_else(|| panic!("{} is empty", panel.title)).1
    };
    results.into_iter().map(|result| (result.label, last(&result.points))).collect()
}

#[test]
fn every_panel_about_components_has_its_metrics_before_and_after_the_incident() {
    let store = store();
    for hours in [-22, 0, 1, 4] {
        let end = incident() + SignedDuration::from_hours(hours);
        for panel in panels() {
            assert!(!latest(&panel, &store, end).is_empty(), "{} at {hours}", panel.title);
        }
    }
}

#[track_caller]
fn check(title: &str, expected: &[(&str, f64)]) {
    let panels = panels();
    let panel = panels.iter().find(|panel| panel.title == title).unwrap();
    let expected: Vec<(String, f64)> =
        expected.iter().map(|(label, value)| ((*label).to_owned(), *value)).collect();
    assert_eq!(latest(panel, &store(), incident()), expected, "{title}");
}

#[test]
fn two_gpus_and_instances_are_used_and_one_is_free() {
    check("GPUs in use", &[("GPUs in use (AcceleratorId)", 2.0)]);
    check("GPUs, used and free", &[("used (AcceleratorId)", 2.0), ("free (AcceleratorId)", 1.0)]);
    check("Instances, used and free", &[("used", 2.0), ("free", 1.0)]);
}

#[test]
fn percentiles_differ_and_are_in_microseconds() {
    let panels = panels();
    let panel = panels.iter().find(|panel| panel.title == "Model latency").unwrap();
    let found = latest(panel, &store(), incident());
    let of = |name: &str| found.iter().find(|(label, _)| label == name).unwrap().1;
    assert!(1e6 < of("p50") && of("p50") < of("p90") && of("p90") < of("p99"), "{found:?}");
}

/// The busiest model's regional profile.
static BUSIEST: LazyLock<String> = LazyLock::new(|| format!("us.{}", traffic::BUSY_MODEL));

/// Its series.
static OF_BUSIEST: LazyLock<MetricStore> =
    LazyLock::new(|| store_of(|series| series["dimensions"]["ModelId"] == json!(*BUSIEST)));

/// What the panels about one model say of the busiest one before the incident.
fn of_busiest(title: &str, label: &str) -> f64 {
    let rows = chosen_model_rows().into_iter();
    let mut panel = rows.flat_map(|row| row.panels).find(|panel| panel.title == title).unwrap();
    let Content::Chart(chart) = &mut panel.content else { panic!("{title} is no chart") };
    for query in &mut chart.queries {
        if let QuerySource::Metric(metric) = &mut query.source {
            metric.key.dimensions.insert("ModelId".to_owned(), BUSIEST.clone());
        }
    }
    let hour = Window {
        start: incident() - SignedDuration::from_hours(1),
        end: incident(),
        visible_until: incident(),
    };
    let results = evaluate(panel.queries(), &OF_BUSIEST, hour).unwrap();
    let found = results.into_iter().find(|result| result.label == label);
    found.unwrap_or_else(|| panic!("no {label}")).points.last().unwrap().1
}

#[test]
fn a_call_gives_its_tokens_in_its_own_time() {
    let speed = of_busiest("Output tokens a second of a call", "output tokens a second");
    let average = of_busiest("Latency", "average");
    // 400 tokens a call.
    assert!((speed - 1_000.0 * 400.0 / average).abs() < 0.01, "{speed} at {average} ms");
    assert!((50.0..70.0).contains(&speed), "{speed}");
}

#[test]
fn percentiles_of_the_busiest_model_differ() {
    for title in ["Latency", "Time to first token"] {
        let [p50, average, p90, p99] =
            ["p50", "average", "p90", "p99"].map(|label| of_busiest(title, label));
        assert!(p50 < average && average < p90 && p90 < p99, "{p50} {average} {p90} {p99}");
    }
}
