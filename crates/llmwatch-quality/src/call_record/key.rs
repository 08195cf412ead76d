//! Where the call records of a log object lie.

use std::fmt::Write;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use sha2::{Digest, Sha256};

/// What the keys of call records begin with. The logs' own trigger must not cover it, where both
/// lie in one bucket: `AWSLogs/` does not.
pub const CALLS_PREFIX: &str = "calls/";

/// The key of a log object's call records: the same for the same object and content, another for
/// another content under the same name.
///
/// `calls/dt=2026-11-22/hr=10/<32 hex digits>-0000.json.gz`, with the number of the part, partitioned as Athena reads it, by
/// [`hour_of_log_key`], or by `else_at` where the log's key tells no hour: the object's time of
/// last change, not the time of the run.
#[must_use]
pub fn object_key(
    bucket: &str,
    log_key: &str,
    etag: &str,
    else_at: Timestamp,
    part: u32,
) -> String {
    let hour =
        hour_of_log_key(log_key).unwrap_or_else(|| else_at.to_zoned(TimeZone::UTC).datetime());
    let mut key = format!("{CALLS_PREFIX}dt={}/hr={:02}/", hour.date(), hour.hour());
    let mut hash = Sha256::new();
    for part in [bucket, log_key, etag.trim_matches('"')] {
        // No bucket, key or ETag holds a NUL, so that no two triples hash the same bytes.
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    for byte in hash.finalize().iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    // Writing to a String cannot fail.
    let _ = write!(key, "-{part:04}.json.gz");
    key
}

/// The hour in the key of a log object: the last `/YYYY/MM/DD/HH/` in it, in UTC.
///
/// Both Bedrock's invocation logs and SageMaker's data capture partition so.
/// Sources: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>,
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html>
/// (read 2026-11).
#[must_use]
pub fn hour_of_log_key(log_key: &str) -> Option<DateTime> {
    let folders: Vec<&str> = log_key.split('/').collect();
    let (_, folders) = folders.split_last()?;
    folders.windows(4).rev().find_map(|window| {
        let [year, month, day, hour] = window else { return None };
        let year = number(year, 4)?;
        let month = i8::try_from(number(month, 2)?).ok()?;
        let day = i8::try_from(number(day, 2)?).ok()?;
        let hour = i8::try_from(number(hour, 2)?).ok()?;
        let hour = civil::Time::new(hour, 0, 0, 0).ok()?;
        Date::new(year, month, day).ok().map(|date| date.to_datetime(hour))
    })
}

fn number(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEDROCK: &str = "logs/AWSLogs/123456789012/BedrockModelInvocationLogs/us-west-2/2026/11/22/10/20261122T102030456Z_9b86bf4994c4ab1c.json.gz";

    fn hour(key: &str) -> Option<String> {
        hour_of_log_key(key).map(|hour| hour.to_string())
    }

    #[test]
    fn the_hour_is_read_from_the_key() {
        assert_eq!(hour(BEDROCK).as_deref(), Some("2026-11-22T10:00:00"));
        let capture = "capture/chat/AllTraffic/2024/02/29/23/58-13-406-a.jsonl";
        assert_eq!(hour(capture).as_deref(), Some("2024-02-29T23:00:00"));
        let prefixed = "2020/01/01/00/AWSLogs/1/x/us-west-2/2026/11/22/10/a.json.gz";
        assert_eq!(hour(prefixed).as_deref(), Some("2026-11-22T10:00:00"));
        for key in ["", "a.json", "2026/11/22/10", "2026/13/22/10/a", "2026/11/22/24/a"] {
            assert_eq!(hour(key), None, "{key}");
        }
    }

    #[test]
    fn a_key_depends_on_object_and_content_only() {
        let at = Timestamp::UNIX_EPOCH;
        // printf 'bucket\0%s\0abc\0' "$KEY" | sha256sum
        let key = object_key("bucket", BEDROCK, "\"abc\"", at, 0);
        assert_eq!(key, "calls/dt=2026-11-22/hr=10/9b6131d0d7192ff76c3b8d36d207062c-0000.json.gz");
        assert_eq!(key, object_key("bucket", BEDROCK, "abc", at, 0), "with or without quotes");
        assert_ne!(key, object_key("bucket", BEDROCK, "abd", at, 0));
        assert_ne!(key, object_key("other", BEDROCK, "abc", at, 0));
        assert_ne!(key, object_key("bucket", BEDROCK, "abc", at, 1));
        let nowhere = object_key("bucket", "a.json.gz", "abc", at, 0);
        assert!(nowhere.starts_with("calls/dt=1970-01-01/hr=00/"), "{nowhere}");
    }
}
