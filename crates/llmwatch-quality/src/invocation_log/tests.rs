use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{fs, iter};

use proptest::prelude::*;

use super::{complete, read};
use crate::exchange::{Content, Exchange, OtherContent, Turn};
use crate::object::Lines;
use crate::skipped::Skipped;
use crate::test_rendering::render;

/// The records of `test_data`, by format and name.
fn fixtures() -> &'static [(String, String)] {
    static FIXTURES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data/invocation-logs");
        let formats = sorted(&root).into_iter().filter(|path| path.is_dir());
        formats.flat_map(|format| sorted(&format)).map(named).collect()
    });
    &FIXTURES
}

fn named(path: PathBuf) -> (String, String) {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let format = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    (format!("{format}__{name}"), fs::read_to_string(&path).unwrap())
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn records_extract_as_reviewed() {
    for (name, record) in fixtures() {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), render(&read(record)));
        });
    }
    assert!(fixtures().len() >= 69, "{} records", fixtures().len());
}

#[test]
fn other_lines_are_skipped() {
    let check = |line: &str, expected| assert_eq!(read(line), Err(expected), "{line}");
    check("Permissions are correctly set for Amazon Bedrock logs.", Skipped::NotJson);
    check("{\"schemaType\":\"ModelInvocationLog\"", Skipped::NotJson);
    check("[]", Skipped::NotARecord);
    check("{\"captureData\":{}}", Skipped::NotARecord);
    check("{\"schemaType\":\"ModelInvocationLog\"}", Skipped::NoTimestamp);
    check("{\"schemaType\":\"ModelInvocationLog\",\"timestamp\":\"now\"}", Skipped::NoTimestamp);
}

/// The record whose input lies elsewhere.
fn elsewhere() -> Exchange {
    let name = "anthropic__messages-streamed-input-elsewhere";
    let (_, record) = fixtures().iter().find(|(found, _)| found == name).unwrap();
    read(record).unwrap()
}

/// The same with its output elsewhere too.
fn both_elsewhere() -> Exchange {
    let mut exchange = elsewhere();
    let (input, output) = (Some("s3://b/i".to_owned()), Some("s3://b/o".to_owned()));
    exchange.content = Content::Elsewhere { input, output, known: Box::default() };
    exchange.latency_ms = None;
    exchange
}

const ASKED: &str = r#"{"messages":[{"role":"user","content":"Name a colour."}]}"#;
const CHUNKS: [&str; 2] = [
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Blue."}}"#,
    r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"invocationLatency":7}}"#,
];

#[track_caller]
fn said(exchange: &Exchange) -> (String, String) {
    let Content::Conversation(conversation) = &exchange.content else {
        panic!("{:?}", exchange.content);
    };
    let prompt = conversation.prompt().map(|text| text.as_str().to_owned());
    (prompt.unwrap_or_default(), conversation.completion.as_str().to_owned())
}

#[test]
fn a_body_from_elsewhere_completes_what_the_record_has() {
    let expected = ("Name a colour.".to_owned(), "<text removed by the publisher>".to_owned());
    let completed = complete(elsewhere(), Some(ASKED), None);
    assert_eq!(said(&completed), expected);
    assert_eq!(completed.tokens, elsewhere().tokens);
    for wrapped in [
        format!(r#"{{"inputBodyJson":{ASKED}}}"#),
        format!(r#"{{"input":{{"inputBodyJson":{ASKED}}}}}"#),
    ] {
        assert_eq!(said(&complete(elsewhere(), Some(&wrapped), None)), expected);
    }
}

#[test]
fn a_stream_from_elsewhere_is_a_list_or_lines() {
    let [one, two] = CHUNKS;
    for body in [format!("[{one},{two},\"[DONE]\"]"), format!("{one}\n{two}\n")] {
        let completed = complete(both_elsewhere(), Some(ASKED), Some(&body));
        assert_eq!(said(&completed), ("Name a colour.".to_owned(), "Blue.".to_owned()));
        assert_eq!(completed.latency_ms, Some(7));
    }
}

#[test]
fn what_could_not_be_had_stays_elsewhere() {
    let half = complete(both_elsewhere(), Some(ASKED), None);
    let Content::Elsewhere { input: None, output: Some(_), .. } = &half.content else {
        panic!("{:?}", half.content);
    };
    let whole = complete(half, None, Some(CHUNKS[0]));
    assert_eq!(said(&whole), ("Name a colour.".to_owned(), "Blue.".to_owned()));
}

#[test]
fn an_answer_from_elsewhere_may_be_unknown_or_no_text() {
    let complete = |output| complete(both_elsewhere(), Some(ASKED), Some(output)).content;
    assert_eq!(complete("{\"x\":1}"), Content::Unknown);
    assert_eq!(complete("not JSON"), Content::Unknown);
    assert_eq!(complete("{\"embedding\":[0.1]}"), Content::Other(OtherContent::Embedding));
}

#[test]
fn halves_of_pairs_cost_no_record() {
    let line = r#"{"modelId":"m","operation":"InvokeModel","timestamp":"2026-10-01T12:00:00Z","input":{"inputBodyJson":{"prompt":"cut \ud83d"}},"output":{"outputBodyJson":{"generation":"\ud83d\ude00"}}}"#;
    assert_eq!(said(&read(line).unwrap()), ("cut \u{fffd}".to_owned(), "😀".to_owned()));
}

/// Puts `text` in place of every string of the record that is `from`.
fn plant(record: &str, from: &str, text: &str) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    record.replace(&quoted(from), &quoted(text))
}

proptest! {
    #[test]
    fn a_planted_completion_comes_out(text in "[^<\\[]{1,60}") {
        for (name, record) in fixtures() {
            let planted = plant(record, "Blue.", &text);
            let is_whole = !record.contains("\"Bl\"");
            let is_planted = render(&read(record)).contains("completion: \"Blue.\"");
            if planted != *record && is_planted && is_whole {
                let (_, completion) = said(&read(&planted).unwrap());
                prop_assert!(completion == text, "{}", name);
            }
        }
    }

    #[test]
    fn a_planted_question_comes_out(text in "[^<\\[]{1,60}") {
        for (name, record) in fixtures() {
            let planted = plant(record, "Name a colour.", &text);
            if planted != *record && render(&read(record)).contains("User: \"Name a colour.\"") {
                let Content::Conversation(conversation) = read(&planted).unwrap().content else {
                    panic!("{name}");
                };
                let turn = |turn: &Turn| turn.text.as_str() == text;
                prop_assert!(conversation.turns.iter().any(turn), "{}", name);
            }
        }
    }

    #[test]
    fn reasoning_and_what_a_guardrail_withheld_never_come_out(seed in "[a-z]{12}") {
        for (name, record) in fixtures() {
            let planted = record.replace("SECRET", &seed).replace("WITHHELD", &seed);
            prop_assert!(!render(&read(&planted)).contains(&seed), "{}", name);
        }
    }

    #[test]
    fn no_change_of_a_record_makes_it_panic(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..60,
        put in "[\"\\\\{}\\[\\],:0-9a-z\u{0}-\u{ff}]{0,8}",
    ) {
        let (_, record) = which.get(fixtures());
        let mut characters: Vec<char> = record.chars().collect();
        let at = at.index(characters.len());
        let end = (at + length).min(characters.len());
        characters.splice(at..end, put.chars());
        let changed: String = characters.into_iter().collect();
        let _read = render(&read(&changed));
        let _completed = complete(both_elsewhere(), Some(&changed), Some(&changed));
    }

    #[test]
    fn a_bad_line_costs_itself_only(bad in "[^\n]{0,80}", at in 0_usize..3) {
        let records: Vec<_> = fixtures().iter().map(|(_, record)| record.replace('\n', "")).collect();
        let mut object: Vec<&str> = records.iter().map(String::as_str).take(2).collect();
        object.insert(at.min(2), &bad);
        let mut lines = Lines::new();
        lines.push(object.join("\n").as_bytes());
        lines.finish();
        let mut read_well = 0;
        while let Some(line) = lines.next_line() {
            read_well += usize::from(line.is_ok_and(|line| read(line).is_ok()));
        }
        prop_assert_eq!(read_well, 2);
    }

    #[test]
    fn any_bytes_in_any_chunks_end_in_bounded_memory(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        is_gzip in any::<bool>(),
        chunk in 1_usize..300,
    ) {
        let magic: &[u8] = if is_gzip { &[0x1f, 0x8b, 8, 0] } else { &[] };
        let object = [magic, bytes.as_slice()].concat();
        let mut lines = Lines::new();
        let mut count = 0;
        for chunk in object.chunks(chunk) {
            lines.push(chunk);
            count += iter::from_fn(|| lines.next_line().map(|_| ())).count();
        }
        lines.finish();
        count += iter::from_fn(|| lines.next_line().map(|_| ())).count();
        // Deflate makes at most 1032 bytes of one.
        prop_assert!(count <= (object.len() + 1) * 1032);
    }
}
