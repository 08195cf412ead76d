//! What a span says of its call.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use serde_json::json;

use super::names::{self, Name, Word};
use crate::call_record::{CallRecord, Status};
use crate::segments::cut;
use crate::text::Text;

/// How much of a prompt and of an answer goes along, in bytes. Ours: enough to read what was said,
/// and hundreds of spans fit into one request.
pub(super) const MAX_TEXT_BYTES: usize = 32 * 1024;

/// The most names of tools that go along.
const MAX_TOOLS: usize = 32;

/// Attributes in their order; what has no value is left out.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(super) fn put(&mut self, name: Name, value: Value) {
        self.push(name.as_str().to_owned(), value);
    }

    pub(super) fn put_word(&mut self, word: Word) {
        self.put(word.of, text(word.word));
    }

    fn put_some(&mut self, name: Name, value: Option<Value>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn push(&mut self, key: String, value: Value) {
        let value = Some(AnyValue { value: Some(value) });
        self.0.push(KeyValue { key, value, ..KeyValue::default() });
    }

    pub(super) fn list(self) -> Vec<KeyValue> {
        self.0
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

pub(super) fn double(number: f64) -> Value {
    Value::DoubleValue(number)
}

fn count(number: u64) -> Value {
    Value::IntValue(i64::try_from(number).unwrap_or(i64::MAX))
}

fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> Value {
    let values = texts.map(|one| AnyValue { value: Some(text(one)) }).collect();
    Value::ArrayValue(ArrayValue { values })
}

/// The convention's word for what was asked of the model; ours for reranking, which it has none for.
pub(super) fn operation(record: &CallRecord) -> Word {
    match record.content.as_str() {
        "embedding" => names::EMBEDDINGS,
        "rerank" => names::RERANK,
        "image" | "video" => names::GENERATE_CONTENT,
        _ => names::CHAT,
    }
}

pub(super) fn of_call(record: &CallRecord) -> Vec<KeyValue> {
    let mut all = Attributes::default();
    what_was_asked(record, &mut all);
    what_came(record, &mut all);
    tokens(record, &mut all);
    who_and_where(record, &mut all);
    said(record, &mut all);
    all.list()
}

fn what_was_asked(record: &CallRecord, all: &mut Attributes) {
    let is_sagemaker = record.inference_component.is_some();
    // The conventions have no word for SageMaker and let one be made.
    let provider = if is_sagemaker { names::SAGEMAKER } else { names::BEDROCK };
    all.put_word(operation(record));
    all.put_word(provider);
    all.put(names::REQUEST_MODEL, text(&record.model));
    if record.operation.ends_with("Stream") {
        all.put(names::REQUEST_STREAM, Value::BoolValue(true));
    }
    all.put(names::BEDROCK_OPERATION, text(&record.operation));
    if !record.request_id.is_empty() {
        all.put(names::AWS_REQUEST_ID, text(&record.request_id));
    }
}

fn what_came(record: &CallRecord, all: &mut Attributes) {
    all.put_some(names::RESPONSE_MODEL, record.foundation_model.as_deref().map(text));
    let reason = record.stop_reason.as_deref().map(finish_reason);
    all.put_some(names::FINISH_REASONS, reason.map(|one| texts([one].into_iter())));
    let first = record.time_to_first_token_ms;
    let seconds = first.map(|milliseconds| double(milliseconds as f64 / 1000.0));
    all.put_some(names::TIME_TO_FIRST_CHUNK, seconds);
    if record.status == Status::Error {
        let code = record.error_code.as_deref().unwrap_or(names::OTHER_ERROR.word);
        all.put(names::ERROR_TYPE, text(code));
    }
    all.put_some(names::GUARDRAIL, record.guardrail.as_deref().map(text));
    if !record.tools_called.is_empty() {
        let tools = record.tools_called.iter().take(MAX_TOOLS).map(String::as_str);
        all.put(names::TOOLS_CALLED, texts(tools));
    }
}

/// The convention's `input_tokens` holds those of caches too, a call record's does not.
fn tokens(record: &CallRecord, all: &mut Attributes) {
    let (read, write) = (record.cache_read_tokens, record.cache_write_tokens);
    let input = record
        .input_tokens
        .map(|tokens| tokens.saturating_add(read.unwrap_or(0)).saturating_add(write.unwrap_or(0)));
    all.put_some(names::INPUT_TOKENS, input.map(count));
    all.put_some(names::OUTPUT_TOKENS, record.output_tokens.map(count));
    all.put_some(names::CACHE_READ_TOKENS, read.map(count));
    all.put_some(names::CACHE_WRITE_TOKENS, write.map(count));
}

fn who_and_where(record: &CallRecord, all: &mut Attributes) {
    all.put_some(names::CLOUD_ACCOUNT, record.account.as_deref().map(text));
    all.put_some(names::CLOUD_REGION, record.region.as_deref().map(text));
    all.put_some(names::INFERENCE_REGION, record.inference_region.as_deref().map(text));
    all.put_some(names::INFERENCE_COMPONENT, record.inference_component.as_deref().map(text));
    all.put_some(names::CALLER, record.caller.as_deref().map(text));
    all.put_some(names::JUDGE_MODEL, record.judge_model_id.as_deref().map(text));
    all.put_some(names::JUDGE_RUBRIC, record.rubric.as_deref().map(text));
    all.put(names::TEXT_MODE, text(record.text_mode.word()));
}

/// Prompt, answer and request metadata, as far as the call record holds them.
fn said(record: &CallRecord, all: &mut Attributes) {
    if let Some(prompt) = &record.prompt {
        let message = json!([{ "role": "user", "parts": [part(prompt)] }]);
        all.put(names::INPUT_MESSAGES, text(&message.to_string()));
    }
    if let Some(completion) = &record.completion {
        let reason = record.stop_reason.as_deref().map_or("stop", finish_reason);
        let message = json!([{
            "role": "assistant",
            "parts": [part(completion)],
            "finish_reason": reason,
        }]);
        all.put(names::OUTPUT_MESSAGES, text(&message.to_string()));
    }
    for (key, value) in &record.request_metadata {
        all.push(names::REQUEST_METADATA.member(key), text(value.as_str()));
    }
}

fn part(said: &Text) -> serde_json::Value {
    json!({ "type": "text", "content": cut(said.as_str(), MAX_TEXT_BYTES) })
}

/// The convention's words; another provider's word stays what it is.
fn finish_reason(stop: &str) -> &str {
    match stop {
        "end_turn" | "stop_sequence" => "stop",
        "max_tokens" => "length",
        "tool_use" => "tool_call",
        "guardrail_intervened" | "content_filtered" => "content_filter",
        other => other,
    }
}
