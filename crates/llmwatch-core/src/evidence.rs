//! What is known about a pool's usage, and what is not.

use crate::usage::{Gap, Samples, Usage, Window};

/// A fact that was read, or why it was not. Not reading is never the same as reading nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Read<T> {
    /// The fact.
    Known(T),
    /// Why it could not be read.
    Unreadable(String),
}

impl<T> Read<T> {
    /// The fact by reference.
    #[must_use]
    pub fn as_ref(&self) -> Read<&T> {
        match self {
            Self::Known(fact) => Read::Known(fact),
            Self::Unreadable(why) => Read::Unreadable(why.clone()),
        }
    }

    /// The fact, where it was read.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Unreadable(_) => None,
        }
    }

    /// Why it could not be read, where it was not.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unreadable(why) => Some(why),
        }
    }

    /// What is made of the fact, where it was read.
    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Self::Known(fact) => Read::Known(make(fact)),
            Self::Unreadable(why) => Read::Unreadable(why),
        }
    }
}

impl<T> Read<Vec<T>> {
    /// What is listed; nothing where the list could not be read.
    #[must_use]
    pub fn listed(&self) -> &[T] {
        self.known().map_or(&[], Vec::as_slice)
    }
}

/// A pool's usage over the 14 days before the decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// The pool had traffic. Its gaps, if any, are in the usage.
    Measured(Box<Usage>),
    /// No request was accepted in the whole window, and all of it was read.
    NoTraffic {
        /// The minutes looked at.
        window: Window,
        /// Requests that were refused meanwhile.
        throttles: f64,
    },
    /// Usage could not be read, for this reason.
    Unavailable(String),
}

impl Evidence {
    /// Weighs samples; `model` chooses the burndown rate where one is needed.
    ///
    /// No traffic is claimed only when nothing is missing: a gap may hide the only request.
    #[must_use]
    pub fn weigh(samples: Read<Samples>, model: &str) -> Self {
        let samples = match samples {
            Read::Known(samples) => samples,
            Read::Unreadable(why) => return Self::Unavailable(why),
        };
        let accepted = [
            &samples.invocations,
            &samples.estimated_tpm,
            &samples.input_tokens,
            &samples.output_tokens,
        ];
        if accepted.iter().any(|series| series.total() > 0.0) {
            return Self::Measured(Box::new(Usage::of(&samples, model)));
        }
        match samples.gaps.first() {
            None => {
                Self::NoTraffic { window: samples.window, throttles: samples.throttles.total() }
            }
            Some(gap) => Self::Unavailable(describe(gap)),
        }
    }

    /// The usage, where there is any.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        match self {
            Self::Measured(usage) => Some(usage),
            Self::NoTraffic { .. } | Self::Unavailable(_) => None,
        }
    }
}

/// A gap in words, for example `Invocations from … to …: page 2 was refused`.
#[must_use]
pub fn describe(gap: &Gap) -> String {
    let Gap { metric, from, to, why } = gap;
    format!("{} is missing from {from} to {to}: {why}", metric.metric_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::UsageMetric;

    const MODEL: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

    fn window() -> Window {
        Window::evidence_until("2026-11-21T02:45:55Z".parse().unwrap())
    }

    fn gap(metric: UsageMetric) -> Gap {
        let why = "page 2: ThrottlingException".to_owned();
        Gap { metric, from: window().start(), to: window().end(), why }
    }

    #[test]
    fn silence_that_was_read_in_full_is_no_traffic() {
        let mut samples = Samples::new(window());
        samples.throttles.add(window().start(), 40.0);
        let evidence = Evidence::weigh(Read::Known(samples), MODEL);
        assert_eq!(evidence, Evidence::NoTraffic { window: window(), throttles: 40.0 });
    }

    #[test]
    fn silence_with_a_gap_is_unavailable_and_says_where() {
        let mut samples = Samples::new(window());
        samples.gaps.push(gap(UsageMetric::Invocations));
        assert_eq!(
            Evidence::weigh(Read::Known(samples), MODEL),
            Evidence::Unavailable(
                "Invocations is missing from 2026-11-07T02:45:00Z to 2026-11-21T02:45:00Z: \
                 page 2: ThrottlingException"
                    .into()
            )
        );
    }

    #[test]
    fn a11_a_failed_read_is_not_a_new_model() {
        let evidence = Evidence::weigh(Read::Unreadable("AccessDenied".into()), MODEL);
        assert_eq!(evidence, Evidence::Unavailable("AccessDenied".into()));
    }

    #[test]
    fn traffic_with_a_gap_is_measured_and_keeps_the_gap() {
        let mut samples = Samples::new(window());
        samples.invocations.add(window().start(), 1.0);
        samples.gaps.push(gap(UsageMetric::Throttles));
        let Evidence::Measured(usage) = Evidence::weigh(Read::Known(samples), MODEL) else {
            panic!("there was traffic");
        };
        assert_eq!(usage.gaps, [gap(UsageMetric::Throttles)]);
    }
}
