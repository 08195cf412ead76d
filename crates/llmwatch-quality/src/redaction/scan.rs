//! The one pass over a text: it stops where something may begin, and asks the kinds in turn.

use super::digits::Groups;
use super::{Kind, api_key, aws_key, card, email, iban, ip_address, my_number, phone, private_key};

/// How far after an access key id its secret may stand without a word, in bytes.
const PAIR_WITHIN: usize = 120;

/// The fewest digits of a card, an individual number or a national telephone number.
const MIN_DIGITS: usize = 10;

/// One finding: a range of bytes and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All findings of a text in order; they do not overlap.
pub(super) fn scan(text: &[u8]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let finding = match CLASSES[usize::from(*byte)] {
            Class::Plain => None,
            Class::Word => match word(text, at, &found) {
                Some(finding) => Some(finding),
                None => {
                    at = end_of_word(text, at);
                    continue;
                }
            },
            Class::At => {
                let from = found.last().map_or(0, |last| last.end);
                let kind = Kind::Email;
                email::around(text, at, from).map(|(start, end)| Found { kind, start, end })
            }
            Class::Mark => mark(text, at, &found),
        };
        match finding {
            Some(finding) => {
                at = finding.end;
                found.push(finding);
            }
            None => at += 1,
        }
    }
    found
}

#[derive(Clone, Copy)]
enum Class {
    /// Nothing begins here.
    Plain,
    /// A letter or digit: a word begins here, because the pass goes on after words.
    Word,
    /// `@`
    At,
    /// `+`, `-`, `(`, `:` and `/`
    Mark,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    let mut byte = 0;
    while byte < 256 {
        // A const block has no `for` and no `TryFrom`; below 256 nothing is cut off.
        classes[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Class::Word,
            b'@' => Class::At,
            b'+' | b'-' | b'(' | b':' | b'/' => Class::Mark,
            _ => Class::Plain,
        };
        byte += 1;
    }
    classes
};

/// What begins with the word at `at`.
fn word(text: &[u8], at: usize, found: &[Found]) -> Option<Found> {
    let of = |kind: Kind| move |end: usize| Found { kind, start: at, end };
    let first = text[at];
    let begun = if first.is_ascii_digit() {
        number(text, at)
    } else {
        aws_key::id(text, at)
            .map(of(Kind::AwsKey))
            .or_else(|| iban::at(text, at).map(of(Kind::Iban)))
            .or_else(|| {
                let (start, end) =
                    api_key::may_begin(&text[at..]).then(|| api_key::at(text, at))??;
                Some(Found { kind: Kind::ApiKey, start, end })
            })
    };
    begun.or_else(|| secret(text, at, found)).or_else(|| address(text, at))
}

fn number(text: &[u8], at: usize) -> Option<Found> {
    let of = |kind: Kind| move |end: usize| Found { kind, start: at, end };
    if let Some(end) = ip_address::v4(text, at) {
        return Some(of(Kind::IpAddress)(end));
    }
    // Years, prices and counts are most numbers: too short for anything that follows.
    let digits: usize = Groups::read(text, at, MIN_DIGITS).as_slice().iter().map(|g| g.len()).sum();
    if digits < MIN_DIGITS {
        return None;
    }
    card::at(text, at)
        .map(of(Kind::Card))
        .or_else(|| my_number::at(text, at).map(of(Kind::MyNumber)))
        .or_else(|| phone::national(text, at).map(of(Kind::Phone)))
}

/// A secret key of AWS, where a run of its alphabet begins.
fn secret(text: &[u8], at: usize, found: &[Found]) -> Option<Found> {
    if at.checked_sub(1).is_some_and(|before| is_base64(text[before])) {
        return None;
    }
    let is_id = |last: &&Found| last.kind == Kind::AwsKey && at - last.end <= PAIR_WITHIN;
    let after_id = found.last().filter(is_id).is_some();
    let kind = Kind::AwsKey;
    aws_key::secret(text, at, after_id).map(|end| Found { kind, start: at, end })
}

/// An IPv6 address, where a short word of hexadecimal digits ends in a colon.
fn address(text: &[u8], at: usize) -> Option<Found> {
    let digits = text[at..].iter().take(5).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_group = (1..=4).contains(&digits) && text.get(at + digits) == Some(&b':');
    let end = is_group.then(|| ip_address::v6(text, at))??;
    Some(Found { kind: Kind::IpAddress, start: at, end })
}

/// What begins with a mark.
fn mark(text: &[u8], at: usize, found: &[Found]) -> Option<Found> {
    let of = |kind: Kind| move |end: usize| Found { kind, start: at, end };
    match (text[at], text.get(at + 1)) {
        (b'+', _) => {
            phone::international(text, at).map(of(Kind::Phone)).or_else(|| secret(text, at, found))
        }
        (b'(', Some(b'0'..=b'9')) => phone::national(text, at).map(of(Kind::Phone)),
        (b'-', Some(b'-')) => private_key::at(text, at).map(of(Kind::PrivateKey)),
        (b':', Some(b':')) => ip_address::v6(text, at).map(of(Kind::IpAddress)),
        (b'/', _) => secret(text, at, found),
        _ => None,
    }
}

fn end_of_word(text: &[u8], at: usize) -> usize {
    let is_word = |byte: &&u8| matches!(CLASSES[usize::from(**byte)], Class::Word);
    at + text[at..].iter().take_while(is_word).count()
}

/// The alphabet of base64 without padding.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Whether one of these words, whatever its case, ends at most `within` bytes before `at`.
pub(super) fn comes_after(text: &[u8], at: usize, words: &[&str], within: usize) -> bool {
    words.iter().any(|word| {
        let from = at.saturating_sub(within + word.len());
        contains(&text[from..at], word)
    })
}

/// Whether one of these words, whatever its case, begins at most `within` bytes before `at`.
pub(super) fn comes_before_within(text: &[u8], at: usize, words: &[&str], within: usize) -> bool {
    let before = &text[at.saturating_sub(within)..at];
    words.iter().any(|word| contains(before, word))
}

fn contains(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
