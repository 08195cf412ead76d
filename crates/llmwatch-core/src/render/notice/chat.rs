//! The message for a chat room: a custom notification of Amazon Q Developer in chat applications
//! (AWS Chatbot before), which shows it in Slack or Microsoft Teams.
//!
//! Source: <https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>. The page's
//! list of members could be read in part, and its OpenAPI document, which may set lengths, could
//! not; so every text is kept below what Slack takes for one block, 3,000 characters.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sections::{Line, sections};
use super::{Facts, Notice, disarmed};
use crate::render::words::words;

/// The longest description, and the longest list of steps, in characters.
///
/// Slack takes 3,000 in a section's text:
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>.
pub(super) const MAX_CHARS: usize = 2_800;

/// The longest step, in characters, so that one step leaves room for others.
pub(super) const MAX_STEP_CHARS: usize = 900;

const FENCE: &str = "```";

#[derive(Debug, Serialize)]
struct Message<'a> {
    version: &'static str,
    source: &'static str,
    id: &'a str,
    content: Content,
    metadata: Metadata<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    text_type: &'static str,
    title: String,
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next_steps: Vec<String>,
    keywords: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    /// Messages with the same one stand in one thread.
    thread_id: &'a str,
    summary: String,
    event_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_resources: Vec<String>,
    additional_context: BTreeMap<&'static str, String>,
}

/// The notice as a message.
pub(super) fn message(notice: &Notice, id: &str) -> String {
    let facts = &notice.facts;
    let words = words(facts.language);
    let parts = sections(&notice.text, words.next_heading());
    let note = words.shortened();
    let title = disarmed(&notice.mail.subject);
    let message = Message {
        version: "1.0",
        source: "custom",
        id,
        content: Content {
            text_type: "client-markdown",
            title: title.clone(),
            description: within(&lines(&parts.told), MAX_CHARS, note),
            next_steps: steps(&parts.steps, note),
            keywords: keywords(facts),
        },
        metadata: Metadata {
            thread_id: &facts.thread,
            summary: title,
            event_type: format!("llmwatch-{}", facts.kind.word()),
            related_resources: facts.alarms.iter().map(|alarm| disarmed(&alarm.arn)).collect(),
            additional_context: context(facts, id),
        },
    };
    // A document of texts and lists has nothing that JSON cannot say.
    serde_json::to_string(&message).unwrap_or_default()
}

/// What one finds the message by: how grave, which kind of matter, which Region.
fn keywords(facts: &Facts) -> Vec<String> {
    let severity = facts.severity.map(|severity| severity.word().to_owned());
    let mut keywords: Vec<String> = severity.into_iter().chain([facts.state.to_owned()]).collect();
    keywords.extend(facts.decision.as_ref().map(|decision| decision.scenario.to_owned()));
    keywords.push(facts.region.clone());
    keywords
}

/// What a custom action of the chat room can take from the message.
fn context(facts: &Facts, id: &str) -> BTreeMap<&'static str, String> {
    let mut context = BTreeMap::from([
        ("account", facts.account.clone()),
        ("id", id.to_owned()),
        ("kind", facts.kind.word().to_owned()),
        ("region", facts.region.clone()),
        ("state", facts.state.to_owned()),
    ]);
    context.extend(facts.severity.map(|severity| ("severity", severity.word().to_lowercase())));
    context.extend(facts.pool.as_ref().map(|pool| ("pool", disarmed(&pool.label))));
    context.extend(facts.series.as_ref().map(|series| ("series", disarmed(&series.label))));
    context
}

/// The lines in the room's markdown: headings in bold, tables and commands as they stand.
fn lines(lines: &[Line<'_>]) -> Vec<String> {
    let mut marked = Vec::new();
    let mut is_in_block = false;
    for (index, line) in lines.iter().enumerate() {
        // A block may have an empty line in it.
        let goes_on = is_in_block && matches!(line, Line::Empty) && {
            matches!(lines.get(index + 1), Some(Line::Block(_)))
        };
        let is_block = matches!(line, Line::Block(_)) || goes_on;
        if is_block != is_in_block {
            marked.push(FENCE.to_owned());
            is_in_block = is_block;
        }
        marked.push(match line {
            Line::Heading(text) => format!("*{}*", disarmed(text)),
            Line::Prose(text) | Line::Block(text) => disarmed(text),
            Line::Link(address) => (*address).to_owned(),
            Line::Empty => String::new(),
        });
    }
    if is_in_block {
        marked.push(FENCE.to_owned());
    }
    marked
}

fn steps(steps: &[Vec<Line<'_>>], note: &str) -> Vec<String> {
    let mut told = Vec::new();
    let mut room = MAX_CHARS - note.chars().count();
    for step in steps {
        let step = within(&lines(step), MAX_STEP_CHARS, note);
        let length = step.chars().count();
        if length > room {
            told.push(note.to_owned());
            return told;
        }
        room -= length;
        told.push(step);
    }
    told
}

/// The lines that fit, and a note where that is not all of them.
fn within(lines: &[String], max_chars: usize, note: &str) -> String {
    let whole = lines.join("\n");
    if whole.chars().count() <= max_chars {
        return whole;
    }
    // A block that is cut is closed, and each line has its end.
    let mut room = max_chars.saturating_sub(note.chars().count() + FENCE.len() + 2);
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        let length = line.chars().count() + 1;
        if length > room {
            if kept.is_empty() {
                kept.push(line.chars().take(room).collect());
            }
            break;
        }
        room -= length;
        kept.push(line.clone());
    }
    if kept.iter().filter(|line| *line == FENCE).count() % 2 == 1 {
        match kept.last().is_some_and(|line| line == FENCE) {
            true => drop(kept.pop()),
            false => kept.push(FENCE.to_owned()),
        }
    }
    kept.push(note.to_owned());
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn tables_stand_in_blocks_and_text_from_outside_mentions_nobody() {
        let marked = lines(&[
            Line::Heading("HOW BAD"),
            Line::Block("RPM  1"),
            Line::Empty,
            Line::Block("TPM  2"),
            Line::Empty,
            Line::Prose("<!channel> & co"),
            Line::Link("https://a?b&c"),
        ]);
        let expected = [
            "*HOW BAD*",
            "```",
            "RPM  1",
            "",
            "TPM  2",
            "```",
            "",
            "\u{2039}!channel\u{203a} & co",
            "https://a?b&c",
        ];
        assert_eq!(marked, expected);
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_line_with_its_block_closed_and_said() {
        let table = texts(&["A.", "```", "RPM  1", "TPM  2", "TPD  3", "```"]);
        assert_eq!(within(&table, 31, "[more]"), "A.\n```\nRPM  1\nTPM  2\nTPD  3\n```");
        assert_eq!(within(&table, 30, "[more]"), "A.\n```\nRPM  1\n```\n[more]");
        assert_eq!(within(&table, 24, "[more]"), "A.\n[more]");
        let long = texts(&["字".repeat(50).as_str()]);
        assert_eq!(within(&long, 20, "[more]"), format!("{}\n[more]", "字".repeat(9)));
    }

    #[test]
    fn steps_end_where_there_is_no_room_for_one_more() {
        let step = "x".repeat(MAX_STEP_CHARS);
        let every: Vec<Vec<Line<'_>>> = (0..5).map(|_| vec![Line::Prose(&step)]).collect();
        let told = steps(&every, "[more]");
        assert_eq!(told.len(), 4);
        assert_eq!(told[3], "[more]");
    }
}
