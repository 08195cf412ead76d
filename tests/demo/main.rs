//! Plays an incident on a local AWS, from an alarm to the printed e-mail.
#![expect(clippy::print_stdout, reason = "printing is what the demo is for")]

use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::{Broken, World};
use serde_json::json;

const ALARM: &str = "llmwatch-Bedrock-QuotaHealth-Composite-global.amazon.nova-2-lite-v1_0";

fn main() -> Result<(), Broken> {
    let world = World::start(&[], |_| Ok(()))?;
    let topic = world.stack().resource("RawTopic")?;
    let alarm = json!({
        "AlarmName": ALARM, "AlarmRule": "FALSE", "AlarmActions": [topic],
    });
    world.calls().json(JsonService::CloudWatch, "PutCompositeAlarm", &alarm)?;
    let state = json!({ "AlarmName": ALARM, "StateValue": "ALARM", "StateReason": "demo" });
    world.calls().json(JsonService::CloudWatch, "SetAlarmState", &state)?;
    for mail in world.wait_for_mails(1)? {
        println!("Subject: {}\n\n{}", mail.subject, mail.body);
    }
    Ok(())
}
