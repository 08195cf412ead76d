//! How llmwatch marks its own calls of models, so that they are never scored.
//!
//! `Converse` takes the mark as `requestMetadata`, `InvokeModel` as the header
//! `X-Amzn-Bedrock-Request-Metadata`; both stand in the record of the call.
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-request-metadata.html>
//! (read 2026-11-22).

use std::collections::BTreeMap;
use std::fmt;

/// The key of request metadata that llmwatch sets on each of its calls, and nobody else should.
pub const METADATA_KEY: &str = "llmwatch";

/// What llmwatch calls a model for. Its `Display` is the value under [`METADATA_KEY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OwnCall {
    /// To judge an answer.
    Judge,
    /// To embed a text.
    Embed,
}

impl fmt::Display for OwnCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Judge => "judge",
            Self::Embed => "embed",
        })
    }
}

/// Whether a call was ours, by its request metadata. Any value counts: one that an older or newer
/// release set is still ours.
#[must_use]
pub fn is_own_call(request_metadata: &BTreeMap<String, String>) -> bool {
    request_metadata.contains_key(METADATA_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_ours_by_its_key_whatever_the_value() {
        let metadata = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
        for value in ["judge", "embed", "something newer"] {
            assert!(is_own_call(&metadata(METADATA_KEY, value)));
        }
        assert!(!is_own_call(&metadata("team", "llmwatch")));
        assert!(!is_own_call(&BTreeMap::new()));
        assert_eq!([OwnCall::Judge, OwnCall::Embed].map(|own| own.to_string()), ["judge", "embed"]);
    }
}
