//! From the scores of one log object to metric data, in numbered chunks that CloudWatch takes.
//!
//! An object may be delivered more than once, so what is published must come out the same, under
//! the same numbers, each time. Everything about the object's records is therefore laid out
//! without looking at the clock; records that CloudWatch would refuse for their age are left out
//! of a chunk when it is sent ([`Chunk::acceptable`]), which changes no number. What a run measures
//! about itself differs from run to run and comes in chunks of its own, after all others
//! ([`run_chunks`]). Scores that are asked of a model can differ too: on a second delivery take
//! them from the call records of the first, if those were written.
//!
//! Late records: CloudWatch takes two weeks back, and so do we. A record older than two hours is
//! published and cannot page, because the quality alarms look at 8 periods of 900 s, which are
//! those two hours, and an older record falls into none of them.

mod chunk;
mod quantity;
mod run;
mod subject;

use std::collections::BTreeMap;

use jiff::Timestamp;
use llmwatch_core::quality::Metric;

pub use chunk::{Acceptable, Chunk, MAX_DATA, MAX_VALUES};
pub use quantity::Quantity;
pub use run::{JudgeRun, Purpose, RunFacts, run_chunks};
pub use subject::{MAX_SUBJECTS, OTHER_MODELS, Subject};

use crate::evidence::Sides;
use crate::redaction::Findings;
use crate::score_card::ScoreCard;
use crate::series::Series;
/// Why a score that is no sensible number is not published.
const FAR: &str = "out of range";

/// Values of one metric in one minute, as `PutMetricData` takes them.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDatum {
    /// The metric's name.
    pub name: String,
    /// Name and value of each dimension: printable ASCII, at most 1024 characters.
    pub dimensions: Vec<(&'static str, String)>,
    /// The beginning of the minute.
    pub at: Timestamp,
    /// Each value once, ascending, with how often it occurred; 1 to [`MAX_VALUES`] of them.
    pub values: Vec<(f64, f64)>,
    /// The unit.
    pub unit: Unit,
}

/// The units we publish, by CloudWatch's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `None`: scores and ratios.
    None,
    /// `Count`
    Count,
    /// `Count/Second`
    CountPerSecond,
    /// `Seconds`
    Seconds,
    /// `Milliseconds`
    Milliseconds,
}

impl Unit {
    /// CloudWatch's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Count => "Count",
            Self::CountPerSecond => "Count/Second",
            Self::Seconds => "Seconds",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

/// What is known of one record, for its metrics.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// Whose metrics they are.
    pub subject: &'a Subject,
    /// When the call was made.
    pub at: Timestamp,
    /// Its scores.
    pub card: &'a ScoreCard,
    /// What was found in its text, where it was searched.
    pub findings: Option<&'a Sides<Findings>>,
}

/// The scores of one log object, by model and minute. Its memory grows with models, minutes and
/// distinct values, not with records.
#[derive(Debug, Default)]
pub struct Scores {
    subjects: BTreeMap<Subject, Minutes>,
    /// Counts that belong to no model.
    general: Minutes,
    /// Records by second, for their delay and age.
    records: BTreeMap<i64, u64>,
}

/// By the minute's number since 1970.
type Minutes = BTreeMap<i64, BTreeMap<Measure, BTreeMap<Quantity, u64>>>;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    /// Scores of a metric.
    Score(Series),
    /// Findings of one kind: `CompletionPii` or `PromptPii` with a `Kind`.
    Findings(Metric, crate::redaction::Kind),
    /// Exchanges without a score of a metric, by reason.
    NotScored(Series, String),
    /// Records that were skipped, by reason.
    Skipped(&'static str),
}

impl Scores {
    /// Takes a record's scores in. Scores out of sample stay out, and so do their reasons.
    ///
    /// Of kinds of findings only those that occur are counted: a metric costs the same at 0.
    pub fn add(&mut self, scored: Scored<'_>) {
        let Scored { subject, at, card, findings } = scored;
        *self.records.entry(at.as_second()).or_default() += 1;
        let in_sample = |series: &Series| !card.out_of_sample.contains(series);
        let minute = minute(at);
        let own = self.of_subject(subject).entry(minute).or_default();
        let mut out_of_range = Vec::new();
        for (series, score) in card.scores.iter().filter(|(series, _)| in_sample(series)) {
            match Quantity::of(*score) {
                Some(score) => count(own, Measure::Score(series.clone()), score, 1),
                None => out_of_range.push(series),
            }
        }
        if let Some(Sides { prompt, completion }) = findings {
            for (metric, findings) in
                [(Metric::PromptPii, prompt), (Metric::CompletionPii, completion)]
            {
                for (kind, times) in findings.iter().flat_map(Findings::iter) {
                    let quantity = Quantity::of(f64::from(times)).unwrap_or(Quantity::ONE);
                    count(own, Measure::Findings(metric, kind), quantity, 1);
                }
            }
        }
        let not_scored = card.not_scored.iter().filter(|(series, _)| in_sample(series));
        let not_scored = not_scored.map(|(series, why)| (series, why.as_str()));
        for (series, why) in not_scored.chain(out_of_range.iter().map(|series| (*series, FAR))) {
            let measure = Measure::NotScored(series.clone(), why.to_owned());
            count(self.general.entry(minute).or_default(), measure, Quantity::ONE, 1);
        }
    }

    /// Counts records that could not be read or are not to be scored.
    ///
    /// `at` is the record's time where it tells one, else that of its log object: never the time
    /// of the run, which would differ on a second delivery. `reason` is one of a fixed set: each
    /// is a metric.
    pub fn skip(&mut self, at: Timestamp, reason: &'static str, records: u64) {
        if records > 0 {
            let minute = self.general.entry(minute(at)).or_default();
            count(minute, Measure::Skipped(reason), Quantity::ONE, records);
        }
    }

    /// Lays everything out in chunks, numbered from 0.
    #[must_use]
    pub fn chunks(&self) -> Vec<Chunk> {
        let general = data(None, &self.general);
        let subjects = self.subjects.iter().flat_map(|(who, minutes)| data(Some(who), minutes));
        chunk::pack(general.chain(subjects), 0)
    }

    /// How many records CloudWatch would refuse as too old, or as from the future, at this time.
    #[must_use]
    pub fn refused(&self, now: Timestamp) -> u64 {
        let refused = |second: i64| {
            Timestamp::from_second(second).map_or(true, |at| !chunk::is_acceptable(at, now))
        };
        self.records.iter().filter(|(second, _)| refused(**second)).map(|(_, count)| count).sum()
    }

    /// Records by the second they were made in, since 1970.
    pub(crate) fn records(&self) -> &BTreeMap<i64, u64> {
        &self.records
    }

    fn of_subject(&mut self, subject: &Subject) -> &mut Minutes {
        let known = self.subjects.contains_key(subject);
        let room = self.subjects.len() < MAX_SUBJECTS;
        let key = if known || room { subject.clone() } else { Subject::others() };
        self.subjects.entry(key).or_default()
    }
}

fn count(
    minute: &mut BTreeMap<Measure, BTreeMap<Quantity, u64>>,
    measure: Measure,
    value: Quantity,
    times: u64,
) {
    *minute.entry(measure).or_default().entry(value).or_default() += times;
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn data<'a>(
    subject: Option<&'a Subject>,
    minutes: &'a Minutes,
) -> impl Iterator<Item = chunk::Whole> + 'a {
    minutes.iter().flat_map(move |(minute, measures)| {
        measures.iter().filter_map(move |(measure, values)| {
            let at = Timestamp::from_second(minute * 60).ok()?;
            let (name, mut dimensions, unit) = describe(measure);
            dimensions.splice(0..0, subject.iter().flat_map(|subject| subject.dimensions()));
            let values = values.iter().map(|(value, times)| (value.value(), *times)).collect();
            Some(chunk::Whole { name, dimensions, at, values, unit })
        })
    })
}

/// Name, own dimensions and unit.
fn describe(measure: &Measure) -> (String, Vec<(&'static str, String)>, Unit) {
    match measure {
        Measure::Score(series) => (series.to_string(), vec![], unit(series)),
        Measure::Findings(metric, kind) => {
            (metric.to_string(), vec![("Kind", kind.to_string())], Unit::Count)
        }
        Measure::NotScored(series, why) => {
            let dimensions =
                vec![("Metric", series.to_string()), ("Reason", subject::printable(why))];
            ("NotScored".to_owned(), dimensions, Unit::Count)
        }
        Measure::Skipped(why) => {
            ("SkippedRecords".to_owned(), vec![("Reason", subject::printable(why))], Unit::Count)
        }
    }
}

fn unit(series: &Series) -> Unit {
    match series {
        Series::Metric(Metric::OutputTokensPerSecond) => Unit::CountPerSecond,
        Series::Metric(Metric::CompletionPii | Metric::PromptPii) => Unit::Count,
        Series::Metric(_) | Series::Criterion(_) => Unit::None,
    }
}

#[cfg(test)]
mod tests;
