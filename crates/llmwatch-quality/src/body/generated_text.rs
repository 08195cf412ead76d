//! Hugging Face's format: `inputs` to `generated_text`, whole, in lists and in streamed tokens.
//!
//! Spoken by Text Generation Inference, by DJL Serving (the LMI containers) and by many handlers of
//! customers. Sources:
//! <https://huggingface.co/docs/text-generation-inference/reference/api_reference>,
//! <https://docs.djl.ai/master/docs/serving/serving/docs/lmi/user_guides/lmi_input_output_schema.html>.

use crate::body::{Answer, Question, chat, prompt};
use crate::json::Json;

/// Reads `inputs`: a prompt, a list of prompts of which the first counts, or messages.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    let mut inputs = body.get("inputs")?;
    while let Some(first) = inputs.items().first().filter(|first| first.get("role").is_none()) {
        inputs = first;
    }
    match inputs {
        Json::Array(messages) => Some(chat::of_messages(messages, None)),
        inputs => inputs.as_str().map(prompt::of_text),
    }
}

/// Reads a whole answer, or a token of a stream; the last token repeats the whole text.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let token = chunk.get("token");
    let whole = chunk.str("generated_text");
    if token.is_none() && whole.is_none() {
        return false;
    }
    let is_special = token.and_then(|token| token.get("special")) == Some(&Json::Bool(true));
    if let Some(text) = token.and_then(|token| token.str("text")).filter(|_| !is_special) {
        answer.push_text(0, text);
    } else if let Some(text) = whole.filter(|_| !answer.has_content()) {
        answer.push_text(0, text);
    }
    read_details(chunk, answer);
    true
}

fn read_details(chunk: &Json<'_>, answer: &mut Answer) {
    let details = chunk.get("details").unwrap_or(chunk);
    answer.stop(details.get("finish_reason"));
    if let Some(tokens) = details.count("generated_tokens") {
        answer.usage.output = Some(tokens);
    }
}
