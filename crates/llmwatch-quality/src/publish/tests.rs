use std::collections::BTreeMap;

use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::*;
use crate::budget::{Cost, NanoUsd};
use crate::redaction::Kind;

const NOON: i64 = 1_795_348_800;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn nova() -> Subject {
    Subject::new("us.amazon.nova-lite-v1:0", None)
}

fn card(scores: &[(Metric, f64)]) -> ScoreCard {
    let scores = scores.iter().map(|(metric, score)| ((*metric).into(), *score)).collect();
    ScoreCard { scores, ..ScoreCard::default() }
}

fn add(scores: &mut Scores, second: i64, card: &ScoreCard) {
    scores.add(Scored { subject: &nova(), at: at(second), card, findings: None });
}

/// One line a datum, in order, chunk by chunk.
fn shown(chunks: &[Chunk]) -> String {
    let mut lines = Vec::new();
    for chunk in chunks {
        for MetricDatum { name, dimensions, at, values, unit } in &chunk.data {
            let dimensions: Vec<String> =
                dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.push(format!(
                "{} {at} {name} {{{}}} {values:?} {}",
                chunk.number,
                dimensions.join(", "),
                unit.word()
            ));
        }
    }
    lines.join("\n")
}

#[test]
fn the_scores_of_an_object_are_laid_out_by_model_and_minute() {
    let mut scores = Scores::default();
    add(&mut scores, NOON, &card(&[(Metric::Refusal, 0.0), (Metric::CompletionSentiment, 0.5)]));
    add(
        &mut scores,
        NOON + 59,
        &card(&[(Metric::Refusal, 1.0), (Metric::CompletionSentiment, 0.500_4)]),
    );
    add(&mut scores, NOON + 60, &card(&[(Metric::Refusal, 0.0)]));
    let mut not_scored = card(&[(Metric::OutputTokensPerSecond, 48.765)]);
    not_scored.not_scored.insert(Metric::Truncation.into(), "not told".into());
    let mut findings = Findings::default();
    findings.add(Kind::Email);
    findings.add(Kind::Email);
    scores.add(Scored {
        subject: &Subject::new("chat", Some("chat-llama")),
        at: at(NOON),
        card: &not_scored,
        findings: Some(&Sides { prompt: None, completion: Some(findings) }),
    });
    scores.skip(at(NOON), "malformed", 2);
    insta::assert_snapshot!(shown(&scores.chunks()));
}

#[test]
fn what_is_out_of_sample_reaches_no_metric() {
    let mut card = card(&[(Metric::JudgeSafety, 0.25), (Metric::Error, 1.0)]);
    card.not_scored.insert(Metric::JudgeRelevance.into(), "throttled".into());
    card.keep_from_cloudwatch(Metric::JudgeSafety);
    card.keep_from_cloudwatch(Metric::JudgeRelevance);
    let mut scores = Scores::default();
    add(&mut scores, NOON, &card);
    let names: Vec<_> = scores.chunks()[0].data.iter().map(|datum| datum.name.clone()).collect();
    assert_eq!(names, ["Error"]);
}

#[test]
fn a_score_beyond_all_bounds_is_counted_as_such() {
    let mut scores = Scores::default();
    add(&mut scores, NOON, &card(&[(Metric::OutputTokensPerSecond, 1e300)]));
    let reason = ("Reason", "out of range".to_owned());
    assert!(scores.chunks()[0].data[0].dimensions.contains(&reason));
}

#[test]
fn a_thousand_distinct_values_go_into_calls_of_150() {
    let mut scores = Scores::default();
    for thousandth in 0..=1000 {
        let score = f64::from(thousandth) / 1000.0;
        add(&mut scores, NOON, &card(&[(Metric::SemanticSimilarity, score)]));
    }
    let chunks = scores.chunks();
    let sizes: Vec<_> = chunks.iter().map(|chunk| chunk.data[0].values.len()).collect();
    assert_eq!(sizes, [150, 150, 150, 150, 150, 150, 101]);
}

#[test]
fn names_without_end_share_one_subject() {
    let mut scores = Scores::default();
    for name in 0..MAX_SUBJECTS + 50 {
        let subject = Subject::new(&format!("made.up-{name}"), None);
        let card = card(&[(Metric::Error, 1.0)]);
        scores.add(Scored { subject: &subject, at: at(NOON), card: &card, findings: None });
    }
    let chunks = scores.chunks();
    let data: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.data).collect();
    assert_eq!(data.len(), MAX_SUBJECTS + 1);
    let others = ("ModelId", OTHER_MODELS.to_owned());
    let others = data.iter().find(|datum| datum.dimensions.contains(&others)).unwrap();
    assert_eq!(others.values, [(1.0, 50.0)]);
}

#[test]
fn records_too_old_are_left_out_without_a_change_of_numbers() {
    let now = at(NOON);
    let mut scores = Scores::default();
    let two_weeks = SignedDuration::from_hours(14 * 24).as_secs();
    for age in [0, 3 * 3600, two_weeks - 3600, two_weeks, two_weeks + 60, -3600, -2 * 3600] {
        add(&mut scores, NOON - age, &card(&[(Metric::Error, 1.0)]));
    }
    let chunks = scores.chunks();
    let acceptable = chunks[0].acceptable(now);
    assert_eq!((acceptable.data.len(), acceptable.left_out), (4, 3));
    assert_eq!(scores.refused(now), 3);
    let later = now.checked_add((24 * 365).hours()).unwrap();
    assert!(chunks[0].acceptable(later).data.is_empty());
}

#[test]
fn no_record_older_than_two_hours_falls_into_the_window_of_an_alarm() {
    // 8 periods of 900 s end now at the latest: what began before them began over two hours ago.
    assert_eq!(8 * 900, SignedDuration::from_hours(2).as_secs());
}

fn run(purpose: Purpose, judge: Option<JudgeRun>) -> String {
    let mut scores = Scores::default();
    for late in [30, 30, 1203, 4_000_000] {
        add(&mut scores, NOON - late, &card(&[(Metric::Error, 0.0)]));
    }
    let facts =
        RunFacts { purpose, evaluation_ms: 12.345_6, chunks_in_doubt: 0, spans_failed: 0, judge };
    shown(&run_chunks(&facts, &scores, at(NOON + 15), 7))
}

#[test]
fn a_run_tells_how_late_it_came_and_what_the_judge_cost() {
    let judge = JudgeRun {
        model: "us.amazon.nova-pro-v1:0".into(),
        rubric: "0123456789ab".into(),
        calls: 3,
        tokens: 4500,
        cost: Cost::Known(NanoUsd::of_dollars(0.000_625).unwrap()),
        failures: vec![("throttled", 1), ("malformed verdict", 0)],
        over_budget: 2,
    };
    insta::assert_snapshot!(run(Purpose::Live, Some(judge)));
}

#[test]
fn a_backfill_is_late_on_purpose() {
    let shown = run(Purpose::Backfill, None);
    assert!(!shown.contains("ScoringDelay") && shown.contains("TooOld"), "{shown}");
}

#[test]
fn an_unknown_cost_is_not_published_as_0() {
    let judge = JudgeRun {
        model: "m".into(),
        rubric: "r".into(),
        calls: 1,
        tokens: 10,
        cost: Cost::Unknown,
        failures: vec![],
        over_budget: 0,
    };
    assert!(!run(Purpose::Live, Some(judge)).contains("JudgeCost"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_call_keeps_to_the_limits_and_nothing_is_lost(
        records in proptest::collection::vec(
            (0..400u16, 0..40i64, -1.0..3000.0f64, any::<bool>()),
            0..1000,
        )
    ) {
        let scores = |order: &mut dyn Iterator<Item = &(u16, i64, f64, bool)>| {
            let mut scores = Scores::default();
            for (model, minute, value, whole) in order {
                let value = if *whole { value.round() } else { *value };
                let long = format!("arn:made:up:{}{model}", "é".repeat(1000));
                let card = card(&[(Metric::OutputTokensPerSecond, value), (Metric::Error, 0.0)]);
                let subject = Subject::new(&long, Some("c"));
                let subject = if model % 2 == 0 { nova() } else { subject };
                let at = at(NOON + minute * 60);
                scores.add(Scored { subject: &subject, at, card: &card, findings: None });
            }
            scores.chunks()
        };
        let chunks = scores(&mut records.iter());
        let mut count = 0.0;
        for (index, chunk) in chunks.iter().enumerate() {
            prop_assert_eq!(chunk.number as usize, index);
            prop_assert!(!chunk.data.is_empty() && chunk.data.len() <= MAX_DATA);
            let mut seen: BTreeMap<_, usize> = BTreeMap::new();
            for datum in &chunk.data {
                prop_assert!((1..=MAX_VALUES).contains(&datum.values.len()));
                prop_assert!(datum.values.is_sorted_by(|a, b| a.0 < b.0));
                prop_assert_eq!(datum.at.as_second() % 60, 0);
                for (name, value) in &datum.dimensions {
                    prop_assert!(!name.is_empty() && !value.is_empty() && value.len() <= 1024);
                    prop_assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
                }
                let metric = (datum.name.clone(), datum.dimensions.clone(), datum.at);
                *seen.entry(metric).or_default() += datum.values.len();
                count += datum.values.iter().map(|(_, times)| times).sum::<f64>();
            }
            prop_assert!(seen.values().all(|values| *values <= MAX_VALUES));
            // Written out, which is longer than CBOR on the wire.
            let written = format!("{:?}", chunk.data);
            prop_assert!(written.len() < 1_000_000);
        }
        prop_assert_eq!(count as usize, records.len() * 2);
        // The order of an object's records decides nothing while its models are few.
        let few = records.iter().filter(|(model, ..)| model % 2 == 0).collect::<Vec<_>>();
        let (there, back) =
            (scores(&mut few.iter().copied()), scores(&mut few.iter().rev().copied()));
        prop_assert_eq!(there, back);
    }
}
