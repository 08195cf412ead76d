//! What is drawn and published of components, however often SageMaker publishes.

use super::evaluated::{GPU, component, component_page, overview, put_component};
use super::*;
use crate::cloudwatch::metric::{MetricFilter, Stat};
use crate::component::hourly_cost::{self as component_cost, Reported};
use crate::component::reports::{COUNTED, Reporter};

/// How often an endpoint can publish, in seconds.
///
/// Source: botocore, `sagemaker/2017-07-24`, shape `MetricsConfig`,
/// `MetricPublishFrequencyInSeconds`. With enhanced metrics it is that of invocations too.
const FREQUENCIES: [i64; 7] = [10, 30, 60, 120, 180, 240, 300];

/// The last hour of the component, reported once in so many seconds, the first time after so many. A
/// report of invocations is of all since the one before.
fn store(gpu: &str, every: i64, first: i64) -> MetricStore {
    let mut store = MetricStore::default();
    put_component(gpu, |namespace, metric, dimensions, a_minute| {
        let is_count = metric.starts_with("Invocation");
        let value = if is_count { a_minute * every as f64 / 60.0 } else { a_minute };
        let key = MetricKey::new(namespace, metric, dimensions);
        let mut at = last_hour().start + SignedDuration::from_secs(first);
        while at < now() {
            store.put_value(&key, at, value);
            at += SignedDuration::from_secs(every);
        }
    });
    store
}

/// Each frequency, beginning with a period of five minutes, within it and at its end, by either
/// name of GPUs.
fn each(look: impl Fn(&MetricStore, &str, i64)) {
    for (gpu, _) in GPU {
        for every in FREQUENCIES {
            for first in [0, every / 2, every - 1] {
                look(&store(gpu, every, first), gpu, every);
            }
        }
    }
}

/// The values of a curve in each five minutes of the last hour.
fn curve(page: &Dashboard, title: &str, label: &str, store: &MetricStore) -> Vec<f64> {
    let found = evaluate(panel(page, title).queries(), store, last_hour()).unwrap();
    let found = found.into_iter().find(|found| found.label == label);
    let points = found.unwrap_or_else(|| panic!("{title}: no {label}")).points;
    assert_eq!(points.len(), 12, "{title}: {label}");
    points.into_iter().map(|(_, value)| value).collect()
}

#[test]
fn gpus_instances_and_cost_are_the_same_however_often_they_are_reported() {
    let (overview, of_component) = (overview(), component_page());
    each(|store, gpu, every| {
        for (page, title, label, expected) in [
            (&of_component, "GPUs in use", format!("GPUs in use ({gpu})"), 2.0),
            (&overview, "GPUs, used and free", format!("used ({gpu})"), 2.0),
            (&overview, "GPUs, used and free", format!("free ({gpu})"), 1.0),
            (&overview, "Instances, used and free", "used".to_owned(), 2.0),
            (&overview, "Instances, used and free", "free".to_owned(), 1.0),
            // 6 dollars for each of 3 instances; 2 of their 3 GPUs.
            (
                &of_component,
                "Component cost an hour",
                format!("USD an hour on chat ({gpu})"),
                6.0 * 3.0 * 2.0 / 3.0,
            ),
        ] {
            let found = curve(page, title, &label, store);
            assert_eq!(found, [expected; 12], "{title}: {label}, every {every} s");
        }
    });
}

/// Five minutes hold now more and now fewer reports where the frequency is no part of them, and so
/// do the calls they tell of; what all of them cost adds up.
#[test]
fn calls_of_five_minutes_swing_with_rare_reports_and_add_up_to_the_hours() {
    let page = component_page();
    each(|store, gpu, every| {
        let calls = curve(&page, "Component invocations in 5 minutes", "invocations", store);
        assert_eq!(calls.iter().sum::<f64>(), 3_600.0, "every {every} s");
        let is_even = calls.iter().all(|calls| *calls == 300.0);
        assert_eq!(is_even, 300 % every == 0, "every {every} s: {calls:?}");
        let label = format!("USD for 1,000 invocations on chat ({gpu})");
        let of_thousand = curve(&page, "Component cost of 1,000 invocations", &label, store);
        let cost: f64 = calls.iter().zip(&of_thousand).map(|(n, cost)| n * cost / 1_000.0).sum();
        assert!((cost - 12.0).abs() < 1e-9, "every {every} s: {cost}");
    });
}

#[test]
fn the_published_cost_is_the_same_however_often_gpus_are_reported() {
    let prices = Prices::parse(PRICES).unwrap();
    let hour = last_hour().start;
    each(|store, gpu, every| {
        let (mut listed, mut reported) = (Vec::new(), Reported::default());
        for (namespace, name) in COUNTED {
            let filter = MetricFilter {
                namespace: Some(namespace.to_owned()),
                name: Some(name.to_owned()),
                dimensions: Vec::new(),
            };
            for series in store.list(&filter) {
                let Some(reporter) = Reporter::of(series.key) else { continue };
                let period = component_cost::PERIOD_SECONDS;
                for (start, _) in store.datapoints(series.key, &Stat::Average, period, last_hour())
                {
                    reported.count(&reporter, start);
                }
                listed.push(reporter);
            }
        }
        let calls = component_cost::calls(&component());
        let stat = calls.statistic.parse().unwrap();
        for (hour, sum) in store.datapoints(&calls.metric, &stat, calls.period_seconds, last_hour())
        {
            reported.add_calls(&component(), hour, sum);
        }
        let priced = component_cost::priced(&listed, &prices);
        let found: Vec<String> = component_cost::metrics(&priced, &prices, &reported, &[hour])
            .into_iter()
            .map(|(_, metric)| format!("{} {:.6}", metric.name, metric.value))
            .collect();
        let expected = ["CostPerHour 12.000000", "CostPer1000Invocations 3.333333"];
        assert_eq!(found, expected, "{gpu} every {every} s");
    });
}

/// With nothing to read a rule is taken to be fine, and what it waits for begins anew.
#[test]
fn rules_on_gpus_find_a_report_at_each_look_though_it_comes_late() {
    let late = SignedDuration::from_mins(4);
    let rules = grafana_alerts::provisioning(NAMESPACE);
    let groups = rules["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["name"] == "llmwatch gpu").unwrap();
    let rules = group["rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    each(|store, _, every| {
        for (rule, minute) in rules.iter().flat_map(|rule| (30..60).map(move |at| (rule, at))) {
            let read = &rule["data"][0];
            let back = read["relativeTimeRange"]["from"].as_i64().unwrap();
            let end = last_hour().start + SignedDuration::from_mins(minute);
            let start = end - SignedDuration::from_secs(back);
            let of_component = [("InferenceComponentName", component().to_string())];
            let dimensions = of_component.each_ref().map(|(name, value)| (*name, value.as_str()));
            let name = read["model"]["metricName"].as_str().unwrap();
            let key = MetricKey::new("/aws/sagemaker/InferenceComponents", name, &dimensions);
            let window = Window { start, end, visible_until: end - late };
            let found = store.datapoints(&key, &Stat::Average, 60, window);
            assert!(!found.is_empty(), "{}, every {every} s", rule["title"]);
        }
    });
}
