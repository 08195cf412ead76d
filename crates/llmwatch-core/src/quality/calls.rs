//! The queries over call records that the template saves in Athena, by the alarm they help with.

use super::alarm::QualityKind;
use crate::ids::StackPrefix;

/// The workgroup the queries are saved in.
#[must_use]
pub fn workgroup(prefix: &StackPrefix) -> String {
    format!("{prefix}-calls")
}

/// The saved query that shows the calls a quality alarm is about; `None` where none does.
#[must_use]
pub const fn saved_query(kind: QualityKind) -> Option<&'static str> {
    match kind {
        QualityKind::LowComposite
        | QualityKind::LowSafety
        | QualityKind::LowRelevance
        | QualityKind::LowProfessionalTone
        | QualityKind::HighToxicity => Some("lowest-scoring-calls"),
        QualityKind::HighRefusal | QualityKind::LowRefusal | QualityKind::HighPartialRefusal => {
            Some("refusals")
        }
        QualityKind::HighErrorRatio => Some("errors-of-the-last-hour"),
        QualityKind::HighPromptToxicity
        | QualityKind::LowSimilarity
        | QualityKind::LowSentiment
        | QualityKind::LowPromptSentiment
        | QualityKind::HighTruncation
        | QualityKind::HighEmptyAnswer
        | QualityKind::HighGuardrail
        | QualityKind::LowOutputSpeed
        | QualityKind::HighPromptInjection => None,
    }
}
