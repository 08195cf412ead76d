//! Plain text in lines a mail program and a terminal both show whole.
//!
//! Widths are in columns: a Japanese character takes two, a Latin one takes one.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The longest line of prose, in columns; links and commands may be longer.
pub(super) const LINE_COLUMNS: usize = 80;

/// How far a value may stand behind its label for its further lines to stand below it.
const LABEL_COLUMNS: usize = 40;

/// What no line begins with: it belongs to the character before it.
///
/// The marks of JIS X 4051 that the texts use, or that words from outside may bring.
const NEVER_FIRST: &str = "、。，．・：；？！ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ\
                           ）」』】〕〉》］｝)]},.:;?!%％…〜～";

/// What no line ends with: it belongs to the character after it.
const NEVER_LAST: &str = "（「『【〔〈《［｛([{";

/// Breaks long lines at spaces and between Japanese characters; further lines stand below the
/// first one's text.
///
/// A line that begins with four spaces is a table's, a command's or a link's: it stays whole.
/// Several empty lines become one, and none stands at the ends.
pub(super) fn wrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        match line {
            "" if lines.last().is_none_or(String::is_empty) => {}
            _ if line.starts_with("    ") => lines.push(line.to_owned()),
            _ => break_line(line, &mut lines),
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn break_line(line: &str, lines: &mut Vec<String>) {
    if line.width() <= LINE_COLUMNS {
        lines.push(line.to_owned());
        return;
    }
    let indent = hanging_indent(line);
    let (first, rest) = line.split_at(byte_at_column(line, indent));
    let mut current = first.to_owned();
    let mut is_bare = true;
    for piece in pieces(rest) {
        let space = usize::from(piece.after_space && !is_bare);
        if !is_bare && current.width() + space + piece.text.width() > LINE_COLUMNS {
            lines.push(std::mem::replace(&mut current, " ".repeat(indent)));
        } else if space > 0 {
            current.push(' ');
        }
        current.push_str(piece.text);
        is_bare = false;
    }
    lines.push(current);
}

/// What a line break may stand before, but never within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    after_space: bool,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for word in words_with_signs(text) {
        let (mut start, mut before) = (0, None);
        for (index, next) in word.char_indices() {
            if before.is_some_and(|before| may_break(before, next)) {
                pieces.push(Piece { text: &word[start..index], after_space: start == 0 });
                start = index;
            }
            before = Some(next);
        }
        pieces.push(Piece { text: &word[start..], after_space: start == 0 });
    }
    pieces
}

/// The words of a text, a number with its `%` as one.
fn words_with_signs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let is_end = |(index, space): &(usize, &str)| {
            let (number, sign) = (&rest[..*index], &rest[index + space.len()..]);
            !(number.ends_with(|c: char| c.is_ascii_digit()) && sign.starts_with('%'))
        };
        let end = rest.match_indices(char::is_whitespace).find(is_end);
        let end = end.map_or(rest.len(), |(index, _)| index);
        let word = &rest[..end];
        rest = rest[end..].trim_start();
        (!word.is_empty()).then_some(word)
    })
}

/// Whether a line may end between two characters that no space parts.
///
/// Only beside a character of full width; a word in katakana stays whole as a Latin one does, and
/// a number with its counter, for example `11月21日`.
fn may_break(before: char, next: char) -> bool {
    let is_wide = |c: char| c.width() == Some(2);
    let is_katakana = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー');
    let is_counted = |number: char, counter: char| {
        number.is_ascii_digit() && "年月日時分秒件間桁".contains(counter)
    };
    (is_wide(before) || is_wide(next))
        && next.width() != Some(0)
        && !(is_katakana(before) && is_katakana(next))
        && !is_counted(before, next)
        && !(next.is_ascii_digit() && "年月".contains(before))
        && !NEVER_FIRST.contains(next)
        && !NEVER_LAST.contains(before)
}

/// Where in a line a column begins, in bytes; the end of a shorter line.
fn byte_at_column(line: &str, column: usize) -> usize {
    let mut columns = 0;
    let found = line.char_indices().find(|(_, c)| {
        let is_there = columns >= column;
        columns += c.width().unwrap_or(0);
        is_there
    });
    found.map_or(line.len(), |(index, _)| index)
}

/// Where a line's text begins, behind its indent and its bullet, number or label.
fn hanging_indent(line: &str) -> usize {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    if text.starts_with("- ") {
        return indent + 2;
    }
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    if digits > 0 && text[digits..].starts_with(". ") {
        return indent + digits + 2;
    }
    let Some(gap) = text.find("  ") else {
        return indent;
    };
    let label = text[..gap].width();
    let spaces = text[gap..].chars().take_while(|c| *c == ' ').count();
    if label + spaces <= LABEL_COLUMNS { indent + label + spaces } else { indent }
}

/// A table: the first column to the left, every other to the right, two spaces between.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(column, (cell, width))| {
                    let padding = " ".repeat(width - cell.width());
                    if column == 0 {
                        format!("{cell}{padding}")
                    } else {
                        format!("{padding}{cell}")
                    }
                })
                .collect();
            format!("    {}", cells.join("  ")).trim_end().to_owned()
        })
        .collect()
}

/// How a text ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending<'a> {
    /// What is said where the text was cut.
    pub(super) note: &'a str,
    /// The last line.
    pub(super) marker: &'a str,
}

/// A body and its ending within a limit: what does not fit is cut from the end of the body, at a
/// line, and the cut is said.
///
/// Bodies therefore stand with the most important first. The marker always stays whole.
pub(super) fn fit(body: &str, ending: Ending<'_>, max_chars: usize) -> String {
    let Ending { note, marker } = ending;
    let body = body.trim_end();
    let whole = format!("{body}\n\n{marker}\n");
    if whole.chars().count() <= max_chars {
        return whole;
    }
    let frame = note.chars().count() + marker.chars().count() + 6;
    let room = max_chars.saturating_sub(frame);
    let end = body.char_indices().nth(room).map_or(body.len(), |(index, _)| index);
    let cut = body[..end].rfind('\n').map_or("", |line_end| &body[..line_end]);
    format!("{}\n\n{note}\n\n{marker}\n", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_sign_stay_on_one_line() {
        let text = format!("{} 93.2 % of it", "x".repeat(LINE_COLUMNS - 6));
        let lines: Vec<String> = wrap(&text).lines().map(str::to_owned).collect();
        assert_eq!(lines[1], "93.2 % of it");
    }

    #[test]
    fn further_lines_stand_below_the_text() {
        let words = "word ".repeat(20);
        for (start, indent) in
            [("", 0), ("- ", 2), ("12. ", 4), ("  Label:   ", 11), ("2026-11-21 02:45:55  ", 21)]
        {
            let wrapped = wrap(&format!("{start}{words}"));
            let second = wrapped.lines().nth(1).unwrap();
            assert_eq!(second.len() - second.trim_start().len(), indent, "{wrapped}");
            assert!(wrapped.lines().all(|line| line.len() <= LINE_COLUMNS), "{wrapped}");
        }
    }

    #[test]
    fn japanese_breaks_between_characters_and_never_before_a_stop() {
        let sentence = "クォータの引き上げをリクエストしました。";
        for filler in 0..40 {
            let text = format!("- {}{}", "字".repeat(filler), sentence.repeat(8));
            let wrapped = wrap(&text);
            assert!(wrapped.lines().all(|line| line.width() <= LINE_COLUMNS), "{wrapped}");
            let mut lines = wrapped.lines().map(str::trim_start);
            assert!(lines.all(|line| !NEVER_FIRST.contains(line.chars().next().unwrap())));
            assert!(!wrapped.contains("リク\n"), "{wrapped}");
            let joined: String = wrapped.lines().map(str::trim_start).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn brackets_stay_with_what_they_hold() {
        let text = format!("{}（llmwatch）", "字".repeat(39));
        assert_eq!(wrap(&text), format!("{}\n（llmwatch）\n", "字".repeat(39)));
        let text = format!("{}2026年11月21日に", "字".repeat(36));
        assert_eq!(wrap(&text), format!("{}\n2026年11月21日に\n", "字".repeat(36)));
        let text = format!("{} xx、y", "字".repeat(38));
        assert_eq!(wrap(&text), format!("{}\nxx、y\n", "字".repeat(38)));
    }

    #[test]
    fn commands_tables_and_single_words_stay_whole() {
        let command = format!("    {}", "word ".repeat(30));
        assert_eq!(wrap(&command), format!("{}\n", command.trim_end()));
        let link = format!("https://{}", "a".repeat(100));
        assert_eq!(wrap(&link), format!("{link}\n"));
    }

    #[test]
    fn empty_lines_are_not_heaped() {
        assert_eq!(wrap("\n\na\n\n\n\nb\n\n"), "a\n\nb\n");
    }

    #[test]
    fn tables_line_up() {
        let rows = [["a", "1,000"], ["long", "2"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(table(&rows), ["    a     1,000", "    long      2"]);
        let rows =
            [vec!["現在値".to_owned(), "1".to_owned()], vec!["a".to_owned(), "分".to_owned()]];
        assert_eq!(table(&rows), ["    現在値   1", "    a       分"]);
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_line_and_said() {
        let body = "first line\n".repeat(100);
        let ending = Ending { note: "[Shortened.]", marker: "llmwatch:x" };
        let fitted = fit(&body, ending, 200);
        assert!(fitted.chars().count() <= 200);
        assert!(fitted.ends_with("[Shortened.]\n\nllmwatch:x\n"), "{fitted}");
        assert!(fitted.lines().all(|line| !line.starts_with("first") || line == "first line"));
    }
}
