//! Streamed answers of Nova's native API, whose events are those of ConverseStream.
//!
//! Each event is an object with the event's name as its key; some readers write what is below the
//! name only. Sources, read 2026-11-22: `ConverseStreamOutput` of the Bedrock Runtime API (botocore's
//! model); <https://docs.aws.amazon.com/nova/latest/userguide/using-invoke-api.html>.

use crate::body::{Answer, converse};
use crate::json::Json;

/// Names of events.
const EVENTS: [&str; 6] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
];

/// Reads an event, with its name or without.
pub(super) fn answer(chunk: &Json<'_>, answer: &mut Answer) -> bool {
    match EVENTS.iter().find_map(|name| chunk.get(name)) {
        Some(event) => {
            read(event, answer);
            true
        }
        None => EVENTS.iter().any(|name| chunk.has(name)) || read(chunk, answer),
    }
}

/// Reads an event without its name; false if it is none.
fn read(event: &Json<'_>, answer: &mut Answer) -> bool {
    let index = event.count("contentBlockIndex");
    if let (Some(index), Some(start)) = (index, event.get("start")) {
        if let Some(tool) = start.get("toolUse") {
            answer.start_tool(index, tool.str("name").unwrap_or_default(), "");
        }
    } else if let (Some(index), Some(delta)) = (index, event.get("delta")) {
        read_delta(index, delta, answer);
    } else if event.has("stopReason") {
        answer.stop(event.get("stopReason"));
    } else if event.has("usage") && event.has("metrics") {
        converse::read_metadata(event, answer);
    } else {
        return index.is_some() && event.members().len() == 1;
    }
    true
}

fn read_delta(index: u64, delta: &Json<'_>, answer: &mut Answer) {
    if let Some(text) = delta.str("text") {
        answer.push_text(index, text);
    } else if let Some(input) = delta.at(&["toolUse", "input"]) {
        answer.push_arguments(index, &super::blocks::as_text(input));
    } else if delta.has("reasoningContent") {
        answer.note_reasoning();
    }
}
