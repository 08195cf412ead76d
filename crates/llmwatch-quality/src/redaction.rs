//! Personal data and secrets in text: found, counted, and replaced by the name of their kind.
//!
//! Found are e-mail addresses, telephone numbers (international, Japanese, North American and
//! other national ones that begin with 0), card numbers, IBANs, Japanese individual numbers, keys
//! of AWS and of other services, signed tokens, private keys and IP addresses; one file each. In
//! doubt a text is replaced: a wrong `[PHONE]` costs less than a telephone number in a log.
//!
//! Not found, because form alone does not tell them: names, postal addresses, passwords in prose,
//! dates of birth, numbers written in words, addresses of mail with a domain in other than Latin
//! letters. Full-width letters and digits, the various hyphens and spaces count as their ASCII
//! forms, and invisible characters as nothing.
//!
//! One pass in linear time; every look ahead or back is bounded. What is left after a replacement
//! is searched again, until nothing more is found, so that redacting twice changes nothing.

mod api_key;
mod aws_key;
mod card;
mod digits;
mod email;
mod fold;
mod iban;
mod ip_address;
mod kind;
mod mode;
mod my_number;
mod phone;
mod private_key;
mod scan;

use std::borrow::Cow;

pub use kind::{Findings, Kind};
pub use mode::TextMode;

use scan::Found;

/// How often what is left is searched again at most. Each pass only sees what the one before left
/// behind; two are the rule where anything is found, and three have not been seen.
const MAX_PASSES: usize = 8;

/// A text without what was found in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted<'a> {
    /// The text with [placeholders](Kind::placeholder); byte for byte the same when nothing was
    /// found.
    pub text: Cow<'a, str>,
    /// What was replaced.
    pub findings: Findings,
}

/// Tells lengths and counts only, as [`crate::text::Text`] does.
impl std::fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redacted({} bytes, {:?})", self.text.len(), self.findings)
    }
}

/// Replaces personal data and secrets by the names of their kinds, for example `[EMAIL]`.
#[must_use]
pub fn redact(text: &str) -> Redacted<'_> {
    let mut redacted = Redacted { text: Cow::Borrowed(text), findings: Findings::default() };
    for _ in 0..MAX_PASSES {
        let found = find(&redacted.text);
        if found.is_empty() {
            break;
        }
        for Found { kind, .. } in &found {
            redacted.findings.add(*kind);
        }
        redacted.text = Cow::Owned(replace(&redacted.text, &found));
    }
    redacted
}

/// What one pass finds, in order and apart from each other.
fn find(text: &str) -> Vec<Found> {
    if text.is_ascii() {
        return scan::scan(text.as_bytes());
    }
    let folded = fold::fold(text);
    let mut found = scan::scan(folded.bytes());
    for Found { start, end, .. } in &mut found {
        (*start, *end) = folded.original(*start, *end);
    }
    found
}

fn replace(text: &str, found: &[Found]) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = 0;
    for Found { kind, start, end } in found {
        replaced.push_str(&text[rest..*start]);
        replaced.push_str(kind.placeholder());
        rest = *end;
    }
    replaced.push_str(&text[rest..]);
    replaced
}

#[cfg(test)]
mod tests;
