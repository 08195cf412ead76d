//! Keys of AWS: access key ids by their form, secret access keys and session tokens by their form
//! and what stands before them.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
//! (prefixes, read 2026-11).

use super::scan::{comes_before_within, is_base64};

/// Prefixes of ids that go with a secret: long-term, temporary, service bearer, context.
const PREFIXES: [&[u8]; 4] = [b"AKIA", b"ASIA", b"ABIA", b"ACCA"];

const ID_LENGTH: usize = 20;
const SECRET_LENGTH: usize = 40;

/// A session token has some hundreds of characters.
const MIN_SESSION_TOKEN: usize = 100;

/// How far before a secret the word that tells it may begin, in bytes.
const WITHIN: usize = 64;

/// The end of an access key id that begins at `at`.
pub(super) fn id(text: &[u8], at: usize) -> Option<usize> {
    // Few words begin with an A and end so far away.
    if text[at] != b'A' {
        return None;
    }
    let id = text.get(at..at + ID_LENGTH)?;
    let is_id = PREFIXES.iter().any(|prefix| id.starts_with(prefix))
        && id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let ends = !text.get(at + ID_LENGTH).is_some_and(u8::is_ascii_alphanumeric);
    (is_id && ends).then_some(at + ID_LENGTH)
}

/// The end of a secret access key or session token that begins at `at`, where nothing of the
/// base64 alphabet stands before. `after_id` says that an access key id came shortly before.
pub(super) fn secret(text: &[u8], at: usize, after_id: bool) -> Option<usize> {
    // Few runs are so long: a look at four bytes spares the count of most words.
    let is_long = [9, 19, 29, SECRET_LENGTH - 1]
        .iter()
        .all(|ahead| text.get(at + ahead).is_some_and(|byte| is_base64(*byte)));
    if !is_long {
        return None;
    }
    let run = text[at..].iter().take_while(|byte| is_base64(**byte)).count();
    let secret = &text[at..at + run];
    let told = |words: &[&str]| comes_before_within(text, at, words, WITHIN);
    let padding = text[at + run..].iter().take(2).take_while(|byte| **byte == b'=').count();
    let is_secret = run == SECRET_LENGTH
        && secret.iter().any(|byte| !byte.is_ascii_hexdigit())
        && secret.iter().any(u8::is_ascii_digit)
        && (after_id || told(&["secret"]));
    let is_token = run >= MIN_SESSION_TOKEN && told(&["session", "security"]);
    (is_secret || is_token).then_some(at + run + padding)
}
