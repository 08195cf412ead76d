//! Keys and tokens of other services, by the prefix that their issuers gave them for this purpose.
//!
//! Sources (read 2026-11 or from memory): GitHub "About authentication to GitHub", GitLab "Token
//! overview", Slack "Token types", Stripe "API keys", Google Cloud "API keys", npm "About access
//! tokens", PyPI help, SendGrid, Hugging Face, DigitalOcean; forms of OpenAI and Anthropic keys as
//! seen in their documentation; Amazon Bedrock "API keys" (`ABSK`, `bedrock-api-key-`); JSON Web
//! Tokens by RFC 7519.

/// What follows a prefix.
struct Form {
    prefix: &'static [u8],
    /// The least characters after the prefix.
    least: usize,
    /// Whether a digit must be among them: the prefix is also a beginning of words.
    with_digit: bool,
}

/// How far ahead a key is looked at to tell it; one that is longer is taken to its end.
const AHEAD: usize = 1024;

const fn form(prefix: &'static [u8], least: usize) -> Form {
    Form { prefix, least, with_digit: false }
}

const fn with_digit(prefix: &'static [u8], least: usize) -> Form {
    Form { prefix, least, with_digit: true }
}

const FORMS: [Form; 33] = [
    form(b"ghp_", 30),
    form(b"gho_", 30),
    form(b"ghu_", 30),
    form(b"ghs_", 30),
    form(b"ghr_", 30),
    form(b"github_pat_", 22),
    with_digit(b"glpat-", 16),
    form(b"xoxb-", 10),
    form(b"xoxp-", 10),
    form(b"xoxa-", 10),
    form(b"xoxr-", 10),
    form(b"xoxs-", 10),
    form(b"xoxe-", 10),
    form(b"xoxe.xox", 10),
    form(b"xapp-", 10),
    with_digit(b"sk-ant-", 16),
    with_digit(b"sk-proj-", 16),
    with_digit(b"sk-", 20),
    form(b"sk_live_", 10),
    form(b"sk_test_", 10),
    form(b"rk_live_", 10),
    form(b"rk_test_", 10),
    with_digit(b"whsec_", 16),
    with_digit(b"AIza", 30),
    with_digit(b"ya29.", 20),
    with_digit(b"hf_", 30),
    with_digit(b"npm_", 30),
    with_digit(b"pypi-", 50),
    with_digit(b"SG.", 40),
    with_digit(b"dop_v1_", 40),
    with_digit(b"ABSK", 60),
    with_digit(b"bedrock-api-key-", 40),
    with_digit(b"AKCp", 60),
];

/// Whether the first two bytes are those of a form, of a token or of `Bearer`: no other word is
/// compared with the list.
pub(super) fn may_begin(text: &[u8]) -> bool {
    matches!(
        text,
        [b'g', b'h' | b'i' | b'l', ..]
            | [b'x', b'o' | b'a', ..]
            | [b's' | b'r', b'k', ..]
            | [b'w', b'h', ..]
            | [b'A', b'I' | b'B' | b'K', ..]
            | [b'y', b'a', ..]
            | [b'h', b'f', ..]
            | [b'n', b'p', ..]
            | [b'p', b'y', ..]
            | [b'S', b'G', ..]
            | [b'd', b'o', ..]
            | [b'B' | b'b', b'e', ..]
            | [b'e', b'y', ..]
    )
}

/// The range of a key or token whose word begins at `at`.
pub(super) fn at(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = &text[at..];
    match rest {
        [b'e', b'y', b'J', ..] => signed_token(rest).map(|length| (at, at + length)),
        [b'B' | b'b', b'e', b'a', b'r', b'e', b'r', b' ', token @ ..] => {
            bearer(token).map(|length| (at + 7, at + 7 + length))
        }
        _ => FORMS.iter().find_map(|form| form.length(rest)).map(|length| (at, at + length)),
    }
}

impl Form {
    fn length(&self, text: &[u8]) -> Option<usize> {
        let rest = text.strip_prefix(self.prefix)?;
        let near = run(&rest[..rest.len().min(AHEAD)], is_token);
        let has_digit = || near.iter().any(u8::is_ascii_digit);
        (near.len() >= self.least && (!self.with_digit || has_digit()))
            .then(|| self.prefix.len() + run(rest, is_token).len())
    }
}

/// Three parts of base64url with dots between, the first two of which begin as JSON does.
fn signed_token(text: &[u8]) -> Option<usize> {
    let near = run(&text[..text.len().min(AHEAD)], is_token);
    let mut parts = near.split(|byte| *byte == b'.');
    let header = parts.next()?;
    let payload = parts.next()?;
    (header.len() >= 10 && payload.len() >= 10 && payload.starts_with(b"eyJ"))
        .then(|| run(text, is_token).len())
}

/// What follows `Bearer `, if it looks like no word.
fn bearer(text: &[u8]) -> Option<usize> {
    let is_part = |byte| is_token(byte) || matches!(byte, b'~' | b'+' | b'/' | b'=');
    let near = run(&text[..text.len().min(AHEAD)], is_part);
    (near.len() >= 20 && near.iter().any(u8::is_ascii_digit)).then(|| run(text, is_part).len())
}

/// The beginning of a text that is of such bytes, without the full stop of the sentence it ends.
fn run(text: &[u8], is_part: impl Fn(u8) -> bool) -> &[u8] {
    let length = text.iter().take_while(|byte| is_part(**byte)).count();
    let dots = text[..length].iter().rev().take_while(|byte| **byte == b'.').count();
    &text[..length - dots]
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}
