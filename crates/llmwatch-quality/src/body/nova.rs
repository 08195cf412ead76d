//! Streamed answers of Nova's native API, whose events are those of ConverseStream.
//!
//! Each event is an object with the event's name as its key; some readers write what is below the
//! name only. Sources: `ConverseStreamOutput` of the Bedrock Runtime API (botocore's
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
    let Some(name) = EVENTS.iter().find(|name| chunk.has(name)) else {
        return read(chunk, chunk.count("contentBlockIndex"), answer);
    };
    match (chunk.get(name), *name) {
        (Some(metadata), "metadata") => converse::read_metadata(metadata, answer),
        (Some(event), _) => {
            // Writers of JSON that leave out zeros leave out the first block's index.
            let index = event.count("contentBlockIndex").unwrap_or(0);
            read(event, Some(index), answer);
        }
        (None, _) => {}
    }
    true
}

/// Reads what an event says; false if it is none. `index` is that of a block.
fn read(event: &Json<'_>, index: Option<u64>, answer: &mut Answer) -> bool {
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

#[cfg(test)]
mod tests {
    use crate::body::{self, Shape};
    use crate::json;

    #[track_caller]
    fn check(chunks: &str, completion: &str, output_tokens: Option<u64>) {
        let (shape, answer) = json::read(chunks, body::answer).unwrap();
        assert_eq!((shape, answer.usage.output), (Shape::Text, output_tokens));
        assert_eq!(answer.into_said().completion.as_str(), completion);
    }

    #[test]
    fn a_first_block_without_its_index_is_read() {
        check(
            r#"[{"contentBlockDelta":{"delta":{"text":"Blue."}}},{"contentBlockStop":{}}]"#,
            "Blue.",
            None,
        );
    }

    #[test]
    fn metadata_without_metrics_is_read() {
        check(
            r#"[{"contentBlockDelta":{"delta":{"text":"Blue."},"contentBlockIndex":0}},{"metadata":{"usage":{"outputTokens":3}}}]"#,
            "Blue.",
            Some(3),
        );
    }
}
