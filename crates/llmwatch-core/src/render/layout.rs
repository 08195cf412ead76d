//! Plain text in lines a mail program and a terminal both show whole.

/// The longest line of prose, in characters; links and commands may be longer.
pub(super) const LINE_CHARS: usize = 80;

/// How far a value may stand behind its label for its further lines to stand below it.
const LABEL_CHARS: usize = 30;

/// Breaks long lines at spaces; further lines stand below the first one's text.
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
    if line.chars().count() <= LINE_CHARS {
        lines.push(line.to_owned());
        return;
    }
    let indent = hanging_indent(line);
    let first = line.char_indices().nth(indent).map_or(line.len(), |(index, _)| index);
    let (mut current, rest) = (line[..first].to_owned(), &line[first..]);
    let mut is_bare = true;
    for word in rest.split_whitespace() {
        let length = current.chars().count() + word.chars().count() + usize::from(!is_bare);
        if !is_bare && length > LINE_CHARS {
            lines.push(std::mem::replace(&mut current, " ".repeat(indent)));
            is_bare = true;
        }
        if !is_bare {
            current.push(' ');
        }
        current.push_str(word);
        is_bare = false;
    }
    lines.push(current);
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
    let label = text[..gap].chars().count();
    let spaces = text[gap..].chars().take_while(|c| *c == ' ').count();
    if label + spaces <= LABEL_CHARS { indent + label + spaces } else { indent }
}

/// A table: the first column to the left, every other to the right, two spaces between.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            format!("    {}", cells.join("  ")).trim_end().to_owned()
        })
        .collect()
}

/// A body and its ending within a limit: what does not fit is cut from the end of the body, at a
/// line, and the cut is said.
///
/// Bodies therefore stand with the most important first. `ending` always stays whole.
pub(super) fn fit(body: &str, ending: &str, max_chars: usize) -> String {
    let body = body.trim_end();
    let whole = format!("{body}\n\n{ending}\n");
    if whole.chars().count() <= max_chars {
        return whole;
    }
    let note = "[Shortened: the rest does not fit in one message.]";
    let frame = note.len() + ending.chars().count() + 6;
    let room = max_chars.saturating_sub(frame);
    let end = body.char_indices().nth(room).map_or(body.len(), |(index, _)| index);
    let cut = body[..end].rfind('\n').map_or("", |line_end| &body[..line_end]);
    format!("{}\n\n{note}\n\n{ending}\n", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_stand_below_the_text() {
        let words = "word ".repeat(20);
        for (start, indent) in
            [("", 0), ("- ", 2), ("12. ", 4), ("  Label:   ", 11), ("2026-11-21 02:45:55  ", 21)]
        {
            let wrapped = wrap(&format!("{start}{words}"));
            let second = wrapped.lines().nth(1).unwrap();
            assert_eq!(second.len() - second.trim_start().len(), indent, "{wrapped}");
            assert!(wrapped.lines().all(|line| line.len() <= LINE_CHARS), "{wrapped}");
        }
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
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_line_and_said() {
        let body = "first line\n".repeat(100);
        let fitted = fit(&body, "llmwatch:x", 200);
        assert!(fitted.chars().count() <= 200);
        assert!(fitted.ends_with("message.]\n\nllmwatch:x\n"), "{fitted}");
        assert!(fitted.lines().all(|line| !line.starts_with("first") || line == "first line"));
    }
}
