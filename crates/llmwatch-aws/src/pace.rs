//! Keeping a series of writes to a service's rate.

use std::time::Duration;

use tokio::time::sleep;

/// Keeps several writes to the service's rate: waits before every call but the first.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    started: bool,
}

impl Pace {
    /// A pace with this wait between two calls.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { interval, started: false }
    }

    /// Waits until the next call may be made.
    pub async fn turn(&mut self) {
        if self.started {
            sleep(self.interval).await;
        }
        self.started = true;
    }
}
