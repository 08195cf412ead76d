use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::json;

use super::{Origin, read};
use crate::exchange::Content;
use crate::skipped::Skipped;
use crate::test_rendering::render;

const ORIGIN: Origin<'_> = Origin { endpoint: "chat", inference_component: "llama" };

/// A record in the form of the documentation's sample.
fn record(input: &str, output: &str, content_type: &str, encoding: &str) -> String {
    let side = |mode: &str, data: &str| json!({"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding});
    json!({
        "captureData": {"endpointInput": side("INPUT", input), "endpointOutput": side("OUTPUT", output)},
        "eventMetadata": {
            "eventId": "7f3a9c52-0000-4000-8000-000000000001",
            "inferenceId": "order-17",
            "customAttributes": ["trace=abc", "beta"],
            "inferenceTime": "2022-02-14T17:25:49Z"
        },
        "eventVersion": "0"
    })
    .to_string()
}

/// What is said in a record of those payloads.
#[track_caller]
fn check(input: &str, output: &str, expected: &str) {
    let packed = [input, output].map(|payload| STANDARD.encode(payload));
    let as_json = record(input, output, "application/json", "JSON");
    let as_base64 = record(&packed[0], &packed[1], "application/json", "BASE64");
    for record in [as_json, as_base64] {
        let rendered = render(&read(&record, ORIGIN));
        let said = rendered.split_once("metadata: trace = abc\n").unwrap().1;
        assert_eq!(said, expected, "{record}");
    }
}

#[test]
fn the_envelope() {
    let record =
        record(r#"{"inputs":"Hi"}"#, r#"{"generated_text":"Ho"}"#, "application/json", "JSON");
    assert_snapshot!(render(&read(&record, ORIGIN)), @r#"
    request: 7f3a9c52-0000-4000-8000-000000000001
    at: 2022-02-14T17:25:49Z
    operation: InvokeEndpoint
    model: chat
    inference component: llama
    metadata: beta = 
    metadata: inferenceId = order-17
    metadata: trace = abc
    User: "Hi"
    completion: "Ho"
    "#);
}

#[test]
fn djl_and_text_generation_inference() {
    let asked = r#"{"inputs":"[INST] 色は? [/INST]","parameters":{"max_new_tokens":5}}"#;
    let expected = "output tokens: 2\nUser: \"色は?\"\ncompletion: \"青。\"\nstopped: MaxTokens\n";
    let details = r#""details":{"finish_reason":"length","generated_tokens":2}"#;
    check(asked, &format!(r#"{{"generated_text":"青。",{details}}}"#), expected);
    check(asked, &format!(r#"[{{"generated_text":"青。",{details}}}]"#), expected);
    let tokens = r#"{"token":{"id":1,"text":"青"},"generated_text":null}"#;
    let last = format!(r#"{{"token":{{"id":2,"text":"。"}},"generated_text":"青。",{details}}}"#);
    check(asked, &format!("{tokens}\n{last}\n"), expected);
    check(asked, &format!("data:{tokens}\n\ndata:{last}\n\n"), expected);
}

#[test]
fn openai_s_chat() {
    let asked =
        r#"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]}"#;
    let expected = "input tokens: 9\noutput tokens: 3\nsystem: \"Be brief.\"\nUser: \"Hi\"\ncompletion: \"Ho\"\nreasoning: left out\nstopped: EndTurn\n";
    let usage = r#""usage":{"prompt_tokens":9,"completion_tokens":3}"#;
    let whole = format!(
        r#"{{"choices":[{{"message":{{"content":"<think>x</think>Ho"}},"finish_reason":"stop"}}],{usage}}}"#
    );
    check(asked, &whole, expected);
    let first = r#"{"choices":[{"delta":{"content":"<think>x</thi"}}]}"#;
    let last = format!(
        r#"{{"choices":[{{"delta":{{"content":"nk>Ho"}},"finish_reason":"stop"}}],{usage}}}"#
    );
    check(asked, &format!("data: {first}\n\ndata: {last}\n\ndata: [DONE]\n\n"), expected);
}

#[test]
fn plain_text_is_text_and_rows_are_not() {
    let plain = record("Hi", "Ho", "text/plain; charset=utf-8", "CSV");
    assert!(render(&read(&plain, ORIGIN)).ends_with("User: \"Hi\"\ncompletion: \"Ho\"\n"));
    let rows = record("1,2,3", "0.7", "text/csv", "CSV");
    assert_eq!(read(&rows, ORIGIN).unwrap().content, Content::Unknown);
}

#[test]
fn payloads_that_are_no_text_are_unknown() {
    let images = record(&STANDARD.encode([0xff, 0xd8]), "{}", "image/jpeg", "BASE64");
    assert_eq!(read(&images, ORIGIN).unwrap().content, Content::Unknown);
    let not_base64 = record("***", "***", "application/json", "BASE64");
    assert_eq!(read(&not_base64, ORIGIN).unwrap().content, Content::Unknown);
}

#[test]
fn other_lines_are_skipped() {
    assert_eq!(read("{", ORIGIN), Err(Skipped::NotJson));
    assert_eq!(read("{\"modelId\":\"x\"}", ORIGIN), Err(Skipped::NotARecord));
    assert_eq!(read("{\"captureData\":{}}", ORIGIN), Err(Skipped::NoTimestamp));
}
