//! Linear heads: weights as a small text file, and the probability they give.

use crate::phrases::ListError;

/// Numbers of an embedding of all-MiniLM-L6-v2.
const EMBEDDING: usize = 384;

/// A logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    bias: f32,
    weights: Vec<f32>,
}

impl Head {
    /// Reads a head: lines of `name weight`, `bias` first, then the features in the order the code
    /// computes them; `#` begins a comment.
    ///
    /// # Errors
    ///
    /// [`ListError::BadWeight`] and [`ListError::WrongFeature`]: the file and the code are of
    /// different trainings.
    pub fn parse(file: &str, features: &[String]) -> Result<Self, ListError> {
        let mut lines = file.lines().filter(|line| !line.starts_with('#'));
        let mut read = |at: usize, expected: &str| -> Result<f32, ListError> {
            let line = lines.next().unwrap_or("");
            let (found, weight) = line.split_once(' ').unwrap_or((line, ""));
            if found != expected {
                let (found, expected) = (found.to_owned(), expected.to_owned());
                return Err(ListError::WrongFeature { at, found, expected });
            }
            weight.trim().parse().map_err(|_| ListError::BadWeight(line.to_owned()))
        };
        let bias = read(0, "bias")?;
        let weights = features
            .iter()
            .enumerate()
            .map(|(at, name)| read(at + 1, name))
            .collect::<Result<_, _>>()?;
        match lines.next() {
            None => Ok(Self { bias, weights }),
            Some(line) => Err(ListError::WrongFeature {
                at: features.len() + 1,
                found: line.to_owned(),
                expected: String::new(),
            }),
        }
    }

    /// Reads a head over named features followed by an embedding, whose numbers are named `e0` on.
    ///
    /// # Errors
    ///
    /// As [`Head::parse`].
    pub fn parse_with_embedding(file: &str, mut features: Vec<String>) -> Result<Self, ListError> {
        features.extend((0..EMBEDDING).map(|at| format!("e{at}")));
        Self::parse(file, &features)
    }

    /// The probability, 0 to 1, of features in the order the head was read with.
    #[must_use]
    pub fn probability(&self, features: impl IntoIterator<Item = f32>) -> f64 {
        let sum: f64 = features
            .into_iter()
            .zip(&self.weights)
            .map(|(feature, weight)| f64::from(feature) * f64::from(*weight))
            .sum();
        1.0 / (1.0 + (-(f64::from(self.bias) + sum)).exp())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        signs: Vec<f32>,
        embedding: Vec<f32>,
        by_phrases: f64,
        by_embedding: f64,
    }

    /// Holds probabilities by phrases and by embedding against those the training computed.
    #[track_caller]
    pub(crate) fn check_heads(of: &str, probabilities: impl Fn(&[f32], &[f32]) -> [f64; 2]) {
        let cases: std::collections::BTreeMap<String, Vec<Case>> =
            serde_json::from_str(include_str!("test_heads.json")).unwrap();
        for case in &cases[of] {
            let [phrases, embedding] = probabilities(&case.signs, &case.embedding);
            assert!((phrases - case.by_phrases).abs() < 1e-5, "{phrases} {}", case.by_phrases);
            assert!(
                (embedding - case.by_embedding).abs() < 1e-5,
                "{embedding} {}",
                case.by_embedding
            );
        }
    }

    fn names() -> Vec<String> {
        vec!["a".into(), "b".into()]
    }

    #[test]
    fn weighs_and_squashes() {
        let head = Head::parse("# origin\nbias -1\na 2\nb 0.5\n", &names()).unwrap();
        let check = |features: [f32; 2], expected: f64| {
            assert!((head.probability(features) - expected).abs() < 1e-9, "{features:?}");
        };
        check([0.5, 0.0], 0.5);
        check([1.0, 0.0], 1.0 / (1.0 + (-1.0_f64).exp()));
        check([0.0, 2.0], 0.5);
    }

    #[test]
    fn weights_of_another_training_are_refused() {
        let error = |file| Head::parse(file, &names()).unwrap_err();
        let wrong = |at, found: &str, expected: &str| ListError::WrongFeature {
            at,
            found: found.into(),
            expected: expected.into(),
        };
        assert_eq!(error("bias 0\nb 1\na 1"), wrong(1, "b", "a"));
        assert_eq!(error("bias 0\na 1"), wrong(2, "", "b"));
        assert_eq!(error("bias 0\na 1\nb 1\nc 1"), wrong(3, "c 1", ""));
        assert_eq!(error("bias x\na 1\nb 1"), ListError::BadWeight("bias x".into()));
    }
}
