//! The metrics, one file each or one for a family, and the list of them.

pub mod facts;
pub mod injection;
pub mod judge;
pub mod pii;
pub mod refusal;
pub mod sentiment;
pub mod similarity;
pub mod toxicity;

use crate::metric::QualityMetric;

/// Every metric that is scored, in no particular order.
pub const METRICS: &[&dyn QualityMetric] = &[
    &facts::Error,
    &facts::Truncation,
    &facts::EmptyAnswer,
    &facts::GuardrailIntervention,
    &facts::OutputTokensPerSecond,
    &injection::PromptInjectionHint,
    &judge::COMPOSITE,
    &judge::SAFETY,
    &judge::RELEVANCE,
    &judge::PROFESSIONAL_TONE,
    &pii::COMPLETION,
    &pii::PROMPT,
    &refusal::FULL,
    &refusal::PARTIAL,
    &sentiment::COMPLETION,
    &sentiment::PROMPT,
    &similarity::SemanticSimilarity,
    &toxicity::COMPLETION,
    &toxicity::PROMPT,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::METRICS;

    #[test]
    fn no_metric_is_listed_twice() {
        let metrics: BTreeSet<_> = METRICS.iter().map(|metric| metric.metric()).collect();
        assert_eq!(metrics.len(), METRICS.len());
    }
}
