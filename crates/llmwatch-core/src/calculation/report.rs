//! The coverage report: what was found, which quotas it has, and what was left out and why.

use std::fmt;

use serde::Serialize;

use super::{CalculatedPool, Calculation, Change};
use crate::ids::QuotaCode;
use crate::pool::discovery::Unresolved;
use crate::pool::{Pool, PoolLabel};
use crate::quota::QuotaKind;
use crate::stored::StoredPool;

/// What one run found and changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// One entry a pool.
    pub pools: Vec<PoolReport>,
    /// Pools no longer watched.
    pub left: Vec<PoolLabel>,
    /// Series that belong to no pool, and settings that took no effect, each with the reason.
    pub skipped: Vec<String>,
}

/// One pool of the report. Its `Display` is its line in the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolReport {
    /// The pool's label.
    pub label: PoolLabel,
    /// The model and scope.
    pub pool: Pool,
    /// The series that draw on it.
    pub series: Vec<String>,
    /// Its quotas, in the order RPM, TPM, TPD.
    pub quotas: Vec<QuotaReport>,
    /// What became of its document.
    pub document: DocumentState,
    /// What an operator should know about it.
    pub notes: Vec<String>,
}

/// What became of a pool's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentState {
    /// Stored for the first time.
    New,
    /// A new version is stored.
    Changed,
    /// The stored one holds.
    Unchanged,
}

/// One quota of a pool of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaReport {
    /// What it counts.
    pub kind: QuotaKind,
    /// Its code.
    pub code: QuotaCode,
    /// Its value, in its own unit.
    pub value: f64,
    /// The value at which the usage alarm fires.
    pub threshold: f64,
    /// The threshold before this run, where that was another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_before: Option<f64>,
}

/// The report of a calculation.
#[must_use]
pub fn report(calculation: &Calculation, unresolved: &[Unresolved]) -> Report {
    Report {
        pools: calculation.pools.iter().map(pool_report).collect(),
        left: calculation.left.clone(),
        skipped: unresolved.iter().map(ToString::to_string).collect(),
    }
}

fn pool_report(calculated: &CalculatedPool) -> PoolReport {
    let document = &calculated.document;
    let (state, before) = match &calculated.change {
        Change::New => (DocumentState::New, None),
        Change::Changed(stored) => (DocumentState::Changed, Some(stored.as_ref())),
        Change::Unchanged => (DocumentState::Unchanged, None),
    };
    PoolReport {
        label: document.pool.label(),
        pool: document.pool.clone(),
        series: document.series.clone(),
        quotas: quota_reports(document, before),
        document: state,
        notes: document.notes.clone(),
    }
}

fn quota_reports(document: &StoredPool, before: Option<&StoredPool>) -> Vec<QuotaReport> {
    let threshold_before = |kind| before?.quota(kind).map(|quota| quota.threshold);
    document
        .quotas
        .iter()
        .map(|quota| QuotaReport {
            kind: quota.kind,
            code: quota.quota.code.clone(),
            value: quota.quota.value,
            threshold: quota.threshold,
            threshold_before: threshold_before(quota.kind)
                .filter(|before| *before != quota.threshold),
        })
        .collect()
}

impl fmt::Display for PoolReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} series", self.label, self.series.len())?;
        if self.quotas.is_empty() {
            f.write_str(", no quota known")?;
        }
        for quota in &self.quotas {
            let QuotaReport { kind, code, value, threshold, threshold_before } = quota;
            write!(f, ", {kind} {value} ({code}), alarm at {threshold}")?;
            if let Some(before) = threshold_before {
                write!(f, " (was {before})")?;
            }
        }
        match self.document {
            DocumentState::New => f.write_str("; new"),
            DocumentState::Changed => f.write_str("; changed"),
            DocumentState::Unchanged => f.write_str("; unchanged"),
        }
    }
}
