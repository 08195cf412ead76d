//! Made-up traffic: 14 full days and today, a value a minute, for three pools and one incident.
//!
//! Nothing is random: the same start gives the same figures on every run.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Minutes of the incident, from its start.
pub const INCIDENT_MINUTES: i64 = 12;

/// Minutes seeded after the start of the incident, calm again once it is over.
const MINUTES_AHEAD: i64 = 240;

/// Full days of history before today.
const FULL_DAYS: i64 = 14;

/// Nova Pro, called through its regional profile; far from every limit.
pub const HEALTHY_MODEL: &str = "amazon.nova-pro-v1:0";

/// Claude Sonnet 4.5, called through two regional profiles and an application profile. Its answers
/// grow in the incident: raw tokens stay below the quota, tokens weighted by burndown do not.
pub const BUSY_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Claude Opus 5 in an account whose quota for it is 0: every call is refused.
pub const BLOCKED_MODEL: &str = "anthropic.claude-opus-5";

/// The application inference profile over the busy model.
pub const APPLICATION_PROFILE: &str = "k3x9q2m7t5ab";

/// Quotas as the demo's account has them, by code.
pub mod quota {
    /// Cross-region tokens per minute of the busy model.
    pub const BUSY_TPM: &str = "L-F4DDD3EB";
    /// Cross-region requests per minute of the busy model.
    pub const BUSY_RPM: &str = "L-4A6BFAB1";
    /// Cross-region tokens per minute of the healthy model.
    pub const HEALTHY_TPM: &str = "L-C0326783";
    /// Cross-region requests per minute of the healthy model.
    pub const HEALTHY_RPM: &str = "L-ED46B8C5";
    /// Cross-region tokens per minute of the blocked model.
    pub const BLOCKED_TPM: &str = "L-99296DCD";
}

/// One caller's share of a pool's traffic.
struct Caller {
    model_id: String,
    /// Requests a minute at the busiest time of day.
    requests: f64,
    input_tokens: f64,
    output_tokens: f64,
    /// Output tokens of a request while the incident lasts.
    incident_output_tokens: f64,
    /// What an output token costs of the quota.
    burndown: f64,
    latency_ms: f64,
}

/// The seed for an incident that starts at `incident`, a whole minute.
#[must_use]
pub fn seed(incident: Timestamp) -> Value {
    let mut metrics = Vec::new();
    for caller in callers() {
        caller.add_metrics(incident, &mut metrics);
    }
    let blocked = format!("us.{BLOCKED_MODEL}");
    metrics.push(series("InvocationThrottles", &blocked, incident, |_, minute| {
        let now_and_then = minute % 45 == 0 && (-600..0).contains(&minute);
        if is_incident(minute) { Some(3.0) } else { now_and_then.then_some(1.0) }
    }));
    let busiest = format!("us.{BUSY_MODEL}");
    metrics.push(series("InvocationThrottles", &busiest, incident, |_, minute| {
        (is_incident(minute) && minute >= 2).then_some(9.0)
    }));
    json!({
        "metrics": metrics,
        "quotas": [
            { "code": quota::BUSY_TPM, "applied": 625_000.0, "adjustable": true },
            { "code": quota::BUSY_RPM, "applied": 1_000.0, "adjustable": true },
            { "code": quota::HEALTHY_TPM, "applied": 2_000_000.0, "adjustable": true },
            { "code": quota::HEALTHY_RPM, "applied": 500.0, "adjustable": false },
            { "code": quota::BLOCKED_TPM, "default": 1_000_000.0, "applied": 0.0, "adjustable": true },
        ],
        "profiles": [
            { "id": APPLICATION_PROFILE, "name": "support-chat", "copy_from": format!("us.{BUSY_MODEL}") },
        ],
    })
}

fn callers() -> Vec<Caller> {
    let busy = |model_id: String, requests: f64| Caller {
        model_id,
        requests,
        input_tokens: 4_000.0,
        output_tokens: 400.0,
        incident_output_tokens: 2_700.0,
        burndown: 5.0,
        latency_ms: 6_500.0,
    };
    vec![
        Caller {
            model_id: format!("us.{HEALTHY_MODEL}"),
            requests: 60.0,
            input_tokens: 1_200.0,
            output_tokens: 300.0,
            incident_output_tokens: 300.0,
            burndown: 1.0,
            latency_ms: 1_800.0,
        },
        busy(format!("us.{BUSY_MODEL}"), 24.0),
        busy(format!("eu.{BUSY_MODEL}"), 10.0),
        busy(APPLICATION_PROFILE.to_owned(), 12.0),
    ]
}

impl Caller {
    fn add_metrics(&self, incident: Timestamp, metrics: &mut Vec<Value>) {
        let output = |minute| {
            if is_incident(minute) { self.incident_output_tokens } else { self.output_tokens }
        };
        let of = |name, value: &dyn Fn(f64, i64) -> f64| {
            series(name, &self.model_id, incident, |at, minute| {
                let requests = (self.requests * load(at, minute)).round();
                (requests > 0.0).then(|| value(requests, minute).round())
            })
        };
        metrics.push(of("Invocations", &|requests, _| requests));
        metrics.push(of("InputTokenCount", &|requests, _| requests * self.input_tokens));
        metrics.push(of("OutputTokenCount", &|requests, minute| requests * output(minute)));
        metrics.push(of("EstimatedTPMQuotaUsage", &|requests, minute| {
            requests * self.burndown.mul_add(output(minute), self.input_tokens)
        }));
        metrics.push(of("InvocationLatency", &|requests, minute| {
            self.latency_ms * (output(minute) / self.output_tokens).sqrt() + requests * 10.0
        }));
        metrics.push(of("TimeToFirstToken", &|requests, _| 400.0 + requests * 5.0));
    }
}

fn is_incident(minute: i64) -> bool {
    (0..INCIDENT_MINUTES).contains(&minute)
}

/// The share of the busiest traffic at a moment: a day's wave, quiet weekends, a little unrest.
fn load(at: Timestamp, minute: i64) -> f64 {
    const SECONDS_A_DAY: i64 = 86_400;
    if is_incident(minute) {
        return 1.0;
    }
    let of_day = at.as_second().rem_euclid(SECONDS_A_DAY);
    let phase = f64::from(i32::try_from(of_day).unwrap_or(0)) / 86_400.0;
    let wave = 0.55 + 0.30 * (std::f64::consts::TAU * (phase - 0.375)).sin();
    // Day 0 of the epoch was a Thursday.
    let weekday = at.as_second().div_euclid(SECONDS_A_DAY).rem_euclid(7);
    let week = if weekday == 2 || weekday == 3 { 0.7 } else { 1.0 };
    let unrest = f64::from(i32::try_from((minute * 7_919).rem_euclid(101)).unwrap_or(0)) / 1_010.0;
    wave * week + unrest
}

/// One series from midnight 14 days before the incident's day; minutes count from the incident.
fn series(
    name: &str,
    model_id: &str,
    incident: Timestamp,
    value: impl Fn(Timestamp, i64) -> Option<f64>,
) -> Value {
    let midnight = incident.as_second().div_euclid(86_400) * 86_400;
    let start = midnight - FULL_DAYS * 86_400;
    let first = (start - incident.as_second()) / 60;
    let values: Vec<Option<f64>> = (first..MINUTES_AHEAD)
        .map(|minute| value(incident + SignedDuration::from_mins(minute), minute))
        .collect();
    json!({
        "namespace": "AWS/Bedrock",
        "name": name,
        "dimensions": { "ModelId": model_id },
        "start": (incident + SignedDuration::from_mins(first)).to_string(),
        "values": values,
    })
}
