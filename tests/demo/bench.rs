//! What each function costs: calls, wall and processor time, start-up and memory.
//!
//! The functions run beside the deployed ones, against the same local AWS and the same stack, under
//! a Runtime API that measures them. Only the queue is another one, so that the deployed function
//! does not take the measured one's messages.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::{AlarmKind, name};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::{Pool, Scope};
use llmwatch_tests::aws_call::{JsonService, Method, REGION};
use llmwatch_tests::process::Places;
use llmwatch_tests::runtime_api::{Cost, Invocation, MeasuredFunction};
use llmwatch_tests::traffic::{self, BUSY_MODEL};
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

use crate::readings::{self, Calls};

/// Deploys the demo's three pools and prints what an event of each kind costs the functions whose
/// binaries are in `binaries`.
pub(crate) fn run(binaries: PathBuf) -> Result<(), Broken> {
    let mut incident = Timestamp::UNIX_EPOCH;
    let world = World::start(&[("CaseAutomation", "on")], |calls| {
        let clock = calls.control(Method::Get, "/_llmwatch/clock", &Value::Null)?;
        let now: Timestamp =
            clock["now"].as_str().and_then(|now| now.parse().ok()).unwrap_or_default();
        let minute = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
        // Long enough ago that no deployed alarm fires on it, and within the evidence.
        incident = minute - SignedDuration::from_hours(3);
        calls.control(Method::Post, "/_llmwatch/seed", &traffic::seed(incident)).map(drop)
    })?;
    let environment = environment(&world)?;
    println!("Functions measured: those in {}", binaries.display());
    let places = Places { binaries, ..world.places().clone() };
    println!("{:<46} {:>9} {:>9} {:>6} {:>7}", "", "wall ms", "CPU ms", "calls", "ledger");
    let minute = json!({ "advance_seconds": 60 });
    world.calls().control(Method::Post, "/_llmwatch/clock", &minute)?;
    readings::wait_for_quiet(&world)?;

    let mut processor = MeasuredFunction::start(&places, "notification-processor", &environment)?;
    row("notification-processor: start", processor.init(), None);
    let opened = measured(&world, &mut processor, &child_alarm(incident))?;
    row("  an alarm opens an episode", opened.0.cost, Some(opened.1));
    let settle = queue_message(&world, &environment)?;
    let decided = measured(&world, &mut processor, &settle)?;
    row("  14 days read, request, mail, recovery mail", decided.0.cost, Some(decided.1));
    let again = measured(&world, &mut processor, &settle)?;
    row("  the same message again", again.0.cost, Some(again.1));
    memory(&processor)?;

    for (function, what) in [
        ("quota-calculator", "  hourly run, 3 pools"),
        ("alarm-updater", "  hourly run, no change"),
    ] {
        let mut measured_function = MeasuredFunction::start(&places, function, &environment)?;
        row(&format!("{function}: start"), measured_function.init(), None);
        let run = measured(&world, &mut measured_function, &json!({}))?;
        row(what, run.0.cost, Some(run.1));
        memory(&measured_function)?;
    }
    Ok(())
}

fn measured(
    world: &World,
    function: &mut MeasuredFunction,
    event: &Value,
) -> Result<(Invocation, Calls), Broken> {
    let seen = readings::last_call(world)?;
    let invocation = function.invoke(event)?;
    if invocation.has_failed
        || invocation.answer["batchItemFailures"].as_array().is_some_and(|f| !f.is_empty())
    {
        return Err(Broken::Unexpected {
            call: "a measured invocation".to_owned(),
            expected: "success",
            body: invocation.answer.to_string(),
        });
    }
    Ok((invocation, readings::call_count(world, seen)?))
}

/// The event of the busy pool's HighTPMQuotaUsage alarm.
fn child_alarm(incident: Timestamp) -> Value {
    let pool = Pool { scope: Scope::CrossRegion, model: BUSY_MODEL.to_owned() }.label();
    let alarm = StackPrefix::parse("llmwatch")
        .map(|prefix| name::child(&prefix, AlarmKind::HighTPMQuotaUsage, &pool))
        .unwrap_or_default();
    let at = incident + SignedDuration::from_mins(5);
    json!({
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": [format!("arn:aws:cloudwatch:{REGION}:000000000000:alarm:{alarm}")],
        "detail": {
            "alarmName": alarm,
            "state": { "value": "ALARM", "reason": "benchmark", "timestamp": at.to_string() },
        },
    })
}

/// Takes the message the function sent to its queue, as the event SQS would make of it.
fn queue_message(world: &World, environment: &[(&str, String)]) -> Result<Value, Broken> {
    let queue = environment.iter().find(|(name, _)| *name == "LLMWATCH_QUEUE_URL");
    let input = json!({ "QueueUrl": queue.map(|(_, url)| url), "WaitTimeSeconds": 5 });
    let answer = world.calls().json(JsonService::Sqs, "ReceiveMessage", &input)?;
    let message = &answer["Messages"][0];
    Ok(json!({ "Records": [{
        "eventSource": "aws:sqs",
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": { "ApproximateReceiveCount": "1" },
    }] }))
}

fn environment(world: &World) -> Result<Vec<(&'static str, String)>, Broken> {
    let queue = json!({ "QueueName": "bench" });
    let queue = world.calls().json(JsonService::Sqs, "CreateQueue", &queue)?;
    let stack = world.stack();
    Ok(vec![
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_ENDPOINT_URL", world.calls().endpoint().to_owned()),
        ("LLMWATCH_PREFIX", world.prefix().to_owned()),
        ("LLMWATCH_ALERTS_TOPIC_ARN", stack.resource("AlertsTopic")?),
        ("LLMWATCH_RAW_TOPIC_ARN", stack.resource("RawTopic")?),
        ("LLMWATCH_LEDGER_TABLE", stack.resource("Ledger")?),
        ("LLMWATCH_QUEUE_URL", queue["QueueUrl"].as_str().unwrap_or_default().to_owned()),
        ("LLMWATCH_SETTLE_SECONDS", "0".to_owned()),
    ])
}

fn row(what: &str, cost: Cost, calls: Option<Calls>) {
    let milliseconds = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    let text = |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
    println!(
        "{what:<46} {:>9.1} {:>9.1} {:>6} {:>7}",
        milliseconds(cost.wall),
        milliseconds(cost.cpu),
        text(calls.map(|calls| calls.others)),
        text(calls.map(|calls| calls.ledger)),
    );
}

fn memory(function: &MeasuredFunction) -> Result<(), Broken> {
    let mebibytes = function.peak_resident_bytes()? / (1024 * 1024);
    println!("  peak resident memory: {mebibytes} MiB");
    Ok(())
}
