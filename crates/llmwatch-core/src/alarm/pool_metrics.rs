//! The metrics llmwatch publishes about each pool, so that utilisation can be charted and a cut
//! pool alarms.

use super::desired::unwatched_series;
use crate::stored::StoredPool;

/// The namespace of everything llmwatch says about quotas.
pub const NAMESPACE: &str = "LLMWatch/Quota";

/// A quota's value in force, in its unit; dimensions Pool and Quota.
pub const QUOTA_VALUE: &str = "QuotaValue";

/// The value at which a quota's usage alarm fires, in the quota's unit; dimensions Pool and Quota.
pub const THRESHOLD: &str = "Threshold";

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
}
