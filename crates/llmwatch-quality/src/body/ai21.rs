//! Answers of AI21's Jurassic-2: `completions[].data.text`, several are candidates.
//!
//! Jamba answers in OpenAI's format. Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-jurassic2.html>,
//! `…/model-parameters-jamba.html`.

use crate::body::Answer;
use crate::json::Json;

/// Reads the first of `completions`.
pub(super) fn answer(body: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(completion) = body.list("completions").and_then(<[_]>::first) else { return false };
    let Some(text) = completion.at(&["data", "text"]).and_then(Json::as_str) else { return false };
    answer.push_text(0, text);
    answer.stop(completion.at(&["finishReason", "reason"]));
    true
}
