//! The demo's SageMaker inference component has what the pages about components ask for.

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::tuning::Tuning;
use llmwatch_core::cloudwatch::metric::{MetricKey, MetricStore, Window};
use llmwatch_core::cloudwatch::query::evaluate;
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::dashboard::component::every_component_rows;
use llmwatch_core::dashboard::{Dashboard, Known, Panel};
use llmwatch_core::price::Prices;
use llmwatch_core::quality::NAMESPACE;
use llmwatch_core::quality::alarm::tuning::QualityTuning;
use llmwatch_tests::traffic;
use llmwatch_tests::traffic::component::COMPONENT;
use serde_json::Value;

const INCIDENT: &str = "2026-11-20T10:00:00Z";

fn incident() -> Timestamp {
    INCIDENT.parse().unwrap()
}

/// The seed's series in SageMaker's namespaces, as the local AWS stores them.
fn store() -> MetricStore {
    let mut store = MetricStore::default();
    let seed = traffic::seed(incident());
    let of_sagemaker = |series: &&Value| {
        let namespace = series["namespace"].as_str().unwrap();
        namespace == "AWS/SageMaker" || namespace.starts_with("/aws/sagemaker/")
    };
    for series in seed["metrics"].as_array().unwrap().iter().filter(of_sagemaker) {
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
        list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    if series["values"].is_array() {
        store.put_minutes(&key, start, &numbers(&series["values"]));
    }
    for (minute, samples) in (0..).zip(series["samples"].as_array().into_iter().flatten()) {
        store.put_values(&key, start + SignedDuration::from_mins(minute), &numbers(samples), &[]);
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
