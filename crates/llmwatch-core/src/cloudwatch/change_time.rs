//! When an alarm changed its state, as CloudWatch writes it.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Reads the time of a state change; `None` when it is no time.
///
/// Its offset has no colon (`2026-11-21T10:17:05.640+0000`), which RFC 3339 does not allow.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.
#[must_use]
pub fn change_time(text: &str) -> Option<Timestamp> {
    let of_alarms = |text| strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)?.to_timestamp();
    text.parse().ok().or_else(|| of_alarms(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_with_or_without_a_colon_is_read() {
        let expected = Some("2026-11-21T10:17:05.64Z".parse().unwrap());
        for text in [
            "2026-11-21T10:17:05.640+0000",
            "2026-11-21T10:17:05.640+00:00",
            "2026-11-21T10:17:05.640Z",
        ] {
            assert_eq!(change_time(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-11-21"] {
            assert_eq!(change_time(text), None, "{text}");
        }
    }
}
