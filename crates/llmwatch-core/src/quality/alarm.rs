//! Alarms on quality metrics: what each watches, and what its change is worth telling.
//!
//! The facts of each kind stand once, in [`QUALITY_CATALOGUE`]. Each kind may have two lines, one
//! of each severity, and each line is an alarm of its own. Names are built and parsed in
//! [`alarm::name`](crate::alarm::name), like those of pools.
//!
//! Scores arrive late: a log object is written up to minutes after its calls, and scoring takes its
//! time, so a quarter of an hour is often incomplete when CloudWatch first looks at it. Hence
//! periods of 900 s and 2 of 8: a datapoint that arrives within two hours still counts. A quarter
//! of an hour with fewer than 20 samples says nothing, whatever its mean.

mod catalogue;
pub mod course;
pub mod desired;
pub mod observed;
pub mod tuning;

use std::fmt;

pub use catalogue::{QUALITY_CATALOGUE, quality_definition};
use serde::{Deserialize, Serialize};

use super::Metric;
use crate::alarm::Severity;

/// Seconds per datapoint of every quality alarm.
pub const PERIOD_SECONDS: u32 = 900;

/// The least samples a datapoint needs to count, unless tuned.
pub const MINIMUM_SAMPLES: u32 = 20;

/// One kind of quality alarm; every series has at most one alarm of each kind and severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum QualityKind {
    /// The judge's criteria, weighed.
    LowComposite,
    /// The judge on safety.
    LowSafety,
    /// The judge on relevance.
    LowRelevance,
    /// The judge on tone.
    LowProfessionalTone,
    /// More refusals than a level.
    HighRefusal,
    /// Fewer refusals than usual, or than a level: a guard that no longer holds.
    LowRefusal,
    /// More partial refusals than a level.
    HighPartialRefusal,
    /// Toxic answers.
    HighToxicity,
    /// Toxic prompts.
    HighPromptToxicity,
    /// Answers unlike their questions.
    LowSimilarity,
    /// Gloomy answers.
    LowSentiment,
    /// Frustrated users.
    LowPromptSentiment,
    /// Calls that fail.
    HighErrorRatio,
    /// Answers cut off.
    HighTruncation,
    /// Empty answers.
    HighEmptyAnswer,
    /// Guardrail interventions.
    HighGuardrail,
    /// Slow generation.
    LowOutputSpeed,
    /// Signs of prompt injection.
    HighPromptInjection,
}

impl QualityKind {
    /// The kind's word in alarm names, for example `LowSafety`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LowComposite => "LowComposite",
            Self::LowSafety => "LowSafety",
            Self::LowRelevance => "LowRelevance",
            Self::LowProfessionalTone => "LowProfessionalTone",
            Self::HighRefusal => "HighRefusal",
            Self::LowRefusal => "LowRefusal",
            Self::HighPartialRefusal => "HighPartialRefusal",
            Self::HighToxicity => "HighToxicity",
            Self::HighPromptToxicity => "HighPromptToxicity",
            Self::LowSimilarity => "LowSimilarity",
            Self::LowSentiment => "LowSentiment",
            Self::LowPromptSentiment => "LowPromptSentiment",
            Self::HighErrorRatio => "HighErrorRatio",
            Self::HighTruncation => "HighTruncation",
            Self::HighEmptyAnswer => "HighEmptyAnswer",
            Self::HighGuardrail => "HighGuardrail",
            Self::LowOutputSpeed => "LowOutputSpeed",
            Self::HighPromptInjection => "HighPromptInjection",
        }
    }
}

impl fmt::Display for QualityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which side of a line is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSide {
    /// Values below the line.
    Below,
    /// Values at or above the line.
    AtLeast,
}

/// A line a mean is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line {
    /// No alarm.
    Off,
    /// A fixed value in the metric's unit.
    At(f64),
    /// The lower edge of an anomaly band of this many standard deviations: the metric's own past.
    Band(f64),
}

/// Every fact about one kind of quality alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualityDefinition {
    /// The kind.
    pub kind: QualityKind,
    /// The metric it watches.
    pub metric: Metric,
    /// Which side of its lines is bad.
    pub bad: BadSide,
    /// The line of severity warning.
    pub warning: Line,
    /// The line of severity critical.
    pub critical: Line,
    /// The least samples a datapoint needs to count, ≥ 1.
    pub minimum_samples: u32,
    /// Datapoints that must breach (M).
    pub datapoints_to_alarm: u32,
    /// Datapoints looked at (N).
    pub evaluation_periods: u32,
    /// What a firing alarm says, as the end of "the model …", for example `refuses often`.
    pub says: &'static str,
}

impl QualityDefinition {
    /// The line of one severity.
    #[must_use]
    pub fn line(&self, severity: Severity) -> Line {
        match severity {
            Severity::Warning => self.warning,
            Severity::Critical => self.critical,
        }
    }

    /// Whether any line is on unless it is tuned.
    #[must_use]
    pub fn is_on(&self) -> bool {
        Severity::ALL.iter().any(|severity| self.line(*severity) != Line::Off)
    }
}
