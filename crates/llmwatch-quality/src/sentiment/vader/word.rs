//! One word as VADER sees it.

use super::lexicon::{self, Entry, LONGEST};

/// A word or an emoticon, without the punctuation around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::sentiment) struct Word<'a> {
    text: &'a str,
    entry: Option<&'static Entry>,
    is_upper: bool,
    has_letter: bool,
    is_plain: bool,
}

/// Bytes looked at together; longer words go the slow way.
const BLOCK: usize = 32;
const _: () = assert!(LONGEST <= BLOCK);

impl<'a> Word<'a> {
    /// Reads a piece of text without white space.
    pub(in crate::sentiment) fn of(raw: &'a str) -> Self {
        let text = stripped(raw);
        if text.is_ascii() { Self::ascii(text) } else { Self::unicode(text) }
    }

    /// Looks at all bytes of a block at once, which the compiler turns into a few instructions: this
    /// is where the time of a sentiment goes.
    fn ascii(text: &'a str) -> Self {
        let mut block = [0_u8; BLOCK];
        let Some(word) = block.get_mut(..text.len()) else {
            return Self::unicode(text);
        };
        word.copy_from_slice(text.as_bytes());
        let any = |holds: fn(&u8) -> bool| block.iter().fold(false, |any, byte| any | holds(byte));
        let (has_upper, has_lower) = (any(u8::is_ascii_uppercase), any(u8::is_ascii_lowercase));
        let is_plain = !any(u8::is_ascii_punctuation);
        block.make_ascii_lowercase();
        let is_known_length = text.len() <= LONGEST;
        Self {
            text,
            entry: is_known_length.then(|| lexicon::entry(&block[..text.len()])).flatten(),
            is_upper: has_upper && !has_lower,
            has_letter: has_upper || has_lower,
            is_plain,
        }
    }

    /// No word beyond ASCII, or of this length, is in the table.
    fn unicode(text: &'a str) -> Self {
        let cased = |letter: char| letter.is_lowercase() || letter.is_uppercase();
        Self {
            text,
            entry: None,
            is_upper: text.chars().any(cased) && !text.chars().any(char::is_lowercase),
            has_letter: text.chars().any(char::is_alphabetic),
            is_plain: false,
        }
    }

    /// Whether this piece, which it was read from, surely has no punctuation.
    pub(super) fn is_all_of(&self, raw: &str) -> bool {
        self.is_plain && raw.len() == self.text.len()
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
