mod evaluated;
mod numbers;
mod publishing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cloudwatch_body::{MAX_METRICS, MAX_WIDGETS, Place, body};
use super::*;
use crate::alarm::desired::tests::{ALL_QUOTAS, stored};
use crate::alarm::pool_metrics::pool_metrics;
use crate::cloudwatch::metric::{MetricKey, MetricStore, Window};
use crate::cloudwatch::query::{MetricStat, QuerySource, Returned, evaluate, validate};
use crate::component::InferenceComponent;
use crate::evidence::Read;
use crate::hourly_cost::{self, Used};
use crate::metric_values::Wanted;
use crate::price::Tokens;
use crate::quality::{Metric, NAMESPACE};
use crate::quota_used;

use crate::quality::series::Series;

const NOW: &str = "2026-11-22T12:00:00Z";
const PRICES: &str = r#"{"bedrock": {"amazon.nova-lite-v1:0":
    {"input": 0.06, "output": 0.24, "cache_read": 0.015, "cache_write": 0.06}},
    "endpoints": {"chat": 6}, "budgets": {"*": 2.5}}"#;

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn with_known<T>(prices: &str, quality: &str, look: impl FnOnce(Known<'_>) -> T) -> T {
    look(Known {
        tuning: &Tuning::default(),
        quality_tuning: &QualityTuning::parse(quality).unwrap(),
        prices: &Prices::parse(prices).unwrap(),
        namespace: NAMESPACE,
    })
}

pub(crate) fn scored(model: &str, component: Option<&str>, metrics: &[Metric]) -> StoredSeries {
    StoredSeries {
        series: Series {
            model_id: model.to_owned(),
            inference_component: component.map(str::to_owned),
        },
        seen: metrics.iter().map(|metric| (metric.to_string(), now())).collect(),
    }
}

fn all_metrics() -> Vec<Metric> {
    Metric::ALL.iter().map(|facts| facts.metric).collect()
}

fn pool_page(callers: usize) -> Dashboard {
    let pool = stored(callers, &ALL_QUOTAS);
    let scored: Vec<StoredSeries> =
        pool.series.iter().take(3).map(|model| scored(model, None, &all_metrics())).collect();
    with_known(PRICES, "", |known| Dashboard::of_pool(&pool, &scored, known))
}

/// A day of one call a minute of every caller: 1,000 input, 500 output, 100 cached tokens, 2 s.
fn a_day_of(pool: &StoredPool) -> MetricStore {
    let mut store = MetricStore::default();
    let start = now() - SignedDuration::from_hours(24);
    for model in &pool.series {
        for (metric, value) in [
            ("Invocations", 1.0),
            ("InputTokenCount", 1_000.0),
            ("OutputTokenCount", 500.0),
            ("CacheReadInputTokenCount", 100.0),
            ("CacheWriteInputTokenCount", 0.0),
            ("InvocationLatency", 2_000.0),
            ("TimeToFirstToken", 300.0),
            ("InvocationServerErrors", 0.0),
            ("InvocationClientErrors", 0.0),
            ("InvocationThrottles", 0.0),
            ("EstimatedTPMQuotaUsage", 1_500.0),
        ] {
            let key = MetricKey::new("AWS/Bedrock", metric, &[("ModelId", model)]);
            store.put_minutes(&key, start, &[value; 24 * 60]);
        }
        for metric in all_metrics() {
            let key = MetricKey::new(NAMESPACE, &metric.to_string(), &[("ModelId", model)]);
            store.put_minutes(&key, start, &[0.9; 24 * 60]);
        }
    }
    for metric in pool_metrics(std::slice::from_ref(pool)) {
        let dimensions: Vec<(&str, &str)> =
            metric.dimensions.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let key = MetricKey::new("LLMWatch/Quota", metric.name, &dimensions);
        store.put_value(&key, now() - SignedDuration::from_mins(30), metric.value);
    }
    put_costs(&mut store, pool);
    put_quota_use(&mut store, pool);
    store
}

/// What alarm-updater publishes of the hours of [`a_day_of`] that are within a day, each twice.
fn put_quota_use(store: &mut MetricStore, pool: &StoredPool) {
    let hours = hourly_cost::hours(now() + SignedDuration::from_mins(20));
    let mut used = quota_used::Used::default();
    for reading in quota_used::readings(std::slice::from_ref(pool), &hours) {
        let (start, end) = reading.stretch;
        let read = |wanted: &Wanted| {
            let source = QuerySource::Metric(MetricStat {
                key: wanted.metric.clone(),
                stat: wanted.statistic.parse().unwrap(),
                period_seconds: wanted.period_seconds,
            });
            let query =
                MetricDataQuery { id: "m".into(), source, returned: Returned::Yes, label: None };
            let window = Window { start, end, visible_until: now() };
            let found = evaluate(&[query], store, window).unwrap();
            Read::Known(found.into_iter().flat_map(|found| found.points).collect())
        };
        let values = reading.wanted.iter().map(read).collect();
        used.add(reading, values).unwrap();
    }
    for _ in 0..2 {
        for (hour, metric) in quota_used::metrics(std::slice::from_ref(pool), &used, &hours) {
            let dimensions: Vec<(&str, &str)> =
                metric.dimensions.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let key = MetricKey::new("LLMWatch/Quota", metric.name, &dimensions);
            store.put_value(&key, hour, metric.value);
        }
    }
}

/// What alarm-updater publishes of a day of [`a_day_of`], each hour twice.
fn put_costs(store: &mut MetricStore, pool: &StoredPool) {
    let hours: Vec<Timestamp> =
        (1..=24).map(|back| now() - SignedDuration::from_hours(back)).collect();
    let tokens = Tokens { input: 6e4, output: 3e4, cache_read: 6e3, cache_write: 0.0 };
    let by_hour: BTreeMap<Timestamp, Used> =
        hours.iter().map(|hour| (*hour, Used { tokens, invocations: 60.0 })).collect();
    let used = pool.series.iter().map(|caller| (caller.clone(), by_hour.clone())).collect();
    let prices = Prices::parse(PRICES).unwrap();
    for _ in 0..2 {
        for (hour, metric) in
            hourly_cost::metrics(std::slice::from_ref(pool), &prices, &used, &hours)
        {
            let dimensions = [("Pool", metric.dimensions[0].1.as_str())];
            let key = MetricKey::new("LLMWatch/Quota", metric.name, &dimensions);
            store.put_value(&key, hour, metric.value);
        }
    }
}

fn last_hour() -> Window {
    Window { start: now() - SignedDuration::from_hours(1), end: now(), visible_until: now() }
}

fn panel<'a>(page: &'a Dashboard, title: &str) -> &'a Panel {
    page.panels().find(|panel| panel.title == title).unwrap_or_else(|| panic!("no {title}"))
}

/// The last value of each curve of a panel, by label.
fn latest(
    page: &Dashboard,
    title: &str,
    store: &MetricStore,
    window: Window,
) -> Vec<(String, f64)> {
    let results = evaluate(panel(page, title).queries(), store, window).unwrap();
    results
        .into_iter()
        .map(|result| {
            let (_, value) = result.points.last().unwrap_or_else(|| panic!("{title} is empty"));
            (result.label, (value * 1e9).round() / 1e9)
        })
        .collect()
}

#[test]
fn cloudwatch_answers_every_chart_of_a_pool_and_none_is_empty() {
    for callers in [1, 2, 12] {
        let page = pool_page(callers);
        let store = a_day_of(&stored(callers, &ALL_QUOTAS));
        for panel in page.panels() {
            for result in evaluate(panel.queries(), &store, last_hour()).unwrap() {
                assert!(!result.points.is_empty(), "{}: {} is empty", panel.title, result.label);
            }
        }
    }
}

#[test]
fn the_numbers_are_those_of_the_seed() {
    let page = pool_page(2);
    let store = a_day_of(&stored(2, &ALL_QUOTAS));
    let check = |title: &str, expected: &[(&str, f64)]| {
        let expected: Vec<(String, f64)> =
            expected.iter().map(|(label, value)| ((*label).to_owned(), *value)).collect();
        assert_eq!(latest(&page, title, &store, last_hour()), expected, "{title}");
    };
    // Two callers, one call a minute each, of 1,000 a minute.
    check("RPM used", &[("used", 0.2)]);
    check(
        "RPM: used, quota and headroom",
        &[("used", 2.0), ("quota", 1_000.0), ("headroom", 998.0)],
    );
    check("TPM used", &[("used", 0.3)]);
    check(
        "Invocations in 5 minutes",
        &[("us.amazon.nova-lite-v1:0", 5.0), ("eu.amazon.nova-lite-v1:0", 5.0)],
    );
    check("Latency", &[("p50", 2e3), ("p90", 2e3), ("p99", 2e3), ("average", 2e3)]);
    check(
        "Tokens in 5 minutes",
        &[("input", 1e4), ("output", 5e3), ("cache read", 1e3), ("cache write", 0.0)],
    );
    check("Output tokens a second of a call", &[("output tokens a second", 250.0)]);
    // Ten calls in five minutes: 0.06 of 10,000 input, 0.24 of 5,000 output, 0.015 of 1,000 cached.
    let five_minutes = (0.06 * 1e4 + 0.24 * 5e3 + 0.015 * 1e3) / 1e6;
    let rounded = |value: f64| (value * 1e9).round() / 1e9;
    check("Cost an hour", &[("USD an hour", rounded(five_minutes * 12.0))]);
    check(
        "Cost of 1,000 invocations",
        &[("USD for 1,000 invocations", rounded(five_minutes * 100.0))],
    );
}

#[test]
fn a_day_holds_the_tokens_of_a_day() {
    let page = pool_page(1);
    let store = a_day_of(&stored(1, &ALL_QUOTAS));
    let midnight: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    let window = Window {
        start: midnight,
        end: midnight + SignedDuration::from_hours(24),
        visible_until: now(),
    };
    let found = latest(&page, "TPD: used, quota and headroom", &store, window);
    assert_eq!(found[0], ("used".to_owned(), 12.0 * 60.0 * 1_500.0));
}

#[test]
fn a_quota_that_changed_is_charted_as_it_was() {
    let pool = stored(1, &[(crate::quota::QuotaKind::Rpm, 1_000.0)]);
    let mut store = a_day_of(&pool);
    let was = MetricKey::new(
        "LLMWatch/Quota",
        "QuotaValue",
        &[("Pool", pool.pool.label().as_str()), ("Quota", "RPM")],
    );
    store.put_value(&was, now() - SignedDuration::from_mins(50), 500.0);
    let page = with_known(PRICES, "", |known| Dashboard::of_pool(&pool, &[], known));
    let results = evaluate(panel(&page, "RPM used").queries(), &store, last_hour()).unwrap();
    let values: Vec<f64> = results[0].points.iter().map(|(_, value)| *value).collect();
    // Before anything was published in view the smaller of the two stands in.
    assert_eq!(
        (values[0], values[10], values[29], values[30], values[59]),
        (0.2, 0.2, 0.2, 0.1, 0.1)
    );
}

#[test]
fn a_budget_is_drawn_only_where_there_is_one_and_its_alarm_is_on() {
    let pool = stored(1, &ALL_QUOTAS);
    let off = Tuning::parse(r#"{"*": {"HighHourlyCost": {"enabled": false}}}"#).unwrap();
    let without = PRICES.replace(r#""*": 2.5"#, "");
    for (prices, tuning, lines) in [
        (PRICES, &Tuning::default(), 1),
        (PRICES, &off, 0),
        (without.as_str(), &Tuning::default(), 0),
    ] {
        let page = with_known(prices, "", |known| {
            Dashboard::of_pool(&pool, &[], Known { tuning, ..known })
        });
        let Content::Chart(chart) = &panel(&page, "Cost an hour").content else { panic!() };
        assert_eq!(chart.lines.len(), lines, "{prices}");
    }
}

#[test]
fn a_components_budget_is_drawn_only_where_there_is_one_and_its_alarm_is_on() {
    let component = InferenceComponent::parse("chat-7b").unwrap();
    let budgeted = r#"{"endpoints": {"chat": 6}, "budgets": {"component.chat-*": 4}}"#;
    let without = r#"{"endpoints": {"chat": 6}, "budgets": {"component.embed": 4}}"#;
    let off = Tuning::parse(r#"{"component.*": {"HighHourlyCost": {"enabled": false}}}"#).unwrap();
    for (prices, tuning, expected) in [
        (budgeted, &Tuning::default(), vec![4.0]),
        (budgeted, &off, vec![]),
        (without, &Tuning::default(), vec![]),
    ] {
        let page = with_known(prices, "", |known| {
            Dashboard::of_component(&component, &[], Known { tuning, ..known })
        });
        let Content::Chart(chart) = &panel(&page, "Component cost an hour").content else {
            panic!()
        };
        let lines: Vec<f64> = chart.lines.iter().map(|line| line.value).collect();
        assert_eq!(lines, expected, "{prices}");
    }
}

#[test]
fn an_unknown_price_is_told_and_never_drawn_as_0() {
    let pool = stored(1, &ALL_QUOTAS);
    let page = with_known("", "", |known| Dashboard::of_pool(&pool, &[], known));
    let cost = panel(&page, "Cost: unknown");
    assert!(matches!(&cost.content, Content::Text(text) if text.contains("is not known")));
    assert!(page.panels().all(|panel| !panel.title.starts_with("Cost an hour")));

    let no_cache = r#"{"bedrock": {"amazon.nova-lite-v1:0": {"input": 0.06, "output": 0.24}}}"#;
    let page = with_known(no_cache, "", |known| Dashboard::of_pool(&pool, &[], known));
    let store = a_day_of(&pool);
    let found = evaluate(panel(&page, "Cost an hour").queries(), &store, last_hour()).unwrap();
    assert_eq!(found[0].points, [], "cached tokens without a price leave a gap");
}

#[test]
fn without_a_judge_the_page_says_so_and_draws_none_of_its_charts() {
    let pool = stored(1, &ALL_QUOTAS);
    let measured: Vec<Metric> =
        all_metrics().into_iter().filter(|metric| !metric.is_judged()).collect();
    let series = [scored(&pool.series[0], None, &measured)];
    let page = with_known("", "", |known| Dashboard::of_pool(&pool, &series, known));
    assert!(page.panels().any(|panel| panel.title == "Judge off"));
    assert!(page.panels().all(|panel| !panel.title.contains("judged")));
}

#[test]
fn alarms_begin_where_the_lines_are_drawn() {
    let lines = |page: &Dashboard, title: &str| -> Vec<String> {
        let Content::Chart(chart) = &panel(page, title).content else { panic!("{title}") };
        chart.lines.iter().map(|line| format!("{} {}", line.label, line.value)).collect()
    };
    let page = pool_page(2);
    for page in [Dashboard::overview(NAMESPACE), Dashboard::of_quantity()] {
        for (kind, alarms) in [
            ("RPM", ["HighInvocationRate warning 80", "InvocationRateAtLimit critical 95"]),
            ("TPM", ["HighTPMQuotaUsage warning 80", "TPMQuotaUsageAtLimit critical 95"]),
            ("TPD", ["HighTPDQuotaUsage warning 80", "TPDQuotaUsageAtLimit critical 95"]),
        ] {
            assert_eq!(lines(&page, &format!("{kind} used, by pool")), alarms);
        }
    }
    assert_eq!(
        lines(&page, "TPM used"),
        ["HighTPMQuotaUsage warning 80", "TPMQuotaUsageAtLimit critical 95"]
    );
    assert_eq!(
        lines(&page, "Errors and throttles in 5 minutes"),
        ["ServerErrors critical 5", "ClientErrors critical 5", "Throttles critical 5"]
    );
    assert_eq!(lines(&page, "Cost an hour"), ["budget, HighHourlyCost warning 2.5"]);
    assert_eq!(lines(&page, "Cost of 1,000 invocations"), [""; 0]);
    assert_eq!(lines(&page, "Latency"), ["HighLatency warning of the average 60000"]);
    assert_eq!(
        lines(&page, "Answers that refuse"),
        ["HighRefusal warning 0.2", "HighRefusal critical 0.5"]
    );

    let pool = stored(2, &ALL_QUOTAS);
    let series: Vec<StoredSeries> =
        pool.series.iter().map(|model| scored(model, None, &all_metrics())).collect();
    let tuned = r#"{"model.us.*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}"#;
    let page = with_known("", tuned, |known| Dashboard::of_pool(&pool, &series, known));
    assert_eq!(
        lines(&page, "Safety, judged"),
        [
            "LowSafety warning of us.amazon.nova-lite-v1:0 0.95",
            "LowSafety critical of us.amazon.nova-lite-v1:0 0.85",
            "LowSafety critical of eu.amazon.nova-lite-v1:0 0.8",
        ]
    );
}

#[test]
fn the_largest_page_stays_within_cloudwatchs_limits() {
    let page = pool_page(500);
    let all: usize = page.panels().map(|panel| panel.queries().len()).sum();
    assert!(all <= MAX_METRICS, "{all}");
    for panel in page.panels() {
        if !panel.queries().is_empty() {
            validate(panel.queries()).unwrap();
        }
        assert!(panel.queries().len() <= 500, "{}: {}", panel.title, panel.queries().len());
        for query in panel.queries() {
            if let QuerySource::Expression { text, .. } = &query.source {
                assert!(text.chars().count() <= 2_048, "{}", panel.title);
            }
        }
    }
    let body = body(&page, Place { region: "us-east-1" });
    assert!(body["widgets"].as_array().unwrap().len() <= MAX_WIDGETS);
}

#[test]
fn widgets_lie_beside_and_below_each_other() {
    let body = body(&pool_page(1), Place { region: "us-east-1" });
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let at = |member: &str| widget[member].as_u64().unwrap();
        for x in at("x")..at("x") + at("width") {
            for y in at("y")..at("y") + at("height") {
                assert!(x < 24 && taken.insert((x, y)), "two widgets at {x}, {y}");
            }
        }
    }
}

#[test]
fn a_widget_reads_like_its_panel() {
    let body = body(&pool_page(1), Place { region: "us-east-1" });
    let widgets = body["widgets"].as_array().unwrap();
    let used = widgets.iter().find(|widget| widget["properties"]["title"] == "RPM used").unwrap();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(used) });
    assert_eq!(body["periodOverride"], json!("inherit"));
    assert_eq!(body.get("variables"), None::<&Value>);
}

/// The widgets of a page's body of one type.
fn widgets_of(page: &Dashboard, kind: &str) -> Vec<Value> {
    let mut body = body(page, Place { region: "us-east-1" });
    let Value::Array(widgets) = body["widgets"].take() else { panic!() };
    widgets.into_iter().filter(|widget| widget["type"] == kind).collect()
}

/// The heading of a row in a page's body.
fn heading(page: &Dashboard, title: &str) -> Value {
    let start = format!("## {title}");
    let first = |widget: &Value| {
        widget["properties"]["markdown"].as_str().unwrap().lines().next().map(str::to_owned)
    };
    let mut texts = widgets_of(page, "text").into_iter();
    texts
        .find(|widget| first(widget) == Some(start.clone()))
        .unwrap_or_else(|| panic!("no {title}"))
}

/// A panel of Grafana's document.
fn in_grafana(page: &Dashboard, title: &str) -> Value {
    let model = grafana::json_model(page, "x");
    let mut panels = model["panels"].as_array().unwrap().iter();
    panels.find(|panel| panel["title"] == title).unwrap_or_else(|| panic!("no {title}")).clone()
}

#[test]
fn headroom_below_0_is_drawn() {
    let pages = [pool_page(1), Dashboard::of_quantity()];
    for (title, minimum) in [("RPM: used, quota and headroom", Value::Null), ("RPM used", json!(0))]
    {
        let widgets = widgets_of(&pages[0], "metric");
        let widget = widgets.iter().find(|of| of["properties"]["title"] == title).unwrap();
        assert_eq!(widget["properties"]["yAxis"]["left"]["min"], minimum, "{title}");
        let panel = in_grafana(&pages[1], title);
        assert_eq!(panel["fieldConfig"]["defaults"]["min"], minimum, "{title}");
    }
}

#[test]
fn every_way_to_look_says_that_the_judge_may_be_off() {
    let says = "Judged scores are blank while the judge is off";
    let overview = Dashboard::overview(NAMESPACE);
    for title in ["Quality by the judge", "Chosen model: Quality by the judge"] {
        let text = heading(&overview, title)["properties"]["markdown"].to_string();
        assert_eq!(text.matches(says).count(), 1, "{text}");
    }
    let measures = heading(&overview, "Quality by measures");
    assert!(!measures.to_string().contains(says), "{measures}");
    let grafana = Dashboard::of_quality(NAMESPACE);
    for (title, judged) in [
        ("Safety, judged", true),
        ("Calls judged in 15 minutes", true),
        ("Answers that refuse", false),
    ] {
        let panel = in_grafana(&grafana, title);
        let no_value = if judged { json!("judge off") } else { Value::Null };
        assert_eq!(panel["fieldConfig"]["defaults"]["noValue"], no_value, "{title}");
        assert_eq!(panel["description"].as_str().unwrap().contains(says), judged, "{title}");
    }
    let pool = stored(1, &ALL_QUOTAS);
    let series = [scored(&pool.series[0], None, &[Metric::Error])];
    let page = with_known("", "", |known| Dashboard::of_pool(&pool, &series, known));
    let told = |widget: &Value| widget.to_string().contains("**Judge off.**");
    assert!(widgets_of(&page, "text").iter().any(told));
}

#[test]
fn what_pools_cost_is_never_0_for_unknown() {
    let text = heading(&Dashboard::overview(NAMESPACE), "What pools cost").to_string();
    assert!(text.contains("its cost is unknown, not 0"), "{text}");
    let panel = in_grafana(&Dashboard::of_quantity(), "Cost an hour, by pool");
    assert_eq!(panel["fieldConfig"]["defaults"]["noValue"], "price unknown, not 0");
}

#[test]
fn a_heading_says_how_to_read_each_chart_of_its_row() {
    for page in [pool_page(2), Dashboard::overview(NAMESPACE)] {
        let texts = widgets_of(&page, "text");
        let all: String = texts.iter().map(|of| of["properties"]["markdown"].to_string()).collect();
        for panel in page.panels().filter(|panel| !panel.queries().is_empty()) {
            let said = json!(panel.says).to_string();
            assert!(!panel.says.is_empty() && all.contains(said.trim_matches('"')), "{said}");
        }
    }
    let quotas = heading(&pool_page(1), "Quotas");
    insta::assert_snapshot!(quotas["properties"]["markdown"].as_str().unwrap());
    // Seven lines of text, two to a row, below the title.
    assert_eq!(quotas["height"], 5);
}

#[test]
fn rules_of_grafana_on_gpus_begin_where_the_lines_are_drawn() {
    let page = Dashboard::of_quantity();
    let rules = grafana_alerts::provisioning(NAMESPACE);
    let groups = rules["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["name"] == "llmwatch gpu").unwrap();
    for (title, expected) in [
        ("GPU compute", &[(95.0, "warning")][..]),
        ("GPU memory", &[(80.0, "warning"), (95.0, "critical")]),
    ] {
        let Content::Chart(chart) = &panel(&page, &format!("{title} used")).content else {
            panic!()
        };
        let lines: Vec<(f64, &str)> = chart
            .lines
            .iter()
            .map(|line| (line.value, line.label.rsplit(' ').next().unwrap()))
            .collect();
        assert_eq!(lines, expected, "{title}");
        let about = format!("{title}: ");
        let of_title = group["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|rule| rule["title"].as_str().unwrap().starts_with(&about));
        let told: Vec<(String, String)> = of_title
            .map(|rule| {
                let condition = &rule["data"].as_array().unwrap().last().unwrap()["model"];
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (text(&condition["expression"]), text(&rule["labels"]["severity"]))
            })
            .collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(line, severity)| (format!("$B >= {line}"), (*severity).to_owned()))
            .collect();
        assert_eq!(told, expected, "{title}");
    }
}

#[test]
fn every_curve_has_a_label_and_what_is_hidden_none_needs() {
    for panel in pool_page(2).panels() {
        for query in panel.queries() {
            assert_eq!(query.label.is_some(), query.returned == Returned::Yes, "{}", panel.title);
        }
    }
}

#[test]
fn a_panel_of_grafana_reads_like_its_description() {
    let quantity = grafana::json_model(&Dashboard::of_quantity(), "llmwatch-quantity");
    let panels = quantity["panels"].as_array().unwrap();
    let used = panels.iter().find(|panel| panel["title"] == "RPM used").unwrap();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(used) });
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(quantity["templating"]) });
}

#[test]
fn panels_of_grafana_have_ids_and_places_of_their_own() {
    for page in [Dashboard::of_quantity(), Dashboard::of_quality(NAMESPACE)] {
        let model = grafana::json_model(&page, "x");
        let panels = model["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len());
        let mut taken = BTreeSet::new();
        for panel in panels {
            let at = |member: &str| panel["gridPos"][member].as_u64().unwrap();
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(x < 24 && taken.insert((x, y)), "{} overlaps", panel["title"]);
                }
            }
        }
    }
}
