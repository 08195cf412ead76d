//! What is kept of every call: one line of JSON each, for Athena, for rescoring, and for whoever
//! asks what happened to a request.
//!
//! The lines of one log object are one gzip object under [`object_key`], written anew with the
//! same content on every delivery. Names are snake_case, as Athena's JSON SerDes want them. A
//! member is added without a new [`SCHEMA_VERSION`]; one that is renamed or means something else
//! makes a new one.

mod key;
mod trace;

use std::collections::BTreeMap;

use jiff::Timestamp;
use llmwatch_core::model_id::ModelId;
use serde::{Deserialize, Serialize};

pub use key::{CALLS_PREFIX, hour_of_log_key, object_key};
pub use trace::TraceIds;

use crate::evidence::Sides;
use crate::exchange::{Content, Exchange, GuardrailAction, OtherContent, StopReason};
use crate::publish::Subject;
use crate::redaction::{Findings, TextMode};
use crate::score_card::ScoreCard;
use crate::text::Text;

/// The version of the lines that are written.
pub const SCHEMA_VERSION: u32 = 1;

/// One call. Members without a value are absent from the line; `null` in Athena either way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// Bedrock's request id, or a capture's event id; empty where the record has none.
    pub request_id: String,
    /// When the call was made, RFC 3339 in UTC.
    pub at: Timestamp,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Region that was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The Region that answered a cross-Region call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_region: Option<String>,
    /// `Converse`, `InvokeModel`, …
    pub operation: String,
    /// Exactly what the caller passed as model.
    pub model: String,
    /// The value of the metrics' dimension `ModelId`.
    pub metric_model_id: String,
    /// The foundation model with its version, without a profile's geography. Absent where only AWS
    /// knows it: behind an application profile, a deployment or an endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foundation_model: Option<String>,
    /// SageMaker's inference component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_component: Option<String>,
    /// The caller's ARN. The session's name in it may name a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Whether the call failed.
    pub status: Status,
    /// Bedrock's error code of a failed call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// From the request to the last token, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// From the request to the first token, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_first_token_ms: Option<u64>,
    /// Input tokens, without those read from or written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Input tokens read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<u64>,
    /// Input tokens written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// `end_turn`, `max_tokens`, …, or the provider's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// What a guardrail did: `none`, `masked`, `intervened` or `blocked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<String>,
    /// What the record holds: `conversation`, `embedding`, `not_logged`, …
    pub content: String,
    /// Turns before the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Names of the tools that the answer calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools_called: Vec<String>,
    /// Scores, reasons for their absence, and which are out of sample.
    #[serde(flatten)]
    pub card: ScoreCard,
    /// Kinds of personal data and secrets found in the prompt, with how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_findings: Option<Findings>,
    /// Kinds of personal data and secrets found in the answer, with how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_findings: Option<Findings>,
    /// The model that judged, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_model_id: Option<String>,
    /// The hash of the rubric it judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rubric: Option<String>,
    /// How the texts below were treated: `none`, `redacted` or `full`.
    pub text_mode: TextMode,
    /// What the user said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Text>,
    /// The answer without reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Text>,
    /// The caller's request metadata, treated like text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_metadata: BTreeMap<String, Text>,
    /// Where the call stands in a distributed trace, from the request metadata.
    #[serde(default, flatten)]
    pub trace: TraceIds,
}

/// Whether a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It was answered.
    Ok,
    /// It has an error code.
    Error,
}

/// Who judged, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedBy<'a> {
    /// The model's id.
    pub model: &'a str,
    /// The rubric's hash.
    pub rubric: &'a str,
}

/// All that a call record is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The call.
    pub exchange: &'a Exchange,
    /// Its scores.
    pub card: &'a ScoreCard,
    /// Its texts as they may be written; see [`TextMode`].
    pub texts: &'a Texts,
    /// Who judged it, if anybody did.
    pub judged_by: Option<JudgedBy<'a>>,
}

/// The texts of a call, as [`Texts::of`] treats them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    /// How they were treated.
    pub mode: TextMode,
    /// What was found; known in every mode.
    pub findings: Sides<Findings>,
    /// What the user said last, redacted whatever the mode: what may leave the process.
    pub redacted: Sides<Text>,
    prompt: Option<Text>,
    completion: Option<Text>,
    request_metadata: BTreeMap<String, Text>,
}

impl Texts {
    /// Searches and treats prompt, answer and request metadata, each once.
    ///
    /// A blank side has no findings and no redacted text.
    #[must_use]
    pub fn of(exchange: &Exchange, mode: TextMode) -> Self {
        let conversation = exchange.conversation();
        let prompt = conversation.and_then(|conversation| conversation.prompt());
        let completion = conversation.map(|conversation| &conversation.completion);
        let (prompt_findings, redacted_prompt) = searched(prompt);
        let (completion_findings, redacted_completion) = searched(completion);
        let metadata = exchange.request_metadata.iter();
        Self {
            mode,
            findings: Sides { prompt: prompt_findings, completion: completion_findings },
            prompt: written(mode, prompt, redacted_prompt.as_ref()),
            completion: written(mode, completion, redacted_completion.as_ref()),
            redacted: Sides { prompt: redacted_prompt, completion: redacted_completion },
            request_metadata: metadata
                .filter_map(|(key, value)| {
                    let value = mode.write(&Text::new(value.as_str()))?;
                    Some((mode.write(&Text::new(key.as_str()))?.as_str().to_owned(), value))
                })
                .collect(),
        }
    }
}

/// What the mode lets be written, without searching a second time.
fn written(mode: TextMode, text: Option<&Text>, redacted: Option<&Text>) -> Option<Text> {
    match mode {
        TextMode::None => None,
        TextMode::Redacted => redacted.cloned(),
        TextMode::Full => text.cloned(),
    }
}

fn searched(text: Option<&Text>) -> (Option<Findings>, Option<Text>) {
    text.filter(|text| !text.is_blank())
        .map(|text| crate::redaction::redact(text.as_str()))
        .map(|redacted| (redacted.findings, Text::new(redacted.text)))
        .unzip()
}

impl CallRecord {
    /// The record of one call.
    #[must_use]
    pub fn of(parts: Parts<'_>) -> Self {
        let Parts { exchange, card, texts, judged_by } = parts;
        let conversation = exchange.conversation();
        let stop_reason = conversation.and_then(|conversation| conversation.stop_reason.as_ref());
        Self {
            schema_version: SCHEMA_VERSION,
            request_id: exchange.request_id.clone(),
            at: exchange.at,
            account: exchange.account.clone(),
            region: exchange.region.clone(),
            inference_region: exchange.inference_region.clone(),
            operation: exchange.operation.clone(),
            model: exchange.model.clone(),
            metric_model_id: Subject::of(exchange).model().to_owned(),
            foundation_model: foundation_model(exchange),
            inference_component: exchange.inference_component.clone(),
            caller: exchange.caller.clone(),
            status: if exchange.error_code.is_some() { Status::Error } else { Status::Ok },
            error_code: exchange.error_code.clone(),
            latency_ms: exchange.latency_ms,
            time_to_first_token_ms: exchange.time_to_first_token_ms,
            input_tokens: exchange.tokens.input,
            output_tokens: exchange.tokens.output,
            cache_read_tokens: exchange.tokens.cache_read,
            cache_write_tokens: exchange.tokens.cache_write,
            stop_reason: stop_reason.map(|reason| stop_word(reason).to_owned()),
            guardrail: exchange.guardrail.map(|action| guardrail_word(action).to_owned()),
            content: content_word(&exchange.content).to_owned(),
            turns: conversation.map(|conversation| conversation.turns.len() as u64),
            tools_called: conversation
                .iter()
                .flat_map(|conversation| &conversation.tool_calls)
                .map(|call| call.name.clone())
                .collect(),
            card: card.clone(),
            prompt_findings: texts.findings.prompt.clone(),
            completion_findings: texts.findings.completion.clone(),
            judge_model_id: judged_by.map(|judge| judge.model.to_owned()),
            rubric: judged_by.map(|judge| judge.rubric.to_owned()),
            text_mode: texts.mode,
            prompt: texts.prompt.clone(),
            completion: texts.completion.clone(),
            request_metadata: texts.request_metadata.clone(),
            trace: TraceIds::of(&exchange.request_metadata),
        }
    }

    /// Its line, newline included.
    ///
    /// # Errors
    ///
    /// Never for a record that [`CallRecord::of`] made.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|mut line| {
            line.push('\n');
            line
        })
    }

    /// Reads a line back, for a second delivery and for rescoring.
    ///
    /// # Errors
    ///
    /// When the line is not one of ours.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }
}

/// The model behind what was called, as far as its name tells.
fn foundation_model(exchange: &Exchange) -> Option<String> {
    if exchange.inference_component.is_some() {
        return None;
    }
    match ModelId::parse(&exchange.model) {
        Ok(ModelId::Foundation(model) | ModelId::SystemProfile { model, .. }) => {
            Some(model.to_string())
        }
        Ok(
            ModelId::ApplicationProfile(_) | ModelId::CustomDeployment(_) | ModelId::Dedicated(_),
        )
        | Err(_) => None,
    }
}

fn stop_word(reason: &StopReason) -> &str {
    match reason {
        StopReason::EndTurn => "end_turn",
        StopReason::StopSequence => "stop_sequence",
        StopReason::MaxTokens => "max_tokens",
        StopReason::ToolUse => "tool_use",
        StopReason::GuardrailIntervened => "guardrail_intervened",
        StopReason::ContentFiltered => "content_filtered",
        StopReason::Other(word) => word,
    }
}

fn guardrail_word(action: GuardrailAction) -> &'static str {
    match action {
        GuardrailAction::None => "none",
        GuardrailAction::Masked => "masked",
        GuardrailAction::Intervened => "intervened",
        GuardrailAction::Blocked => "blocked",
    }
}

fn content_word(content: &Content) -> &'static str {
    match content {
        Content::Conversation(_) => "conversation",
        Content::Other(OtherContent::Embedding) => "embedding",
        Content::Other(OtherContent::Rerank) => "rerank",
        Content::Other(OtherContent::Image) => "image",
        Content::Other(OtherContent::Video) => "video",
        Content::NotLogged => "not_logged",
        Content::Elsewhere { .. } => "elsewhere",
        Content::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests;
