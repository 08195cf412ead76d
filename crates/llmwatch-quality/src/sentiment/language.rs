//! Whether a text is English, as far as scripts and common words tell.

use crate::sentiment::vader::Word;

/// Words from which on the share of common English words tells something.
const TELLING_WORDS: u32 = 8;

/// English prose has 30 to 50 of these words among 100; code and tables have few, other languages
/// hardly one.
const MIN_COMMON_PERCENT: u32 = 5;

/// Frequent English words that are not words of German, French, Spanish, Italian, Portuguese or
/// Dutch, nor rated by VADER.
pub(super) const COMMON_WORDS: [&str; 50] = [
    "about", "after", "and", "any", "are", "because", "been", "by", "can", "could", "do", "does",
    "each", "for", "from", "has", "have", "how", "if", "is", "it", "its", "my", "of", "or", "our",
    "out", "should", "that", "the", "their", "then", "there", "these", "they", "this", "those",
    "to", "use", "was", "we", "what", "when", "which", "who", "why", "with", "would", "you",
    "your",
];

/// Whether at least half of a text's letters are Latin. Without letters there is nothing to say no
/// to.
pub(super) fn is_latin(text: &str) -> bool {
    if text.is_ascii() {
        return true;
    }
    let letters = || text.chars().filter(|character| character.is_alphabetic());
    2 * letters().filter(|&letter| is_latin_letter(letter)).count() >= letters().count()
}

/// Letters of Basic Latin, Latin-1, Latin Extended-A and -B, and Latin Extended Additional
/// (<https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt>).
fn is_latin_letter(letter: char) -> bool {
    matches!(letter, '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}')
}

/// Counts of words seen.
#[derive(Default)]
pub(super) struct English {
    words: u32,
    common: u32,
}

impl English {
    pub(super) fn count(&mut self, word: &Word<'_>) {
        self.words += u32::from(word.has_letter());
        self.common += u32::from(word.is_common());
    }

    /// Whether these may be words of English. Too few words may be anything.
    pub(super) fn is_likely(&self) -> bool {
        self.words < TELLING_WORDS || 100 * self.common >= MIN_COMMON_PERCENT * self.words
    }
}
