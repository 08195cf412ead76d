//! Services, categories and severities a case may have.

use serde_json::{Value, json};

use super::NewCase;
use crate::error::AwsError;

/// A code and its display name.
type Named = (&'static str, &'static str);

/// Code, name and categories; the Bedrock row is unverified.
const SERVICES: [(&str, &str, &[Named]); 6] = [
    (
        "service-bedrock",
        "Bedrock",
        &[
            ("general-guidance", "General Guidance"),
            ("performance", "Performance"),
            ("throttling", "Throttling"),
            ("other", "Other"),
        ],
    ),
    (
        "amazon-cloudwatch",
        "CloudWatch",
        &[("general-guidance", "General Guidance"), ("alarms", "Alarms"), ("metrics", "Metrics")],
    ),
    ("aws-lambda", "Lambda", &[("general-guidance", "General Guidance"), ("other", "Other")]),
    (
        "amazon-sagemaker",
        "SageMaker",
        &[("general-guidance", "General Guidance"), ("endpoints", "Endpoints")],
    ),
    (
        "service-limit-increase",
        "Service Limit Increase",
        &[("service-limit-increase-bedrock", "Bedrock")],
    ),
    (
        "general-info",
        "General Info and Getting Started",
        &[("using-aws", "Using AWS & Services"), ("other", "Other")],
    ),
];

/// Severities of an Enterprise plan.
const SEVERITIES: [Named; 5] = [
    ("low", "General guidance"),
    ("normal", "System impaired"),
    ("high", "Production system impaired"),
    ("urgent", "Production system down"),
    ("critical", "Business-critical system down"),
];

/// Languages a case may be written in.
const LANGUAGES: [&str; 8] = ["zh", "en", "ja", "es", "pt", "fr", "ko", "tr"];
const ISSUE_TYPES: [&str; 2] = ["technical", "customer-service"];

/// What `DescribeServices` answers.
pub(super) fn services(wanted: &[&str]) -> Value {
    let services: Vec<Value> = SERVICES
        .iter()
        .filter(|(code, ..)| wanted.is_empty() || wanted.contains(code))
        .map(|(code, name, categories)| {
            let categories: Vec<Value> =
                categories.iter().map(|(code, name)| json!({"code": code, "name": name})).collect();
            json!({"code": code, "name": name, "categories": categories})
        })
        .collect();
    json!({"services": services})
}

/// What `DescribeSupportedLanguages` answers: every language for every category; which are offered
/// for Bedrock is unverified.
///
/// # Errors
///
/// `ValidationException` when a member is missing.
pub(super) fn languages(input: &Value) -> Result<Value, AwsError> {
    for member in ["issueType", "serviceCode", "categoryCode"] {
        if input.get(member).and_then(Value::as_str).is_none_or(str::is_empty) {
            let message = format!("Value null at '{member}' must not be null");
            return Err(AwsError::new("ValidationException", message));
        }
    }
    let languages: Vec<Value> = LANGUAGES.iter().map(|code| json!({"code": code})).collect();
    Ok(json!({"supportedLanguages": languages}))
}

/// What `DescribeSeverityLevels` answers.
pub(super) fn severity_levels() -> Value {
    let levels: Vec<Value> =
        SEVERITIES.iter().map(|(code, name)| json!({"code": code, "name": name})).collect();
    json!({"severityLevels": levels})
}

/// Checks the codes of a new case.
///
/// # Errors
///
/// `ValidationException` that names the code.
pub(super) fn check(case: &NewCase, issue_type: Option<&str>) -> Result<(), AwsError> {
    let invalid = |what: &str, value: &str| {
        Err(AwsError::new("ValidationException", format!("Invalid {what}: {value}")))
    };
    if case.subject.trim().is_empty() {
        return invalid("subject", &case.subject);
    }
    if !case.service_code.is_empty() {
        let service = SERVICES.iter().find(|(code, ..)| *code == case.service_code);
        let Some((_, _, categories)) = service else {
            return invalid("service code", &case.service_code);
        };
        if !categories.iter().any(|(code, _)| *code == case.category_code) {
            return invalid("category code", &case.category_code);
        }
    }
    if !SEVERITIES.iter().any(|(code, _)| *code == case.severity_code) {
        return invalid("severity code", &case.severity_code);
    }
    if !LANGUAGES.contains(&case.language.as_str()) {
        return invalid("language", &case.language);
    }
    if let Some(issue_type) = issue_type
        && !ISSUE_TYPES.contains(&issue_type)
    {
        return invalid("issue type", issue_type);
    }
    Ok(())
}
