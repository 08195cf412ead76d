//! How a parser is held against its corpus.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use llmwatch_tests::outside_bytes::Corpus;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// The longest error, in characters: some sentences, with beginnings of names and values in which
/// every character may be escaped.
pub(super) const LONGEST_ERROR: usize = 3_000;
/// The longest part of the input an error repeats, in characters.
const LONGEST_ECHO: usize = 200;
/// Longer inputs, in bytes, are not searched for what an error repeats: that alone takes minutes.
pub(super) const LONGEST_SEARCHED: usize = 20_000;
/// What a megabyte may take in an unoptimised build on a busy machine; a quadratic reader takes
/// hours.
const LONGEST_READ: Duration = Duration::from_secs(20);

/// What a record is grown to, in bytes, one part of it at a time.
const GROWN: usize = 8 << 10;
/// The most memory a parser may hold at once, in bytes for a byte of its input.
///
/// The worst is lists in lists: two bytes make room for four values of 72 bytes, some of them twice
/// while a list moves to a larger place. What grows with the square of its input is far above.
const MOST_PER_BYTE: usize = 256;
/// The most beyond that: what a parser takes for any input, in bytes.
const MOST_AT_ALL: usize = 64 << 10;

/// Reads a corpus, the same grown, and changes of it; `read` checks what it accepts, and gives
/// every refusal.
#[track_caller]
pub(super) fn check(corpus: &Corpus, read: impl Fn(&str) -> Vec<String>) {
    let records = corpus.records();
    // What is made once, such as tables of words, belongs to no record.
    for record in &records {
        let _ = catch_unwind(AssertUnwindSafe(|| read(&String::from_utf8_lossy(&record.bytes))));
    }
    for record in records.into_iter().chain(corpus.grown(GROWN)) {
        let outcome = catch_unwind(AssertUnwindSafe(|| read_once(&record.bytes, &read)));
        assert!(outcome.is_ok(), "{}", record.name);
    }
    let choices = proptest::collection::vec(any::<u32>(), 1..12);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&choices, |choices| {
            read_once(&corpus.changed(&choices), &read);
            Ok(())
        })
        .unwrap();
}

fn read_once(bytes: &[u8], read: impl Fn(&str) -> Vec<String>) {
    let text = String::from_utf8_lossy(bytes);
    let start = Instant::now();
    let mut refusals = Vec::new();
    let memory = allocation_counter::measure(|| refusals = read(&text));
    assert!(start.elapsed() < LONGEST_READ, "{:?}", start.elapsed());
    let most = u64::try_from(text.len() * MOST_PER_BYTE + MOST_AT_ALL).unwrap();
    assert!(memory.bytes_max <= most, "{} bytes of {}", memory.bytes_max, text.len());
    for refusal in refusals {
        assert!(refusal.chars().count() <= LONGEST_ERROR, "{} characters", refusal.len());
        if text.len() <= LONGEST_SEARCHED {
            repeats_little(&refusal, &text);
        }
    }
}

fn repeats_little(refusal: &str, text: &str) {
    let echo: Vec<char> = refusal.chars().collect();
    for part in echo.windows(LONGEST_ECHO) {
        let part: String = part.iter().collect();
        assert!(!text.contains(&part), "repeats {part:?}");
    }
}
