//! Answers of Anthropic's Messages API, whole and streamed, and of its text completions.
//!
//! Sources: <https://docs.anthropic.com/en/api/messages>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html>;
//! captured records.

use crate::body::{Answer, converse};
use crate::json::Json;

/// Reads a message, an event of a stream, or a completion.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    if let Some(completion) = chunk.str("completion") {
        answer.push_text(0, completion);
        answer.stop(chunk.get("stop_reason"));
        return true;
    }
    match chunk.str("type") {
        Some(event) if chunk.get("content").is_none() => read_event(event, chunk, answer),
        _ => read_message(chunk, answer),
    }
}

/// Reads a whole message.
fn read_message(body: &Json<'_>, answer: &mut Answer) -> bool {
    let Some(content) = body.get("content") else { return false };
    let is_message =
        body.str("type") == Some("message") || body.has("role") || body.has("stop_reason");
    if is_message {
        converse::read_content(content, answer);
        answer.stop(body.get("stop_reason"));
        answer.count_tokens(body.get("usage"));
    }
    is_message
}

/// Reads an event of a stream; false if it is none of Anthropic's.
fn read_event(event: &str, chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let index = chunk.count("index").unwrap_or(0);
    match event {
        "message_start" => answer.count_tokens(chunk.at(&["message", "usage"])),
        "content_block_start" => {
            if let Some(block) = chunk.get("content_block") {
                start_block(index, block, answer);
            }
        }
        "content_block_delta" => {
            if let Some(delta) = chunk.get("delta") {
                read_delta(index, delta, answer);
            }
        }
        "message_delta" => {
            answer.stop(chunk.at(&["delta", "stop_reason"]));
            answer.count_tokens(chunk.get("usage"));
        }
        "content_block_stop" | "message_stop" | "ping" => {}
        _ => return false,
    }
    true
}

/// Starts a block. The `input` of a tool call that starts is empty; its text follows.
fn start_block(index: u64, block: &Json<'_>, answer: &mut Answer) {
    match block.str("name") {
        Some(name) if block.has("input") => answer.start_tool(index, name, ""),
        _ => converse::read_block(index, block, answer),
    }
}

fn read_delta(index: u64, delta: &Json<'_>, answer: &mut Answer) {
    if let Some(text) = delta.str("text") {
        answer.push_text(index, text);
    } else if let Some(arguments) = delta.str("partial_json") {
        answer.push_arguments(index, arguments);
    } else if delta.has("thinking") || delta.has("signature") {
        answer.note_reasoning();
    }
}
