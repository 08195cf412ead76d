//! How an inference component fared in the hour before its alarm changed: the figures a mail tells.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::InferenceComponent;
use super::alarm::{INVOCATIONS, NAMESPACE};
use super::reports::COMPONENTS;
use crate::cloudwatch::metric::MetricKey;
use crate::evidence::Read;
use crate::metric_values::{Values, Wanted};
use crate::quality::series::INFERENCE_COMPONENT;

/// Seconds of one period.
pub const PERIOD_SECONDS: u32 = 300;

/// How far back a course goes.
const REACH: SignedDuration = SignedDuration::from_hours(1);

/// The metrics of a course: namespace, name and statistic.
const METRICS: [(&str, &str, &str); 5] = [
    (NAMESPACE, INVOCATIONS, "Sum"),
    (NAMESPACE, "Invocation4XXErrors", "Sum"),
    (NAMESPACE, "Invocation5XXErrors", "Sum"),
    (NAMESPACE, "ModelLatency", "p90"),
    (COMPONENTS, "GPUMemoryUtilizationNormalized", "Maximum"),
];

/// How a component fared, by periods, oldest first; those without any value are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    /// The periods.
    pub periods: Vec<Period>,
}

/// One period of [`PERIOD_SECONDS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Its start.
    pub start: Timestamp,
    /// Requests.
    pub invocations: f64,
    /// Answers with 4xx.
    pub client_errors: f64,
    /// Answers with 5xx.
    pub server_errors: f64,
    /// The container's time for nine requests of ten, in milliseconds; `None` without any.
    pub p90_latency_ms: Option<f64>,
    /// The most GPU memory used, in percent; `None` where no GPU reports.
    pub gpu_memory_percent: Option<f64>,
}

/// The stretch of time a course is read over: the hour that ends with the period of `until`, which is
/// when the alarm changed, so that a mail that comes late tells the same.
#[must_use]
pub fn stretch(until: Timestamp) -> (Timestamp, Timestamp) {
    let period = i64::from(PERIOD_SECONDS);
    let end = (until.as_second().div_euclid(period) + 1) * period;
    let end = Timestamp::from_second(end).unwrap_or(until);
    (end - REACH, end)
}

/// The metrics a course is made of, for [`course`].
#[must_use]
pub fn wanted(component: &InferenceComponent) -> Vec<Wanted> {
    let one = |(namespace, name, statistic): (&str, &str, &'static str)| Wanted {
        metric: MetricKey::new(namespace, name, &[(INFERENCE_COMPONENT, component.as_str())]),
        statistic,
        period_seconds: PERIOD_SECONDS,
    };
    METRICS.map(one).to_vec()
}

/// The course by the values of [`wanted`], in its order; unreadable when one of them is.
#[must_use]
pub fn course(values: &[Values]) -> Read<Course> {
    let mut periods: BTreeMap<Timestamp, Period> = BTreeMap::new();
    for (index, values) in values.iter().enumerate() {
        let values = match values {
            Read::Known(values) => values,
            Read::Unreadable(why) => return Read::Unreadable(why.clone()),
        };
        for (start, value) in values {
            let period = periods.entry(*start).or_insert_with(|| Period::empty(*start));
            period.set(index, *value);
        }
    }
    Read::Known(Course { periods: periods.into_values().collect() })
}

impl Course {
    /// Whether nobody called the component in the ten minutes until then.
    #[must_use]
    pub fn is_idle(&self, until: Timestamp) -> bool {
        let lately = until - SignedDuration::from_mins(10);
        let is_called = |period: &Period| period.start >= lately && period.invocations > 0.0;
        !self.periods.iter().any(is_called)
    }
}

impl Period {
    fn empty(start: Timestamp) -> Self {
        Self {
            start,
            invocations: 0.0,
            client_errors: 0.0,
            server_errors: 0.0,
            p90_latency_ms: None,
            gpu_memory_percent: None,
        }
    }

    /// Takes the value of the metric that stands at this place in [`METRICS`].
    fn set(&mut self, index: usize, value: f64) {
        match index {
            0 => self.invocations = value,
            1 => self.client_errors = value,
            2 => self.server_errors = value,
            3 => self.p90_latency_ms = Some(value / 1_000.0),
            _ => self.gpu_memory_percent = Some(value),
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
    fn the_hour_ends_with_the_period_of_the_change() {
        for (now, from, to) in [
            ("2026-11-22T12:03:20Z", "2026-11-22T11:05:00Z", "2026-11-22T12:05:00Z"),
            ("2026-11-22T12:05:00Z", "2026-11-22T11:10:00Z", "2026-11-22T12:10:00Z"),
        ] {
            assert_eq!(stretch(at(now)), (at(from), at(to)), "{now}");
        }
    }

    #[test]
    fn each_metric_has_its_place() {
        let names: Vec<String> = wanted(&InferenceComponent::parse("chat-7b").unwrap())
            .iter()
            .map(|wanted| format!("{} {}", wanted.metric.name, wanted.statistic))
            .collect();
        assert_eq!(
            names,
            [
                "Invocations Sum",
                "Invocation4XXErrors Sum",
                "Invocation5XXErrors Sum",
                "ModelLatency p90",
                "GPUMemoryUtilizationNormalized Maximum",
            ]
        );
        let (one, two) = (at("2026-11-22T11:05:00Z"), at("2026-11-22T11:10:00Z"));
        let known = |values: &[(Timestamp, f64)]| Read::Known(values.to_vec());
        let found = course(&[
            known(&[(one, 100.0), (two, 90.0)]),
            known(&[(two, 1.0)]),
            known(&[(one, 0.0), (two, 30.0)]),
            known(&[(one, 812_000.0)]),
            known(&[(two, 97.5)]),
        ]);
        let first =
            Period { invocations: 100.0, p90_latency_ms: Some(812.0), ..Period::empty(one) };
        let second = Period {
            invocations: 90.0,
            client_errors: 1.0,
            server_errors: 30.0,
            gpu_memory_percent: Some(97.5),
            ..Period::empty(two)
        };
        assert_eq!(found, Read::Known(Course { periods: vec![first, second] }));
    }

    #[test]
    fn what_is_not_read_in_full_is_not_told() {
        let values = [Read::Known(Vec::new()), Read::Unreadable("denied".to_owned())];
        assert_eq!(course(&values), Read::Unreadable("denied".to_owned()));
        assert_eq!(course(&[]), Read::Known(Course::default()));
    }
}
