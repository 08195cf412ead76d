//! A dashboard as Grafana imports it: the classic JSON model, with CloudWatch as data source.
//!
//! The model is that of Grafana's published types (npm `@grafana/schema`, `Dashboard` and the
//! CloudWatch query's `CloudWatchMetricsQuery`), against which `make check` holds the files. Data
//! source and Region are variables, so that a file imports into any Grafana, Amazon's too.

use serde_json::{Map, Value, json};

use super::{AlertLine, Bad, Chart, Choice, Content, Dashboard, Draw, Panel, Row, Unit};
use crate::alarm::Severity;
use crate::cloudwatch::query::{MetricDataQuery, QuerySource, Returned};

/// The version of the JSON model, Grafana 10.4's: later releases move it up by themselves.
const SCHEMA_VERSION: u32 = 39;

const COLUMNS: u32 = 24;
const CHART_ROWS: u32 = 8;
const HEADING_ROWS: u32 = 1;

/// The data source that the viewer chooses.
const DATA_SOURCE: &str = "${datasource}";

/// A dashboard as a JSON document; `uid` is its lasting name in URLs, at most 40 characters.
#[must_use]
pub fn json_model(dashboard: &Dashboard, uid: &str) -> Value {
    let mut panels = Vec::new();
    let mut top = 0;
    for row in &dashboard.rows {
        panels.push(json!({
            "type": "row", "title": row.title, "collapsed": false, "panels": [],
            "gridPos": position(0, top, COLUMNS, HEADING_ROWS),
        }));
        top = put_row(row, top + HEADING_ROWS, &mut panels);
    }
    for (id, panel) in (1..).zip(&mut panels) {
        panel["id"] = json!(id);
    }
    json!({
        "uid": uid,
        "title": dashboard.title,
        "tags": ["llmwatch"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "timezone": "utc",
        "refresh": "1m",
        "time": { "from": "now-12h", "to": "now" },
        "templating": { "list": variables(&dashboard.choices) },
        "annotations": { "list": [] },
        "links": [],
        "panels": panels,
    })
}

fn position(left: u32, top: u32, width: u32, height: u32) -> Value {
    json!({ "x": left, "y": top, "w": width, "h": height })
}

/// Panels from the left, on the next line where one does not fit; returns the row below.
fn put_row(row: &Row, top: u32, panels: &mut Vec<Value>) -> u32 {
    let (mut left, mut top) = (0, top);
    for panel in &row.panels {
        let columns = panel.width.columns();
        if left + columns > COLUMNS {
            (left, top) = (0, top + CHART_ROWS);
        }
        let mut drawn = match &panel.content {
            Content::Text(markdown) => json!({
                "type": "text",
                "options": { "mode": "markdown", "content": markdown },
            }),
            Content::Chart(chart) => time_series(panel, chart),
        };
        drawn["title"] = json!(panel.title);
        drawn["gridPos"] = position(left, top, columns, CHART_ROWS);
        panels.push(drawn);
        left += columns;
    }
    top + CHART_ROWS
}

fn variables(choices: &[Choice]) -> Vec<Value> {
    let mut all = vec![
        json!({
            "type": "datasource", "name": "datasource", "label": "Data source",
            "query": "cloudwatch", "refresh": 1, "hide": 0, "multi": false, "includeAll": false,
            "options": [],
        }),
        json!({
            "type": "query", "name": "region", "label": "Region", "datasource": data_source(),
            "query": variable_query("regions", &[]), "refresh": 1, "sort": 1, "hide": 0,
            "multi": false, "includeAll": false, "options": [],
        }),
    ];
    all.extend(choices.iter().map(|choice| variable(*choice)));
    all
}

/// One that holds several values is not shown: what it holds follows from another choice.
fn variable(choice: Choice) -> Value {
    let Choice { name, label, dimension, namespace, metric, of, .. } = choice;
    let filters: Map<String, Value> = of
        .iter()
        .map(|(dimension, other)| ((*dimension).to_owned(), json!(format!("${other}"))))
        .collect();
    let query = variable_query(
        "dimensionValues",
        &[
            ("namespace", json!(namespace)),
            ("region", json!("$region")),
            ("metricName", json!(metric)),
            ("dimensionKey", json!(dimension)),
            ("dimensionFilters", Value::Object(filters)),
        ],
    );
    let mut variable = json!({
        "type": "query", "name": name, "label": label, "datasource": data_source(), "query": query,
        "refresh": 2, "sort": 1, "hide": 0, "multi": false, "includeAll": false, "options": [],
    });
    if choice.of.is_some() {
        variable["hide"] = json!(2);
        variable["multi"] = json!(true);
        variable["includeAll"] = json!(true);
        variable["current"] = json!({ "text": ["All"], "value": ["$__all"], "selected": true });
    }
    variable
}

fn variable_query(kind: &str, members: &[(&str, Value)]) -> Value {
    let mut query = json!({ "queryType": kind, "refId": "llmwatch" });
    for (name, value) in members {
        query[*name] = value.clone();
    }
    query
}

fn data_source() -> Value {
    json!({ "type": "cloudwatch", "uid": DATA_SOURCE })
}

fn time_series(panel: &Panel, chart: &Chart) -> Value {
    let targets: Vec<Value> =
        chart.queries.iter().enumerate().map(|(at, query)| target(at, query)).collect();
    json!({
        "type": "timeseries",
        "description": description(panel, chart),
        "datasource": data_source(),
        "targets": targets,
        "fieldConfig": { "defaults": defaults(chart), "overrides": [] },
        "options": {
            "legend": {
                "displayMode": "table", "placement": "bottom", "showLegend": true,
                "calcs": ["lastNotNull", "max"],
            },
            "tooltip": { "mode": "multi", "sort": "desc" },
        },
    })
}

fn defaults(chart: &Chart) -> Value {
    let mut defaults = json!({
        "unit": unit(chart.unit),
        "custom": custom(chart),
        "thresholds": { "mode": "absolute", "steps": steps(&chart.lines) },
    });
    if let Some(minimum) = chart.draw.axis_minimum() {
        defaults["min"] = json!(minimum);
    }
    if let Some(blank) = chart.blank {
        defaults["noValue"] = json!(blank.short());
    }
    defaults
}

/// Grafana draws lines without words, so the words stand in the description.
fn description(panel: &Panel, chart: &Chart) -> String {
    let lines: Vec<String> =
        chart.lines.iter().map(|line| format!("{} at {}", line.label, line.value)).collect();
    let lines = (!lines.is_empty()).then(|| format!("Lines: {}.", lines.join("; ")));
    let blank = chart.blank.map(|blank| blank.sentence().to_owned());
    [Some(panel.says.clone()), blank, lines].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn custom(chart: &Chart) -> Value {
    let stacked = chart.draw == Draw::Stacked;
    json!({
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": if stacked { 25 } else { 0 },
        "showPoints": "auto",
        "spanNulls": false,
        "stacking": { "mode": if stacked { "normal" } else { "none" }, "group": "A" },
        "thresholdsStyle": { "mode": if chart.lines.is_empty() { "off" } else { "line" } },
    })
}

/// Steps from below: each colour holds from its value up. A line whose bad side is below colours
/// what is under it.
fn steps(lines: &[AlertLine]) -> Vec<Value> {
    let mut sorted: Vec<&AlertLine> = lines.iter().collect();
    sorted.sort_by(|a, b| a.value.total_cmp(&b.value));
    let colour = |line: &AlertLine| match line.severity {
        Severity::Warning => "orange",
        Severity::Critical => "red",
    };
    let below: Vec<&AlertLine> =
        sorted.iter().copied().filter(|line| line.bad == Bad::Below).collect();
    let above = sorted.iter().copied().filter(|line| line.bad == Bad::Above);
    let mut steps = Vec::new();
    let mut from = Value::Null;
    for line in below {
        steps.push(json!({ "color": colour(line), "value": from }));
        from = json!(line.value);
    }
    steps.push(json!({ "color": "green", "value": from }));
    steps.extend(above.map(|line| json!({ "color": colour(line), "value": line.value })));
    steps
}

/// Source: the ids of Grafana's units, `packages/grafana-data/src/valueFormats/categories.ts`.
fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "short",
        Unit::PerSecond => "cps",
        Unit::Percent => "percent",
        Unit::Ratio => "none",
        Unit::Milliseconds => "ms",
        Unit::Microseconds => "µs",
        Unit::Seconds => "s",
        Unit::Dollars => "currencyUSD",
    }
}

/// One query. An expression is written as code; a metric as the editor's fields, so that a viewer
/// can change it.
fn target(at: usize, query: &MetricDataQuery) -> Value {
    let mut target = json!({
        "refId": reference(at),
        "id": query.id,
        "datasource": data_source(),
        "queryMode": "Metrics",
        "metricQueryType": 0,
        "region": "$region",
        "hide": query.returned == Returned::No,
        "label": query.label.as_deref().unwrap_or_default(),
    });
    let members = match &query.source {
        QuerySource::Expression { text, .. } => json!({
            "metricEditorMode": 1, "expression": text, "namespace": "", "metricName": "",
            "dimensions": {}, "statistic": "Average", "period": "", "matchExact": true,
        }),
        QuerySource::Metric(metric) => {
            let dimensions: Map<String, Value> = metric
                .key
                .dimensions
                .iter()
                .map(|(name, value)| (name.clone(), json!([value])))
                .collect();
            // A variable of several values becomes a search either way; with one value only this
            // keeps it one, so that the expressions over it always have an array.
            let several =
                metric.key.dimensions.values().any(|value| value == &Choice::CALLERS.word());
            json!({
                "metricEditorMode": 0, "expression": "", "namespace": metric.key.namespace,
                "metricName": metric.key.name, "dimensions": dimensions,
                "statistic": metric.stat.to_string(), "period": metric.period_seconds.to_string(),
                "matchExact": !several,
            })
        }
    };
    if let (Value::Object(target), Value::Object(members)) = (&mut target, members) {
        target.extend(members);
    }
    target
}

/// A, B … Z, AA, AB …
fn reference(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    if at < 26 {
        letter(at).to_string()
    } else {
        format!("{}{}", reference(at / 26 - 1), letter(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_go_on_after_z() {
        for (at, expected) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")]
        {
            assert_eq!(reference(at), expected);
        }
    }

    #[test]
    fn colours_hold_from_their_line_up_and_below_a_floor() {
        let line = |value, severity, bad| AlertLine { label: String::new(), value, severity, bad };
        let colours = |lines: &[AlertLine]| -> Vec<String> {
            steps(lines).iter().map(|step| format!("{} {}", step["color"], step["value"])).collect()
        };
        assert_eq!(
            colours(&[
                line(95.0, Severity::Critical, Bad::Above),
                line(80.0, Severity::Warning, Bad::Above),
            ]),
            ["\"green\" null", "\"orange\" 80.0", "\"red\" 95.0"]
        );
        assert_eq!(
            colours(&[
                line(0.95, Severity::Warning, Bad::Below),
                line(0.85, Severity::Critical, Bad::Below),
            ]),
            ["\"red\" null", "\"orange\" 0.85", "\"green\" 0.95"]
        );
    }
}
