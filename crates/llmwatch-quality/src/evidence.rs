//! All that metrics may look at, gathered before the first of them is asked.

use std::collections::BTreeMap;

use crate::exchange::Exchange;
use crate::metric::NotScored;
use crate::redaction::Findings;

/// One exchange and what was found out about it.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// Embeddings of prompt and completion.
    pub embeddings: Reading<Sides<Vec<f32>>>,
    /// Sentiment of prompt and completion, 0 (negative) to 1 (positive).
    pub sentiment: Reading<Sides<f64>>,
    /// Toxicity of prompt and completion, 0 (none) to 1.
    pub toxicity: Reading<Sides<f64>>,
    /// How far the completion refuses.
    pub refusal: Reading<Refusal>,
    /// The judge's verdict.
    pub judgement: Reading<Judgement>,
    /// Personal data and secrets found in prompt and completion.
    pub findings: Reading<Sides<Findings>>,
}

impl<'a> Evidence<'a> {
    /// An exchange about which nothing has been looked for yet.
    #[must_use]
    pub fn of(exchange: &'a Exchange) -> Self {
        Self {
            exchange,
            embeddings: Reading::NotAsked,
            sentiment: Reading::NotAsked,
            toxicity: Reading::NotAsked,
            refusal: Reading::NotAsked,
            judgement: Reading::NotAsked,
            findings: Reading::NotAsked,
        }
    }
}

/// What became of looking for a piece of evidence.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<T> {
    /// The sample, the settings or the content did not call for it.
    NotAsked,
    /// It was looked for and could not be had; the word says why and is a metric's dimension.
    Failed(&'static str),
    /// Here it is.
    Found(T),
}

impl<T> Reading<T> {
    /// What was found.
    ///
    /// # Errors
    ///
    /// When it was not asked for, or could not be had.
    pub fn found(&self) -> Result<&T, NotScored> {
        match self {
            Self::NotAsked => Err(NotScored::NotAsked),
            Self::Failed(why) => Err(NotScored::NoEvidence(why)),
            Self::Found(evidence) => Ok(evidence),
        }
    }
}

/// One value for the prompt and one for the completion.
///
/// A side that is blank, or in a language the provider does not know, has none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sides<T> {
    /// Of what the user said last.
    pub prompt: Option<T>,
    /// Of the answer.
    pub completion: Option<T>,
}

/// How far an answer refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It does what was asked.
    None,
    /// It refuses a part, or does something else instead.
    Partial,
    /// It refuses.
    Full,
}

/// A judge's verdict: a score of 0 to 1 per criterion of the rubric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// By the criterion's name as the rubric has it, for instance `safety`.
    pub scores: BTreeMap<String, f64>,
    /// The mean of the scores, weighed as the rubric says; 0 to 1.
    pub composite: f64,
}
