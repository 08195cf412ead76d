//! Alarm names, built and parsed exactly, in this module only.

use std::fmt;

use super::{AlarmKind, CATALOGUE, Severity, definition};
use crate::component::InferenceComponent;
use crate::component::alarm::COMPONENT_KINDS;
use crate::ids::StackPrefix;
use crate::pool::PoolLabel;
use crate::quality::alarm::{QUALITY_CATALOGUE, QualityKind};
use crate::quality::series::SeriesLabel;

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
    /// An alarm on a quality metric of a series.
    Quality(QualityAlarm),
    /// An alarm on a SageMaker inference component.
    Component(ComponentAlarm),
}

/// Which quality alarm: one line of one kind on one series.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualityAlarm {
    /// The kind.
    pub kind: QualityKind,
    /// The line it watches: a kind may have one of each severity.
    pub severity: Severity,
    /// The series.
    pub series: SeriesLabel,
}

/// Which component alarm: the alarm of one kind on an inference component.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentAlarm {
    /// The kind, one of those of [`COMPONENT_KINDS`].
    pub kind: AlarmKind,
    /// The component.
    pub component: InferenceComponent,
}

impl ComponentAlarm {
    /// Its severity, that of its kind.
    #[must_use]
    pub fn severity(&self) -> Severity {
        definition(self.kind).severity
    }
}

/// What an alarm watches, and by what it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A quota pool.
    Pool(PoolLabel),
    /// A series of quality metrics.
    Series(SeriesLabel),
    /// A SageMaker inference component.
    Component(InferenceComponent),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(pool) => pool.fmt(f),
            Self::Series(series) => series.fmt(f),
            Self::Component(component) => component.fmt(f),
        }
    }
}

impl AlarmName {
    /// The pool, series or component the alarm belongs to.
    #[must_use]
    pub fn owner(&self) -> Owner {
        match self {
            Self::Child(_, pool) | Self::Composite(pool) => Owner::Pool(pool.clone()),
            Self::Quality(alarm) => Owner::Series(alarm.series.clone()),
            Self::Component(alarm) => Owner::Component(alarm.component.clone()),
        }
    }
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

/// The name of a quality alarm: `{prefix}-Quality-{Kind}-{Severity}-{series label}`.
#[must_use]
pub fn quality(prefix: &StackPrefix, alarm: &QualityAlarm) -> String {
    let QualityAlarm { kind, severity, series } = alarm;
    format!("{prefix}-Quality-{kind}-{severity}-{series}")
}

/// The name of a component's alarm: `{prefix}-SageMaker-{Kind}-{Severity}-component.{name}`.
#[must_use]
pub fn component(prefix: &StackPrefix, alarm: &ComponentAlarm) -> String {
    let (kind, severity, label) = (alarm.kind, alarm.severity(), alarm.component.label());
    format!("{}{kind}-{severity}-{label}", component_stem(prefix))
}

/// What every name of this stack's pool alarms begins with.
#[must_use]
pub fn stem(prefix: &StackPrefix) -> String {
    format!("{prefix}-Bedrock-")
}

/// What every name of this stack's quality alarms begins with.
#[must_use]
pub fn quality_stem(prefix: &StackPrefix) -> String {
    format!("{prefix}-Quality-")
}

/// What every name of this stack's component alarms begins with.
#[must_use]
pub fn component_stem(prefix: &StackPrefix) -> String {
    format!("{prefix}-SageMaker-")
}

/// What the names of this stack's alarms begin with: of pools, of quality, of components.
#[must_use]
pub fn stems(prefix: &StackPrefix) -> [String; 3] {
    [stem(prefix), quality_stem(prefix), component_stem(prefix)]
}

/// Reads one of this stack's alarm names; `None` when the alarm is not ours.
#[must_use]
pub fn parse(prefix: &StackPrefix, name: &str) -> Option<AlarmName> {
    if let Some(rest) = name.strip_prefix(&quality_stem(prefix)) {
        return parse_quality(rest);
    }
    if let Some(rest) = name.strip_prefix(&component_stem(prefix)) {
        return parse_component(rest);
    }
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

fn parse_quality(rest: &str) -> Option<AlarmName> {
    QUALITY_CATALOGUE.iter().find_map(|row| {
        let rest = rest.strip_prefix(row.kind.word())?.strip_prefix('-')?;
        let (severity, label) = Severity::ALL.into_iter().find_map(|severity| {
            Some((severity, rest.strip_prefix(severity.word())?.strip_prefix('-')?))
        })?;
        let series = (!label.is_empty()).then(|| SeriesLabel::from_text(label))?;
        Some(AlarmName::Quality(QualityAlarm { kind: row.kind, severity, series }))
    })
}

fn parse_component(rest: &str) -> Option<AlarmName> {
    COMPONENT_KINDS.iter().find_map(|row| {
        let severity = definition(row.kind).severity;
        let label = rest.strip_prefix(row.kind.word())?.strip_prefix('-')?;
        let label = label.strip_prefix(severity.word())?.strip_prefix('-')?;
        let component = InferenceComponent::of_label(label)?;
        Some(AlarmName::Component(ComponentAlarm { kind: row.kind, component }))
    })
}

/// The severity of an alarm; a composite has its worst child's, so none of its own.
#[must_use]
pub fn severity(name: &AlarmName) -> Option<Severity> {
    match name {
        AlarmName::Child(kind, _) => Some(definition(*kind).severity),
        AlarmName::Composite(_) => None,
        AlarmName::Quality(alarm) => Some(alarm.severity),
        AlarmName::Component(alarm) => Some(alarm.severity()),
    }
}

fn label_of(text: &str) -> Option<PoolLabel> {
    (!text.is_empty()).then(|| PoolLabel::from_text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{Pool, Scope};
    use crate::quality::series::Series;

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
    fn every_quality_name_built_is_read_back_and_fits() {
        let longest = StackPrefix::parse("llmwatch-production1").unwrap();
        let arn = format!("arn:aws:bedrock:us-east-1:123456789012:x/{}", "y".repeat(900));
        for model_id in ["amazon.nova-lite-v1:0", arn.as_str()] {
            for component in [None, Some("a".repeat(63))] {
                let series = Series { model_id: model_id.into(), inference_component: component };
                for row in &QUALITY_CATALOGUE {
                    for severity in Severity::ALL {
                        let series = series.label();
                        let alarm = QualityAlarm { kind: row.kind, severity, series };
                        let name = quality(&longest, &alarm);
                        assert!(name.chars().count() <= MAX_ALARM_NAME_CHARS, "{name}");
                        assert_eq!(parse(&longest, &name), Some(AlarmName::Quality(alarm)));
                    }
                }
            }
        }
    }

    #[test]
    fn every_component_name_built_is_read_back() {
        for row in &COMPONENT_KINDS {
            let component = InferenceComponent::parse(&"c".repeat(63)).unwrap();
            let alarm = ComponentAlarm { kind: row.kind, component };
            let name = component_name(&alarm);
            assert!(name.len() <= MAX_ALARM_NAME_CHARS);
            assert_eq!(parse(&prefix(), &name), Some(AlarmName::Component(alarm)));
        }
    }

    fn component_name(alarm: &ComponentAlarm) -> String {
        component(&prefix(), alarm)
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
            "llmwatch-Quality-LowSafety-Critical-",
            "llmwatch-Quality-LowSafety-Minor-model.x",
            "llmwatch-Quality-Throttles-Critical-model.x",
            "llmwatch-Bedrock-LowSafety-Critical-model.x",
            "llmwatch-SageMaker-ServerErrors-Critical-mine",
            "llmwatch-SageMaker-ServerErrors-Critical-component.",
            "llmwatch-SageMaker-ServerErrors-Warning-component.x",
            "llmwatch-SageMaker-Throttles-Critical-component.x",
            "",
        ] {
            assert_eq!(parse(&prefix(), name), None, "{name:?}");
        }
    }
}
