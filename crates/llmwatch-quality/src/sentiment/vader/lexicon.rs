//! What is known of words.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::sentiment::language::COMMON_WORDS;

const RATED: &str = include_str!("../../../data/vader/lexicon.tsv");

const NEGATIONS: &str = "aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't \
    couldn't daren't didn't doesn't dont hadnt hasnt havent isnt mightnt mustnt neither don't \
    hadn't hasn't haven't isn't mightn't mustn't neednt needn't never none nope nor not nothing \
    nowhere oughtnt shant shouldnt uhuh wasnt werent oughtn't shan't shouldn't uh-uh wasn't weren't \
    without wont wouldnt won't wouldn't rarely seldom despite";

const BOOSTERS: &str = "absolutely amazingly awfully completely considerable considerably decidedly \
    deeply effing enormous enormously entirely especially exceptional exceptionally extreme \
    extremely fabulously flipping flippin frackin fracking fricking frickin frigging friggin fully \
    fuckin fucking fuggin fugging greatly hella highly hugely incredible incredibly intensely major \
    majorly more most particularly purely quite really remarkably so substantially thoroughly total \
    totally tremendous tremendously uber unbelievably unusually utter utterly very";

const DAMPENERS: &str = "almost barely hardly kinda kindof kind-of less little marginal marginally \
    occasional occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of";

/// Bytes of the longest word in the table; a longer one need not be looked up.
pub(super) const LONGEST: usize = 19;

/// A word's part in the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Entry {
    /// VADER's rating, about −4 to 4.
    pub(super) valence: Option<f64>,
    /// 1 for a word that strengthens what follows, −1 for one that weakens it.
    pub(super) booster: f64,
    /// Whether it turns what follows around.
    pub(super) negates: bool,
    /// Whether it is one of the words English is known by.
    pub(super) is_common: bool,
}

static ENTRIES: LazyLock<FxHashMap<&[u8], Entry>> = LazyLock::new(|| {
    let mut entries: FxHashMap<&[u8], Entry> = FxHashMap::default();
    for (word, valence) in RATED.lines().filter_map(|line| line.split_once('\t')) {
        entries.entry(word.as_bytes()).or_default().valence = valence.parse().ok();
    }
    for word in BOOSTERS.split_whitespace() {
        entries.entry(word.as_bytes()).or_default().booster = 1.0;
    }
    for word in DAMPENERS.split_whitespace() {
        entries.entry(word.as_bytes()).or_default().booster = -1.0;
    }
    for word in NEGATIONS.split_whitespace() {
        entries.entry(word.as_bytes()).or_default().negates = true;
    }
    for word in COMMON_WORDS {
        entries.entry(word.as_bytes()).or_default().is_common = true;
    }
    entries
});

/// What is known of a word in lower case, as bytes of ASCII.
pub(super) fn entry(word: &[u8]) -> Option<&'static Entry> {
    ENTRIES.get(word)
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, LONGEST};

    #[test]
    fn the_table_is_whole() {
        let count =
            |holds: fn(&super::Entry) -> bool| ENTRIES.values().filter(|e| holds(e)).count();
        assert_eq!(count(|entry| entry.valence.is_some()), 7_488);
        assert_eq!(count(|entry| entry.booster != 0.0), 60 + 21);
        assert_eq!(count(|entry| entry.negates), 59);
        assert_eq!(count(|entry| entry.is_common), 50);
        assert_eq!(count(|entry| entry.is_common && entry.valence.is_some()), 0);
    }

    #[test]
    fn no_word_is_longer_than_said() {
        assert_eq!(ENTRIES.keys().map(|word| word.len()).max(), Some(LONGEST));
    }
}
