//! What the lexical pipeline costs: `make bench`, or
//! `cargo bench -p llmwatch-quality --bench lexical -- --python PYTHON`.
//!
//! One file of records of about 3 kB with real answers in them is read, and each record's sentiment,
//! refusal and toxicity are told by words alone, as the function does where no model is. Where a
//! Python with `tools/requirements.txt` is given, the same goes through the libraries users pick.
//! Processor time is counted, so that a busy machine changes little; the quotient is what counts.
//! Redaction, which the function does besides, is told apart.
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
use llmwatch_quality::redaction::redact;
use llmwatch_quality::refusal::Refusals;
use llmwatch_quality::toxicity::Toxicity;
use llmwatch_quality::{invocation_log, sentiment};
use serde_json::{Value, json};

/// Records of the file; the reference reads the first of them only, as it takes so long.
const RECORDS: usize = 2_000;
const REFERENCE_RECORDS: usize = 400;
const PROMPT_BYTES: usize = 700;
const COMPLETION_BYTES: usize = 1_500;
/// Many short rounds, of which a busy machine leaves some alone.
const ROUNDS: usize = 30;
/// Records per CPU second that are the least on one core.
const GOAL: f64 = 15_000.0;

fn main() {
    let records = records();
    let bytes: usize = records.iter().map(String::len).sum();
    println!("{RECORDS} records of {} bytes", bytes / RECORDS);
    let (refusals, toxicity) = (Refusals::shipped().unwrap(), Toxicity::shipped().unwrap());
    let sentiment = |conversation: &Conversation| _ = black_box(sentiment::of(conversation));
    let refusal = |conversation: &Conversation| _ = black_box(refusals.of(conversation, None));
    let toxicity = |conversation: &Conversation| toxicity_of(&toxicity, conversation);
    // Tables are built at the first use.
    score(&records[0], sentiment);
    let parse = best(&records, |_| ());
    report("parse", parse);
    report("  sentiment", best(&records, sentiment) - parse);
    report("  refusal", best(&records, refusal) - parse);
    report("  toxicity", best(&records, toxicity) - parse);
    report("  (redaction)", best(&records, redaction_of) - parse);
    let ours = best(&records, |conversation| {
        sentiment(conversation);
        refusal(conversation);
        toxicity(conversation);
    });
    report("lexical pipeline", ours);
    println!("ours / goal of {GOAL:.0} records/CPU-s: {:.2}", 1.0 / ours / GOAL);
    let Some(reference) = reference(&records[..REFERENCE_RECORDS]) else {
        println!("Python libraries: not measured, give --python");
        return;
    };
    println!("ours / Python libraries: {:.0} x (goal 40)", reference / ours);
}

fn toxicity_of(toxicity: &Toxicity, conversation: &Conversation) {
    let prompt = conversation.prompt().map(|text| toxicity.by_phrases(text.as_str()));
    black_box((prompt, toxicity.by_phrases(conversation.completion.as_str())));
}

fn redaction_of(conversation: &Conversation) {
    let prompt = conversation.prompt().map(|text| redact(text.as_str()));
    black_box((prompt, redact(conversation.completion.as_str())));
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
    let steps = told["seconds"].as_object().unwrap();
    assert_eq!(steps.len(), 4, "the steps measured here: {steps:?}");
    let mut all = 0.0;
    for (step, seconds) in steps {
        let seconds = seconds.as_f64().unwrap() / records.len() as f64;
        report(&format!("Python: {step}"), seconds);
        all += seconds;
    }
    report("Python: lexical pipeline", all);
    Some(all)
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

/// Processor time of this process, which has one thread.
fn cpu_seconds() -> f64 {
    let told = fs::read_to_string("/proc/self/schedstat").unwrap();
    told.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
