//! A dashboard as CloudWatch takes it: `DashboardBody`.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Dashboard-Body-Structure.html>:
//! at most 500 widgets, and 500 metrics and expressions a widget.
//!
//! What the viewer chooses is a variable of the type `pattern`: CloudWatch replaces its regular
//! expression by the chosen value wherever it stands in the body, headings and labels included. (A
//! variable of the type `property` would set dimensions only, and leave headings and searches.) The
//! value is put in as it is: one with `"` or `\` would break the JSON, one with `(` or `)` a search.
//! No id of a model and no name of a component has them.

mod heading;

use serde_json::{Map, Value, json};

use super::{AlertLine, Bad, Chart, Choice, Content, Dashboard, Draw, Panel, Row};
use crate::alarm::Severity;
use crate::cloudwatch::query::{MetricDataQuery, QuerySource, Returned};

/// Widgets of one dashboard; what is beyond is left out, from the end.
pub const MAX_WIDGETS: usize = 500;

/// Metrics of one dashboard, over all its widgets.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>.
pub const MAX_METRICS: usize = 2_500;

/// Columns of the grid.
const COLUMNS: u32 = 24;

/// Rows of a chart.
const CHART_ROWS: u32 = 6;

/// Where metrics are: the Region, as a value or as a template's reference to it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// For example `us-east-1`, or `${AWS::Region}` in a template.
    pub region: &'a str,
}

/// The body of a dashboard.
#[must_use]
pub fn body(dashboard: &Dashboard, place: Place<'_>) -> Value {
    let mut widgets = Vec::new();
    let mut top = 0;
    for row in &dashboard.rows {
        let (markdown, height) = heading::of(row);
        widgets.push(text(&markdown, top, height));
        top = put_row(row, top + height, place, &mut widgets);
    }
    widgets.truncate(MAX_WIDGETS);
    let mut body = Map::new();
    // Periods are the panels' own: what a quota counts in a minute is nothing per five minutes.
    body.insert("periodOverride".to_owned(), json!("inherit"));
    body.insert("start".to_owned(), json!("-PT12H"));
    if !dashboard.choices.is_empty() {
        let variables = dashboard.choices.iter().map(|choice| variable(*choice));
        body.insert("variables".to_owned(), variables.collect());
    }
    let mut widgets = Value::Array(widgets);
    put_patterns(&mut widgets, &dashboard.choices);
    body.insert("widgets".to_owned(), widgets);
    Value::Object(body)
}

/// The pattern of each choice where its word stands.
fn put_patterns(value: &mut Value, choices: &[Choice]) {
    match value {
        Value::String(text) => {
            for choice in choices {
                *text = text.replace(&choice.word(), &choice.pattern());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_patterns(item, choices)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| put_patterns(member, choices));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A variable whose pattern is replaced by the chosen value across the body.
fn variable(choice: Choice) -> Value {
    let Choice { name, label, dimension, namespace, metric, .. } = choice;
    json!({
        "type": "pattern",
        "pattern": choice.pattern(),
        "inputType": "select",
        "id": name,
        "label": label,
        "defaultValue": "__FIRST",
        "visible": true,
        "search": format!("{{\"{namespace}\",\"{dimension}\"}} MetricName=\"{metric}\""),
        "populateFrom": dimension,
    })
}

fn text(markdown: &str, top: u32, height: u32) -> Value {
    json!({
        "type": "text", "x": 0, "y": top, "width": COLUMNS, "height": height,
        "properties": { "markdown": markdown, "background": "transparent" },
    })
}

/// Panels from the left, on the next line where one does not fit; returns the row below.
fn put_row(row: &Row, top: u32, place: Place<'_>, widgets: &mut Vec<Value>) -> u32 {
    let (mut left, mut top) = (0, top);
    for panel in &row.panels {
        let columns = panel.width.columns();
        if left + columns > COLUMNS {
            (left, top) = (0, top + CHART_ROWS);
        }
        widgets.push(widget(panel, (left, top), place));
        left += columns;
    }
    top + CHART_ROWS
}

fn widget(panel: &Panel, (left, top): (u32, u32), place: Place<'_>) -> Value {
    let (kind, properties) = match &panel.content {
        Content::Text(markdown) => ("text", json!({ "markdown": markdown })),
        Content::Chart(chart) => ("metric", chart_properties(panel, chart, place)),
    };
    json!({
        "type": kind, "x": left, "y": top, "width": panel.width.columns(), "height": CHART_ROWS,
        "properties": properties,
    })
}

fn chart_properties(panel: &Panel, chart: &Chart, place: Place<'_>) -> Value {
    let lines: Vec<Value> = chart.lines.iter().map(annotation).collect();
    let mut axis = json!({ "label": chart.unit.word(), "showUnits": false });
    if let Some(minimum) = chart.draw.axis_minimum() {
        axis["min"] = json!(minimum);
    }
    json!({
        "title": panel.title,
        "view": "timeSeries",
        "stacked": chart.draw == Draw::Stacked,
        "region": place.region,
        "metrics": chart.queries.iter().map(metric).collect::<Vec<_>>(),
        "annotations": { "horizontal": lines },
        "yAxis": { "left": axis },
        "legend": { "position": "bottom" },
    })
}

fn annotation(line: &AlertLine) -> Value {
    json!({
        "label": line.label,
        "value": line.value,
        "color": match line.severity {
            Severity::Warning => "#ff7f0e",
            Severity::Critical => "#d62728",
        },
        "fill": match line.bad {
            Bad::Above => "above",
            Bad::Below => "below",
        },
    })
}

/// One entry of `metrics`.
fn metric(query: &MetricDataQuery) -> Value {
    let visible = query.returned == Returned::Yes;
    match &query.source {
        QuerySource::Expression { text, period_seconds } => {
            let mut options = json!({ "expression": text, "id": query.id, "visible": visible });
            if let Some(label) = &query.label {
                options["label"] = json!(label);
            }
            if let Some(period) = period_seconds {
                options["period"] = json!(period);
            }
            json!([options])
        }
        QuerySource::Metric(metric) => {
            let mut entry = vec![json!(metric.key.namespace), json!(metric.key.name)];
            for (name, value) in &metric.key.dimensions {
                entry.extend([json!(name), json!(value)]);
            }
            let mut options = json!({
                "id": query.id,
                "stat": metric.stat.to_string(),
                "period": metric.period_seconds,
                "visible": visible,
            });
            if let Some(label) = &query.label {
                options["label"] = json!(label);
            }
            entry.push(options);
            Value::Array(entry)
        }
    }
}
