//! How the models answered, by their scores.

use std::collections::BTreeMap;

use super::TwoWeeks;
use crate::evidence::Read;
use crate::quality::series::StoredSeries;
use crate::quality::{Direction, Metric};

/// The scores a digest tells, in the order it lists them.
pub const SCORES: [Metric; 8] = [
    Metric::JudgeComposite,
    Metric::JudgeSafety,
    Metric::JudgeRelevance,
    Metric::JudgeProfessionalTone,
    Metric::Refusal,
    Metric::CompletionToxicity,
    Metric::SemanticSimilarity,
    Metric::Error,
];

/// Samples of each of two weeks below which their means are not compared: as many as a quality
/// alarm asks for before it judges a period.
pub const MINIMUM_SAMPLES: f64 = 20.0;

/// The least difference of two means that is told as a move.
const LEAST_MOVE: f64 = 0.02;

/// The most moves that are told.
const MOST_MOVES: usize = 3;

/// A week's mean of a score, each sample counting the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The mean.
    pub mean: f64,
    /// The samples it is of, > 0.
    pub samples: f64,
}

impl Score {
    /// The mean of samples by their sum; `None` without a sample.
    #[must_use]
    pub fn of(sum: f64, samples: f64) -> Option<Self> {
        (samples > 0.0).then(|| Self { mean: sum / samples, samples })
    }
}

/// What was read of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesReading {
    /// The series as stored.
    pub stored: StoredSeries,
    /// Those of [`SCORES`] that it is known to have; `None` for a week without a sample.
    pub scores: Read<BTreeMap<Metric, TwoWeeks<Option<Score>>>>,
}

/// One series' week.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesWeek {
    /// The series, as a person names it.
    pub series: String,
    /// Its scores with a sample in either week, or why they could not be read.
    pub rows: Read<Vec<ScoreRow>>,
    /// Whether the judge scored it this week.
    pub is_judged: bool,
}

/// One score of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRow {
    /// Which score.
    pub metric: Metric,
    /// Its means; `None` for a week without a sample.
    pub weeks: TwoWeeks<Option<Score>>,
}

impl ScoreRow {
    /// By how much the mean rose or fell; `None` where a week has too few samples to say.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        let enough = |score: Option<Score>| score.filter(|score| score.samples >= MINIMUM_SAMPLES);
        Some(enough(self.weeks.this)?.mean - enough(self.weeks.before)?.mean)
    }
}

impl SeriesWeek {
    pub(super) fn of(reading: SeriesReading) -> Self {
        let SeriesReading { stored, scores } = reading;
        let rows: Read<Vec<ScoreRow>> = scores.map(|scores| {
            let row = |metric| {
                let weeks = *scores.get(&metric)?;
                (weeks.this.is_some() || weeks.before.is_some())
                    .then_some(ScoreRow { metric, weeks })
            };
            SCORES.into_iter().filter_map(row).collect()
        });
        let is_judged =
            rows.listed().iter().any(|row| row.metric.is_judged() && row.weeks.this.is_some());
        Self { series: stored.series.to_string(), is_judged, rows }
    }

    /// The samples of its most sampled score this week: how many calls were scored at least.
    #[must_use]
    pub fn samples(&self) -> f64 {
        let scores = self.rows.listed().iter().filter_map(|row| row.weeks.this);
        let samples = scores.map(|score| score.samples);
        samples.fold(0.0, f64::max)
    }
}

/// A score that moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The series, as a person names it.
    pub series: String,
    /// Which score.
    pub metric: Metric,
    /// The mean of the week before.
    pub from: f64,
    /// This week's mean.
    pub to: f64,
}

impl Move {
    /// Whether it is for the better; `None` of a score that is neither.
    #[must_use]
    pub fn is_better(&self) -> Option<bool> {
        let facts = Metric::ALL.iter().find(|facts| facts.metric == self.metric)?;
        match facts.direction {
            Direction::HigherIsBetter => Some(self.to > self.from),
            Direction::LowerIsBetter => Some(self.to < self.from),
            Direction::EitherWay => None,
        }
    }
}

/// The scores that moved most between the two weeks, the largest first; three at most.
///
/// Scores of few samples in either week are left out, and moves of less than 0.02.
#[must_use]
pub fn moved_most(series: &[SeriesWeek]) -> Vec<Move> {
    let rows =
        series.iter().flat_map(|series| series.rows.listed().iter().map(move |row| (series, row)));
    let mut moves: Vec<(f64, Move)> = rows
        .filter_map(|(series, row)| {
            let difference = row.difference().filter(|by| by.abs() >= LEAST_MOVE)?;
            let (from, to) = (row.weeks.before?.mean, row.weeks.this?.mean);
            let series = series.series.clone();
            Some((difference.abs(), Move { series, metric: row.metric, from, to }))
        })
        .collect();
    moves.sort_by(|(one, a), (other, b)| {
        let order = other.total_cmp(one);
        order.then_with(|| (&a.series, a.metric).cmp(&(&b.series, b.metric)))
    });
    moves.into_iter().take(MOST_MOVES).map(|(_, moved)| moved).collect()
}
