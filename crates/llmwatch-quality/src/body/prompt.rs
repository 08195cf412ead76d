//! Requests whose prompt is one text, taken apart by the template it was made with.
//!
//! Claude's text completions, Llama, Mistral's text models and DeepSeek-R1 take a prompt in which
//! markers say who speaks. Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html>,
//! `…/model-parameters-meta.html`, `…/model-parameters-mistral-text-completion.html`,
//! `…/model-parameters-deepseek.html`, and the chat templates published with the models.

use std::cmp::Reverse;

use memchr::memmem;

use crate::body::Question;
use crate::body::chat::Speaking;
use crate::exchange::Role;
use crate::json::Json;

/// Who speaks after a marker.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    System,
    Turn(Role),
    /// Nobody, until the next marker.
    Nobody,
}

/// A template: its markers, of which one that starts the user's turn must be in the prompt.
type Template = &'static [(&'static str, Then)];

const USER: Then = Then::Turn(Role::User);
const ASSISTANT: Then = Then::Turn(Role::Assistant);
const TOOL: Then = Then::Turn(Role::Tool);

const TEMPLATES: [Template; 9] = [
    // Llama 3
    &[
        ("<|begin_of_text|>", Then::Nobody),
        ("<|start_header_id|>system<|end_header_id|>", Then::System),
        ("<|start_header_id|>user<|end_header_id|>", USER),
        ("<|start_header_id|>assistant<|end_header_id|>", ASSISTANT),
        ("<|start_header_id|>ipython<|end_header_id|>", TOOL),
        ("<|eot_id|>", Then::Nobody),
        ("<|eom_id|>", Then::Nobody),
    ],
    // Llama 4
    &[
        ("<|begin_of_text|>", Then::Nobody),
        ("<|header_start|>system<|header_end|>", Then::System),
        ("<|header_start|>user<|header_end|>", USER),
        ("<|header_start|>assistant<|header_end|>", ASSISTANT),
        ("<|header_start|>ipython<|header_end|>", TOOL),
        ("<|eot|>", Then::Nobody),
        ("<|eom|>", Then::Nobody),
    ],
    // ChatML: Qwen and others
    &[
        ("<|im_start|>system", Then::System),
        ("<|im_start|>user", USER),
        ("<|im_start|>assistant", ASSISTANT),
        ("<|im_start|>tool", TOOL),
        ("<|im_end|>", Then::Nobody),
    ],
    // Llama 2 and Mistral
    &[
        ("<s>", Then::Nobody),
        ("[SYSTEM_PROMPT]", Then::System),
        ("[/SYSTEM_PROMPT]", Then::Nobody),
        ("<<SYS>>", Then::System),
        ("<</SYS>>", USER),
        ("[INST]", USER),
        ("[/INST]", ASSISTANT),
        ("</s>", Then::Nobody),
    ],
    // DeepSeek
    &[
        ("<｜begin▁of▁sentence｜>", Then::System),
        ("<｜User｜>", USER),
        ("<｜Assistant｜>", ASSISTANT),
        ("<｜end▁of▁sentence｜>", Then::Nobody),
    ],
    // gpt-oss
    &[
        ("<|start|>system<|message|>", Then::System),
        ("<|start|>developer<|message|>", Then::System),
        ("<|start|>user<|message|>", USER),
        ("<|start|>assistant<|channel|>final<|message|>", ASSISTANT),
        ("<|start|>assistant", Then::Nobody),
        ("<|end|>", Then::Nobody),
        ("<|return|>", Then::Nobody),
    ],
    // Gemma
    &[
        ("<start_of_turn>user", USER),
        ("<start_of_turn>model", ASSISTANT),
        ("<end_of_turn>", Then::Nobody),
    ],
    // Zephyr, Phi and others
    &[
        ("<|system|>", Then::System),
        ("<|user|>", USER),
        ("<|assistant|>", ASSISTANT),
        ("<|end|>", Then::Nobody),
        ("</s>", Then::Nobody),
    ],
    CLAUDE,
];

/// Claude's text completions; what stands before the first marker is the system prompt.
const CLAUDE: Template = &[("\n\nHuman:", USER), ("\n\nAssistant:", ASSISTANT)];

/// Titan's conversations. Source: `…/model-parameters-titan-text.html`.
const TITAN: Template = &[("\nUser:", USER), ("\nBot:", ASSISTANT)];

/// Reads `prompt`, a text.
pub(super) fn question(body: &Json<'_>) -> Option<Question> {
    body.str("prompt").map(of_text)
}

/// The turns of a prompt; all of it is the user's where no template is recognised.
pub(super) fn of_text(prompt: &str) -> Question {
    let mut speaking = Speaking::default();
    let is_used = |template: &&Template| {
        template.iter().any(|(marker, then)| *then == USER && contains(prompt, marker))
    };
    if let Some((text, template)) = opened(prompt) {
        take_apart(USER, text, template, &mut speaking);
    } else if let Some(template) = TEMPLATES.iter().find(is_used) {
        take_apart(Then::System, prompt, template, &mut speaking);
    } else {
        speaking.say(Role::User, prompt);
    }
    speaking.into_question()
}

/// What follows a first marker without line feeds before it, which APIs put there themselves.
fn opened(prompt: &str) -> Option<(&str, Template)> {
    let claude = prompt.strip_prefix("Human:").map(|text| (text, CLAUDE));
    let titan = prompt.strip_prefix("User:").filter(|text| contains(text, "\nBot:"));
    claude.or(titan.map(|text| (text, TITAN)))
}

fn contains(text: &str, marker: &str) -> bool {
    memmem::find(text.as_bytes(), marker.as_bytes()).is_some()
}

/// Says what stands between the markers; `then` speaks first.
fn take_apart(mut then: Then, prompt: &str, template: Template, speaking: &mut Speaking) {
    // Where each marker is found next. Looked for again only once passed, so that the prompt is
    // read once a marker, however many turns it has.
    let find = |marker: &str, from: usize| {
        memmem::find(&prompt.as_bytes()[from..], marker.as_bytes()).map(|at| from + at)
    };
    let mut found: Vec<_> = template.iter().map(|(marker, _)| find(marker, 0)).collect();
    let mut from = 0;
    loop {
        for (at, (marker, _)) in found.iter_mut().zip(template) {
            if at.is_some_and(|at| at < from) {
                *at = find(marker, from);
            }
        }
        let places = found.iter().zip(template).filter_map(|(at, mark)| Some(((*at)?, mark)));
        // Of two markers at one place the longer one is meant.
        let next = places.min_by_key(|(at, (marker, _))| (*at, Reverse(marker.len())));
        let said = prompt[from..next.map_or(prompt.len(), |(at, _)| at)].trim();
        match then {
            Then::System if !said.is_empty() => speaking.instruct(said),
            // A template may open the answer's reasoning.
            Then::Turn(role) if !said.is_empty() && said != "<think>" => speaking.say(role, said),
            Then::System | Then::Turn(_) | Then::Nobody => {}
        }
        let Some((at, (marker, now))) = next else { return };
        (from, then) = (at + marker.len(), *now);
    }
}

#[cfg(test)]
mod tests {
    use super::of_text;

    #[track_caller]
    fn check(prompt: &str, system: &str, turns: &[&str]) {
        let question = of_text(prompt);
        let said: Vec<_> = question
            .turns
            .iter()
            .map(|turn| format!("{:?}: {}", turn.role, turn.text.as_str()))
            .collect();
        assert_eq!(
            (question.system.as_ref().map_or("", |text| text.as_str()), said),
            (system, turns.iter().map(|turn| (*turn).to_owned()).collect())
        );
    }

    #[test]
    fn a_bare_prompt_is_the_user_s() {
        check("Name a colour. ", "", &["User: Name a colour. "]);
        check("", "", &["User: "]);
    }

    #[test]
    fn claude() {
        check(
            "Be brief.\n\nHuman: Hello\n\nAssistant: Hi\n\nHuman: Bye\n\nAssistant:",
            "Be brief.",
            &["User: Hello", "Assistant: Hi", "User: Bye"],
        );
        check("Human: Hello\n\nAssistant: {", "", &["User: Hello", "Assistant: {"]);
        check("Human: Hello", "", &["User: Hello"]);
    }

    #[test]
    fn titan() {
        check(
            "User: Hello\nBot: Hi\nUser: Bye\nBot:",
            "",
            &["User: Hello", "Assistant: Hi", "User: Bye"],
        );
        check("User: Hello", "", &["User: User: Hello"]);
    }

    #[test]
    fn llama() {
        check(
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n色は?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            "Be brief.",
            &["User: 色は?"],
        );
        check(
            "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST] Hi </s><s>[INST] Bye [/INST]",
            "Be brief.",
            &["User: Hello", "Assistant: Hi", "User: Bye"],
        );
    }

    #[test]
    fn others() {
        check("<s>[INST] Name a colour. [/INST]", "", &["User: Name a colour."]);
        check(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
            "Be brief.",
            &["User: Hello"],
        );
        check(
            "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hello<｜Assistant｜><think>\n",
            "Be brief.",
            &["User: Hello"],
        );
        check(
            "<|start|>user<|message|>Hello<|end|><|start|>assistant<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hi<|end|>",
            "",
            &["User: Hello", "Assistant: Hi"],
        );
        check(
            "<start_of_turn>user\nHello<end_of_turn>\n<start_of_turn>model\n",
            "",
            &["User: Hello"],
        );
    }

    #[test]
    fn a_prompt_of_markers_is_read_in_linear_time() {
        let prompt = "[INST]a[/INST]b".repeat(200_000);
        assert_eq!(of_text(&prompt).turns.len(), 400_000);
    }
}
