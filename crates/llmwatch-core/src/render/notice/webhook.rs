//! The document for machines: every fact of a notice, and the mail as people get it.

use serde::Serialize;
use serde_json::Value;

use super::{Facts, MAX_FORM_BYTES, Notice};
use crate::render::words::words;

/// The name and version of the document. Members may be added under the same number; a member that
/// goes or changes its meaning makes a new one.
pub(super) const SCHEMA: &str = "llmwatch.notification/1";

/// Whether a JSON value is such a document, of this or another number.
#[must_use]
pub fn is_webhook_document(value: &Value) -> bool {
    fn name(schema: &str) -> Option<&str> {
        schema.split('/').next()
    }
    value["schema"].as_str().is_some_and(|schema| name(schema) == name(SCHEMA))
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: &'static str,
    /// The same for every delivery of one notice.
    id: &'a str,
    #[serde(flatten)]
    facts: &'a Facts,
    /// The mail's subject.
    subject: &'a str,
    /// The mail's text, shortened where the document would be too large.
    text: &'a str,
}

/// The notice as a document of at most [`MAX_FORM_BYTES`].
pub(super) fn document(notice: &Notice, id: &str) -> String {
    let body = &notice.mail.body;
    let whole = with_text(notice, id, body);
    if whole.len() <= MAX_FORM_BYTES {
        return whole;
    }
    let note = format!("\n\n{}\n", words(notice.facts.language).shortened());
    let frame = with_text(notice, id, &note).len();
    let text = format!("{}{note}", head(body, MAX_FORM_BYTES.saturating_sub(frame)));
    with_text(notice, id, &text)
}

fn with_text(notice: &Notice, id: &str, text: &str) -> String {
    let Notice { mail, facts, .. } = notice;
    let document = Document { schema: SCHEMA, id, facts, subject: &mail.subject, text };
    // A document of texts, numbers and lists has nothing that JSON cannot say.
    serde_json::to_string(&document).unwrap_or_default()
}

/// As much of the beginning as takes so many bytes in JSON, up to the end of a line where there is
/// one.
fn head(text: &str, max_bytes: usize) -> &str {
    let mut bytes = 0;
    let end = text.char_indices().find(|(_, c)| {
        bytes += bytes_in_json(*c);
        bytes > max_bytes
    });
    let text = end.map_or(text, |(end, _)| &text[..end]);
    text.rfind('\n').map_or(text, |line_end| &text[..line_end]).trim_end()
}

/// How a character is written in a JSON string: as it is, behind a backslash, or as `\u0007`.
fn bytes_in_json(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}
