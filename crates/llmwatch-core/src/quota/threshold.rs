//! From a quota to the value at which its usage alarm fires.

/// The lowest whole count that is at least `percent` of the quota, and at least 1.
///
/// In the quota's own unit (requests or tokens), for an alarm that fires at "greater than or equal
/// to". Counts are whole, so rounding up moves no alarm: 80 % of 2 requests is 1.6, and the first
/// count that reaches it is 2. A quota of 0, or below, gives 1: any use breaches, no use does not.
/// Products within a millionth of a whole number count as that number, so that 33.3 % of 1,000 is
/// 333 whatever the arithmetic makes of it. A value or percentage that is no number gives 1.
#[must_use]
pub fn threshold(quota_value: f64, percent: f64) -> f64 {
    let exact = quota_value * percent / 100.0;
    let nearest = exact.round();
    let counted = if (exact - nearest).abs() < 1e-6 { nearest } else { exact.ceil() };
    counted.max(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_whole_count_at_or_above_the_share() {
        for (quota, percent, expected) in [
            (200.0, 80.0, 160.0),
            (10_001.0, 80.0, 8_001.0),
            (6_250_000.0, 80.0, 5_000_000.0),
            (1_000.0, 33.3, 333.0),
            (2.0, 80.0, 2.0),
            (1.0, 80.0, 1.0),
            (0.0, 80.0, 1.0),
            (-5.0, 80.0, 1.0),
            (1e10, 100.0, 1e10),
            (f64::NAN, 80.0, 1.0),
        ] {
            assert_eq!(threshold(quota, percent), expected, "{percent} % of {quota}");
        }
    }

    proptest! {
        #[test]
        fn a_threshold_is_reached_by_its_share_and_not_by_less(
            quota in 1_u32..2_000_000_000, percent in 1_u32..=100
        ) {
            let share = u64::from(quota) * u64::from(percent);
            let first_count = share.div_ceil(100).max(1);
            prop_assert_eq!(threshold(f64::from(quota), f64::from(percent)), first_count as f64);
        }
    }
}
