//! How fast a log object is read: `cargo bench -p llmwatch-quality --bench parse`.
//!
//! One object of 20,000 records of about 3 kB, made of the records in `test_data` with longer texts,
//! is read in turns by this crate and by the least that any reader does: unpack, and parse every line
//! as a `serde_json::Value`. Both run on one core and unpack with the same library; the quotient is
//! what counts, as the machine may be busy. The best of the rounds is told.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails loudly"
)]

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use llmwatch_quality::exchange::Content;
use llmwatch_quality::invocation_log;
use llmwatch_quality::object::Lines;
use serde_json::Value;

const RECORDS: usize = 20_000;
const RECORD_BYTES: usize = 3_000;
const ROUNDS: usize = 9;
/// As much as an S3 client hands out at a time.
const CHUNK_BYTES: usize = 64 * 1024;

fn main() {
    let text = object();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let (mut least, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        least = least.min(time(|| bare_values(&packed)));
        ours = ours.min(time(|| exchanges(&packed)));
    }
    let mean_bytes = text.len() / RECORDS;
    println!("{RECORDS} records of {mean_bytes} bytes, {} kB packed", packed.len() / 1000);
    report("gunzip + serde_json::Value", least, text.len());
    report("gunzip + parse + extract", ours, text.len());
    println!("throughput of ours / bare: {:.2}", least.as_secs_f64() / ours.as_secs_f64());
}

fn time(read: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    let count = read();
    let taken = start.elapsed();
    assert_eq!(count, RECORDS, "every record is read");
    taken
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn report(name: &str, taken: Duration, bytes: usize) {
    let seconds = taken.as_secs_f64();
    let (megabytes, records) = (bytes as f64 / 1e6 / seconds, RECORDS as f64 / seconds);
    println!("{name}: {megabytes:.0} MB/s, {records:.0} records/s");
}

/// Unpacks and parses, nothing else.
fn bare_values(packed: &[u8]) -> usize {
    let mut lines = BufReader::with_capacity(CHUNK_BYTES, MultiGzDecoder::new(packed));
    let (mut line, mut count) = (String::new(), 0);
    while lines.read_line(&mut line).unwrap() > 0 {
        count += usize::from(black_box(serde_json::from_str::<Value>(&line)).is_ok());
        line.clear();
    }
    count
}

/// Reads the object as a function does.
fn exchanges(packed: &[u8]) -> usize {
    let (mut lines, mut count) = (Lines::new(), 0);
    let mut drain = |lines: &mut Lines| {
        while let Some(line) = lines.next_line() {
            let exchange = black_box(invocation_log::read(line.unwrap())).unwrap();
            count += usize::from(exchange.content != Content::Unknown);
        }
    };
    for chunk in packed.chunks(CHUNK_BYTES) {
        lines.push(chunk);
        drain(&mut lines);
    }
    lines.finish();
    drain(&mut lines);
    count
}

/// The object's text: the records in turn, each grown to about the same size.
fn object() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data/invocation-logs");
    let texts = formats(&root).map(|path| std::fs::read_to_string(path).unwrap());
    let records: Vec<Value> = texts.map(|text| serde_json::from_str(&text).unwrap()).collect();
    let mut object = String::new();
    for number in 0..RECORDS {
        let mut record = records[number % records.len()].clone();
        record["requestId"] = Value::from(format!("00000000-0000-4000-8000-{number:012}"));
        grow(&mut record, number);
        object += &record.to_string();
        object.push('\n');
    }
    object
}

/// The records with bodies in text, by format.
fn formats(root: &Path) -> impl Iterator<Item = PathBuf> {
    let mut paths: Vec<_> =
        ["converse", "anthropic", "nova", "llama", "mistral", "openai", "titan"]
            .iter()
            .flat_map(|format| std::fs::read_dir(root.join(format)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
    paths.sort();
    paths.into_iter()
}

/// Puts more text behind the record's longest text until the record has its size.
fn grow(record: &mut Value, number: usize) {
    const SAID: &str = "The order left our warehouse in Osaka on Tuesday, and the carrier says \
                        \"out for delivery\".\nYou can follow it at any time; 発送は火曜日です。 ";
    let missing = RECORD_BYTES.saturating_sub(record.to_string().len());
    let Some(Value::String(text)) = longest(record) else { return };
    while text.len() < missing {
        text.push_str(SAID);
        text.push_str(&(number * 7919 + text.len()).to_string());
    }
}

fn longest(value: &mut Value) -> Option<&mut Value> {
    match value {
        Value::String(_) => Some(value),
        Value::Array(items) => longest_of(items.iter_mut()),
        Value::Object(members) => {
            // The envelope's own strings stay as they are.
            let bodies = ["input", "output", "inputBodyJson", "outputBodyJson"];
            let is_record = members.contains_key("schemaType");
            let kept =
                members.iter_mut().filter(|(key, _)| !is_record || bodies.contains(&key.as_str()));
            longest_of(kept.map(|(_, value)| value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn longest_of<'v>(values: impl Iterator<Item = &'v mut Value>) -> Option<&'v mut Value> {
    values.filter_map(longest).max_by_key(|text| text.as_str().map_or(0, str::len))
}
