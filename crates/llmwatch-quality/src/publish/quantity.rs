//! Values as they are published: coarse enough that equal ones share an entry.

/// A value in thousandths.
///
/// Scores and ratios are rounded to 3 decimals (at most 0.0005 off). Values above 1 are rounded to
/// 4 significant digits (at most 0.05 % off) and never finer than that: whole numbers below 10,000
/// stay exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i64);

/// The largest value taken either way; what we measure stays far below, and CloudWatch takes 2^360.
const LARGEST: f64 = 1e12;

impl Quantity {
    /// 1: what a count is made of.
    pub(crate) const ONE: Self = Self(1000);

    /// Rounds a value, half away from 0; none for NaN and beyond a million millions.
    #[must_use]
    pub fn of(value: f64) -> Option<Self> {
        if value.is_nan() || value.abs() > LARGEST {
            return None;
        }
        let mut step = 1.0;
        while value.abs() * 1000.0 / step >= 10_000.0 {
            step *= 10.0;
        }
        // Below 10^15: exact in both types.
        Some(Self(((value * 1000.0 / step).round() * step) as i64))
    }

    /// The rounded value.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scores_have_three_decimals() {
        for (value, rounded) in
            [(0.0, 0.0), (-0.0, 0.0), (0.12345, 0.123), (0.9996, 1.0), (1.0, 1.0), (-0.5, -0.5)]
        {
            assert_eq!(Quantity::of(value).unwrap().value(), rounded, "{value}");
        }
    }

    #[test]
    fn amounts_have_four_digits() {
        for (value, rounded) in
            [(12.345, 12.35), (123.45, 123.5), (9999.0, 9999.0), (12345.0, 12350.0), (7.0, 7.0)]
        {
            assert_eq!(Quantity::of(value).unwrap().value(), rounded, "{value}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_taken() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e13, -1e300] {
            assert_eq!(Quantity::of(value), None);
        }
    }

    proptest! {
        #[test]
        fn rounding_is_close_and_does_nothing_twice(value in -1e12..1e12f64) {
            let rounded = Quantity::of(value).unwrap();
            let bound = f64::max(0.0005, value.abs() * 0.0005) * 1.000_001;
            prop_assert!((rounded.value() - value).abs() <= bound, "{value} {rounded:?}");
            prop_assert_eq!(Quantity::of(rounded.value()), Some(rounded));
        }
    }
}
