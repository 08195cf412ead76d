//! What went wrong between the harness and the local AWS.

use std::path::PathBuf;

/// Why the world could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A file the world needs is not there.
    #[error("{path} is missing; {mend}", path = path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
        /// The command that makes it.
        mend: &'static str,
    },
    /// A file could not be read or written, or a process not be started.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The endpoint could not be reached.
    #[error("{call} got no answer")]
    NoAnswer {
        /// The service and operation.
        call: String,
        /// The client's error.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The endpoint refused a call.
    #[error("{call} answered {status}: {body}")]
    Refused {
        /// The service and operation.
        call: String,
        /// The HTTP status.
        status: u16,
        /// The answer's body.
        body: String,
    },
    /// An answer did not have the form expected.
    #[error("{call} answered without {expected}: {body}")]
    Unexpected {
        /// The service and operation.
        call: String,
        /// What was looked for.
        expected: &'static str,
        /// The answer's body.
        body: String,
    },
    /// Something did not come to pass in time.
    #[error("waited {waited_seconds} s for {what}; last seen: {last_seen}")]
    TooLate {
        /// What was waited for.
        what: String,
        /// How long, in seconds.
        waited_seconds: u64,
        /// The state when the waiting ended.
        last_seen: String,
    },
    /// CloudFormation rolled back or failed.
    #[error("stack {stack} ended as {status}: {reason}")]
    StackFailed {
        /// The stack's name.
        stack: String,
        /// Its final status.
        status: String,
        /// The first failure among its events.
        reason: String,
    },
    /// The template does not have what the harness rewrites.
    #[error("template.yaml has no {0}")]
    Template(String),
}

impl Broken {
    /// Wraps an I/O error with what was being done.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether the call was refused because the thing does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { body, .. }
            if body.contains("NotFound") || body.contains("NonExistent") || body.contains("does not exist"))
    }
}
