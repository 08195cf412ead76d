//! What embeddings cost: `make bench`, or `cargo bench -p llmwatch-embedding -- --python PYTHON`.
//!
//! The same texts go through this crate and, where a Python with `tools/requirements.txt` is given,
//! through ONNX Runtime on the same model file. Processor time is counted, so that a busy machine
//! changes little; the quotient is what counts.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails loudly"
)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use llmwatch_embedding::Embedder;
use serde::Deserialize;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds of ONNX Runtime for all texts.
#[derive(Deserialize)]
struct Reference {
    single: f64,
    batched: f64,
}

fn main() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    println!("{} texts, half of them short, half beyond or near 128 tokens", texts.len());
    let before = memory_mb();
    let (embedder, load) =
        timed(|| Embedder::load(read("model.onnx"), &read("tokenizer.json")).unwrap());
    println!("load: {:.0} ms CPU; memory {before} -> {} MB", load * 1e3, memory_mb());
    // Other texts of the same lengths, which the cache does not know.
    let others: Vec<String> = texts.iter().map(|text| text.to_uppercase() + ".").collect();
    let ((), single_s) = timed(|| {
        others.iter().for_each(|text| drop(black_box(embedder.embed(&[text]).unwrap())));
    });
    let (_, batched_s) = timed(|| black_box(embedder.embed(&texts).unwrap()));
    let (_, repeated_s) = timed(|| {
        (0..100).for_each(|_| drop(black_box(embedder.embed(&texts).unwrap())));
    });
    println!("memory after work: {} MB, peak {} MB", memory_mb(), peak_memory_mb());
    let rate = |seconds: f64| texts.len() as f64 / seconds;
    println!("one at a time:          {:>8.1} texts/CPU-s", rate(single_s));
    println!("length-sorted batches:  {:>8.1} texts/CPU-s", rate(batched_s));
    println!("repeated, from cache:   {:>8.0} texts/CPU-s", rate(repeated_s / 100.0));
    let Some(reference) = reference(&texts) else {
        println!("ONNX Runtime: not measured, give --python");
        return;
    };
    println!("ONNX Runtime, single:   {:>8.1} texts/CPU-s", rate(reference.single));
    println!("ONNX Runtime, batched:  {:>8.1} texts/CPU-s", rate(reference.batched));
    let best = reference.single.min(reference.batched);
    println!("batches / best of ONNX Runtime: {:.2} (goal 0.5)", best / batched_s);
}

/// Answers of 600 characters and one-liners, from the sentiment reference.
fn texts() -> Vec<String> {
    let path = root().join("crates/llmwatch-quality/test_data/sentiment/vader.jsonl");
    let rows: Vec<(String, f64)> = fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (long, short): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|(text, _)| text).partition(|text| text.len() > 300);
    let short = short.into_iter().filter(|text| text.len() > 20).take(long.len());
    short.chain(long.iter().cloned()).collect()
}

fn reference(texts: &[&str]) -> Option<Reference> {
    let python = std::env::args().skip_while(|argument| argument != "--python").nth(1)?;
    let file = std::env::temp_dir().join(format!("llmwatch-texts-{}.json", std::process::id()));
    fs::write(&file, serde_json::to_vec(texts).unwrap()).unwrap();
    let output = Command::new(root().join(python))
        .arg(root().join("tools/bench_embedding.py"))
        .args([model("model.onnx"), model("tokenizer.json"), file.clone()])
        .output()
        .unwrap();
    fs::remove_file(file).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn model(name: &str) -> PathBuf {
    root().join("target/model").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(model(name)).unwrap_or_else(|error| panic!("{name}: {error}; run `make model`"))
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = cpu_seconds();
    let result = work();
    (result, cpu_seconds() - start)
}

/// Processor time of all threads of this process: fields 14 and 15 of `/proc/self/stat`.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = &stat[stat.rfind(')').unwrap() + 2..];
    let ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

fn memory_mb() -> u64 {
    status("VmRSS:")
}

fn peak_memory_mb() -> u64 {
    status("VmHWM:")
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
