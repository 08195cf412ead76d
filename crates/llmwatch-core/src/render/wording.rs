//! The words for alarm kinds, scopes and severities in prose.

use super::format::count;
use crate::alarm::{AlarmDefinition, AlarmKind, Limit, Severity, definition};
use crate::decision::FiringAlarm;
use crate::pool::Scope;
use crate::quota::QuotaKind;
use crate::stored::StoredPool;

/// What a kind reports, as a short noun for subjects and lists.
pub(super) fn noun(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::ServerErrors => "server errors",
        AlarmKind::ClientErrors => "client errors",
        AlarmKind::Throttles => "throttling",
        AlarmKind::HighInvocationRate => "high RPM use",
        AlarmKind::HighTPMQuotaUsage => "high TPM use",
        AlarmKind::HighTPDQuotaUsage => "high TPD use",
        AlarmKind::HighLatency => "slow answers",
        AlarmKind::HighTimeToFirstToken => "slow first token",
        AlarmKind::InvocationAnomaly => "unusually many requests",
        AlarmKind::InputTokenAnomaly => "unusually many input tokens",
        AlarmKind::OutputTokenAnomaly => "unusually many output tokens",
        AlarmKind::LatencyAnomaly => "unusual latency",
    }
}

/// The severity in running text.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// What a scope means, for a reader who does not know our word for it.
pub(super) fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::OnDemand => "on-demand (foundation model id, served in the Region)",
        Scope::CrossRegion => "cross-region (geographic inference profile)",
        Scope::Global => "global (global inference profile)",
        Scope::CustomDeployment => "custom-deployment (on-demand custom model)",
        Scope::Dedicated => "dedicated (provisioned or imported model)",
    }
}

/// What a quota counts, for a value in the quota's unit.
pub(super) fn counted(kind: QuotaKind) -> &'static str {
    match kind {
        QuotaKind::Rpm => "requests",
        QuotaKind::Tpm | QuotaKind::Tpd => "tokens",
    }
}

/// The value an alarm fired on, for example `InvocationThrottles: 812 in 5 min`, and the value it
/// fires at where that is known: the thresholds of quotas are, those set by tuning are not.
pub(super) fn measured(alarm: &FiringAlarm, stored: Option<&StoredPool>) -> Option<String> {
    let AlarmDefinition { metric, period_seconds, limit, .. } = definition(alarm.kind);
    let value = alarm.value?;
    let text = match alarm.kind {
        AlarmKind::HighLatency | AlarmKind::HighTimeToFirstToken | AlarmKind::LatencyAnomaly => {
            format!("{} s", count(value / 1000.0))
        }
        AlarmKind::ServerErrors
        | AlarmKind::ClientErrors
        | AlarmKind::Throttles
        | AlarmKind::HighInvocationRate
        | AlarmKind::HighTPMQuotaUsage
        | AlarmKind::HighTPDQuotaUsage
        | AlarmKind::InvocationAnomaly
        | AlarmKind::InputTokenAnomaly
        | AlarmKind::OutputTokenAnomaly => count(value),
    };
    let period = match period_seconds {
        86_400 => "24 h".to_owned(),
        seconds => format!("{} min", seconds / 60),
    };
    let fires_at = match limit {
        Limit::PercentOfQuota(kind, _) => stored
            .and_then(|stored| stored.quota(*kind))
            .map(|quota| format!(", alarm at {}", count(quota.threshold))),
        Limit::AtLeast(_) | Limit::AboveBand(_) => None,
    };
    Some(format!("{metric}: {text} in {period}{}", fires_at.unwrap_or_default()))
}

/// A name with its first letter in capitals.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
