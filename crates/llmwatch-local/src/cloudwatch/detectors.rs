//! Anomaly detectors: kept, listed, and asked how a band is to be trained. A band is trained when
//! an alarm or query asks for it, whether or not a detector was put.

use jiff::tz::TimeZone;
use llmwatch_core::cloudwatch::band::{Training, Trainings};
use llmwatch_core::cloudwatch::metric::{MetricKey, Stat};
use llmwatch_core::cloudwatch::query::{MetricDataQuery, QuerySource, Returned};
use serde_json::{Map, Value, json};

use super::{CloudWatch, convert, refused, validate};
use crate::error::AwsError;
use crate::paging::page;
use crate::value::{count, items, text, texts, time};
use crate::world::stable_uuid;

/// Detectors on a page when the caller does not say.
const DEFAULT_PAGE: usize = 100;

/// Time ranges a configuration may exclude.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAnomalyDetector.html>.
const EXCLUDED_RANGES: usize = 10;

/// One anomaly detector.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// What it watches, written the same way however the caller wrote it.
    identity: Value,
    watched: Watched,
    configuration: Option<Value>,
    training: Training,
}

/// What a detector watches, as the evaluator knows it.
#[derive(Debug, Clone)]
enum Watched {
    /// A metric and the name of its statistic.
    Metric(MetricKey, String),
    /// The returned one of these.
    Math(Vec<MetricDataQuery>),
}

impl CloudWatch {
    pub(super) fn put_anomaly_detector(&mut self, input: &Value) -> Result<Value, AwsError> {
        let identity = identity(input)?;
        let watched = watched(&identity)?;
        let configuration = input.get("Configuration").cloned();
        let training = training(&input["Configuration"])?;
        self.detectors.retain(|detector| detector.identity != identity);
        self.detectors.push(Detector { identity, watched, configuration, training });
        self.bands.clear();
        Ok(json!({}))
    }

    /// How the bands of queries are trained, where a detector was put for what one of them yields.
    pub(super) fn trainings(&self, queries: &[MetricDataQuery]) -> Trainings {
        let of_query = |query: &MetricDataQuery| {
            let detector = self.detectors.iter().find(|it| it.watched.is(query, queries))?;
            Some((query.id.clone(), detector.training.clone()))
        };
        queries.iter().filter_map(of_query).collect()
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
        self.bands.clear();
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

/// What a detector with this identity watches.
fn watched(identity: &Value) -> Result<Watched, AwsError> {
    match (identity.get("SingleMetricAnomalyDetector"), identity.get("MetricMathAnomalyDetector")) {
        (Some(single), _) => {
            let key = convert::metric_key(text(single, "Namespace").unwrap_or_default(), single)?;
            Ok(Watched::Metric(key, text(single, "Stat").unwrap_or_default().to_owned()))
        }
        (None, math) => {
            let queries = math.map_or(&[][..], |math| items(math, "MetricDataQueries"));
            Ok(Watched::Math(convert::queries(queries)?))
        }
    }
}

/// How a configuration has bands trained.
fn training(configuration: &Value) -> Result<Training, AwsError> {
    if text(configuration, "MetricTimezone").is_some_and(|zone| zone != "UTC") {
        return Err(refused("MetricTimezone is modelled for UTC only"));
    }
    let ranges = items(configuration, "ExcludedTimeRanges");
    if ranges.len() > EXCLUDED_RANGES {
        return Err(refused(format!("At most {EXCLUDED_RANGES} time ranges can be excluded.")));
    }
    let excluded =
        ranges.iter().map(|range| match (time(range, "StartTime"), time(range, "EndTime")) {
            (Some(start), Some(end)) if start < end => Ok(start..end),
            _ => Err(refused("The start time of an excluded range must be before its end time.")),
        });
    let excluded = excluded.collect::<Result<Vec<_>, _>>()?;
    Ok(Training { excluded, time_zone: TimeZone::UTC })
}

impl Watched {
    /// Whether this is what a query of a request yields.
    fn is(&self, query: &MetricDataQuery, request: &[MetricDataQuery]) -> bool {
        match (self, &query.source) {
            (Self::Metric(key, stat), QuerySource::Metric(metric)) => {
                *key == metric.key && stat.parse().is_ok_and(|stat: Stat| stat == metric.stat)
            }
            (Self::Math(own), QuerySource::Expression { .. }) => own.iter().all(|own| {
                let is_it = own.returned == Returned::No || own.id == query.id;
                is_it && request.iter().any(|it| it.id == own.id && it.source == own.source)
            }),
            (Self::Metric(..), QuerySource::Expression { .. })
            | (Self::Math(_), QuerySource::Metric(_)) => false,
        }
    }
}

fn sorted(dimensions: &[Value]) -> Vec<Value> {
    let mut sorted = dimensions.to_vec();
    sorted.sort_by(|one, other| text(one, "Name").cmp(&text(other, "Name")));
    sorted
}
