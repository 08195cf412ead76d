//! The passing of local time: every whole minute is evaluated once, in order.

use jiff::{SignedDuration, Timestamp};

use crate::server::App;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Evaluates the minutes that passed since the last one evaluated.
pub async fn catch_up(app: &App) {
    let _in_order = app.minutes.lock().await;
    evaluate_until(app, app.world.clock.now()).await;
}

/// Moves the local clock forward, stopping at each whole minute to evaluate it.
pub async fn advance(app: &App, by: SignedDuration) {
    let _in_order = app.minutes.lock().await;
    evaluate_until(app, app.world.clock.now()).await;
    let target = app.world.clock.offset() + by;
    while let Some(minute) = app.world.next_minute() {
        let step = minute.duration_since(app.world.clock.now());
        let offset = app.world.clock.offset() + step.max(SignedDuration::ZERO);
        if offset > target {
            break;
        }
        app.world.clock.set_offset(offset);
        evaluate_until(app, minute).await;
    }
    app.world.clock.set_offset(target);
}

/// Sets the local clock without evaluating what lies between.
pub async fn jump(app: &App, offset: SignedDuration) {
    let _in_order = app.minutes.lock().await;
    app.world.clock.set_offset(offset);
    app.world.forget_minutes();
}

async fn evaluate_until(app: &App, now: Timestamp) {
    while let Some(minute) = app.world.next_minute() {
        if minute > now {
            return;
        }
        let notices = app.world.evaluate(minute);
        app.outbox.send(notices).await;
    }
}

/// The first whole minute after a time.
#[must_use]
pub fn minute_after(at: Timestamp) -> Timestamp {
    let seconds = at.as_second().div_euclid(60) * 60;
    Timestamp::from_second(seconds).unwrap_or(at).saturating_add(MINUTE).unwrap_or(at)
}
