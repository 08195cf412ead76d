//! The time of a call as a record writes it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::json::Json;

/// Reads a time: ISO 8601, in UTC where it names no offset, or milliseconds since 1970.
///
/// Bedrock and SageMaker write the first with a `Z`; exports of CloudWatch Logs have the last.
pub(crate) fn read(time: &Json<'_>) -> Option<Timestamp> {
    match time.as_str() {
        Some(text) => text.parse().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
        }),
        None => Timestamp::from_millisecond(i64::try_from(time.as_count()?).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use crate::json;

    #[track_caller]
    fn check(time: &str, expected: Option<&str>) {
        let read = json::read(time, super::read).unwrap();
        assert_eq!(read.map(|at| at.to_string()).as_deref(), expected, "{time}");
    }

    #[test]
    fn times_are_read_as_utc() {
        check("\"2026-10-01T12:00:00Z\"", Some("2026-10-01T12:00:00Z"));
        check("\"2026-10-01T12:00:00.25Z\"", Some("2026-10-01T12:00:00.25Z"));
        check("\"2026-10-01T21:00:00+09:00\"", Some("2026-10-01T12:00:00Z"));
        check("\"2026-10-01T12:00:00\"", Some("2026-10-01T12:00:00Z"));
        check("1790856000000", Some("2026-10-01T12:00:00Z"));
    }

    #[test]
    fn anything_else_is_no_time() {
        for time in [
            "\"now\"",
            "\"\"",
            "\"2026-13-01T12:00:00Z\"",
            "-1",
            "1e300",
            "99999999999999999",
            "null",
            "{}",
        ] {
            check(time, None);
        }
    }
}
