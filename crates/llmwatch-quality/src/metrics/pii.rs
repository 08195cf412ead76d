//! Personal data and secrets in prompts and answers.

use llmwatch_core::quality::Metric;

use crate::evidence::{Evidence, Sides};
use crate::metric::{Needs, NotScored, QualityMetric};
use crate::redaction::Findings;

/// How many pieces of personal data and secrets the completion holds, 0 and more.
pub const COMPLETION: Pii =
    Pii { metric: Metric::CompletionPii, side: |found| found.completion.as_ref() };

/// How many pieces of personal data and secrets the user's last turn holds, 0 and more.
pub const PROMPT: Pii = Pii { metric: Metric::PromptPii, side: |found| found.prompt.as_ref() };

/// Counts what [`crate::redaction`] finds on one side; lower is better.
///
/// The sum over a period is the number of findings, the mean is findings per exchange. Blind spots
/// are those of the search: names and addresses of people are not found.
#[derive(Debug)]
pub struct Pii {
    metric: Metric,
    side: fn(&Sides<Findings>) -> Option<&Findings>,
}

impl QualityMetric for Pii {
    fn metric(&self) -> Metric {
        self.metric
    }

    fn needs(&self) -> Needs {
        Needs::Findings
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let found = (self.side)(evidence.findings.found()?).ok_or(NotScored::NoText)?;
        // At most 2^32 a kind: exact in f64.
        Ok(found.total() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Reading;
    use crate::redaction::Kind;
    use crate::test_exchange::answered;

    #[test]
    fn each_side_is_counted_by_itself() {
        let exchange = answered("Write to a@b.example");
        let mut found = Findings::default();
        found.add(Kind::Email);
        found.add(Kind::Email);
        found.add(Kind::Card);
        let sides = Sides { prompt: None, completion: Some(found) };
        let evidence = Evidence { findings: Reading::Found(sides), ..Evidence::of(&exchange) };
        assert_eq!(COMPLETION.score(&evidence), Ok(3.0));
        assert_eq!(PROMPT.score(&evidence), Err(NotScored::NoText));
        assert_eq!(COMPLETION.score(&Evidence::of(&exchange)), Err(NotScored::NotAsked));
    }
}
