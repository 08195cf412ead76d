//! Llama's native answers: `generation`, whole or in chunks.
//!
//! Source:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html>. Llama 2 on
//! SageMaker JumpStart answers with a message in `generation`.

use crate::body::{Answer, converse};
use crate::json::Json;

/// Reads `generation` and the counts beside it.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(generation) = chunk.get("generation") else { return false };
    match generation.get("content") {
        Some(content) => converse::read_content(content, answer),
        None => converse::read_content(generation, answer),
    }
    answer.stop(chunk.get("stop_reason"));
    answer.count_tokens(Some(chunk));
    true
}
