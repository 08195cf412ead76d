//! What people look at: the dashboards that CloudWatch keeps, drawn as pages and pictures.
//!
//! Each page is the body of a dashboard as CloudWatch has it, the template's overview and the pages
//! that alarm-updater wrote; the queries in it are asked of the local CloudWatch as they stand, and
//! drawn with ECharts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::pool_metrics;
use llmwatch_core::pool::{Pool, Scope};
use llmwatch_core::quota::QuotaKind;
use llmwatch_tests::shown::{self, Shown};
use llmwatch_tests::traffic::component::COMPONENT;
use llmwatch_tests::traffic::{self, BUSY_MODEL, quota};
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

/// How far back the pages look.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(4);

/// For how many hours before the incident quotas are seeded as published.
const HOURS_PUBLISHED: i64 = 24;

/// Where the libraries that draw charts and texts are installed, and where pages go, in the
/// repository.
const CHARTS: &str = "tests/demo/sight/node_modules/echarts/dist/echarts.min.js";
const TEXTS: &str = "tests/demo/sight/node_modules/marked/lib/marked.umd.js";
const PAGES: &str = "target/sight";

/// What the rows of the overview about the chosen model and component begin with.
const CHOSEN: &str = "Chosen model: ";

/// A drawn page.
pub(crate) struct Drawn {
    /// The page.
    pub(crate) html: PathBuf,
    /// Its pictures, where Chromium is installed.
    pub(crate) pictures: Vec<PathBuf>,
    /// How many charts it has.
    pub(crate) charts: usize,
    /// Those without a value: row and title.
    pub(crate) empty: Vec<String>,
}

/// A dashboard to draw.
struct Dashboard {
    /// What its page is called.
    page: &'static str,
    /// Its name in CloudWatch.
    name: String,
    /// What the viewer reads above it.
    title: String,
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

/// Draws the overview with the busiest model and the inference component chosen, and the pages of
/// that model's pool and of the component.
pub(crate) fn draw(world: &World, now: Timestamp) -> Result<Vec<Drawn>, Broken> {
    let read = |library: &str| {
        let file = world.places().repository.join(library);
        std::fs::read_to_string(file).map_err(Broken::io(format!("reading {library}")))
    };
    let libraries = [read(CHARTS)?, read(TEXTS)?];
    let directory = world.places().repository.join(PAGES);
    std::fs::create_dir_all(&directory).map_err(Broken::io("making target/sight"))?;
    let model = format!("us.{BUSY_MODEL}");
    let chosen = [("model", model.as_str()), ("component", COMPONENT)];
    let mut drawn = Vec::new();
    for dashboard in dashboards(world)? {
        let body = shown::body(world.calls(), &dashboard.name)?;
        let widgets = shown::widgets(world.calls(), &body, &chosen)?;
        let shown = Shown { until: now, back: LOOKS_BACK };
        let page = shown::page(world.calls(), &widgets, shown)?;
        let html = directory.join(format!("{}.html", dashboard.page));
        std::fs::write(&html, html_of(&dashboard.title, &page, &libraries))
            .map_err(Broken::io("writing the page"))?;
        drawn.push(Drawn {
            pictures: pictures(&html, &page),
            charts: shown::charts(&page).count(),
            empty: empty(&page),
            html,
        });
    }
    Ok(drawn)
}

fn empty(page: &Value) -> Vec<String> {
    let rows = page["rows"].as_array().into_iter().flatten();
    let of_row = |row: &Value| -> Vec<String> {
        let panels = row["panels"].as_array().into_iter().flatten();
        let empty = panels
            .filter(|panel| panel.get("series").is_some() && shown::is_empty(panel))
            .filter_map(|panel| panel["title"].as_str());
        empty
            .map(|title| format!("{}: {title}", row["title"].as_str().unwrap_or_default()))
            .collect()
    };
    rows.flat_map(of_row).collect()
}

fn dashboards(world: &World) -> Result<Vec<Dashboard>, Broken> {
    let prefix = world.prefix();
    let pool = Pool { scope: Scope::CrossRegion, model: BUSY_MODEL.to_owned() };
    let overview = Dashboard {
        page: "overview",
        name: format!("{prefix}_overview"),
        title: format!("{prefix}_overview: us.{BUSY_MODEL} and {COMPONENT} chosen"),
    };
    let mut all = vec![overview];
    for (page, kind, of) in [
        ("pool", "pool", pool.label().to_string()),
        ("component", "component", COMPONENT.to_owned()),
    ] {
        let written = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let beginning: String = of.chars().map(written).collect();
        let beginning = format!("{prefix}_{kind}_{beginning}_");
        let names = shown::names(world.calls(), &beginning)?;
        let name = names.into_iter().next().ok_or_else(|| Broken::Unexpected {
            call: "ListDashboards".to_owned(),
            expected: "a page that alarm-updater wrote",
            body: beginning,
        })?;
        all.push(Dashboard { page, title: name.clone(), name });
    }
    Ok(all)
}

fn html_of(title: &str, page: &Value, [charts, texts]: &[String; 2]) -> String {
    // A script ends at the first "</", also within a string.
    let data = page.to_string().replace("</", "<\\/");
    include_str!("sight/page.html")
        .replace("{{TITLE}}", title)
        .replace("{{SCRIPT}}", include_str!("sight/page.js"))
        .replace("{{DATA}}", &data)
        .replace("{{MARKED}}", texts)
        .replace("{{ECHARTS}}", charts)
}

/// The page as a picture beside it, or as two, one of them of what the viewer chose; none where
/// there is no Chromium.
fn pictures(html: &Path, page: &Value) -> Vec<PathBuf> {
    let rows = page["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let is_chosen = |row: &Value| row["title"].as_str().is_some_and(|of| of.starts_with(CHOSEN));
    let cut = rows.iter().position(is_chosen).unwrap_or(rows.len());
    let parts = [("", 0..cut), ("-chosen", cut..rows.len())];
    let parts = parts.into_iter().filter(|(_, part)| !part.is_empty());
    parts
        .filter_map(|(suffix, part)| {
            let stem = html.file_stem()?.to_str()?;
            let picture = html.with_file_name(format!("{stem}{suffix}.png"));
            let address = format!("{}#rows={}-{}", html.display(), part.start, part.end);
            let size = format!("--window-size=1440,{}", height(&address)?);
            chromium(&address, &[&size, &format!("--screenshot={}", picture.display())])?;
            Some(picture)
        })
        .collect()
}

/// How high Chromium draws the page, in pixels, by what the page's script notes.
fn height(address: &str) -> Option<u64> {
    let drawn = chromium(address, &["--window-size=1440,500", "--dump-dom"])?;
    let noted = drawn.split_once("data-height=\"")?.1.split_once('"')?.0;
    noted.parse().ok()
}

/// What Chromium prints of a page once its script has run; none where there is no Chromium.
fn chromium(address: &str, does: &[&str]) -> Option<String> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|browser| {
        let run = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .arg("--virtual-time-budget=5000")
            .args(does)
            .arg(format!("file://{address}"))
            .stderr(Stdio::null())
            .output()
            .ok()?;
        run.status.success().then(|| String::from_utf8_lossy(&run.stdout).into_owned())
    })
}
