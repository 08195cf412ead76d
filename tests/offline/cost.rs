//! docs/COST.md states what the code makes and calls, at the prices of the core.

use llmwatch_core::alarm::desired::{DesiredAlarm, Destinations, Lines, desired_alarms};
use llmwatch_core::alarm::tuning::Tuning;
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::alarm::desired_component_alarms;
use llmwatch_core::cost::{
    Activity, Bill, Checked, Item, Line, PRICES, Scoring, Used, alarm_metrics, bill, month,
    priced_component_month, priced_pool_month, scoring_month,
};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::Metric;
use llmwatch_core::quality::NAMESPACE;
use llmwatch_core::quality::alarm::desired::desired_quality_alarms;
use llmwatch_core::quality::alarm::tuning::QualityTuning;
use llmwatch_core::quality::series::{Series, StoredSeries};
use llmwatch_core::stored::StoredPool;
use serde_json::{Value, json};

use crate::template::{self, Resource, resources};

const DOCUMENT: &str = include_str!("../../docs/COST.md");

/// How each row of the tables is bounded in the document.
fn block(name: &str) -> &'static str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let rest = DOCUMENT.split(&begin).nth(1).unwrap_or_else(|| panic!("no {begin}"));
    rest.split(&end).next().unwrap().trim()
}

#[track_caller]
fn check(name: &str, expected: &str) {
    let expected = expected.trim();
    assert!(block(name) == expected, "docs/COST.md, {name} must be:\n\n{expected}\n");
}

/// A pool with RPM and TPM quotas that so many callers draw on.
fn pool(number: usize, callers: usize) -> StoredPool {
    let quota = |kind: &str, value: f64| {
        json!({ "kind": kind, "threshold": value * 0.8, "quota": {
            "code": "L-1A2B3C4D", "name": "x", "value": value, "adjustable": true,
            "source": "applied", "aws_default": null } })
    };
    let series: Vec<String> = (0..callers).map(|caller| format!("profile{caller:05}")).collect();
    serde_json::from_value(json!({
        "pool": { "scope": "cross-region", "model": format!("maker.model-{number}-v1:0") },
        "series": series,
        "quotas": [quota("rpm", 1_000.0), quota("tpm", 1_000_000.0)],
        "last_seen": "2026-11-20T10:00:00Z", "calculated_at": "2026-11-20T10:05:00Z",
    }))
    .unwrap()
}

fn monthly_bill(pools: usize, callers: usize, tuning: &str, activity: &Activity) -> Bill {
    let pools: Vec<StoredPool> = (0..pools).map(|number| pool(number, callers)).collect();
    let prefix = StackPrefix::parse("llmwatch").unwrap();
    bill(&month(&pools, &Tuning::parse(tuning).unwrap(), &prefix, activity))
}

fn activity(incidents: u32) -> Activity {
    let count = |number: usize| u32::try_from(number).unwrap();
    Activity {
        own_alarm_metrics: count(own_alarm_metrics(Part::AlertPath)),
        secrets: count(of_type("AWS::SecretsManager::Secret")),
        polled_queues: count(polled_queues(Part::AlertPath)),
        incidents,
        recipients: 1,
    }
}

fn of_type(kind: &str) -> usize {
    let all = template::section("Resources").as_object().unwrap();
    all.values().filter(|definition| definition["Type"] == kind).count()
}

/// The metrics one of the template's own alarms reads.
fn metrics_of(alarm: &Resource) -> usize {
    let metrics = alarm.property("Metrics").as_array();
    let read =
        |metrics: &Vec<Value>| metrics.iter().filter(|one| one.get("MetricStat").is_some()).count();
    metrics.map_or(1, read)
}

/// What of the template a bill is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What is always there.
    AlertPath,
    /// What `QualityScoring` adds.
    Scoring,
}

impl Part {
    fn has(self, resource: &Resource) -> bool {
        let part = match resource.definition["Condition"].as_str() {
            Some("ScoresQuality") => Self::Scoring,
            // Where spans are sent somewhere, which no bill of the document is about.
            Some("ExportsSpans") => return false,
            _ => Self::AlertPath,
        };
        self == part
    }
}

fn own_alarm_metrics(part: Part) -> usize {
    let alarms = resources("AWS::CloudWatch::Alarm");
    alarms.iter().filter(|alarm| part.has(alarm)).map(metrics_of).sum()
}

fn polled_queues(part: Part) -> usize {
    assert_eq!(of_type("AWS::Lambda::EventSourceMapping"), 0, "not counted by part");
    let functions = template::functions().into_iter().filter(|function| part.has(function));
    let events = functions.flat_map(|function| {
        function.property("Events").as_object().into_iter().flat_map(|events| events.values())
    });
    events.filter(|event| event["Type"] == "SQS").count()
}

fn scoring_bill(calls: f64, models: u32) -> Bill {
    let count = |number: usize| u32::try_from(number).unwrap();
    let months = |parameter: &str| {
        template::section("Parameters")[parameter]["Default"].as_f64().unwrap() * 12.0 / 365.0
    };
    bill(&scoring_month(&Scoring {
        calls,
        calls_an_object: 20.0,
        models,
        log_months: months("InvocationLogDays"),
        record_months: months("CallRecordDays"),
        own_alarm_metrics: count(own_alarm_metrics(Part::Scoring)),
        polled_queues: count(polled_queues(Part::Scoring)),
    }))
}

#[test]
fn scoring_costs_by_its_models_and_its_calls() {
    let sizes = [(100_000.0, 1), (1_000_000.0, 3), (10_000_000.0, 10)];
    let bills = sizes.map(|(calls, models)| scoring_bill(calls, models));
    let mut lines = vec![
        "| item | 100,000 calls, 1 model | 1,000,000 calls, 3 models | 10,000,000 calls, 10 models |"
            .to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for (index, price) in PRICES.iter().enumerate() {
        if bills.iter().all(|bill| bill.0[index].units == 0.0) {
            continue;
        }
        let cells = bills.each_ref().map(|bill| amount(&bill.0[index])).join(" | ");
        lines.push(format!("| {} | {cells} |", price.item));
    }
    let totals = bills.each_ref().map(|bill| format!("**{:.2}**", bill.dollars())).join(" | ");
    lines.push(format!("| **USD a month** | {totals} |"));
    check("scoring", &lines.join("\n"));
}

#[test]
fn the_bill_is_what_the_code_makes_at_the_list_prices() {
    let sizes = [(1, 4), (10, 10), (50, 40)];
    let bills =
        sizes.map(|(pools, incidents)| monthly_bill(pools, 1, "none", &activity(incidents)));
    let mut lines = vec![
        "| item | price | 1 pool | 10 pools | 50 pools |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (index, price) in PRICES.iter().enumerate() {
        if bills.iter().all(|bill| bill.0[index].units == 0.0) {
            continue;
        }
        let cell = |bill: &Bill| amount(&bill.0[index]);
        let cells = bills.each_ref().map(cell).join(" | ");
        let per =
            if price.per > 1.0 { format!(" for {}", grouped(price.per)) } else { String::new() };
        lines.push(format!("| {} | {}{per} | {cells} |", price.item, dollars(price.dollars)));
    }
    let total = |of: fn(&Bill) -> f64| {
        bills.each_ref().map(|bill| format!("**{:.2}**", of(bill))).join(" | ")
    };
    lines.push(format!("| **USD a month** | | {} |", total(Bill::dollars)));
    lines.push(format!(
        "| **the same in an account whose free tier nothing else uses** | | {} |",
        total(Bill::dollars_after_free_tier)
    ));
    check("bill", &lines.join("\n"));
}

#[test]
fn a_pool_costs_by_its_callers_and_its_alarms() {
    let off = |kinds: &[&str]| -> String {
        let kinds: serde_json::Map<String, Value> =
            kinds.iter().map(|kind| ((*kind).to_owned(), json!({ "enabled": false }))).collect();
        json!({ "*": kinds }).to_string()
    };
    let anomalies =
        ["InvocationAnomaly", "InputTokenAnomaly", "OutputTokenAnomaly", "LatencyAnomaly"];
    let latencies = ["HighLatency", "HighTimeToFirstToken"];
    let mut lines = vec![
        "| alarms | 1 caller | 2 callers | 4 callers | 8 callers | 12 callers |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for (what, tuning) in [
        ("all kinds", "none".to_owned()),
        ("without the anomaly kinds", off(&anomalies)),
        ("without anomaly and latency kinds", off(&[&anomalies[..], &latencies].concat())),
    ] {
        let quiet = activity(0);
        let cost = |callers| {
            let cost = |pools| monthly_bill(pools, callers, &tuning, &quiet).dollars();
            format!("{:.2}", (cost(11) - cost(1)) / 10.0)
        };
        lines.push(format!("| {what} | {} |", [1, 2, 4, 8, 12].map(cost).join(" | ")));
    }
    check("a pool", &lines.join("\n"));
}

#[test]
fn telling_what_a_pool_costs_costs_by_its_callers() {
    let prefix = StackPrefix::parse("llmwatch").unwrap();
    let destinations = Destinations { raw_topic_arn: String::new() };
    let read = |callers: usize, budget: Option<f64>| -> u32 {
        let lines = Lines { tuning: &Tuning::default(), budget };
        let alarms = desired_alarms(&pool(1, callers), lines, &destinations, &prefix);
        alarms.iter().map(alarm_metrics).sum()
    };
    let with_price = |callers: u32| bill(&priced_pool_month(callers)).dollars();
    let with_budget = |callers: u32| {
        let further = read(callers as usize, Some(5.0)) - read(callers as usize, None);
        let units = f64::from(further);
        let alarm = [Used { item: Item::AlarmMetric, units }];
        bill(&[priced_pool_month(callers), alarm.to_vec()].concat()).dollars()
    };
    let line = |what: &str, of: &dyn Fn(u32) -> f64| {
        let cells = [1, 4, 12, 50].map(|callers| format!("{:.2}", of(callers)));
        format!("| {what} | {} |", cells.join(" | "))
    };
    let lines = [
        "| the setting `prices` has | 1 caller | 4 callers | 12 callers | 50 callers |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
        line("a price of the pool's model", &with_price),
        line("a price and a budget", &with_budget),
    ];
    check("cost of a pool", &lines.join("\n"));
}

#[test]
fn telling_what_an_inference_component_costs_costs_by_the_gpus_of_its_endpoint() {
    let with_price = |(gpus, all, instances)| priced_component_month(gpus, all, instances);
    let with_budget = |sizes| {
        let prefix = StackPrefix::parse("llmwatch").unwrap();
        let component = InferenceComponent::parse("chat-7b").unwrap();
        let read = |budget: Option<f64>| -> u32 {
            let lines = Lines { tuning: &Tuning::default(), budget };
            desired_component_alarms(&component, lines, &prefix).iter().map(alarm_metrics).sum()
        };
        let alarm =
            Used { item: Item::AlarmMetric, units: f64::from(read(Some(5.0)) - read(None)) };
        [with_price(sizes), vec![alarm]].concat()
    };
    let line = |what: &str, of: &dyn Fn((u32, u32, u32)) -> Vec<Used>| {
        let sizes = [(1, 1, 1), (4, 8, 1), (32, 64, 8)];
        let cells = sizes.map(|sizes| format!("{:.2}", bill(&of(sizes)).dollars()));
        format!("| {what} | {} |", cells.join(" | "))
    };
    let lines = [
        "| the setting `prices` has | 1 GPU of 1 | 4 GPUs of 8 | 32 GPUs of 64 on 8 instances |"
            .to_owned(),
        "|---|---|---|---|".to_owned(),
        line("a price of the component's endpoint", &with_price),
        line("a price and a budget", &with_budget),
    ];
    check("cost of a component", &lines.join("\n"));
}

#[test]
fn quality_alarms_cost_by_the_model() {
    let judged: Vec<Metric> = Metric::ALL.iter().map(|facts| facts.metric).collect();
    let unjudged = judged.iter().copied().filter(|metric| !metric.is_judged()).collect();
    let pass_rates = r#"{"*": {"LowComposite": {"warning": 0.95, "critical": 0.85},
        "LowSafety": {"warning": 0.95, "critical": 0.85},
        "LowRelevance": {"warning": 0.95, "critical": 0.85},
        "LowProfessionalTone": {"warning": 0.95, "critical": 0.85}}}"#;
    let mut lines = vec![
        "| quality alarms of one model | alarms | metrics read | USD a month |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for (what, metrics, tuning) in [
        ("without a judge", unjudged, "none"),
        ("with a judge", judged.clone(), "none"),
        ("with a judge, two lines a score", judged, pass_rates),
    ] {
        let alarms = quality_alarms(&metrics, tuning);
        let read: u32 = alarms.iter().map(alarm_metrics).sum();
        let price = PRICES.iter().find(|price| price.item == Item::AlarmMetric).unwrap();
        let cost = Line { price: *price, units: f64::from(read) }.dollars();
        lines.push(format!("| {what} | {} | {read} | {cost:.2} |", alarms.len()));
    }
    check("quality alarms", &lines.join("\n"));
}

fn quality_alarms(metrics: &[Metric], tuning: &str) -> Vec<DesiredAlarm> {
    let now = "2026-11-22T05:00:00Z".parse().unwrap();
    let stored = StoredSeries {
        series: Series { model_id: "maker.model-v1:0".into(), inference_component: None },
        seen: metrics.iter().map(|metric| (metric.to_string(), now)).collect(),
    };
    let tuning = QualityTuning::parse(tuning).unwrap();
    let prefix = StackPrefix::parse("llmwatch").unwrap();
    desired_quality_alarms(&stored, &tuning, NAMESPACE, &prefix)
}

#[test]
fn every_price_stands_with_its_source_and_how_far_it_was_checked() {
    let mut lines = vec![
        "| item | always free | source | checked |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for price in PRICES {
        let checked = match price.checked {
            Checked::AtAws => "a copy of that page",
            Checked::AtThirdParties => "third parties only",
            Checked::NotChecked => "not checked",
        };
        let free =
            if price.free_units > 0.0 { grouped(price.free_units) } else { "none".to_owned() };
        lines.push(format!("| {} | {free} | <{}> | {checked} |", price.item, price.source));
    }
    check("sources", &lines.join("\n"));
}

/// The units and their cost.
fn amount(line: &Line) -> String {
    let units = if line.units < 1.0 && line.units > 0.0 {
        format!("{:.3}", line.units)
    } else {
        grouped(line.units)
    };
    format!("{units} = {:.2}", line.dollars())
}

fn dollars(price: f64) -> String {
    if price < 0.01 {
        format!("{price}")
    } else {
        format!("{price:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
