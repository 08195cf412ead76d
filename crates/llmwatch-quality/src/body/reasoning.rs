//! Reasoning that models write into their text.
//!
//! Taken out where it opens a block of text: gpt-oss writes `<reasoning>…</reasoning>` through
//! `InvokeModel`, Qwen and DeepSeek `<think>…</think>`, Nova and prompted Claude models
//! `<thinking>…</thinking>`, Magistral `[THINK]…[/THINK]`. DeepSeek's template ends in `<think>`, so
//! that its answers have the closing tag only. A server without a parser for gpt-oss passes its
//! channels on. Later in a text the tags are the answer's own: somebody asked about them.
//!
//! Sources: the providers' model cards; the openai/harmony format.

use memchr::memmem;

/// Tags around reasoning at the start of a text.
const TAGS: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
];

/// What closes reasoning that a template has opened.
const CLOSE: &str = "</think>";

/// What starts the answer proper in gpt-oss's channels.
const FINAL_CHANNEL: &str = "<|channel|>final<|message|>";

/// `text` without its reasoning, and whether there was any.
///
/// White space around removed reasoning goes with it. Reasoning that never closes, because the
/// answer was cut off, takes all of the text.
pub(super) fn without(text: &str) -> (&str, bool) {
    if let Some(at) = memmem::rfind(text.as_bytes(), FINAL_CHANNEL.as_bytes()) {
        let answer = &text[at + FINAL_CHANNEL.len()..];
        return (answer.split("<|").next().unwrap_or(answer), true);
    }
    if text.trim_start().starts_with("<|channel|>analysis") {
        return ("", true);
    }
    let mut rest = text;
    let mut was_there = false;
    while let Some((inside, close)) = opened(rest.trim_start()) {
        was_there = true;
        rest = inside.split_once(close).map_or("", |(_, after)| after.trim_start());
    }
    match memmem::find(rest.as_bytes(), CLOSE.as_bytes()).map(|at| rest.split_at(at)) {
        Some((before, after)) if !before.contains("<think>") && !is_quoted(before) => {
            (after[CLOSE.len()..].trim_start(), true)
        }
        _ => (rest, was_there),
    }
}

/// What follows the tag that `text` starts with, and the tag that closes it.
fn opened(text: &str) -> Option<(&str, &'static str)> {
    TAGS.iter().find_map(|(open, close)| Some((text.strip_prefix(open)?, *close)))
}

/// Whether what follows `before` is quoted, and so is spoken of.
fn is_quoted(before: &str) -> bool {
    before.ends_with(['`', '"', '\''])
}

#[cfg(test)]
mod tests {
    use super::without;

    #[track_caller]
    fn check(text: &str, answer: &str, had_reasoning: bool) {
        assert_eq!(without(text), (answer, had_reasoning));
    }

    #[test]
    fn tags_at_the_start_go_with_what_they_hold() {
        check("<think>\nhm\n</think>\n\nBlue.", "Blue.", true);
        check(" <reasoning>hm</reasoning>Blue.", "Blue.", true);
        check("<thinking>hm</thinking>\nBlue.", "Blue.", true);
        check("[THINK]hm[/THINK]青", "青", true);
        check("<think></think><think>hm</think>Blue.", "Blue.", true);
    }

    #[test]
    fn a_closing_tag_alone_ends_reasoning() {
        check("hm, blue?\n</think>\n\nBlue.", "Blue.", true);
    }

    #[test]
    fn reasoning_that_was_cut_off_leaves_nothing() {
        check("<think>hm, bl", "", true);
        check("<|channel|>analysis<|message|>hm, bl", "", true);
    }

    #[test]
    fn channels_leave_the_final_one() {
        check(
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Blue.<|return|>",
            "Blue.",
            true,
        );
    }

    #[test]
    fn tags_that_are_spoken_of_stay() {
        check("Use `</think>` to close it.", "Use `</think>` to close it.", false);
        check("A <think>x</think> block.", "A <think>x</think> block.", false);
        check("Blue.", "Blue.", false);
        check("", "", false);
    }
}
