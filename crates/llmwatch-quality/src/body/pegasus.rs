//! TwelveLabs Pegasus, which answers questions about films: `inputPrompt` to `message`.
//!
//! Source:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-pegasus.html>. It does not
//! say what a stream's chunks look like; they are read as parts of the message.

use crate::body::{Answer, Question, prompt};
use crate::json::Json;

/// Reads `inputPrompt`.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    body.str("inputPrompt").map(prompt::of_text)
}

/// Reads `message`, a text beside the reason to stop.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(message) = chunk.str("message").filter(|_| chunk.has("finishReason")) else {
        return false;
    };
    answer.push_text(0, message);
    answer.stop(chunk.get("finishReason"));
    true
}
