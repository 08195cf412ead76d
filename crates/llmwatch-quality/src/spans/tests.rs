use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message;
use serde_json::{Value as Json, json};

use super::*;
use crate::call_record::{Parts, Texts};
use crate::evidence::Evidence;
use crate::exchange::{
    Content, Exchange, GuardrailAction, OtherContent, StopReason, TokenCounts, ToolCall,
};
use crate::metric::QualityMetric;
use crate::metrics::facts;
use crate::redaction::TextMode;
use crate::test_exchange::{answered, exchange};
use crate::text::Text;

const FACTS: &[&dyn QualityMetric] =
    &[&facts::Error, &facts::Truncation, &facts::OutputTokensPerSecond];

fn record(exchange: &Exchange, mode: TextMode) -> CallRecord {
    let texts = Texts::of(exchange, mode);
    let card = crate::score_card::score(&Evidence::of(exchange), FACTS);
    CallRecord::of(Parts { exchange, card: &card, texts: &texts, judged_by: None })
}

fn of(exchange: &Exchange, mode: TextMode) -> Span {
    span(&record(exchange, mode), "a place")
}

fn whole() -> Exchange {
    let mut exchange = Exchange {
        operation: "ConverseStream".into(),
        inference_region: Some("us-east-1".into()),
        latency_ms: Some(2000),
        time_to_first_token_ms: Some(500),
        tokens: TokenCounts {
            input: Some(20),
            output: Some(30),
            cache_read: Some(100),
            cache_write: Some(3),
        },
        guardrail: Some(GuardrailAction::None),
        ..answered("Write to support@example.com.")
    };
    exchange.request_metadata.insert("user".into(), "jane@example.com".into());
    if let Content::Conversation(conversation) = &mut exchange.content {
        conversation.stop_reason = Some(StopReason::ToolUse);
        let arguments = Text::new("{\"to\":\"jane@example.com\"}");
        conversation.tool_calls.push(ToolCall { name: "mail".into(), arguments });
    }
    exchange
}

fn traced(key: &str, value: &str) -> Span {
    let mut exchange = whole();
    exchange.request_metadata.insert(key.into(), value.into());
    of(&exchange, TextMode::Redacted)
}

fn plain(value: &AnyValue) -> Json {
    match value.value.as_ref().unwrap() {
        Value::StringValue(text) => json!(text),
        Value::BoolValue(is) => json!(is),
        Value::IntValue(number) => json!(number),
        Value::DoubleValue(number) => json!(number),
        Value::ArrayValue(array) => array.values.iter().map(plain).collect(),
        other => panic!("{other:?}"),
    }
}

fn all(attributes: &[KeyValue]) -> BTreeMap<&str, Json> {
    let all: BTreeMap<_, _> = attributes
        .iter()
        .map(|one| (one.key.as_str(), plain(one.value.as_ref().unwrap())))
        .collect();
    assert_eq!(all.len(), attributes.len(), "a key stands twice");
    all
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shown(span: &Span) -> Json {
    let events: Vec<_> = span
        .events
        .iter()
        .map(|event| json!([event.time_unix_nano, event.name, all(&event.attributes)]))
        .collect();
    json!({
        "trace": hex(&span.trace_id),
        "span": hex(&span.span_id),
        "parent": hex(&span.parent_span_id),
        "name": span.name,
        "kind": span.kind().as_str_name(),
        "start": span.start_time_unix_nano,
        "end": span.end_time_unix_nano,
        "status": span.status.as_ref().map(|status| (status.code().as_str_name(), &status.message)),
        "attributes": all(&span.attributes),
        "events": events,
    })
}

#[test]
fn a_span_tells_all_of_a_call() {
    insta::assert_json_snapshot!(shown(&of(&whole(), TextMode::Redacted)));
}

#[test]
fn a_failed_call_is_an_error_of_no_length() {
    let failed = Exchange { error_code: Some("ThrottlingException".into()), ..exchange() };
    insta::assert_json_snapshot!(shown(&of(&failed, TextMode::Redacted)));
}

#[test]
fn the_callers_trace_is_gone_on_with() {
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let by_w3c = traced("traceparent", &format!("00-{trace}-{parent}-01"));
    assert_eq!((hex(&by_w3c.trace_id), hex(&by_w3c.parent_span_id)), (trace.into(), parent.into()));
    let x_ray = traced(
        "X-Amzn-Trace-Id",
        &format!("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736,Parent={parent}"),
    );
    assert_eq!(
        (&x_ray.trace_id, &x_ray.parent_span_id),
        (&by_w3c.trace_id, &by_w3c.parent_span_id)
    );
    assert_eq!(x_ray.span_id, by_w3c.span_id, "the call is the same");
    let bare = traced("trace_id", trace);
    assert_eq!((hex(&bare.trace_id), bare.parent_span_id), (trace.into(), vec![]));
}

#[test]
fn ids_are_of_the_request_id_and_else_of_the_place() {
    let id = |request_id: &str, place: &str| {
        let exchange = Exchange { request_id: request_id.into(), ..whole() };
        let span = span(&record(&exchange, TextMode::None), place);
        assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
        (hex(&span.trace_id), hex(&span.span_id))
    };
    assert_eq!(id("a", "one"), id("a", "two"), "another delivery");
    assert_ne!(id("a", "one"), id("b", "one"));
    assert_eq!(id("", "one"), id("", "one"));
    assert_ne!(id("", "one"), id("", "two"));
    // printf 'trace\0a' | sha256sum; printf 'span\0a' | sha256sum
    let (trace, span) = id("a", "one");
    assert_eq!(trace, "3ecd425563d21962420032c4e3402960");
    assert_eq!(span, "615cb2f4519f8b47");
}

#[test]
fn text_goes_along_as_the_mode_lets_it_be_kept() {
    let encoded = |mode| String::from_utf8_lossy(&of(&whole(), mode).encode_to_vec()).into_owned();
    for word in ["jane", "support@", "Write", "What is up?", "input.messages", "EMAIL"] {
        assert!(!encoded(TextMode::None).contains(word), "{word}");
    }
    let redacted = encoded(TextMode::Redacted);
    assert!(redacted.contains("Write to [EMAIL].") && redacted.contains("What is up?"));
    assert!(!redacted.contains("jane@") && !redacted.contains("support@"), "{redacted}");
    assert!(encoded(TextMode::Full).contains("Write to support@example.com."));
}

#[test]
fn a_long_text_is_cut_between_letters() {
    let span = of(&answered(&"語".repeat(50_000)), TextMode::Full);
    let output = all(&span.attributes)["gen_ai.output.messages"].clone();
    let output: Json = serde_json::from_str(output.as_str().unwrap()).unwrap();
    let content = output[0]["parts"][0]["content"].as_str().unwrap();
    assert_eq!(content.len(), attributes::MAX_TEXT_BYTES / 3 * 3);
    assert!(content.chars().all(|letter| letter == '語'));
}

#[test]
fn what_was_asked_of_the_model_has_the_conventions_word() {
    let check = |content: Content, word: &str| {
        let span = of(&Exchange { content, ..exchange() }, TextMode::Redacted);
        assert_eq!(all(&span.attributes)["gen_ai.operation.name"], word);
        assert_eq!(span.name, format!("{word} us.amazon.nova-lite-v1:0"));
    };
    check(Content::NotLogged, "chat");
    check(Content::Other(OtherContent::Embedding), "embeddings");
    check(Content::Other(OtherContent::Image), "generate_content");
    check(Content::Other(OtherContent::Video), "generate_content");
    check(Content::Other(OtherContent::Rerank), "rerank");
}

#[test]
fn an_endpoint_of_sagemaker_is_none_of_bedrocks() {
    let exchange = Exchange { inference_component: Some("chat".into()), ..exchange() };
    let span = of(&exchange, TextMode::Redacted);
    assert_eq!(all(&span.attributes)["gen_ai.provider.name"], "aws.sagemaker");
}

fn read(request: &Request) -> Vec<Span> {
    let message = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
    let [resource] = message.resource_spans.try_into().unwrap();
    assert_eq!(resource.schema_url, SCHEMA_URL);
    let service = resource.resource.unwrap();
    assert_eq!(all(&service.attributes)["service.name"], "watch");
    let [scope] = resource.scope_spans.try_into().unwrap();
    assert_eq!(scope.schema_url, SCHEMA_URL);
    assert_eq!(scope.spans.len() as u64, request.spans);
    scope.spans
}

#[test]
fn requests_are_limited_in_number_and_size_and_nothing_is_lost() {
    let check = |span: &Span, many: usize, expected: &[u64]| {
        let mut batches = Batches::of("watch", "1.2.3");
        let mut requests: Vec<Request> =
            (0..many).filter_map(|_| batches.push(span.clone())).collect();
        requests.extend(batches.take());
        assert_eq!(batches.take(), None);
        let sizes: Vec<u64> = requests.iter().map(|request| request.spans).collect();
        assert_eq!(sizes, expected);
        for request in &requests {
            let most = MAX_REQUEST_BYTES + 2 * attributes::MAX_TEXT_BYTES + 16 * 1024;
            assert!(request.body.len() < most, "{}", request.body.len());
            assert!(read(request).iter().all(|read| read == span));
        }
    };
    let small = of(&exchange(), TextMode::None);
    check(&small, 0, &[]);
    check(&small, 1, &[1]);
    check(&small, 1025, &[512, 512, 1]);
    let large = of(&answered(&"x".repeat(attributes::MAX_TEXT_BYTES)), TextMode::Full);
    check(&large, 40, &[32, 8]);
}

#[test]
fn what_a_backend_refused_is_counted() {
    let answer = |rejected_spans: i64, error_message: &str| {
        let error_message = error_message.to_owned();
        let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
        rejected(&ExportTraceServiceResponse { partial_success }.encode_to_vec())
    };
    assert_eq!(answer(3, "too old"), 3);
    assert_eq!(answer(0, "a warning"), 0);
    assert_eq!(answer(-1, ""), 0);
    for answer in [b"".as_slice(), b"{}", b"{\"partialSuccess\":{}}", b"ok"] {
        assert_eq!(rejected(answer), 0);
    }
}
