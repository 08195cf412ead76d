//! Where logs come from: Bedrock's logging and the buckets' notifications, ours and the customer's.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use llmwatch_tests::aws_call::{AwsCalls, JsonService, Method};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::{Broken, World, xml};
use serde_json::{Value, json};

const LOGGING: &str = "/logging/modelinvocations";
const THEIRS: &str = "customers-logs";
const ON: (&str, &str) = ("QualityScoring", "on");

/// What Bedrock answers about the account's logging; null where there is none.
fn logging(calls: &AwsCalls) -> Value {
    let answer = calls.rest("bedrock", Method::Get, LOGGING, "").unwrap();
    serde_json::from_str::<Value>(&answer).unwrap()["loggingConfig"].clone()
}

fn notifications(calls: &AwsCalls, bucket: &str) -> String {
    calls.rest("s3", Method::Get, &format!("/{bucket}?notification"), "").unwrap()
}

/// A bucket that gets the logs already and sends what is deleted there to EventBridge and a topic.
fn customers_set_up(calls: &AwsCalls) -> Result<(), Broken> {
    calls.create_bucket(THEIRS)?;
    let config = json!({ "loggingConfig": {
        "s3Config": { "bucketName": THEIRS, "keyPrefix": "bedrock" },
        "textDataDeliveryEnabled": true,
        "imageDataDeliveryEnabled": true,
    } });
    calls.rest("bedrock", Method::Put, LOGGING, &config.to_string())?;
    let configuration = "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
        <EventBridgeConfiguration/></NotificationConfiguration>";
    calls.rest("s3", Method::Put, &format!("/{THEIRS}?notification"), configuration)?;
    Ok(())
}

#[test]
fn logs_come_to_a_bucket_of_the_stacks_own_and_stop_with_the_stack() {
    let world = World::start(&[ON], |_| Ok(())).unwrap();
    let bucket = world.stack().resource("LogBucket").unwrap();
    let written = logging(world.calls());
    assert_eq!(written["s3Config"], json!({ "bucketName": bucket }));
    assert_eq!(written["textDataDeliveryEnabled"], true);
    assert_eq!(written["imageDataDeliveryEnabled"], false, "what is not scored is not stored");
    let ours = notifications(world.calls(), &bucket);
    for part in ["<Id>llmwatch-quality-scorer</Id>", ".json.gz", "s3:ObjectCreated:*"] {
        assert!(ours.contains(part), "{ours}");
    }

    // A release looks after both again, and finds nothing to do.
    let before = world.control().calls_since(0).unwrap().last().map_or(0, |call| call.seq);
    world.update(&[ON, ("LogRetentionDays", "60")]).unwrap();
    let calls = world.control().calls_since(before).unwrap();
    let writes = calls.iter().filter(|call| {
        call.caller == "account-setup" && call.operation.starts_with("PutModelInvocation")
    });
    assert_eq!(writes.count(), 0);

    world.stack().delete().unwrap();
    assert_eq!(logging(world.calls()), Value::Null);
    let left = notifications(world.calls(), &bucket);
    assert!(!left.contains("llmwatch"), "the bucket is kept, without ours: {left}");
}

#[test]
fn switched_off_again_it_leaves_no_logging() {
    let world = World::start(&[ON], |_| Ok(())).unwrap();
    let bucket = world.stack().resource("LogBucket").unwrap();
    world.update(&[("QualityScoring", "off")]).unwrap();
    assert_eq!(logging(world.calls()), Value::Null);
    assert!(!notifications(world.calls(), &bucket).contains("llmwatch"));
}

#[test]
fn a_customers_logging_fails_the_deployment_and_is_named_with_the_parameters() {
    let broken = World::start(&[ON], customers_set_up).unwrap_err().to_string();
    for part in [
        "InvocationLogging",
        "s3://customers-logs/bedrock/",
        "InvocationLogBucket=customers-logs and InvocationLogPrefix=bedrock/",
    ] {
        assert!(broken.contains(part), "{broken}");
    }
}

#[test]
fn a_customers_logging_and_notifications_are_used_and_stay_as_they_were() {
    let parameters = [ON, ("InvocationLogBucket", THEIRS), ("InvocationLogPrefix", "bedrock/")];
    let world = World::start(&parameters, customers_set_up).unwrap();
    let (config, before) = (logging(world.calls()), notifications(world.calls(), THEIRS));
    assert_eq!(config["imageDataDeliveryEnabled"], true, "theirs, as it was");
    for part in ["EventBridgeConfiguration", "<Id>llmwatch-quality-scorer</Id>"] {
        assert!(before.contains(part), "{before}");
    }
    assert!(
        before.contains("bedrock/AWSLogs/000000000000/BedrockModelInvocationLogs/"),
        "{before}"
    );
    world.stack().delete().unwrap();
    assert_eq!(logging(world.calls()), config);
    let after = notifications(world.calls(), THEIRS);
    assert!(after.contains("EventBridgeConfiguration") && !after.contains("llmwatch"), "{after}");
}

/// Where Bedrock put the logs of an hour long ago.
const HOUR: &str = "AWSLogs/000000000000/BedrockModelInvocationLogs/us-east-1/2025/01/01/07/";

fn log_object(request: &str) -> Vec<u8> {
    let record = json!({
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "timestamp": "2025-01-01T07:00:00Z", "accountId": "000000000000", "region": "us-east-1",
        "requestId": request, "operation": "Converse", "modelId": "us.amazon.nova-2-lite-v1:0",
        "identity": { "arn": "arn:aws:iam::000000000000:user/app" },
        "input": { "inputContentType": "application/json", "inputTokenCount": 7, "inputBodyJson": {
            "messages": [{ "role": "user", "content": [{ "text": "The capital of France?" }] }],
        } },
        "output": { "outputContentType": "application/json", "outputTokenCount": 3,
            "outputBodyJson": {
                "output": { "message": { "role": "assistant", "content": [{ "text": "Paris." }] } },
                "stopReason": "end_turn", "metrics": { "latencyMs": 420 },
                "usage": { "inputTokens": 7, "outputTokens": 3, "totalTokens": 10 },
            },
        },
    });
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    writeln!(packed, "{record}").unwrap();
    packed.finish().unwrap()
}

fn backfill(world: &World) -> Value {
    let machine = world.stack().resource("Backfill").unwrap();
    let states = |operation: &str, input: &Value| {
        world.calls().json(JsonService::StepFunctions, operation, input).unwrap()
    };
    let input = json!({ "bucket": THEIRS, "prefix": HOUR }).to_string();
    let started = states("StartExecution", &json!({ "stateMachineArn": machine, "input": input }));
    let asked = json!({ "executionArn": started["executionArn"] });
    let ended = wait_until("the backfill to end", Duration::from_secs(60), || {
        let execution = states("DescribeExecution", &asked);
        Ok(if execution["status"] == "RUNNING" {
            Seen::NotYet(execution.to_string())
        } else {
            Seen::Yes(execution)
        })
    });
    let ended = ended.unwrap();
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    serde_json::from_str(ended["output"].as_str().unwrap()).unwrap()
}

#[test]
fn a_backfill_records_every_old_call_once_and_says_how_many_are_too_old_for_metrics() {
    let world = World::start(&[ON, ("InvocationLogBucket", THEIRS)], |calls| {
        calls.create_bucket(THEIRS)?;
        (0..7).try_for_each(|number| {
            let key = format!("{HOUR}20250101T070000000Z_000000000000000{number}.json.gz");
            calls.put_object(THEIRS, &key, &log_object(&format!("old-{number}")))
        })
    });
    let world = world.unwrap();
    let sum = |batches: &Value, field: &str| -> u64 {
        batches.as_array().unwrap().iter().filter_map(|batch| batch[field].as_u64()).sum()
    };
    let first = backfill(&world);
    assert_eq!(first.as_array().unwrap().len(), 2, "batches of five: {first}");
    assert_eq!((sum(&first, "records"), sum(&first, "records_too_old_for_metrics")), (7, 7));
    let again = backfill(&world);
    assert_eq!((sum(&again, "records"), sum(&again, "objects_left_alone")), (0, 7), "{again}");
    let results = world.stack().resource("ResultsBucket").unwrap();
    let listed = world.calls().rest("s3", Method::Get, &format!("/{results}?list-type=2"), "");
    assert_eq!(xml::elements(&listed.unwrap(), "Contents").len(), 7);
}
