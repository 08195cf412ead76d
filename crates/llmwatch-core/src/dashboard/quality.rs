//! How good the answers are, by the metrics that quality-scorer publishes.
//!
//! One chart a metric, one curve a model, so that models stand side by side. What is drawn is the
//! mean of a quarter of an hour, the period of the alarms; a quarter with few samples says little,
//! and never alarms, so samples are charted too.

use super::queries::{curve, math, search, value_of};
use super::{AlertLine, Bad, Blank, Chart, Choice, Content, Draw, Panel, Row, Unit, Width};
use crate::alarm::Severity;
use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::cloudwatch::query::MetricDataQuery;
use crate::quality::alarm::tuning::QualityTuning;
use crate::quality::alarm::{
    BadSide, Line, MINIMUM_SAMPLES, PERIOD_SECONDS, QUALITY_CATALOGUE, QualityDefinition,
};
use crate::quality::series::{INFERENCE_COMPONENT, MODEL_ID, StoredSeries};
use crate::quality::{Facts, Metric, Range};

/// The metrics that are charted, in their order, each with its title.
const CHARTED: [(Metric, &str); 15] = [
    (Metric::JudgeComposite, "Quality, judged"),
    (Metric::JudgeSafety, "Safety, judged"),
    (Metric::JudgeRelevance, "Relevance, judged"),
    (Metric::JudgeProfessionalTone, "Professional tone, judged"),
    (Metric::SemanticSimilarity, "Similarity of answer and question"),
    (Metric::CompletionSentiment, "Sentiment of answers"),
    (Metric::PromptSentiment, "Sentiment of users"),
    (Metric::CompletionToxicity, "Toxicity of answers"),
    (Metric::PromptToxicity, "Toxicity of users"),
    (Metric::Refusal, "Answers that refuse"),
    (Metric::Error, "Failed calls"),
    (Metric::Truncation, "Answers cut off"),
    (Metric::EmptyAnswer, "Empty answers"),
    (Metric::GuardrailIntervention, "Guardrail interventions"),
    (Metric::OutputTokensPerSecond, "Output tokens a second"),
];

/// Whose quality is charted.
#[derive(Debug, Clone, Copy)]
pub enum Scored<'a> {
    /// These series.
    These(&'a [StoredSeries]),
    /// Every model there is, whichever they are.
    Every,
    /// The model that the viewer chooses.
    ChosenModel,
    /// The inference component that the viewer chooses, with whichever model it runs.
    ChosenComponent,
}

/// The panels of quality: scores, and how many there are of them.
///
/// The lines are those of the alarms as tuned, where the series charted have them in common;
/// otherwise each line names its series.
#[must_use]
pub fn rows(scored: Scored<'_>, tuning: &QualityTuning, namespace: &str) -> Vec<Row> {
    let on = Charts { scored, tuning, namespace };
    let (judged, other): (Vec<_>, Vec<_>) =
        CHARTED.iter().partition(|(metric, _)| metric.is_judged());
    let of = |charted: Vec<&(Metric, &str)>| -> Vec<Panel> {
        charted.iter().filter_map(|(metric, title)| on.panel(*metric, title)).collect()
    };
    let mut judge = of(judged);
    if judge.is_empty() {
        judge.push(judge_off());
    }
    vec![
        Row { title: "Quality by the judge".to_owned(), panels: judge },
        Row { title: "Quality by measures".to_owned(), panels: of(other) },
        Row { title: "How much was scored".to_owned(), panels: on.samples() },
    ]
}

/// The panels of the scorer itself: how long it takes, how late it is, what it left out.
#[must_use]
pub fn scorer_row(namespace: &str) -> Row {
    let own = |metric: &str| MetricKey::new(namespace, metric, &[]);
    let chart = |title: &str, says: &str, unit, width, queries| Panel {
        title: title.to_owned(),
        says: says.to_owned(),
        content: Content::Chart(Chart {
            unit,
            draw: Draw::Lines,
            queries,
            lines: Vec::new(),
            blank: None,
        }),
        width,
    };
    let percentiles = |metric: &str| -> Vec<MetricDataQuery> {
        [50.0, 90.0]
            .into_iter()
            .map(|percent| {
                let name = format!("p{percent}");
                curve(&name, &name, own(metric), Stat::Percentile(percent), PERIOD_SECONDS)
            })
            .collect()
    };
    let left_out = [
        ("skipped", "SkippedRecords", vec!["Reason"], "skipped"),
        ("unscored", "NotScored", vec!["Metric", "Reason"], "not scored"),
    ]
    .map(|(id, metric, dimensions, label)| {
        let found = search(namespace, metric, &dimensions, &[], Stat::Sum, PERIOD_SECONDS);
        let values: Vec<String> = dimensions.into_iter().map(value_of).collect();
        math(id, &format!("{label} {}", values.join(" ")), found)
    });
    Row {
        title: "The scorer".to_owned(),
        panels: vec![
            chart(
                "Evaluation latency",
                "From a log object's arrival to its last score.",
                Unit::Milliseconds,
                Width::Half,
                percentiles("EvaluationLatency"),
            ),
            chart(
                "Scoring delay",
                "From a call to its score.",
                Unit::Seconds,
                Width::Half,
                percentiles("ScoringDelay"),
            ),
            // As many curves as metrics times reasons: their names need the whole page.
            chart(
                "Left out, by reason",
                "Records that were skipped, and scores that could not be had.",
                Unit::Count,
                Width::Full,
                left_out.to_vec(),
            ),
        ],
    }
}

/// What stands where the judge's charts would.
fn judge_off() -> Panel {
    Panel {
        title: "Judge off".to_owned(),
        says: "No judge has scored an answer of late.".to_owned(),
        content: Content::Text(
            "**Judge off.** No model judges the answers, so composite, safety, relevance and \
             professional tone are not known.\n\nThe deploy parameter `JudgeModelId` turns it on; \
             what it costs is bounded by `JudgeDailyTokens`."
                .to_owned(),
        ),
        width: Width::Full,
    }
}

#[derive(Debug, Clone, Copy)]
struct Charts<'a> {
    scored: Scored<'a>,
    tuning: &'a QualityTuning,
    namespace: &'a str,
}

impl Charts<'_> {
    /// The chart of a metric; none when no series has it.
    fn panel(self, metric: Metric, title: &str) -> Option<Panel> {
        let queries = self.curves(metric, Stat::Average);
        if queries.is_empty() {
            return None;
        }
        let facts = Metric::ALL.iter().find(|facts| facts.metric == metric);
        Some(Panel {
            title: title.to_owned(),
            says: format!(
                "Mean of {metric} in a quarter of an hour: {}.",
                facts.map_or("", |facts| facts.says),
            ),
            content: Content::Chart(Chart {
                unit: facts.map_or(Unit::Ratio, unit),
                draw: Draw::Lines,
                queries,
                lines: self.lines(metric),
                blank: blank(metric),
            }),
            width: Width::Third,
        })
    }

    /// How many values a quarter of an hour has; of every call and of the judge's share.
    fn samples(self) -> Vec<Panel> {
        let line = AlertLine {
            label: format!("fewer than {MINIMUM_SAMPLES} never alarm"),
            value: f64::from(MINIMUM_SAMPLES),
            severity: Severity::Warning,
            bad: Bad::Below,
        };
        let panel = |title: &str, says: &str, metric: Metric| {
            let queries = self.curves(metric, Stat::SampleCount);
            (!queries.is_empty()).then(|| Panel {
                title: title.to_owned(),
                says: says.to_owned(),
                content: Content::Chart(Chart {
                    unit: Unit::Count,
                    draw: Draw::Lines,
                    queries,
                    lines: vec![line.clone()],
                    blank: blank(metric),
                }),
                width: Width::Half,
            })
        };
        [
            panel(
                "Calls scored in 15 minutes",
                "Every call counts as failed or not.",
                Metric::Error,
            ),
            panel("Calls judged in 15 minutes", "The judge's sample.", Metric::JudgeComposite),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// One curve for each series that has the metric.
    fn curves(self, metric: Metric, stat: Stat) -> Vec<MetricDataQuery> {
        let name = metric.to_string();
        match self.scored {
            Scored::These(all) => {
                let having = all.iter().filter(|stored| stored.metrics().contains(&metric));
                let curve_of = |(stored, at): (&StoredSeries, u32)| {
                    let key = stored.series.metric(self.namespace, metric);
                    let label = stored.series.to_string();
                    curve(&format!("m{at}"), &label, key, stat, PERIOD_SECONDS)
                };
                having.zip(1..).map(curve_of).collect()
            }
            Scored::Every => {
                let found = |dimensions: &[&str]| {
                    search(self.namespace, &name, dimensions, &[], stat, PERIOD_SECONDS)
                };
                let model = value_of(MODEL_ID);
                let of = format!("{model} (inference component {})", value_of(INFERENCE_COMPONENT));
                vec![
                    math("models", &model, found(&[MODEL_ID])),
                    math("components", &of, found(&[MODEL_ID, INFERENCE_COMPONENT])),
                ]
            }
            Scored::ChosenModel => {
                let chosen =
                    MetricKey::new(self.namespace, &name, &[(MODEL_ID, &Choice::MODEL.word())]);
                vec![curve("m", &Choice::MODEL.word(), chosen, stat, PERIOD_SECONDS)]
            }
            Scored::ChosenComponent => {
                let chosen = Choice::COMPONENT.word();
                let found = search(
                    self.namespace,
                    &name,
                    &[MODEL_ID, INFERENCE_COMPONENT],
                    &[(INFERENCE_COMPONENT, &chosen)],
                    stat,
                    PERIOD_SECONDS,
                );
                vec![math("component", &value_of(MODEL_ID), found)]
            }
        }
    }

    /// Where the alarms of a metric begin. A band moves and is no line.
    fn lines(self, metric: Metric) -> Vec<AlertLine> {
        let rows = QUALITY_CATALOGUE.iter().filter(|row| row.metric == metric);
        let Scored::These(all) = self.scored else {
            return rows.flat_map(drawn).collect();
        };
        let mut lines: Vec<AlertLine> = Vec::new();
        for row in rows {
            let of_series: Vec<(String, Vec<AlertLine>)> = all
                .iter()
                .filter(|stored| stored.metrics().contains(&metric))
                .map(|stored| {
                    let tuned = self.tuning.definition(row.kind, &stored.series.label());
                    let drawn = tuned.iter().flat_map(drawn).collect();
                    (stored.series.to_string(), drawn)
                })
                .collect();
            match of_series.split_first() {
                Some(((_, first), rest)) if rest.iter().all(|(_, lines)| lines == first) => {
                    lines.extend(first.iter().cloned());
                }
                Some(_) => lines.extend(of_series.into_iter().flat_map(|(series, lines)| {
                    lines.into_iter().map(move |line| AlertLine {
                        label: format!("{} of {series}", line.label),
                        ..line
                    })
                })),
                None => {}
            }
        }
        lines
    }
}

/// Only what the judge says is blank without it.
fn blank(metric: Metric) -> Option<Blank> {
    metric.is_judged().then_some(Blank::JudgeOff)
}

fn drawn(row: &QualityDefinition) -> Vec<AlertLine> {
    let line = |severity: Severity| match row.line(severity) {
        Line::At(value) => Some(AlertLine {
            label: format!("{} {}", row.kind, severity.word().to_lowercase()),
            value,
            severity,
            bad: match row.bad {
                BadSide::Below => Bad::Below,
                BadSide::AtLeast => Bad::Above,
            },
        }),
        Line::Off | Line::Band(_) => None,
    };
    Severity::ALL.into_iter().filter_map(line).collect()
}

fn unit(facts: &Facts) -> Unit {
    match facts.range {
        Range::Score | Range::Ratio => Unit::Ratio,
        Range::Amount if facts.metric == Metric::OutputTokensPerSecond => Unit::PerSecond,
        Range::Amount => Unit::Count,
    }
}
