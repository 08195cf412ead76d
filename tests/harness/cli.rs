//! The operator's command line, run against the local AWS as a person would run it.

use std::process::Command;

use crate::broken::Broken;
use crate::world::World;

/// How a command ended and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether it ended with exit code 0.
    pub well: bool,
    /// Everything it printed, errors last.
    pub text: String,
}

impl Said {
    /// The ids of the messages that a replay left parked.
    #[must_use]
    pub fn stay(&self) -> Vec<&str> {
        let lines = self.text.lines().filter(|line| line.starts_with("stays "));
        lines.filter_map(|line| line.split_whitespace().nth(2)).collect()
    }
}

impl World {
    /// Runs `llmwatch` on the stack, for example with `["replay", "--dry-run"]`.
    ///
    /// # Errors
    ///
    /// When it is not built or cannot be started.
    pub fn llmwatch(&self, arguments: &[&str]) -> Result<Said, Broken> {
        let output = Command::new(self.places().binary("llmwatch")?)
            .args(arguments)
            .args(["--stack", self.stack().name()])
            .env("AWS_ENDPOINT_URL", self.calls().endpoint())
            .env("AWS_REGION", crate::aws_call::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .map_err(Broken::io("running llmwatch"))?;
        let text = [output.stdout, output.stderr].concat();
        Ok(Said {
            well: output.status.success(),
            text: String::from_utf8_lossy(&text).into_owned(),
        })
    }
}
