//! Plays an incident on a local AWS, from quotas to the printed e-mail and case; `demo bench
//! DIRECTORY` measures the functions whose binaries are there instead.
//!
//! Everything that is printed was read back from the local AWS after the real functions had run in
//! it; nothing is prepared text.
#![expect(clippy::print_stdout, reason = "printing is what the demo is for")]

mod bench;
mod page;
mod readings;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use llmwatch_tests::aws_call::{AwsCalls, Invoked, Method};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::traffic::{self, INCIDENT_MINUTES, quota};
use llmwatch_tests::world::Mail;
use llmwatch_tests::{Broken, World};
use page::Page;
use serde_json::{Value, json};

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
    let mut incident = Timestamp::UNIX_EPOCH;
    let parameters = [
        ("CaseAutomation", "on"),
        ("SettleSeconds", "3"),
        ("UseCase", "Answers for support agents, Monday to Friday"),
    ];
    let world = World::start(&parameters, |calls| {
        incident = prepare(calls)?;
        Ok(())
    })?;
    page.line(
        "Three pools: amazon.nova-pro (healthy), claude-sonnet-4-5 (three callers, one quota),",
    );
    page.line("claude-opus-5 (quota 0: every call is refused). CaseAutomation is on.");

    page.step("Thresholds and alarms, made by the deployment itself");
    for line in readings::thresholds(&world)? {
        page.line(&line);
    }
    page.line(&readings::alarm_count(&world)?);

    page.step("Traffic breaches: claude-sonnet-4-5 writes longer answers, claude-opus-5 is called");
    let seen = readings::last_call(&world)?;
    advance(&world, SET_BACK)?;
    let mails = mails(&world, 2)?;
    for line in readings::fired(&world)? {
        page.alarm(&line);
    }

    page.step("What llmwatch called to find out, decide and act");
    for line in readings::calls(&world, "notification-processor", seen)? {
        page.line(&line);
    }

    page.step("The e-mails");
    for mail in &mails {
        page.letter(&mail.subject, &mail.body);
    }

    page.step("The quota requests, and what Support's cases were told");
    advance(&world, SignedDuration::from_mins(2))?;
    wait_for_cases(&world, 2)?;
    page.line("Support has opened the cases; its automatic reply comes a minute later.");
    advance(&world, SignedDuration::from_mins(2))?;
    for (title, text) in told_cases(&world, 2)? {
        page.letter(&title, &text);
    }

    page.step("AWS grants the increases; the thresholds follow");
    for code in [quota::BUSY_TPM, quota::BLOCKED_TPM] {
        let decision = json!({ "request": code, "decision": "approve" });
        world.calls().control(Method::Post, "/_llmwatch/quota-decision", &decision)?;
    }
    run(&world, "quota-calculator")?;
    run(&world, "alarm-updater")?;
    for line in readings::thresholds(&world)? {
        page.good(&line);
    }

    page.step("The incident is over");
    advance(&world, SignedDuration::from_mins(INCIDENT_MINUTES + 10))?;
    for mail in &mails_after(&world, mails.len(), 2)? {
        page.letter(&mail.subject, &mail.body);
    }
    page.line("");
    page.good("Done. Same events again, faults and restarts: see tests/e2e.");
    Ok(())
}

/// Sets the clock back, loads the history, and has minutes of waiting pass in seconds.
fn prepare(calls: &AwsCalls) -> Result<Timestamp, Broken> {
    let set_back = json!({ "offset_seconds": -SET_BACK.as_secs() });
    let clock = calls.control(Method::Post, "/_llmwatch/clock", &set_back)?;
    let now: Timestamp = clock["now"].as_str().and_then(|now| now.parse().ok()).unwrap_or_default();
    let incident = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
    calls.control(Method::Post, "/_llmwatch/seed", &traffic::seed(incident))?;
    let settings = json!({
        "sqs_delay_divisor": 60,
        "case_id_delay_seconds": 60,
        "first_reply_delay_seconds": 60,
    });
    calls.control(Method::Post, "/_llmwatch/settings", &settings)?;
    Ok(incident)
}

fn advance(world: &World, by: SignedDuration) -> Result<(), Broken> {
    let by = json!({ "advance_seconds": by.as_secs() });
    world.calls().control(Method::Post, "/_llmwatch/clock", &by).map(drop)
}

fn mails(world: &World, count: usize) -> Result<Vec<Mail>, Broken> {
    world.wait_for_mails(count)
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
