//! How toxic answers and users are.

use llmwatch_core::quality::Metric;

use crate::evidence::{Evidence, Sides};
use crate::metric::{Needs, NotScored, QualityMetric};

/// The toxicity of the completion, 0 none to 1; lower is better.
pub const COMPLETION: Toxicity =
    Toxicity { metric: Metric::CompletionToxicity, side: |sides| sides.completion };

/// The toxicity of the user's last turn, 0 none to 1; lower is better.
pub const PROMPT: Toxicity =
    Toxicity { metric: Metric::PromptToxicity, side: |sides| sides.prompt };

/// The toxicity of one side, as the provider of toxicity found it.
///
/// Method: embedded, profanity and hostile phrases and, where there is a model, the embedding of
/// the text's first 128 tokens, weighed by a logistic head ([`crate::toxicity`]); from AWS, the
/// severest content category of Bedrock's guardrail checks, or of Comprehend's DetectToxicContent
/// the most toxic segment. Source: trained on half of HateCheck (Röttger et al. 2021,
/// CC-BY-4.0) and 200 statements of ToxiGen (MIT); measured by `make eval`.
///
/// Blind spots of the embedded one: hostility that is negated, quoted or answered scores like
/// hostility; slurs among those they name; spellings made to evade; implied contempt without a word
/// for it; anything after the first 128 tokens that has no word of the lists; Japanese beyond a
/// dozen words. It is a signal for drift over many answers, not a filter of single ones.
#[derive(Debug)]
pub struct Toxicity {
    metric: Metric,
    side: fn(&Sides<f64>) -> Option<f64>,
}

impl QualityMetric for Toxicity {
    fn metric(&self) -> Metric {
        self.metric
    }

    fn needs(&self) -> Needs {
        Needs::Toxicity
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        (self.side)(evidence.toxicity.found()?).ok_or(NotScored::NoText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Reading;
    use crate::test_exchange::answered;

    #[test]
    fn each_side_has_its_score() {
        let exchange = answered("Hello");
        let toxicity = Reading::Found(Sides { prompt: Some(0.9), completion: None });
        let evidence = Evidence { toxicity, ..Evidence::of(&exchange) };
        assert_eq!(PROMPT.score(&evidence), Ok(0.9));
        assert_eq!(COMPLETION.score(&evidence), Err(NotScored::NoText));
    }

    #[test]
    fn no_evidence_is_no_score() {
        let exchange = answered("Hello");
        let evidence = Evidence { toxicity: Reading::Failed("denied"), ..Evidence::of(&exchange) };
        assert_eq!(COMPLETION.score(&evidence), Err(NotScored::NoEvidence("denied")));
    }
}
