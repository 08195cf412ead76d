//! What a run says about itself: how late it came, how long it took, what the judge cost.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::chunk::{Chunk, Whole, pack};
use super::{Quantity, Scores, Unit, subject};
use crate::budget::{Cost, NanoUsd};

/// Why the object is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It has just been delivered.
    Live,
    /// An operator asked for months of it: its records are late on purpose.
    Backfill,
}

/// What a run measured.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// Why it ran.
    pub purpose: Purpose,
    /// From the message's arrival to the last score, in milliseconds.
    pub evaluation_ms: f64,
    /// Chunks of scores that an earlier try may have sent: they are not sent again.
    pub chunks_in_doubt: u64,
    /// Spans that a tracing backend did not take: none where spans are not exported.
    pub spans_failed: u64,
    /// What the judge did, when it is on.
    pub judge: Option<JudgeRun>,
}

/// What the judge did in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgeRun {
    /// The model that judged.
    pub model: String,
    /// The rubric's hash.
    pub rubric: String,
    /// Calls made, repairs included.
    pub calls: u64,
    /// Tokens in and out.
    pub tokens: u64,
    /// What they cost; unknown where no price is configured, and then no cost is published.
    pub cost: Cost,
    /// Verdicts that could not be had, by reason; reasons are of a fixed set.
    pub failures: Vec<(&'static str, u64)>,
    /// Exchanges not judged because the day's budget was spent.
    pub over_budget: u64,
}

/// The run's metrics, dated by the run, numbered from `first` on: the count of the object's chunks.
///
/// `EvaluationLatency` in ms. `ScoringDelay` in s from each record to `now`, live only, 0 for
/// records from the future. `TooOld`: records that CloudWatch no longer takes, when there are any.
/// `SpansFailed`: spans that were not taken, when there are any.
/// `JudgeCalls` and `JudgeTokens` by `JudgeModelId` and `Rubric`; `JudgeCost` in US dollars,
/// `JudgeFailures` by `Reason`, `JudgeOverBudget`. All but those three judge counts have no
/// dimensions, so that fixed alarms can name them.
#[must_use]
pub fn run_chunks(facts: &RunFacts, scores: &Scores, now: Timestamp, first: u32) -> Vec<Chunk> {
    let mut run = Run { now, data: Vec::new() };
    run.one("EvaluationLatency", facts.evaluation_ms, Unit::Milliseconds);
    if facts.purpose == Purpose::Live {
        run.delays(scores);
    }
    match scores.refused(now) {
        0 => {}
        refused => run.one("TooOld", refused as f64, Unit::Count),
    }
    if facts.chunks_in_doubt > 0 {
        run.one("ChunksInDoubt", facts.chunks_in_doubt as f64, Unit::Count);
    }
    if facts.spans_failed > 0 {
        run.one("SpansFailed", facts.spans_failed as f64, Unit::Count);
    }
    if let Some(judge) = &facts.judge {
        run.judge(judge);
    }
    pack(run.data.into_iter(), first)
}

struct Run {
    now: Timestamp,
    data: Vec<Whole>,
}

impl Run {
    fn one(&mut self, name: &str, value: f64, unit: Unit) {
        self.with(name, vec![], value, unit);
    }

    fn with(
        &mut self,
        name: &str,
        dimensions: Vec<(&'static str, String)>,
        value: f64,
        unit: Unit,
    ) {
        if value.is_finite() {
            self.push(name, dimensions, vec![(value, 1)], unit);
        }
    }

    fn push(
        &mut self,
        name: &str,
        dimensions: Vec<(&'static str, String)>,
        values: Vec<(f64, u64)>,
        unit: Unit,
    ) {
        let second = self.now.as_second();
        let at = Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(self.now);
        self.data.push(Whole { name: name.to_owned(), dimensions, at, values, unit });
    }

    fn delays(&mut self, scores: &Scores) {
        let mut delays: BTreeMap<Quantity, u64> = BTreeMap::new();
        for (second, records) in scores.records() {
            let delay = self.now.as_second().saturating_sub(*second).max(0);
            if let Some(delay) = Quantity::of(delay as f64) {
                *delays.entry(delay).or_default() += records;
            }
        }
        if !delays.is_empty() {
            let values = delays.into_iter().map(|(delay, times)| (delay.value(), times));
            self.push("ScoringDelay", vec![], values.collect(), Unit::Seconds);
        }
    }

    fn judge(&mut self, judge: &JudgeRun) {
        let who = vec![
            ("JudgeModelId", subject::printable(&judge.model)),
            ("Rubric", subject::printable(&judge.rubric)),
        ];
        if judge.calls > 0 {
            self.with("JudgeCalls", who.clone(), judge.calls as f64, Unit::Count);
            self.with("JudgeTokens", who, judge.tokens as f64, Unit::Count);
            if let Cost::Known(cost) = judge.cost {
                self.one("JudgeCost", NanoUsd::dollars(cost), Unit::None);
            }
        }
        for (why, times) in judge.failures.iter().filter(|(_, times)| *times > 0) {
            let reason = vec![("Reason", subject::printable(why))];
            self.with("JudgeFailures", reason, *times as f64, Unit::Count);
        }
        if judge.over_budget > 0 {
            self.one("JudgeOverBudget", judge.over_budget as f64, Unit::Count);
        }
    }
}
