//! What reading records and their sentiment costs: `make bench`, or
//! `cargo bench -p llmwatch-quality --bench lexical -- --python PYTHON`.
//!
//! One file of records of about 3 kB with real answers in them goes through this crate and, where a
//! Python with `tools/requirements.txt` is given, through the libraries users pick. Processor time
//! is counted, so that a busy machine changes little; the quotient is what counts.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails loudly"
)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use llmwatch_quality::exchange::{Content, Conversation};
use llmwatch_quality::{invocation_log, sentiment};
use serde_json::{Value, json};

/// Records of the file; the reference reads the first of them only, as it takes so long.
const RECORDS: usize = 20_000;
const REFERENCE_RECORDS: usize = 400;
const PROMPT_BYTES: usize = 700;
const COMPLETION_BYTES: usize = 1_500;
const ROUNDS: usize = 3;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let records = records();
    let bytes: usize = records.iter().map(String::len).sum();
    println!("{RECORDS} records of {} bytes", bytes / RECORDS);
    // Tables are built at the first use.
    score(&records[0], sentiment_of);
    report("parse", best(&records, |_| ()));
    let ours = best(&records, sentiment_of);
    report("parse + sentiment", ours);
    let Some(reference) = reference(&records[..REFERENCE_RECORDS]) else {
        println!("Python libraries: not measured, give --python");
        return;
    };
    println!("ours / Python libraries: {:.0} x (goal 40)", reference / ours);
}

fn sentiment_of(conversation: &Conversation) {
    black_box(sentiment::of(conversation));
}

/// CPU seconds a record, the least of some rounds.
fn best(records: &[String], work: impl Fn(&Conversation) + Copy) -> f64 {
    let round = || {
        let start = cpu_seconds();
        records.iter().for_each(|record| score(record, work));
        (cpu_seconds() - start) / records.len() as f64
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn score(record: &str, work: impl Fn(&Conversation)) {
    let exchange = black_box(invocation_log::read(record)).unwrap();
    let Content::Conversation(conversation) = &exchange.content else {
        panic!("the records are conversations");
    };
    work(conversation);
}

fn report(what: &str, seconds: f64) {
    println!("{what:<28} {:>9.0} records/CPU-s {:>9.1} us", 1.0 / seconds, seconds * 1e6);
}

/// CPU seconds a record of the Python libraries.
fn reference(records: &[String]) -> Option<f64> {
    let python = std::env::args().skip_while(|argument| argument != "--python").nth(1)?;
    let file = std::env::temp_dir().join(format!("llmwatch-records-{}", std::process::id()));
    fs::write(&file, records.join("\n")).unwrap();
    let output = Command::new(root().join(python))
        .arg(root().join("tools/bench_lexical.py"))
        .args([file.clone(), root().join("tools/refusal_phrases.txt")])
        .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"].map(|name| (name, "1")))
        .output()
        .unwrap();
    fs::remove_file(file).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut same_steps = 0.0;
    for (step, seconds) in told["seconds"].as_object().unwrap() {
        let seconds = seconds.as_f64().unwrap() / records.len() as f64;
        report(&format!("Python: {step}"), seconds);
        // Of the steps that are measured on our side.
        if ["parse", "sentiment"].contains(&step.as_str()) {
            same_steps += seconds;
        }
    }
    report("Python: parse + sentiment", same_steps);
    Some(same_steps)
}

/// Converse records whose texts are put together from real answers.
fn records() -> Vec<String> {
    let path = root().join("crates/llmwatch-quality/test_data/sentiment/vader.jsonl");
    let rows = fs::read_to_string(path).unwrap();
    let rows: Vec<(String, f64)> =
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answers: Vec<String> =
        rows.into_iter().map(|(text, _)| text).filter(|text| text.len() > 400).collect();
    (0..RECORDS)
        .map(|number| {
            let text = |bytes| together(&answers, number, bytes);
            record(number, &text(PROMPT_BYTES), &text(COMPLETION_BYTES)).to_string()
        })
        .collect()
}

fn together(answers: &[String], number: usize, bytes: usize) -> String {
    let mut text = format!("Ticket {number}. ");
    for answer in answers.iter().cycle().skip(number % answers.len()) {
        if text.len() >= bytes {
            break;
        }
        text.push_str(answer);
        text.push('\n');
    }
    text.truncate(text.floor_char_boundary(bytes));
    text
}

fn record(number: usize, prompt: &str, completion: &str) -> Value {
    let usage = json!({"inputTokens": 412, "outputTokens": 350, "totalTokens": 762});
    json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-11-20T08:15:30Z",
        "accountId": "123456789012",
        "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/app/session"},
        "region": "us-west-2",
        "requestId": format!("00000000-0000-4000-8000-{number:012}"),
        "operation": "Converse",
        "modelId": "us.amazon.nova-lite-v1:0",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {
                "system": [{"text": "You answer tickets of a shop, politely and briefly."}],
                "messages": [{"role": "user", "content": [{"text": prompt}]}],
                "inferenceConfig": {"maxTokens": 1024, "temperature": 0.2}
            },
            "inputTokenCount": 412
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": {"message": {"role": "assistant", "content": [{"text": completion}]}},
                "stopReason": "end_turn",
                "metrics": {"latencyMs": 4120},
                "usage": usage
            },
            "outputTokenCount": 350
        }
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Processor time of this process: fields 14 and 15 of `/proc/self/stat`.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = &stat[stat.rfind(')').unwrap() + 2..];
    let ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}
