//! The metrics llmwatch publishes about each pool, so that utilisation can be charted and a cut
//! pool alarms.

use super::desired::unwatched_series;
use crate::metric_values::MODEL_ID;
use crate::stored::{PoolQuota, StoredPool};

/// The namespace of everything llmwatch says about quotas and cost: of pools, and what inference
/// components cost.
pub const NAMESPACE: &str = "LLMWatch/Quota";

/// A quota's value in force, in its unit; dimensions Pool and Quota.
pub const QUOTA_VALUE: &str = "QuotaValue";

/// The value at which a quota's usage alarm fires, in the quota's unit; dimensions Pool and Quota.
pub const THRESHOLD: &str = "Threshold";

/// A quota's value once more for each caller of its pool; dimensions Pool, Quota and ModelId.
///
/// Grafana has no other way from a pool to its callers. Published only where somebody looks by
/// Grafana, because each is a metric that is billed.
pub const CALLER_QUOTA: &str = "CallerQuota";

/// Callers of a pool that have metrics of their own, the busiest: each is billed.
const MOST_CALLERS: usize = 50;

/// 1 for a pool that has more series than an alarm can watch; dimension Pool. Without a dimension:
/// the number of such pools, which one alarm of the template watches. The other pools have none,
/// because each metric costs the same every month whatever its value.
pub const POOL_TRUNCATED: &str = "PoolTruncated";

/// One value to publish.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolMetric {
    /// The metric's name.
    pub name: &'static str,
    /// Name and value of each dimension.
    pub dimensions: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

/// Everything to publish about these pools, the total over all pools last.
#[must_use]
pub fn pool_metrics(pools: &[StoredPool]) -> Vec<PoolMetric> {
    let truncated = pools.iter().filter(|pool| !unwatched_series(pool).is_empty()).count();
    let total = PoolMetric {
        name: POOL_TRUNCATED,
        dimensions: Vec::new(),
        value: f64::from(u32::try_from(truncated).unwrap_or(u32::MAX)),
    };
    pools.iter().flat_map(of_pool).chain([total]).collect()
}

/// The metrics that lead Grafana from a pool to its callers.
#[must_use]
pub fn caller_metrics(pools: &[StoredPool]) -> Vec<PoolMetric> {
    let of_pool = |pool: &StoredPool| -> Vec<PoolMetric> {
        let label = pool.pool.label().to_string();
        let callers = pool.series.iter().take(MOST_CALLERS);
        let of_caller = |caller: &String| -> Vec<PoolMetric> {
            let of_quota = |stored: &PoolQuota| PoolMetric {
                name: CALLER_QUOTA,
                dimensions: vec![
                    ("Pool", label.clone()),
                    ("Quota", stored.kind.to_string()),
                    (MODEL_ID, caller.clone()),
                ],
                value: stored.quota.value,
            };
            pool.quotas.iter().map(of_quota).collect()
        };
        callers.flat_map(of_caller).collect()
    };
    pools.iter().flat_map(of_pool).collect()
}

fn of_pool(pool: &StoredPool) -> Vec<PoolMetric> {
    let label = ("Pool", pool.pool.label().to_string());
    let quotas = pool.quotas.iter().flat_map(|stored| {
        let dimensions = vec![label.clone(), ("Quota", stored.kind.to_string())];
        [
            PoolMetric {
                name: QUOTA_VALUE,
                dimensions: dimensions.clone(),
                value: stored.quota.value,
            },
            PoolMetric { name: THRESHOLD, dimensions, value: stored.threshold },
        ]
    });
    let truncated = (!unwatched_series(pool).is_empty()).then(|| PoolMetric {
        name: POOL_TRUNCATED,
        dimensions: vec![label.clone()],
        value: 1.0,
    });
    quotas.chain(truncated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::desired::tests::stored;
    use crate::quota::QuotaKind;

    #[test]
    fn b9_quotas_thresholds_and_truncation_are_published_per_pool_and_in_all() {
        let pools = [stored(9, &[(QuotaKind::Tpm, 1000.0)]), stored(8, &[])];
        let lines: Vec<String> = pool_metrics(&pools)
            .iter()
            .map(|metric| {
                let dimensions: Vec<&str> =
                    metric.dimensions.iter().map(|(_, value)| value.as_str()).collect();
                format!("{} {} {}", metric.name, dimensions.join(" "), metric.value)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "QuotaValue cross-region.amazon.nova-lite-v1_0 TPM 1000",
                "Threshold cross-region.amazon.nova-lite-v1_0 TPM 800",
                "PoolTruncated cross-region.amazon.nova-lite-v1_0 1",
                "PoolTruncated  1",
            ]
        );
    }

    #[test]
    fn each_caller_of_a_pool_leads_to_its_quotas() {
        let pools =
            [stored(2, &[(QuotaKind::Rpm, 100.0), (QuotaKind::Tpm, 1000.0)]), stored(60, &[])];
        let found: Vec<String> = caller_metrics(&pools)
            .iter()
            .map(|metric| {
                let dimensions: Vec<&str> =
                    metric.dimensions.iter().map(|(_, value)| value.as_str()).collect();
                format!("{} {}", dimensions[1..].join(" "), metric.value)
            })
            .collect();
        assert_eq!(
            found,
            [
                "RPM us.amazon.nova-lite-v1:0 100",
                "TPM us.amazon.nova-lite-v1:0 1000",
                "RPM eu.amazon.nova-lite-v1:0 100",
                "TPM eu.amazon.nova-lite-v1:0 1000",
            ]
        );
        let many = [stored(60, &[(QuotaKind::Rpm, 1.0)])];
        assert_eq!(caller_metrics(&many).len(), 50);
    }
}
