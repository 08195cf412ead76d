//! What the functions left behind: alarms, cases, quota requests.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::aws_call::{AwsCalls, JsonService, Method};
use crate::broken::Broken;
use crate::xml;

/// An alarm as CloudWatch describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// The whole description.
    pub description: Value,
}

/// A support case with its communications, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `case-…`.
    pub id: String,
    /// The subject line.
    pub subject: String,
    /// `opened`, `resolved`, …
    pub status: String,
    /// Support's code of its severity: `low` to `critical`.
    pub severity: String,
    /// Every communication's text, oldest first.
    pub communications: Vec<String>,
}

/// Every alarm whose name begins so, metric alarms first, each kind by name.
///
/// # Errors
///
/// When CloudWatch refuses.
pub fn alarms(calls: &AwsCalls, name_prefix: &str) -> Result<Vec<Alarm>, Broken> {
    let input = json!({
        "AlarmNamePrefix": name_prefix,
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "MaxRecords": 100,
    });
    let mut found = Vec::new();
    for page in pages(calls, JsonService::CloudWatch, "DescribeAlarms", input, "NextToken")? {
        for kind in ["MetricAlarms", "CompositeAlarms"] {
            found.extend(page[kind].as_array().into_iter().flatten().map(|alarm| Alarm {
                name: text(alarm, "AlarmName"),
                state: text(alarm, "StateValue"),
                description: alarm.clone(),
            }));
        }
    }
    Ok(found)
}

/// Every call record below `calls/` in a bucket.
///
/// # Errors
///
/// When S3 refuses, or an object is no packed NDJSON.
pub fn call_records(calls: &AwsCalls, bucket: &str) -> Result<Vec<Value>, Broken> {
    let listing =
        calls.rest("s3", Method::Get, &format!("/{bucket}?list-type=2&prefix=calls/"), "")?;
    let mut records = Vec::new();
    for object in xml::elements(&listing, "Contents") {
        let Some(key) = xml::text(object, "Key") else { continue };
        let packed = calls.get_object(bucket, &key)?;
        let mut text = String::new();
        let reading = Broken::io(format!("unpacking {key}"));
        GzDecoder::new(packed.as_slice()).read_to_string(&mut text).map_err(reading)?;
        for line in text.lines() {
            let record = serde_json::from_str(line).map_err(|error| Broken::Unexpected {
                call: format!("reading {key}"),
                expected: "a call record a line",
                body: error.to_string(),
            })?;
            records.push(record);
        }
    }
    Ok(records)
}

/// Every support case, resolved ones included, newest first as Support lists them.
///
/// # Errors
///
/// When Support refuses.
pub fn cases(calls: &AwsCalls) -> Result<Vec<Case>, Broken> {
    let input = json!({ "includeResolvedCases": true, "includeCommunications": false });
    let mut found = Vec::new();
    for page in pages(calls, JsonService::Support, "DescribeCases", input, "nextToken")? {
        for case in page["cases"].as_array().into_iter().flatten() {
            let id = text(case, "caseId");
            let communications = communications(calls, &id)?;
            let (subject, status) = (text(case, "subject"), text(case, "status"));
            let severity = text(case, "severityCode");
            found.push(Case { id, subject, status, severity, communications });
        }
    }
    Ok(found)
}

/// Every quota increase request of Bedrock, as Service Quotas describes it.
///
/// # Errors
///
/// When Service Quotas refuses.
pub fn quota_requests(calls: &AwsCalls) -> Result<Vec<Value>, Broken> {
    let operation = "ListRequestedServiceQuotaChangeHistory";
    let input = json!({ "ServiceCode": "bedrock" });
    let pages = pages(calls, JsonService::ServiceQuotas, operation, input, "NextToken")?;
    Ok(pages
        .iter()
        .flat_map(|page| page["RequestedQuotas"].as_array().into_iter().flatten().cloned())
        .collect())
}

fn communications(calls: &AwsCalls, case: &str) -> Result<Vec<String>, Broken> {
    let input = json!({ "caseId": case });
    let pages = pages(calls, JsonService::Support, "DescribeCommunications", input, "nextToken")?;
    let mut texts: Vec<String> = pages
        .iter()
        .flat_map(|page| page["communications"].as_array().into_iter().flatten())
        .map(|one| text(one, "body"))
        .collect();
    texts.reverse();
    Ok(texts)
}

fn pages(
    calls: &AwsCalls,
    service: JsonService,
    operation: &str,
    mut input: Value,
    token: &str,
) -> Result<Vec<Value>, Broken> {
    let mut pages = Vec::new();
    loop {
        let page = calls.json(service, operation, &input)?;
        let next = page[token].as_str().map(str::to_owned);
        pages.push(page);
        match next {
            Some(next) => input[token] = Value::from(next),
            None => return Ok(pages),
        }
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
