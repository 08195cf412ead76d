//! Dashboards: kept, with the checks of the body's structure that PutDashboard makes.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::CloudWatch;
use crate::error::AwsError;
use crate::paging::page;
use crate::value::{items, seconds, text, texts};

/// Widgets of one dashboard.
const WIDGETS: usize = 500;
/// Columns of the grid.
const COLUMNS: i64 = 24;
/// Rows of one widget.
const ROWS: i64 = 1_000;
/// The longest dashboard name.
const NAME_LIMIT: usize = 255;
/// Dashboards on a page of ListDashboards.
const ON_A_PAGE: usize = 1_000;
const WIDGET_TYPES: [&str; 6] = ["metric", "text", "log", "alarm", "explorer", "custom"];

/// One dashboard.
#[derive(Debug, Clone)]
pub(super) struct Dashboard {
    body: String,
    modified: Timestamp,
}

impl CloudWatch {
    pub(super) fn put_dashboard(
        &mut self,
        input: &Value,
        now: Timestamp,
    ) -> Result<Value, AwsError> {
        let name = text(input, "DashboardName").unwrap_or_default();
        let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if name.is_empty() || name.len() > NAME_LIMIT || !allowed {
            return Err(AwsError::new(
                "InvalidParameterValueException",
                format!(
                    "The value {name} for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_)."
                ),
            ));
        }
        let body = text(input, "DashboardBody").unwrap_or_default();
        let parsed: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let problems = problems(&parsed);
        if let Some(problem) = problems.first() {
            return Err(AwsError::new(
                "DashboardInvalidInputError",
                format!(
                    "The dashboard body is invalid, there are {} validation errors: {problem}",
                    problems.len()
                ),
            ));
        }
        self.dashboards.insert(name.to_owned(), Dashboard { body: body.to_owned(), modified: now });
        Ok(json!({"DashboardValidationMessages": []}))
    }

    pub(super) fn get_dashboard(&self, input: &Value) -> Result<Value, AwsError> {
        let name = text(input, "DashboardName").unwrap_or_default();
        let dashboard = self.dashboards.get(name).ok_or_else(|| not_found(name))?;
        Ok(json!({
            "DashboardArn": self.dashboard_arn(name),
            "DashboardBody": dashboard.body,
            "DashboardName": name,
        }))
    }

    pub(super) fn list_dashboards(&self, input: &Value) -> Result<Value, AwsError> {
        let prefix = text(input, "DashboardNamePrefix").unwrap_or_default();
        let found: Vec<Value> = self
            .dashboards
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, dashboard)| {
                json!({
                    "DashboardName": name,
                    "DashboardArn": self.dashboard_arn(name),
                    "LastModified": seconds(dashboard.modified),
                    "Size": dashboard.body.len(),
                })
            })
            .collect();
        let (page, next) =
            page("dashboards", found, text(input, "NextToken"), ON_A_PAGE).map_err(|problem| {
                AwsError::new("InvalidParameterValueException", problem.to_string())
            })?;
        Ok(json!({"DashboardEntries": page, "NextToken": next}))
    }

    pub(super) fn delete_dashboards(&mut self, input: &Value) -> Result<Value, AwsError> {
        let names = texts(input, "DashboardNames");
        // All or nothing: one unknown name and none is deleted.
        if let Some(missing) = names.iter().find(|name| !self.dashboards.contains_key(**name)) {
            return Err(not_found(missing));
        }
        for name in names {
            self.dashboards.remove(name);
        }
        Ok(json!({}))
    }

    fn dashboard_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.place.account)
    }
}

fn not_found(name: &str) -> AwsError {
    AwsError::new("DashboardNotFoundError", format!("Dashboard {name} does not exist"))
}

/// What is wrong with a dashboard's body; empty when nothing is.
fn problems(body: &Value) -> Vec<String> {
    let Value::Object(_) = body else {
        return vec!["The field DashboardBody must be a valid JSON object".to_owned()];
    };
    let Some(Value::Array(widgets)) = body.get("widgets") else {
        return vec!["/widgets should be an array".to_owned()];
    };
    let mut problems = Vec::new();
    if widgets.len() > WIDGETS {
        problems.push(format!("/widgets should not have more than {WIDGETS} items"));
    }
    for (index, widget) in widgets.iter().enumerate() {
        let at = format!("/widgets/{index}");
        if !text(widget, "type").is_some_and(|kind| WIDGET_TYPES.contains(&kind)) {
            problems.push(format!("{at}/type should be one of {}", WIDGET_TYPES.join(", ")));
        }
        if !widget.get("properties").is_some_and(Value::is_object) {
            problems.push(format!("{at} should have required property 'properties'"));
        }
        for (member, limits) in [
            ("x", 0..=COLUMNS - 1),
            ("y", 0..=i64::MAX),
            ("width", 1..=COLUMNS),
            ("height", 1..=ROWS),
        ] {
            if let Some(value) = widget.get(member)
                && !value.as_i64().is_some_and(|value| limits.contains(&value))
            {
                problems.push(format!("{at}/{member} is out of range"));
            }
        }
        if text(widget, "type") == Some("metric") {
            let properties = &widget["properties"];
            let shows =
                !items(properties, "metrics").is_empty() || properties.get("annotations").is_some();
            if !shows {
                problems.push(format!("{at}/properties should have metrics or annotations"));
            }
        }
    }
    problems
}
