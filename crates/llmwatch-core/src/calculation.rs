//! What quota-calculator stores: from everything it read to the documents that must change.
//!
//! A threshold moves only because a quota, or the operator's percentage, was read and differs.
//! What could not be read keeps its last known value.

pub mod report;
pub mod series_order;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::alarm::desired::MAX_SERIES;
use crate::alarm::tuning::Tuning;
use crate::alarm::{Limit, definition, warning_of};
use crate::pool::discovery::{DiscoveredPool, Discovery};
use crate::pool::{Pool, PoolLabel};
use crate::quota::matching::{adjustable_elsewhere, quotas_of};
use crate::quota::overlay::{QuotaListings, in_force};
use crate::quota::threshold::threshold;
use crate::quota::{Quota, QuotaKind};
use crate::stored::{PoolQuota, StoredPool};

/// The name of the setting that lists models to watch before they have traffic.
pub const WATCHED_MODELS: &str = "watched-models";

/// The largest value Parameter Store takes, as an advanced parameter.
///
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.
pub const MAX_DOCUMENT_BYTES: usize = 8192;

/// A pool's last-seen time is stored again when it is newer by this much; hourly would only fill
/// the history.
const LAST_SEEN_STEP: SignedDuration = SignedDuration::from_hours(24);

/// Everything a calculation looks at.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'a> {
    /// The pools there are.
    pub discovery: &'a Discovery,
    /// Both listings of Bedrock's quotas, complete.
    pub listings: &'a QuotaListings,
    /// The documents of the last run.
    pub stored: &'a [StoredPool],
    /// Invocations of the last day by series, for pools with more series than an alarm can sum.
    pub volumes: &'a BTreeMap<String, f64>,
    /// What the operator changed about the CATALOGUE.
    pub tuning: &'a Tuning,
    /// The time of this run.
    pub now: Timestamp,
}

/// What a run has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Calculation {
    /// Every pool there is, as it must be stored, with what that changes.
    pub pools: Vec<CalculatedPool>,
    /// Pools that are no longer watched; their documents go.
    pub left: Vec<PoolLabel>,
}

/// A pool's document.
#[derive(Debug, Clone, PartialEq)]
pub struct CalculatedPool {
    /// The document.
    pub document: StoredPool,
    /// Whether it differs from the stored one.
    pub change: Change,
}

/// How a calculated document relates to the stored one.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The pool was not stored.
    New,
    /// The document differs from this one.
    Changed(Box<StoredPool>),
    /// Nothing worth a new version differs.
    Unchanged,
}

/// Reads the setting [`WATCHED_MODELS`]: ids separated by commas; empty or `none` names nothing.
///
/// What an id is worth is told by discovery, with its reason.
#[must_use]
pub fn watched_models(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty() && *id != "none")
        .map(str::to_owned)
        .collect()
}

/// Makes every pool's document.
#[must_use]
pub fn calculate(findings: &Findings<'_>) -> Calculation {
    let quotas = in_force(findings.listings);
    let stored: BTreeMap<&Pool, &StoredPool> =
        findings.stored.iter().map(|stored| (&stored.pool, stored)).collect();
    let pools = findings.discovery.pools.iter().map(|found| {
        let stored = stored.get(&found.pool).copied();
        let document = document(found, stored, &quotas, findings);
        let change = change(&document, stored);
        CalculatedPool { document, change }
    });
    Calculation {
        pools: pools.collect(),
        left: findings.discovery.left.iter().map(Pool::label).collect(),
    }
}

fn document(
    found: &DiscoveredPool,
    stored: Option<&StoredPool>,
    quotas: &[Quota],
    findings: &Findings<'_>,
) -> StoredPool {
    let pool = &found.pool;
    let matched = quotas_of(pool, quotas);
    let mut notes = matched.notes();
    let mut pool_quotas = Vec::new();
    for kind in QuotaKind::ALL {
        let quota = match matched.get(kind) {
            Some(quota) => Some(quota.clone()),
            None => last_known(kind, stored, findings.listings).map(|(quota, why)| {
                notes.push(format!(
                    "the {kind} quota {} could not be read, so its last known value stays: {why}",
                    quota.code
                ));
                quota.clone()
            }),
        };
        pool_quotas.extend(quota.map(|quota| PoolQuota {
            kind,
            threshold: threshold(quota.value, percent(kind, &pool.label(), findings.tuning)),
            quota,
        }));
    }
    fit(StoredPool {
        pool: pool.clone(),
        series: series_order::busiest_first(&found.series, findings.volumes),
        quotas: pool_quotas,
        adjustable_elsewhere: adjustable_elsewhere(pool, quotas),
        notes,
        last_seen: found.last_seen,
        calculated_at: findings.now,
    })
}

/// The stored quota of a kind whose row was unreadable this time, and why it was.
fn last_known<'a>(
    kind: QuotaKind,
    stored: Option<&'a StoredPool>,
    listings: &'a QuotaListings,
) -> Option<(&'a Quota, &'a str)> {
    let quota = &stored?.quota(kind)?.quota;
    let unreadable =
        listings.unreadable.iter().find(|unreadable| unreadable.code == quota.code.as_str())?;
    Some((quota, &unreadable.why))
}

/// The percentage of a quota at which the pool's warning fires: the operator's, else the
/// CATALOGUE's. An alarm that is switched off still has a threshold, which decisions compare with.
pub(crate) fn percent(kind: QuotaKind, pool: &PoolLabel, tuning: &Tuning) -> f64 {
    let warning = warning_of(kind);
    let row = tuning.definition(warning, pool.as_str()).unwrap_or(*definition(warning));
    match row.limit {
        Limit::PercentOfQuota(_, percent) => percent,
        Limit::AtLeast(_) | Limit::AboveBand(_) | Limit::Budget => 100.0,
    }
}

/// Leaves out the quietest series until the document fits Parameter Store, and notes how many.
fn fit(document: StoredPool) -> StoredPool {
    let fits = |document: &StoredPool| text(document).len() <= MAX_DOCUMENT_BYTES;
    if fits(&document) {
        return document;
    }
    let all = document.series.len();
    let shortened = |kept: usize| {
        let mut shorter = document.clone();
        shorter.series.truncate(kept);
        shorter.notes.push(format!(
            "{} of {all} series are not stored and not in alarms, because the document is full",
            all - kept
        ));
        shorter
    };
    (0..all).rev().map(shortened).find(fits).unwrap_or_else(|| shortened(0))
}

/// A document as it is stored: JSON without line breaks.
#[must_use]
pub fn text(document: &StoredPool) -> String {
    // Strings, finite numbers and timestamps only, for which serde_json has no failure.
    serde_json::to_string(document).unwrap_or_default()
}

fn change(document: &StoredPool, stored: Option<&StoredPool>) -> Change {
    let Some(stored) = stored else { return Change::New };
    let same_but_for_times = StoredPool {
        last_seen: document.last_seen,
        calculated_at: document.calculated_at,
        ..stored.clone()
    };
    let is_seen_anew = document.last_seen.duration_since(stored.last_seen) > LAST_SEEN_STEP;
    if same_but_for_times == *document && !is_seen_anew {
        Change::Unchanged
    } else {
        Change::Changed(Box::new(stored.clone()))
    }
}

/// The series whose volume decides anything: those of pools with more than an alarm can sum.
#[must_use]
pub fn series_to_measure(discovery: &Discovery) -> BTreeSet<String> {
    discovery
        .pools
        .iter()
        .filter(|found| found.series.len() > MAX_SERIES)
        .flat_map(|found| found.series.iter().cloned())
        .collect()
}
