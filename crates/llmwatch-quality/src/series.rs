//! What a score is a score of: a metric of the registry, or a criterion of the operator's rubric.

use std::borrow::Cow;
use std::fmt;

use llmwatch_core::quality::Metric;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands before a criterion in the name of its metric.
const JUDGE: &str = "Judge";

/// A metric of the registry, or a criterion that only the operator's rubric knows.
///
/// Its `Display` is the CloudWatch metric name and the key in call records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Series {
    /// A metric of the registry.
    Metric(Metric),
    /// A judge's criterion outside the registry.
    Criterion(Criterion),
}

/// A criterion outside the registry, by the CloudWatch name of its metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Criterion(String);

impl Series {
    /// The series of a rubric's criterion: `professional_tone` is `JudgeProfessionalTone`, which
    /// the registry knows; `brand_voice` is `JudgeBrandVoice`, which it does not.
    #[must_use]
    pub fn of_criterion(criterion: &str) -> Self {
        let mut name = String::from(JUDGE);
        for word in criterion.split('_').filter(|word| !word.is_empty()) {
            let mut letters = word.chars();
            name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
        Self::parse(&name).unwrap_or(Self::Criterion(Criterion(name)))
    }

    /// Reads a metric's name; none when it is neither in the registry nor a criterion's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let known = Metric::ALL.iter().map(|facts| facts.metric);
        known
            .map(Self::Metric)
            .find(|series| series.to_string() == name)
            .or_else(|| is_criterion(name).then(|| Self::Criterion(Criterion(name.to_owned()))))
    }
}

fn is_criterion(name: &str) -> bool {
    name.strip_prefix(JUDGE).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

impl From<Metric> for Series {
    fn from(metric: Metric) -> Self {
        Self::Metric(metric)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => metric.fmt(f),
            Self::Criterion(Criterion(name)) => f.write_str(name),
        }
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'_, str>::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("{name:?} is not a metric's name")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_registry_is_read_by_its_name() {
        for facts in Metric::ALL {
            assert_eq!(Series::parse(&facts.metric.to_string()), Some(facts.metric.into()));
        }
    }

    #[test]
    fn a_criterion_the_registry_knows_is_its_metric() {
        assert_eq!(Series::of_criterion("professional_tone"), Metric::JudgeProfessionalTone.into());
        assert_eq!(Series::of_criterion("brand_voice").to_string(), "JudgeBrandVoice");
        assert_eq!(Series::parse("JudgeBrandVoice"), Some(Series::of_criterion("brand_voice")));
    }

    #[test]
    fn other_words_are_no_series() {
        for word in ["", "Judge", "Judge Tone", "Nonsense", "judgeTone"] {
            assert_eq!(Series::parse(word), None, "{word}");
        }
    }
}
