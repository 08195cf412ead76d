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
    /// Which of the words it is that rules name.
    pub(super) named: Option<Named>,
}

/// Words that rules name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Ass,
    At,
    Bad,
    Beating,
    Bomb,
    Bus,
    But,
    Death,
    Die,
    Doubt,
    Enough,
    For,
    Heart,
    Just,
    Kind,
    Kiss,
    Least,
    Never,
    No,
    Nor,
    Of,
    Or,
    Right,
    Shit,
    So,
    Sort,
    Stop,
    The,
    This,
    To,
    Very,
    Without,
    Yeah,
}

const NAMED: [(Named, &str); 33] = [
    (Named::Ass, "ass"),
    (Named::At, "at"),
    (Named::Bad, "bad"),
    (Named::Beating, "beating"),
    (Named::Bomb, "bomb"),
    (Named::Bus, "bus"),
    (Named::But, "but"),
    (Named::Death, "death"),
    (Named::Die, "die"),
    (Named::Doubt, "doubt"),
    (Named::Enough, "enough"),
    (Named::For, "for"),
    (Named::Heart, "heart"),
    (Named::Just, "just"),
    (Named::Kind, "kind"),
    (Named::Kiss, "kiss"),
    (Named::Least, "least"),
    (Named::Never, "never"),
    (Named::No, "no"),
    (Named::Nor, "nor"),
    (Named::Of, "of"),
    (Named::Or, "or"),
    (Named::Right, "right"),
    (Named::Shit, "shit"),
    (Named::So, "so"),
    (Named::Sort, "sort"),
    (Named::Stop, "stop"),
    (Named::The, "the"),
    (Named::This, "this"),
    (Named::To, "to"),
    (Named::Very, "very"),
    (Named::Without, "without"),
    (Named::Yeah, "yeah"),
];

/// A word in lower case and without NUL as three numbers of eight bytes, zeros behind its end: hashed
/// and compared without a loop, as most of a sentiment's time goes into looking words up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key(u64, u64, u64);

/// No word in the table is longer than this.
const KEY_BYTES: usize = 24;

impl Key {
    /// `None` for a word that is too long to be in the table.
    fn of(word: &[u8]) -> Option<Self> {
        let (first, rest) = word.split_at(word.len().min(8));
        let (second, third) = rest.split_at(rest.len().min(8));
        (word.len() <= KEY_BYTES).then(|| Self(eight(first), eight(second), eight(third)))
    }
}

/// At most eight bytes as a number, read in two pieces that may overlap.
fn eight(bytes: &[u8]) -> u64 {
    let end = bytes.len();
    if let Some(eight) = bytes.first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    if let (Some(start), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (start, tail) = (u32::from_le_bytes(*start), u32::from_le_bytes(*tail));
        return u64::from(start) | u64::from(tail) << (8 * (end - 4));
    }
    let at = |at: usize| bytes.get(at).map_or(0, |byte| u64::from(*byte) << (8 * at));
    at(0) | at(1) | at(2)
}

static ENTRIES: LazyLock<FxHashMap<Key, Entry>> = LazyLock::new(|| {
    let mut entries: FxHashMap<Key, Entry> = FxHashMap::default();
    let mut change = |word: &str, change: &dyn Fn(&mut Entry)| {
        if let Some(key) = Key::of(word.as_bytes()) {
            change(entries.entry(key).or_default());
        }
    };
    for (word, valence) in RATED.lines().filter_map(|line| line.split_once('\t')) {
        change(word, &|entry| entry.valence = valence.parse().ok());
    }
    for word in BOOSTERS.split_whitespace() {
        change(word, &|entry| entry.booster = 1.0);
    }
    for word in DAMPENERS.split_whitespace() {
        change(word, &|entry| entry.booster = -1.0);
    }
    for word in NEGATIONS.split_whitespace() {
        change(word, &|entry| entry.negates = true);
    }
    for word in COMMON_WORDS {
        change(word, &|entry| entry.is_common = true);
    }
    for (named, word) in NAMED {
        change(word, &|entry| entry.named = Some(named));
    }
    entries
});

/// What is known of a word of ASCII without NUL, which may have capitals or surely has none.
pub(super) fn entry(word: &[u8], has_upper: bool) -> Option<&'static Entry> {
    if has_upper {
        let mut lower = [0; KEY_BYTES];
        let lower = lower.get_mut(..word.len())?;
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        return ENTRIES.get(&Key::of(lower)?);
    }
    ENTRIES.get(&Key::of(word)?)
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, Key, NAMED, RATED, entry};

    #[test]
    fn the_table_is_whole() {
        let count =
            |holds: fn(&super::Entry) -> bool| ENTRIES.values().filter(|e| holds(e)).count();
        assert_eq!(count(|entry| entry.valence.is_some()), 7_488);
        assert_eq!(count(|entry| entry.booster != 0.0), 60 + 21);
        assert_eq!(count(|entry| entry.negates), 59);
        assert_eq!(count(|entry| entry.is_common), 50);
        assert_eq!(count(|entry| entry.is_common && entry.valence.is_some()), 0);
        assert_eq!(count(|entry| entry.named.is_some()), NAMED.len());
    }

    #[test]
    fn every_rated_word_is_found_in_any_case() {
        for (word, valence) in RATED.lines().filter_map(|line| line.split_once('\t')) {
            let valence = valence.parse().ok();
            assert_eq!(entry(word.as_bytes(), false).unwrap().valence, valence, "{word}");
            let upper = word.to_ascii_uppercase();
            assert_eq!(entry(upper.as_bytes(), true).unwrap().valence, valence, "{word}");
        }
        assert_eq!(entry(b"", false), None);
        assert_eq!(entry(b"goodgoodgoodgoodgoodgoodg", false), None);
    }

    #[test]
    fn a_key_is_the_words_bytes() {
        let word = b"abcdefghijklmnopqrstuvwx";
        for length in 0..=word.len() {
            let Key(first, second, third) = Key::of(&word[..length]).unwrap();
            let bytes = [first, second, third].map(u64::to_le_bytes).concat();
            assert_eq!(bytes[..length], word[..length]);
            assert!(bytes[length..].iter().all(|byte| *byte == 0), "{bytes:?}");
        }
    }
}
