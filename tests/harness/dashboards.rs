//! The dashboards that are checked in, rendered from their description in the core.
//!
//! `dashboards` writes them; an offline test compares.

use std::path::Path;

use llmwatch_core::dashboard::cloudwatch_body::{self, Place};
use llmwatch_core::dashboard::{Dashboard, grafana, grafana_alerts};
use llmwatch_core::quality::NAMESPACE;
use serde_json::Value;

use crate::broken::Broken;

/// The lines between which the template holds the overview's body.
const MARKS: [&str; 2] =
    ["      # The body is written by `make dashboards`.\n", "      # End of the body.\n"];

/// How deep the body's lines are indented in the template.
const INDENT: &str = "        ";

const ALERTING_HEADER: &str = "\
# Alert rules of llmwatch for Grafana: see docs/DASHBOARDS.md. Written by `make dashboards`.
# Before use: replace the data source's uid (cloudwatch) by yours, and topic_arn with its Region by
# the stack's output AlertsTopicArn or a topic of your own.
";

/// Every file with its content, by its path in the repository.
///
/// # Errors
///
/// When the rules cannot be written as YAML.
pub fn files() -> Result<Vec<(&'static str, String)>, Broken> {
    let quantity = grafana::json_model(&Dashboard::of_quantity(), "llmwatch-quantity");
    let quality = grafana::json_model(&Dashboard::of_quality(NAMESPACE), "llmwatch-quality");
    let rules = serde_saphyr::to_string(&sorted(&grafana_alerts::provisioning(NAMESPACE)))
        .map_err(|error| Broken::Template(format!("alert rules that are YAML: {error}")))?;
    Ok(vec![
        ("dashboards/grafana/quantity.json", pretty(&quantity)),
        ("dashboards/grafana/quality.json", pretty(&quality)),
        ("dashboards/grafana/alerting.yaml", format!("{ALERTING_HEADER}{rules}")),
    ])
}

/// Writes all files, and the overview into the template.
///
/// # Errors
///
/// When a file cannot be read or written.
pub fn write(repository: &Path) -> Result<(), Broken> {
    for (path, content) in files()? {
        let file = repository.join(path);
        if let Some(directory) = file.parent() {
            let making = Broken::io(format!("making {}", directory.display()));
            std::fs::create_dir_all(directory).map_err(making)?;
        }
        std::fs::write(&file, content).map_err(Broken::io(format!("writing {path}")))?;
    }
    let file = repository.join("template.yaml");
    let template = std::fs::read_to_string(&file).map_err(Broken::io("reading template.yaml"))?;
    std::fs::write(&file, template_with_overview(&template)?)
        .map_err(Broken::io("writing template.yaml"))
}

/// The template with the overview's body as it should be.
///
/// # Errors
///
/// When the template has no place for it.
pub fn template_with_overview(template: &str) -> Result<String, Broken> {
    let [begin, end] = MARKS;
    let lacks = |mark: &str| Broken::Template(format!("the line {:?}", mark.trim()));
    let (before, rest) = template.split_once(begin).ok_or_else(|| lacks(begin))?;
    let (_, after) = rest.split_once(end).ok_or_else(|| lacks(end))?;
    Ok(format!("{before}{begin}{}{end}{after}", overview_block()))
}

/// The property `DashboardBody`: JSON with a widget a line, so that a change is a line of a diff. The
/// properties that CloudWatch puts into labels are no references of the template's.
fn overview_block() -> String {
    let place = Place { region: "${AWS::Region}" };
    let body = sorted(&cloudwatch_body::body(&Dashboard::overview("${QualityNamespace}"), place));
    let mut lines = vec!["{".to_owned()];
    let members: Vec<(&String, &Value)> = body.as_object().into_iter().flatten().collect();
    for (at, (name, value)) in members.iter().enumerate() {
        let comma = if at + 1 < members.len() { "," } else { "" };
        match value {
            Value::Array(items) => {
                lines.push(format!("\"{name}\": ["));
                let written: Vec<String> = items.iter().map(Value::to_string).collect();
                lines.push(written.join(&format!(",\n{INDENT}")));
                lines.push(format!("]{comma}"));
            }
            other => lines.push(format!("\"{name}\": {other}{comma}")),
        }
    }
    lines.push("}".to_owned());
    let text: String = lines.iter().map(|line| format!("{INDENT}{line}\n")).collect();
    let text = text.replace("${PROP(", "${!PROP(");
    format!("      DashboardBody: !Sub |\n{text}")
}

fn pretty(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

/// With the keys in order, whatever order the map keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut all: Vec<(&String, &Value)> = members.iter().collect();
            all.sort_by_key(|(name, _)| *name);
            Value::Object(
                all.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
