//! One call of a model as its log record tells it, whatever the provider and the format.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::text::Text;

/// One call: who called which model, what was asked and answered, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Bedrock's request id, or the capture's event id. Identifies the call; empty where the record
    /// has none.
    pub request_id: String,
    /// When the call was made, as the record says; what its metrics are dated by.
    pub at: Timestamp,
    /// The account, where the record names it.
    pub account: Option<String>,
    /// The Region that was called.
    pub region: Option<String>,
    /// The Region that answered a cross-Region call.
    pub inference_region: Option<String>,
    /// `Converse`, `InvokeModel`, …; `InvokeEndpoint` for a capture.
    pub operation: String,
    /// Exactly what the caller passed as model, or the endpoint of a capture; `unknown` where
    /// neither is told.
    pub model: String,
    /// The SageMaker inference component, `unknown` where nothing names it; absent for Bedrock.
    pub inference_component: Option<String>,
    /// The ARN of the caller.
    pub caller: Option<String>,
    /// The caller's request metadata.
    pub request_metadata: BTreeMap<String, String>,
    /// Present when the call failed.
    pub error_code: Option<String>,
    /// What was asked and answered.
    pub content: Content,
    /// Tokens in and out.
    pub tokens: TokenCounts,
    /// From the request to the last token.
    pub latency_ms: Option<u64>,
    /// From the request to the first token.
    pub time_to_first_token_ms: Option<u64>,
    /// What a guardrail did, if one was asked.
    pub guardrail: Option<GuardrailAction>,
}

impl Exchange {
    /// The conversation, where the record holds it whole.
    #[must_use]
    pub fn conversation(&self) -> Option<&Conversation> {
        match &self.content {
            Content::Conversation(conversation) => Some(conversation),
            Content::Other(_)
            | Content::NotLogged
            | Content::Elsewhere { .. }
            | Content::Unknown => None,
        }
    }
}

/// What a record holds of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A conversation and its answer.
    Conversation(Box<Conversation>),
    /// Not text for text: counted, not scored.
    Other(OtherContent),
    /// The account logs no bodies; counts only.
    NotLogged,
    /// Bodies were too large for the record and lie in objects of their own.
    Elsewhere {
        /// `s3://…` of the input, if it is not in the record.
        input: Option<String>,
        /// `s3://…` of the output, if it is not in the record.
        output: Option<String>,
        /// What the record itself holds of the conversation.
        known: Box<Conversation>,
    },
    /// Bodies of a shape we do not know: the call counts, its text is not seen.
    Unknown,
}

/// Calls that are recognised and counted, not scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherContent {
    /// Text to vector.
    Embedding,
    /// Documents ordered by relevance.
    Rerank,
    /// Pictures made.
    Image,
    /// Films made.
    Video,
}

/// A conversation and the answer to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    /// The system prompt.
    pub system: Option<Text>,
    /// All turns before the answer, oldest first.
    pub turns: Vec<Turn>,
    /// The answer without reasoning; of several candidates the first.
    pub completion: Text,
    /// Whether reasoning was taken out of the answer.
    pub has_reasoning: bool,
    /// Tools the answer calls.
    pub tool_calls: Vec<ToolCall>,
    /// Why the answer ended.
    pub stop_reason: Option<StopReason>,
}

impl Conversation {
    /// What the user said last, tool results left out; none where only tools spoke.
    #[must_use]
    pub fn prompt(&self) -> Option<&Text> {
        let asked = |turn: &&Turn| turn.role == Role::User && !turn.text.is_blank();
        self.turns.iter().rev().find(asked).map(|turn| &turn.text)
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said; blank for a turn of pictures or tool calls only.
    pub text: Text,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The user.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

/// A call of a tool in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments as JSON text.
    pub arguments: Text,
}

/// Why an answer ended, in one set of words for all providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The model was done.
    EndTurn,
    /// A stop sequence came.
    StopSequence,
    /// The limit of tokens was reached: the answer is cut off.
    MaxTokens,
    /// Tools are to be called.
    ToolUse,
    /// A guardrail stepped in.
    GuardrailIntervened,
    /// The provider's filter stepped in, or the model refused in its stop reason.
    ContentFiltered,
    /// The provider's own word, where none of ours says the same.
    Other(String),
}

/// Tokens of a call. The three of the input are disjoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCounts {
    /// Input tokens, without those read from or written to a cache.
    pub input: Option<u64>,
    /// Output tokens.
    pub output: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read: Option<u64>,
    /// Input tokens written to a cache.
    pub cache_write: Option<u64>,
}

/// What a guardrail did with a call.
///
/// Ordered: of several findings the greatest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailAction {
    /// It found nothing.
    None,
    /// It masked something and let the rest through.
    Masked,
    /// It masked or withheld something; without a trace the record does not tell which.
    Intervened,
    /// It withheld the prompt or the answer.
    Blocked,
}
