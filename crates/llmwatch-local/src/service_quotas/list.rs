//! Bedrock's quotas as AWS names them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Quota;
use crate::world::fnv;

const NAMES: &str = include_str!("../../data/quota_names.jsonl");
const DEFAULTS: &str = include_str!("../../data/model_quota_map.jsonl");

#[derive(Debug, Deserialize)]
struct NameLine {
    quota_name: String,
    quota_code: Option<String>,
    adjustable: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ModelLine {
    rpm: Option<Known>,
    tpm: Option<Known>,
    tpd: Option<Known>,
}

#[derive(Debug, Deserialize)]
struct Known {
    code: String,
    adjustable: bool,
    default: Option<String>,
}

/// Every quota in its first state, by code.
///
/// Quotas with a default that AWS publishes per model have the same applied value; the others
/// have a default only, as Service Quotas shows quotas that an account never touched.
pub(super) fn bedrock_quotas() -> BTreeMap<String, Quota> {
    let known: BTreeMap<String, Known> = lines::<ModelLine>(DEFAULTS)
        .flat_map(|line| [line.rpm, line.tpm, line.tpd])
        .flatten()
        .map(|known| (known.code.clone(), known))
        .collect();
    lines::<NameLine>(NAMES)
        .map(|line| {
            let code = line.quota_code.unwrap_or_else(|| made_code(&line.quota_name));
            let known = known.get(&code);
            let published =
                known.and_then(|known| known.default.as_ref()).and_then(|text| text.parse().ok());
            let quota = Quota {
                default: published.unwrap_or_else(|| placeholder(&line.quota_name)),
                applied: published,
                adjustable: known
                    .map(|known| known.adjustable)
                    .or(line.adjustable)
                    .unwrap_or(false),
                name: line.quota_name,
                code: code.clone(),
            };
            (code, quota)
        })
        .collect()
}

fn lines<T: for<'line> Deserialize<'line>>(text: &str) -> impl Iterator<Item = T> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn made_code(name: &str) -> String {
    format!("L-{:08X}", fnv(name, 0) as u32)
}

/// A value of the usual size for what a quota counts, where AWS's own is not known.
fn placeholder(name: &str) -> f64 {
    let name = name.to_lowercase();
    if name.contains("requests per minute") {
        200.0
    } else if name.contains("tokens per minute") {
        200_000.0
    } else if name.contains("tokens per day") {
        288_000_000.0
    } else {
        10.0
    }
}
