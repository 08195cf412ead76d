//! Answers of chat completions in OpenAI's format: gpt-oss, Qwen, Jamba, Mistral, DeepSeek and others.
//!
//! A chunk of a stream has `delta` where a whole answer has `message`. Sources:
//! <https://platform.openai.com/docs/api-reference/chat>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html>, `…-jamba.html`,
//! `…-mistral-chat-completion.html`. `reasoning_content` and `reasoning` are DeepSeek's and vLLM's.

use crate::body::{Answer, blocks, converse};
use crate::json::Json;

/// Reads the first candidate's message or delta; a last chunk may have nothing but the usage.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(choices) = chunk.list("choices") else { return false };
    if let Some(choice) = first_choice(chunk) {
        let Some(message) = choice.any(&["message", "delta"]) else { return false };
        read_message(message, answer);
        answer.stop(choice.any(&["finish_reason", "stop_reason"]));
    } else if choices.is_empty() && !chunk.has("usage") && !chunk.has("object") {
        return false;
    }
    answer.count_tokens(chunk.get("usage"));
    true
}

/// The candidate of index 0.
pub(super) fn first_choice<'c, 'j>(chunk: &'c Json<'j>) -> Option<&'c Json<'j>> {
    let choices = chunk.list("choices")?;
    choices.iter().find(|choice| choice.count("index").unwrap_or(0) == 0)
}

fn read_message(message: &Json<'_>, answer: &mut Answer) {
    if let Some(content) = message.get("content") {
        // Text streams as strings of one block; a list of blocks comes whole.
        converse::read_content(content, answer);
    }
    if let Some(refusal) = message.str("refusal") {
        answer.push_text(0, refusal);
    }
    let reasoning = message.any(&["reasoning_content", "reasoning"]).and_then(Json::as_str);
    if reasoning.is_some_and(|text| !text.is_empty()) {
        answer.note_reasoning();
    }
    for (place, call) in (0..).zip(message.list("tool_calls").unwrap_or_default()) {
        read_call(
            call.count("index").unwrap_or(place),
            call.get("function").unwrap_or(call),
            answer,
        );
    }
    if let Some(call) = message.get("function_call") {
        read_call(0, call, answer);
    }
}

/// Reads a tool call, or the next piece of one: only the first piece has the name.
fn read_call(index: u64, function: &Json<'_>, answer: &mut Answer) {
    let arguments = function.get("arguments").map(blocks::as_text).unwrap_or_default();
    match function.str("name").filter(|name| !name.is_empty()) {
        Some(name) => answer.start_tool(index, name, arguments),
        None => answer.push_arguments(index, &arguments),
    }
}
