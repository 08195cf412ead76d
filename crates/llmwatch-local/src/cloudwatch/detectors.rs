//! Anomaly detectors: kept and listed. A band is trained when an alarm or query asks for it,
//! whether or not a detector was put.

use serde_json::{Map, Value, json};

use super::{CloudWatch, convert, validate};
use crate::error::AwsError;
use crate::paging::page;
use crate::value::{count, items, text, texts};
use crate::world::stable_uuid;

/// Detectors on a page when the caller does not say.
const DEFAULT_PAGE: usize = 100;

/// One anomaly detector.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// What it watches, written the same way however the caller wrote it.
    identity: Value,
    configuration: Option<Value>,
}

impl CloudWatch {
    pub(super) fn put_anomaly_detector(&mut self, input: &Value) -> Result<Value, AwsError> {
        let identity = identity(input)?;
        let configuration = input.get("Configuration").cloned();
        self.detectors.retain(|detector| detector.identity != identity);
        self.detectors.push(Detector { identity, configuration });
        Ok(json!({}))
    }

    pub(super) fn describe_anomaly_detectors(&self, input: &Value) -> Result<Value, AwsError> {
        let types = texts(input, "AnomalyDetectorTypes");
        let is_math =
            |detector: &Detector| detector.identity.get("MetricMathAnomalyDetector").is_some();
        let wanted_type = |detector: &Detector| {
            let name = if is_math(detector) { "METRIC_MATH" } else { "SINGLE_METRIC" };
            if types.is_empty() { !is_math(detector) } else { types.contains(&name) }
        };
        let wanted_dimensions = sorted(items(input, "Dimensions"));
        let found: Vec<Value> = self
            .detectors
            .iter()
            .filter(|detector| wanted_type(detector))
            .filter(|detector| {
                let single = &detector.identity["SingleMetricAnomalyDetector"];
                ["Namespace", "MetricName"].iter().all(|name| {
                    text(input, name).is_none_or(|wanted| text(single, name) == Some(wanted))
                }) && (wanted_dimensions.is_empty()
                    || items(single, "Dimensions") == wanted_dimensions)
            })
            .map(Detector::described)
            .collect();
        let size = count(input, "MaxResults").unwrap_or(DEFAULT_PAGE);
        let (page, next) =
            page("detectors", found, text(input, "NextToken"), size).map_err(super::bad_token)?;
        Ok(json!({"AnomalyDetectors": page, "NextToken": next}))
    }

    pub(super) fn delete_anomaly_detector(&mut self, input: &Value) -> Result<Value, AwsError> {
        let before = self.detectors.len();
        if let Some(id) = text(input, "AnomalyDetectorId") {
            self.detectors.retain(|detector| detector.id() != id);
        } else {
            let identity = identity(input)?;
            self.detectors.retain(|detector| detector.identity != identity);
        }
        if self.detectors.len() == before {
            return Err(AwsError::new(
                "ResourceNotFoundException",
                "The anomaly detector does not exist.",
            ));
        }
        Ok(json!({}))
    }
}

impl Detector {
    fn id(&self) -> String {
        stable_uuid(&self.identity.to_string())
    }

    fn described(&self) -> Value {
        let mut members: Map<String, Value> =
            self.identity.as_object().cloned().unwrap_or_default();
        if let Some(Value::Object(single)) = self.identity.get("SingleMetricAnomalyDetector") {
            members.extend(single.clone());
        }
        members.insert("AnomalyDetectorId".to_owned(), Value::from(self.id()));
        members.insert("StateValue".to_owned(), Value::from("TRAINED"));
        if let Some(configuration) = &self.configuration {
            members.insert("Configuration".to_owned(), configuration.clone());
        }
        Value::Object(members)
    }
}

/// What a request's detector watches: one metric, named in either of two ways, or an expression.
fn identity(input: &Value) -> Result<Value, AwsError> {
    let combination =
        |message: &str| Err(AwsError::new("InvalidParameterCombinationException", message));
    let single = match (
        input.get("SingleMetricAnomalyDetector"),
        input.get("MetricMathAnomalyDetector"),
        input.get("MetricName"),
    ) {
        (Some(single), None, None) => single,
        (None, None, Some(_)) => input,
        (None, Some(math), None) => {
            let queries = items(math, "MetricDataQueries");
            validate::metric_queries(queries)?;
            convert::queries(queries)?;
            return Ok(json!({"MetricMathAnomalyDetector": math}));
        }
        (None, None, None) => {
            return Err(AwsError::new(
                "MissingRequiredParameterException",
                "A metric, SingleMetricAnomalyDetector or MetricMathAnomalyDetector is required.",
            ));
        }
        _ => return combination("Name the detector in one way only."),
    };
    for member in ["Namespace", "MetricName", "Stat"] {
        if text(single, member).is_none() {
            let message = format!("The parameter {member} is required.");
            return Err(AwsError::new("MissingRequiredParameterException", message));
        }
    }
    Ok(json!({"SingleMetricAnomalyDetector": {
        "Namespace": single["Namespace"],
        "MetricName": single["MetricName"],
        "Dimensions": sorted(items(single, "Dimensions")),
        "Stat": single["Stat"],
    }}))
}

fn sorted(dimensions: &[Value]) -> Vec<Value> {
    let mut sorted = dimensions.to_vec();
    sorted.sort_by(|one, other| text(one, "Name").cmp(&text(other, "Name")));
    sorted
}
