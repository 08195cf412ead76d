//! What Grafana's CloudWatch data source asks for the checked-in dashboards and rules.
//!
//! A metric query becomes a request for one metric, or a search where a dimension is open, holds
//! several values or need not match exactly, as `buildSearchExpression` in Grafana's
//! `pkg/tsdb/cloudwatch/metric_data_query_builder.go` writes it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::dashboards;
use llmwatch_tests::shown::{self, Shown};
use llmwatch_tests::traffic::component::COMPONENT;
use serde_json::{Value, json};

use super::{Played, regional};

/// The values that stand for a variable's word, by the word.
type Held = BTreeMap<String, Vec<String>>;

/// The charts of a dashboard with what CloudWatch answers, the busy model, the component and this
/// pool being chosen.
pub(super) fn charts(played: &Played, file: &str, pool: &str) -> Vec<Value> {
    let path = format!("dashboards/grafana/{file}.json");
    let model: Value = serde_json::from_str(&checked_in(&path)).unwrap();
    let held = held(played, &model, pool);
    let panels = model["panels"].as_array().unwrap().iter();
    panels
        .filter(|panel| panel["type"] == "timeseries")
        .map(|panel| chart(played, &panel["title"], panel["targets"].as_array().unwrap(), &held))
        .collect()
}

/// The queries of the rules, each rule as a chart: those on errors in the minutes of the incident,
/// the others now.
pub(super) fn rules(played: &Played) -> Vec<Value> {
    let document: Value =
        serde_saphyr::from_str(&checked_in("dashboards/grafana/alerting.yaml")).unwrap();
    let mut all = Vec::new();
    for group in document["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let data = rule["data"].as_array().unwrap().iter();
            for query in data.filter(|part| part["datasourceUid"] != "__expr__") {
                let back = query["relativeTimeRange"]["from"].as_i64().unwrap();
                let until = match group["name"].as_str() {
                    Some("llmwatch errors") => played.incident + SignedDuration::from_mins(5),
                    _ => played.stage.now(),
                };
                let shown = Shown { until, back: SignedDuration::from_secs(back) };
                let asked = [asked(&query["model"], &Held::new())];
                let series = shown::answers(played.stage.world.calls(), &asked, shown).unwrap();
                let title = format!("{} {}", rule["uid"].as_str().unwrap(), query["refId"]);
                all.push(json!({ "title": title, "asked": [asked[0]["Id"]], "series": series }));
            }
        }
    }
    all
}

fn checked_in(path: &str) -> String {
    let files = dashboards::files().unwrap();
    files.into_iter().find(|(found, _)| *found == path).unwrap().1
}

/// What each variable holds: what is chosen, which must be among what it offers; all that it offers
/// where it holds several.
fn held(played: &Played, model: &Value, pool: &str) -> Held {
    let chosen =
        [("pool", pool.to_owned()), ("model", regional()), ("component", COMPONENT.to_owned())];
    let mut held = Held::new();
    for variable in model["templating"]["list"].as_array().unwrap() {
        if variable["query"]["queryType"] != "dimensionValues" {
            continue;
        }
        let name = variable["name"].as_str().unwrap();
        let offered = offered(played, &variable["query"], &held);
        let one = chosen.iter().find(|(of, _)| *of == name);
        let values = match one {
            Some((_, value)) => {
                assert!(offered.contains(value), "{name} offers {offered:?}");
                vec![value.clone()]
            }
            None => offered,
        };
        assert!(!values.is_empty(), "nothing is held by {name}");
        held.insert(format!("${name}"), values);
    }
    held
}

/// The values of a dimension of a metric, where the other dimensions have the values asked for.
fn offered(played: &Played, query: &Value, held: &Held) -> Vec<String> {
    let key = &query["dimensionKey"];
    let filters = query["dimensionFilters"].as_object().unwrap().iter();
    let mut dimensions: Vec<Value> = filters
        .map(|(name, value)| json!({ "Name": name, "Value": held[value.as_str().unwrap()][0] }))
        .collect();
    dimensions.push(json!({ "Name": key }));
    let input = json!({
        "Namespace": query["namespace"], "MetricName": query["metricName"],
        "Dimensions": dimensions,
    });
    let calls = played.stage.world.calls();
    let answer = calls.json(JsonService::CloudWatch, "ListMetrics", &input).unwrap();
    let metrics = answer["Metrics"].as_array().unwrap().iter();
    let values = metrics.flat_map(|metric| metric["Dimensions"].as_array().unwrap());
    let values = values.filter(|dimension| dimension["Name"] == *key);
    let mut values: Vec<String> =
        values.map(|dimension| dimension["Value"].as_str().unwrap().to_owned()).collect();
    values.sort();
    values.dedup();
    values
}

fn chart(played: &Played, title: &Value, targets: &[Value], held: &Held) -> Value {
    let queries: Vec<Value> = targets.iter().map(|target| asked(target, held)).collect();
    let series = shown::answers(played.stage.world.calls(), &queries, played.shown()).unwrap();
    let drawn = queries.iter().filter(|query| query["ReturnData"] == true);
    json!({ "title": title, "asked": drawn.map(|query| &query["Id"]).collect::<Vec<_>>(), "series": series })
}

/// A target as `GetMetricData` takes it.
fn asked(target: &Value, held: &Held) -> Value {
    let mut asked = json!({ "Id": target["id"], "ReturnData": target["hide"] != true });
    if let Some(expression) = target["expression"].as_str().filter(|text| !text.is_empty()) {
        // Where a variable stands in code it has one value.
        let put = |text: String, (word, values): (&String, &Vec<String>)| {
            text.replace(word.as_str(), &values[0])
        };
        asked["Expression"] = json!(held.iter().fold(expression.to_owned(), put));
        return asked;
    }
    let dimensions: BTreeMap<&String, Vec<String>> = target["dimensions"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            let word = value[0].as_str().unwrap();
            (name, held.get(word).cloned().unwrap_or_else(|| vec![word.to_owned()]))
        })
        .collect();
    let period: u32 = target["period"].as_str().unwrap().parse().unwrap();
    let is_open = |values: &Vec<String>| values.len() > 1 || values[0] == "*";
    if target["matchExact"] == true && !dimensions.values().any(is_open) {
        let dimensions = dimensions.iter();
        let dimensions: Vec<Value> =
            dimensions.map(|(name, values)| json!({ "Name": name, "Value": values[0] })).collect();
        asked["MetricStat"] = json!({
            "Metric": {
                "Namespace": target["namespace"], "MetricName": target["metricName"],
                "Dimensions": dimensions,
            },
            "Period": period, "Stat": target["statistic"],
        });
    } else {
        asked["Expression"] = json!(search(target, &dimensions, period));
    }
    asked
}

fn search(target: &Value, dimensions: &BTreeMap<&String, Vec<String>>, period: u32) -> String {
    let quoted = |text: &String| format!("\"{text}\"");
    let of = |values: &Vec<String>| match values.as_slice() {
        [only] => quoted(only),
        several => format!("({})", several.iter().map(quoted).collect::<Vec<_>>().join(" OR ")),
    };
    let (open, known): (Vec<_>, Vec<_>) =
        dimensions.iter().partition(|(_, values)| values.iter().any(|value| value == "*"));
    let mut terms = vec![format!("MetricName={}", target["metricName"])];
    terms.extend(known.iter().map(|(name, values)| format!("\"{name}\"={}", of(values))));
    let place = if target["matchExact"] == true {
        let names: String = dimensions.keys().map(|name| format!(",\"{name}\"")).collect();
        format!("{{{}{names}}}", target["namespace"])
    } else {
        terms.extend(open.iter().map(|(name, _)| format!("\"{name}\"")));
        format!("Namespace={}", target["namespace"])
    };
    let statistic = target["statistic"].as_str().unwrap();
    format!("REMOVE_EMPTY(SEARCH('{place} {}', '{statistic}', {period}))", terms.join(" "))
}
