//! The quality half: from invocation logs to scores, alarms and one more mail.

use std::ops::Range;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use llmwatch_core::quality::{Metric, NAMESPACE};
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::logs::{LogObject, Mood, log_objects};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers;
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

use crate::page::Page;
use crate::{advance, mails_after, run};

/// The model whose answers stay good, by the id it is called with.
const STEADY: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// The one that starts refusing.
const TURNING: &str = "us.amazon.nova-pro-v1:0";

/// How long both answer well, and how long one has refused, in minutes before now: an alarm looks
/// at quarters of an hour, and wants two.
const HISTORY: i64 = 150;
const REFUSING: i64 = 45;

/// The alarms that its refusals trip: the warning and the critical line.
const TRIPPED: usize = 2;

/// How long scores may take to appear.
const PATIENCE: Duration = Duration::from_secs(180);

/// The scores that are shown, each with its column's heading.
const SHOWN: [(&str, Metric); 6] = [
    ("refused", Metric::Refusal),
    ("errors", Metric::Error),
    ("sentiment", Metric::CompletionSentiment),
    ("toxicity", Metric::CompletionToxicity),
    ("similarity", Metric::SemanticSimilarity),
    ("judged", Metric::JudgeComposite),
];

/// Plays it: two hours of good answers, then the refusals.
pub(crate) fn play(page: &mut Page, world: &World) -> Result<(), Broken> {
    // The scorer reads the machine's clock, which is behind the local one by now.
    let now = this_minute();

    page.step("Bedrock's invocation logs land in S3; every call is recorded and scored");
    let good = [(STEADY, Mood::Answers), (TURNING, Mood::Answers)];
    score(page, world, &good, now, REFUSING..HISTORY)?;
    page.line("One call in ten is embedded and judged, here by a scripted judge.");
    page.letter("One call, as it is recorded", &a_redacted_call(world)?);
    run(world, "alarm-updater")?;
    let stem = format!("{}-Quality-", world.prefix());
    let alarms = readers::alarms(world.calls(), &stem)?.len();
    page.line(&format!("{alarms} quality alarms exist, made by the hourly run"));

    page.step("nova-pro starts refusing, and the logs of it come late");
    let mails_before = world.mails()?.len();
    let turned = [(STEADY, Mood::Answers), (TURNING, Mood::Refuses)];
    score(page, world, &turned, now, 1..REFUSING)?;
    advance(world, SignedDuration::from_mins(1))?;
    let mails = mails_after(world, mails_before, TRIPPED)?;
    let tripped = readers::alarms(world.calls(), &stem)?;
    for alarm in tripped.iter().filter(|alarm| alarm.state == "ALARM") {
        page.alarm(&alarm.name);
    }
    for mail in &mails {
        match mail.subject.contains("Critical") {
            true => page.letter(&mail.subject, &mail.body),
            false => page.letter(&mail.subject, mail.body.split("\n\n").next().unwrap_or_default()),
        }
    }
    Ok(())
}

/// Puts the log objects of models' calls into the log bucket, waits for their scores and shows them.
fn score(
    page: &Page,
    world: &World,
    models: &[(&str, Mood)],
    now: Timestamp,
    minutes: Range<i64>,
) -> Result<(), Broken> {
    let bucket = world.stack().resource("LogBucket")?;
    let mut rows = Vec::new();
    let objects_of = |(model, mood): &(&str, Mood)| log_objects(model, *mood, minutes.clone(), now);
    let objects: Vec<Vec<LogObject>> = models.iter().map(objects_of).collect();
    for LogObject { key, content, .. } in objects.iter().flatten() {
        world.calls().put_object(&bucket, key, content)?;
    }
    for ((model, _), objects) in models.iter().zip(&objects) {
        let calls: usize = objects.iter().map(|object| object.records).sum();
        wait_until("the scores", PATIENCE, || {
            let (_, scored) = totals(world, model, Metric::Error, now, &minutes)?;
            let is_all = scored >= calls as f64;
            Ok(if is_all { Seen::Yes(()) } else { Seen::NotYet(format!("{scored} of {calls}")) })
        })?;
        let mut row = vec![(*model).to_owned(), calls.to_string()];
        for (_, metric) in SHOWN {
            let (sum, count) = totals(world, model, metric, now, &minutes)?;
            row.push(if count > 0.0 { format!("{:.2}", sum / count) } else { "none".to_owned() });
        }
        rows.push(row);
    }
    let heading = ["model", "calls"].into_iter().chain(SHOWN.map(|(heading, _)| heading));
    page.table(&heading.collect::<Vec<_>>(), &rows);
    Ok(())
}

/// The sum and the number of a model's scores in minutes before now.
fn totals(
    world: &World,
    model: &str,
    metric: Metric,
    now: Timestamp,
    minutes: &Range<i64>,
) -> Result<(f64, f64), Broken> {
    let query = |id: &str, statistic: &str| {
        let metric = json!({
            "Namespace": NAMESPACE,
            "MetricName": metric.to_string(),
            "Dimensions": [{ "Name": "ModelId", "Value": model }],
        });
        json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": 60, "Stat": statistic } })
    };
    let input = json!({
        "MetricDataQueries": [query("sum", "Sum"), query("count", "SampleCount")],
        "StartTime": now.as_second() - (minutes.end - 1) * 60,
        "EndTime": now.as_second() - (minutes.start - 1) * 60,
    });
    let answer = world.calls().json(JsonService::CloudWatch, "GetMetricData", &input)?;
    let total = |index: usize| -> f64 {
        let values = answer["MetricDataResults"][index]["Values"].as_array();
        values.into_iter().flatten().filter_map(Value::as_f64).sum()
    };
    Ok((total(0), total(1)))
}

/// The first record of a call whose prompt had to be redacted.
fn a_redacted_call(world: &World) -> Result<String, Broken> {
    let bucket = world.stack().resource("ResultsBucket")?;
    let records = readers::call_records(world.calls(), &bucket)?;
    let is_redacted =
        |record: &&Value| record["prompt"].as_str().is_some_and(|prompt| prompt.contains("[CARD]"));
    let found = records.iter().find(is_redacted);
    Ok(found
        .map_or("none of them had anything to redact".to_owned(), |record| format!("{record:#}")))
}

#[expect(clippy::disallowed_methods, reason = "the scorer reads the machine's clock")]
fn this_minute() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now)
}
