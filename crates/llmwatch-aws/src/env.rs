//! Reading a function's environment variables, collecting every problem before failing.

use std::fmt;

/// Every problem found in a function's environment, one a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidEnvironment(Vec<String>);

impl fmt::Display for InvalidEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment has {} problem(s): {}", self.0.len(), self.0.join("; "))
    }
}

/// Looks variables up and remembers what was wrong with them.
pub struct Vars<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Vars<'a> {
    /// Reads through `lookup`; binaries pass [`process_environment`], tests a closure.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// The parsed value of a variable that must be set; `None` when a problem was recorded.
    pub fn required<T, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match (self.lookup)(name).filter(|value| !value.is_empty()) {
            None => {
                self.problems.push(format!("{name} is not set; the template sets it"));
                None
            }
            Some(value) => self.parsed(name, &value, parse),
        }
    }

    /// The parsed value of a variable that an older template does not set: while a stack is updated
    /// new code may run with the old environment.
    pub fn added<T, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        when_unset: T,
    ) -> Option<T> {
        match (self.lookup)(name).filter(|value| !value.is_empty()) {
            None => Some(when_unset),
            Some(value) => self.parsed(name, &value, parse),
        }
    }

    fn parsed<T, E: fmt::Display>(
        &mut self,
        name: &str,
        value: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(value).map_err(|error| self.problems.push(format!("{name}: {error}"))).ok()
    }

    /// Ends the reading and builds the configuration from the values read.
    ///
    /// `build` gives `None` only where a value is missing, and then a problem was recorded.
    ///
    /// # Errors
    ///
    /// Names every variable that was unset or did not parse.
    pub fn finish_with<C>(
        self,
        build: impl FnOnce() -> Option<C>,
    ) -> Result<C, InvalidEnvironment> {
        build().filter(|_| self.problems.is_empty()).ok_or(InvalidEnvironment(self.problems))
    }
}

/// Reads a variable of this process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Takes any text as it is.
///
/// # Errors
///
/// Never; the type fits [`Vars::required`].
pub fn text(value: &str) -> Result<String, std::convert::Infallible> {
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported_at_once() {
        let lookup = |name: &str| (name == "B").then(|| "x".to_owned());
        let mut vars = Vars::new(&lookup);
        assert_eq!(vars.required("A", text), None);
        assert_eq!(vars.required("B", str::parse::<u32>), None);
        let message = vars.finish_with(|| Some(())).unwrap_err().to_string();
        assert!(message.contains("A is not set"), "{message}");
        assert!(message.contains("B: invalid digit"), "{message}");
    }
}
