//! How much of texts is kept.

use serde::{Deserialize, Serialize};

use super::redact;
use crate::text::Text;

/// How much of prompts, answers and request metadata is written into call records.
///
/// The mode speaks of what we *keep*, and of the spans made of it, which an operator has sent to a
/// tracing backend to be kept there. What leaves the process otherwise (to the judge, to
/// Comprehend, to an embedding model, to a guardrail) is redacted in every mode, `full` included,
/// and log lines and metrics never hold text in any. Scores and counts of findings are the same in
/// every mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMode {
    /// No text at all is written: no prompt, no answer, no request metadata. Ids, the caller, the
    /// names of tools and well-formed trace ids are.
    None,
    /// Text is written with `[EMAIL]`, `[CARD]`… in place of what [`redact`] finds.
    #[default]
    Redacted,
    /// Text is written as it came.
    Full,
}

impl TextMode {
    /// All modes, from the least text to the most.
    pub const ALL: [Self; 3] = [Self::None, Self::Redacted, Self::Full];

    /// The setting's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Redacted => "redacted",
            Self::Full => "full",
        }
    }

    /// What may be written of a text.
    #[must_use]
    pub fn write(self, text: &Text) -> Option<Text> {
        match self {
            Self::None => None,
            Self::Redacted => Some(Text::new(redact(text.as_str()).text)),
            Self::Full => Some(text.clone()),
        }
    }
}
