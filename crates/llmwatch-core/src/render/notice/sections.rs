//! The parts of a mail's text: what it begins with, what it goes on with, and what to do next.
//!
//! Every mail is laid out alike: a summary, then headings that stand alone on their line, with the
//! most important first. What follows the steps (how it was decided, the time line, the links) is
//! for whoever looks into it, and stays in the mail.

/// A text in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sections<'a> {
    /// The lines before the steps, headings included.
    pub(super) told: Vec<Line<'a>>,
    /// The steps, each in its lines, without its number.
    pub(super) steps: Vec<Vec<Line<'a>>>,
}

/// One line of a mail's text before it is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// What the following lines are about.
    Heading(&'a str),
    /// A sentence or a labelled value.
    Prose(&'a str),
    /// An address on a line of its own.
    Link(&'a str),
    /// A line of a table, a form or a command, whose columns are to stay.
    Block(&'a str),
    /// Nothing.
    Empty,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let line = line.trim_end();
        match line.strip_prefix("    ") {
            _ if line.is_empty() => Self::Empty,
            Some(block) if block.trim_start().starts_with("https://") => Self::Link(block.trim()),
            Some(block) => Self::Block(block),
            None if is_heading(line) => Self::Heading(line),
            None => Self::Prose(line.trim_start()),
        }
    }
}

/// Headings are in capitals, or in Japanese brackets.
fn is_heading(line: &str) -> bool {
    let is_upper = line.to_uppercase() == line && line.chars().any(char::is_alphabetic);
    line.starts_with('【') || is_upper && line.is_ascii() && line.starts_with(char::is_alphabetic)
}

/// Parts a text; `next` is the heading of its steps.
pub(super) fn sections<'a>(text: &'a str, next: &str) -> Sections<'a> {
    let mut has_begun = false;
    let mut lines = text.lines().map(Line::of).map(|line| {
        has_begun |= matches!(line, Line::Heading(_));
        // Before the first heading there are no tables: what is indented goes on with a label.
        match line {
            Line::Block(text) if !has_begun => Line::Prose(text.trim_start()),
            line => line,
        }
    });
    let told = lines.by_ref().take_while(|line| *line != Line::Heading(next)).collect();
    let steps = lines.take_while(|line| !matches!(line, Line::Heading(_)));
    Sections { told: trimmed(told), steps: numbered(steps.collect()) }
}

fn numbered(lines: Vec<Line<'_>>) -> Vec<Vec<Line<'_>>> {
    let mut steps: Vec<Vec<Line<'_>>> = Vec::new();
    for line in trimmed(lines) {
        match (line, steps.last_mut()) {
            (Line::Prose(text), _) if without_number(text).is_some() => {
                steps.extend(without_number(text).map(|text| vec![Line::Prose(text)]));
            }
            (line, Some(step)) => step.push(line),
            (line, None) => steps.push(vec![line]),
        }
    }
    steps.into_iter().map(trimmed).collect()
}

/// `1. Look up the request.` → `Look up the request.`
fn without_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() < text.len() { rest.strip_prefix(". ") } else { None }
}

/// Without empty lines at the ends, and with single ones in between.
fn trimmed(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let mut kept: Vec<Line<'_>> = Vec::new();
    for line in lines {
        if line != Line::Empty || kept.last().is_some_and(|last| *last != Line::Empty) {
            kept.push(line);
        }
    }
    if kept.last() == Some(&Line::Empty) {
        kept.pop();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_parted_at_its_headings_and_numbers() {
        let text = "\nOver.\n\n\nRegion:  x\n         y\n\nWHAT FIRED\n- A\n    RPM  1\n\nDO\n1. Look:\n   \
                    or there\n    https://a\n10. Wait.\n\nLINKS\nA\n";
        let Sections { told, steps } = sections(text, "DO");
        assert_eq!(
            told,
            [
                Line::Prose("Over."),
                Line::Empty,
                Line::Prose("Region:  x"),
                Line::Prose("y"),
                Line::Empty,
                Line::Heading("WHAT FIRED"),
                Line::Prose("- A"),
                Line::Block("RPM  1"),
            ]
        );
        assert_eq!(
            steps,
            [
                vec![Line::Prose("Look:"), Line::Prose("or there"), Line::Link("https://a")],
                vec![Line::Prose("Wait.")],
            ]
        );
    }

    #[test]
    fn what_is_not_numbered_is_one_step() {
        assert_eq!(sections("A.\n\nDO\nNothing.\n", "DO").steps, [[Line::Prose("Nothing.")]]);
        assert_eq!(sections("A.\n", "DO").steps, Vec::<Vec<Line<'_>>>::new());
    }
}
