//! Cohere: Command (`generations[]`), Command R (`text` with `chat_history`), and its second chat API.
//!
//! Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command.html>,
//! `…/model-parameters-cohere-command-r-plus.html`, <https://docs.cohere.com/reference/chat-v1> and
//! <https://docs.cohere.com/reference/chat>.

use crate::body::chat::Speaking;
use crate::body::{Answer, Question, blocks, converse};
use crate::exchange::Role;
use crate::json::Json;

/// Reads Command R's `message` after its `chat_history`.
///
/// Requests of Command have a `prompt`, those of the second API `messages`, like others'.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    let message = body.str("message")?;
    let mut speaking = Speaking::default();
    if let Some(preamble) = body.str("preamble") {
        speaking.instruct(preamble);
    }
    for turn in body.list("chat_history").unwrap_or_default() {
        let said = turn.str("message").unwrap_or_default();
        match turn.str("role") {
            Some("SYSTEM") => speaking.instruct(said),
            Some("CHATBOT") => speaking.say(Role::Assistant, said),
            Some("TOOL") => speaking.say(Role::Tool, said),
            _ => speaking.say(Role::User, said),
        }
    }
    speaking.say(Role::User, message);
    for result in body.list("tool_results").unwrap_or_default() {
        let outputs = result.get("outputs").map(Json::to_text).unwrap_or_default();
        speaking.say(Role::Tool, &outputs);
    }
    Some(speaking.into_question())
}

/// Reads an answer or a chunk of any of the three.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    if let Some(generations) = chunk.list("generations") {
        read_text(generations.first().unwrap_or(chunk), answer);
    } else if let Some(event) = chunk.str("event_type") {
        read_event(event, chunk, answer);
    } else if is_command(chunk) {
        read_text(chunk, answer);
    } else if let Some(message) = chunk.get("message").filter(|message| message.has("content")) {
        read_message(message, answer);
        answer.stop(chunk.get("finish_reason"));
        read_usage(chunk.get("usage"), answer);
    } else {
        return read_second(chunk, answer);
    }
    read_usage(chunk.get("meta"), answer);
    true
}

/// Whether it is an answer of Command R, or a chunk of Command.
fn is_command(chunk: &Json<'_>) -> bool {
    const MARKS: [&str; 5] =
        ["generation_id", "response_id", "chat_history", "finish_reason", "is_finished"];
    MARKS.iter().any(|mark| chunk.has(mark)) && (chunk.has("text") || chunk.has("is_finished"))
}

/// Reads `text`, `tool_calls` and `finish_reason`.
fn read_text(body: &Json<'_>, answer: &mut Answer) {
    if let Some(text) = body.str("text") {
        answer.push_text(0, text);
    }
    read_calls(body, answer);
    answer.stop(body.get("finish_reason"));
}

fn read_calls(body: &Json<'_>, answer: &mut Answer) {
    for (index, call) in (0..).zip(body.list("tool_calls").unwrap_or_default()) {
        let call = call.get("function").unwrap_or(call);
        let arguments = call.any(&["parameters", "arguments"]).map(blocks::as_text);
        answer.start_tool(
            index,
            call.str("name").unwrap_or_default(),
            arguments.unwrap_or_default(),
        );
    }
}

/// Reads an event of Command R's stream. The last one repeats the whole answer.
fn read_event(event: &str, chunk: &Json<'_>, answer: &mut Answer) {
    match event {
        "text-generation" => answer.push_text(0, chunk.str("text").unwrap_or_default()),
        "tool-calls-generation" => read_calls(chunk, answer),
        "stream-end" => {
            let response = chunk.get("response");
            if let Some(whole) = response.filter(|_| !answer.has_content()) {
                read_text(whole, answer);
            }
            answer.stop(chunk.get("finish_reason"));
            read_usage(response.and_then(|response| response.get("meta")), answer);
        }
        _ => {}
    }
}

/// Reads the message of the second API.
fn read_message(message: &Json<'_>, answer: &mut Answer) {
    if let Some(content) = message.get("content") {
        converse::read_content(content, answer);
    }
    read_calls(message, answer);
}

/// Reads an event of the second API's stream; false if it is none.
fn read_second(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    let index = chunk.count("index").unwrap_or(0);
    let message = chunk.at(&["delta", "message"]);
    match chunk.str("type") {
        Some("content-delta") => {
            let content = message.and_then(|message| message.get("content"));
            if let Some(text) = content.and_then(|content| content.str("text")) {
                answer.push_text(index, text);
            } else {
                answer.note_reasoning();
            }
        }
        Some("tool-call-start") => {
            let call = message.and_then(|message| message.at(&["tool_calls", "function"]));
            let name = call.and_then(|call| call.str("name")).unwrap_or_default();
            answer.start_tool(index, name, "");
        }
        Some("tool-call-delta") => {
            let arguments =
                message.and_then(|message| message.at(&["tool_calls", "function", "arguments"]));
            answer.push_arguments(index, arguments.and_then(Json::as_str).unwrap_or_default());
        }
        Some("message-end") => {
            answer.stop(chunk.at(&["delta", "finish_reason"]));
            read_usage(chunk.at(&["delta", "usage"]), answer);
        }
        Some(
            "message-start" | "content-start" | "content-end" | "tool-call-end" | "tool-plan-delta"
            | "citation-start" | "citation-end",
        ) => {}
        _ => return false,
    }
    true
}

/// Reads counts: billed units leave out what Cohere itself adds to a prompt, so tokens come first.
fn read_usage(meta: Option<&Json<'_>>, answer: &mut Answer) {
    answer.count_tokens(meta.and_then(|meta| meta.any(&["tokens", "billed_units"])));
}
