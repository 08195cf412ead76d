//! What an inference component cost in the hours before its alarm changed, and what it did for it:
//! the figures a mail tells.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::InferenceComponent;
use super::alarm::{INVOCATIONS, NAMESPACE};
use super::reports::{COMPONENTS, OF_GPUS};
use crate::alarm::{AlarmKind, definition, pool_metrics};
use crate::cloudwatch::metric::MetricKey;
use crate::evidence::Read;
use crate::hourly_cost::{COST_PER_HOUR, COST_PER_THOUSAND, HOURS};
use crate::metric_values::{HOUR_SECONDS, Values, Wanted};
use crate::quality::series::INFERENCE_COMPONENT;

/// The metrics of an hour: namespace, name and statistic.
const METRICS: [(&str, &str, &str); 4] = [
    (pool_metrics::NAMESPACE, COST_PER_HOUR, "Maximum"),
    (pool_metrics::NAMESPACE, COST_PER_THOUSAND, "Maximum"),
    (NAMESPACE, INVOCATIONS, "Sum"),
    (COMPONENTS, OF_GPUS, "Average"),
];

/// What a component cost, by clock hours, oldest first; those without any value are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spending {
    /// The hours.
    pub hours: Vec<SpentHour>,
}

/// One clock hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpentHour {
    /// Its start.
    pub start: Timestamp,
    /// What it cost, in US dollars; `None` when that is not known.
    pub dollars: Option<f64>,
    /// What 1,000 requests cost, in US dollars; `None` without any, or when that is not known.
    pub dollars_of_thousand: Option<f64>,
    /// Requests.
    pub invocations: f64,
    /// How much of the GPUs' compute was used on the average, in percent; `None` where no GPU
    /// reports.
    pub gpu_percent: Option<f64>,
}

/// The stretch of time told of: the complete hours before the alarm changed, which do not depend on
/// when the mail is written.
#[must_use]
pub fn stretch(until: Timestamp) -> (Timestamp, Timestamp) {
    let hour = i64::from(HOUR_SECONDS);
    let end = until.as_second().div_euclid(hour) * hour;
    let end = Timestamp::from_second(end).unwrap_or(until);
    (end - SignedDuration::from_hours(HOURS), end)
}

/// The metrics it is told by, for [`spending`].
#[must_use]
pub fn wanted(component: &InferenceComponent) -> Vec<Wanted> {
    let one = |(namespace, name, statistic): (&str, &str, &'static str)| Wanted {
        metric: MetricKey::new(namespace, name, &[(INFERENCE_COMPONENT, component.as_str())]),
        statistic,
        period_seconds: HOUR_SECONDS,
    };
    METRICS.map(one).to_vec()
}

/// The hours by the values of [`wanted`], in its order; unreadable when one of them is.
#[must_use]
pub fn spending(values: &[Values]) -> Read<Spending> {
    let mut hours: BTreeMap<Timestamp, SpentHour> = BTreeMap::new();
    for (index, values) in values.iter().enumerate() {
        let values = match values {
            Read::Known(values) => values,
            Read::Unreadable(why) => return Read::Unreadable(why.clone()),
        };
        for (start, value) in values {
            let hour = hours.entry(*start).or_insert_with(|| SpentHour::empty(*start));
            hour.set(index, *value);
        }
    }
    Read::Known(Spending { hours: hours.into_values().collect() })
}

impl Spending {
    /// Whether the cost of none of the hours is known that the alarm looks at.
    #[must_use]
    pub fn is_unknown(&self, at: Timestamp) -> bool {
        let row = definition(AlarmKind::HighHourlyCost);
        let looks_back = SignedDuration::from_secs(i64::from(
            row.evaluation_periods.saturating_mul(row.period_seconds),
        ));
        let (_, end) = stretch(at);
        let is_known = |hour: &SpentHour| hour.start >= end - looks_back && hour.dollars.is_some();
        !self.hours.iter().any(is_known)
    }
}

impl SpentHour {
    fn empty(start: Timestamp) -> Self {
        Self {
            start,
            dollars: None,
            dollars_of_thousand: None,
            invocations: 0.0,
            gpu_percent: None,
        }
    }

    /// Takes the value of the metric that stands at this place in [`METRICS`].
    fn set(&mut self, index: usize, value: f64) {
        match index {
            0 => self.dollars = Some(value),
            1 => self.dollars_of_thousand = Some(value),
            2 => self.invocations = value,
            _ => self.gpu_percent = Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_hours_are_the_six_complete_ones_before_the_change() {
        for now in ["2026-11-22T12:25:10Z", "2026-11-22T12:00:00Z", "2026-11-22T12:59:59Z"] {
            let told = (at("2026-11-22T06:00:00Z"), at("2026-11-22T12:00:00Z"));
            assert_eq!(stretch(at(now)), told, "{now}");
        }
    }

    #[test]
    fn each_metric_has_its_place() {
        let names: Vec<String> = wanted(&InferenceComponent::parse("chat-7b").unwrap())
            .iter()
            .map(|wanted| {
                let MetricKey { namespace, name, .. } = &wanted.metric;
                format!("{namespace} {name} {} {}", wanted.statistic, wanted.period_seconds)
            })
            .collect();
        assert_eq!(
            names,
            [
                "LLMWatch/Quota CostPerHour Maximum 3600",
                "LLMWatch/Quota CostPer1000Invocations Maximum 3600",
                "AWS/SageMaker Invocations Sum 3600",
                "/aws/sagemaker/InferenceComponents GPUUtilizationNormalized Average 3600",
            ]
        );
        let (one, two) = (at("2026-11-22T10:00:00Z"), at("2026-11-22T11:00:00Z"));
        let known = |values: &[(Timestamp, f64)]| Read::Known(values.to_vec());
        let found = spending(&[
            known(&[(two, 4.5)]),
            known(&[(two, 0.625)]),
            known(&[(one, 10.0), (two, 7_200.0)]),
            known(&[(one, 1.5)]),
        ]);
        let first =
            SpentHour { invocations: 10.0, gpu_percent: Some(1.5), ..SpentHour::empty(one) };
        let second = SpentHour {
            dollars: Some(4.5),
            dollars_of_thousand: Some(0.625),
            invocations: 7_200.0,
            ..SpentHour::empty(two)
        };
        assert_eq!(found, Read::Known(Spending { hours: vec![first, second] }));
    }

    #[test]
    fn what_is_not_read_in_full_is_not_told() {
        let values = [Read::Known(Vec::new()), Read::Unreadable("denied".to_owned())];
        assert_eq!(spending(&values), Read::Unreadable("denied".to_owned()));
    }

    #[test]
    fn cost_is_unknown_when_the_hours_that_the_alarm_looks_at_have_none() {
        let hour = |start, dollars| SpentHour { dollars, ..SpentHour::empty(at(start)) };
        let now = at("2026-11-22T12:25:10Z");
        for (start, dollars, expected) in [
            ("2026-11-22T11:00:00Z", Some(1.0), false),
            ("2026-11-22T09:00:00Z", Some(1.0), false),
            ("2026-11-22T08:00:00Z", Some(1.0), true),
            ("2026-11-22T11:00:00Z", None, true),
        ] {
            let spending = Spending { hours: vec![hour(start, dollars)] };
            assert_eq!(spending.is_unknown(now), expected, "{start} {dollars:?}");
        }
    }
}
