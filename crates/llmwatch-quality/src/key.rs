//! Which objects are to be read, told by their keys.
//!
//! Bedrock writes log objects, large bodies and a permission check below one prefix, and all of them
//! raise events. Sources: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>
//! and <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html>, read
//! 2026-11-22; captured keys. Keys in S3's events are URL-encoded and must be decoded before.

use std::collections::BTreeMap;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Records of Bedrock's model-invocation log.
    InvocationLog,
    /// A large body, or a medium of one, that a record points to: read with its record.
    Body,
    /// What Bedrock writes when logging is configured, to see that it may.
    PermissionCheck,
    /// Records of SageMaker's data capture.
    Capture {
        /// The endpoint.
        endpoint: &'a str,
        /// Its production variant.
        variant: &'a str,
    },
    /// Nothing of ours.
    Other,
}

/// What the object of that key is.
///
/// `[prefix/]AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/<file>.json.gz` is a
/// log object, the same with `data/` before the file a body;
/// `[prefix/]<endpoint>/<variant>/YYYY/MM/DD/HH/<file>.jsonl` is a capture.
#[must_use]
pub fn kind(key: &str) -> Kind<'_> {
    let parts: Vec<&str> = key.split('/').collect();
    if parts.last().is_some_and(|file| file.contains("amazon-bedrock-logs-permission-check")) {
        return Kind::PermissionCheck;
    }
    match parts.iter().rposition(|part| *part == "BedrockModelInvocationLogs") {
        Some(at) => invocation_log(&parts[at + 1..]),
        None => capture(&parts),
    }
}

/// `parts` are what follows `BedrockModelInvocationLogs`.
fn invocation_log<'a>(parts: &[&'a str]) -> Kind<'a> {
    match parts {
        [_region, year, month, day, hour, "data", _file] if is_hour([year, month, day, hour]) => {
            Kind::Body
        }
        [_region, year, month, day, hour, file]
            if is_hour([year, month, day, hour]) && has_ending(file, &["json"]) =>
        {
            Kind::InvocationLog
        }
        _ => Kind::Other,
    }
}

fn capture<'a>(parts: &[&'a str]) -> Kind<'a> {
    match parts {
        [.., endpoint, variant, year, month, day, hour, file]
            if is_hour([year, month, day, hour]) && has_ending(file, &["jsonl", "json"]) =>
        {
            Kind::Capture { endpoint, variant }
        }
        _ => Kind::Other,
    }
}

/// Whether the parts are year, month, day and hour in digits.
fn is_hour(parts: [&str; 4]) -> bool {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|digit| digit.is_ascii_digit());
    let [year, rest @ ..] = parts;
    digits(year, 4) && rest.iter().all(|part| digits(part, 2))
}

/// Whether a file's name ends so, packed or not.
fn has_ending(file: &str, endings: &[&str]) -> bool {
    let name = file.strip_suffix(".gz").unwrap_or(file);
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Which inference component's captures lie below which prefix, as the operator says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComponentPrefixes(BTreeMap<String, String>);

impl ComponentPrefixes {
    /// What is reported where no prefix fits.
    pub const UNKNOWN: &str = "unknown";

    /// Takes pairs of a key's prefix and a component's name.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The component of the longest prefix of `key`, or `unknown`.
    #[must_use]
    pub fn component<'a>(&'a self, key: &str) -> &'a str {
        let fitting = self.0.iter().filter(|(prefix, _)| key.starts_with(prefix.as_str()));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map_or(Self::UNKNOWN, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ComponentPrefixes, Kind, kind};

    const HOUR: &str = "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/2024/11/20/16";

    #[track_caller]
    fn check(key: &str, expected: Kind<'_>) {
        assert_eq!(kind(key), expected, "{key}");
    }

    #[test]
    fn log_objects_with_and_without_a_prefix() {
        check(&format!("{HOUR}/20241120T164851056Z_9b86bf4994c4ab1c.json.gz"), Kind::InvocationLog);
        check(
            &format!("bedrock/data/{HOUR}/20241120T164851056Z_9b86bf4994c4ab1c.json.gz"),
            Kind::InvocationLog,
        );
        check(&format!("{HOUR}/20241120T164851056Z_9b86bf4994c4ab1c.json"), Kind::InvocationLog);
    }

    #[test]
    fn bodies_and_media_are_read_with_their_record() {
        check(
            &format!("{HOUR}/data/f3ae32b1-0000-4000-8000-000000000006_input.json.gz"),
            Kind::Body,
        );
        check(
            &format!("x/{HOUR}/data/f3ae32b1-0000-4000-8000-000000000006_output.json.gz"),
            Kind::Body,
        );
        check(
            &format!("{HOUR}/data/f3ae32b1-0000-4000-8000-000000000006_input_media_00.png"),
            Kind::Body,
        );
    }

    #[test]
    fn permission_checks_are_known() {
        check(
            "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/amazon-bedrock-logs-permission-check",
            Kind::PermissionCheck,
        );
        check("amazon-bedrock-logs-permission-check", Kind::PermissionCheck);
    }

    #[test]
    fn captures_name_endpoint_and_variant() {
        let expected = Kind::Capture { endpoint: "chat", variant: "AllTraffic" };
        check("captures/team/chat/AllTraffic/2022/02/14/17/25-49-123-abc.jsonl", expected);
        check("chat/AllTraffic/2022/02/14/17/25-49-123-abc.jsonl", expected);
    }

    #[test]
    fn everything_else_is_none_of_ours() {
        for key in [
            "",
            "/",
            "a.json.gz",
            "x/2022/02/14/17/a.jsonl",
            "chat/AllTraffic/2022/2/14/17/a.jsonl",
            "chat/AllTraffic/2022/02/14/17/a.csv",
        ] {
            check(key, Kind::Other);
        }
        check(&format!("{HOUR}/"), Kind::Other);
        check(&format!("{HOUR}/a.txt"), Kind::Other);
    }

    #[test]
    fn the_longest_prefix_names_the_component() {
        let pairs = [("captures/", "any"), ("captures/chat/", "chat")];
        let prefixes =
            ComponentPrefixes::new(pairs.map(|(prefix, name)| (prefix.into(), name.into())));
        assert_eq!(prefixes.component("captures/chat/e/v/a.jsonl"), "chat");
        assert_eq!(prefixes.component("captures/e/v/a.jsonl"), "any");
        assert_eq!(prefixes.component("e/v/a.jsonl"), "unknown");
    }
}
