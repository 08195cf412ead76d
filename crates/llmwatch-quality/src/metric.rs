//! The one trait behind which every metric stands.

use llmwatch_core::quality::Metric;

use crate::evidence::Evidence;

/// Turns evidence into one number, or says why there is none. Pure.
pub trait QualityMetric: Sync {
    /// What it measures; range, direction and alarm lines stand in the core's registry.
    fn metric(&self) -> Metric;

    /// What must be looked for before [`score`](Self::score) can say anything.
    fn needs(&self) -> Needs;

    /// The score, in the range the registry gives.
    ///
    /// # Errors
    ///
    /// [`NotScored`] says why; it is counted, and never becomes a default.
    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored>;
}

/// The evidence a metric needs besides the exchange itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing more.
    Nothing,
    /// Embeddings.
    Embeddings,
    /// Sentiment.
    Sentiment,
    /// Toxicity.
    Toxicity,
    /// The refusal's extent.
    Refusal,
    /// A judge's verdict.
    Judgement,
    /// Personal data and secrets found in the text.
    Findings,
}

/// Why a metric has no score for an exchange. The word is a metric's dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum NotScored {
    /// The sample, the settings or the content did not call for it.
    #[error("not asked")]
    NotAsked,
    /// The exchange has no text on a side that counts.
    #[error("no text")]
    NoText,
    /// The record does not tell what the metric is about.
    #[error("not told")]
    NotTold,
    /// The evidence could not be had, for this reason.
    #[error("{0}")]
    NoEvidence(&'static str),
}
