use jiff::Timestamp;

use super::*;
use crate::evidence::Evidence;
use crate::exchange::{Role, TokenCounts, ToolCall, Turn};
use crate::metric::QualityMetric;
use crate::metrics::facts;
use crate::test_exchange::{answered, exchange};

/// Metrics that need nothing else, so that a new metric changes no line here.
const FACTS: &[&dyn QualityMetric] = &[
    &facts::Error,
    &facts::Truncation,
    &facts::EmptyAnswer,
    &facts::GuardrailIntervention,
    &facts::OutputTokensPerSecond,
];

fn record(exchange: &Exchange, mode: TextMode) -> CallRecord {
    let texts = Texts::of(exchange, mode);
    let card = crate::score_card::score(&Evidence::of(exchange), FACTS);
    CallRecord::of(Parts { exchange, card: &card, texts: &texts, judged_by: None })
}

fn told() -> Exchange {
    let mut exchange = Exchange {
        latency_ms: Some(2000),
        time_to_first_token_ms: Some(500),
        tokens: TokenCounts { input: Some(20), output: Some(30), ..TokenCounts::default() },
        guardrail: Some(GuardrailAction::None),
        ..answered("Write to support@example.com.")
    };
    exchange.request_metadata.insert("user".into(), "jane@example.com".into());
    exchange.request_metadata.insert(
        "traceparent".into(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into(),
    );
    if let Content::Conversation(conversation) = &mut exchange.content {
        conversation.stop_reason = Some(StopReason::MaxTokens);
        let arguments = Text::new("{\"to\":\"jane@example.com\"}");
        conversation.tool_calls.push(ToolCall { name: "mail".into(), arguments });
        let text = Text::new("My address is jane@example.com, please answer.");
        conversation.turns.push(Turn { role: Role::User, text });
    }
    exchange
}

#[test]
fn a_line_tells_all_of_a_call() {
    insta::assert_json_snapshot!(record(&told(), TextMode::Redacted));
}

#[test]
fn a_line_of_a_failed_call_is_short() {
    let failed = Exchange { error_code: Some("ThrottlingException".into()), ..exchange() };
    insta::assert_json_snapshot!(record(&failed, TextMode::Redacted));
}

#[test]
fn a_line_is_read_back_as_it_was_written() {
    let mut record = record(&told(), TextMode::Full);
    record.card.keep_from_cloudwatch(llmwatch_core::quality::Metric::JudgeSafety);
    let line = record.line().unwrap();
    assert!(line.ends_with('\n') && line.trim_end().lines().count() == 1);
    assert_eq!(CallRecord::parse(&line).unwrap(), record);
}

#[test]
fn a_line_with_members_of_tomorrow_is_read() {
    let line = record(&exchange(), TextMode::None).line().unwrap();
    let line = line.replacen('{', "{\"of_tomorrow\":[1],", 1);
    assert!(CallRecord::parse(&line).is_ok());
}

/// As written before `foundation_model` was.
#[test]
fn a_line_of_an_older_version_is_read() {
    let line = record(&told(), TextMode::Redacted).line().unwrap();
    let older = line.replace("\"foundation_model\":\"amazon.nova-lite-v1:0\",", "");
    assert_ne!(older, line);
    let read = CallRecord::parse(&older).unwrap();
    assert_eq!((read.foundation_model, read.request_id.len()), (None, 36));
}

#[test]
fn the_model_is_told_with_its_version_as_far_as_its_name_tells() {
    let model = |model: &str, component: Option<&str>| {
        let component = component.map(str::to_owned);
        let exchange =
            Exchange { model: model.into(), inference_component: component, ..exchange() };
        record(&exchange, TextMode::None).foundation_model
    };
    let claude = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{claude}");
    for called in [claude, &format!("global.{claude}"), &profile] {
        assert_eq!(model(called, None).as_deref(), Some(claude), "{called}");
    }
    let application = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3d4e5f6";
    for called in [application, "a1b2c3d4e5f6", "unknown", ""] {
        assert_eq!(model(called, None), None, "{called}");
    }
    assert_eq!(model("meta.llama", Some("chat")), None, "an endpoint of that name");
}

#[test]
fn without_text_nothing_of_a_text_is_written() {
    let line = record(&told(), TextMode::None).line().unwrap();
    for word in ["jane", "support", "Write", "address", "What is up"] {
        assert!(!line.contains(word), "{word} in {line}");
    }
    assert!(line.contains("\"completion_findings\":{\"email\":1}"), "{line}");
}

#[test]
fn in_full_everything_is_written_as_it_came() {
    let line = record(&told(), TextMode::Full).line().unwrap();
    assert!(line.contains("Write to support@example.com.") && line.contains("jane@example.com"));
}

#[test]
fn what_leaves_the_process_is_redacted_in_every_mode() {
    for mode in TextMode::ALL {
        let texts = Texts::of(&told(), mode);
        let completion = texts.redacted.completion.unwrap();
        assert_eq!(completion.as_str(), "Write to [EMAIL].", "{mode:?}");
        let prompt = texts.redacted.prompt.unwrap();
        assert_eq!(prompt.as_str(), "My address is [EMAIL], please answer.", "{mode:?}");
    }
}

#[test]
fn the_time_is_written_for_athena() {
    let exchange = Exchange { at: Timestamp::from_second(1).unwrap(), ..exchange() };
    let line = record(&exchange, TextMode::None).line().unwrap();
    assert!(line.contains("\"at\":\"1970-01-01T00:00:01Z\""), "{line}");
}
