//! How toxic a text is: by its words alone, or by its words and its embedding.
//!
//! The weights are trained by `training/train.py`; `make eval` prints what each kind of hate speech
//! and of its look-alikes scores. What this does not do: understand. It knows words and the drift
//! of the first 128 tokens, so it is weak where hostility is quoted, negated or answered.

use crate::fold::fold;
use crate::linear::Head;
use crate::phrases::{ListError, PhraseSet};
use crate::refusal::is_latin;

/// What a phrase is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Profane,
    Threat,
    Contempt,
    Counter,
}

const SIGNS: [(Sign, &str); 4] = [
    (Sign::Profane, "profane"),
    (Sign::Threat, "threat"),
    (Sign::Contempt, "contempt"),
    (Sign::Counter, "counter"),
];

/// One list, so that one pass finds all.
const LISTS: &str =
    concat!(include_str!("toxicity/profanity.txt"), include_str!("toxicity/phrases.txt"));

/// Hits of one kind beyond this many say no more.
const MOST_HITS: f32 = 3.0;

/// The bytes of a text that are searched for phrases.
const SEARCHED_BYTES: usize = 64 * 1024;

/// Scores toxicity. Built once, used for every text.
#[derive(Debug)]
pub struct Toxicity {
    phrases: PhraseSet<Sign>,
    by_phrases: Head,
    by_embedding: Head,
}

impl Toxicity {
    /// With the lists and weights this crate ships.
    ///
    /// # Errors
    ///
    /// [`ListError`] when lists and code do not belong together, which a test rules out.
    pub fn shipped() -> Result<Self, ListError> {
        let by_phrases = include_str!("toxicity/head_phrases.txt");
        Self::with_heads(by_phrases, include_str!("toxicity/head_embedding.txt"))
    }

    /// With other weights, as an evaluation needs them: heads that saw none of what they judge.
    ///
    /// # Errors
    ///
    /// [`ListError`] when the weights are not those of the features computed here.
    pub fn with_heads(by_phrases: &str, by_embedding: &str) -> Result<Self, ListError> {
        let signs = feature_names();
        Ok(Self {
            phrases: PhraseSet::parse(LISTS, class_of)?,
            by_phrases: Head::parse(by_phrases, &signs)?,
            by_embedding: Head::parse_with_embedding(by_embedding, signs)?,
        })
    }

    /// By the words of the text alone, 0 (none) to 1.
    #[must_use]
    pub fn by_phrases(&self, text: &str) -> f64 {
        self.by_phrases.probability(self.features(text))
    }

    /// By the words of the text and its embedding, 0 (none) to 1.
    ///
    /// The embedding model knows English: text that is mostly in another script is scored by its
    /// words alone.
    #[must_use]
    pub fn by_embedding(&self, text: &str, embedding: &[f32]) -> f64 {
        if !is_latin(text) {
            return self.by_phrases(text);
        }
        let features = self.features(text);
        self.by_embedding.probability(features.into_iter().chain(embedding.iter().copied()))
    }

    /// What the heads weigh, as their training reads it: hits of each kind, 3 at most.
    #[must_use]
    pub fn features(&self, text: &str) -> [f32; 4] {
        let text = fold(&text[..text.floor_char_boundary(SEARCHED_BYTES)]);
        let mut features = [0.0_f32; SIGNS.len()];
        for hit in self.phrases.hits(&text) {
            let slot = &mut features[hit.class as usize];
            *slot = (*slot + 1.0).min(MOST_HITS);
        }
        features
    }
}

/// The names of [`Toxicity::features`], in order.
#[must_use]
pub fn feature_names() -> Vec<String> {
    SIGNS.iter().map(|(_, name)| (*name).to_owned()).collect()
}

fn class_of(section: &str) -> Option<Sign> {
    SIGNS.iter().find(|(_, name)| *name == section).map(|(sign, _)| *sign)
}

#[cfg(test)]
mod tests;
