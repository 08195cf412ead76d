//! The series that quality metrics come in, and how long one is known.
//!
//! A series is one set of dimensions: a `ModelId`, or a `ModelId` with an
//! `InferenceComponentName`. CloudWatch lists a metric for two weeks after its last value, so what
//! was listed is stored and leaves by a rule of its own: an alarm that went with every quiet
//! fortnight would take an operator's edits with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Metric;
use crate::cloudwatch::metric::MetricKey;
use crate::fingerprint::fingerprint;
pub use crate::metric_values::MODEL_ID;

/// The dimension that names the SageMaker inference component.
pub const INFERENCE_COMPONENT: &str = "InferenceComponentName";

/// How long a metric without new values keeps its alarms.
pub const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a judge's metric without new values keeps its alarms: long enough for a weekend and a
/// holiday without calls, since nothing but its values says that the judge is on.
pub const JUDGE_OFF_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How old a stored time may grow before it is written anew: every run would write otherwise.
const REFRESH_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// The longest label: with the longest prefix and kind an alarm's name stays below 255 characters.
const MAX_LABEL_CHARS: usize = 180;

/// One set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// The value of `ModelId`.
    pub model_id: String,
    /// The value of `InferenceComponentName`; `None` for a series without that dimension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_component: Option<String>,
}

impl Series {
    /// The series with these dimensions; `None` when there is another one, or no `ModelId`.
    #[must_use]
    pub fn of_dimensions(dimensions: &[(&str, &str)]) -> Option<Self> {
        let value = |wanted: &str| {
            dimensions
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| (*value).to_owned())
        };
        let series =
            Self { model_id: value(MODEL_ID)?, inference_component: value(INFERENCE_COMPONENT) };
        (series.dimensions().len() == dimensions.len()).then_some(series)
    }

    /// The dimensions as (name, value), `ModelId` first.
    #[must_use]
    pub fn dimensions(&self) -> Vec<(String, String)> {
        let model = (MODEL_ID.to_owned(), self.model_id.clone());
        let component = self.inference_component.iter();
        let component = component.map(|name| (INFERENCE_COMPONENT.to_owned(), name.clone()));
        [model].into_iter().chain(component).collect()
    }

    /// What names a metric of the series in CloudWatch.
    #[must_use]
    pub fn metric(&self, namespace: &str, metric: Metric) -> MetricKey {
        MetricKey {
            namespace: namespace.to_owned(),
            name: metric.to_string(),
            dimensions: self.dimensions().into_iter().collect(),
        }
    }

    /// The series' label, unique among series and fit for alarm and parameter names.
    #[must_use]
    pub fn label(&self) -> SeriesLabel {
        SeriesLabel::of(self)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.model_id)?;
        match &self.inference_component {
            Some(component) => write!(f, " (inference component {component})"),
            None => Ok(()),
        }
    }
}

/// A series' name in alarm names and Parameter Store paths: `model.{model id}`, or
/// `component.{component}.{model id}`.
///
/// Only letters, digits, `.`, `-` and `_` occur, because Parameter Store takes no others. A plain
/// model id keeps its characters but for `:`, which becomes `_`. Everything else (ARNs, names with
/// other characters, very long ones, components with a dot) is written as nearly as possible and
/// ends with a fingerprint of the whole, so that two series never share a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesLabel(String);

impl SeriesLabel {
    /// The label of a series.
    #[must_use]
    pub fn of(series: &Series) -> Self {
        let Series { model_id, inference_component } = series;
        let (text, is_faithful) = match inference_component {
            None => (format!("model.{}", written(model_id)), is_plain(model_id)),
            Some(component) => {
                let is_faithful =
                    is_plain(model_id) && is_plain(component) && !component.contains(['.', ':']);
                (format!("component.{}.{}", written(component), written(model_id)), is_faithful)
            }
        };
        if is_faithful && text.len() <= MAX_LABEL_CHARS {
            return Self(text);
        }
        let component = inference_component.as_deref().unwrap_or_default();
        let print = fingerprint(&[model_id, component]);
        // Only ASCII is left, so that every cut is between two characters.
        let kept = text.get(..MAX_LABEL_CHARS - 1 - print.len()).unwrap_or(&text);
        Self(format!("{kept}.{print}"))
    }

    /// Takes a label as it stands in an alarm's or parameter's name.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins as every label does.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        ["model.", "component."].iter().any(|word| self.0.starts_with(word))
    }
}

impl fmt::Display for SeriesLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether nothing but `:` changes when it is written, so that what is written says it all.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c))
}

fn written(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '_' };
    text.chars().map(kept).collect()
}

/// A series as alarm-updater remembers it.
///
/// Parameter Store, `/{prefix}/quality/{series label}/series`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSeries {
    /// Which series.
    pub series: Series,
    /// When each metric, by its CloudWatch name, was last seen to have values; up to six hours
    /// behind.
    pub seen: BTreeMap<String, Timestamp>,
}

impl StoredSeries {
    /// The metrics it is known to have, as far as this release knows them.
    #[must_use]
    pub fn metrics(&self) -> BTreeSet<Metric> {
        self.seen.keys().filter_map(|name| Metric::named(name)).collect()
    }
}

/// The metrics of every series, by one listing.
pub type Listed = BTreeMap<Series, BTreeSet<Metric>>;

/// The series that have alarms from now on, by label: what was stored and what is listed.
///
/// `all` is what CloudWatch lists at all, `recent` what it lists as active in the last three hours.
/// A judge's metric counts only when it is in the second: of one in the first alone nobody knows
/// whether the judge is still on.
#[must_use]
pub fn known(
    stored: &[StoredSeries],
    all: &Listed,
    recent: &Listed,
    now: Timestamp,
) -> BTreeMap<SeriesLabel, StoredSeries> {
    let mut known: BTreeMap<Series, BTreeMap<String, Timestamp>> = BTreeMap::new();
    for StoredSeries { series, seen } in stored {
        known.entry(series.clone()).or_default().extend(seen.clone());
    }
    for (series, metrics) in all {
        for metric in metrics.iter().filter(|metric| !metric.is_judged()) {
            let seen = known.entry(series.clone()).or_default();
            seen.entry(metric.to_string()).or_insert(now);
        }
    }
    for (series, metrics) in recent {
        for metric in metrics {
            let seen = known.entry(series.clone()).or_default();
            let at = seen.entry(metric.to_string()).or_insert(now);
            if now.duration_since(*at) >= REFRESH_AFTER {
                *at = now;
            }
        }
    }
    known
        .into_iter()
        .map(|(series, mut seen)| {
            seen.retain(|name, at| now.duration_since(*at) < kept_for(name));
            (series.label(), StoredSeries { series, seen })
        })
        .filter(|(_, stored)| !stored.seen.is_empty())
        .collect()
}

fn kept_for(metric: &str) -> SignedDuration {
    match Metric::named(metric) {
        Some(metric) if metric.is_judged() => JUDGE_OFF_AFTER,
        Some(_) | None => FORGET_AFTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T06:00:00Z";

    fn series(model_id: &str, component: Option<&str>) -> Series {
        Series { model_id: model_id.to_owned(), inference_component: component.map(str::to_owned) }
    }

    fn nova() -> Series {
        series("amazon.nova-lite-v1:0", None)
    }

    #[test]
    fn labels_read_like_what_they_stand_for() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
        for (model_id, component, label) in [
            ("us.amazon.nova-lite-v1:0", None, "model.us.amazon.nova-lite-v1_0"),
            (
                arn,
                None,
                "model.arn_aws_bedrock_us-east-1_123456789012_application-inference-profile_abc123.\
                 a93c88c479aa",
            ),
            ("qwen2.5-7b", Some("chat-7b"), "component.chat-7b.qwen2.5-7b"),
            ("m", Some("a b"), "component.a_b.m.0b18bdf8378a"),
        ] {
            let found = series(model_id, component).label();
            assert_eq!(found.as_str(), label);
            assert!(found.is_well_formed());
        }
    }

    #[test]
    fn no_two_series_share_a_label() {
        let all = [
            series("a:b", None),
            series("a_b", None),
            series("a/b", None),
            series("a b", None),
            series("a.b", None),
            series("b", Some("a")),
            series("b", Some("a.")),
            series("c.b", Some("a")),
            series("b", Some("a.c")),
            series("b", Some("a:c")),
            series("b", Some("a_c")),
            series(&"x".repeat(300), None),
            series(&"x".repeat(301), None),
            series("", None),
            series("日本", None),
            series("中国", None),
        ];
        let labels: BTreeSet<SeriesLabel> = all.iter().map(Series::label).collect();
        assert_eq!(labels.len(), all.len(), "{labels:?}");
        for label in &labels {
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            assert!(label.as_str().chars().all(allowed), "{label}");
            assert!(label.as_str().len() <= MAX_LABEL_CHARS, "{label}");
        }
    }

    #[test]
    fn only_the_two_known_sets_of_dimensions_are_series() {
        for (dimensions, expected) in [
            (&[("ModelId", "m")][..], Some(series("m", None))),
            (&[("InferenceComponentName", "c"), ("ModelId", "m")], Some(series("m", Some("c")))),
            (&[("InferenceComponentName", "c")], None),
            (&[("ModelId", "m"), ("Reason", "truncated-gzip")], None),
            (&[], None),
        ] {
            let found = Series::of_dimensions(dimensions);
            assert_eq!(found, expected, "{dimensions:?}");
            if let Some(series) = found {
                assert_eq!(series.dimensions().len(), dimensions.len());
            }
        }
    }

    /// The metrics known after one run, with the hours since each was seen.
    #[track_caller]
    fn check(
        stored: &[(Metric, i64)],
        all: &[Metric],
        recent: &[Metric],
        expected: &[(Metric, i64)],
    ) {
        let now: Timestamp = NOW.parse().unwrap();
        let at = |hours: i64| now - SignedDuration::from_hours(hours);
        let seen = stored.iter().map(|(metric, hours)| (metric.to_string(), at(*hours)));
        let stored: Vec<StoredSeries> = if stored.is_empty() {
            Vec::new()
        } else {
            vec![StoredSeries { series: nova(), seen: seen.collect() }]
        };
        let listed =
            |metrics: &[Metric]| Listed::from([(nova(), metrics.iter().copied().collect())]);
        let found = known(&stored, &listed(all), &listed(recent), now);
        let seen: BTreeMap<String, Timestamp> =
            found.get(&nova().label()).map(|found| found.seen.clone()).unwrap_or_default();
        let expected =
            expected.iter().map(|(metric, hours)| (metric.to_string(), at(*hours))).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_listed_is_known_and_what_was_known_stays_for_a_month() {
        let (refusal, error) = (Metric::Refusal, Metric::Error);
        check(&[], &[refusal], &[], &[(refusal, 0)]);
        check(&[], &[refusal], &[refusal], &[(refusal, 0)]);
        // Forgotten by CloudWatch, known here.
        check(&[(refusal, 20 * 24)], &[], &[], &[(refusal, 20 * 24)]);
        check(&[(refusal, 30 * 24)], &[], &[], &[]);
        check(&[(refusal, 30 * 24), (error, 1)], &[], &[], &[(error, 1)]);
        // A time is written anew only when it has grown old.
        check(&[(refusal, 5)], &[refusal], &[refusal], &[(refusal, 5)]);
        check(&[(refusal, 6)], &[refusal], &[refusal], &[(refusal, 0)]);
        check(&[(refusal, 6)], &[refusal], &[], &[(refusal, 6)]);
    }

    #[test]
    fn a_judge_is_on_while_it_scores() {
        let (safety, error) = (Metric::JudgeSafety, Metric::Error);
        check(&[], &[safety, error], &[error], &[(error, 0)]);
        check(&[], &[safety, error], &[safety, error], &[(safety, 0), (error, 0)]);
        check(&[(safety, 63), (error, 1)], &[safety, error], &[error], &[(safety, 63), (error, 1)]);
        check(&[(safety, 7 * 24), (error, 1)], &[safety, error], &[error], &[(error, 1)]);
    }

    #[test]
    fn a_metric_of_a_later_release_stays_stored_and_has_no_alarm() {
        let stored = StoredSeries {
            series: nova(),
            seen: BTreeMap::from([("JudgeWit".to_owned(), NOW.parse().unwrap())]),
        };
        let now = NOW.parse().unwrap();
        let found = known(std::slice::from_ref(&stored), &Listed::new(), &Listed::new(), now);
        assert_eq!(found[&nova().label()], stored);
        assert_eq!(stored.metrics(), BTreeSet::new());
    }
}
