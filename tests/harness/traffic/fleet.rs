//! Many pools at once, for what is measured: the first models of the data with quotas in us-east-1.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

const MODELS: &str =
    include_str!("../../../crates/llmwatch-core/test_data/quotas/model_quota_map.jsonl");

/// What Bedrock publishes about a model that is called and streams.
const METRICS: [&str; 9] = [
    "Invocations",
    "InvocationLatency",
    "InvocationClientErrors",
    "InvocationServerErrors",
    "InvocationThrottles",
    "InputTokenCount",
    "OutputTokenCount",
    "TimeToFirstToken",
    "EstimatedTPMQuotaUsage",
];

#[derive(Deserialize)]
struct Line {
    model_id: String,
    endpoint: String,
    rpm: Option<Value>,
    tpm: Option<Value>,
}

/// The seed for so many pools, each with one caller and a little traffic in the last ten minutes.
#[must_use]
pub fn fleet(pools: usize, now: Timestamp) -> Value {
    let minute = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
    let start = (minute - SignedDuration::from_mins(10)).to_string();
    let metrics: Vec<Value> = callers()
        .into_iter()
        .take(pools)
        .flat_map(|model_id| METRICS.map(|name| (model_id.clone(), name)))
        .map(|(model_id, name)| {
            json!({
                "namespace": "AWS/Bedrock",
                "name": name,
                "dimensions": { "ModelId": model_id },
                "start": start,
                "values": vec![1.0; 10],
            })
        })
        .collect();
    json!({ "metrics": metrics })
}

/// What a caller in us-east-1 may name, of models with a quota for requests or tokens.
fn callers() -> BTreeSet<String> {
    MODELS
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .filter(|line| line.rpm.is_some() || line.tpm.is_some())
        .filter_map(|line| match line.endpoint.as_str() {
            "base" => Some(line.model_id),
            prefix @ ("us" | "global") => Some(format!("{prefix}.{}", line.model_id)),
            _ => None,
        })
        .collect()
}
