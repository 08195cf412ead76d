//! Every query of every page, searches among them, as CloudWatch would answer it.

use super::*;
use crate::cloudwatch::query::MetricDataQuery;
use crate::component::InferenceComponent;
use crate::quality::series::INFERENCE_COMPONENT;

const MODEL: &str = "us.amazon.nova-lite-v1:0";
const COMPONENT: &str = "chat-eu";
fn component() -> InferenceComponent {
    InferenceComponent::parse(COMPONENT).unwrap()
}

const COMPONENTS: &str = "/aws/sagemaker/InferenceComponents";
const ENDPOINTS: &str = "/aws/sagemaker/Endpoints";

/// The dimension of a GPU by its two names, with the ids of the queries that ask for it.
const GPU: [(&str, &str); 2] = [("AcceleratorId", "accelerators"), ("GpuId", "gpus")];

/// Puts a day of one value a minute.
fn put(
    store: &mut MetricStore,
    namespace: &str,
    metric: &str,
    dimensions: &[(&str, &str)],
    value: f64,
) {
    let start = now() - SignedDuration::from_hours(24);
    store.put_minutes(&MetricKey::new(namespace, metric, dimensions), start, &[value; 24 * 60]);
}

/// Two copies of a component, each on the one GPU of its instance, and a third instance that is
/// free. GPUs are named by the dimension given.
fn put_component(store: &mut MetricStore, gpu: &str) {
    let component = (INFERENCE_COMPONENT, COMPONENT);
    for (metric, value) in [
        ("Invocations", 60.0),
        ("InvocationsPerCopy", 30.0),
        ("ConcurrentRequestsPerCopy", 4.0),
        ("Invocation4XXErrors", 1.0),
        ("Invocation5XXErrors", 0.0),
        ("InvocationModelErrors", 1.0),
        ("MidStreamErrors", 0.0),
        ("ModelLatency", 900_000.0),
        ("FirstChunkLatency", 200_000.0),
    ] {
        put(store, "AWS/SageMaker", metric, &[component], value);
    }
    for (metric, value) in [
        ("GPUUtilizationNormalized", 70.0),
        ("GPUMemoryUtilizationNormalized", 80.0),
        ("CPUUtilizationNormalized", 20.0),
        ("MemoryUtilizationNormalized", 30.0),
    ] {
        put(store, COMPONENTS, metric, &[component], value);
    }
    for (instance, container, used) in
        [("i-1", Some("c-1"), 100.0), ("i-2", Some("c-2"), 100.0), ("i-3", None, 0.0)]
    {
        let on =
            [("EndpointName", "chat"), ("VariantName", "AllTraffic"), ("InstanceId", instance)];
        put(store, ENDPOINTS, "GPUReservation", &on, used);
        put(store, ENDPOINTS, "CPUUtilizationNormalized", &on, 15.0);
        let device = [&on[..], &[(gpu, "gpu_0")]].concat();
        put(store, ENDPOINTS, "GPUUtilizationNormalized", &device, 0.7 * used);
        if let Some(container) = container {
            let of_copy = [&device[..], &[("ContainerId", container), component]].concat();
            put(store, COMPONENTS, "GPUUtilizationNormalized", &of_copy, 70.0);
        }
    }
}

fn store(gpu: &str) -> MetricStore {
    let mut store = a_day_of(&stored(2, &ALL_QUOTAS));
    put_component(&mut store, gpu);
    for metric in all_metrics() {
        let of_component = [("ModelId", "llama"), (INFERENCE_COMPONENT, COMPONENT)];
        put(&mut store, NAMESPACE, &metric.to_string(), &of_component, 0.8);
    }
    for metric in ["EvaluationLatency", "ScoringDelay"] {
        put(&mut store, NAMESPACE, metric, &[], 800.0);
    }
    put(&mut store, NAMESPACE, "SkippedRecords", &[("Reason", "TooLarge")], 1.0);
    let reason = [("Metric", "Refusal"), ("Reason", "NoText")];
    put(&mut store, NAMESPACE, "NotScored", &reason, 1.0);
    store
}

/// A page as the viewer sees it who chose the model and the component.
fn with_choices(mut page: Dashboard) -> Dashboard {
    let chosen = [(Choice::MODEL.word(), MODEL), (Choice::COMPONENT.word(), COMPONENT)];
    for panel in page.rows.iter_mut().flat_map(|row| &mut row.panels) {
        let Content::Chart(chart) = &mut panel.content else { continue };
        for query in &mut chart.queries {
            match &mut query.source {
                QuerySource::Expression { text, .. } => {
                    for (word, value) in &chosen {
                        *text = text.replace(word, value);
                    }
                }
                QuerySource::Metric(metric) => {
                    for value in metric.key.dimensions.values_mut() {
                        *value = value.replace(&chosen[0].0, MODEL);
                        *value = value.replace(&chosen[1].0, COMPONENT);
                    }
                }
            }
        }
    }
    page
}

fn component_page() -> Dashboard {
    let scored = scored("llama", Some(COMPONENT), &all_metrics());
    with_known(PRICES, "", |known| Dashboard::of_component(&component(), &[scored], known))
}

/// Asks every query of a page; those about GPUs by the other name of their dimension find nothing.
fn check_nothing_is_empty(page: &Dashboard) {
    for ((gpu, _), (_, other)) in GPU.iter().zip(GPU.iter().rev()) {
        let store = store(gpu);
        for panel in page.panels().filter(|panel| !panel.queries().is_empty()) {
            let results = evaluate(panel.queries(), &store, last_hour())
                .unwrap_or_else(|refused| panic!("{}: {refused}", panel.title));
            let returned = |query: &&MetricDataQuery| query.returned == Returned::Yes;
            for query in panel.queries().iter().filter(returned) {
                let of_query: Vec<_> =
                    results.iter().filter(|result| result.id == query.id).collect();
                let is_there = !query.id.starts_with(other);
                assert_eq!(!of_query.is_empty(), is_there, "{}: {}", panel.title, query.id);
                for result in of_query {
                    assert!(!result.points.is_empty(), "{}: {}", panel.title, result.label);
                }
            }
        }
    }
}

#[test]
fn cloudwatch_answers_every_chart_of_the_overview_and_none_is_empty() {
    check_nothing_is_empty(&with_choices(Dashboard::overview(NAMESPACE)));
}

#[test]
fn cloudwatch_answers_every_chart_of_a_component_and_none_is_empty() {
    check_nothing_is_empty(&component_page());
}

#[test]
fn cloudwatch_answers_every_chart_of_a_pool_beside_other_metrics() {
    check_nothing_is_empty(&pool_page(2));
}

#[test]
fn gpus_and_instances_are_counted_by_who_reports() {
    let overview = with_choices(Dashboard::overview(NAMESPACE));
    for (gpu, id) in GPU {
        let store = store(gpu);
        let named = |label: &str| format!("{label} ({gpu})");
        let check = |page: &Dashboard, title: &str, expected: &[(String, f64)]| {
            assert_eq!(latest(page, title, &store, last_hour()), expected, "{title} {id}");
        };
        check(&component_page(), "GPUs in use", &[(named("GPUs in use"), 2.0)]);
        let of_all = [(named("used"), 2.0), (named("free"), 1.0)];
        check(&overview, "GPUs, used and free", &of_all);
        let of_all = [("used".to_owned(), 2.0), ("free".to_owned(), 1.0)];
        check(&overview, "Instances, used and free", &of_all);
    }
}

#[test]
fn what_pools_cost_is_drawn_for_each_hour_once() {
    let mut store = store("GpuId");
    let (pool, other) = ("cross-region.amazon.nova-lite-v1_0", "global.other");
    for metric in ["CostPerHour", "CostPer1000Invocations"] {
        put(&mut store, "LLMWatch/Quota", metric, &[("Pool", other)], 1.5);
    }
    // An hour of two callers: 0.06 of 120,000 input, 0.24 of 60,000 output, 0.015 of 12,000 cached.
    let hour = (0.06 * 120_000.0 + 0.24 * 60_000.0 + 0.015 * 12_000.0) / 1e6;
    let of_thousand = 1_000.0 * hour / 120.0;
    for page in
        [Dashboard::overview(NAMESPACE), Dashboard::of_quantity(), Dashboard::of_quality(NAMESPACE)]
    {
        let page = with_choices(page);
        let check = |title: &str, value: f64| {
            let found = latest(&page, title, &store, last_hour());
            let expected = [(pool, (value * 1e9).round() / 1e9), (other, 1.5)];
            assert_eq!(found, expected.map(|(of, value)| (of.to_owned(), value)), "{title}");
        };
        check("Cost an hour, by pool", hour);
        check("Cost of 1,000 invocations, by pool", of_thousand);
    }
    let mut row = quantity::chosen_pool_cost_row(Choice::POOL);
    for panel in &mut row.panels {
        let Content::Chart(chart) = &mut panel.content else { panic!("{}", panel.title) };
        let QuerySource::Metric(metric) = &mut chart.queries[0].source else { panic!() };
        let chosen = metric.key.dimensions.get_mut("Pool").unwrap();
        assert_eq!(*chosen, Choice::POOL.word());
        pool.clone_into(chosen);
    }
    let page = Dashboard { title: String::new(), choices: Vec::new(), rows: vec![row] };
    let value = |title: &str| latest(&page, title, &store, last_hour())[0].1;
    assert_eq!(value("Cost an hour"), (hour * 1e9).round() / 1e9);
    assert_eq!(value("Cost of 1,000 invocations"), (of_thousand * 1e9).round() / 1e9);
}

#[test]
fn a_component_costs_its_part_of_its_endpoints_gpus() {
    for (gpu, _) in GPU {
        let store = store(gpu);
        // 6 dollars for each of 3 instances; 2 of their 3 GPUs; 60 calls a minute.
        let hour: f64 = 6.0 * 3.0 * 2.0 / 3.0;
        let of_thousand = 1_000.0 * (hour / 12.0) / 300.0;
        for (title, label, value) in [
            ("Component cost an hour", "USD an hour", hour),
            ("Component cost of 1,000 invocations", "USD for 1,000 invocations", of_thousand),
        ] {
            let found = latest(&component_page(), title, &store, last_hour());
            let expected = (format!("{label} on chat ({gpu})"), (value * 1e9).round() / 1e9);
            assert_eq!(found, [expected], "{title}");
        }
    }
    let elsewhere = r#"{"endpoints": {"other": 6}}"#;
    let scored = scored("llama", Some(COMPONENT), &all_metrics());
    let page = with_known(elsewhere, "", |known| {
        Dashboard::of_component(&component(), std::slice::from_ref(&scored), known)
    });
    let queries = panel(&page, "Component cost an hour").queries();
    let found = evaluate(queries, &store("GpuId"), last_hour()).unwrap();
    assert!(found.iter().all(|result| result.points.is_empty()), "no cost on another endpoint");
    let page = with_known("", "", |known| Dashboard::of_component(&component(), &[scored], known));
    assert!(page.panels().any(|panel| panel.title == "Cost: unknown"));
    assert!(page.panels().all(|panel| !panel.title.starts_with("Component cost")));
}

#[test]
fn searches_call_each_curve_by_what_it_is_of() {
    let page = with_choices(Dashboard::overview(NAMESPACE));
    let labels = |title: &str| -> Vec<String> {
        let found = latest(&page, title, &store("GpuId"), last_hour());
        found.into_iter().map(|(label, _)| label).collect()
    };
    let models = ["eu.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"];
    assert_eq!(labels("Invocations in 5 minutes"), models);
    assert_eq!(
        labels("Errors and throttles in 5 minutes"),
        ["server errors (5xx)", "client errors (4xx)", "throttles"]
            .iter()
            .flat_map(|kind| models.map(|model| format!("{kind} {model}")))
            .collect::<Vec<_>>()
    );
}
