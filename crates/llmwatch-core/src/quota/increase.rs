//! Which value to ask for when a quota is raised.

use std::fmt;

use crate::quota::{Quota, QuotaKind};
use crate::settings::PoolSettings;

/// The largest value `RequestServiceQuotaIncrease` takes.
///
/// Source: <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html>.
pub const MAX_QUOTA_VALUE: f64 = 1e10;

/// How much room is left above the observed peak, as a factor.
pub const PEAK_HEADROOM: f64 = 1.25;

/// The rule that gave the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRule {
    /// Current value and percentage gave the larger figure.
    Percent,
    /// The observed peak with headroom gave the larger figure.
    Peak,
    /// The quota is 0, there was no traffic, and AWS has a default.
    AwsDefault,
    /// The quota is 0, there was no traffic, and AWS has no default: the operator's minimum.
    Minimum,
}

/// The value to ask for, with the figures that led to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The value in force, ≥ 0, in the quota's unit.
    pub from: f64,
    /// The value to ask for: whole, above `from`, at most [`MAX_QUOTA_VALUE`].
    pub to: f64,
    /// The operator's percentage.
    pub percent: u16,
    /// The peak that was taken into account, in the quota's unit; `None` without traffic.
    pub peak: Option<f64>,
    /// The rule that gave it.
    pub rule: TargetRule,
}

/// The value to ask for, or `None` when the quota is already at [`MAX_QUOTA_VALUE`].
///
/// max(current × (1 + percent), peak × 1.25), rounded up to 2 significant digits and to a whole
/// number, always above the current value, capped at [`MAX_QUOTA_VALUE`]. A quota of 0 without
/// traffic goes to AWS's default, not rounded, or else to the operator's minimum for the kind.
#[must_use]
pub fn target(
    kind: QuotaKind,
    quota: &Quota,
    peak: Option<f64>,
    settings: &PoolSettings,
) -> Option<Target> {
    let from = quota.value.max(0.0);
    if from >= MAX_QUOTA_VALUE {
        return None;
    }
    let percent = settings.increase_percent.get();
    let by_percent = from * f64::from(100 + percent) / 100.0;
    let by_peak = peak.unwrap_or(0.0) * PEAK_HEADROOM;
    let (wanted, rule) = if by_percent.max(by_peak) > 0.0 {
        let rule = if by_peak > by_percent { TargetRule::Peak } else { TargetRule::Percent };
        (round_up(by_percent.max(by_peak)), rule)
    } else if let Some(default) = quota.aws_default.filter(|default| *default > 0.0) {
        (default, TargetRule::AwsDefault)
    } else {
        (minimum(kind, settings), TargetRule::Minimum)
    };
    let above = if wanted > from { wanted } else { round_up(from.floor() + 1.0) };
    Some(Target { from, to: above.min(MAX_QUOTA_VALUE), percent, peak, rule })
}

fn minimum(kind: QuotaKind, settings: &PoolSettings) -> f64 {
    const MINUTES_PER_DAY: f64 = 1440.0;
    match kind {
        QuotaKind::Rpm => settings.minimum_rpm,
        QuotaKind::Tpm => settings.minimum_tpm,
        QuotaKind::Tpd => settings.minimum_tpm * MINUTES_PER_DAY,
    }
}

/// Rounds up to a whole number of at most 2 significant digits; `value` must be > 0.
fn round_up(value: f64) -> f64 {
    // 100 × 1.1 is 110.00000000000001 in binary: what is within the noise is not rounded up.
    const NOISE: f64 = 1e-12;
    let whole = (value * (1.0 - NOISE)).ceil().max(1.0);
    let mut step = 1.0;
    while whole / step >= 100.0 {
        step *= 10.0;
    }
    (whole / step).ceil() * step
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, percent, peak, rule } = self;
        match (rule, peak) {
            (TargetRule::AwsDefault, _) => write!(f, "{from} → {to} (AWS's default)"),
            (TargetRule::Minimum, _) => write!(f, "{from} → {to} (the minimum set)"),
            (TargetRule::Percent | TargetRule::Peak, Some(peak)) => write!(
                f,
                "{from} → {to} (larger of {from} + {percent} % and peak {peak} × {PEAK_HEADROOM}, \
                 rounded up to 2 digits)"
            ),
            (TargetRule::Percent | TargetRule::Peak, None) => {
                write!(f, "{from} → {to} ({from} + {percent} %, rounded up to 2 digits)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::QuotaCode;
    use crate::quota::QuotaSource;
    use crate::settings::IncreasePercent;

    fn quota(value: f64, aws_default: Option<f64>) -> Quota {
        Quota {
            code: QuotaCode::parse("L-00FF3314").unwrap(),
            name: "q".into(),
            value,
            adjustable: true,
            source: QuotaSource::Applied,
            aws_default,
        }
    }

    fn settings(percent: u16) -> PoolSettings {
        PoolSettings {
            increase_percent: IncreasePercent::new(percent).unwrap(),
            ..PoolSettings::when_unset()
        }
    }

    #[track_caller]
    fn check(current: f64, percent: u16, peak: Option<f64>, expected: f64) {
        let target =
            target(QuotaKind::Tpm, &quota(current, None), peak, &settings(percent)).unwrap();
        assert_eq!(target.to, expected, "{target}");
    }

    #[test]
    fn target_is_the_larger_of_percentage_and_peak_rounded_up() {
        check(200_000.0, 25, Some(210_000.0), 270_000.0);
        check(200_000.0, 25, Some(100_000.0), 250_000.0);
        check(10_000.0, 25, Some(9_500.0), 13_000.0);
        check(6_250_000.0, 25, None, 7_900_000.0);
    }

    #[test]
    fn binary_noise_is_not_rounded_up() {
        check(100.0, 10, None, 110.0);
        check(1_000_000.0, 10, None, 1_100_000.0);
        check(70.0, 10, None, 77.0);
    }

    #[test]
    fn a14_a_quarter_more_than_one_is_two_not_one() {
        check(1.0, 25, Some(1.0), 2.0);
    }

    #[test]
    fn a_quota_of_zero_goes_to_the_default_unrounded() {
        let found = target(QuotaKind::Tpm, &quota(0.0, Some(6_255_000.0)), None, &settings(25));
        assert_eq!(
            found.map(|target| (target.to, target.rule)),
            Some((6_255_000.0, TargetRule::AwsDefault))
        );
    }

    #[test]
    fn a_quota_of_zero_without_default_goes_to_the_minimum() {
        for (kind, expected) in [(QuotaKind::Rpm, 50.0), (QuotaKind::Tpm, 100_000.0)] {
            let found = target(kind, &quota(0.0, Some(0.0)), None, &settings(25)).unwrap();
            assert_eq!((found.to, found.rule), (expected, TargetRule::Minimum));
        }
    }

    #[test]
    fn a_quota_at_the_largest_value_has_no_target() {
        assert_eq!(target(QuotaKind::Tpm, &quota(1e10, None), Some(1e10), &settings(25)), None);
    }

    proptest! {
        #[test]
        fn target_is_above_current_whole_and_within_the_limit(
            current in 0.0..9_999_999_999.0f64,
            percent in 1u16..=1000,
            peak in proptest::option::of(0.0..1e12f64),
        ) {
            let target = target(QuotaKind::Tpm, &quota(current, None), peak, &settings(percent)).unwrap();
            prop_assert!(target.to > current);
            prop_assert!(target.to <= MAX_QUOTA_VALUE);
            prop_assert_eq!(target.to.fract(), 0.0);
        }

        #[test]
        fn target_covers_peak_and_percentage_below_the_limit(
            current in 1u32..1_000_000, percent in 1u16..=1000, peak in 0u32..1_000_000,
        ) {
            let (current, peak) = (f64::from(current), f64::from(peak));
            let target = target(QuotaKind::Tpm, &quota(current, None), Some(peak), &settings(percent)).unwrap();
            prop_assert!(target.to * 1.000_001 >= peak * PEAK_HEADROOM);
            prop_assert!(target.to * 1.000_001 >= current * (1.0 + f64::from(percent) / 100.0));
        }
    }
}
