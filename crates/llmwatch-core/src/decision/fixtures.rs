//! Situations for tests: a pool with quotas, peaks and alarms in a few words.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Firing, FiringAlarm, Occasion, Situation, Support};
use crate::alarm::AlarmKind;
use crate::episode::EpisodeId;
use crate::evidence::{Evidence, Read};
use crate::ids::{AccountId, QuotaCode, Region};
use crate::pool::{Pool, Scope};
use crate::quota::{Quota, QuotaKind, QuotaSource};
use crate::settings::{CaseAutomation, PoolSettings};
use crate::stored::{PoolQuota, StoredPool};
use crate::usage::{Samples, UsageMetric, Window};

/// A model whose output burns 5 tokens each.
pub(crate) const MODEL: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-21T02:46:30Z")
}

/// A quota with a threshold of 80 % and the peak it was used to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use {
    pub(crate) kind: QuotaKind,
    pub(crate) value: f64,
    pub(crate) peak: f64,
    pub(crate) adjustable: bool,
}

pub(crate) fn rpm(value: f64, peak: f64) -> Use {
    Use { kind: QuotaKind::Rpm, value, peak, adjustable: true }
}

pub(crate) fn tpm(value: f64, peak: f64) -> Use {
    Use { kind: QuotaKind::Tpm, value, peak, adjustable: true }
}

/// Here `peak` is the use of the last 24 hours, spread evenly over its minutes.
pub(crate) fn tpd(value: f64, peak: f64) -> Use {
    Use { kind: QuotaKind::Tpd, value, peak, adjustable: false }
}

impl Use {
    pub(crate) fn not_adjustable(self) -> Self {
        Self { adjustable: false, ..self }
    }

    fn code(self) -> &'static str {
        match self.kind {
            QuotaKind::Rpm => "L-CCA5DF70",
            QuotaKind::Tpm => "L-58BE175A",
            QuotaKind::Tpd => "L-210172B5",
        }
    }

    fn quota(self) -> PoolQuota {
        PoolQuota {
            kind: self.kind,
            quota: Quota {
                code: QuotaCode::parse(self.code()).unwrap(),
                name: format!(
                    "Cross-region model inference {} for Anthropic Claude Haiku 4.5",
                    self.kind.unit()
                ),
                value: self.value,
                adjustable: self.adjustable,
                source: QuotaSource::Applied,
                aws_default: None,
            },
            threshold: self.value * 0.8,
        }
    }
}

pub(crate) fn stored(scope: Scope, uses: &[Use]) -> StoredPool {
    StoredPool {
        pool: Pool { scope, model: MODEL.into() },
        series: vec![format!("us.{MODEL}")],
        quotas: uses.iter().map(|used| used.quota()).collect(),
        adjustable_elsewhere: match scope {
            Scope::OnDemand => vec![Scope::CrossRegion, Scope::Global],
            Scope::CrossRegion | Scope::Global | Scope::CustomDeployment | Scope::Dedicated => {
                Vec::new()
            }
        },
        notes: Vec::new(),
        last_seen: now(),
        calculated_at: now(),
    }
}

/// Samples that give each quota exactly its peak, requests and tokens in different minutes.
pub(crate) fn samples(uses: &[Use]) -> Samples {
    let window = Window::evidence_until(now());
    let mut samples = Samples::new(window);
    samples.invocations.add(window.minute(0), 1.0);
    for used in uses {
        match used.kind {
            QuotaKind::Rpm => samples.invocations.add(window.minute(100), used.peak),
            QuotaKind::Tpm => samples.estimated_tpm.add(window.minute(200), used.peak),
            QuotaKind::Tpd => {
                for back in 1..=1440 {
                    let minute = window.end() - SignedDuration::from_mins(back);
                    samples.estimated_tpm.add(minute, used.peak / 1440.0);
                }
            }
        }
    }
    samples
}

pub(crate) fn burndown_samples(input: f64, output: f64) -> Samples {
    let mut samples = samples(&[]);
    let minute = samples.window.minute(200);
    samples.series_mut(UsageMetric::InputTokens).add(minute, input);
    samples.series_mut(UsageMetric::OutputTokens).add(minute, output);
    samples
}

pub(crate) fn measured(uses: &[Use]) -> Evidence {
    Evidence::weigh(Read::Known(samples(uses)), MODEL)
}

pub(crate) fn silent() -> Evidence {
    let samples = Samples::new(Window::evidence_until(now()));
    Evidence::weigh(Read::Known(samples), MODEL)
}

pub(crate) fn firing(kinds: &[AlarmKind]) -> Firing {
    let alarms = kinds
        .iter()
        .map(|kind| FiringAlarm {
            kind: *kind,
            arn: format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:llmwatch-Bedrock-{kind}"),
            since: at("2026-11-21T02:45:55.640Z"),
            recovered_at: None,
            reason: "Threshold Crossed".into(),
            value: None,
            threshold: None,
        })
        .collect();
    Firing::new(alarms).unwrap()
}

pub(crate) fn episode_id() -> EpisodeId {
    EpisodeId::from_text("20261121T0245-0a1b2c3d4e5f")
}

/// A cross-region pool with traffic, automation on, nothing open anywhere.
pub(crate) fn situation(kinds: &[AlarmKind], uses: &[Use]) -> Situation {
    let stored = stored(Scope::CrossRegion, uses);
    Situation {
        now: now(),
        account: AccountId::parse("123456789012").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        pool: stored.pool.label(),
        stored: Read::Known(stored),
        episode: episode_id(),
        occasion: Occasion::Opening,
        firing: firing(kinds),
        evidence: measured(uses),
        settings: PoolSettings {
            case_automation: CaseAutomation::On,
            ..PoolSettings::when_unset()
        },
        setting_problems: Vec::new(),
        support: Support::Cases(Vec::new()),
        pending_requests: Read::Known(Vec::new()),
    }
}

pub(crate) fn reported(alarms: &[AlarmKind]) -> BTreeSet<crate::duplicate::Reported> {
    alarms
        .iter()
        .map(|alarm| crate::duplicate::Reported { episode: episode_id(), alarm: *alarm })
        .collect()
}
