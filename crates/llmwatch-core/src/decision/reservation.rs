//! What to try before an increase when requests are throttled although usage is low.
//!
//! Bedrock reserves input + `max_tokens` when a request starts, so a large `max_tokens` throttles
//! long before usage shows. Source:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>.

use super::Situation;
use crate::alarm::AlarmKind;
use crate::quota::QuotaKind;
use crate::scenario::{Scenario, Verdict};

/// Whether the reservation is worth naming.
#[derive(Debug, Clone, PartialEq)]
pub enum ReservationAdvice {
    /// It is not: nothing was throttled, or usage explains it.
    NotNeeded,
    /// It is, but the figures to compute it are not known.
    General,
    /// It is, with these figures.
    Computed(Reservation),
}

/// How many requests a minute the TPM quota admits, by `max_tokens`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    /// The TPM quota.
    pub tpm_quota: f64,
    /// Input tokens of an average request.
    pub input_tokens_per_request: f64,
    /// Output tokens of an average request: what `max_tokens` need not exceed by much.
    pub output_tokens_per_request: f64,
    /// The most requests seen in one minute, refused ones included.
    pub peak_requests_per_minute: f64,
    /// Requests a minute admitted for some values of `max_tokens`, the largest first.
    pub rows: Vec<ReservationRow>,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReservationRow {
    /// The value of `max_tokens`.
    pub max_tokens: f64,
    /// TPM ÷ (input + `max_tokens`), rounded down.
    pub requests_per_minute: f64,
}

const MAX_TOKENS_SHOWN: [f64; 4] = [64_000.0, 16_000.0, 4_000.0, 1_000.0];

pub(super) fn advise(situation: &Situation, verdict: &Verdict) -> ReservationAdvice {
    let is_throttled = situation.firing.kinds().contains(&AlarmKind::Throttles);
    match verdict.scenario {
        Scenario::LowUsage if is_throttled => {
            reservation(situation).map_or(ReservationAdvice::General, ReservationAdvice::Computed)
        }
        Scenario::LowUsage
        | Scenario::NonQuota
        | Scenario::Unknown(_)
        | Scenario::NewModel
        | Scenario::HighUsage => ReservationAdvice::NotNeeded,
    }
}

fn reservation(situation: &Situation) -> Option<Reservation> {
    let usage = situation.evidence.usage()?;
    let tpm_quota = situation.stored.known()?.quota(QuotaKind::Tpm)?.quota.value;
    let input_tokens_per_request = usage.input_tokens_per_request?;
    let rows = MAX_TOKENS_SHOWN
        .into_iter()
        .map(|max_tokens| ReservationRow {
            max_tokens,
            requests_per_minute: (tpm_quota / (input_tokens_per_request + max_tokens)).floor(),
        })
        .collect();
    Some(Reservation {
        tpm_quota,
        input_tokens_per_request,
        output_tokens_per_request: usage.output_tokens_per_request?,
        peak_requests_per_minute: usage.rpm.peak.value,
        rows,
    })
}
