//! How the demo prints: headings, indents, and colours where a terminal shows them.

use std::io::IsTerminal as _;

/// Prints to standard output.
pub(crate) struct Page {
    in_colour: bool,
    step: u32,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self { in_colour: std::io::stdout().is_terminal(), step: 0 }
    }

    /// A numbered heading.
    pub(crate) fn step(&mut self, title: &str) {
        self.step += 1;
        let heading = format!("{}. {title}", self.step);
        println!("\n{}", self.painted("1;36", &heading));
    }

    /// One line of a step.
    pub(crate) fn line(&self, text: &str) {
        println!("   {text}");
    }

    /// Rows under a heading, each column as wide as its widest cell; all but the first to the right.
    pub(crate) fn table(&self, heading: &[&str], rows: &[Vec<String>]) {
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([heading[column].len()]).max().unwrap_or(0)
        };
        let line = |cells: &[&str]| {
            let cells = cells.iter().enumerate().map(|(column, cell)| match column {
                0 => format!("{cell:<0$}", width(0)),
                _ => format!("{cell:>0$}", width(column)),
            });
            cells.collect::<Vec<_>>().join("  ")
        };
        self.line(&self.painted("1", &line(heading)));
        for row in rows {
            self.line(&line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
        }
    }

    /// A text a person gets, in a frame.
    pub(crate) fn letter(&self, title: &str, text: &str) {
        println!("\n{}", self.painted("1", &format!("   +-- {title}")));
        for line in text.lines() {
            println!("   | {line}");
        }
        println!("   +--");
    }

    /// A line that says something is wrong.
    pub(crate) fn alarm(&self, text: &str) {
        self.line(&self.painted("31", text));
    }

    /// A line that says something is well.
    pub(crate) fn good(&self, text: &str) {
        self.line(&self.painted("32", text));
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.in_colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
