//! One word as VADER sees it.

use super::lexicon::{self, Entry, Named};
use super::piece::{Kinds, Piece};

/// A word or an emoticon, without the punctuation around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::sentiment) struct Word<'a> {
    text: &'a str,
    /// What the piece of text it was read from has; letters are the word's own.
    has: Kinds,
    entry: Option<&'static Entry>,
    is_upper: bool,
    has_letter: bool,
}

impl<'a> Word<'a> {
    /// Reads a piece of text.
    pub(in crate::sentiment) fn of(piece: Piece<'a>) -> Self {
        let Piece { text: raw, has } = piece;
        let text = if has.any(Kinds::PUNCTUATION) { stripped(raw) } else { raw };
        if has.any(Kinds::FOREIGN) {
            return Self::foreign(text, has);
        }
        let (has_upper, has_lower) = (has.any(Kinds::UPPER), has.any(Kinds::LOWER));
        Self {
            text,
            has,
            entry: lexicon::entry(text.as_bytes(), has_upper),
            is_upper: has_upper && !has_lower,
            has_letter: has_upper || has_lower,
        }
    }

    /// A word that cannot be in the table.
    fn foreign(text: &'a str, has: Kinds) -> Self {
        let cased = |letter: char| letter.is_lowercase() || letter.is_uppercase();
        Self {
            text,
            has,
            entry: None,
            is_upper: text.chars().any(cased) && !text.chars().any(char::is_lowercase),
            has_letter: text.chars().any(char::is_alphabetic),
        }
    }

    /// Whether it is this word, in whatever case.
    pub(super) fn is(&self, expected: Named) -> bool {
        self.named() == Some(expected)
    }

    /// Which of the words it is that rules name.
    pub(super) fn named(&self) -> Option<Named> {
        self.entry.and_then(|entry| entry.named)
    }

    /// Whether it is written in capitals.
    pub(super) fn is_upper(&self) -> bool {
        self.is_upper
    }

    pub(in crate::sentiment) fn has_letter(&self) -> bool {
        self.has_letter
    }

    pub(in crate::sentiment) fn is_common(&self) -> bool {
        self.entry.is_some_and(|entry| entry.is_common)
    }

    /// VADER's rating, if it has one.
    pub(super) fn valence(&self) -> Option<f64> {
        self.entry.and_then(|entry| entry.valence)
    }

    pub(super) fn booster(&self) -> f64 {
        self.entry.map_or(0.0, |entry| entry.booster)
    }

    pub(super) fn negates(&self) -> bool {
        self.entry.is_some_and(|entry| entry.negates)
            || self.has.any(Kinds::PUNCTUATION) && is_contracted(self.text)
    }
}

fn is_contracted(text: &str) -> bool {
    text.as_bytes().windows(3).any(|letters| letters.eq_ignore_ascii_case(b"n't"))
}

/// Without the ASCII punctuation around it, unless two characters or fewer would be left: such
/// pieces are taken for emoticons.
fn stripped(raw: &str) -> &str {
    let word = raw.trim_matches(|character: char| character.is_ascii_punctuation());
    let is_short = word.len() <= 8 && word.chars().nth(2).is_none();
    if is_short { raw } else { word }
}
