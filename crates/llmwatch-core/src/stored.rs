//! The document quota-calculator stores for each pool and the other functions read.
//!
//! Parameter Store, `/{prefix}/pools/{pool label}/thresholds`. Its versions are the history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alarm::name::Owner;
use crate::alarm::tuning::Tuning;
use crate::alarm::{AlarmKind, warning_of};
use crate::calculation;
use crate::ids::StackPrefix;
use crate::pool::{Pool, PoolLabel, Scope};
use crate::quality::series::SeriesLabel;
use crate::quota::threshold::threshold;
use crate::quota::{Quota, QuotaKind, QuotaSource};

/// A pool as last calculated: its series, its quotas and the thresholds made of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredPool {
    /// The model and scope.
    pub pool: Pool,
    /// Every `ModelId` value that draws on the pool's quotas, busiest first.
    pub series: Vec<String>,
    /// The pool's quotas, at most one of each kind, in the order RPM, TPM, TPD.
    pub quotas: Vec<PoolQuota>,
    /// Scopes of the same model whose TPM quota is adjustable: a way out when this one's is not.
    #[serde(default)]
    pub adjustable_elsewhere: Vec<Scope>,
    /// Why a quota could not be matched, for the operator; empty when all is well.
    #[serde(default)]
    pub notes: Vec<String>,
    /// When one of the pool's series last had data, or when the operator's naming was last seen.
    pub last_seen: Timestamp,
    /// When this document was calculated.
    pub calculated_at: Timestamp,
}

/// One quota of a pool with the threshold made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolQuota {
    /// What it counts.
    pub kind: QuotaKind,
    /// The quota as read.
    pub quota: Quota,
    /// The value at which its warning fires, in the quota's unit.
    pub threshold: f64,
}

impl PoolQuota {
    /// Where an alarm at a share of this quota begins, in the quota's unit.
    ///
    /// Of the warning it is the stored threshold, which a changed setting moves with the next
    /// calculation; of other alarms that share of the stored value.
    #[must_use]
    pub fn alarm_threshold(&self, alarm: AlarmKind, percent: f64) -> f64 {
        let begins = if alarm == warning_of(self.kind) {
            self.threshold
        } else {
            threshold(self.quota.value, percent)
        };
        // With a quota of 0 every idle minute would be "at least 0": only use is news.
        begins.max(1.0)
    }

    /// The quota with the value in force now, which the document is up to an hour behind.
    ///
    /// The threshold stays the same share of the value. Of a quota that was 0 no share is known:
    /// the CATALOGUE's then holds.
    #[must_use]
    pub fn at_live_value(mut self, pool: &PoolLabel, value: f64, adjustable: bool) -> Self {
        let known = self.quota.value;
        if value != known {
            let percent = if known > 0.0 {
                100.0 * self.threshold / known
            } else {
                calculation::percent(self.kind, pool, &Tuning::default())
            };
            self.threshold = threshold(value, percent);
        }
        self.quota.value = value;
        self.quota.adjustable = adjustable;
        self.quota.source = QuotaSource::Applied;
        self
    }
}

impl StoredPool {
    /// The pool's quota of one kind, if it has it.
    #[must_use]
    pub fn quota(&self, kind: QuotaKind) -> Option<&PoolQuota> {
        self.quotas.iter().find(|quota| quota.kind == kind)
    }
}

/// The path below which all pools of a stack are stored.
#[must_use]
pub fn pools_path(prefix: &StackPrefix) -> String {
    format!("/{prefix}/pools")
}

/// The parameter that holds a pool's [`StoredPool`].
#[must_use]
pub fn thresholds_parameter(prefix: &StackPrefix, pool: &PoolLabel) -> String {
    format!("/{prefix}/pools/{pool}/thresholds")
}

/// The parameter that holds what alarm-updater last applied for a pool, a series or a component.
#[must_use]
pub fn applied_parameter(prefix: &StackPrefix, owner: &Owner) -> String {
    match owner {
        Owner::Pool(pool) => format!("/{prefix}/pools/{pool}/applied"),
        Owner::Series(series) => format!("/{prefix}/quality/{series}/applied"),
        Owner::Component(component) => {
            format!("{}/{}/applied", components_path(prefix), component.label())
        }
    }
}

/// The path below which all series of quality metrics of a stack are stored.
#[must_use]
pub fn quality_path(prefix: &StackPrefix) -> String {
    format!("/{prefix}/quality")
}

/// The path below which all inference components of a stack are stored.
#[must_use]
pub fn components_path(prefix: &StackPrefix) -> String {
    format!("/{prefix}/components")
}

/// The parameter that holds a [`StoredSeries`](crate::quality::series::StoredSeries).
#[must_use]
pub fn series_parameter(prefix: &StackPrefix, series: &SeriesLabel) -> String {
    format!("/{prefix}/quality/{series}/series")
}

/// The parameter that holds one operator setting.
#[must_use]
pub fn setting_parameter(prefix: &StackPrefix, name: &str) -> String {
    format!("/{prefix}/settings/{name}")
}

/// The parameter that holds whom llmwatch subscribed to the alerts topic.
#[must_use]
pub fn contacts_parameter(prefix: &StackPrefix) -> String {
    format!("/{prefix}/contacts/applied")
}

/// The parameter that holds what llmwatch wrote of Bedrock's invocation logging.
#[must_use]
pub fn invocation_logging_parameter(prefix: &StackPrefix) -> String {
    format!("/{prefix}/invocation-logging/applied")
}

/// The parameter that exists while the stack lives; a run that does not find it writes nothing.
///
/// alarm-updater creates it on stack create and update and deletes it first on stack delete, so
/// that a run in flight cannot rebuild what the delete removes.
#[must_use]
pub fn lifecycle_parameter(prefix: &StackPrefix) -> String {
    format!("/{prefix}/lifecycle")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::fixtures::{stored, tpm};

    #[test]
    fn a_threshold_stays_the_same_share_of_a_quota_that_moved() {
        let pool = PoolLabel::from_text("global.m");
        for (value, threshold, live, expected) in [
            (500_000.0, 400_000.0, 1_000_000.0, 800_000.0),
            (500_000.0, 400_000.0, 500_000.0, 400_000.0),
            (200.0, 140.0, 101.0, 71.0),
            (200.0, 160.0, 0.0, 1.0),
            (0.0, 1.0, 1_000.0, 800.0),
        ] {
            let mut quota = stored(Scope::Global, &[tpm(1.0, 1.0)]).quotas[0].clone();
            quota.quota.value = value;
            quota.threshold = threshold;
            let quota = quota.at_live_value(&pool, live, false);
            assert_eq!((quota.quota.value, quota.threshold), (live, expected), "{value} to {live}");
            assert!(!quota.quota.adjustable);
        }
    }
}
