//! Keeping a series of writes to a service's rate.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Keeps several writes to the service's rate: a call begins at least so long after the one before
/// it began.
#[derive(Debug)]
pub struct Pace {
    /// `None` for a service without a rate.
    ticks: Option<Interval>,
}

impl Pace {
    /// A pace with this much time between the beginnings of two calls.
    #[must_use]
    pub fn new(between: Duration) -> Self {
        let ticks = (!between.is_zero()).then(|| {
            let mut ticks = interval(between);
            // A call that took longer is not made up for by a burst.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        Self { ticks }
    }

    /// Waits until the next call may be made.
    pub async fn turn(&mut self) {
        if let Some(ticks) = &mut self.ticks {
            ticks.tick().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test]
    async fn no_two_calls_begin_too_close_even_after_a_slow_one() {
        let between = Duration::from_millis(10);
        let mut pace = Pace::new(between);
        let mut begun = Vec::new();
        for call in [Duration::ZERO, 3 * between, Duration::ZERO, Duration::ZERO] {
            pace.turn().await;
            begun.push(Instant::now());
            sleep(call).await;
        }
        for pair in begun.windows(2) {
            // Timers have a grain of a millisecond.
            assert!(pair[1] - pair[0] >= between - Duration::from_millis(2), "{begun:?}");
        }
    }

    #[tokio::test]
    async fn without_a_rate_nothing_waits() {
        let mut pace = Pace::new(Duration::ZERO);
        pace.turn().await;
        pace.turn().await;
    }
}
