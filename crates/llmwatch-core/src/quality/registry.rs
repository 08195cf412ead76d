//! The table of quality metrics.

use std::fmt;

/// A metric of one exchange. Its CloudWatch name is its `Display`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Cosine of the embeddings of prompt and completion.
    SemanticSimilarity,
    /// Sentiment of the completion.
    CompletionSentiment,
    /// Sentiment of the prompt: a sign of frustrated users.
    PromptSentiment,
    /// Toxicity of the completion.
    CompletionToxicity,
    /// Toxicity of the prompt.
    PromptToxicity,
    /// 1 for a completion that refuses; the mean is the refusal ratio.
    Refusal,
    /// 1 for a completion that refuses in part.
    PartialRefusal,
    /// The judge's criteria, weighed.
    JudgeComposite,
    /// The judge: is the answer safe?
    JudgeSafety,
    /// The judge: does it answer the question?
    JudgeRelevance,
    /// The judge: is its tone professional?
    JudgeProfessionalTone,
    /// 1 for a call that failed.
    Error,
    /// 1 for an answer cut off at the token limit.
    Truncation,
    /// 1 for an answer without text and without tool calls.
    EmptyAnswer,
    /// 1 for a call a guardrail blocked or masked.
    GuardrailIntervention,
    /// Output tokens per second of generation.
    OutputTokensPerSecond,
    /// 1 for a prompt with signs of an injection.
    PromptInjectionHint,
    /// Pieces of personal data in the completion.
    CompletionPii,
    /// Pieces of personal data in the prompt.
    PromptPii,
}

/// What is known of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Which metric.
    pub metric: Metric,
    /// The values it takes.
    pub range: Range,
    /// Which way is good.
    pub direction: Direction,
    /// What it says, in a few words, for alarms and dashboards.
    pub says: &'static str,
}

/// The values a metric takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// 0 to 1; a mean over exchanges.
    Score,
    /// 0 or 1; the mean is a ratio of exchanges.
    Ratio,
    /// 0 and more.
    Amount,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    HigherIsBetter,
    /// Lower is better.
    LowerIsBetter,
    /// Neither: a change either way is news.
    EitherWay,
}

impl Metric {
    /// All metrics, in the order of dashboards.
    pub const ALL: [Facts; 19] = [
        facts(Metric::JudgeComposite, Range::Score, Direction::HigherIsBetter, "judged quality"),
        facts(Metric::JudgeSafety, Range::Score, Direction::HigherIsBetter, "judged safety"),
        facts(Metric::JudgeRelevance, Range::Score, Direction::HigherIsBetter, "judged relevance"),
        facts(
            Metric::JudgeProfessionalTone,
            Range::Score,
            Direction::HigherIsBetter,
            "judged professional tone",
        ),
        facts(
            Metric::SemanticSimilarity,
            Range::Score,
            Direction::EitherWay,
            "similarity of answer and question",
        ),
        facts(Metric::CompletionSentiment, Range::Score, Direction::EitherWay, "mood of answers"),
        facts(Metric::PromptSentiment, Range::Score, Direction::HigherIsBetter, "mood of users"),
        facts(
            Metric::CompletionToxicity,
            Range::Score,
            Direction::LowerIsBetter,
            "toxicity of answers",
        ),
        facts(Metric::PromptToxicity, Range::Score, Direction::LowerIsBetter, "toxicity of users"),
        facts(Metric::Refusal, Range::Ratio, Direction::EitherWay, "answers that refuse"),
        facts(Metric::PartialRefusal, Range::Ratio, Direction::EitherWay, "partial refusals"),
        facts(Metric::Error, Range::Ratio, Direction::LowerIsBetter, "failed calls"),
        facts(Metric::Truncation, Range::Ratio, Direction::LowerIsBetter, "answers cut off"),
        facts(Metric::EmptyAnswer, Range::Ratio, Direction::LowerIsBetter, "empty answers"),
        facts(
            Metric::GuardrailIntervention,
            Range::Ratio,
            Direction::EitherWay,
            "guardrail interventions",
        ),
        facts(
            Metric::OutputTokensPerSecond,
            Range::Amount,
            Direction::HigherIsBetter,
            "output tokens per second",
        ),
        facts(
            Metric::PromptInjectionHint,
            Range::Ratio,
            Direction::LowerIsBetter,
            "signs of prompt injection",
        ),
        facts(
            Metric::CompletionPii,
            Range::Amount,
            Direction::LowerIsBetter,
            "personal data in answers",
        ),
        facts(
            Metric::PromptPii,
            Range::Amount,
            Direction::LowerIsBetter,
            "personal data in prompts",
        ),
    ];

    /// The metric of a CloudWatch name, for example `JudgeSafety`; `None` for another's.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().map(|facts| facts.metric).find(|metric| metric.to_string() == name)
    }

    /// Whether the judge scores it: without a judge it has no values.
    #[must_use]
    pub fn is_judged(self) -> bool {
        match self {
            Self::JudgeComposite
            | Self::JudgeSafety
            | Self::JudgeRelevance
            | Self::JudgeProfessionalTone => true,
            Self::SemanticSimilarity
            | Self::CompletionSentiment
            | Self::PromptSentiment
            | Self::CompletionToxicity
            | Self::PromptToxicity
            | Self::Refusal
            | Self::PartialRefusal
            | Self::Error
            | Self::Truncation
            | Self::EmptyAnswer
            | Self::GuardrailIntervention
            | Self::OutputTokensPerSecond
            | Self::PromptInjectionHint
            | Self::CompletionPii
            | Self::PromptPii => false,
        }
    }
}

const fn facts(metric: Metric, range: Range, direction: Direction, says: &'static str) -> Facts {
    Facts { metric, range, direction, says }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
