//! One word as VADER sees it.

use super::lexicon::{self, Entry, LONGEST};

/// A word or an emoticon, without the punctuation around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::sentiment) struct Word<'a> {
    text: &'a str,
    entry: Option<&'static Entry>,
    is_upper: bool,
    has_letter: bool,
}

impl<'a> Word<'a> {
    /// Reads a piece of text without white space.
    pub(in crate::sentiment) fn of(raw: &'a str) -> Self {
        let text = stripped(raw);
        if text.is_ascii() { Self::ascii(text) } else { Self::unicode(text) }
    }

    fn ascii(text: &'a str) -> Self {
        let (mut has_upper, mut has_lower) = (false, false);
        let mut lower = [0_u8; LONGEST];
        for (at, byte) in text.bytes().enumerate() {
            has_upper |= byte.is_ascii_uppercase();
            has_lower |= byte.is_ascii_lowercase();
            if let Some(place) = lower.get_mut(at) {
                *place = byte.to_ascii_lowercase();
            }
        }
        let lower = lower.get(..text.len()).and_then(|bytes| str::from_utf8(bytes).ok());
        Self {
            text,
            entry: lower.and_then(lexicon::entry),
            is_upper: has_upper && !has_lower,
            has_letter: has_upper || has_lower,
        }
    }

    /// No word beyond ASCII is in the table.
    fn unicode(text: &'a str) -> Self {
        let cased = |letter: char| letter.is_lowercase() || letter.is_uppercase();
        Self {
            text,
            entry: None,
            is_upper: text.chars().any(cased) && !text.chars().any(char::is_lowercase),
            has_letter: text.chars().any(char::is_alphabetic),
        }
    }

    /// Whether it is this word, which is in lower case.
    pub(super) fn is(&self, expected: &str) -> bool {
        self.text.eq_ignore_ascii_case(expected)
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
        let contracted = |text: &str| {
            text.as_bytes().windows(3).any(|letters| letters.eq_ignore_ascii_case(b"n't"))
        };
        self.entry.is_some_and(|entry| entry.negates) || contracted(self.text)
    }
}

/// Without the ASCII punctuation around it, unless two characters or fewer would be left: such
/// pieces are taken for emoticons.
fn stripped(raw: &str) -> &str {
    let word = raw.trim_matches(|character: char| character.is_ascii_punctuation());
    let is_short = word.len() <= 8 && word.chars().nth(2).is_none();
    if is_short { raw } else { word }
}
