//! Bodies of requests and answers, told apart by their shape.
//!
//! A model id or an operation never decides: AWS's own documentation prints a Llama id over a Claude
//! body, and a provider's next model may well speak another's format. Each format is one file with
//! the source of what it reads; a new one is a file and a line in [`QUESTIONS`] or [`ANSWERS`].
//! Readers are lenient: what is missing, null, or more than expected never fails a record.

mod ai21;
mod answer;
mod anthropic;
mod blocks;
mod chat;
mod cohere;
mod converse;
mod deepseek;
mod generated_text;
mod guardrail;
mod llama;
mod mistral;
mod nova;
mod openai;
mod other;
mod pegasus;
mod prompt;
mod reasoning;
mod responses;
mod stop;
mod text;
mod titan;
mod usage;

pub(crate) use answer::Answer;
pub(crate) use guardrail::settled as settled_guardrail;
pub(crate) use text::{plain_answer, plain_question, with_body};
pub(crate) use usage::{counts, overlay, reconcile};

use crate::exchange::{OtherContent, Turn};
use crate::json::{self, Json};
use crate::text::Text;

/// What a body turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A question or an answer in text.
    Text,
    /// Something recognised that is not text for text.
    Other(OtherContent),
    /// None of the shapes we know.
    Unknown,
}

/// What a request's body asks.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Question {
    /// The system prompt.
    pub(crate) system: Option<Text>,
    /// The turns, oldest first.
    pub(crate) turns: Vec<Turn>,
    /// Whether a guardrail is asked for.
    pub(crate) is_guarded: bool,
}

/// Reads a request's body if it has the format's shape.
type ReadQuestion = fn(&Json<'_>) -> Option<Question>;

/// Adds a body, or one chunk of a stream, to the answer; false if it has not the format's shape.
type ReadAnswer = fn(&Json<'_>, &mut Answer) -> bool;

/// Shapes of requests; the first that reads a body has it.
const QUESTIONS: [ReadQuestion; 8] = [
    chat::question,
    cohere::question,
    titan::question,
    prompt::question,
    generated_text::question,
    responses::question,
    pegasus::question,
    converse::question,
];

/// Shapes of answers and of chunks; the first that reads a body has it.
const ANSWERS: [ReadAnswer; 13] = [
    converse::answer,
    anthropic::answer,
    openai::answer,
    nova::answer,
    titan::answer,
    llama::answer,
    mistral::answer,
    deepseek::answer,
    cohere::answer,
    ai21::answer,
    generated_text::answer,
    responses::answer,
    pegasus::answer,
];

/// Reads a request's body.
pub(crate) fn question(body: &Json<'_>) -> (Shape, Question) {
    if let Some(text) = body.as_str() {
        return embedded(text, question);
    }
    if let Some(other) = other::question(body) {
        return (Shape::Other(other), Question::default());
    }
    let Some(mut question) = QUESTIONS.iter().find_map(|read| read(body)) else {
        return (Shape::Unknown, Question::default());
    };
    question.is_guarded = body.has("guardrailConfig") || body.has("amazon-bedrock-guardrailConfig");
    (Shape::Text, question)
}

/// Reads an answer's body: an object, or the list of a stream's chunks.
///
/// Counts, times and a guardrail's action are read whatever the shape.
pub(crate) fn answer(body: &Json<'_>) -> (Shape, Answer) {
    if let Some(text) = body.as_str() {
        return embedded(text, answer);
    }
    let mut reader = Reader { answer: Answer::default(), last: ANSWERS[0], is_recognised: false };
    match body {
        Json::Array(chunks) => {
            // A stream that broke off before its first chunk is an answer, and empty.
            reader.is_recognised = chunks.is_empty();
            chunks.iter().for_each(|chunk| reader.read(chunk));
        }
        Json::Object(_) => reader.read(body),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
    let shape = match other::answer(body) {
        Some(other) => Shape::Other(other),
        None if reader.is_recognised => Shape::Text,
        None => Shape::Unknown,
    };
    (shape, reader.answer)
}

/// Reads a body that is the text of a string: some exports log bodies so.
fn embedded<T: Default>(text: &str, read: fn(&Json<'_>) -> (Shape, T)) -> (Shape, T) {
    let unknown = || (Shape::Unknown, T::default());
    with_body(text, |body| match body {
        // A string in a string in a string is nothing we know; following it would have no end.
        Json::String(_) => unknown(),
        body => read(body),
    })
    .unwrap_or_else(|_| unknown())
}

/// Reads chunks, trying first the format that read the chunk before.
struct Reader {
    answer: Answer,
    last: ReadAnswer,
    is_recognised: bool,
}

impl Reader {
    fn read(&mut self, chunk: &Json<'_>) {
        match chunk {
            Json::Object(_) => self.read_object(chunk),
            // `"[DONE]"` ends streams of OpenAI's format; other strings may hold a chunk's JSON.
            Json::String(text) => {
                let text = text.trim().trim_start_matches("data:");
                let _other_text = json::read(text, |chunk| self.read_object(chunk));
            }
            Json::Array(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn read_object(&mut self, chunk: &Json<'_>) {
        let chunk = chunk.get("chunk").unwrap_or(chunk);
        self.read_metrics(chunk);
        guardrail::note_native(chunk, &mut self.answer);
        if (self.last)(chunk, &mut self.answer) {
            self.is_recognised = true;
        } else if let Some(read) = ANSWERS.iter().find(|read| read(chunk, &mut self.answer)) {
            self.last = *read;
            self.is_recognised = true;
        }
    }

    /// Reads what Bedrock itself adds to the last chunk of a stream.
    ///
    /// Source: captured records; AWS does not document the member.
    fn read_metrics(&mut self, chunk: &Json<'_>) {
        let Some(metrics) = chunk.get("amazon-bedrock-invocationMetrics") else { return };
        self.answer.metrics = counts(metrics);
        self.answer.latency_ms = metrics.count("invocationLatency").or(self.answer.latency_ms);
        self.answer.time_to_first_token_ms = metrics.count("firstByteLatency");
    }
}
