//! OpenAI's Responses API: `input` to `output[]`, or to events.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and
//! `…/responses-streaming`.

use crate::body::blocks::{self, Block};
use crate::body::{Answer, Question, chat, converse};
use crate::json::Json;

/// Reads `input`, a text or a list of items, and `instructions`.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    let items = match body.get("input")? {
        Json::Array(items) => items.as_slice(),
        text @ Json::String(_) => std::slice::from_ref(text),
        _ => return None,
    };
    Some(chat::of_messages(items, body.get("instructions")))
}

/// Reads a response or an event of a stream.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    match chunk.str("type") {
        Some(event) => match event.strip_prefix("response.") {
            Some(event) => read_event(event, chunk, answer),
            None => return false,
        },
        None => match chunk.list("output") {
            Some(items) => read_response(items, chunk, answer),
            None => return false,
        },
    }
    true
}

fn read_event(event: &str, chunk: &Json<'_>, answer: &mut Answer) {
    match event {
        "output_text.delta" | "refusal.delta" => {
            answer.push_text(
                chunk.count("output_index").unwrap_or(0),
                chunk.str("delta").unwrap_or_default(),
            );
        }
        "output_item.done" => {
            // Text has come in deltas already.
            if let Some(item) = chunk.get("item").filter(|item| item.str("type") != Some("message"))
            {
                converse::read_block(chunk.count("output_index").unwrap_or(0), item, answer);
            }
        }
        "completed" | "incomplete" | "failed" => {
            let Some(response) = chunk.get("response") else { return };
            let items = response.list("output").filter(|_| !answer.has_content());
            read_response(items.unwrap_or_default(), response, answer);
        }
        _ => {}
    }
}

fn read_response(items: &[Json<'_>], response: &Json<'_>, answer: &mut Answer) {
    let calls_tools = items.iter().any(|item| matches!(blocks::read(item), Block::ToolCall(..)));
    for (at, item) in (0..).zip(items) {
        match item.get("content").filter(|_| item.str("type") == Some("message")) {
            Some(content) => {
                content.items().iter().for_each(|part| converse::read_block(at, part, answer))
            }
            None => converse::read_block(at, item, answer),
        }
    }
    answer.stop(response.at(&["incomplete_details", "reason"]).or(response.get("status")));
    if calls_tools && answer.stop_reason == Some(crate::exchange::StopReason::EndTurn) {
        answer.stop_reason = Some(crate::exchange::StopReason::ToolUse);
    }
    answer.count_tokens(response.get("usage"));
}
