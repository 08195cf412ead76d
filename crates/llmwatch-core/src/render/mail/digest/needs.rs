//! What of a week needs somebody, and what can be done about it.

use super::name;
use crate::digest::{Need, QuotaUse, Used};
use crate::ids::Region;
use crate::quota::QuotaKind;
use crate::render::format::count;
use crate::render::links;
use crate::render::words::Words;

/// A pool that needs somebody.
#[derive(Debug, Clone)]
pub(super) struct NeedFacts {
    pub(super) pool: String,
    pub(super) near: Vec<NearFacts>,
    /// The quotas of 0.
    pub(super) zero: String,
    pub(super) throttles: Option<String>,
    /// What can be asked for, with the page to do it on.
    pub(super) raise: Vec<RaiseFacts>,
    /// The form for quotas that no API raises, with their kinds.
    pub(super) form: Option<RaiseFacts>,
    /// TPD is near: it follows TPM.
    pub(super) is_day_near: bool,
    /// Requests were refused although all was read and no quota was near.
    pub(super) is_unexplained: bool,
}

/// A quota that was nearly used up.
#[derive(Debug, Clone)]
pub(super) struct NearFacts {
    pub(super) kind: QuotaKind,
    pub(super) share: String,
    pub(super) before: Option<String>,
}

/// An increase that somebody can ask for.
#[derive(Debug, Clone)]
pub(super) struct RaiseFacts {
    pub(super) kind: String,
    pub(super) link: String,
}

impl NeedFacts {
    pub(super) fn of(words: &dyn Words, need: &Need<'_>, region: &Region) -> Self {
        let is_day_near = need.near.iter().any(|quota| quota.quota.kind == QuotaKind::Tpd);
        let by_request = || need.pool.quotas.iter().filter(|quota| is_to_raise(need, quota));
        let by_request = || by_request().map(|quota| &quota.quota);
        let raise: Vec<RaiseFacts> = by_request()
            .filter(|stored| stored.quota.adjustable)
            .map(|stored| RaiseFacts {
                kind: stored.kind.to_string(),
                link: links::quota(region, &stored.quota.code),
            })
            .collect();
        let fixed: Vec<&str> = by_request()
            .filter(|stored| !stored.quota.adjustable)
            .map(|stored| stored.kind.abbreviation())
            .collect();
        let is_read = |quota: &QuotaUse| match &quota.used {
            Used::Nothing => true,
            Used::Peak { gap, .. } => gap.is_none(),
            Used::Unread(_) => false,
        };
        let zero: Vec<&str> =
            need.zero.iter().map(|quota| quota.quota.kind.abbreviation()).collect();
        let is_without_cause = need.near.is_empty() && need.zero.is_empty();
        Self {
            pool: name(&need.pool.pool.to_string()),
            near: need.near.iter().filter_map(|quota| NearFacts::of(words, quota)).collect(),
            zero: words.list(&zero),
            throttles: (need.throttles > 0.0).then(|| count(need.throttles)),
            raise,
            form: (!fixed.is_empty()).then(|| RaiseFacts {
                kind: words.list(&fixed),
                link: links::limit_increase_form(region),
            }),
            is_day_near,
            is_unexplained: need.throttles > 0.0
                && is_without_cause
                && !need.pool.quotas.is_empty()
                && need.pool.quotas.iter().all(is_read),
        }
    }
}

/// Whether more of a quota would help: it is nearly full or 0, or lifts TPD, which no request does.
fn is_to_raise(need: &Need<'_>, quota: &QuotaUse) -> bool {
    let kind = quota.quota.kind;
    let is_near = |kind| need.near.iter().any(|near| near.quota.kind == kind);
    match kind {
        QuotaKind::Rpm => is_near(kind) || need.zero.contains(&quota),
        QuotaKind::Tpm => is_near(kind) || is_near(QuotaKind::Tpd) || need.zero.contains(&quota),
        QuotaKind::Tpd => false,
    }
}

impl NearFacts {
    fn of(words: &dyn Words, quota: &QuotaUse) -> Option<Self> {
        Some(Self {
            kind: quota.quota.kind,
            share: words.share(quota.used.share()?),
            before: quota.share_before.map(|share| words.share(share)),
        })
    }
}
