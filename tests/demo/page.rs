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
