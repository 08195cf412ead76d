//! Content blocks of chat formats.
//!
//! Two families: Converse and Nova name a block by its only key (`{"text": …}`, `{"toolUse": …}`);
//! Anthropic, OpenAI, Mistral and Cohere by a `type`. No block is of both, so one reader serves all.
//! Sources: `ContentBlock` of the Bedrock Runtime API (botocore's model);
//! <https://docs.anthropic.com/en/api/messages>; <https://platform.openai.com/docs/api-reference>.

use std::borrow::Cow;

use crate::json::Json;

/// A content block.
#[derive(PartialEq)]
pub(super) enum Block<'b> {
    /// Text.
    Text(Cow<'b, str>),
    /// Thinking, which is not kept.
    Reasoning,
    /// A call of a tool with its arguments as JSON text.
    ToolCall(&'b str, String),
    /// What a tool answered, as far as it is text.
    ToolResult(String),
    /// Pictures, documents, cache points and what else has no text of its own.
    Silent,
}

/// Reads a block.
pub(super) fn read<'b>(block: &'b Json<'_>) -> Block<'b> {
    if let Some(text) = block.as_str() {
        return Block::Text(Cow::Borrowed(text));
    }
    match block.str("type") {
        Some(kind) => typed(kind, block),
        None => keyed(block),
    }
}

/// The text of content: a string, a block, or a list of blocks; blocks are put on lines of their own.
pub(super) fn text_of(content: &Json<'_>) -> String {
    let one;
    let blocks = match content {
        Json::Array(blocks) => blocks.as_slice(),
        _ => {
            one = [content];
            return join(one.into_iter());
        }
    };
    join(blocks.iter())
}

fn join<'b, 'j: 'b>(blocks: impl Iterator<Item = &'b Json<'j>>) -> String {
    let mut text = String::new();
    for block in blocks {
        if let Block::Text(piece) = read(block) {
            add_line(&mut text, &piece);
        }
    }
    text
}

/// Adds `piece` to `text`, on a line of its own.
pub(super) fn add_line(text: &mut String, piece: &str) {
    if !text.is_empty() && !piece.is_empty() {
        text.push('\n');
    }
    text.push_str(piece);
}

/// Blocks with a `type`.
fn typed<'b>(kind: &str, block: &'b Json<'_>) -> Block<'b> {
    match kind {
        "text" | "input_text" | "output_text" => borrowed(block.str("text")),
        "refusal" => borrowed(block.str("refusal")),
        "thinking" | "redacted_thinking" | "reasoning" | "reasoning_text" => Block::Reasoning,
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            tool_call(block.str("name"), block.get("input"))
        }
        "function" => match block.get("function") {
            Some(function) => tool_call(function.str("name"), function.get("arguments")),
            None => Block::Silent,
        },
        "function_call" => tool_call(block.str("name"), block.get("arguments")),
        "function_call_output" => {
            Block::ToolResult(block.get("output").map_or_else(String::new, result))
        }
        kind if kind.ends_with("tool_result") => {
            Block::ToolResult(block.get("content").map_or_else(String::new, result))
        }
        _ => keyed(block),
    }
}

/// Blocks named by their only key.
fn keyed<'b>(block: &'b Json<'_>) -> Block<'b> {
    if let Some(text) = block.str("text") {
        Block::Text(Cow::Borrowed(text))
    } else if let Some(guarded) = block.at(&["guardContent", "text", "text"]) {
        borrowed(guarded.as_str())
    } else if let Some(cited) = block.get("citationsContent") {
        let pieces = cited.list("content").unwrap_or_default().iter();
        Block::Text(pieces.filter_map(|piece| piece.str("text")).collect())
    } else if block.has("reasoningContent") {
        Block::Reasoning
    } else if let Some(call) = block.get("toolUse") {
        tool_call(call.str("name"), call.get("input"))
    } else if let Some(answered) = block.get("toolResult") {
        Block::ToolResult(answered.get("content").map_or_else(String::new, result))
    } else {
        Block::Silent
    }
}

fn borrowed(text: Option<&str>) -> Block<'_> {
    text.map_or(Block::Silent, |text| Block::Text(Cow::Borrowed(text)))
}

fn tool_call<'b>(name: Option<&'b str>, arguments: Option<&Json<'_>>) -> Block<'b> {
    Block::ToolCall(name.unwrap_or_default(), arguments.map_or_else(String::new, as_text))
}

/// A string as it is; anything else as JSON text.
pub(super) fn as_text(json: &Json<'_>) -> String {
    json.as_str().map_or_else(|| json.to_text(), str::to_owned)
}

/// What a tool answered: text as it is, `json` blocks as JSON text.
fn result(content: &Json<'_>) -> String {
    let mut text = text_of(content);
    for block in content.items() {
        if let Some(value) = block.get("json") {
            add_line(&mut text, &value.to_text());
        }
    }
    text
}
