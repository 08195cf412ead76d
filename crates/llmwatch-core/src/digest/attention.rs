//! What of a week somebody should act on.

use super::{PoolWeek, QuotaUse, Volume};

/// The share of a quota from which on its use is near: what is left is a fifth or less.
///
/// The alarms on use fire at the same share unless tuned otherwise.
pub const NEAR: f64 = 0.8;

/// What a pool needs somebody for.
#[derive(Debug, Clone, PartialEq)]
pub struct Need<'a> {
    /// The pool.
    pub pool: &'a PoolWeek,
    /// Its quotas of which most was used, the fullest first.
    pub near: Vec<&'a QuotaUse>,
    /// Its quotas of 0, which admit no request.
    pub zero: Vec<&'a QuotaUse>,
    /// Requests that were refused.
    pub throttles: f64,
}

/// The pools that need somebody, those with refused requests first, then the fullest.
#[must_use]
pub fn needs(pools: &[PoolWeek]) -> Vec<Need<'_>> {
    let mut needs: Vec<Need<'_>> = pools.iter().filter_map(need).collect();
    let fullest = |need: &Need<'_>| need.near.first().and_then(|quota| quota.used.share());
    needs.sort_by(|a, b| {
        let order = b.throttles.total_cmp(&a.throttles);
        let (of_a, of_b) = (fullest(a).unwrap_or(0.0), fullest(b).unwrap_or(0.0));
        order.then(of_b.total_cmp(&of_a)).then_with(|| a.pool.pool.cmp(&b.pool.pool))
    });
    needs
}

fn need(pool: &PoolWeek) -> Option<Need<'_>> {
    let throttles = pool.volumes().map_or(0.0, |both| both.this.get(Volume::Throttles));
    let mut near: Vec<&QuotaUse> = pool.quotas.iter().filter(|quota| quota.is_near()).collect();
    near.sort_by(|a, b| {
        let share = |quota: &QuotaUse| quota.used.share().unwrap_or(0.0);
        share(b).total_cmp(&share(a))
    });
    let is_zero = |quota: &&QuotaUse| quota.quota.quota.value == 0.0;
    let zero: Vec<&QuotaUse> =
        if throttles > 0.0 { pool.quotas.iter().filter(is_zero).collect() } else { Vec::new() };
    (throttles > 0.0 || !near.is_empty()).then_some(Need { pool, near, zero, throttles })
}
