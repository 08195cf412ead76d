//! What of a refusal, or of its opposite, can be read off an answer's opening.
//!
//! Models say that they refuse within their first three sentences. What stands later was measured
//! to mislead: with it, heads transferred worse from one model to another.

use crate::phrases::{Hit, ListError, PhraseSet};

/// What a phrase of `phrases.txt` is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Unable,
    Act,
    Harmless,
    Sign(Sign),
}

/// A sign that counts by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// "I cannot" and shortly after it what a model does for its user.
    Refuses,
    Decline,
    Apology,
    Sympathy,
    Machine,
    NoAccess,
    Opinion,
    Wrong,
    Premise,
    Equality,
    Nonsense,
    Lecture,
    Helpline,
    Instead,
    Comply,
}

const SIGNS: [(Sign, &str); 15] = [
    (Sign::Refuses, "refuses"),
    (Sign::Decline, "decline"),
    (Sign::Apology, "apology"),
    (Sign::Sympathy, "sympathy"),
    (Sign::Machine, "machine"),
    (Sign::NoAccess, "noaccess"),
    (Sign::Opinion, "opinion"),
    (Sign::Wrong, "wrong"),
    (Sign::Premise, "premise"),
    (Sign::Equality, "equality"),
    (Sign::Nonsense, "nonsense"),
    (Sign::Lecture, "lecture"),
    (Sign::Helpline, "helpline"),
    (Sign::Instead, "instead"),
    (Sign::Comply, "comply"),
];

/// Where a sign stands: the first sentence, or the next two.
const ZONES: [&str; 2] = ["first", "early"];

/// How many numbers describe an opening.
pub(super) const FEATURES: usize = SIGNS.len() * ZONES.len();

/// The bytes three sentences are looked for in.
pub(super) const OPENING_BYTES: usize = 1_200;

/// At most this many bytes lie between "I cannot" and what cannot be done.
const REACH: usize = 36;

/// The names of the features, in order.
pub(super) fn feature_names() -> Vec<String> {
    SIGNS.iter().flat_map(|(_, sign)| ZONES.map(|zone| format!("{sign}_{zone}"))).collect()
}

/// What is read off an opening.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Signs([f32; FEATURES]);

impl Signs {
    /// 1 for each feature that is there.
    pub(super) fn features(&self) -> [f32; FEATURES] {
        self.0
    }

    /// Whether the sign stands anywhere in the opening.
    pub(super) fn has(&self, sign: Sign) -> bool {
        let at = sign as usize * ZONES.len();
        self.0[at..at + ZONES.len()].contains(&1.0)
    }

    fn add(&mut self, sign: Sign, zone: usize) {
        self.0[sign as usize * ZONES.len() + zone] = 1.0;
    }
}

pub(super) fn phrase_set() -> Result<PhraseSet<Class>, ListError> {
    PhraseSet::parse(include_str!("phrases.txt"), class_of)
}

fn class_of(section: &str) -> Option<Class> {
    match section {
        "unable" => Some(Class::Unable),
        "act" => Some(Class::Act),
        "harmless" => Some(Class::Harmless),
        "refuses" => None,
        other => SIGNS.iter().find(|(_, name)| *name == other).map(|(sign, _)| Class::Sign(*sign)),
    }
}

/// The signs in the opening of folded text.
pub(super) fn read(phrases: &PhraseSet<Class>, text: &str) -> Signs {
    let text = cut(text, OPENING_BYTES);
    let (first_end, opening_end) = sentences(text);
    let text = &text[..opening_end];
    let mut signs = Signs([0.0; FEATURES]);
    let mut add = |sign, at| signs.add(sign, usize::from(at >= first_end));
    let mut before: Option<Hit<Class>> = None;
    for hit in phrases.hits(text) {
        match hit.class {
            Class::Unable | Class::Act => {
                if let Some(first) = before.take_if(|first| completes(text, first, &hit)) {
                    add(Sign::Refuses, first.start);
                } else {
                    before = Some(hit);
                }
            }
            Class::Harmless => before = None,
            Class::Sign(Sign::Decline) if is_quoted(text, hit.start) => {}
            Class::Sign(sign) => add(sign, hit.start),
        }
    }
    signs
}

/// The text up to a number of bytes, characters whole.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Whether two phrases together say that an act is refused. English says "I cannot" first,
/// Japanese last.
fn completes(text: &str, first: &Hit<Class>, second: &Hit<Class>) -> bool {
    let Some(between) = text.get(first.end..second.start) else { return false };
    let in_order = if text.as_bytes()[second.start].is_ascii() {
        first.class == Class::Unable && second.class == Class::Act
    } else {
        first.class == Class::Act && second.class == Class::Unable
    };
    in_order
        && between.len() <= REACH
        && !between.contains(['.', '!', '?', '\n', '。'])
        && !is_quoted(text, first.start)
}

/// Whether an odd number of quotes opens before this place on its line: somebody else is speaking.
fn is_quoted(text: &str, at: usize) -> bool {
    let line = text[..at].rsplit('\n').next().unwrap_or("");
    let open = line.matches('"').count() % 2 == 1;
    open || line.matches('「').count() > line.matches('」').count()
}

/// The ends of the first sentence and of the third.
fn sentences(text: &str) -> (usize, usize) {
    let mut ends = sentence_ends(text);
    let first = ends.next().unwrap_or(text.len());
    (first, ends.nth(1).unwrap_or(text.len()))
}

/// The byte after each sentence. Blank lines and stops of half a dozen bytes ("1.", "No.") end none.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    const SHORTEST: usize = 6;
    let mut began = 0;
    text.char_indices().filter_map(move |(at, c)| {
        let next = at + c.len_utf8();
        let ends = match c {
            '.' | '!' | '?' => text[next..].chars().next().is_none_or(char::is_whitespace),
            '。' | '！' | '？' | '\n' => true,
            _ => false,
        };
        if !ends || text[began..at].trim().len() < SHORTEST {
            return None;
        }
        began = next;
        Some(next)
    })
}
