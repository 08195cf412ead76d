//! Text of users and models, which must not reach a log line.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a user or a model wrote. `Debug` tells its length only, and there is no `Display`.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// Takes text as it was logged.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Whoever sends it anywhere redacts it first.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing but white space is in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn debug_tells_the_length_only() {
        assert_eq!(format!("{:?}", Text::new("my secret")), "Text(9 bytes)");
    }
}
