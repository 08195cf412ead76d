use std::collections::HashMap;

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseInput};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseOutput as Said, Message, ReasoningContentBlock,
    ReasoningTextBlock, ToolUseBlock,
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::Document;
use aws_smithy_types::error::ErrorMetadata;
use serde_json::json;

use super::*;

fn client(rules: &[Rule]) -> Client {
    let rules: Vec<&Rule> = rules.iter().collect();
    mock_client!(aws_sdk_bedrockruntime, RuleMode::MatchAny, &rules[..], |config| config
        .retry_config(RetryConfig::disabled()))
}

async fn ask_judge(rules: &[Rule], first: Manner) -> Result<Reply, CallFailed> {
    let schema = json!({"type": "object", "properties": {"safety": {"type": "number"}}});
    let question = Question {
        model: "m",
        system: "You judge answers.",
        user: "How good is this answer, which says my very secret words?",
        answer_name: "scores",
        schema: &schema,
        max_tokens: 300,
        patience: Duration::from_secs(60),
    };
    ask(&client(rules), &question, first).await
}

/// In which manner a request asks; panics where it does not ask as every question must.
fn manner_of(request: &ConverseInput) -> Manner {
    let ours = HashMap::from([("llmwatch".to_owned(), "judge".to_owned())]);
    assert_eq!(request.request_metadata(), Some(&ours));
    let limits = request.inference_config().unwrap();
    assert_eq!((limits.max_tokens(), limits.top_p()), (Some(300), None));
    let temperature = match limits.temperature() {
        Some(0.0) => Temperature::Zero,
        None => Temperature::ModelsOwn,
        other => panic!("temperature {other:?}"),
    };
    let form = match (request.output_config(), request.tool_config()) {
        (Some(_), None) => Form::Schema,
        (None, Some(tools)) => {
            let choice = tools.tool_choice().unwrap().as_tool().unwrap();
            assert_eq!(choice.name(), "scores");
            assert_eq!(tools.tools()[0].as_tool_spec().unwrap().name(), "scores");
            Form::Tool
        }
        (None, None) => Form::Words,
        both => panic!("{both:?}"),
    };
    Manner { form, temperature }
}

fn refused(
    form: Form,
    temperature: Temperature,
    code: &'static str,
    message: &'static str,
) -> Rule {
    mock!(Client::converse)
        .match_requests(move |request| manner_of(request) == Manner { form, temperature })
        .then_error(move || {
            let metadata = ErrorMetadata::builder().code(code).message(message).build();
            ConverseError::generic(metadata)
        })
}

fn answered(stop: StopReason, content: Vec<ContentBlock>) -> Rule {
    mock!(Client::converse)
        .match_requests(|request| manner_of(request).form != Form::Words)
        .then_output(move || {
            let message = Message::builder()
                .role(ConversationRole::Assistant)
                .set_content(Some(content.clone()))
                .build()
                .unwrap();
            let usage =
                TokenUsage::builder().input_tokens(90).output_tokens(9).total_tokens(99).build();
            ConverseOutput::builder()
                .output(Said::Message(message))
                .stop_reason(stop.clone())
                .usage(usage.unwrap())
                .build()
                .unwrap()
        })
}

fn text(text: &str) -> ContentBlock {
    ContentBlock::Text(text.to_owned())
}

const SCHEMA_REFUSED: &str = "output_config.format: Extra inputs are not permitted";

#[tokio::test]
async fn a_schema_is_asked_for_first_and_what_worked_comes_back() {
    let rules = [answered(StopReason::EndTurn, vec![text(r#"{"safety":1}"#)])];
    let reply = ask_judge(&rules, Manner::BEST).await.unwrap();
    assert_eq!(reply.answer, Answer::Whole(r#"{"safety":1}"#.to_owned()));
    assert_eq!(reply.manner, Manner::BEST);
    assert_eq!(reply.tokens, Tokens { input: 90, output: 9, cache_read: 0, cache_write: 0 });
    assert_eq!(format!("{:?}", reply.answer), "Whole(12 bytes)");
}

#[tokio::test]
async fn a_model_that_refuses_schema_and_temperature_is_made_to_call_a_tool() {
    let input = Document::Object([("safety".to_owned(), Document::from(1_u64))].into());
    let call = ToolUseBlock::builder().tool_use_id("1").name("scores").input(input).build();
    let rules = [
        refused(Form::Schema, Temperature::Zero, "ValidationException", SCHEMA_REFUSED),
        refused(
            Form::Tool,
            Temperature::Zero,
            "ValidationException",
            "`temperature` is deprecated for this model.",
        ),
        answered(StopReason::ToolUse, vec![text("So:"), ContentBlock::ToolUse(call.unwrap())]),
    ];
    let reply = ask_judge(&rules, Manner::BEST).await.unwrap();
    assert_eq!(reply.answer, Answer::Whole(r#"{"safety":1}"#.to_owned()));
    let worked = Manner { form: Form::Tool, temperature: Temperature::ModelsOwn };
    assert_eq!(reply.manner, worked);
    // Remembered, it is asked so at once.
    assert!(ask_judge(&rules[2..], worked).await.is_ok());
}

#[tokio::test]
async fn only_a_refusal_of_the_request_leads_to_another_manner() {
    for (code, message) in [
        ("ThrottlingException", "Too many requests"),
        ("AccessDeniedException", "not authorized"),
        ("ValidationException", "The provided model identifier is invalid."),
    ] {
        let rules = [refused(Form::Schema, Temperature::Zero, code, message)];
        let failed = ask_judge(&rules, Manner::BEST).await.unwrap_err();
        assert_eq!((failed.code(), rules[0].num_calls()), (Some(code), 1));
        assert_eq!(failed.is_throttled(), code == "ThrottlingException");
    }
}

#[tokio::test]
async fn a_model_that_refuses_every_manner_is_an_error_that_repeats_nothing() {
    let own = Temperature::ModelsOwn;
    let rules = [
        refused(Form::Schema, own, "ValidationException", "no"),
        refused(Form::Tool, own, "ValidationException", "no"),
        refused(Form::Words, own, "ValidationException", "'my very secret words' is malformed"),
    ];
    let first = Manner { form: Form::Schema, temperature: own };
    let failed = ask_judge(&rules, first).await.unwrap_err();
    assert_eq!(failed.explain(), "Converse of m failed: ValidationException");
}

#[tokio::test]
async fn every_end_of_an_answer_is_told_apart() {
    let reasoning = ReasoningTextBlock::builder().text("hm").build().unwrap();
    let reasoning = ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning));
    let check = async |stop: &str, content: Vec<ContentBlock>, expected: Answer| {
        let rules = [answered(StopReason::from(stop), content)];
        assert_eq!(ask_judge(&rules, Manner::BEST).await.unwrap().answer, expected, "{stop}");
    };
    check("end_turn", vec![reasoning.clone(), text("a"), text("b")], Answer::Whole("ab".into()))
        .await;
    check("end_turn", vec![reasoning], Answer::Empty).await;
    check("end_turn", vec![text(" ")], Answer::Empty).await;
    check("stop_sequence", vec![text("a")], Answer::Whole("a".into())).await;
    check("max_tokens", vec![text("{\"saf")], Answer::CutOff("{\"saf".into())).await;
    check("guardrail_intervened", vec![text("Blocked.")], Answer::GuardrailStopped).await;
    check("content_filtered", vec![], Answer::Filtered).await;
    check("malformed_tool_use", vec![], Answer::Malformed).await;
    check("malformed_model_output", vec![text("a")], Answer::Malformed).await;
    check("model_context_window_exceeded", vec![], Answer::TooLong).await;
    check("something_new", vec![], Answer::Unknown("something_new".into())).await;
}
