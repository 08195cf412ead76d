//! VADER: how positive a short text is, by a rated lexicon and rules about its neighbours.
//!
//! A port of the rules of vaderSentiment 3.3.2 (MIT, `data/vader/`), held to 1e-4 against values
//! that the reference implementation gave, its oddities included: a word is found only without a
//! typographic apostrophe, and idioms only where three words precede. Left out are the shares of
//! positive, neutral and negative words, which nothing here reads.

pub mod emoji;
mod lexicon;
mod piece;
mod word;

use std::cmp::Ordering;

use lexicon::Named;
use piece::Kinds;
pub(super) use piece::{Piece, split};
pub(super) use word::Word;

/// What a booster adds, measured by VADER's authors, as are the numbers below.
const BOOST: f64 = 0.293;
const CAPITALS: f64 = 0.733;
const NEGATION: f64 = -0.74;
const NEVER_SO: f64 = 1.25;
const EXCLAMATION: f64 = 0.292;
const MAX_EXCLAMATIONS: u32 = 4;
const QUESTION: f64 = 0.18;
const MANY_QUESTIONS: f64 = 0.96;
const BEFORE_BUT: f64 = 0.5;
const AFTER_BUT: f64 = 1.5;
/// The further away a booster stands, the less it does.
const DAMPING: [f64; 3] = [1.0, 0.95, 0.9];
/// Brings sums into −1…1.
const NORMALISATION: f64 = 15.0;

/// Phrases that mean something else than their words.
const IDIOMS: [(&[Named], f64); 8] = [
    (&[Named::The, Named::Shit], 3.0),
    (&[Named::The, Named::Bomb], 3.0),
    (&[Named::Bad, Named::Ass], 1.5),
    (&[Named::Bus, Named::Stop], 0.0),
    (&[Named::Yeah, Named::Right], -2.0),
    (&[Named::Kiss, Named::Of, Named::Death], -1.5),
    (&[Named::To, Named::Die, Named::For], 3.0),
    (&[Named::Beating, Named::Heart], 3.5),
];
const DAMPENING_PAIRS: [[Named; 2]; 3] =
    [[Named::Just, Named::Enough], [Named::Kind, Named::Of], [Named::Sort, Named::Of]];

/// VADER's compound score of a text: −1 most negative, 0 neutral or empty, 1 most positive.
///
/// Not rounded; the reference rounds to four places. Time grows with the square of the number of
/// rated words in a text with "but": give it sentences.
#[must_use]
pub fn compound(text: &str) -> f64 {
    let named = emoji::named(text);
    let mut passage = Passage::default();
    for piece in split(&named) {
        passage.push(piece, Word::of(piece));
    }
    passage.compound()
}

/// Words that are scored together.
#[derive(Default)]
pub(super) struct Passage<'a> {
    words: Vec<Word<'a>>,
    /// Where the rated words stand.
    rated: Vec<usize>,
    capitals: usize,
    exclamations: u32,
    questions: u32,
    first_but: Option<usize>,
}

impl<'a> Passage<'a> {
    /// Adds a word, and the marks of the piece of text it was read from.
    pub(super) fn push(&mut self, piece: Piece<'_>, word: Word<'a>) {
        if piece.has.any(Kinds::PUNCTUATION) {
            self.exclamations += count(piece.text, b'!');
            self.questions += count(piece.text, b'?');
        }
        if self.first_but.is_none() && word.is(Named::But) {
            self.first_but = Some(self.words.len());
        }
        if word.valence().is_some() {
            self.rated.push(self.words.len());
        }
        self.capitals += usize::from(word.is_upper());
        self.words.push(word);
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.rated.clear();
        (self.capitals, self.exclamations, self.questions) = (0, 0, 0);
        self.first_but = None;
    }

    pub(super) fn compound(&self) -> f64 {
        let capitals_tell = self.capitals_tell();
        let valences = self.rated.iter().map(|&at| self.valence(at, capitals_tell));
        let sum: f64 = match self.first_but {
            None => valences.sum(),
            Some(but) => {
                let rated = self.rated.iter().copied();
                let mut valences: Vec<_> =
                    rated.zip(valences).filter(|&(_, valence)| valence != 0.0).collect();
                weigh_around_but(&mut valences, but);
                valences.iter().map(|(_, valence)| valence).sum()
            }
        };
        let stressed = match sum.partial_cmp(&0.0) {
            Some(Ordering::Greater) => sum + self.emphasis(),
            Some(Ordering::Less) => sum - self.emphasis(),
            _ => sum,
        };
        stressed / (stressed * stressed + NORMALISATION).sqrt()
    }

    /// Whether some words, but not all, are in capitals.
    fn capitals_tell(&self) -> bool {
        0 < self.capitals && self.capitals < self.words.len()
    }

    fn emphasis(&self) -> f64 {
        let exclaimed = f64::from(self.exclamations.min(MAX_EXCLAMATIONS)) * EXCLAMATION;
        exclaimed
            + match self.questions {
                0 | 1 => 0.0,
                2 | 3 => f64::from(self.questions) * QUESTION,
                _ => MANY_QUESTIONS,
            }
    }

    /// What a rated word says where it stands.
    fn valence(&self, at: usize, capitals_tell: bool) -> f64 {
        let word = &self.words[at];
        let rating = word.valence().unwrap_or_default();
        if word.is(Named::Kind) && self.is(at + 1, Named::Of) {
            return 0.0;
        }
        let mut valence = rating;
        if word.is(Named::No) && self.is_rated(at + 1) {
            valence = 0.0;
        }
        if self.follows_no(at) {
            valence = rating * NEGATION;
        }
        if word.is_upper() && capitals_tell {
            valence = away_from_zero(valence, CAPITALS);
        }
        for distance in 1..=at.min(3) {
            if !self.is_rated(at - distance) {
                valence +=
                    self.boost(at - distance, valence, capitals_tell) * DAMPING[distance - 1];
                valence *= self.negation(at, distance);
                if distance == 3 {
                    valence = self.idiom(at).unwrap_or(valence) + self.dampening_pairs(at);
                }
            }
        }
        if self.follows_least(at) { valence * NEGATION } else { valence }
    }

    fn follows_no(&self, at: usize) -> bool {
        let no = |distance: usize| at >= distance && self.is(at - distance, Named::No);
        no(1) || no(2) || no(3) && (self.is(at - 1, Named::Or) || self.is(at - 1, Named::Nor))
    }

    fn boost(&self, at: usize, valence: f64, capitals_tell: bool) -> f64 {
        let word = &self.words[at];
        let boost = word.booster() * BOOST;
        if boost == 0.0 {
            return 0.0;
        }
        let signed = if valence < 0.0 { -boost } else { boost };
        match word.is_upper() && capitals_tell {
            true if valence > 0.0 => signed + CAPITALS,
            true => signed - CAPITALS,
            false => signed,
        }
    }

    /// What the word at this distance does to the valence, as a factor.
    fn negation(&self, at: usize, distance: usize) -> f64 {
        let before = |distance: usize, word: Named| self.is(at - distance, word);
        let so = |distance: usize| before(distance, Named::So) || before(distance, Named::This);
        let (never_so, without_doubt) = match distance {
            1 => (false, false),
            2 => (
                before(2, Named::Never) && so(1),
                before(2, Named::Without) && before(1, Named::Doubt),
            ),
            _ => (
                before(3, Named::Never) && so(2) || so(1),
                before(3, Named::Without) && (before(2, Named::Doubt) || before(1, Named::Doubt)),
            ),
        };
        if never_so {
            NEVER_SO
        } else if !without_doubt && self.words[at - distance].negates() {
            NEGATION
        } else {
            1.0
        }
    }

    /// The valence of an idiom around a word with three words before it; the last one found counts.
    fn idiom(&self, at: usize) -> Option<f64> {
        let find = |from: usize, length: usize| {
            self.words.get(from)?.named()?;
            let is_here = |words: &[Named]| words.len() == length && self.are(from, words);
            IDIOMS.iter().find(|(words, _)| is_here(words)).map(|&(_, valence)| valence)
        };
        let before = [(at - 1, 2), (at - 2, 3), (at - 2, 2), (at - 3, 3), (at - 3, 2)];
        let earlier = before.into_iter().find_map(|(from, length)| find(from, length));
        find(at, 3).or_else(|| find(at, 2)).or(earlier)
    }

    fn dampening_pairs(&self, at: usize) -> f64 {
        let is_pair = |from: usize| DAMPENING_PAIRS.iter().any(|pair| self.are(from, pair));
        let pairs = [at - 3, at - 2].into_iter().filter(|&from| is_pair(from));
        pairs.map(|_| -BOOST).sum()
    }

    fn follows_least(&self, at: usize) -> bool {
        let at_least = || self.is(at - 2, Named::At) || self.is(at - 2, Named::Very);
        at > 0 && self.is(at - 1, Named::Least) && !(at > 1 && at_least())
    }

    fn are(&self, from: usize, words: &[Named]) -> bool {
        words.iter().enumerate().all(|(offset, &word)| self.is(from + offset, word))
    }

    fn is(&self, at: usize, expected: Named) -> bool {
        self.words.get(at).is_some_and(|word| word.is(expected))
    }

    fn is_rated(&self, at: usize) -> bool {
        self.words.get(at).is_some_and(|word| word.valence().is_some())
    }
}

/// Halves what stands before "but" and raises what stands after.
///
/// The reference changes the first word that has the value it has come to, which need not be the
/// word it has come to; where two words have the same value its result is kept.
fn weigh_around_but(valences: &mut [(usize, f64)], but: usize) {
    for index in 0..valences.len() {
        let value = valences[index].1;
        if let Some((at, first)) = valences.iter_mut().find(|(_, other)| *other == value) {
            *first *= if *at < but { BEFORE_BUT } else { AFTER_BUT };
        }
    }
}

fn away_from_zero(valence: f64, by: f64) -> f64 {
    if valence > 0.0 { valence + by } else { valence - by }
}

fn count(text: &str, mark: u8) -> u32 {
    text.bytes().map(|byte| u32::from(byte == mark)).sum()
}

#[cfg(test)]
mod tests {
    use super::compound;

    /// Texts with what vaderSentiment 3.3.2 gives them; written by `tools/vader_reference.py`.
    const REFERENCE: &str = include_str!("../../test_data/sentiment/vader.jsonl");

    #[test]
    fn scores_are_the_reference_implementations() {
        let rows: Vec<(String, f64)> =
            REFERENCE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(rows.len() >= 600, "{}", rows.len());
        let differing: Vec<_> = rows
            .iter()
            .map(|(text, expected)| (text, *expected, compound(text)))
            .filter(|(_, expected, found)| (expected - found).abs() > 1e-4)
            .collect();
        assert!(differing.is_empty(), "{} of {}: {differing:#?}", differing.len(), rows.len());
    }

    #[test]
    fn no_text_breaks_it() {
        let expected = compound("word good but bad");
        assert!((-1.0..=1.0).contains(&expected));
        proptest::proptest!(|(text in "(?s).{0,200}")| {
            let score = compound(&text);
            proptest::prop_assert!((-1.0..=1.0).contains(&score));
        });
    }
}
