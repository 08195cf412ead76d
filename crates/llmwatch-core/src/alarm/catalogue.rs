//! The one table of truth about alarm kinds.

use super::{AlarmDefinition, AlarmKind, Layer, Limit, QuotaConcern, Severity, Statistic};
use crate::hourly_cost::COST_PER_HOUR;
use crate::metric_values::{DAY_SECONDS, HOUR_SECONDS};
use crate::quota::QuotaKind;

/// Every alarm kind, in the order texts list them: by layer, then by weight.
pub const CATALOGUE: [AlarmDefinition; 16] = [
    AlarmDefinition {
        kind: AlarmKind::ServerErrors,
        layer: Layer::CriticalErrors,
        metric: "InvocationServerErrors",
        statistic: Statistic::Sum,
        period_seconds: 300,
        datapoints_to_alarm: 1,
        evaluation_periods: 2,
        limit: Limit::AtLeast(5.0),
        severity: Severity::Critical,
        concern: QuotaConcern::None,
        says: "gets server errors (5xx) from Bedrock",
    },
    AlarmDefinition {
        kind: AlarmKind::ClientErrors,
        layer: Layer::CriticalErrors,
        metric: "InvocationClientErrors",
        statistic: Statistic::Sum,
        period_seconds: 300,
        datapoints_to_alarm: 1,
        evaluation_periods: 2,
        limit: Limit::AtLeast(5.0),
        severity: Severity::Critical,
        concern: QuotaConcern::EveryNearItsLimit,
        says: "gets client errors (4xx, throttles not counted)",
    },
    AlarmDefinition {
        kind: AlarmKind::Throttles,
        layer: Layer::CriticalErrors,
        metric: "InvocationThrottles",
        statistic: Statistic::Sum,
        period_seconds: 300,
        datapoints_to_alarm: 1,
        evaluation_periods: 2,
        limit: Limit::AtLeast(5.0),
        severity: Severity::Critical,
        concern: QuotaConcern::Every,
        says: "is being throttled",
    },
    AlarmDefinition {
        kind: AlarmKind::InvocationRateAtLimit,
        layer: Layer::Usage,
        metric: "Invocations",
        statistic: Statistic::Sum,
        period_seconds: 60,
        datapoints_to_alarm: 3,
        evaluation_periods: 5,
        limit: Limit::PercentOfQuota(QuotaKind::Rpm, 95.0),
        severity: Severity::Critical,
        concern: QuotaConcern::One(QuotaKind::Rpm),
        says: "has nearly used up its requests-per-minute quota",
    },
    AlarmDefinition {
        kind: AlarmKind::TPMQuotaUsageAtLimit,
        layer: Layer::Usage,
        metric: "EstimatedTPMQuotaUsage",
        statistic: Statistic::Sum,
        period_seconds: 60,
        datapoints_to_alarm: 3,
        evaluation_periods: 5,
        limit: Limit::PercentOfQuota(QuotaKind::Tpm, 95.0),
        severity: Severity::Critical,
        concern: QuotaConcern::One(QuotaKind::Tpm),
        says: "has nearly used up its tokens-per-minute quota",
    },
    AlarmDefinition {
        kind: AlarmKind::TPDQuotaUsageAtLimit,
        layer: Layer::Usage,
        metric: "EstimatedTPMQuotaUsage",
        statistic: Statistic::Sum,
        period_seconds: DAY_SECONDS,
        datapoints_to_alarm: 1,
        evaluation_periods: 1,
        limit: Limit::PercentOfQuota(QuotaKind::Tpd, 95.0),
        severity: Severity::Critical,
        concern: QuotaConcern::One(QuotaKind::Tpd),
        says: "has nearly used up its tokens-per-day quota (last 24 hours)",
    },
    AlarmDefinition {
        kind: AlarmKind::HighInvocationRate,
        layer: Layer::Usage,
        metric: "Invocations",
        statistic: Statistic::Sum,
        period_seconds: 60,
        datapoints_to_alarm: 3,
        evaluation_periods: 5,
        limit: Limit::PercentOfQuota(QuotaKind::Rpm, 80.0),
        severity: Severity::Warning,
        concern: QuotaConcern::One(QuotaKind::Rpm),
        says: "is near its requests-per-minute quota",
    },
    AlarmDefinition {
        kind: AlarmKind::HighTPMQuotaUsage,
        layer: Layer::Usage,
        metric: "EstimatedTPMQuotaUsage",
        statistic: Statistic::Sum,
        period_seconds: 60,
        datapoints_to_alarm: 3,
        evaluation_periods: 5,
        limit: Limit::PercentOfQuota(QuotaKind::Tpm, 80.0),
        severity: Severity::Warning,
        concern: QuotaConcern::One(QuotaKind::Tpm),
        says: "is near its tokens-per-minute quota",
    },
    AlarmDefinition {
        kind: AlarmKind::HighTPDQuotaUsage,
        layer: Layer::Usage,
        metric: "EstimatedTPMQuotaUsage",
        statistic: Statistic::Sum,
        period_seconds: DAY_SECONDS,
        datapoints_to_alarm: 1,
        evaluation_periods: 1,
        limit: Limit::PercentOfQuota(QuotaKind::Tpd, 80.0),
        severity: Severity::Warning,
        concern: QuotaConcern::One(QuotaKind::Tpd),
        says: "is near its tokens-per-day quota (last 24 hours)",
    },
    AlarmDefinition {
        kind: AlarmKind::HighLatency,
        layer: Layer::Usage,
        metric: "InvocationLatency",
        statistic: Statistic::Average,
        period_seconds: 300,
        datapoints_to_alarm: 3,
        evaluation_periods: 5,
        limit: Limit::AtLeast(60_000.0),
        severity: Severity::Warning,
        concern: QuotaConcern::None,
        says: "answers slowly",
    },
    AlarmDefinition {
        kind: AlarmKind::HighTimeToFirstToken,
        layer: Layer::Usage,
        metric: "TimeToFirstToken",
        statistic: Statistic::P90,
        period_seconds: 300,
        datapoints_to_alarm: 3,
        evaluation_periods: 5,
        limit: Limit::AtLeast(10_000.0),
        severity: Severity::Warning,
        concern: QuotaConcern::None,
        says: "is slow to its first token",
    },
    AlarmDefinition {
        kind: AlarmKind::InvocationAnomaly,
        layer: Layer::Anomaly,
        metric: "Invocations",
        statistic: Statistic::Sum,
        period_seconds: 900,
        datapoints_to_alarm: 3,
        evaluation_periods: 4,
        limit: Limit::AboveBand(3.0),
        severity: Severity::Warning,
        concern: QuotaConcern::One(QuotaKind::Rpm),
        says: "gets unusually many requests",
    },
    AlarmDefinition {
        kind: AlarmKind::InputTokenAnomaly,
        layer: Layer::Anomaly,
        metric: "InputTokenCount",
        statistic: Statistic::Sum,
        period_seconds: 900,
        datapoints_to_alarm: 3,
        evaluation_periods: 4,
        limit: Limit::AboveBand(3.0),
        severity: Severity::Warning,
        concern: QuotaConcern::One(QuotaKind::Tpm),
        says: "reads unusually many input tokens",
    },
    AlarmDefinition {
        kind: AlarmKind::OutputTokenAnomaly,
        layer: Layer::Anomaly,
        metric: "OutputTokenCount",
        statistic: Statistic::Sum,
        period_seconds: 900,
        datapoints_to_alarm: 3,
        evaluation_periods: 4,
        limit: Limit::AboveBand(3.0),
        severity: Severity::Warning,
        concern: QuotaConcern::One(QuotaKind::Tpm),
        says: "writes unusually many output tokens",
    },
    AlarmDefinition {
        kind: AlarmKind::LatencyAnomaly,
        layer: Layer::Anomaly,
        metric: "InvocationLatency",
        statistic: Statistic::Average,
        period_seconds: 900,
        datapoints_to_alarm: 3,
        evaluation_periods: 4,
        limit: Limit::AboveBand(3.0),
        severity: Severity::Warning,
        concern: QuotaConcern::None,
        says: "answers more slowly than usual",
    },
    // An hour's cost stands at its start and is published 20 minutes after its end, so that the
    // newest one is up to 2 h 20 min old: only three periods always hold it.
    AlarmDefinition {
        kind: AlarmKind::HighHourlyCost,
        layer: Layer::Budget,
        metric: COST_PER_HOUR,
        statistic: Statistic::Maximum,
        period_seconds: HOUR_SECONDS,
        datapoints_to_alarm: 1,
        evaluation_periods: 3,
        limit: Limit::Budget,
        severity: Severity::Warning,
        concern: QuotaConcern::None,
        says: "costs its hourly budget or more",
    },
];

/// The definition of a kind.
#[must_use]
pub const fn definition(kind: AlarmKind) -> &'static AlarmDefinition {
    // CATALOGUE stands in the order of AlarmKind's variants; a test holds it to that.
    &CATALOGUE[kind as usize]
}

/// The alarm that warns when a quota of this kind is filling up: its threshold is the pool's, which
/// decisions compare peaks with.
#[must_use]
pub const fn warning_of(kind: QuotaKind) -> AlarmKind {
    match kind {
        QuotaKind::Rpm => AlarmKind::HighInvocationRate,
        QuotaKind::Tpm => AlarmKind::HighTPMQuotaUsage,
        QuotaKind::Tpd => AlarmKind::HighTPDQuotaUsage,
    }
}

/// The alarm that says that a quota of this kind is nearly used up.
#[must_use]
pub const fn at_limit_of(kind: QuotaKind) -> AlarmKind {
    match kind {
        QuotaKind::Rpm => AlarmKind::InvocationRateAtLimit,
        QuotaKind::Tpm => AlarmKind::TPMQuotaUsageAtLimit,
        QuotaKind::Tpd => AlarmKind::TPDQuotaUsageAtLimit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_row() {
        for row in &CATALOGUE {
            assert_eq!(definition(row.kind).kind, row.kind);
        }
    }

    #[test]
    fn each_quota_has_a_warning_and_a_later_critical_alarm_of_the_same_figures() {
        for kind in QuotaKind::ALL {
            let (warning, at_limit) = (definition(warning_of(kind)), definition(at_limit_of(kind)));
            assert_eq!(warning.limit, Limit::PercentOfQuota(kind, 80.0));
            assert_eq!(at_limit.limit, Limit::PercentOfQuota(kind, 95.0));
            assert_eq!(
                (warning.severity, at_limit.severity),
                (Severity::Warning, Severity::Critical)
            );
            let figures = |row: &AlarmDefinition| (row.metric, row.statistic, row.period_seconds);
            assert_eq!(figures(warning), figures(at_limit));
            assert_eq!(warning.concern, at_limit.concern);
        }
    }

    #[test]
    fn no_per_minute_alarm_fires_on_one_datapoint_of_one() {
        for row in CATALOGUE.iter().filter(|row| row.period_seconds == 60) {
            assert!(row.evaluation_periods > 1, "{}", row.kind);
        }
    }
}
