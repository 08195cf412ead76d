//! Converse: from a request to a question for the judge, and from its rule to an answer.

use serde_json::{Map, Value, json};

use super::judge::{Behaviour, Judge, Question, Rule, score};
use super::schema::Filling;
use crate::error::AwsError;
use crate::value::{items, text};
use crate::world::stable_uuid;

/// Models that refuse to be told a temperature: Claude Opus from 4.7 on.
///
/// Source: <https://github.com/cline/cline/issues/10572>,
/// <https://github.com/promptfoo/promptfoo/issues/10307> (read 2026-11-22).
const OWN_TEMPERATURE: [&str; 3] =
    ["anthropic.claude-opus-4-7", "anthropic.claude-opus-4-8", "anthropic.claude-opus-5"];

/// Parts of the ids of models that hold no conversation.
const NO_CHAT: [&str; 5] = ["embed", "rerank", "stability.", "sonic", "marengo"];

/// About how many characters make a token; only a figure to work with.
const CHARS_PER_TOKEN: usize = 4;
const LATENCY_MS: u64 = 500;

/// A request that is in order.
struct Asked<'a> {
    /// System and last user message.
    text: String,
    /// The last user message.
    message: String,
    schema: Option<Value>,
    tool: Option<(&'a str, &'a Value)>,
}

/// What is said, and why it ends there.
struct Said {
    stop: &'static str,
    content: Vec<Value>,
}

pub(super) fn converse(judge: &mut Judge, model: &str, input: &Value) -> Result<Value, AwsError> {
    let asked = read(model, input)?;
    let question = Question {
        model: text(input, "modelId").unwrap_or_default(),
        text: &asked.text,
        has_schema: asked.schema.is_some(),
        has_tools: asked.tool.is_some(),
    };
    let said = match judge.take(question) {
        Some(rule) => follow(&rule, &asked)?,
        None => in_form(&asked, &filled(&asked, None)),
    };
    Ok(answer(&asked, said))
}

fn read<'a>(model: &str, input: &'a Value) -> Result<Asked<'a>, AwsError> {
    if NO_CHAT.iter().any(|part| model.contains(part)) {
        return Err(invalid(
            "This action doesn't support the model that you provided. Try again with a supported text or chat model.",
        ));
    }
    let messages = items(input, "messages");
    if messages.first().and_then(|first| text(first, "role")) != Some("user") {
        return Err(invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        ));
    }
    for (index, message) in messages.iter().enumerate() {
        for (block, content) in items(message, "content").iter().enumerate() {
            if text(content, "text").is_some_and(|text| text.trim().is_empty()) {
                return Err(invalid(&format!(
                    "The text field in the ContentBlock object at messages.{index}.content.{block} is blank. Add text to the text field, and try again."
                )));
            }
        }
    }
    let temperature = input.pointer("/inferenceConfig/temperature");
    if temperature.is_some() && OWN_TEMPERATURE.iter().any(|own| model.starts_with(own)) {
        return Err(returned("`temperature` is deprecated for this model."));
    }
    let texts = |blocks: &[Value]| {
        blocks.iter().filter_map(|block| text(block, "text")).collect::<Vec<_>>().join("\n")
    };
    let last = messages.iter().rev().find(|message| text(message, "role") == Some("user"));
    let message = last.map(|last| texts(items(last, "content"))).unwrap_or_default();
    Ok(Asked {
        text: format!("{}\n{message}", texts(items(input, "system"))),
        message,
        schema: schema(input)?,
        tool: tool(input)?,
    })
}

fn schema(input: &Value) -> Result<Option<Value>, AwsError> {
    let path = "/outputConfig/textFormat/structure/jsonSchema/schema";
    let Some(schema) = input.pointer(path).and_then(Value::as_str) else { return Ok(None) };
    let parsed: Value = serde_json::from_str(schema)
        .map_err(|_| invalid("The JSON schema in outputConfig is not valid JSON."))?;
    let is_closed = parsed.get("additionalProperties") == Some(&Value::Bool(false));
    if text(&parsed, "type") == Some("object") && !is_closed {
        // Bedrock and the providers behind it want every object closed.
        return Err(returned(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ));
    }
    Ok(Some(parsed))
}

/// The tool the model must call, with its schema; none where it may choose.
fn tool(input: &Value) -> Result<Option<(&str, &Value)>, AwsError> {
    let Some(config) = input.get("toolConfig") else { return Ok(None) };
    let Some(name) = config.pointer("/toolChoice/tool/name").and_then(Value::as_str) else {
        return Ok(None);
    };
    let specs = items(config, "tools").iter().filter_map(|tool| tool.get("toolSpec"));
    let spec = specs.into_iter().find(|spec| text(spec, "name") == Some(name));
    let spec = spec.and_then(|spec| spec.pointer("/inputSchema/json"));
    let spec = spec.ok_or_else(|| {
        invalid(&format!("The toolChoice names the tool {name}, which is not among the tools."))
    })?;
    Ok(Some((name, spec)))
}

fn follow(rule: &Rule, asked: &Asked<'_>) -> Result<Said, AwsError> {
    let right = || filled(asked, Some(rule));
    let as_text = |text: String| Said { stop: "end_turn", content: vec![json!({"text": text})] };
    Ok(match rule.does() {
        Behaviour::Scores => in_form(asked, &right()),
        Behaviour::Text => as_text(rule.text().to_owned()),
        Behaviour::BadJson => as_text(half(&right())),
        Behaviour::Prose => {
            as_text(format!("Here is my verdict:\n```json\n{}\n```\nI hope this helps.", right()))
        }
        Behaviour::Empty => Said { stop: "end_turn", content: Vec::new() },
        Behaviour::CutOff => Said { stop: "max_tokens", ..as_text(half(&right())) },
        Behaviour::Refuse => Said { stop: "content_filtered", content: Vec::new() },
        Behaviour::Guardrail => {
            let words = "Sorry, the model cannot answer this question.".to_owned();
            Said { stop: "guardrail_intervened", ..as_text(words) }
        }
        Behaviour::Throttle => {
            let message = "Too many requests, please wait before trying again.";
            return Err(AwsError::new("ThrottlingException", message));
        }
        Behaviour::RefuseSchema => {
            return Err(returned("output_config.format: Extra inputs are not permitted"));
        }
        Behaviour::RefuseTools => {
            return Err(invalid("This model doesn't support tool use."));
        }
    })
}

/// The answer as a text or a tool call, as it was asked for.
fn in_form(asked: &Asked<'_>, value: &Value) -> Said {
    let Some((name, _)) = asked.tool else {
        return Said { stop: "end_turn", content: vec![json!({"text": said(value)})] };
    };
    let id = format!("tooluse_{}", stable_uuid(&asked.text));
    let call = json!({"toolUse": {"toolUseId": id, "name": name, "input": value}});
    Said { stop: "tool_use", content: vec![call] }
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the model would say in full. Asked by words alone, it goes by the first schema in them, or
/// the first example.
fn filled(asked: &Asked<'_>, rule: Option<&Rule>) -> Value {
    let no_scores = std::collections::BTreeMap::new();
    let score = |criterion: &str| score(criterion, &asked.message);
    let filling = Filling { given: rule.map_or(&no_scores, Rule::scores), score: &score };
    let schema = asked.schema.as_ref().or(asked.tool.map(|(_, schema)| schema)).cloned();
    match schema.or_else(|| schema_in_words(&asked.text)) {
        Some(schema) => filling.fill(&schema),
        None => Value::from("I can only judge by a schema, and I was given none."),
    }
}

/// The first JSON object of a text that has `properties`, or a schema of one that has whole numbers
/// only: an example of grades.
fn schema_in_words(text: &str) -> Option<Value> {
    text.match_indices('{').find_map(|(start, _)| {
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter();
        let object: Map<String, Value> = values.next()?.ok()?;
        if object.contains_key("properties") {
            return Some(Value::Object(object));
        }
        let is_example = !object.is_empty() && object.values().all(Value::is_u64);
        let integer = |name: String| (name, json!({"type": "integer"}));
        let properties = || object.keys().cloned().map(integer).collect::<Map<_, _>>();
        is_example.then(|| json!({"type": "object", "properties": properties()}))
    })
}

fn half(value: &Value) -> String {
    let whole = value.to_string();
    whole[..whole.floor_char_boundary(whole.len() / 2 + 1)].to_owned()
}

fn answer(asked: &Asked<'_>, said: Said) -> Value {
    let chars = |text: &str| text.chars().count().div_ceil(CHARS_PER_TOKEN);
    let output: usize = said.content.iter().map(|block| chars(&block.to_string())).sum();
    let input = chars(&asked.text);
    json!({
        "output": {"message": {"role": "assistant", "content": said.content}},
        "stopReason": said.stop,
        "usage": {"inputTokens": input, "outputTokens": output, "totalTokens": input + output},
        "metrics": {"latencyMs": LATENCY_MS},
    })
}

/// As Bedrock words a refusal by the provider behind it.
fn returned(problem: &str) -> AwsError {
    invalid(&format!("The model returned the following errors: {problem}"))
}

fn invalid(message: &str) -> AwsError {
    AwsError::new("ValidationException", message)
}
