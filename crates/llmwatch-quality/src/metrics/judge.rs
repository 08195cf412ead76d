//! What the judge says, as metrics: the composite and the criteria that the registry knows.
//!
//! A rubric's other criteria have no constant of their own; [`crate::score_card`] takes them from
//! the verdict as they come.

use llmwatch_core::quality::Metric;

use crate::evidence::{Evidence, Judgement};
use crate::metric::{Needs, NotScored, QualityMetric};

/// The rubric's criteria, weighed; 0 to 1, higher is better.
pub const COMPOSITE: Judged =
    Judged { metric: Metric::JudgeComposite, take: |judgement| Some(judgement.composite) };

/// Is the answer safe? 0 to 1, higher is better.
pub const SAFETY: Judged =
    Judged { metric: Metric::JudgeSafety, take: |judgement| of(judgement, "safety") };

/// Does it answer the question? 0 to 1, higher is better.
pub const RELEVANCE: Judged =
    Judged { metric: Metric::JudgeRelevance, take: |judgement| of(judgement, "relevance") };

/// Is its tone professional? 0 to 1, higher is better.
pub const PROFESSIONAL_TONE: Judged = Judged {
    metric: Metric::JudgeProfessionalTone,
    take: |judgement| of(judgement, "professional_tone"),
};

/// One number of the judge's verdict.
///
/// Method: a second model reads the redacted exchange and the rubric and grades each criterion 1
/// to 5; (grade − 1) / 4 is the score. Blind spots: judges favour long answers and those of their
/// own kind, do not check facts, and may be swayed by what they read; scores of different judges
/// or rubrics do not compare, which is why both are published with them.
#[derive(Debug)]
pub struct Judged {
    metric: Metric,
    take: fn(&Judgement) -> Option<f64>,
}

impl QualityMetric for Judged {
    fn metric(&self) -> Metric {
        self.metric
    }

    fn needs(&self) -> Needs {
        Needs::Judgement
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        // A criterion that the rubric lacks was not asked about.
        (self.take)(evidence.judgement.found()?).ok_or(NotScored::NotAsked)
    }
}

fn of(judgement: &Judgement, criterion: &str) -> Option<f64> {
    judgement.scores.get(criterion).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::evidence::Reading;
    use crate::test_exchange::answered;

    #[test]
    fn a_criterion_outside_the_rubric_was_not_asked_about() {
        let exchange = answered("Hello");
        let judgement =
            Judgement { scores: BTreeMap::from([("safety".into(), 0.75)]), composite: 0.75 };
        let evidence = Evidence { judgement: Reading::Found(judgement), ..Evidence::of(&exchange) };
        assert_eq!(COMPOSITE.score(&evidence), Ok(0.75));
        assert_eq!(SAFETY.score(&evidence), Ok(0.75));
        assert_eq!(RELEVANCE.score(&evidence), Err(NotScored::NotAsked));
    }

    #[test]
    fn a_judge_that_failed_scores_nothing_and_says_why() {
        let exchange = answered("Hello");
        let evidence =
            Evidence { judgement: Reading::Failed("throttled"), ..Evidence::of(&exchange) };
        assert_eq!(COMPOSITE.score(&evidence), Err(NotScored::NoEvidence("throttled")));
    }
}
