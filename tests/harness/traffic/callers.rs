//! Who calls which model, how often and with how many tokens.

use super::FULL_DAYS;

/// The busy model's regional profile.
pub(super) const BUSY: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// The blocked model's.
pub(super) const BLOCKED: &str = "us.anthropic.claude-opus-5";
/// That of the model without a quota for requests.
pub(super) const NO_RPM: &str = "us.anthropic.claude-sonnet-5";
/// The model called by its own id.
pub(super) const ON_DEMAND: &str = super::ON_DEMAND_MODEL;

/// One caller's share of a pool's traffic.
pub(super) struct Caller {
    pub(super) model_id: &'static str,
    /// Requests a minute at the busiest time of day.
    pub(super) requests: f64,
    /// Requests a minute while the incident lasts.
    pub(super) incident_requests: f64,
    pub(super) input_tokens: f64,
    /// Tokens of a request that are read from the cache, beside the input.
    pub(super) cached_tokens: f64,
    pub(super) output_tokens: f64,
    /// Output tokens of a request while the incident lasts.
    pub(super) incident_output_tokens: f64,
    /// What an output token costs of the quota.
    pub(super) burndown: f64,
    pub(super) latency_ms: f64,
    pub(super) rhythm: Rhythm,
    /// Full days of history before today.
    pub(super) full_days: i64,
}

/// How a caller's traffic goes through the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// With people's working hours and weekends.
    Office,
    /// The same every minute.
    Steady,
}

/// Everybody but the callers of the crowded model.
pub(super) const CALLERS: [Caller; 7] = [
    Caller {
        model_id: "us.amazon.nova-pro-v1:0",
        requests: 60.0,
        incident_requests: 60.0,
        input_tokens: 1_200.0,
        cached_tokens: 0.0,
        output_tokens: 300.0,
        incident_output_tokens: 300.0,
        burndown: 1.0,
        latency_ms: 1_800.0,
        rhythm: Rhythm::Office,
        full_days: FULL_DAYS,
    },
    busy(BUSY, 24.0),
    busy(super::BUSY_PROFILES[1].0, 10.0),
    busy(super::BUSY_PROFILES[0].0, 12.0),
    // 245 of 250 requests a minute, 37 % of the tokens.
    Caller {
        model_id: ON_DEMAND,
        requests: 60.0,
        incident_requests: 245.0,
        input_tokens: 1_200.0,
        cached_tokens: 0.0,
        output_tokens: 300.0,
        incident_output_tokens: 300.0,
        burndown: 1.0,
        latency_ms: 1_800.0,
        rhythm: Rhythm::Office,
        full_days: FULL_DAYS,
    },
    // 2,940,000 of 3,000,000 tokens a minute in the incident.
    Caller {
        model_id: NO_RPM,
        requests: 40.0,
        incident_requests: 40.0,
        input_tokens: 3_000.0,
        cached_tokens: 0.0,
        output_tokens: 500.0,
        incident_output_tokens: 7_050.0,
        burndown: 10.0,
        latency_ms: 5_000.0,
        rhythm: Rhythm::Office,
        full_days: FULL_DAYS,
    },
    // 632,000 tokens a minute are 79 % of the day's quota; in the incident 5,498,400 a minute, 69 %
    // of the minute's, bring the last 24 hours to its alarm at 80 % within three minutes.
    Caller {
        model_id: "global.amazon.nova-2-lite-v1:0",
        requests: 100.0,
        incident_requests: 870.0,
        input_tokens: 6_000.0,
        cached_tokens: 0.0,
        output_tokens: 320.0,
        incident_output_tokens: 320.0,
        burndown: 1.0,
        latency_ms: 900.0,
        rhythm: Rhythm::Steady,
        full_days: FULL_DAYS,
    },
];

/// A caller of the busy model.
const fn busy(model_id: &'static str, requests: f64) -> Caller {
    Caller {
        model_id,
        requests,
        incident_requests: requests,
        input_tokens: 4_000.0,
        cached_tokens: 1_500.0,
        output_tokens: 400.0,
        incident_output_tokens: 2_700.0,
        burndown: 5.0,
        latency_ms: 6_500.0,
        rhythm: Rhythm::Office,
        full_days: FULL_DAYS,
    }
}

/// A caller of the crowded model; a day of history is what tells the busiest.
pub(super) const fn crowded(model_id: &'static str, requests: f64) -> Caller {
    Caller {
        model_id,
        requests,
        incident_requests: requests,
        input_tokens: 900.0,
        cached_tokens: 0.0,
        output_tokens: 150.0,
        incident_output_tokens: 150.0,
        burndown: 5.0,
        latency_ms: 1_200.0,
        rhythm: Rhythm::Office,
        full_days: 1,
    }
}
