//! An exchange for tests to start from.

use std::collections::BTreeMap;

use crate::exchange::{Content, Conversation, Exchange, Role, TokenCounts, Turn};
use crate::text::Text;

/// A call of Nova Lite at 2026-11-22T10:20:30Z without bodies.
pub(crate) fn exchange() -> Exchange {
    Exchange {
        request_id: "11111111-2222-4333-8444-555555555555".into(),
        at: jiff::Timestamp::constant(1_795_342_830, 0),
        account: Some("123456789012".into()),
        region: Some("us-west-2".into()),
        inference_region: None,
        operation: "Converse".into(),
        model: "us.amazon.nova-lite-v1:0".into(),
        inference_component: None,
        caller: Some("arn:aws:sts::123456789012:assumed-role/app/session".into()),
        request_metadata: BTreeMap::new(),
        error_code: None,
        content: Content::NotLogged,
        tokens: TokenCounts::default(),
        latency_ms: None,
        time_to_first_token_ms: None,
        guardrail: None,
    }
}

/// The same with "What is up?" asked and this answered.
pub(crate) fn answered(completion: &str) -> Exchange {
    let turns = vec![Turn { role: Role::User, text: Text::new("What is up?") }];
    let completion = Text::new(completion);
    let conversation = Conversation { turns, completion, ..Conversation::default() };
    Exchange { content: Content::Conversation(Box::new(conversation)), ..exchange() }
}
