//! Answers of Mistral's text models: `outputs[]`, whole or in chunks; several are candidates.
//!
//! Mistral's chat models answer with `choices[].message` and are read by
//! [`openai`](super::openai). Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-text-completion.html>
//! and `…/model-parameters-mistral-chat-completion.html`.

use crate::body::Answer;
use crate::json::Json;

/// Reads the first of `outputs`.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(output) = chunk.list("outputs").and_then(<[_]>::first) else { return false };
    let Some(text) = output.str("text") else { return false };
    answer.push_text(0, text);
    answer.stop(output.any(&["stop_reason", "finish_reason"]));
    answer.count_tokens(chunk.get("usage"));
    true
}
