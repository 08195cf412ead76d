//! How long evidence may be looked for.

use std::time::{Duration, Instant};

/// What evidence takes long is begun only within this time of an invocation: the rest of the
/// function's 300 s is for a judge that is being waited for, for reading on, and for writing.
const TIME_TO_LOOK: Duration = Duration::from_secs(180);

/// Why evidence was not looked for any more; the value of a dimension.
pub(super) const OUT_OF_TIME: &str = "out of time";

/// The time of one invocation, whose objects share it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    began: Instant,
}

impl Time {
    /// An invocation that begins now.
    pub(crate) fn starts() -> Self {
        Self { began: Instant::now() }
    }

    /// Whether something that takes long may begin.
    pub(super) fn is_left(self) -> bool {
        self.began.elapsed() < TIME_TO_LOOK
    }
}
