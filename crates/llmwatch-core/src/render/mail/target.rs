//! How the value asked for was computed.

use crate::decision::Decision;
use crate::quota::QuotaKind;
use crate::quota::increase::{PEAK_HEADROOM, TargetRule};
use crate::render::format::count;
use crate::render::words::Words;

/// The arithmetic of one quota action.
#[derive(Debug, Clone)]
pub(super) struct TargetFacts {
    pub(super) kind: QuotaKind,
    pub(super) rule: TargetRule,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) percent: u16,
    /// `from` and the percentage.
    pub(super) by_percent: String,
    /// The peak and the peak with headroom.
    pub(super) by_peak: Option<ByPeak>,
    /// The quotas that are raised by way of this one.
    pub(super) instead_of: String,
}

#[derive(Debug, Clone)]
pub(super) struct ByPeak {
    pub(super) peak: String,
    pub(super) headroom: f64,
    pub(super) product: String,
}

impl TargetFacts {
    pub(super) fn all(words: &dyn Words, decision: &Decision) -> Vec<Self> {
        decision
            .quota_actions
            .iter()
            .filter_map(|action| {
                let target = action.target?;
                let others = action.covers.iter().filter(|kind| **kind != action.kind);
                Some(Self {
                    kind: action.kind,
                    rule: target.rule,
                    from: count(target.from),
                    to: count(target.to),
                    percent: target.percent,
                    by_percent: count(target.from * f64::from(100 + target.percent) / 100.0),
                    by_peak: target.peak.map(|peak| ByPeak {
                        peak: count(peak),
                        headroom: PEAK_HEADROOM,
                        product: count(peak * PEAK_HEADROOM),
                    }),
                    instead_of: words
                        .list(&others.map(|kind| kind.abbreviation()).collect::<Vec<_>>()),
                })
            })
            .collect()
    }
}
