//! Answers in `choices[].text`: DeepSeek-R1, and text completions in OpenAI's format.
//!
//! R1's text starts with its reasoning, which ends in `</think>`; its chat format is OpenAI's.
//! Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-deepseek.html>,
//! <https://platform.openai.com/docs/api-reference/completions>.

use crate::body::{Answer, openai};
use crate::json::Json;

/// Reads the first of `choices` that has a text.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(choice) = openai::first_choice(chunk) else { return false };
    let Some(text) = choice.str("text") else { return false };
    answer.push_text(0, text);
    answer.stop(choice.any(&["stop_reason", "finish_reason"]));
    answer.count_tokens(chunk.get("usage"));
    true
}
