//! The ledger as it stands, and time that passes in it: functions take the time from the system,
//! which no test can move.

use jiff::SignedDuration;
use llmwatch_core::episode::Episode;
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::process::{Seen, wait_until};
use serde_json::{Value, json};

use crate::stage::{PATIENCE, Stage};

/// The pool's latest episode; waits until there is one.
pub(crate) fn episode(stage: &Stage) -> Episode {
    wait_until("an episode", PATIENCE, || {
        let row = episode_row(stage);
        let document = row["document"]["S"].as_str().unwrap_or_default();
        Ok(match serde_json::from_str(document) {
            Ok(episode) => Seen::Yes(episode),
            Err(_) => Seen::NotYet(row.to_string()),
        })
    })
    .unwrap()
}

/// Has the last update been decided so much earlier.
pub(crate) fn age_last_update(stage: &Stage, by: SignedDuration) {
    let mut row = episode_row(stage);
    let mut episode = episode(stage);
    episode.last_update_at = episode.last_update_at.map(|at| at - by);
    row["document"]["S"] = serde_json::to_string(&episode).unwrap().into();
    put(stage, &row);
}

/// Has every lease run out.
pub(crate) fn expire_leases(stage: &Stage) {
    let answer = call(stage, "Scan", json!({}));
    for row in answer["Items"].as_array().unwrap() {
        if row["state"]["S"] == "intent" {
            let mut row = row.clone();
            row["lease_until"]["N"] = "0".into();
            put(stage, &row);
        }
    }
}

fn episode_row(stage: &Stage) -> Value {
    let key = json!({
        "pk": { "S": format!("pool#{}", stage.pool()) },
        "sk": { "S": "episode" },
    });
    call(stage, "GetItem", json!({ "Key": key, "ConsistentRead": true }))["Item"].take()
}

/// Writes a row over whatever is there.
pub(crate) fn put(stage: &Stage, row: &Value) {
    call(stage, "PutItem", json!({ "Item": row }));
}

fn call(stage: &Stage, operation: &str, mut input: Value) -> Value {
    input["TableName"] = stage.world.stack().resource("Ledger").unwrap().into();
    stage.world.calls().json(JsonService::DynamoDb, operation, &input).unwrap()
}
