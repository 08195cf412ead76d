//! Titan's text models: `inputText` to `results[]`, or to chunks of `outputText`.
//!
//! Source:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html>.

use crate::body::{Answer, Question, prompt};
use crate::json::Json;

/// Reads `inputText`; requests for embeddings are recognised before.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    body.str("inputText").map(prompt::of_text)
}

/// Reads the first of `results`, or a chunk.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let result = chunk.list("results").and_then(<[_]>::first).unwrap_or(chunk);
    let Some(text) = result.str("outputText") else { return false };
    answer.push_text(0, text);
    answer.stop(result.get("completionReason"));
    answer.count_tokens(Some(chunk));
    if let Some(tokens) = result.count("tokenCount") {
        answer.usage.output = Some(tokens);
    }
    true
}
