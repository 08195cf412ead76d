//! Requests with a list of messages, in every provider's spelling.
//!
//! Converse, Nova, Anthropic, OpenAI, Mistral, AI21, DeepSeek, Qwen and Cohere's second version differ
//! in where the system prompt stands and in how blocks are written, and in nothing that matters
//! here. Sources: those of [`blocks`] and of the formats' own files.

use crate::body::blocks::{self, Block};
use crate::body::{Question, reasoning};
use crate::exchange::{Role, Turn};
use crate::json::Json;
use crate::text::Text;

/// Reads `messages` and the system prompt beside or among them.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    Some(of_messages(body.list("messages")?, body.any(&["system", "preamble", "instructions"])))
}

/// The question of a list of messages and of a system prompt that stands apart.
pub(super) fn of_messages(messages: &[Json<'_>], system: Option<&Json<'_>>) -> Question {
    let mut speaking = Speaking::default();
    if let Some(system) = system {
        speaking.instruct(&blocks::text_of(system));
    }
    messages.iter().for_each(|message| speaking.read(message));
    speaking.into_question()
}

/// Turns as they are read.
#[derive(Default)]
pub(super) struct Speaking {
    system: String,
    turns: Vec<(Role, String)>,
}

impl Speaking {
    /// Adds to the system prompt.
    pub(super) fn instruct(&mut self, text: &str) {
        blocks::add_line(&mut self.system, text);
    }

    /// Adds a turn.
    pub(super) fn say(&mut self, role: Role, text: &str) {
        let text = match role {
            Role::Assistant => reasoning::without(text).0,
            Role::User | Role::Tool => text,
        };
        self.turns.push((role, text.to_owned()));
    }

    /// Adds what one message says; the parts of one speaker become one turn.
    ///
    /// Converse and Anthropic put tools' results into the user's message: they are turns of the
    /// tool, so that the last thing the user said stays what the user said.
    fn read(&mut self, message: &Json<'_>) {
        let role = message.str("role").map_or(Speaker::Turn(Role::User), speaker);
        let content = message.any(&["content", "message", "text"]);
        let Speaker::Turn(role) = role else {
            return self.instruct(&content.map(blocks::text_of).unwrap_or_default());
        };
        let first = self.turns.len();
        match content {
            Some(Json::Array(parts)) => parts.iter().for_each(|part| self.part(first, role, part)),
            Some(one) => self.part(first, role, one),
            None => {}
        }
        // The items of the Responses API are blocks themselves.
        if message.get("role").is_none() {
            self.part(first, role, message);
        }
        if self.turns.len() == first && message.get("role").is_some() {
            self.say(role, "");
        }
    }

    /// Adds one part of the message whose turns start at `first`.
    fn part(&mut self, first: usize, role: Role, part: &Json<'_>) {
        match blocks::read(part) {
            Block::Text(text) => self.continue_turn(first, role, &text),
            Block::ToolResult(text) => self.continue_turn(first, Role::Tool, &text),
            Block::ToolCall(..) => self.continue_turn(first, Role::Assistant, ""),
            Block::Reasoning | Block::Silent => {}
        }
    }

    fn continue_turn(&mut self, first: usize, role: Role, text: &str) {
        match self.turns[first..].last_mut() {
            Some((last, said)) if *last == role => blocks::add_line(said, text),
            _ => self.say(role, text),
        }
    }

    /// What was said, as a question.
    pub(super) fn into_question(self) -> Question {
        let turn = |(role, text)| Turn { role, text: Text::new(text) };
        Question {
            system: (!self.system.is_empty()).then(|| Text::new(self.system)),
            turns: self.turns.into_iter().map(turn).collect(),
            is_guarded: false,
        }
    }
}

/// Who speaks in a message.
enum Speaker {
    /// The system prompt.
    System,
    /// A party of the conversation.
    Turn(Role),
}

/// The speaker a role's word stands for; an unknown one is taken for the user.
fn speaker(word: &str) -> Speaker {
    match word.to_ascii_lowercase().as_str() {
        "system" | "developer" => Speaker::System,
        "assistant" | "model" | "chatbot" | "bot" | "ai" => Speaker::Turn(Role::Assistant),
        "tool" | "function" => Speaker::Turn(Role::Tool),
        _ => Speaker::Turn(Role::User),
    }
}
