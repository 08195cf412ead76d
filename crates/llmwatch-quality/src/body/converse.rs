//! Answers of Converse and ConverseStream, and of Nova's native API when not streamed.
//!
//! Bedrock logs a ConverseStream call as one object like a Converse call's. Nova's native body is the
//! same without `metrics`. Source: `ConverseResponse` of the Bedrock Runtime API
//! (botocore's model); <https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html>;
//! captured records.

use crate::body::blocks::{self, Block};
use crate::body::{Answer, Question, guardrail};
use crate::json::Json;

/// Reads a request that names a stored prompt in place of messages.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    let keys = ["promptVariables", "inferenceConfig", "additionalModelRequestFields"];
    body.any(&keys).map(|_| Question::default())
}

/// Reads `output.message` and what stands beside it.
pub(super) fn answer(body: &Json<'_>, answer: &mut Answer) -> bool {
    let message = body.at(&["output", "message"]);
    let ended =
        body.has("stopReason") && (body.has("usage") || body.has("trace") || body.has("metrics"));
    if message.is_none() && !ended {
        return false;
    }
    if let Some(content) = message.and_then(|message| message.get("content")) {
        read_content(content, answer);
    }
    answer.stop(body.get("stopReason"));
    read_metadata(body, answer);
    true
}

/// Reads usage, metrics and trace, which a stream has in its last event.
pub(super) fn read_metadata(body: &Json<'_>, answer: &mut Answer) {
    answer.count_tokens(body.get("usage"));
    if let Some(latency) = body.at(&["metrics", "latencyMs"]).and_then(Json::as_count) {
        answer.latency_ms = Some(latency);
    }
    guardrail::note_trace(body.get("trace"), answer);
}

/// Reads the content of a whole message: text, or blocks of either family.
pub(super) fn read_content(content: &Json<'_>, answer: &mut Answer) {
    match content {
        Json::Array(parts) => (0..).zip(parts).for_each(|(at, part)| read_block(at, part, answer)),
        one => read_block(0, one, answer),
    }
}

/// Reads the block of a whole message at that place.
pub(super) fn read_block(at: u64, block: &Json<'_>, answer: &mut Answer) {
    match blocks::read(block) {
        Block::Text(text) => answer.push_text(at, &text),
        Block::Reasoning => answer.note_reasoning(),
        Block::ToolCall(name, arguments) => answer.start_tool(at, name, arguments),
        Block::ToolResult(_) | Block::Silent => {}
    }
}
