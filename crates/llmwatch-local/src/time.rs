//! The passing of local time: every whole minute is evaluated once, in order.

use jiff::{SignedDuration, Timestamp};

use crate::server::App;
use crate::service_metrics;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Evaluates the minutes that passed since the last one evaluated.
pub async fn catch_up(app: &App) {
    let _in_order = app.minutes.lock().await;
    if app.world.evaluates_by_itself() {
        evaluate_until(app, app.world.clock.now()).await;
    } else {
        app.world.forget_minutes();
    }
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
        service_metrics::publish_queues(app, minute).await;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::clock::Clock;
    use crate::deliver::{self, Outbox};
    use crate::world::{Place, World};

    /// An endpoint without ministack, half a minute after a whole one.
    fn app() -> Arc<App> {
        let place = Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() };
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_030).unwrap());
        let (outbox, waiting) = Outbox::new();
        let app = Arc::new(App::new(World::new(place, clock), None, outbox));
        tokio::spawn(deliver::carry(Arc::clone(&app), waiting));
        app
    }

    fn cloudwatch(app: &App, operation: &str, input: Value) -> Value {
        app.world.serve("cloudwatch", operation, input).unwrap().output
    }

    /// Fires when the minute before has a datapoint.
    fn alarm() -> Value {
        json!({
            "AlarmName": "a",
            "Namespace": "n",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        })
    }

    fn put_datum(app: &App, second: i64) {
        let datum = json!({"MetricName": "m", "Value": 1.0, "Timestamp": second});
        cloudwatch(app, "PutMetricData", json!({"Namespace": "n", "MetricData": [datum]}));
    }

    /// When the alarm's state became another, in seconds after the start, oldest first.
    fn changes(app: &App) -> Vec<i64> {
        let input = json!({"HistoryItemType": "StateUpdate", "ScanBy": "TimestampAscending"});
        let history = cloudwatch(app, "DescribeAlarmHistory", input);
        let items = history["AlarmHistoryItems"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["Timestamp"].as_f64().unwrap() as i64 - 1_800_000_000)
            .collect()
    }

    #[tokio::test]
    async fn every_minute_on_the_way_is_evaluated_in_order() {
        let app = app();
        cloudwatch(&app, "PutMetricAlarm", alarm());
        put_datum(&app, 1_800_000_120);
        advance(&app, SignedDuration::from_mins(20)).await;
        assert_eq!(app.world.clock.now().as_second(), 1_800_000_030 + 1_200);
        let changes = changes(&app);
        assert_eq!(changes.len(), 3, "OK, ALARM, OK: {changes:?}");
        assert_eq!(changes[..2], [60, 180]);
    }

    #[tokio::test]
    async fn a_jump_evaluates_nothing_and_time_goes_on_from_there() {
        let app = app();
        cloudwatch(&app, "PutMetricAlarm", alarm());
        jump(&app, SignedDuration::from_mins(-10)).await;
        catch_up(&app).await;
        assert!(changes(&app).is_empty());
        advance(&app, SignedDuration::from_secs(30)).await;
        assert_eq!(changes(&app), [-540]);
    }

    #[test]
    fn the_next_minute_is_after_the_time_even_when_it_is_whole() {
        for (second, next) in [(0, 60), (59, 60), (60, 120), (-1, 0), (-60, 0)] {
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(minute_after(at).as_second(), next);
        }
    }
}
