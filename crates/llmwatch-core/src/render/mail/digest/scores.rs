//! The scores of each series, in a table.

use super::{MOST_LISTED, name};
use crate::digest::{MINIMUM_SAMPLES, Score, ScoreRow, SeriesWeek};
use crate::quality::Range;
use crate::render::format::{count, signed};
use crate::render::layout::table;
use crate::render::mail::quality::{mean_value, range_of};
use crate::render::words::Words;

/// One series.
#[derive(Debug, Clone)]
pub(super) struct SeriesLines {
    pub(super) series: String,
    pub(super) is_read: bool,
    /// Whether it has any score of the two weeks.
    pub(super) has_scores: bool,
    pub(super) is_judged: bool,
    pub(super) table: Vec<String>,
}

impl SeriesLines {
    pub(super) fn all(words: &dyn Words, series: &[SeriesWeek]) -> Vec<Self> {
        series.iter().take(MOST_LISTED).map(|series| Self::of(words, series)).collect()
    }

    fn of(words: &dyn Words, series: &SeriesWeek) -> Self {
        let rows = series.rows.listed();
        Self {
            series: name(&series.series),
            is_read: series.rows.known().is_some(),
            has_scores: !rows.is_empty(),
            is_judged: series.is_judged,
            table: if rows.is_empty() { Vec::new() } else { score_table(words, rows) },
        }
    }
}

/// From how many samples in each week on two means are compared.
pub(super) fn minimum_samples() -> String {
    count(MINIMUM_SAMPLES)
}

fn score_table(words: &dyn Words, rows: &[ScoreRow]) -> Vec<String> {
    let heads = [""].into_iter().chain(words.week_table()).chain([words.samples()]);
    let mut lines: Vec<Vec<String>> = vec![heads.map(str::to_owned).collect()];
    lines.extend(rows.iter().map(|row| {
        let range = range_of(row.metric);
        let mean = |score: Option<Score>| {
            score.map_or_else(|| "-".to_owned(), |score| mean_value(words, range, score.mean))
        };
        let difference = row.difference().map_or_else(
            || "-".to_owned(),
            |difference| match range {
                Range::Ratio => words.points(difference),
                Range::Score | Range::Amount => signed(difference, 3),
            },
        );
        let samples = row.weeks.this.map_or(0.0, |score| score.samples);
        vec![
            row.metric.to_string(),
            mean(row.weeks.this),
            mean(row.weeks.before),
            difference,
            count(samples),
        ]
    }));
    table(&lines)
}
