//! Every query of every page, searches among them, as CloudWatch would answer it.

use super::*;
use crate::cloudwatch::query::MetricDataQuery;
use crate::component::InferenceComponent;
use crate::quality::series::INFERENCE_COMPONENT;

const MODEL: &str = "us.amazon.nova-lite-v1:0";
const COMPONENT: &str = "chat-eu";
pub(super) fn component() -> InferenceComponent {
    InferenceComponent::parse(COMPONENT).unwrap()
}

const COMPONENTS: &str = "/aws/sagemaker/InferenceComponents";
const ENDPOINTS: &str = "/aws/sagemaker/Endpoints";

/// The dimension of a GPU by its two names, with the ids of the queries that ask for it.
pub(super) const GPU: [(&str, &str); 2] = [("AcceleratorId", "accelerators"), ("GpuId", "gpus")];

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
/// free, each metric with its value a minute. GPUs are named by the dimension given.
pub(super) fn put_component(gpu: &str, mut put: impl FnMut(&str, &str, &[(&str, &str)], f64)) {
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
        put("AWS/SageMaker", metric, &[component], value);
    }
    for (metric, value) in [
        ("GPUUtilizationNormalized", 70.0),
        ("GPUMemoryUtilizationNormalized", 80.0),
        ("CPUUtilizationNormalized", 20.0),
        ("MemoryUtilizationNormalized", 30.0),
    ] {
        put(COMPONENTS, metric, &[component], value);
    }
    for (instance, container, used) in
        [("i-1", Some("c-1"), 100.0), ("i-2", Some("c-2"), 100.0), ("i-3", None, 0.0)]
    {
        let on =
            [("EndpointName", "chat"), ("VariantName", "AllTraffic"), ("InstanceId", instance)];
        put(ENDPOINTS, "GPUReservation", &on, used);
        put(ENDPOINTS, "CPUUtilizationNormalized", &on, 15.0);
        let device = [&on[..], &[(gpu, "gpu_0")]].concat();
        put(ENDPOINTS, "GPUUtilizationNormalized", &device, 0.7 * used);
        if let Some(container) = container {
            let of_copy = [&device[..], &[("ContainerId", container), component]].concat();
            put(COMPONENTS, "GPUUtilizationNormalized", &of_copy, 70.0);
        }
    }
}

fn store(gpu: &str) -> MetricStore {
    let mut store = a_day_of(&stored(2, &ALL_QUOTAS));
    put_component(gpu, |namespace, metric, dimensions, value| {
        put(&mut store, namespace, metric, dimensions, value);
    });
    for metric in all_metrics() {
        let of_component = [("ModelId", "llama"), (INFERENCE_COMPONENT, COMPONENT)];
        put(&mut store, NAMESPACE, &metric.to_string(), &of_component, 0.8);
    }
    for metric in ["EvaluationLatency", "ScoringDelay"] {
        put(&mut store, NAMESPACE, metric, &[], 800.0);
    }
    for (metric, dollars) in [("CostPerHour", 12.0), ("CostPer1000Invocations", 3.5)] {
        let of_component = [(INFERENCE_COMPONENT, COMPONENT)];
        put(&mut store, "LLMWatch/Quota", metric, &of_component, dollars);
    }
    put(&mut store, NAMESPACE, "SkippedRecords", &[("Reason", "TooLarge")], 1.0);
    let reason = [("Metric", "Refusal"), ("Reason", "NoText")];
    put(&mut store, NAMESPACE, "NotScored", &reason, 1.0);
    store
}

/// The overview as CloudWatch shows it to a viewer who chose the model and the component: in its
/// body, each variable's pattern is replaced across the text of the widgets, and nothing else is.
pub(super) fn overview() -> Dashboard {
    let body = body(&Dashboard::overview(NAMESPACE), Place { region: "us-east-1" });
    let mut text = body["widgets"].to_string();
    for (variable, (id, value)) in body["variables"]
        .as_array()
        .unwrap()
        .iter()
        .zip([("model", MODEL), ("component", COMPONENT)])
    {
        assert_eq!((&variable["type"], &variable["id"]), (&json!("pattern"), &json!(id)));
        let pattern = variable["pattern"].as_str().unwrap();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(pattern.chars().all(is_plain), "{pattern} means something else as an expression");
        assert!(text.contains(pattern), "nothing is chosen by {pattern}");
        text = text.replace(pattern, value);
    }
    let widgets: Vec<Value> = serde_json::from_str(&text).unwrap();
    let panels = widgets.iter().filter(|widget| widget["type"] == "metric").map(shown).collect();
    let row = Row { title: String::new(), panels };
    Dashboard { title: String::new(), choices: Vec::new(), rows: vec![row] }
}

/// The panel of a metric widget, by what the widget says.
fn shown(widget: &Value) -> Panel {
    let properties = &widget["properties"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let query = |entry: &Value| {
        let entry = entry.as_array().unwrap();
        let (options, key) = entry.split_last().unwrap();
        let period = options["period"].as_u64().map(|seconds| u32::try_from(seconds).unwrap());
        let source = match options.get("expression") {
            Some(expression) => {
                QuerySource::Expression { text: text(expression), period_seconds: period }
            }
            None => QuerySource::Metric(MetricStat {
                key: MetricKey {
                    namespace: text(&key[0]),
                    name: text(&key[1]),
                    dimensions: key[2..].chunks(2).map(|of| (text(&of[0]), text(&of[1]))).collect(),
                },
                stat: options["stat"].as_str().unwrap().parse().unwrap(),
                period_seconds: period.unwrap(),
            }),
        };
        let returned = if options["visible"] == true { Returned::Yes } else { Returned::No };
        let label = options["label"].as_str().map(str::to_owned);
        MetricDataQuery { id: text(&options["id"]), source, returned, label }
    };
    Panel {
        title: text(&properties["title"]),
        says: String::new(),
        content: Content::Chart(Chart {
            unit: Unit::Count,
            draw: Draw::Lines,
            queries: properties["metrics"].as_array().unwrap().iter().map(query).collect(),
            lines: Vec::new(),
            blank: None,
        }),
        width: Width::Full,
    }
}

pub(super) fn component_page() -> Dashboard {
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
    let page = overview();
    check_nothing_is_empty(&page);
    let charts =
        Dashboard::overview(NAMESPACE).panels().filter(|of| !of.queries().is_empty()).count();
    assert_eq!(page.panels().count(), charts);
    for label in page.panels().flat_map(Panel::queries).filter_map(|query| query.label.as_ref()) {
        assert!(!label.contains("CHOSEN") && !label.contains("$model"), "{label}");
    }
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
    let overview = overview();
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
    for page in [overview(), Dashboard::of_quantity(), Dashboard::of_quality(NAMESPACE)] {
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
fn what_components_cost_is_drawn_for_all_and_for_the_chosen_one() {
    let mut store = store("GpuId");
    let other = [(INFERENCE_COMPONENT, "embed")];
    put(&mut store, "LLMWatch/Quota", "CostPerHour", &other, 1.5);
    for page in [overview(), Dashboard::of_quantity()] {
        let found = latest(&page, "Cost an hour, by component", &store, last_hour());
        let each = [(COMPONENT.to_owned(), 12.0), ("embed".to_owned(), 1.5)];
        assert_eq!(found, each);
        let title = "Cost of 1,000 invocations, by component";
        let found = latest(&page, title, &store, last_hour());
        assert_eq!(found, [(COMPONENT.to_owned(), 3.5)]);
    }
    let check = |title: &str, label: &str, dollars: f64| {
        let found = latest(&overview(), title, &store, last_hour());
        assert_eq!(found, [(label.to_owned(), dollars)], "{title}");
    };
    check("Component cost an hour", "USD an hour", 12.0);
    check("Component cost of 1,000 invocations", "USD for 1,000 invocations", 3.5);
}

#[test]
fn what_pools_used_of_their_quotas_is_drawn_for_each_hour_once() {
    let mut store = store("GpuId");
    let (pool, other) = ("cross-region.amazon.nova-lite-v1_0", "global.other");
    let of_other = [("Pool", other), ("Quota", "TPM")];
    put(&mut store, "LLMWatch/Quota", "QuotaUsedPercent", &of_other, 97.5);
    for page in [overview(), Dashboard::of_quantity()] {
        let check = |title: &str, expected: &[(&str, f64)]| {
            let expected: Vec<(String, f64)> =
                expected.iter().map(|(label, value)| ((*label).to_owned(), *value)).collect();
            assert_eq!(latest(&page, title, &store, last_hour()), expected, "{title}");
        };
        // Two callers, each of one call and 1,500 tokens a minute.
        check("RPM used, by pool", &[(pool, 100.0 * 2.0 / 1_000.0)]);
        check("TPM used, by pool", &[(pool, 100.0 * 3_000.0 / 1_000_000.0), (other, 97.5)]);
        check("TPD used, by pool", &[(pool, 100.0 * 1_440.0 * 3_000.0 / 1_440_000_000.0)]);
    }
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
fn quality_of_the_chosen_component_stands_beside_its_quantity() {
    let mut store = store("GpuId");
    let of_other = [("ModelId", "mistral"), (INFERENCE_COMPONENT, "chat-us")];
    put(&mut store, NAMESPACE, "JudgeSafety", &of_other, 0.2);
    let overview = overview();
    let chosen: Vec<&Panel> =
        overview.panels().filter(|panel| panel.title == "Safety, judged").collect();
    let [all, _, of_component] = chosen.as_slice() else { panic!("{}", chosen.len()) };
    let latest = |panel: &Panel| -> Vec<(String, f64)> {
        let results = evaluate(panel.queries(), &store, last_hour()).unwrap();
        let rounded = |value: f64| (value * 1e9).round() / 1e9;
        let last = |points: &[(Timestamp, f64)]| rounded(points.last().unwrap().1);
        results.into_iter().map(|found| (found.label, last(&found.points))).collect()
    };
    assert_eq!(latest(of_component), [("llama".to_owned(), 0.8)]);
    assert!(latest(all).contains(&("mistral (inference component chat-us)".to_owned(), 0.2)));

    let quality = Dashboard::of_quality(NAMESPACE);
    assert_eq!(quality.choices, [Choice::MODEL, Choice::COMPONENT]);
    let of_chosen: Vec<&str> = quality
        .rows
        .iter()
        .filter_map(|row| row.title.strip_prefix("Inference component $component: "))
        .collect();
    assert_eq!(
        of_chosen,
        [
            "traffic",
            "latency",
            "processors and memory",
            "cost",
            "Quality by the judge",
            "Quality by measures",
            "How much was scored",
        ]
    );
}

#[test]
fn searches_call_each_curve_by_what_it_is_of() {
    let page = overview();
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
    // A search that finds one series calls it as it calls one of many.
    assert_eq!(labels("Component invocations in 5 minutes")[0], COMPONENT);
    assert_eq!(labels("Cost an hour, by pool"), ["cross-region.amazon.nova-lite-v1_0"]);
    assert_eq!(
        labels("Quality, judged")[..3],
        [models[0], models[1], "llama (inference component chat-eu)"]
    );
    assert_eq!(labels("Left out, by reason"), ["skipped TooLarge", "not scored Refusal NoText"]);
}
