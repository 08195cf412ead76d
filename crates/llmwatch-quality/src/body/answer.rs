//! An answer as it grows, chunk by chunk.

use std::fmt;

use crate::body::{counts, overlay, reasoning, stop};
use crate::exchange::{GuardrailAction, StopReason, TokenCounts, ToolCall};
use crate::json::Json;
use crate::text::Text;

/// How many tool calls may stream at the same time.
const MOST_OPEN_TOOLS: usize = 128;

/// What has been read of an answer. Formats add to it; a whole body is a stream of one chunk.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    blocks: Vec<Run>,
    tools: Vec<Run>,
    had_reasoning: bool,
    /// Why it ended.
    pub(crate) stop_reason: Option<StopReason>,
    /// Tokens as the body tells them.
    pub(crate) usage: TokenCounts,
    /// Tokens as Bedrock's metrics at the end of a stream tell them.
    pub(crate) metrics: TokenCounts,
    /// From the request to the last token.
    pub(crate) latency_ms: Option<u64>,
    /// From the request to the first token.
    pub(crate) time_to_first_token_ms: Option<u64>,
    /// Whether Bedrock says that a guardrail stepped in, where it says anything.
    pub(super) guardrail_intervened: Option<bool>,
    /// The greatest action in a guardrail's trace.
    pub(super) guardrail_traced: Option<GuardrailAction>,
}

/// A block of text, or a tool's name and arguments, that may still grow.
#[derive(Default)]
struct Run {
    index: u64,
    name: String,
    text: String,
}

/// Shows no text, like [`Text`].
impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Run({} {:?}, {} bytes)", self.index, self.name, self.text.len())
    }
}

/// What an answer says, once it is whole.
#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    /// The text without reasoning.
    pub(crate) completion: Text,
    /// Whether reasoning was taken out.
    pub(crate) has_reasoning: bool,
    /// Tools called.
    pub(crate) tool_calls: Vec<ToolCall>,
}

impl Answer {
    /// Adds text to the block of that index; the chunks of a block follow one another.
    pub(super) fn push_text(&mut self, index: u64, text: &str) {
        match self.blocks.last_mut().filter(|block| block.index == index) {
            Some(block) => block.text.push_str(text),
            None => self.blocks.push(Run { index, text: text.to_owned(), ..Run::default() }),
        }
    }

    /// Notes that reasoning was there, and keeps none of it.
    pub(super) fn note_reasoning(&mut self) {
        self.had_reasoning = true;
    }

    /// Starts the next tool call.
    pub(super) fn start_tool(&mut self, index: u64, name: &str, arguments: impl Into<String>) {
        self.tools.push(Run { index, name: name.to_owned(), text: arguments.into() });
    }

    /// Adds to the arguments of the tool call of that index, started or not.
    pub(super) fn push_arguments(&mut self, index: u64, arguments: &str) {
        // Looks at the latest only: a stream of nothing but pieces must not take quadratic time.
        let mut latest = self.tools.iter_mut().rev().take(MOST_OPEN_TOOLS);
        match latest.find(|tool| tool.index == index) {
            Some(tool) => tool.text.push_str(arguments),
            None => self.start_tool(index, "", arguments),
        }
    }

    /// Takes the reason to stop, if one is given.
    pub(super) fn stop(&mut self, word: Option<&Json<'_>>) {
        if let Some(word) = word.and_then(Json::as_str).filter(|word| !word.is_empty()) {
            self.stop_reason = Some(stop::reason(word));
        }
    }

    /// Takes token counts, if they are given; later ones win.
    pub(super) fn count_tokens(&mut self, usage: Option<&Json<'_>>) {
        if let Some(usage) = usage {
            self.usage = overlay(self.usage, counts(usage));
        }
    }

    /// Whether any text or tool call has come.
    pub(super) fn has_content(&self) -> bool {
        !self.blocks.is_empty() || !self.tools.is_empty()
    }

    /// What it says: blocks put together without anything between, as answers with citations come
    /// in blocks that cut sentences.
    pub(crate) fn into_said(self) -> Said {
        let mut has_reasoning = self.had_reasoning;
        let mut completion = String::new();
        for block in &self.blocks {
            let (text, was_there) = reasoning::without(&block.text);
            has_reasoning |= was_there;
            completion.push_str(text);
        }
        let call = |tool: Run| ToolCall { name: tool.name, arguments: Text::new(tool.text) };
        let tool_calls = self.tools.into_iter().map(call).collect();
        Said { completion: Text::new(completion), has_reasoning, tool_calls }
    }
}
