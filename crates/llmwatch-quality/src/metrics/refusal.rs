//! Answers that refuse, outright or in part.

use llmwatch_core::quality::Metric;

use crate::evidence::{Evidence, Refusal};
use crate::metric::{Needs, NotScored, QualityMetric};

/// 1 for an answer that refuses outright; the mean is the refusal ratio. Neither way is better: a
/// rise may be a model's new caution, a drop a jailbreak.
pub const FULL: RefusalMetric = RefusalMetric { metric: Metric::Refusal, extent: Refusal::Full };

/// 1 for an answer that refuses in part or does something else instead. Neither way is better.
pub const PARTIAL: RefusalMetric =
    RefusalMetric { metric: Metric::PartialRefusal, extent: Refusal::Partial };

/// Whether the answer refuses to one extent: 0 or 1.
///
/// Method: phrases of the opening and, where there is a model, its embedding, weighed by a logistic
/// head ([`crate::refusal`]). Source: trained on the labelled answers of XSTest v2 (Röttger et al.
/// 2024, CC-BY-4.0); measured by `make eval`, each model by heads that saw none of its answers.
///
/// Blind spots: answers that lecture instead of saying no (a third of them passes in a model that
/// refuses so); a refusal after the third sentence; partial refusals, most of which count as full
/// ones; Japanese, which is judged by phrases and was not measured on labelled answers.
#[derive(Debug)]
pub struct RefusalMetric {
    metric: Metric,
    extent: Refusal,
}

impl QualityMetric for RefusalMetric {
    fn metric(&self) -> Metric {
        self.metric
    }

    fn needs(&self) -> Needs {
        Needs::Refusal
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let extent = evidence.refusal.found()?;
        Ok(f64::from(u8::from(*extent == self.extent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Reading;
    use crate::test_exchange::answered;

    #[track_caller]
    fn check(
        refusal: Reading<Refusal>,
        full: Result<f64, NotScored>,
        partial: Result<f64, NotScored>,
    ) {
        let exchange = answered("Hello");
        let evidence = Evidence { refusal, ..Evidence::of(&exchange) };
        assert_eq!((FULL.score(&evidence), PARTIAL.score(&evidence)), (full, partial));
    }

    #[test]
    fn each_metric_counts_one_extent() {
        check(Reading::Found(Refusal::None), Ok(0.0), Ok(0.0));
        check(Reading::Found(Refusal::Partial), Ok(0.0), Ok(1.0));
        check(Reading::Found(Refusal::Full), Ok(1.0), Ok(0.0));
    }

    #[test]
    fn no_evidence_is_no_score() {
        let failed = NotScored::NoEvidence("model");
        check(Reading::Failed("model"), Err(failed), Err(failed));
    }
}
