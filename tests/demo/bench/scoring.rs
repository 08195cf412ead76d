//! What quality-scorer costs: its start, one object, and memory as objects grow.
//!
//! Objects are not packed, so that they are as large as said. Nothing but the function under
//! measurement is told of them.

use std::fmt::Write as _;

use llmwatch_tests::aws_call::{ACCOUNT, REGION};
use llmwatch_tests::process::Places;
use llmwatch_tests::runtime_api::MeasuredFunction;
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

const FUNCTION: &str = "quality-scorer";
const LOGS: &str = "bench-logs";
const RESULTS: &str = "bench-results";
const MEGABYTE: usize = 1_000_000;
const MEBIBYTE: u64 = 1024 * 1024;

/// As long as a record's texts together are in ordinary use.
const RECORD_BYTES: usize = 3_000;

/// How an object's records are looked at, and what memory that may take.
struct Way {
    name: &'static str,
    /// The setting `quality`.
    setting: &'static str,
    goal_mib: u64,
}

const WAYS: [Way; 2] = [
    Way {
        name: "without the model",
        setting: r#"{"evidence": {"embeddings": "off"}}"#,
        goal_mib: 128,
    },
    // An embedding takes milliseconds whatever is around it; of all records it would be all there
    // is to see.
    Way {
        name: "with the model, for 2 records in 100",
        setting: r#"{"rates": {"embeddings": 0.02, "refusal": 0.02}}"#,
        goal_mib: 256,
    },
];

/// Prints what one object costs, and how memory stands to the sizes of objects.
pub(super) fn run(world: &World, places: &Places, base: &[(&str, String)]) -> Result<(), Broken> {
    let calls = world.calls();
    calls.create_bucket(LOGS)?;
    calls.create_bucket(RESULTS)?;
    super::slow_every_call(world)?;
    let model = places.repository.join("target/model").display().to_string();
    let mut environment = base.to_vec();
    environment.extend([
        ("LLMWATCH_RESULTS_BUCKET", RESULTS.to_owned()),
        ("LLMWATCH_QUALITY_NAMESPACE", "LLMWatch/Quality".to_owned()),
        ("LLMWATCH_ROLE_ARN", format!("arn:aws:iam::{ACCOUNT}:role/bench")),
        ("LLMWATCH_MODEL_PATH", model),
    ]);
    WAYS.iter().try_for_each(|way| scored(world, places, &environment, way))
}

/// An object that is scored.
struct Object {
    name: &'static str,
    bytes: usize,
}

/// From small to large, as a process never gives up that it once held much. The first loads what is
/// loaded at first use, the model too; the second is of the same size without that.
const OBJECTS: [Object; 5] = [
    Object { name: "first", bytes: RECORD_BYTES },
    Object { name: "1 record", bytes: RECORD_BYTES },
    Object { name: "0.3 MB, 100 records", bytes: 100 * RECORD_BYTES },
    Object { name: "20 MB", bytes: 20 * MEGABYTE },
    Object { name: "200 MB", bytes: 200 * MEGABYTE },
];

impl Object {
    /// Another one for each way, or the ledger would know the object.
    fn key(&self, way: &Way) -> String {
        let name = format!("{}-{}", way.name, self.name).replace([' ', ','], "-");
        format!(
            "AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/01/01/00/{name}.json.gz"
        )
    }

    fn event(&self, way: &Way) -> Value {
        let object = json!({ "bucket": { "name": LOGS }, "object": { "key": self.key(way) } });
        let body = json!({ "Records": [{
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": object,
        }] });
        json!({ "Records": [{
            "eventSource": "aws:sqs",
            "messageId": self.name,
            "body": body.to_string(),
            "attributes": { "ApproximateReceiveCount": "1" },
        }] })
    }
}

fn scored(
    world: &World,
    places: &Places,
    environment: &[(&str, String)],
    way: &Way,
) -> Result<(), Broken> {
    let now = world.control().now()?;
    for object in &OBJECTS {
        world.calls().put_object(LOGS, &object.key(way), text(&now, object.bytes).as_bytes())?;
    }
    world.set_parameter("settings/quality", way.setting)?;
    println!("Scoring a log object {}", way.name);
    let mut function = MeasuredFunction::start(places, FUNCTION, environment)?;
    super::start_row("  quality-scorer starts", &function)?;
    let mut peaks = Vec::new();
    for object in &OBJECTS {
        super::measured(world, &mut function, &object.event(way), &format!("  {}", object.name))?;
        peaks.push(function.peak_resident_bytes()?);
    }
    if let [.., medium, large] = peaks[..] {
        let (peak, goal) = (large.div_ceil(MEBIBYTE), way.goal_mib);
        println!(
            "  peak memory: {peak} MiB (goal {goal}), 200 MB / 20 MB: {:.2}",
            ratio(large, medium)
        );
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn ratio(large: u64, medium: u64) -> f64 {
    large as f64 / medium as f64
}

/// Records of Converse, one a line, until there are so many bytes.
fn text(now: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 2 * RECORD_BYTES);
    let mut number = 0;
    while text.len() < bytes {
        let _ = writeln!(text, "{}", record(now, number));
        number += 1;
    }
    text
}

fn record(now: &str, number: usize) -> Value {
    let prompt = said(number, RECORD_BYTES / 5);
    let mut completion = said(number + 1, RECORD_BYTES / 2);
    if number == 0 {
        // Refusals are looked at whatever the sample says, so that the first object loads the model.
        completion.insert_str(0, "I'm sorry, but I can't help with that. ");
    }
    let content = |text: String| json!([{ "text": text }]);
    json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": now,
        "accountId": ACCOUNT,
        "identity": { "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/session") },
        "region": REGION,
        "requestId": format!("00000000-0000-4000-8000-{number:012}"),
        "operation": "Converse",
        "modelId": "us.amazon.nova-2-lite-v1:0",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": { "messages": [{ "role": "user", "content": content(prompt) }] },
            "inputTokenCount": 150,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": { "message": { "role": "assistant", "content": content(completion) } },
                "stopReason": "end_turn",
                "metrics": { "latencyMs": 800 + number % 1000 },
                "usage": { "inputTokens": 150, "outputTokens": 380, "totalTokens": 530 },
            },
            "outputTokenCount": 380,
        },
    })
}

/// Sentences of a shop's answers, another order of them for each number.
fn said(number: usize, bytes: usize) -> String {
    const SENTENCES: [&str; 8] = [
        "Thank you for waiting, and sorry for the trouble with your parcel.",
        "The carrier tried to deliver it on Tuesday, but nobody was at home.",
        "You can pick it up at the shop around the corner until Friday evening.",
        "If that is too late for you, write to help@example.com or call 03-1234-5678.",
        "A refund takes three to five working days, which is slower than we would like.",
        "It was a great choice: most customers love how quiet the machine is!",
        "Open the lid, remove the filter, and rinse it under warm water.",
        "配達は火曜日の予定です。ご不明な点があればお知らせください。",
    ];
    let mut text = format!("Ticket {number}.");
    let mut at = number;
    while text.len() < bytes {
        text.push(' ');
        text.push_str(SENTENCES[at % SENTENCES.len()]);
        // A step without a common divisor, which changes from one number to the next.
        at += 1 + 2 * (number % 4);
    }
    text
}
