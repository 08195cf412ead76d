//! Bedrock: asking a model one question through Converse, for an answer a program can read.
//!
//! Models differ in what they take, and Bedrock has no call that tells. So a question is asked in
//! the best [`Manner`] first; where the model refuses that, in the next one. What worked comes back
//! with the answer, for the caller to remember by model and begin with next time.
//!
//! The prompt, the schema and the reading of the answer are the caller's.

mod manner;
mod request;

use std::fmt;
use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::Config;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata as _;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{StopReason, TokenUsage};
use serde_json::Value;

use crate::CallFailed;
pub use manner::{Form, Manner, Temperature};

/// One question to a model.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The model's id, its profile's, or an ARN.
    pub model: &'a str,
    /// What the model is and how it answers.
    pub system: &'a str,
    /// What is asked. It should describe the form of the answer too, for a model that takes neither
    /// a schema nor a tool.
    pub user: &'a str,
    /// The answer's form in words, for the tool that stands for it: letters, digits, `_`, `-`.
    pub answer_name: &'a str,
    /// The answer's JSON schema; an object. Bedrock takes a subset of draft 2020-12 and wants
    /// `additionalProperties: false`.
    pub schema: &'a Value,
    /// The most tokens of the answer, ≥ 1. Bedrock reserves them from the quota at the start.
    pub max_tokens: u32,
    /// How long one way of asking may take, with all its tries. The first question with a new
    /// schema can take minutes: Bedrock then compiles it, and keeps it for a day.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>
    /// (read 2026-11-22).
    pub patience: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer, or why there is none.
    pub answer: Answer,
    /// What the call is charged for.
    pub tokens: Tokens,
    /// How the model was asked in the end.
    pub manner: Manner,
}

/// A model's answer, by how it ended. `Debug` tells lengths only: an answer may quote its question.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// The model was done: its text, or the arguments of its tool call as JSON.
    Whole(String),
    /// The limit of tokens was reached: the beginning of an answer.
    CutOff(String),
    /// A guardrail stepped in; the text is the guardrail's, not the model's.
    GuardrailStopped,
    /// The provider's filter stepped in, or the model refused in its stop reason.
    Filtered,
    /// Bedrock could not make of the model's output what was asked for.
    Malformed,
    /// The question is too long for the model.
    TooLong,
    /// The model was done and said nothing.
    Empty,
    /// A stop reason this release does not know.
    Unknown(String),
}

/// Tokens of a call. The three of the input are disjoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Input tokens, without those read from or written to a cache.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Input tokens read from a cache.
    pub cache_read: u64,
    /// Input tokens written to a cache.
    pub cache_write: u64,
}

/// Asks a question, first in the given manner, then in simpler ones as long as the model refuses.
///
/// A refused question costs a call and no tokens.
///
/// # Errors
///
/// When no answer came: throttled, denied, an unknown model, too slow, or refused in every manner.
/// Nothing of the question is repeated.
pub async fn ask(
    client: &Client,
    question: &Question<'_>,
    first: Manner,
) -> Result<Reply, CallFailed> {
    let mut manner = first;
    loop {
        match ask_once(client, question, manner).await {
            Ok(output) => return Ok(reply(output, manner)),
            Err(refused) => match refused.next {
                Some(next) => manner = next,
                None => return Err(refused.failed),
            },
        }
    }
}

struct Refused {
    failed: CallFailed,
    /// How else it can be asked, where that may help.
    next: Option<Manner>,
}

async fn ask_once(
    client: &Client,
    question: &Question<'_>,
    manner: Manner,
) -> Result<ConverseOutput, Refused> {
    let patience = TimeoutConfig::builder()
        .operation_attempt_timeout(question.patience)
        .operation_timeout(question.patience)
        .build();
    let request = request::of(client, question, manner).map_err(|problem| Refused {
        failed: CallFailed::unusable_answer("Converse", question.model, problem),
        next: None,
    })?;
    let sent = request
        .customize()
        .config_override(Config::builder().timeout_config(patience))
        .send()
        .await;
    sent.map_err(|error| {
        let is_refusal = error.code() == Some("ValidationException");
        let next = manner.after_refusal(error.message().unwrap_or_default());
        let sent = [question.system, question.user];
        let failed = CallFailed::of_private_call("Converse", question.model, error, &sent);
        Refused { failed, next: next.filter(|_| is_refusal) }
    })
}

fn reply(output: ConverseOutput, manner: Manner) -> Reply {
    let tokens = output.usage().map(tokens).unwrap_or_default();
    let said = said(&output);
    let answer = match output.stop_reason {
        StopReason::EndTurn | StopReason::ToolUse | StopReason::StopSequence => {
            said.map_or(Answer::Empty, Answer::Whole)
        }
        StopReason::MaxTokens => Answer::CutOff(said.unwrap_or_default()),
        StopReason::GuardrailIntervened => Answer::GuardrailStopped,
        StopReason::ContentFiltered => Answer::Filtered,
        StopReason::MalformedModelOutput | StopReason::MalformedToolUse => Answer::Malformed,
        StopReason::ModelContextWindowExceeded => Answer::TooLong,
        other => Answer::Unknown(other.as_str().to_owned()),
    };
    Reply { answer, tokens, manner }
}

/// The arguments of the first tool call; without one all the text, reasoning left out.
fn said(output: &ConverseOutput) -> Option<String> {
    let content = output.output()?.as_message().ok()?.content();
    let called = content.iter().find_map(|block| block.as_tool_use().ok());
    if let Some(call) = called {
        return Some(request::json(call.input()).to_string());
    }
    let text: Vec<&str> =
        content.iter().filter_map(|block| block.as_text().ok().map(String::as_str)).collect();
    Some(text.concat()).filter(|text| !text.trim().is_empty())
}

fn tokens(usage: &TokenUsage) -> Tokens {
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or_default();
    Tokens {
        input: count(usage.input_tokens()),
        output: count(usage.output_tokens()),
        cache_read: usage.cache_read_input_tokens().map(count).unwrap_or_default(),
        cache_write: usage.cache_write_input_tokens().map(count).unwrap_or_default(),
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(text) => write!(f, "Whole({} bytes)", text.len()),
            Self::CutOff(text) => write!(f, "CutOff({} bytes)", text.len()),
            Self::GuardrailStopped => f.write_str("GuardrailStopped"),
            Self::Filtered => f.write_str("Filtered"),
            Self::Malformed => f.write_str("Malformed"),
            Self::TooLong => f.write_str("TooLong"),
            Self::Empty => f.write_str("Empty"),
            Self::Unknown(reason) => write!(f, "Unknown({reason:?})"),
        }
    }
}

#[cfg(test)]
mod tests;
