//! Plays an incident on a local AWS, from quotas to the printed e-mail and case, and the scoring of
//! invocation logs, from S3 to a mail about a model that refuses; `demo bench
//! DIRECTORY` measures the functions whose binaries are there instead.
//!
//! Everything that is printed was read back from the local AWS after the real functions had run in
//! it; nothing is prepared text.
#![expect(clippy::print_stdout, reason = "printing is what the demo is for")]

mod bench;
mod page;
mod quality;
mod readings;
mod sight;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use llmwatch_tests::aws_call::{AwsCalls, Invoked, Method};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::traffic::{self, INCIDENT_MINUTES, quota};
use llmwatch_tests::world::Mail;
use llmwatch_tests::{Broken, World};
use page::Page;
use serde_json::{Value, json};

/// What the seven pools are about.
const POOLS: [&str; 9] = [
    "Seven pools. CaseAutomation is on; anomaly and latency alarms are for claude-sonnet-4-5 only.",
    "  nova-pro cross-region   healthy",
    "  claude-sonnet-4-5       us. and two application profiles: three callers, one quota",
    "  claude-opus-5           quota 0: every call is refused",
    "  claude-sonnet-5         has no quota for requests a minute",
    "  nova-pro on-demand      no API can raise its quotas",
    "  nova-2-lite global      no minute is near its quota, the day is",
    "  claude-haiku-4-5        twelve application profiles; an alarm can sum eight",
    "and llama-chat, an inference component of SageMaker, which has no quota and begins to fail",
];

/// What gets into trouble: five pools and the inference component; each causes one mail.
const INCIDENTS: usize = 6;

/// The quotas that are requested, by code.
const REQUESTED: [&str; 4] =
    [quota::BUSY_TPM, quota::BLOCKED_TPM, quota::NO_RPM_TPM, quota::DAILY_TPM];

/// What the operator says that a million tokens and an hour of an instance cost, and what the busy
/// pool may cost in an hour, in US dollars.
const PRICES: &str = r#"{"bedrock": {"anthropic.claude-sonnet-4-5-20250929-v1:0": {"input": 3.0,
    "output": 15.0, "cache_read": 0.3, "cache_write": 3.75}}, "endpoints": {"llm-endpoint": 5.67},
    "budgets": {"*claude-sonnet-4-5*": 150}}"#;

/// Charts without a value, by what their row and title contain, as the demo has nothing of it.
const NOT_HAPPENED: [(&str, &str); 4] = [
    ("Skipped records, by reason", "no record is skipped"),
    ("Guardrail interventions", "no call has a guardrail"),
    ("Inference component llama-chat: Quality", "no answer of the component is scored"),
    ("Inference component llama-chat: How much was scored", "no answer of the component is scored"),
];

/// How far the local clock is set back, so that the incident is played out just before now.
const SET_BACK: SignedDuration = SignedDuration::from_mins(7);

fn main() -> Result<(), Broken> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("bench"), Some(binaries)) => bench::run(binaries.into()),
        _ => play(),
    }
}

fn play() -> Result<(), Broken> {
    let mut page = Page::new();
    page.step("Start a local AWS, load 14 days of traffic, deploy template.yaml");
    let alarm_tuning = traffic::alarm_tuning();
    let parameters = [
        ("CaseAutomation", "on"),
        ("SettleSeconds", "3"),
        ("UseCase", "Answers for support agents, Monday to Friday"),
        ("AlarmTuning", alarm_tuning.as_str()),
        ("QualityScoring", "on"),
        ("JudgeModelId", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("PoolDashboards", "on"),
    ];
    let world = World::start(&parameters, prepare)?;
    for line in POOLS {
        page.line(line);
    }

    page.step("Thresholds and alarms, made by the deployment itself");
    page.table(&["pool", "callers", "RPM", "TPM", "TPD", "alarms"], &readings::pools(&world)?);
    page.line(&readings::alarm_count(&world)?);

    page.step("Traffic breaches: longer answers, more requests, a batch, calls that are refused");
    let seen = readings::last_call(&world)?;
    // A minute more, so that what the functions publish about themselves has come to pass too.
    advance(&world, SET_BACK + SignedDuration::from_mins(1))?;
    let mails = busy_pool_first(world.wait_for_mails(INCIDENTS)?);
    for line in readings::fired(&world)? {
        page.alarm(&line);
    }

    page.step("What llmwatch called to find out, decide and act, in all incidents");
    for line in readings::calls(&world, "notification-processor", seen)? {
        page.line(&line);
    }

    page.step("The e-mails: the first whole, of the others what was done");
    for (number, mail) in mails.iter().enumerate() {
        match number {
            0 => page.letter(&mail.subject, &mail.body),
            _ => page.letter(&mail.subject, shortened(&mail.body)),
        }
    }
    for mail in &alarm_notices(&world)? {
        page.letter(&mail.subject, &alarm_description(mail));
    }

    page.step("The quota requests, and what Support's cases were told");
    advance(&world, SignedDuration::from_mins(2))?;
    wait_for_cases(&world, REQUESTED.len())?;
    page.line("Support has opened the cases; its automatic reply comes a minute later.");
    advance(&world, SignedDuration::from_mins(2))?;
    for (number, (title, text)) in told_cases(&world, REQUESTED.len())?.iter().enumerate() {
        match number {
            0 => page.letter(title, text),
            _ => page.letter(title, section(text, "REQUEST")),
        }
    }

    page.step("AWS grants the increases; the thresholds follow");
    for code in REQUESTED {
        let decision = json!({ "request": code, "decision": "approve" });
        world.calls().control(Method::Post, "/_llmwatch/quota-decision", &decision)?;
    }
    run(&world, "quota-calculator")?;
    run(&world, "alarm-updater")?;
    for line in readings::thresholds(&world, &REQUESTED)? {
        page.good(&line);
    }

    page.step("The incident is over");
    advance(&world, SignedDuration::from_mins(INCIDENT_MINUTES + 10))?;
    let mails = mails_after(&world, mails.len(), INCIDENTS - 1)?;
    for (number, mail) in mails.iter().enumerate() {
        match number {
            0 => page.letter(&mail.subject, &mail.body),
            _ => page.letter(&mail.subject, mail.body.split("\n\n").next().unwrap_or_default()),
        }
    }
    page.line("");
    page.line(
        "nova-2-lite has no recovery yet: its batch stays in the last 24 hours until tomorrow.",
    );
    quality::play(&mut page, &world)?;

    draw_dashboards(&mut page, &world)?;
    page.good("Done. Same events again, faults and restarts: see tests/e2e.");
    Ok(())
}

/// Has the hourly run know prices, and draws the dashboards that there are then.
///
/// # Errors
///
/// A chart without any curve: what it asks for is not published, or asked for wrongly.
fn draw_dashboards(page: &mut Page, world: &World) -> Result<(), Broken> {
    page.step("The dashboards as CloudWatch keeps them, drawn with what it answers");
    world.set_parameter("settings/prices", PRICES)?;
    run(world, "alarm-updater")?;
    let mut empty = Vec::new();
    for drawn in sight::draw(world, local_now(world)?)? {
        page.line(&format!("{} charts: {}", drawn.charts, drawn.html.display()));
        for picture in &drawn.pictures {
            page.line(&format!("  as a picture: {}", picture.display()));
        }
        for chart in drawn.empty {
            match NOT_HAPPENED.iter().find(|(part, _)| chart.contains(part)) {
                Some((_, why)) => page.line(&format!("  without a value, as {why}: {chart}")),
                None => {
                    page.alarm(&format!("  without a value: {chart}"));
                    empty.push(chart);
                }
            }
        }
    }
    if empty.is_empty() {
        return Ok(());
    }
    Err(Broken::Unexpected {
        call: "drawing the dashboards".to_owned(),
        expected: "a curve in every chart",
        body: format!("none in {}", empty.join(", ")),
    })
}

/// Sets the clock back, loads the history, and has minutes of waiting pass in seconds.
fn prepare(calls: &AwsCalls) -> Result<(), Broken> {
    let set_back = json!({ "offset_seconds": -SET_BACK.as_secs() });
    let clock = calls.control(Method::Post, "/_llmwatch/clock", &set_back)?;
    let now: Timestamp = clock["now"].as_str().and_then(|now| now.parse().ok()).unwrap_or_default();
    let incident = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
    for seed in [traffic::seed(incident), sight::quota_history(incident)] {
        calls.control(Method::Post, "/_llmwatch/seed", &seed)?;
    }
    let settings = json!({
        "sqs_delay_divisor": 60,
        "case_id_delay_seconds": 60,
        "first_reply_delay_seconds": 60,
    });
    calls.control(Method::Post, "/_llmwatch/settings", &settings).map(drop)
}

/// The mail about three callers and one quota before the others, which are by subject.
fn busy_pool_first(mut mails: Vec<Mail>) -> Vec<Mail> {
    mails.sort_by_key(|mail| (!mail.subject.contains("claude-sonnet-4-5"), mail.subject.clone()));
    mails
}

/// Waits for what CloudWatch itself mails about llmwatch, here about the crowded pool.
fn alarm_notices(world: &World) -> Result<Vec<Mail>, Broken> {
    wait_until("CloudWatch's own mail", Duration::from_secs(30), || {
        let notices = world.alarm_notices()?;
        Ok(if notices.is_empty() { Seen::NotYet("none".to_owned()) } else { Seen::Yes(notices) })
    })
}

/// What the alarm behind CloudWatch's own mail says about itself.
fn alarm_description(mail: &Mail) -> String {
    let message: Value = serde_json::from_str(&mail.body).unwrap_or_default();
    message["AlarmDescription"].as_str().unwrap_or_default().to_owned()
}

/// What was done, or what the alarm says where nothing was.
fn shortened(body: &str) -> &str {
    let headings = ["WHAT LLMWATCH DID", "WHAT THE ALARM SAYS"];
    let heading = headings.into_iter().find(|heading| body.contains(heading));
    heading.map_or(body, |heading| section(body, heading))
}

/// The section of a mail or case under this heading; all of it where it has no such section.
fn section<'text>(text: &'text str, heading: &str) -> &'text str {
    let Some(start) = text.find(&format!("{heading}\n")) else { return text };
    let section = &text[start..];
    section.split("\n\n").next().unwrap_or(section)
}

fn advance(world: &World, by: SignedDuration) -> Result<(), Broken> {
    let by = json!({ "advance_seconds": by.as_secs() });
    world.calls().control(Method::Post, "/_llmwatch/clock", &by).map(drop)
}

/// What the local clock says.
fn local_now(world: &World) -> Result<Timestamp, Broken> {
    Ok(world.control().now()?.parse().unwrap_or_default())
}

fn mails_after(world: &World, before: usize, count: usize) -> Result<Vec<Mail>, Broken> {
    Ok(world.wait_for_mails(before + count)?.split_off(before))
}

/// Waits until Support has opened so many cases.
fn wait_for_cases(world: &World, count: usize) -> Result<(), Broken> {
    wait_until("the cases", Duration::from_secs(60), || {
        let open = readings::open_cases(world)?;
        Ok(if open >= count { Seen::Yes(()) } else { Seen::NotYet(format!("{open} cases")) })
    })
}

/// Waits until so many cases have been told the figures.
fn told_cases(world: &World, count: usize) -> Result<Vec<(String, String)>, Broken> {
    wait_until("the figures on the cases", Duration::from_secs(60), || {
        let told = readings::told_cases(world)?;
        Ok(if told.len() >= count { Seen::Yes(told) } else { Seen::NotYet(format!("{told:?}")) })
    })
}

fn run(world: &World, function: &str) -> Result<Value, Broken> {
    match world.invoke(function, &json!({}))? {
        Invoked::Returned(answer) => Ok(answer),
        Invoked::Failed(error) => Err(Broken::Unexpected {
            call: format!("invoke {function}"),
            expected: "an answer",
            body: error.to_string(),
        }),
    }
}
