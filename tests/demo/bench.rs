//! What each function costs: calls, round trips, wall and processor time, start-up and memory.
//!
//! The functions run beside the deployed ones, against the same local AWS and the same stack, under
//! a Runtime API that measures them. Only the queue is another one, so that the deployed function
//! does not take the measured one's messages. Every call takes 20 ms longer than the local AWS
//! needs, as a call within a Region does.

mod scoring;

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::{AlarmKind, name};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::{Pool, Scope};
use llmwatch_tests::aws_call::{JsonService, Method, REGION};
use llmwatch_tests::process::Places;
use llmwatch_tests::runtime_api::{Invocation, MeasuredFunction};
use llmwatch_tests::traffic::{self, BUSY_MODEL};
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

use crate::readings::{self, Calls};

/// What a call takes beside the local AWS's own time.
const CALL_MS: u32 = 20;

/// Pools of the hourly run.
const FLEET: usize = 50;

/// Prints what a notification, an hourly run and log objects cost the functions whose binaries are
/// in `binaries`.
pub(crate) fn run(binaries: PathBuf) -> Result<(), Broken> {
    println!("Functions measured: those in {}; {CALL_MS} ms a call.", binaries.display());
    println!("Calls and round trips are the code's own; the rest is this machine's, where wall is");
    println!("mostly waiting (round trips x {CALL_MS} ms) and the pace AWS asks for.");
    println!(
        "{:<44} {:>6} {:>7} {:>6} {:>9} {:>9} {:>9} {:>6}",
        "", "calls", "ledger", "trips", "wait ms", "wall ms", "CPU ms", "MiB"
    );
    notification(&binaries)?;
    hourly_run(&binaries)?;
    log_objects(&binaries)
}

/// One alarm of the demo's busy pool, with all the demo's pools deployed.
fn notification(binaries: &Path) -> Result<(), Broken> {
    let mut incident = Timestamp::UNIX_EPOCH;
    let tuning = traffic::alarm_tuning();
    let parameters = [("CaseAutomation", "on"), ("AlarmTuning", tuning.as_str())];
    let world = World::start(&parameters, |calls| {
        let clock = calls.control(Method::Get, "/_llmwatch/clock", &Value::Null)?;
        let now: Timestamp =
            clock["now"].as_str().and_then(|now| now.parse().ok()).unwrap_or_default();
        let minute = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
        // Long enough ago that no deployed alarm of a minute fires on it, and within the evidence.
        incident = minute - SignedDuration::from_hours(3);
        calls.control(Method::Post, "/_llmwatch/seed", &traffic::seed(incident)).map(drop)
    })?;
    let environment = environment(&world)?;
    let places = Places { binaries: binaries.to_owned(), ..world.places().clone() };
    let minute = json!({ "advance_seconds": 60 });
    world.calls().control(Method::Post, "/_llmwatch/clock", &minute)?;
    readings::wait_for_quiet(&world)?;
    slow_every_call(&world)?;

    let mut processor = MeasuredFunction::start(&places, "notification-processor", &environment)?;
    println!("A notification");
    start_row("  notification-processor starts", &processor)?;
    measured(&world, &mut processor, &child_alarm(incident), "  an alarm opens an episode")?;
    let settle = queue_message(&world, &environment)?;
    measured(&world, &mut processor, &settle, "  14 days read, request, mail, recovery")?;
    measured(&world, &mut processor, &settle, "  the same message again")
}

/// Both hourly functions over 50 pools: the run that makes all alarms, and one without a change.
fn hourly_run(binaries: &Path) -> Result<(), Broken> {
    let world = World::start(&[], |_| Ok(()))?;
    let environment = environment(&world)?;
    let places = Places { binaries: binaries.to_owned(), ..world.places().clone() };
    let now = world.control().now()?.parse().unwrap_or_default();
    world.control().seed(&traffic::fleet(FLEET, now))?;
    readings::wait_for_quiet(&world)?;
    slow_every_call(&world)?;

    println!("An hourly run over {FLEET} pools");
    let mut calculator = MeasuredFunction::start(&places, "quota-calculator", &environment)?;
    let mut updater = MeasuredFunction::start(&places, "alarm-updater", &environment)?;
    for (function, what) in
        [(&calculator, "  quota-calculator starts"), (&updater, "  alarm-updater starts")]
    {
        start_row(what, function)?;
    }
    let event = json!({});
    measured(&world, &mut calculator, &event, "  quota-calculator, all pools new")?;
    measured(&world, &mut updater, &event, "  alarm-updater, all alarms new")?;
    println!("  ({})", readings::alarm_count(&world)?);
    measured(&world, &mut calculator, &event, "  quota-calculator, nothing changed")?;
    measured(&world, &mut updater, &event, "  alarm-updater, nothing changed")
}

/// Log objects of several sizes, with and without the embedding model.
fn log_objects(binaries: &Path) -> Result<(), Broken> {
    let world = World::start(&[], |_| Ok(()))?;
    let environment = environment(&world)?;
    let places = Places { binaries: binaries.to_owned(), ..world.places().clone() };
    scoring::run(&world, &places, &environment)
}

fn slow_every_call(world: &World) -> Result<(), Broken> {
    let fault = json!({ "service": "*", "kind": "delay", "delay_ms": CALL_MS });
    world.calls().control(Method::Post, "/_llmwatch/faults", &fault).map(drop)
}

/// Invokes the function and prints what it took.
fn measured(
    world: &World,
    function: &mut MeasuredFunction,
    event: &Value,
    what: &str,
) -> Result<(), Broken> {
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
    let calls = readings::call_count(world, function.name(), seen)?;
    let memory = function.peak_resident_bytes()? / (1024 * 1024);
    row(what, &invocation, calls, memory);
    Ok(())
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

fn row(what: &str, invocation: &Invocation, calls: Calls, memory: u64) {
    println!(
        "{what:<44} {:>6} {:>7} {:>6} {:>9} {:>9.0} {:>9.0} {memory:>6}",
        calls.others,
        calls.ledger,
        calls.round_trips,
        calls.round_trips * CALL_MS as usize,
        invocation.cost.wall.as_secs_f64() * 1000.0,
        invocation.cost.cpu.as_secs_f64() * 1000.0,
    );
}

fn start_row(what: &str, function: &MeasuredFunction) -> Result<(), Broken> {
    let cost = function.init();
    println!(
        "{what:<44} {:>6} {:>7} {:>6} {:>9} {:>9.0} {:>9.0} {:>6}",
        "",
        "",
        "",
        "",
        cost.wall.as_secs_f64() * 1000.0,
        cost.cpu.as_secs_f64() * 1000.0,
        function.peak_resident_bytes()? / (1024 * 1024),
    );
    Ok(())
}
