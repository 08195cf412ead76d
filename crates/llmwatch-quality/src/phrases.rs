//! Lists of phrases as text files, and finding all of them in one pass over a text.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

/// Phrases, each of a class `C`, ready to be looked for.
///
/// Phrases in ASCII and others have an automaton each: together they would take four times the
/// memory, and most texts need the first only.
#[derive(Debug)]
pub struct PhraseSet<C> {
    ascii: Automaton<C>,
    other: Automaton<C>,
}

#[derive(Debug)]
struct Automaton<C> {
    automaton: AhoCorasick,
    classes: Vec<C>,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<C> {
    /// The class of the phrase.
    pub class: C,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// What is wrong with a list of phrases or weights that ships with this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// A section whose name is no class.
    #[error("unknown section [{0}]")]
    UnknownSection(String),
    /// A phrase before the first section.
    #[error("phrase \"{0}\" stands before the first section")]
    NoSection(String),
    /// A phrase that stands twice, so that its class is unclear.
    #[error("phrase \"{0}\" stands twice")]
    Twice(String),
    /// More phrases than an automaton takes.
    #[error("the phrases make no automaton: {0}")]
    TooMany(String),
    /// A weight that is no number.
    #[error("\"{0}\" is no weight")]
    BadWeight(String),
    /// The weights are not those of the features this crate computes.
    #[error("weight {at} is of \"{found}\" where \"{expected}\" is computed")]
    WrongFeature {
        /// Its place, from 0.
        at: usize,
        /// The name in the file; blank past its end.
        found: String,
        /// The name the code computes.
        expected: String,
    },
}

impl<C: Copy> PhraseSet<C> {
    /// Reads a list: `[section]` lines, phrases one a line, `#` comments, blank lines.
    ///
    /// # Errors
    ///
    /// [`ListError`] says what is wrong with the list; whoever changed it can mend it.
    pub fn parse(list: &str, class_of: impl Fn(&str) -> Option<C>) -> Result<Self, ListError> {
        let mut class = None;
        let mut ascii = Vec::new();
        let mut other = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for line in list.lines().map(str::trim).filter(|line| !is_comment(line)) {
            if let Some(name) = section(line) {
                let known = class_of(name).ok_or_else(|| ListError::UnknownSection(name.into()))?;
                class = Some(known);
                continue;
            }
            let class = class.ok_or_else(|| ListError::NoSection(line.into()))?;
            if !seen.insert(line) {
                return Err(ListError::Twice(line.into()));
            }
            let phrases = if line.is_ascii() { &mut ascii } else { &mut other };
            phrases.push((line, class));
        }
        Ok(Self { ascii: Automaton::of(&ascii)?, other: Automaton::of(&other)? })
    }

    /// The phrases found in folded text, in order, whole words only, the longest where several
    /// begin. Among those of ASCII, and among the others, none overlaps another.
    #[must_use]
    pub fn hits(&self, text: &str) -> Vec<Hit<C>> {
        let mut hits: Vec<_> = self.ascii.hits(text).collect();
        if !text.is_ascii() {
            hits.extend(self.other.hits(text));
            hits.sort_by_key(|hit| hit.start);
        }
        hits
    }
}

impl<C: Copy> Automaton<C> {
    fn of(phrases: &[(&str, C)]) -> Result<Self, ListError> {
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::DFA))
            .build(phrases.iter().map(|(phrase, _)| phrase))
            .map_err(|error| ListError::TooMany(error.to_string()))?;
        Ok(Self { automaton, classes: phrases.iter().map(|(_, class)| *class).collect() })
    }

    fn hits(&self, text: &str) -> impl Iterator<Item = Hit<C>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            // What is found inside a word hides nothing: the search goes on one byte later.
            while let Some(found) = self.automaton.find(Input::new(text).range(at..)) {
                if is_whole(text, found.start(), found.end()) {
                    at = found.end();
                    let class = *self.classes.get(found.pattern().as_usize())?;
                    return Some(Hit { class, start: found.start(), end: found.end() });
                }
                at = found.start() + 1;
            }
            None
        })
    }
}

fn is_comment(line: &str) -> bool {
    line.is_empty() || line.starts_with('#')
}

fn section(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

/// Whether no ASCII letter or digit goes on across an end of the phrase, nor a contraction behind
/// it: "I can" is not in "I can't". Japanese knows no blanks between words, so its phrases are whole
/// wherever they stand.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let contracted = bytes.get(end) == Some(&b'\'') && word(end + 1);
    let cut_before = start > 0 && word(start - 1) && word(start);
    let cut_after = word(end - 1) && (word(end) || contracted);
    !cut_before && !cut_after
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        "# origin\n[greeting]\nhello\nhello there\n\n[farewell]\ngood bye\nさようなら\n";

    fn class_of(name: &str) -> Option<char> {
        ["greeting", "farewell"].contains(&name).then(|| name.chars().next()).flatten()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(char, &str)]) {
        let set = PhraseSet::parse(LIST, class_of).unwrap();
        let found: Vec<_> =
            set.hits(text).iter().map(|hit| (hit.class, &text[hit.start..hit.end])).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn finds_whole_words_the_longest_first_in_any_case() {
        check("Hello there, good bye!", &[('g', "Hello there"), ('f', "good bye")]);
        check("HELLO", &[('g', "HELLO")]);
        check("Othello", &[]);
        check("hellos", &[]);
        check("ではさようならまた", &[('f', "さようなら")]);
        check("", &[]);
    }

    #[test]
    fn a_phrase_within_a_word_hides_none_behind_it() {
        check("good byehello hello", &[('g', "hello")]);
        check("hello there's hello", &[('g', "hello")]);
    }

    #[test]
    fn a_wrong_list_says_what_is_wrong() {
        let error = |list| PhraseSet::parse(list, class_of).map(drop).unwrap_err();
        assert_eq!(error("hello"), ListError::NoSection("hello".into()));
        assert_eq!(error("[other]\nhello"), ListError::UnknownSection("other".into()));
        assert_eq!(error("[greeting]\nhello\n[farewell]\nhello"), ListError::Twice("hello".into()));
    }
}
