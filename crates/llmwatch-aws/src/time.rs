//! Between the SDK's times and ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// An SDK time as ours, to the nanosecond; `None` outside the years jiff knows (-9999 to 9999).
pub(crate) fn timestamp(at: DateTime) -> Option<Timestamp> {
    // The nanoseconds count forwards from the second, below zero too.
    let nanoseconds = i128::from(at.secs()) * 1_000_000_000 + i128::from(at.subsec_nanos());
    Timestamp::from_nanosecond(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_fraction() {
        for (secs, nanos, expected) in [
            (1_792_377_955, 640_000_000, "2026-10-19T02:45:55.64Z"),
            (0, 0, "1970-01-01T00:00:00Z"),
            (-1, 250_000_000, "1969-12-31T23:59:59.25Z"),
        ] {
            let at = DateTime::from_secs_and_nanos(secs, nanos);
            assert_eq!(timestamp(at).unwrap().to_string(), expected);
        }
        assert_eq!(timestamp(DateTime::from_secs(i64::MAX)), None);
    }
}
