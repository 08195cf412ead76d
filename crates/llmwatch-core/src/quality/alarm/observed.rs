//! What a quality alarm of CloudWatch watches, read back from the alarm itself.
//!
//! The alarm is the truth of what fired: a tuning may have changed since, and an operator may have
//! edited it.

use super::course::Held;
use super::{BadSide, MINIMUM_SAMPLES};
use crate::alarm::desired::{Breach, MetricWatch, QuerySource};
use crate::quality::series::Series;

/// What a quality alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The series.
    pub series: Series,
    /// The namespace of its metric.
    pub namespace: String,
    /// The metric's CloudWatch name.
    pub metric: String,
    /// The line its means are held against.
    pub held: Held,
}

/// Reads an alarm; `None` when it watches no series, or by a condition llmwatch never sets.
#[must_use]
pub fn observed(watch: &MetricWatch) -> Option<Observed> {
    let (bad, line) = match watch.breach {
        Breach::Below(line) => (BadSide::Below, Some(line)),
        Breach::AtLeast(line) => (BadSide::AtLeast, Some(line)),
        Breach::BelowBand(_) => (BadSide::Below, None),
        Breach::AboveBand(_) => (BadSide::AtLeast, None),
        Breach::Foreign(_) => return None,
    };
    let expressions = watch.queries.iter().filter_map(|query| match &query.source {
        QuerySource::Expression(text) => Some(text.as_str()),
        QuerySource::Metric { .. } => None,
    });
    let minimum_samples = expressions
        .filter_map(|text| text.strip_prefix("IF(samples >= ")?.split(',').next()?.parse().ok())
        .next()
        .unwrap_or_else(|| f64::from(MINIMUM_SAMPLES));
    watch.queries.iter().find_map(|query| {
        let QuerySource::Metric { namespace, metric, dimensions, .. } = &query.source else {
            return None;
        };
        let dimensions: Vec<(&str, &str)> =
            dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Some(Observed {
            series: Series::of_dimensions(&dimensions)?,
            namespace: namespace.clone(),
            metric: metric.clone(),
            held: Held { bad, line, minimum_samples },
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::desired::Watch;
    use crate::quality::Metric;
    use crate::quality::alarm::desired::tests::{desired_with, stored};

    #[test]
    fn every_desired_alarm_is_read_back() {
        let tuning = r#"{"*": {"LowRefusal": {"minimum_samples": 50}}}"#;
        let alarms = desired_with(&stored(&[Metric::Refusal]), tuning);
        let lines: Vec<String> = alarms
            .iter()
            .map(|alarm| {
                let Watch::Metrics(watch) = &alarm.watch else { panic!("{}", alarm.name) };
                let Observed { series, namespace, metric, held } = observed(watch).unwrap();
                let Held { bad, line, minimum_samples } = held;
                format!("{series} {namespace} {metric} {bad:?} {line:?} {minimum_samples}")
            })
            .collect();
        let of = "us.amazon.nova-lite-v1:0 LLMWatch/Quality Refusal";
        assert_eq!(
            lines,
            [
                format!("{of} AtLeast Some(0.2) 20"),
                format!("{of} AtLeast Some(0.5) 20"),
                format!("{of} Below None 50"),
            ]
        );
    }

    #[test]
    fn an_alarm_of_a_foreign_condition_is_not_understood() {
        let [alarm, ..] = &desired_with(&stored(&[Metric::Refusal]), "none")[..] else { panic!() };
        let Watch::Metrics(watch) = &alarm.watch else { panic!() };
        let mut watch = watch.clone();
        watch.breach = Breach::Foreign("GreaterThanThreshold 5".to_owned());
        assert_eq!(observed(&watch), None);
        watch.breach = Breach::Below(0.5);
        watch.queries.clear();
        assert_eq!(observed(&watch), None);
    }
}
