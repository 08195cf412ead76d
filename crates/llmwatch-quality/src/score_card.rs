//! The scores of one exchange.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_core::quality::Metric;
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, Reading};
use crate::metric::{NotScored, QualityMetric};
use crate::series::Series;

/// What every metric says of one exchange.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreCard {
    /// By metric.
    pub scores: BTreeMap<Series, f64>,
    /// Why a metric has no score; metrics that nobody asked for are absent.
    pub not_scored: BTreeMap<Series, String>,
    /// Metrics that were scored only because the exchange is one of those always looked at. Their
    /// scores stay out of CloudWatch: means over a sample with hand-picked exchanges are wrong.
    pub out_of_sample: BTreeSet<Series>,
}

/// Asks every metric, and takes the rubric's other criteria from the verdict.
#[must_use]
pub fn score(evidence: &Evidence<'_>, metrics: &[&dyn QualityMetric]) -> ScoreCard {
    let mut card = ScoreCard::default();
    for metric in metrics {
        card.take(metric.metric().into(), metric.score(evidence));
    }
    if let Reading::Found(judgement) = &evidence.judgement {
        for (criterion, score) in &judgement.scores {
            let series = Series::of_criterion(criterion);
            if matches!(series, Series::Criterion(_)) {
                card.take(series, Ok(*score));
            }
        }
    }
    card
}

impl ScoreCard {
    /// Marks a metric's score as out of sample.
    pub fn keep_from_cloudwatch(&mut self, series: impl Into<Series>) {
        self.out_of_sample.insert(series.into());
    }

    /// A metric's score.
    #[must_use]
    pub fn of(&self, metric: Metric) -> Option<f64> {
        self.scores.get(&metric.into()).copied()
    }

    fn take(&mut self, series: Series, outcome: Result<f64, NotScored>) {
        match outcome {
            Ok(score) if score.is_finite() => {
                self.scores.insert(series, score);
            }
            Ok(_) => {
                self.not_scored.insert(series, "not a number".to_owned());
            }
            Err(NotScored::NotAsked) => {}
            Err(why) => {
                self.not_scored.insert(series, why.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Judgement;
    use crate::metrics::METRICS;
    use crate::test_exchange::{answered, exchange};

    fn card(evidence: &Evidence<'_>) -> String {
        let card = score(evidence, METRICS);
        serde_json::to_string(&(card.scores, card.not_scored)).unwrap()
    }

    #[test]
    fn a_metric_nobody_asked_for_is_absent() {
        let exchange = exchange();
        assert!(!card(&Evidence::of(&exchange)).contains("Judge"));
    }

    #[test]
    fn a_criterion_of_the_operator_has_a_series_of_its_own() {
        let exchange = answered("Hello");
        let scores = BTreeMap::from([("brand_voice".to_owned(), 0.5), ("safety".to_owned(), 1.0)]);
        let judgement = Reading::Found(Judgement { scores, composite: 0.75 });
        let card = score(&Evidence { judgement, ..Evidence::of(&exchange) }, METRICS);
        assert_eq!(card.scores.get(&Series::of_criterion("brand_voice")), Some(&0.5));
        assert_eq!(card.of(Metric::JudgeSafety), Some(1.0));
        assert_eq!(card.of(Metric::JudgeComposite), Some(0.75));
    }

    #[test]
    fn a_score_that_is_no_number_is_said_so() {
        let exchange = answered("Hello");
        let judgement = Reading::Found(Judgement { scores: BTreeMap::new(), composite: f64::NAN });
        let card = score(&Evidence { judgement, ..Evidence::of(&exchange) }, METRICS);
        assert_eq!(card.of(Metric::JudgeComposite), None);
        let why = card.not_scored.get(&Metric::JudgeComposite.into());
        assert_eq!(why.map(String::as_str), Some("not a number"));
    }
}
