//! The story of one event.

use jiff::Timestamp;
use lambda_runtime::Error;
use llmwatch_aws::topics;
use llmwatch_core::episode::AlarmState;
use serde_json::{Value, json};

use crate::App;
use crate::event::{self, Incoming};

/// Answers one event: mails each alarm that fires.
///
/// # Errors
///
/// When the event is malformed or the mail was not accepted; Lambda retries it.
pub async fn handle(app: &App, event: &Value, _now: Timestamp) -> Result<Value, Error> {
    let Incoming::Alarms(changes) = event::incoming(event, &app.config.prefix)? else {
        return Ok(json!({ "batchItemFailures": [] }));
    };
    for change in changes.iter().filter(|change| change.state == AlarmState::Alarm) {
        let subject: String =
            format!("[llmwatch] {} fires", change.arn).chars().take(99).collect();
        let body = format!("{}\nsince {}\n{}", change.arn, change.at, change.reason);
        let topic = &app.config.alerts_topic_arn;
        topics::publish(&app.clients.sns, topic, &subject, &body).await?;
    }
    Ok(Value::Null)
}
