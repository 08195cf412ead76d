//! The one table of facts about quality alarms, and why each line stands where it does.
//!
//! A line is on by default where a value is bad whatever the model is used for. Where "bad" depends
//! on the use, the kind is off until an operator gives it a line by the setting `quality-tuning`.
//!
//! - **Judged scores** (0 to 1, higher is better). 0.75, 0.80 and 0.70 are common lines for a
//!   composite, safety and relevance; tone has relevance's. The two lines many teams draw on their
//!   dashboards, 0.95 and 0.85, suit scores that are pass rates (each answer passes or fails) and
//!   are set by `{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}`. The means of graded
//!   scores stay below them in health, so they are no default.
//! - **Refusals**, both ways. Assistants decline a few percent of calls: one answer in five is a
//!   fault of the model, its guard or its prompt, every other one leaves users without a service. A
//!   drop may mean that a guard no longer holds (a jailbreak, a changed prompt). No fixed level says
//!   so, hence the lower edge of the ratio's own band, 4 of 8. Blind spots: a ratio that is near 0
//!   at all times cannot drop below its band; a band needs days to train; a jailbreak of few calls
//!   among many moves no mean. An application whose refusals are known to stay above a floor is
//!   better served by one: `{"model.x": {"LowRefusal": {"warning": 0.02}}}`.
//! - **Toxicity of answers** is near 0 in health; a mean of 0.2 is one clearly toxic answer in five.
//! - **Failed calls**: one in ten. The alarms of pools and components count errors, this one
//!   tells their share.
//! - **Answers cut off**: one in five. Applications that cut on purpose switch it off for their
//!   model.
//! - **Empty answers**, with neither text nor tool call, one in twenty: users see nothing.
//! - **Off**: similarity (depends on task and embedding model), sentiments (on the topic), toxicity
//!   of prompts and signs of injection (say what users do, not how the model answers), partial
//!   refusals, guardrail interventions (masking may be the rule), output speed (on model and size).
//! - **None at all** for personal data: it is published as counts by kind of data, not as a mean over
//!   calls, and how much of it is too much is the application's to say.

use super::{BadSide, Line, MINIMUM_SAMPLES, QualityDefinition, QualityKind};
use crate::quality::Metric;

/// Every kind of quality alarm, in the order texts list them.
pub const QUALITY_CATALOGUE: [QualityDefinition; 18] = [
    QualityDefinition {
        warning: Line::At(0.75),
        ..low(QualityKind::LowComposite, Metric::JudgeComposite, "is judged to answer poorly")
    },
    QualityDefinition {
        critical: Line::At(0.80),
        ..low(QualityKind::LowSafety, Metric::JudgeSafety, "is judged to answer unsafely")
    },
    QualityDefinition {
        warning: Line::At(0.70),
        ..low(QualityKind::LowRelevance, Metric::JudgeRelevance, "is judged to miss the question")
    },
    QualityDefinition {
        warning: Line::At(0.70),
        ..low(
            QualityKind::LowProfessionalTone,
            Metric::JudgeProfessionalTone,
            "is judged to answer in an unprofessional tone",
        )
    },
    QualityDefinition {
        warning: Line::At(0.20),
        critical: Line::At(0.50),
        ..high(QualityKind::HighRefusal, Metric::Refusal, "refuses often")
    },
    QualityDefinition {
        warning: Line::Band(3.0),
        datapoints_to_alarm: 4,
        ..low(QualityKind::LowRefusal, Metric::Refusal, "refuses less than it should")
    },
    high(QualityKind::HighPartialRefusal, Metric::PartialRefusal, "often answers only in part"),
    QualityDefinition {
        warning: Line::At(0.20),
        ..high(QualityKind::HighToxicity, Metric::CompletionToxicity, "writes toxic answers")
    },
    high(QualityKind::HighPromptToxicity, Metric::PromptToxicity, "is sent toxic prompts"),
    low(
        QualityKind::LowSimilarity,
        Metric::SemanticSimilarity,
        "answers beside the question's subject",
    ),
    low(QualityKind::LowSentiment, Metric::CompletionSentiment, "answers in a gloomy mood"),
    low(QualityKind::LowPromptSentiment, Metric::PromptSentiment, "has frustrated users"),
    QualityDefinition {
        warning: Line::At(0.10),
        ..high(QualityKind::HighErrorRatio, Metric::Error, "fails on many calls")
    },
    QualityDefinition {
        warning: Line::At(0.20),
        ..high(QualityKind::HighTruncation, Metric::Truncation, "has many answers cut off")
    },
    QualityDefinition {
        warning: Line::At(0.05),
        ..high(QualityKind::HighEmptyAnswer, Metric::EmptyAnswer, "gives many empty answers")
    },
    high(
        QualityKind::HighGuardrail,
        Metric::GuardrailIntervention,
        "is often stopped by its guardrail",
    ),
    low(QualityKind::LowOutputSpeed, Metric::OutputTokensPerSecond, "writes slowly"),
    high(
        QualityKind::HighPromptInjection,
        Metric::PromptInjectionHint,
        "is sent prompts with signs of injection",
    ),
];

/// A kind whose low values are bad, off unless a line is given.
const fn low(kind: QualityKind, metric: Metric, says: &'static str) -> QualityDefinition {
    row(kind, metric, BadSide::Below, says)
}

/// A kind whose high values are bad, off unless a line is given.
const fn high(kind: QualityKind, metric: Metric, says: &'static str) -> QualityDefinition {
    row(kind, metric, BadSide::AtLeast, says)
}

const fn row(
    kind: QualityKind,
    metric: Metric,
    bad: BadSide,
    says: &'static str,
) -> QualityDefinition {
    QualityDefinition {
        kind,
        metric,
        bad,
        warning: Line::Off,
        critical: Line::Off,
        minimum_samples: MINIMUM_SAMPLES,
        datapoints_to_alarm: 2,
        evaluation_periods: 8,
        says,
    }
}

/// The definition of a kind.
#[must_use]
pub const fn quality_definition(kind: QualityKind) -> &'static QualityDefinition {
    // The table stands in the order of QualityKind's variants; a test holds it to that.
    &QUALITY_CATALOGUE[kind as usize]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::alarm::Severity;
    use crate::quality::{Direction, Range};

    #[test]
    fn every_kind_has_its_own_row_and_every_metric_a_kind() {
        for row in &QUALITY_CATALOGUE {
            assert_eq!(quality_definition(row.kind).kind, row.kind);
        }
        let watched: BTreeSet<Metric> = QUALITY_CATALOGUE.iter().map(|row| row.metric).collect();
        let counted = [Metric::CompletionPii, Metric::PromptPii];
        let all = Metric::ALL.iter().map(|facts| facts.metric);
        assert_eq!(watched, all.filter(|metric| !counted.contains(metric)).collect());
    }

    #[test]
    fn the_defaults_are_these() {
        let lines: Vec<String> = QUALITY_CATALOGUE
            .iter()
            .filter(|row| row.is_on())
            .map(|row| format!("{} {:?} {:?}", row.kind, row.warning, row.critical))
            .collect();
        assert_eq!(
            lines,
            [
                "LowComposite At(0.75) Off",
                "LowSafety Off At(0.8)",
                "LowRelevance At(0.7) Off",
                "LowProfessionalTone At(0.7) Off",
                "HighRefusal At(0.2) At(0.5)",
                "LowRefusal Band(3.0) Off",
                "HighToxicity At(0.2) Off",
                "HighErrorRatio At(0.1) Off",
                "HighTruncation At(0.2) Off",
                "HighEmptyAnswer At(0.05) Off",
            ]
        );
    }

    #[test]
    fn no_line_is_on_the_good_side_or_out_of_range() {
        for row in &QUALITY_CATALOGUE {
            let facts = Metric::ALL.iter().find(|facts| facts.metric == row.metric).unwrap();
            match (facts.direction, row.bad) {
                (Direction::HigherIsBetter, bad) => assert_eq!(bad, BadSide::Below, "{}", row.kind),
                (Direction::LowerIsBetter, bad) => {
                    assert_eq!(bad, BadSide::AtLeast, "{}", row.kind)
                }
                (Direction::EitherWay, _) => {}
            }
            for severity in Severity::ALL {
                if let Line::At(value) = row.line(severity) {
                    assert!(facts.range != Range::Amount && value > 0.0 && value < 1.0);
                }
            }
            assert!(row.datapoints_to_alarm <= row.evaluation_periods);
        }
    }
}
