//! What people look at: the dashboards drawn from the local CloudWatch, as pages and pictures.
//!
//! The panels are those that CloudWatch and Grafana get; their queries are asked of the local
//! CloudWatch as they stand, and drawn with ECharts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::pool_metrics;
use llmwatch_core::alarm::tuning::{self, Tuning};
use llmwatch_core::cloudwatch::query::{MetricDataQuery, QuerySource, Returned};
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::dashboard::quality::{self, Scored};
use llmwatch_core::dashboard::{self, AlertLine, Bad, Content, Dashboard, Draw, Known, Panel, Row};
use llmwatch_core::pool::{Pool, Scope};
use llmwatch_core::price::{self, Prices};
use llmwatch_core::quality::NAMESPACE;
use llmwatch_core::quality::alarm::tuning as quality_tuning;
use llmwatch_core::quality::alarm::tuning::QualityTuning;
use llmwatch_core::quality::series::StoredSeries;
use llmwatch_core::quota::QuotaKind;
use llmwatch_core::stored::StoredPool;
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::traffic::{self, BUSY_MODEL, quota};
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

use crate::readings;

/// How far back the pages look.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(4);

/// For how many hours before the incident quotas are seeded as published.
const HOURS_PUBLISHED: i64 = 24;

/// Where the charting library is installed, and where pages go, in the repository.
const LIBRARY: &str = "tests/demo/sight/node_modules/echarts/dist/echarts.min.js";
const PAGES: &str = "target/sight";

/// A drawn page.
pub(crate) struct Drawn {
    /// The page.
    pub(crate) html: PathBuf,
    /// Its picture, where Chromium is installed.
    pub(crate) picture: Option<PathBuf>,
    /// How many charts it has.
    pub(crate) charts: usize,
    /// The titles of those without a value.
    pub(crate) empty: Vec<String>,
}

/// The drawn pool's quotas as hourly runs would have published them before the incident, for the
/// seed: the runs of the demo itself fall into two minutes.
pub(crate) fn quota_history(incident: Timestamp) -> Value {
    let pool = Pool { scope: Scope::CrossRegion, model: BUSY_MODEL.to_owned() }.label();
    let quotas = traffic::quotas();
    let hourly = |kind: QuotaKind, code: &str| {
        let quota = quotas.as_array().into_iter().flatten().find(|quota| quota["code"] == code);
        let value = quota.and_then(|quota| quota["applied"].as_f64());
        json!({
            "namespace": pool_metrics::NAMESPACE,
            "name": pool_metrics::QUOTA_VALUE,
            "dimensions": { "Pool": pool.as_str(), "Quota": kind.abbreviation() },
            "start": (incident - SignedDuration::from_hours(HOURS_PUBLISHED)).to_string(),
            "step_seconds": 3600,
            "values": (0..HOURS_PUBLISHED).map(|_| value).collect::<Vec<_>>(),
        })
    };
    json!({ "metrics": [
        hourly(QuotaKind::Tpm, quota::BUSY_TPM),
        hourly(QuotaKind::Rpm, quota::BUSY_RPM),
    ] })
}

/// Draws the pages of the busy pool, of the inference component, and of all scored models.
pub(crate) fn draw(world: &World, now: Timestamp) -> Result<Vec<Drawn>, Broken> {
    let library = world.places().repository.join(LIBRARY);
    let library = std::fs::read_to_string(library).map_err(Broken::io("reading ECharts"))?;
    let directory = world.places().repository.join(PAGES);
    std::fs::create_dir_all(&directory).map_err(Broken::io("making target/sight"))?;
    let mut drawn = Vec::new();
    for (name, dashboard) in dashboards(world)? {
        let page = values(world, &dashboard, now)?;
        let html = directory.join(format!("{name}.html"));
        std::fs::write(&html, html_of(&dashboard.title, &page, &library))
            .map_err(Broken::io("writing the page"))?;
        let charts: Vec<&Value> = charts(&page).collect();
        let has_none = |panel: &&&Value| series_of(panel).all(|points| points.is_empty());
        let empty = charts.iter().filter(has_none);
        drawn.push(Drawn {
            picture: picture(&html, rows_high(&dashboard)),
            html,
            charts: charts.len(),
            empty: empty.filter_map(|panel| panel["title"].as_str().map(str::to_owned)).collect(),
        });
    }
    Ok(drawn)
}

fn dashboards(world: &World) -> Result<Vec<(&'static str, Dashboard)>, Broken> {
    let setting = |name: &str| world.parameter(&format!("settings/{name}"));
    let tuning = Tuning::parse(&setting(tuning::SETTING)?.unwrap_or_default()).unwrap_or_default();
    let quality_tuned = setting(quality_tuning::SETTING)?.unwrap_or_default();
    let quality_tuning = QualityTuning::parse(&quality_tuned).unwrap_or_default();
    let prices = Prices::parse(&setting(price::SETTING)?.unwrap_or_default()).unwrap_or_default();
    let scored = readings::scored_series(world)?;
    let known = Known {
        tuning: &tuning,
        quality_tuning: &quality_tuning,
        prices: &prices,
        namespace: NAMESPACE,
    };
    let pools = readings::stored_pools(world)?;
    let pool = pools.iter().find(|pool: &&StoredPool| pool.pool.model == BUSY_MODEL);
    let quantity = pool.map(|pool| ("quantity", Dashboard::of_pool(pool, &scored, known)));
    let component = of_component(known).map(|page| ("component", page));
    let quality = ("quality", side_by_side(&scored, known));
    Ok(quantity.into_iter().chain(component).chain([quality]).collect())
}

/// The page of the inference component, and the GPUs and instances it stands on.
fn of_component(known: Known<'_>) -> Option<Dashboard> {
    let component = InferenceComponent::parse(traffic::component::COMPONENT)?;
    let mut page = Dashboard::of_component(&component, &[], known);
    page.rows.extend(dashboard::component::every_component_rows());
    Some(page)
}

/// The quality of every scored model, side by side.
fn side_by_side(scored: &[StoredSeries], known: Known<'_>) -> Dashboard {
    let mut rows: Vec<Row> =
        quality::rows(Scored::These(scored), known.quality_tuning, known.namespace);
    rows.push(quality::scorer_row(known.namespace));
    Dashboard { title: "Quality of the answers, by model".to_owned(), choices: Vec::new(), rows }
}

/// The dashboard with what the local CloudWatch answers to its queries.
fn values(world: &World, dashboard: &Dashboard, now: Timestamp) -> Result<Value, Broken> {
    let mut rows = Vec::new();
    for row in &dashboard.rows {
        let panels = row.panels.iter().map(|panel| panel_values(world, panel, now));
        rows.push(json!({ "title": row.title, "panels": panels.collect::<Result<Vec<_>, _>>()? }));
    }
    let start = now - LOOKS_BACK;
    Ok(json!({ "start": start.as_millisecond(), "end": now.as_millisecond(), "rows": rows }))
}

fn panel_values(world: &World, panel: &Panel, now: Timestamp) -> Result<Value, Broken> {
    let Panel { title, says, content, width } = panel;
    let mut drawn = json!({ "title": title, "says": says, "width": width.columns() });
    match content {
        Content::Text(text) => drawn["text"] = Value::from(text.as_str()),
        Content::Chart(chart) => {
            drawn["unit"] = Value::from(chart.unit.word());
            drawn["stacked"] = Value::from(chart.draw == Draw::Stacked);
            drawn["step"] = Value::from(longest_period(&chart.queries) * 1000);
            drawn["lines"] = chart.lines.iter().map(line).collect();
            drawn["series"] = Value::from(answers(world, &chart.queries, now)?);
        }
    }
    Ok(drawn)
}

fn line(line: &AlertLine) -> Value {
    let bad = match line.bad {
        Bad::Above => "from",
        Bad::Below => "below",
    };
    let severity = line.severity.word().to_lowercase();
    json!({ "label": line.label, "value": line.value, "severity": severity, "bad": bad })
}

fn longest_period(queries: &[MetricDataQuery]) -> u32 {
    let period = |query: &MetricDataQuery| match &query.source {
        QuerySource::Metric(metric) => Some(metric.period_seconds),
        QuerySource::Expression { period_seconds, .. } => *period_seconds,
    };
    queries.iter().filter_map(period).max().unwrap_or(300)
}

/// The curves as they are drawn: label and points of time and value.
fn answers(
    world: &World,
    queries: &[MetricDataQuery],
    now: Timestamp,
) -> Result<Vec<Value>, Broken> {
    let end = now.as_second().div_euclid(300) * 300;
    let input = json!({
        "MetricDataQueries": queries.iter().map(asked).collect::<Vec<_>>(),
        "StartTime": end - LOOKS_BACK.as_secs(),
        "EndTime": end,
        "ScanBy": "TimestampAscending",
    });
    let answer = world.calls().json(JsonService::CloudWatch, "GetMetricData", &input)?;
    let curve = |result: &Value| {
        let times = result["Timestamps"].as_array().into_iter().flatten();
        let values = result["Values"].as_array().into_iter().flatten();
        let points = times.filter_map(Value::as_f64).zip(values.filter_map(Value::as_f64));
        let points: Vec<[f64; 2]> = points.map(|(at, value)| [at * 1000.0, value]).collect();
        json!({ "label": result["Label"], "points": points })
    };
    Ok(answer["MetricDataResults"].as_array().into_iter().flatten().map(curve).collect())
}

/// A query as `GetMetricData` takes it.
fn asked(query: &MetricDataQuery) -> Value {
    let mut asked = json!({ "Id": query.id, "ReturnData": query.returned == Returned::Yes });
    if let Some(label) = &query.label {
        asked["Label"] = Value::from(label.as_str());
    }
    match &query.source {
        QuerySource::Metric(metric) => {
            let dimensions = metric.key.dimensions.iter();
            let dimensions: Vec<Value> =
                dimensions.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
            asked["MetricStat"] = json!({
                "Metric": {
                    "Namespace": metric.key.namespace,
                    "MetricName": metric.key.name,
                    "Dimensions": dimensions,
                },
                "Period": metric.period_seconds,
                "Stat": metric.stat.to_string(),
            });
        }
        QuerySource::Expression { text, period_seconds } => {
            asked["Expression"] = Value::from(text.as_str());
            if let Some(period) = period_seconds {
                asked["Period"] = Value::from(*period);
            }
        }
    }
    asked
}

fn charts(page: &Value) -> impl Iterator<Item = &Value> {
    let rows = page["rows"].as_array().into_iter().flatten();
    rows.flat_map(|row| row["panels"].as_array().into_iter().flatten())
        .filter(|panel| panel.get("series").is_some())
}

fn series_of(panel: &Value) -> impl Iterator<Item = &Vec<Value>> {
    let series = panel["series"].as_array().into_iter().flatten();
    series.filter_map(|series| series["points"].as_array())
}

fn html_of(title: &str, page: &Value, library: &str) -> String {
    // A script ends at the first "</", also within a string.
    let data = page.to_string().replace("</", "<\\/");
    include_str!("sight/page.html")
        .replace("{{TITLE}}", title)
        .replace("{{SCRIPT}}", include_str!("sight/page.js"))
        .replace("{{DATA}}", &data)
        .replace("{{ECHARTS}}", library)
}

/// About how high the page is, in pixels.
fn rows_high(dashboard: &Dashboard) -> u32 {
    let rows = dashboard.rows.iter().map(|row| {
        let columns: u32 = row.panels.iter().map(|panel| panel.width.columns()).sum();
        columns.div_ceil(24) * 350 + 50
    });
    110 + rows.sum::<u32>()
}

/// The page as a picture beside it; none where there is no Chromium.
fn picture(html: &Path, height: u32) -> Option<PathBuf> {
    let picture = html.with_extension("png");
    let drawn = ["chromium", "chromium-browser", "google-chrome"].into_iter().any(|browser| {
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .args(["--virtual-time-budget=5000", &format!("--window-size=1440,{height}")])
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", html.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    drawn.then_some(picture)
}
