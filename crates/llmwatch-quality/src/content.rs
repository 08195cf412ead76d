//! What a record's two bodies make of a call's content.

use crate::body::{self, Answer, Question, Shape};
use crate::exchange::{Content, Conversation, Exchange, GuardrailAction, TokenCounts};

/// What a record has of a request's or an answer's body.
#[derive(Debug)]
pub(crate) enum Side<T> {
    /// Nothing.
    Absent,
    /// The address of an object that has it.
    Elsewhere(String),
    /// The body, read.
    Here(Shape, T),
}

/// Puts the two sides of a call into the exchange: content, and the facts that only bodies tell.
pub(crate) fn put(exchange: &mut Exchange, input: Side<Question>, output: Side<Answer>) {
    let output = without_error_page(exchange, output);
    let shapes = (shape(&input), shape(&output));
    let (mut asked_at, mut answered_at) = (None, None);
    let mut known = Conversation::default();
    match input {
        Side::Here(_, question) => put_question(exchange, &mut known, question),
        Side::Elsewhere(path) => asked_at = Some(path),
        Side::Absent => {}
    }
    match output {
        Side::Here(_, answer) => put_answer(exchange, &mut known, answer),
        Side::Elsewhere(path) => answered_at = Some(path),
        Side::Absent => {}
    }
    exchange.content = match shapes {
        (_, Some(Shape::Other(other))) => Content::Other(other),
        (Some(Shape::Other(other)), None | Some(Shape::Unknown)) => Content::Other(other),
        (_, Some(Shape::Unknown)) => Content::Unknown,
        _ if asked_at.is_some() || answered_at.is_some() => {
            Content::Elsewhere { input: asked_at, output: answered_at, known: Box::new(known) }
        }
        (_, Some(Shape::Text)) => Content::Conversation(Box::new(known)),
        (Some(Shape::Unknown), None) => Content::Unknown,
        // A failed call has no answer; any other without one was not logged whole, and must not be
        // taken for one that was answered with nothing.
        (Some(Shape::Text), None) if exchange.error_code.is_some() => {
            Content::Conversation(Box::new(known))
        }
        (Some(Shape::Text) | None, None) => Content::NotLogged,
    };
}

/// Adds bodies that were fetched to an exchange that says [`Content::Elsewhere`].
///
/// What is still missing stays [`Content::Elsewhere`]; a body that is not understood makes the
/// content [`Content::Unknown`].
pub(crate) fn complete(exchange: &mut Exchange, input: Side<Question>, output: Side<Answer>) {
    let Content::Elsewhere { input: asked_at, output: answered_at, known } = &mut exchange.content
    else {
        return;
    };
    let (mut asked_at, mut answered_at) = (asked_at.take(), answered_at.take());
    let mut known = std::mem::take(&mut **known);
    let shapes = (shape(&input), shape(&output));
    if let Side::Here(_, question) = input {
        asked_at = None;
        put_question(exchange, &mut known, question);
    }
    if let Side::Here(_, answer) = output {
        answered_at = None;
        put_answer(exchange, &mut known, answer);
    }
    exchange.content = match shapes {
        (_, Some(Shape::Other(other))) | (Some(Shape::Other(other)), _) => Content::Other(other),
        (_, Some(Shape::Unknown)) => Content::Unknown,
        _ if asked_at.is_some() || answered_at.is_some() => {
            Content::Elsewhere { input: asked_at, output: answered_at, known: Box::new(known) }
        }
        _ => Content::Conversation(Box::new(known)),
    };
}

fn shape<T>(side: &Side<T>) -> Option<Shape> {
    match side {
        Side::Here(shape, _) => Some(*shape),
        Side::Absent | Side::Elsewhere(_) => None,
    }
}

/// A failed call's body in no known shape is the error's text, and no answer.
fn without_error_page(exchange: &Exchange, output: Side<Answer>) -> Side<Answer> {
    match output {
        Side::Here(Shape::Unknown, _) if exchange.error_code.is_some() => Side::Absent,
        output => output,
    }
}

fn put_question(exchange: &mut Exchange, known: &mut Conversation, question: Question) {
    if question.is_guarded && exchange.guardrail.is_none() {
        exchange.guardrail = Some(GuardrailAction::None);
    }
    known.system = question.system;
    known.turns = question.turns;
}

fn put_answer(exchange: &mut Exchange, known: &mut Conversation, answer: Answer) {
    let is_guarded = exchange.guardrail.is_some();
    exchange.guardrail = body::settled_guardrail(&answer, is_guarded);
    exchange.tokens = tokens(exchange.tokens, &answer);
    exchange.latency_ms = answer.latency_ms.or(exchange.latency_ms);
    exchange.time_to_first_token_ms =
        answer.time_to_first_token_ms.or(exchange.time_to_first_token_ms);
    known.stop_reason.clone_from(&answer.stop_reason);
    let said = answer.into_said();
    known.completion = said.completion;
    known.has_reasoning = said.has_reasoning;
    known.tool_calls = said.tool_calls;
}

/// Bedrock's counts, of the record or else of the stream's end, before the provider's.
fn tokens(record: TokenCounts, answer: &Answer) -> TokenCounts {
    body::reconcile(body::reconcile(record, answer.metrics), answer.usage)
}
