//! Bytes from outside, for the tests of everything that reads them: a corpus of real and nasty
//! records in `tests/data/corpus/<parser>/`, and changes to them.
//!
//! A file `*.lines` has one record a line; every other file is one record.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One record and where it comes from.
#[derive(Debug, Clone)]
pub struct Record {
    /// The file, and the line in it where a file has several.
    pub name: String,
    /// What a parser is given.
    pub bytes: Vec<u8>,
}

/// The records of one parser.
#[derive(Debug)]
pub struct Corpus {
    records: Vec<Record>,
}

/// Pieces that have broken parsers elsewhere.
const PIECES: [&str; 14] = [
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{1f600}",
    "\\ud800",
    "\"",
    "\\",
    "{",
    "[",
    "]",
    "}",
    "99999999999999999999",
    "-1e999",
    "\u{0130}",
];

/// The bytes of a text beyond every limit.
const MEGABYTE: usize = 1 << 20;

impl Corpus {
    /// The records in `tests/data/corpus/<parser>/`, by name.
    ///
    /// # Panics
    ///
    /// When the directory or a file in it cannot be read.
    #[must_use]
    pub fn of(parser: &str) -> Self {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/corpus");
        Self::from_directory(&data.join(parser))
    }

    /// The records of the sample events and of `tests/data/corpus/event/`.
    ///
    /// # Panics
    ///
    /// As [`Corpus::of`].
    #[must_use]
    pub fn of_events() -> Self {
        let mut corpus = Self::of("event");
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
        corpus.records.extend(Self::from_directory(&samples).records);
        corpus
    }

    /// The records of models' bodies that `llmwatch-quality` is tested with, one directory a
    /// format, and those of `tests/data/corpus/invocation-log/`.
    ///
    /// # Panics
    ///
    /// As [`Corpus::of`].
    #[must_use]
    pub fn of_invocation_logs() -> Self {
        let mut corpus = Self::of("invocation-log");
        let formats = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../crates/llmwatch-quality/test_data/invocation-logs");
        let mut formats: Vec<PathBuf> = std::fs::read_dir(formats)
            .into_iter()
            .flatten()
            .flatten()
            .map(|one| one.path())
            .collect();
        formats.retain(|path| path.is_dir());
        formats.sort();
        assert!(!formats.is_empty(), "there are no bodies of models");
        corpus.records.extend(formats.iter().flat_map(|one| Self::from_directory(one).records));
        corpus
    }

    #[expect(clippy::panic, reason = "a test without its corpus proves nothing")]
    fn from_directory(directory: &Path) -> Self {
        let files = std::fs::read_dir(directory)
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
        paths.sort();
        let mut records = Vec::new();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes =
                std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            if path.extension().is_some_and(|extension| extension == "lines") {
                let lines = bytes.split(|byte| *byte == b'\n').enumerate();
                records.extend(lines.map(|(number, line)| Record {
                    name: format!("{name}:{}", number + 1),
                    bytes: line.to_vec(),
                }));
            } else {
                records.push(Record { name, bytes });
            }
        }
        assert!(!records.is_empty(), "{} has no records", directory.display());
        Self { records }
    }

    /// Every record, and some of a megabyte: of one character, of nesting, of a record repeated, of
    /// numbers and of lists.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let mut records = self.records.clone();
        let longest = self.records.iter().map(|record| record.bytes.as_slice());
        let longest = longest.max_by_key(|bytes| bytes.len()).unwrap_or(b"x");
        for piece in
            [b"a".as_slice(), b"(", b"[", b"{\"a\":", b"\"", b"*", b"\xe2\x80\xae", longest]
        {
            let piece = if piece.is_empty() { b"x".as_slice() } else { piece };
            records.push(Record {
                name: format!("a megabyte of {:.20}", String::from_utf8_lossy(piece)),
                bytes: piece.iter().copied().cycle().take(MEGABYTE).collect(),
            });
        }
        // Lists in lists take by far the most memory for a byte, so there are fewer of them.
        let nested = format!("{}{},", "[".repeat(100), "]".repeat(100));
        for (name, item, bytes) in [
            ("a megabyte of numbers", "0,", MEGABYTE),
            ("many lists in lists", nested.as_str(), MEGABYTE / 16),
        ] {
            let list = format!("[{}0]", item.repeat(bytes / item.len()));
            records.push(Record { name: name.to_owned(), bytes: list.into_bytes() });
        }
        records
    }

    /// Each record grown to about so many bytes, one part of it at a time: its texts, lists and
    /// objects, also within texts that are JSON themselves; what is no JSON is repeated. Records that
    /// are as long already are left out.
    pub fn grown(&self, bytes: usize) -> impl Iterator<Item = Record> {
        let short = self.records.iter().filter(move |record| record.bytes.len() < bytes);
        short.flat_map(move |record| {
            let grown: Vec<Vec<u8>> = match serde_json::from_slice(&record.bytes) {
                Ok(value) => {
                    let grown = grown_json(&value, bytes);
                    grown.iter().map(|value| value.to_string().into_bytes()).collect()
                }
                Err(_) => vec![record.bytes.iter().copied().cycle().take(bytes).collect()],
            };
            grown.into_iter().enumerate().map(|(number, bytes)| Record {
                name: format!("{} with part {number} grown", record.name),
                bytes,
            })
        })
    }

    /// A record changed by the choices: the first picks it, each further two make one change.
    #[must_use]
    pub fn changed(&self, choices: &[u32]) -> Vec<u8> {
        let Some((first, changes)) = choices.split_first() else { return Vec::new() };
        let mut bytes = self.pick(*first).to_vec();
        for change in changes.chunks_exact(2) {
            bytes = self.change(bytes, change[0], change[1] as usize);
        }
        bytes
    }

    fn pick(&self, choice: u32) -> &[u8] {
        &self.records[choice as usize % self.records.len()].bytes
    }

    fn change(&self, mut bytes: Vec<u8>, kind: u32, choice: usize) -> Vec<u8> {
        let at = choice % (bytes.len() + 1);
        match kind % 7 {
            0 if at < bytes.len() => bytes[at] ^= 1 << (kind / 7 % 8),
            1 => bytes.truncate(at),
            2 => {
                let other = self.pick(kind / 7);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[choice / 7 % (other.len() + 1)..]);
            }
            3 => {
                let piece = PIECES[kind as usize / 7 % PIECES.len()];
                bytes.splice(at..at, piece.bytes());
            }
            4 => {
                let end = (at + kind as usize / 7 % 64).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part.repeat(40));
            }
            _ => {
                if let Some(changed) = changed_json(&bytes, kind as usize / 7, choice) {
                    bytes = changed;
                }
            }
        }
        bytes
    }
}

/// A JSON text with one of its values replaced, also within texts that are JSON themselves.
fn changed_json(bytes: &[u8], kind: usize, choice: usize) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    let count = places(&value);
    let mut left = choice % count;
    replace(&mut value, &mut left, kind);
    serde_json::to_vec(&value).ok()
}

/// Every value that a value becomes when one part of it grows.
fn grown_json(value: &Value, bytes: usize) -> Vec<Value> {
    let times = bytes / value.to_string().len().max(1) + 1;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        Value::String(text) => {
            let longer = if text.is_empty() { "x" } else { text }.repeat(times);
            let inner = serde_json::from_str::<Value>(text).ok();
            let within = inner.iter().flat_map(|inner| grown_json(inner, bytes));
            let within = within.map(|grown| Value::from(grown.to_string()));
            within.chain([Value::from(longer)]).collect()
        }
        Value::Array(items) => {
            let longer = items.iter().cloned().cycle().take(items.len() * times).collect();
            let with = |(place, item): (usize, &Value)| {
                let grown = grown_json(item, bytes).into_iter();
                grown.map(move |grown| {
                    let mut items = items.clone();
                    items[place] = grown;
                    Value::Array(items)
                })
            };
            items.iter().enumerate().flat_map(with).chain([Value::Array(longer)]).collect()
        }
        Value::Object(members) => {
            let more = (1..times).flat_map(|time| {
                members.iter().map(move |(name, member)| (format!("{name}{time}"), member.clone()))
            });
            let mut longer = members.clone();
            longer.extend(more);
            let with = |(name, member): (&String, &Value)| {
                let (name, grown) = (name.clone(), grown_json(member, bytes).into_iter());
                grown.map(move |grown| {
                    let mut members = members.clone();
                    members.insert(name.clone(), grown);
                    Value::Object(members)
                })
            };
            members.iter().flat_map(with).chain([Value::Object(longer)]).collect()
        }
    }
}

/// The values in a value, itself included.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(members) => members.values().map(places).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn replace(value: &mut Value, left: &mut usize, kind: usize) {
    if *left == 0 {
        *left = usize::MAX;
        *value = replacement(value, kind);
        return;
    }
    *left -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for inner in inner {
        if *left != usize::MAX {
            replace(inner, left, kind);
        }
    }
}

fn replacement(value: &Value, kind: usize) -> Value {
    if let Some(text) = value.as_str()
        && kind.is_multiple_of(3)
        && let Some(changed) = changed_json(text.as_bytes(), kind / 3, kind / 7)
    {
        return Value::from(String::from_utf8_lossy(&changed).into_owned());
    }
    let mut nested = Value::Null;
    for _ in 0..kind % 100 {
        nested = Value::Array(vec![nested]);
    }
    match kind / 3 % 12 {
        0 => Value::Null,
        1 => Value::from(true),
        2 => Value::from(-1),
        3 => Value::from(1e308),
        4 => Value::from(u64::MAX),
        5 => Value::from(""),
        6 => Value::from("\u{202e}\0"),
        7 => Value::from("secret ".repeat(400)),
        8 => Value::Array(Vec::new()),
        9 => Value::Object(serde_json::Map::new()),
        10 => Value::Array(vec![value.clone(); 40]),
        _ => nested,
    }
}
