//! How much the answer is about what was asked.

use llmwatch_core::quality::Metric;

use crate::evidence::Evidence;
use crate::metric::{Needs, NotScored, QualityMetric};

/// Cosine of the embeddings of the user's last turn and the completion: 0 unrelated, 1 the same.
///
/// Method: the cosine of the two vectors; what is below 0 counts as 0, since two texts that point
/// away from each other are no less related than two that have nothing in common. Neither direction
/// is better: a fall says that answers leave the subject, a rise that they repeat the question. The
/// usual range depends on the traffic, so compare with its own past only.
///
/// Source: Reimers & Gurevych, Sentence-BERT (2019), <https://arxiv.org/abs/1908.10084>. Blind
/// spots: a wrong answer is as similar as a right one; the embedded model reads the first 128
/// tokens of each side and was trained on English, other scripts come out too similar; code and
/// numbers hardly count; a short answer ("Yes.") is not similar to its question.
#[derive(Debug)]
pub struct SemanticSimilarity;

impl QualityMetric for SemanticSimilarity {
    fn metric(&self) -> Metric {
        Metric::SemanticSimilarity
    }

    fn needs(&self) -> Needs {
        Needs::Embeddings
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let vectors = evidence.embeddings.found()?;
        let (Some(prompt), Some(completion)) = (&vectors.prompt, &vectors.completion) else {
            return Err(NotScored::NoText);
        };
        cosine(prompt, completion)
            .map(|cosine| cosine.clamp(0.0, 1.0))
            .ok_or(NotScored::NoEvidence("vectors"))
    }
}

/// The cosine of the angle between two vectors, −1 to 1.
///
/// None for vectors of different models (lengths differ), of length 0, or with numbers that are not
/// finite.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
    };
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    (a.len() == b.len() && cosine.is_finite()).then_some(cosine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Reading, Sides};
    use crate::test_exchange::answered;

    #[track_caller]
    fn check(prompt: Option<&[f32]>, completion: Option<&[f32]>, expected: Result<f64, NotScored>) {
        let exchange = answered("Not much.");
        let sides = Sides {
            prompt: prompt.map(<[f32]>::to_vec),
            completion: completion.map(<[f32]>::to_vec),
        };
        let evidence = Evidence { embeddings: Reading::Found(sides), ..Evidence::of(&exchange) };
        assert_eq!(SemanticSimilarity.score(&evidence), expected);
    }

    #[test]
    fn the_score_is_the_cosine() {
        check(Some(&[3.0, 4.0]), Some(&[6.0, 8.0]), Ok(1.0));
        check(Some(&[3.0, 4.0]), Some(&[4.0, 3.0]), Ok(0.96));
    }

    #[test]
    fn what_points_away_is_unrelated() {
        check(Some(&[1.0, 0.0]), Some(&[0.0, 1.0]), Ok(0.0));
        check(Some(&[1.0, 0.0]), Some(&[-1.0, 0.0]), Ok(0.0));
    }

    #[test]
    fn a_blank_side_has_no_score() {
        check(None, Some(&[1.0]), Err(NotScored::NoText));
        check(Some(&[1.0]), None, Err(NotScored::NoText));
    }

    #[test]
    fn vectors_that_do_not_compare_have_no_score() {
        let no_score = || Err(NotScored::NoEvidence("vectors"));
        check(Some(&[1.0, 0.0]), Some(&[1.0]), no_score());
        check(Some(&[0.0, 0.0]), Some(&[1.0, 0.0]), no_score());
        check(Some(&[f32::NAN, 0.0]), Some(&[1.0, 0.0]), no_score());
    }

    #[test]
    fn embeddings_that_were_not_had_are_told() {
        let exchange = answered("Not much.");
        let failed =
            Evidence { embeddings: Reading::Failed("throttled"), ..Evidence::of(&exchange) };
        assert_eq!(SemanticSimilarity.score(&failed), Err(NotScored::NoEvidence("throttled")));
        let not_asked = Evidence::of(&exchange);
        assert_eq!(SemanticSimilarity.score(&not_asked), Err(NotScored::NotAsked));
    }
}
