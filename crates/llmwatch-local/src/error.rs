//! A refusal as AWS words it.

/// An error answer of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The error's shape name, for example `ResourceNotFound`.
    pub code: String,
    /// What AWS would say.
    pub message: String,
    /// HTTP status, where the service's model does not name one for this code.
    pub status: u16,
}

impl AwsError {
    /// A refusal of the caller's request, HTTP 400.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status: 400 }
    }

    /// The same refusal with another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}
