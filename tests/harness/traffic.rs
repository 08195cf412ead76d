//! Made-up traffic: 14 full days and today, a value a minute, for seven pools and one incident; and
//! a day of a SageMaker inference component.
//!
//! Nothing is random: the same start gives the same figures on every run. Quota names and codes are
//! AWS's; the values are those of an account that has not been granted AWS's defaults everywhere,
//! as many have not.

mod callers;
pub mod component;
mod fleet;

use callers::{CALLERS, Caller, Rhythm};
pub use fleet::fleet;
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::AlarmKind;
use serde_json::{Value, json};

/// Minutes of the incident, from its start.
pub const INCIDENT_MINUTES: i64 = 12;

/// Minutes seeded after the start of the incident, calm again once it is over.
const MINUTES_AHEAD: i64 = 240;

/// Full days of history before today.
const FULL_DAYS: i64 = 14;

/// How long the calls of a minute take, by their mean: by which factor, and which share of them.
/// Most are a little shorter, a few much longer.
pub const SPREAD: [(f64, f64); 6] =
    [(0.6, 0.25), (0.8, 0.30), (1.0, 0.25), (1.4, 0.14), (2.2, 0.04), (3.8, 0.02)];

/// Nova Pro, called through its regional profile; far from every limit.
pub const HEALTHY_MODEL: &str = "amazon.nova-pro-v1:0";

/// The same model called by its own id: a pool of its own, whose quotas nobody can raise by API.
/// In the incident it gets almost as many requests a minute as it may.
pub const ON_DEMAND_MODEL: &str = HEALTHY_MODEL;

/// Claude Sonnet 4.5, called through its regional profile and two application profiles over it: one
/// pool. A Region offers the regional profiles of one geography only (here `us.`), and a `global.`
/// profile has quotas of its own, so this is what shares a quota in practice. Its answers grow in
/// the incident: raw tokens stay below the quota, tokens weighted by burndown do not.
pub const BUSY_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Claude Opus 5 in an account whose quota for it is 0: every call is refused.
pub const BLOCKED_MODEL: &str = "anthropic.claude-opus-5";

/// Claude Sonnet 5, which has a quota for tokens a minute and none for requests. Its answers grow in
/// the incident until it is throttled.
pub const NO_RPM_MODEL: &str = "anthropic.claude-sonnet-5";

/// Nova 2 Lite through its global profile, in an account with a tenth of the default for a day. In
/// the incident a batch takes the rest of the day's tokens; no minute comes near its own quota.
pub const DAILY_MODEL: &str = "amazon.nova-2-lite-v1:0";

/// Claude Haiku 4.5, called through twelve application profiles: four more than an alarm can sum.
pub const CROWDED_MODEL: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

/// The application inference profiles over the busy model: id and name.
pub const BUSY_PROFILES: [(&str, &str); 2] =
    [("k3x9q2m7t5ab", "support-chat"), ("p4w8r1n6z2cd", "nightly-digest")];

/// The application inference profiles over the crowded model, busiest first: id and name.
pub const CROWDED_PROFILES: [(&str, &str); 12] = [
    ("a1c5e7g9i2k4", "mail-triage"),
    ("b2d6f8h1j3l5", "chat-web"),
    ("c3e7g9i2k4m6", "chat-mobile"),
    ("d4f8h1j3l5n7", "search-answers"),
    ("e5g9i2k4m6o8", "ticket-summary"),
    ("f6h1j3l5n7p9", "call-summary"),
    ("g7i2k4m6o8q1", "translation"),
    ("h8j3l5n7p9r2", "product-texts"),
    ("i9k4m6o8q1s3", "contract-check"),
    ("j1l5n7p9r2t4", "code-review"),
    ("k2m6o8q1s3u5", "release-notes"),
    ("l3n7p9r2t4v6", "hr-questions"),
];

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
    /// On-demand tokens per minute of the same model.
    pub const ON_DEMAND_TPM: &str = "L-CE33604C";
    /// On-demand requests per minute of the same model.
    pub const ON_DEMAND_RPM: &str = "L-F2717A44";
    /// Cross-region tokens per minute of the blocked model.
    pub const BLOCKED_TPM: &str = "L-99296DCD";
    /// Cross-region tokens per minute of the model without a quota for requests.
    pub const NO_RPM_TPM: &str = "L-D4FBCF4E";
    /// Global tokens per minute of the model at the end of its day.
    pub const DAILY_TPM: &str = "L-71C69B70";
    /// Global requests per minute of the same model.
    pub const DAILY_RPM: &str = "L-D5F39C2F";
    /// Global tokens per day of the same model.
    pub const DAILY_TPD: &str = "L-AD940EDE";
    /// Cross-region tokens per minute of the crowded model.
    pub const CROWDED_TPM: &str = "L-58BE175A";
    /// Cross-region requests per minute of the crowded model.
    pub const CROWDED_RPM: &str = "L-CCA5DF70";
}

/// The deploy parameter `AlarmTuning` of the demo: only the busy pool has anomaly and latency
/// alarms, as an operator would have it who pays for every metric an alarm reads.
#[must_use]
pub fn alarm_tuning() -> String {
    let kinds = [
        AlarmKind::HighLatency,
        AlarmKind::HighTimeToFirstToken,
        AlarmKind::InvocationAnomaly,
        AlarmKind::InputTokenAnomaly,
        AlarmKind::OutputTokenAnomaly,
        AlarmKind::LatencyAnomaly,
    ];
    let switched = |enabled: bool| -> Value {
        kinds.iter().map(|kind| (kind.word().to_owned(), json!({ "enabled": enabled }))).collect()
    };
    json!({ "*": switched(false), "*claude-sonnet-4-5*": switched(true) }).to_string()
}

/// The seed for an incident that starts at `incident`, a whole minute.
#[must_use]
pub fn seed(incident: Timestamp) -> Value {
    let mut metrics = Vec::new();
    for caller in CALLERS {
        caller.add_metrics(incident, &mut metrics);
    }
    for ((id, _), place) in CROWDED_PROFILES.iter().zip(0_u8..) {
        callers::crowded(id, f64::from(50 - 4 * place)).add_metrics(incident, &mut metrics);
    }
    let throttles = |model_id: &str, value: &dyn Fn(i64) -> Option<f64>| {
        series("InvocationThrottles", model_id, FULL_DAYS, incident, |_, minute| value(minute))
    };
    metrics.push(throttles(callers::BLOCKED, &|minute| {
        let now_and_then = minute % 45 == 0 && (-600..0).contains(&minute);
        if is_incident(minute) { Some(3.0) } else { now_and_then.then_some(1.0) }
    }));
    for (model_id, each_minute) in
        [(callers::BUSY, 9.0), (callers::NO_RPM, 8.0), (callers::ON_DEMAND, 12.0)]
    {
        metrics.push(throttles(model_id, &|minute| {
            (is_incident(minute) && minute >= 2).then_some(each_minute)
        }));
    }
    for (name, every) in [("InvocationClientErrors", 45), ("InvocationServerErrors", 70)] {
        metrics.push(series(name, callers::BUSY, FULL_DAYS, incident, |_, minute| {
            (minute % every == 0).then_some(1.0)
        }));
    }
    metrics.extend(component::metrics(incident));
    json!({ "metrics": metrics, "quotas": quotas(), "profiles": profiles() })
}

/// The quotas of the demo's account, as the seed takes them.
#[must_use]
pub fn quotas() -> Value {
    json!([
        { "code": quota::BUSY_TPM, "applied": 625_000.0, "adjustable": true },
        { "code": quota::BUSY_RPM, "applied": 1_000.0, "adjustable": true },
        { "code": quota::HEALTHY_TPM, "applied": 2_000_000.0, "adjustable": true },
        { "code": quota::HEALTHY_RPM, "applied": 500.0, "adjustable": false },
        { "code": quota::ON_DEMAND_TPM, "applied": 1_000_000.0, "adjustable": false },
        { "code": quota::ON_DEMAND_RPM, "applied": 250.0, "adjustable": false },
        { "code": quota::BLOCKED_TPM, "default": 1_000_000.0, "applied": 0.0, "adjustable": true },
        { "code": quota::NO_RPM_TPM, "applied": 3_000_000.0, "adjustable": true },
        { "code": quota::DAILY_TPM, "applied": 8_000_000.0, "adjustable": true },
        { "code": quota::DAILY_RPM, "applied": 2_000.0, "adjustable": true },
        { "code": quota::DAILY_TPD, "applied": 1_152_000_000.0, "adjustable": false },
        { "code": quota::CROWDED_TPM, "applied": 5_000_000.0, "adjustable": true },
        { "code": quota::CROWDED_RPM, "applied": 10_000.0, "adjustable": true },
    ])
}

fn profiles() -> Vec<Value> {
    let over = |model: &str, profiles: &[(&str, &str)]| -> Vec<Value> {
        let profile = |(id, name): &(&str, &str)| json!({ "id": id, "name": name, "copy_from": format!("us.{model}") });
        profiles.iter().map(profile).collect()
    };
    [over(BUSY_MODEL, &BUSY_PROFILES), over(CROWDED_MODEL, &CROWDED_PROFILES)].concat()
}

impl Caller {
    fn add_metrics(&self, incident: Timestamp, metrics: &mut Vec<Value>) {
        let of = |name, value: &dyn Fn(f64, i64) -> f64| {
            series(name, self.model_id, self.full_days, incident, |at, minute| {
                let requests = self.requests_at(at, minute);
                (requests > 0.0).then(|| value(requests, minute).round())
            })
        };
        let invocations = of("Invocations", &|requests, _| requests);
        // Of each call there is one wait.
        let waits = |mut means: Value| {
            means["counts"] = invocations["values"].clone();
            means["spread"] = json!(SPREAD);
            means
        };
        metrics.push(waits(of("InvocationLatency", &|requests, minute| {
            self.latency_ms * (self.output(minute) / self.output_tokens).sqrt() + requests * 10.0
        })));
        metrics.push(waits(of("TimeToFirstToken", &|requests, _| 400.0 + requests * 5.0)));
        metrics.push(invocations);
        metrics.push(of("InputTokenCount", &|requests, _| requests * self.input_tokens));
        metrics.push(of("OutputTokenCount", &|requests, minute| requests * self.output(minute)));
        metrics.push(of("EstimatedTPMQuotaUsage", &|requests, minute| {
            requests * self.burndown.mul_add(self.output(minute), self.input_tokens)
        }));
        if self.cached_tokens > 0.0 {
            metrics
                .push(of("CacheReadInputTokenCount", &|requests, _| requests * self.cached_tokens));
        }
    }

    fn output(&self, minute: i64) -> f64 {
        if is_incident(minute) { self.incident_output_tokens } else { self.output_tokens }
    }

    fn requests_at(&self, at: Timestamp, minute: i64) -> f64 {
        if is_incident(minute) {
            self.incident_requests
        } else {
            (self.requests * self.load(at, minute)).round()
        }
    }

    /// The share of the busiest traffic at a moment outside the incident.
    fn load(&self, at: Timestamp, minute: i64) -> f64 {
        match self.rhythm {
            Rhythm::Office => office_load(at, minute),
            Rhythm::Steady => 1.0,
        }
    }
}

fn is_incident(minute: i64) -> bool {
    (0..INCIDENT_MINUTES).contains(&minute)
}

/// A day's wave, quiet weekends, a little unrest.
fn office_load(at: Timestamp, minute: i64) -> f64 {
    const SECONDS_A_DAY: i64 = 86_400;
    let of_day = at.as_second().rem_euclid(SECONDS_A_DAY);
    let phase = f64::from(i32::try_from(of_day).unwrap_or(0)) / 86_400.0;
    let wave = 0.55 + 0.30 * (std::f64::consts::TAU * (phase - 0.375)).sin();
    // Day 0 of the epoch was a Thursday.
    let weekday = at.as_second().div_euclid(SECONDS_A_DAY).rem_euclid(7);
    let week = if weekday == 2 || weekday == 3 { 0.7 } else { 1.0 };
    let unrest = f64::from(i32::try_from((minute * 7_919).rem_euclid(101)).unwrap_or(0)) / 1_010.0;
    wave * week + unrest
}

/// One series from a midnight so many days before the incident's day; minutes count from the
/// incident.
fn series(
    name: &str,
    model_id: &str,
    full_days: i64,
    incident: Timestamp,
    value: impl Fn(Timestamp, i64) -> Option<f64>,
) -> Value {
    let midnight = incident.as_second().div_euclid(86_400) * 86_400;
    let start = midnight - full_days * 86_400;
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
