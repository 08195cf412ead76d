//! An exchange as text for snapshots. Shows what was said, which no other code may.

use std::fmt::Write as _;

use crate::exchange::{Content, Conversation, Exchange};
use crate::skipped::Skipped;

/// Everything an exchange holds, one fact a line; what is absent is left out.
pub(crate) fn render(read: &Result<Exchange, Skipped>) -> String {
    let exchange = match read {
        Ok(exchange) => exchange,
        Err(skipped) => return format!("skipped: {skipped}\n"),
    };
    let mut text = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(text, "{name}: {value}").unwrap();
        }
    };
    line("request", Some(exchange.request_id.clone()));
    line("at", Some(exchange.at.to_string()));
    line("account", exchange.account.clone());
    line("region", exchange.region.clone());
    line("inference region", exchange.inference_region.clone());
    line("operation", Some(exchange.operation.clone()));
    line("model", Some(exchange.model.clone()));
    line("inference component", exchange.inference_component.clone());
    line("caller", exchange.caller.clone());
    for (key, value) in &exchange.request_metadata {
        line("metadata", Some(format!("{key} = {value}")));
    }
    line("error", exchange.error_code.clone());
    line("input tokens", exchange.tokens.input.map(|count| count.to_string()));
    line("cache read tokens", exchange.tokens.cache_read.map(|count| count.to_string()));
    line("cache write tokens", exchange.tokens.cache_write.map(|count| count.to_string()));
    line("output tokens", exchange.tokens.output.map(|count| count.to_string()));
    line("latency", exchange.latency_ms.map(|ms| format!("{ms} ms")));
    line("time to first token", exchange.time_to_first_token_ms.map(|ms| format!("{ms} ms")));
    line("guardrail", exchange.guardrail.map(|action| format!("{action:?}")));
    text + &content(&exchange.content)
}

fn content(content: &Content) -> String {
    match content {
        Content::Conversation(conversation) => said(conversation),
        Content::Elsewhere { input, output, known } => {
            let at = |side: &str, path: &Option<String>| {
                path.as_ref().map_or_else(String::new, |path| format!("{side} elsewhere: {path}\n"))
            };
            at("input", input) + &at("output", output) + &said(known)
        }
        Content::Other(other) => format!("content: {other:?}\n"),
        Content::NotLogged => "content: not logged\n".into(),
        Content::Unknown => "content: unknown\n".into(),
    }
}

fn said(conversation: &Conversation) -> String {
    let mut text = String::new();
    if let Some(system) = &conversation.system {
        writeln!(text, "system: {:?}", system.as_str()).unwrap();
    }
    for turn in &conversation.turns {
        writeln!(text, "{:?}: {:?}", turn.role, turn.text.as_str()).unwrap();
    }
    writeln!(text, "completion: {:?}", conversation.completion.as_str()).unwrap();
    if conversation.has_reasoning {
        text.push_str("reasoning: left out\n");
    }
    for call in &conversation.tool_calls {
        writeln!(text, "calls: {} {}", call.name, call.arguments.as_str()).unwrap();
    }
    if let Some(reason) = &conversation.stop_reason {
        writeln!(text, "stopped: {reason:?}").unwrap();
    }
    text
}
