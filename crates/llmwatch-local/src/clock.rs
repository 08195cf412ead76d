//! The local clock: real time plus an offset that tests move.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// What the local AWS takes for now.
#[derive(Debug)]
pub struct Clock {
    base: Base,
    offset: Mutex<SignedDuration>,
}

/// What an offset is added to.
#[derive(Debug, Clone, Copy)]
enum Base {
    System,
    Fixed(Timestamp),
}

impl Clock {
    /// A clock that runs with the system's.
    #[must_use]
    pub fn system() -> Self {
        Self { base: Base::System, offset: Mutex::new(SignedDuration::ZERO) }
    }

    /// A clock that stands still unless it is moved; for tests.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self { base: Base::Fixed(at), offset: Mutex::new(SignedDuration::ZERO) }
    }

    /// The local time, in whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let base = match self.base {
            Base::System => system_now(),
            Base::Fixed(at) => at,
        };
        let now = base.saturating_add(self.offset()).unwrap_or(base);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// How far the local time is ahead of the base; negative when behind.
    #[must_use]
    pub fn offset(&self) -> SignedDuration {
        *lock(&self.offset)
    }

    /// Sets how far the local time is ahead of the base.
    pub fn set_offset(&self, offset: SignedDuration) {
        *lock(&self.offset) = offset;
    }
}

/// The system's time: the only place the suite's local AWS reads it.
#[expect(clippy::disallowed_methods, reason = "the one place the local AWS reads the clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

/// Locks a mutex, also after another holder panicked: the state is a test double's, not money.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
