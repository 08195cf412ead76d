//! Which series of a pool come first: alarms sum the first eight.

use std::collections::BTreeMap;

use crate::alarm::desired::MAX_SERIES;

/// How many times the invocations of the quietest summed series another one needs to displace it.
const DISPLACING_FACTOR: f64 = 1.5;

/// The series with the busiest first, where that matters and was measured.
///
/// A pool that fits its alarms keeps its order, and so does one whose summed series are the right
/// ones: a series displaces one of the first eight only with more than 1.5 times its invocations,
/// or else two nearly equal ones would rewrite every alarm of the pool hour by hour. A series that
/// was not measured counts as 0; ties keep their order.
#[must_use]
pub fn busiest_first(series: &[String], volumes: &BTreeMap<String, f64>) -> Vec<String> {
    let volume = |series: &String| volumes.get(series).copied().unwrap_or(0.0);
    let (summed, others) = series.split_at(series.len().min(MAX_SERIES));
    let quietest = summed.iter().map(volume).fold(f64::INFINITY, f64::min);
    let loudest_other = others.iter().map(volume).fold(0.0, f64::max);
    let mut ordered = series.to_vec();
    if loudest_other > quietest * DISPLACING_FACTOR {
        ordered.sort_by(|a, b| volume(b).total_cmp(&volume(a)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Series `a`, `b`, … with these volumes, in order; the expected order as letters.
    #[track_caller]
    fn check(volumes: &[f64], expected: &str) {
        let series: Vec<String> =
            ('a'..).take(volumes.len()).map(|letter| letter.to_string()).collect();
        let volumes = series.iter().cloned().zip(volumes.iter().copied()).collect();
        assert_eq!(busiest_first(&series, &volumes).concat(), expected);
    }

    #[test]
    fn a_pool_that_fits_keeps_its_order() {
        check(&[], "");
        check(&[1.0, 9.0, 5.0], "abc");
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "abcdefgh");
    }

    #[test]
    fn a_busier_ninth_series_displaces_the_quietest() {
        check(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 50.0], "iabcdefgh");
    }

    #[test]
    fn a_slightly_busier_ninth_series_rewrites_nothing() {
        check(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 3.0], "abcdefghi");
        check(&[0.0; 10], "abcdefghij");
    }
}
