//! A row's heading: its title, why charts of it may be blank, and how to read each of them, because
//! a CloudWatch chart has no description of its own.

use crate::dashboard::{Chart, Content, Row};

/// Characters of a line over the whole page, on a screen of some 1,400 pixels. A line that wraps
/// more often than reckoned makes the text scroll within its widget.
const LINE_CHARS: usize = 150;

/// Lines of text in a row of the grid. AWS documents no measures: a row is reckoned as 50 pixels, a
/// line as 22.
const LINES_A_ROW: usize = 2;

/// The heading in Markdown, and how many rows of the grid it takes.
pub(super) fn of(row: &Row) -> (String, u32) {
    let mut paragraphs = Vec::new();
    for sentence in blank(row) {
        paragraphs.push(sentence.to_owned());
    }
    let list: Vec<String> = says(row)
        .into_iter()
        .map(|(titles, says)| format!("- **{}**: {says}", titles.join(", ")))
        .collect();
    let lines: usize = paragraphs.iter().chain(&list).map(|text| lines_of(text)).sum();
    paragraphs.insert(0, format!("## {}", row.title));
    if !list.is_empty() {
        paragraphs.push(list.join("\n"));
    }
    let rows = 1 + lines.div_ceil(LINES_A_ROW);
    (paragraphs.join("\n\n"), u32::try_from(rows).unwrap_or(u32::MAX))
}

fn charts(row: &Row) -> impl Iterator<Item = (&str, &str, &Chart)> {
    row.panels.iter().filter_map(|panel| match &panel.content {
        Content::Chart(chart) => Some((panel.title.as_str(), panel.says.as_str(), chart)),
        // A text says itself what it is about.
        Content::Text(_) => None,
    })
}

/// Each reason once.
fn blank(row: &Row) -> Vec<&'static str> {
    let mut sentences = Vec::new();
    for sentence in charts(row).filter_map(|(.., chart)| chart.blank).map(|why| why.sentence()) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// How to read the charts, those of which the same is said together.
fn says(row: &Row) -> Vec<(Vec<&str>, &str)> {
    let mut all: Vec<(Vec<&str>, &str)> = Vec::new();
    for (title, says, _) in charts(row).filter(|(_, says, _)| !says.is_empty()) {
        match all.iter_mut().find(|(_, said)| *said == says) {
            Some((titles, _)) => titles.push(title),
            None => all.push((vec![title], says)),
        }
    }
    all
}

fn lines_of(text: &str) -> usize {
    text.chars().count().div_ceil(LINE_CHARS)
}
