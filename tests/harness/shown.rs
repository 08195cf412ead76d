//! CloudWatch dashboards as a person sees them: the body that CloudWatch keeps, with what the viewer
//! chose put in, and the values that CloudWatch answers to its widgets.
//!
//! Nothing of what a page shows is known here: all of it is read from the body.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::aws_call::{AwsCalls, JsonService};
use crate::broken::Broken;

/// Columns of CloudWatch's grid.
const COLUMNS: u64 = 24;

/// A metric's period where neither it nor its widget says one.
const DEFAULT_PERIOD: u64 = 300;

/// The time that a page shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Its end; values are asked for up to the five minutes before.
    pub until: Timestamp,
    /// How far back it goes.
    pub back: SignedDuration,
}

/// The names of the dashboards whose names begin so.
///
/// # Errors
///
/// When CloudWatch refuses.
pub fn names(calls: &AwsCalls, beginning: &str) -> Result<Vec<String>, Broken> {
    let input = json!({ "DashboardNamePrefix": beginning });
    let listed = calls.json(JsonService::CloudWatch, "ListDashboards", &input)?;
    let entries = listed["DashboardEntries"].as_array().into_iter().flatten();
    Ok(entries.filter_map(|entry| entry["DashboardName"].as_str().map(str::to_owned)).collect())
}

/// The body of a dashboard, as CloudWatch keeps it.
///
/// # Errors
///
/// When there is no such dashboard, or its body is no JSON.
pub fn body(calls: &AwsCalls, name: &str) -> Result<Value, Broken> {
    let input = json!({ "DashboardName": name });
    let got = calls.json(JsonService::CloudWatch, "GetDashboard", &input)?;
    let text = got["DashboardBody"].as_str().unwrap_or_default();
    serde_json::from_str(text).map_err(|_| unexpected(name, "DashboardBody that is JSON", text))
}

/// The widgets of a body for a viewer who chose a value for each variable, by the variable's id.
///
/// A variable of the type `pattern` replaces its pattern across the widgets, and nothing else; its
/// value must be one that the variable's search offers.
///
/// # Errors
///
/// When a variable is of another type, nothing is chosen for it, or its search does not offer that.
pub fn widgets(
    calls: &AwsCalls,
    body: &Value,
    chosen: &[(&str, &str)],
) -> Result<Vec<Value>, Broken> {
    let mut text = body["widgets"].to_string();
    for variable in body["variables"].as_array().into_iter().flatten() {
        let id = variable["id"].as_str().unwrap_or_default();
        let value = chosen.iter().find(|(name, _)| *name == id).map(|(_, value)| *value);
        let pattern = variable["pattern"].as_str().filter(|_| variable["type"] == "pattern");
        let (Some(value), Some(pattern)) = (value, pattern) else {
            return Err(unexpected(id, "a pattern and a choice", &variable.to_string()));
        };
        let offered = offered(calls, variable)?;
        if !offered.iter().any(|one| one == value) {
            return Err(unexpected(id, "the chosen value among its own", &offered.join(", ")));
        }
        text = text.replace(pattern, value);
    }
    serde_json::from_str(&text).map_err(|_| unexpected("the chosen values", "JSON", &text))
}

/// The values that a variable offers: what its search finds of one dimension.
fn offered(calls: &AwsCalls, variable: &Value) -> Result<Vec<String>, Broken> {
    let [search, dimension] =
        ["search", "populateFrom"].map(|member| variable[member].as_str().unwrap_or_default());
    let now = crate::control::Control(calls).now()?;
    let until: Timestamp = now.parse().map_err(|_| unexpected("the clock", "a time", &now))?;
    let query = json!({
        "Id": "offered",
        "Expression": format!("SEARCH('{search}', 'Sum', 300)"),
        "Label": format!("${{PROP('Dim.{dimension}')}}"),
    });
    let series = answers(calls, &[query], Shown { until, back: SignedDuration::from_hours(3) })?;
    Ok(series.iter().filter_map(|one| one["label"].as_str().map(str::to_owned)).collect())
}

/// The page that widgets make, with the values that CloudWatch answers: `start` and `end` in
/// milliseconds, and `rows` of `panels` with their `series` and the ids of the queries `asked` for them. A text over the whole breadth that
/// begins with `## ` is the heading of a row.
///
/// # Errors
///
/// When CloudWatch refuses a widget's queries.
pub fn page(calls: &AwsCalls, widgets: &[Value], shown: Shown) -> Result<Value, Broken> {
    let mut rows: Vec<Value> = Vec::new();
    for widget in widgets {
        let markdown = widget["properties"]["markdown"].as_str();
        if let Some(heading) = markdown.and_then(|text| text.strip_prefix("## ")) {
            let (title, says) = heading.split_once('\n').unwrap_or((heading, ""));
            rows.push(json!({ "title": title, "says": says.trim(), "panels": [] }));
            continue;
        }
        let panel = panel(calls, widget, shown)?;
        match rows.last_mut().and_then(|row| row["panels"].as_array_mut()) {
            Some(panels) => panels.push(panel),
            None => rows.push(json!({ "title": "", "says": "", "panels": [panel] })),
        }
    }
    let start = shown.until - shown.back;
    let (start, end) = (start.as_millisecond(), shown.until.as_millisecond());
    Ok(json!({ "start": start, "end": end, "rows": rows }))
}

fn panel(calls: &AwsCalls, widget: &Value, shown: Shown) -> Result<Value, Broken> {
    let properties = &widget["properties"];
    let width = widget["width"].as_u64().unwrap_or(COLUMNS);
    if let Some(markdown) = properties["markdown"].as_str() {
        return Ok(json!({ "title": "", "width": width, "text": markdown }));
    }
    let queries = queries(properties);
    let drawn = queries.iter().filter(|query| query["ReturnData"] == true);
    Ok(json!({
        "title": properties["title"],
        "width": width,
        "unit": properties["yAxis"]["left"]["label"],
        "stacked": properties["stacked"],
        "step": longest_period(&queries) * 1_000,
        "lines": properties["annotations"]["horizontal"],
        "asked": drawn.map(|query| &query["Id"]).collect::<Vec<_>>(),
        "series": answers(calls, &queries, shown)?,
    }))
}

/// The metrics of a widget, as `GetMetricData` takes them.
#[must_use]
pub fn queries(properties: &Value) -> Vec<Value> {
    let default = properties["period"].as_u64().unwrap_or(DEFAULT_PERIOD);
    let query = |entry: &Value| {
        let entry = entry.as_array().map_or(&[][..], Vec::as_slice);
        let (options, metric) = entry.split_last().unwrap_or((&Value::Null, &[]));
        let visible = options["visible"].as_bool().unwrap_or(true);
        let mut query = json!({ "Id": options["id"], "ReturnData": visible });
        if options["label"].is_string() {
            query["Label"] = options["label"].clone();
        }
        if options["expression"].is_string() {
            query["Expression"] = options["expression"].clone();
            if options["period"].is_u64() {
                query["Period"] = options["period"].clone();
            }
            return query;
        }
        let dimensions = metric.get(2..).unwrap_or_default().chunks_exact(2);
        let dimensions: Vec<Value> =
            dimensions.map(|pair| json!({ "Name": pair[0], "Value": pair[1] })).collect();
        query["MetricStat"] = json!({
            "Metric": {
                "Namespace": metric.first(),
                "MetricName": metric.get(1),
                "Dimensions": dimensions,
            },
            "Period": options["period"].as_u64().unwrap_or(default),
            "Stat": options["stat"],
        });
        query
    };
    properties["metrics"].as_array().into_iter().flatten().map(query).collect()
}

/// The curves that CloudWatch answers: each with its label and points of time, in milliseconds, and
/// value.
///
/// # Errors
///
/// When CloudWatch refuses the queries.
pub fn answers(calls: &AwsCalls, queries: &[Value], shown: Shown) -> Result<Vec<Value>, Broken> {
    let (start, end) = window(queries, shown);
    let input = json!({
        "MetricDataQueries": queries,
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampAscending",
    });
    let answer = calls.json(JsonService::CloudWatch, "GetMetricData", &input)?;
    let curve = |result: &Value| {
        let times = result["Timestamps"].as_array().into_iter().flatten();
        let values = result["Values"].as_array().into_iter().flatten();
        let points = times.filter_map(Value::as_f64).zip(values.filter_map(Value::as_f64));
        let points: Vec<[f64; 2]> = points.map(|(at, value)| [at * 1_000.0, value]).collect();
        json!({ "id": result["Id"], "label": result["Label"], "points": points })
    };
    Ok(answer["MetricDataResults"].as_array().into_iter().flatten().map(curve).collect())
}

/// What is asked for, in seconds: whole periods, because `GetMetricData` counts them from its start.
/// Of periods up to five minutes the one that is not over is left out; of longer ones it is shown.
fn window(queries: &[Value], shown: Shown) -> (i64, i64) {
    let period = i64::try_from(longest_period(queries)).unwrap_or(i64::MAX);
    let end = shown.until.as_second();
    let over = end.div_euclid(300) * 300;
    let start = (over - shown.back.as_secs()).div_euclid(period) * period;
    let end = if period > 300 { (end.div_euclid(period) + 1) * period } else { over };
    (start, end)
}

/// The longest period of queries, in seconds.
fn longest_period(queries: &[Value]) -> u64 {
    let period = |query: &Value| {
        let own = query["MetricStat"]["Period"].as_u64().or_else(|| query["Period"].as_u64());
        own.or_else(|| searched_period(query["Expression"].as_str()?))
    };
    queries.iter().filter_map(period).max().unwrap_or(DEFAULT_PERIOD)
}

/// The period within `SEARCH('…', 'Sum', 300)`.
fn searched_period(expression: &str) -> Option<u64> {
    let after = expression.split("SEARCH(").nth(1)?.rsplit("', ").next()?;
    after.split(')').next()?.parse().ok()
}

/// The charts of a page: all its panels but texts.
pub fn charts(page: &Value) -> impl Iterator<Item = &Value> {
    let rows = page["rows"].as_array().into_iter().flatten();
    rows.flat_map(|row| row["panels"].as_array().into_iter().flatten())
        .filter(|panel| panel.get("series").is_some())
}

/// Whether a chart has no curve with a point.
#[must_use]
pub fn is_empty(chart: &Value) -> bool {
    let mut series = chart["series"].as_array().into_iter().flatten();
    series.all(|one| one["points"].as_array().is_none_or(Vec::is_empty))
}

fn unexpected(of: &str, expected: &'static str, body: &str) -> Broken {
    Broken::Unexpected { call: format!("reading {of}"), expected, body: body.to_owned() }
}
