//! Alarm names, built and parsed exactly, in this module only.

use super::{AlarmKind, CATALOGUE, Severity, definition};
use crate::ids::StackPrefix;
use crate::pool::PoolLabel;

/// The longest name CloudWatch takes, in characters.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
pub const MAX_ALARM_NAME_CHARS: usize = 255;

/// An alarm of ours, as its name says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlarmName {
    /// The alarm of one kind on a pool.
    Child(AlarmKind, PoolLabel),
    /// The composite alarm over all children of a pool.
    Composite(PoolLabel),
}

/// The name of a pool's alarm of one kind: `{prefix}-Bedrock-{Kind}-{Severity}-{pool label}`.
#[must_use]
pub fn child(prefix: &StackPrefix, kind: AlarmKind, pool: &PoolLabel) -> String {
    let severity = definition(kind).severity;
    format!("{prefix}-Bedrock-{kind}-{severity}-{pool}")
}

/// The name of a pool's composite alarm: `{prefix}-Bedrock-QuotaHealth-Composite-{pool label}`.
#[must_use]
pub fn composite(prefix: &StackPrefix, pool: &PoolLabel) -> String {
    format!("{prefix}-Bedrock-QuotaHealth-Composite-{pool}")
}

/// What every name of this stack's pool alarms begins with.
#[must_use]
pub fn stem(prefix: &StackPrefix) -> String {
    format!("{prefix}-Bedrock-")
}

/// Reads one of this stack's alarm names; `None` when the alarm is not ours.
#[must_use]
pub fn parse(prefix: &StackPrefix, name: &str) -> Option<AlarmName> {
    let rest = name.strip_prefix(&stem(prefix))?;
    if let Some(label) = rest.strip_prefix("QuotaHealth-Composite-") {
        return Some(AlarmName::Composite(label_of(label)?));
    }
    CATALOGUE.iter().find_map(|row| {
        let label = rest
            .strip_prefix(row.kind.word())?
            .strip_prefix('-')?
            .strip_prefix(row.severity.word())?
            .strip_prefix('-')?;
        Some(AlarmName::Child(row.kind, label_of(label)?))
    })
}

/// The severity an alarm's kind has; a composite has its worst child's, so none of its own.
#[must_use]
pub fn severity(name: &AlarmName) -> Option<Severity> {
    match name {
        AlarmName::Child(kind, _) => Some(definition(*kind).severity),
        AlarmName::Composite(_) => None,
    }
}

fn label_of(text: &str) -> Option<PoolLabel> {
    (!text.is_empty()).then(|| PoolLabel::from_text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{Pool, Scope};

    fn prefix() -> StackPrefix {
        StackPrefix::parse("llmwatch").unwrap()
    }

    fn label() -> PoolLabel {
        Pool { scope: Scope::CrossRegion, model: "amazon.nova-2-lite-v1:0".into() }.label()
    }

    #[test]
    fn every_name_built_is_read_back() {
        for row in &CATALOGUE {
            let name = child(&prefix(), row.kind, &label());
            assert!(name.len() <= MAX_ALARM_NAME_CHARS);
            assert_eq!(parse(&prefix(), &name), Some(AlarmName::Child(row.kind, label())));
        }
        let name = composite(&prefix(), &label());
        assert_eq!(parse(&prefix(), &name), Some(AlarmName::Composite(label())));
    }

    #[test]
    fn names_that_only_resemble_ours_are_not_ours() {
        for name in [
            "llmwatch-Bedrock-Throttles-Warning-x",
            "llmwatch-Bedrock-Throttles-Critical-",
            "llmwatch-Bedrock-HighLatency",
            "llmwatch2-Bedrock-Throttles-Critical-x",
            "other-llmwatch-Bedrock-Throttles-Critical-x",
            "llmwatch-Bedrock-QuotaHealth-Composite-",
            "",
        ] {
            assert_eq!(parse(&prefix(), name), None, "{name:?}");
        }
    }
}
