//! What each inference component cost in each clock hour, as metrics: its part of its endpoint's
//! instances.
//!
//! AWS bills the instances of an endpoint, whatever runs on them. In each five minutes a component's
//! part is that of its GPUs in all GPUs of the endpoint; both are counted by who reports, as are the
//! instances ([`Reporter`]). It is the rule of the component's own page, an hour being the sum of
//! its five minutes. GPUs that nobody has are in no component's cost.
//!
//! The metrics are those of pools, [`COST_PER_HOUR`] and [`COST_PER_THOUSAND`], with another
//! dimension; how an hour is worked out several times, and read by its `Maximum`, stands there.
//! What is not known is not published: an hour in which the component did not report at all, one
//! with five minutes in which its endpoint's instances or GPUs did not, and any hour of a component
//! with GPUs on an endpoint without a price.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::InferenceComponent;
use super::alarm::{INVOCATIONS, NAMESPACE};
use super::reports::{GPU_DIMENSIONS, Reporter};
use crate::alarm::pool_metrics::PoolMetric;
use crate::cloudwatch::metric::MetricKey;
use crate::hourly_cost::{self, COST_PER_HOUR, COST_PER_THOUSAND};
use crate::metric_values::{HOUR_SECONDS, Wanted};
use crate::price::Prices;
use crate::quality::series::INFERENCE_COMPONENT;

/// The period reports are counted by, in seconds: the longest publishing frequency an endpoint can
/// have, so that whoever is there reports in each.
///
/// Source: botocore, `sagemaker/2017-07-24`, shape `MetricsConfig` (300 is the longest of its valid
/// values).
pub const PERIOD_SECONDS: u32 = 300;

/// How long CloudWatch's listing of what was active lately reaches back. All that ever reported in
/// two weeks would be too much to read where instances come and go.
const LISTED_FOR: SignedDuration = SignedDuration::from_hours(3);

/// What was read of who reported, and of the calls, all of it for all of the hours.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reported {
    periods: BTreeMap<Timestamp, BTreeMap<Reporter, u32>>,
    calls: BTreeMap<InferenceComponent, BTreeMap<Timestamp, f64>>,
}

impl Reported {
    /// Counts a series that had a value in the period that begins then.
    pub fn count(&mut self, reporter: &Reporter, start: Timestamp) {
        let reporters = self.periods.entry(start).or_default();
        *reporters.entry(reporter.clone()).or_default() += 1;
    }

    /// Adds a component's calls in the hour that begins then.
    pub fn add_calls(&mut self, component: &InferenceComponent, hour: Timestamp, calls: f64) {
        let by_hour = self.calls.entry(component.clone()).or_default();
        *by_hour.entry(hour).or_default() += calls;
    }

    fn at(&self, start: Timestamp, reporter: &Reporter) -> f64 {
        let count = self.periods.get(&start).and_then(|reporters| reporters.get(reporter));
        f64::from(count.copied().unwrap_or_default())
    }
}

/// The components whose cost can be worked out, with the endpoints they have GPUs on, all of which
/// have a price.
pub type Priced = BTreeMap<InferenceComponent, BTreeSet<String>>;

/// The starts of the hours to work out at a time, oldest first: those of pools' that the listing of
/// who reported reaches back to, which are two, or one in the ten minutes after a full hour.
#[must_use]
pub fn hours(now: Timestamp) -> Vec<Timestamp> {
    let listed_from = now - LISTED_FOR;
    hourly_cost::hours(now).into_iter().filter(|hour| *hour >= listed_from).collect()
}

/// The components that report, so that their cost can be worked out, by the endpoints' prices.
#[must_use]
pub fn priced<'a>(listed: impl IntoIterator<Item = &'a Reporter>, prices: &Prices) -> Priced {
    let mut endpoints = Priced::new();
    for reporter in listed {
        if let Some(component) = reporter.component() {
            let on = endpoints.entry(component.clone()).or_default();
            on.insert(reporter.endpoint().to_owned());
        }
    }
    endpoints.retain(|_, on| on.iter().all(|endpoint| prices.of_endpoint(endpoint).is_some()));
    endpoints
}

/// Whether a series is to be read: it is a priced component's GPU, or stands on its endpoint.
#[must_use]
pub fn is_counted(reporter: &Reporter, priced: &Priced) -> bool {
    match reporter.component() {
        Some(component) => priced.contains_key(component),
        None => priced.values().any(|endpoints| endpoints.contains(reporter.endpoint())),
    }
}

/// The count of a component's calls by the hour.
#[must_use]
pub fn calls(component: &InferenceComponent) -> Wanted {
    Wanted {
        metric: MetricKey::new(
            NAMESPACE,
            INVOCATIONS,
            &[(INFERENCE_COMPONENT, component.as_str())],
        ),
        statistic: "Sum",
        period_seconds: HOUR_SECONDS,
    }
}

/// What to publish, each metric with the hour it speaks of.
#[must_use]
pub fn metrics(
    priced: &Priced,
    prices: &Prices,
    reported: &Reported,
    hours: &[Timestamp],
) -> Vec<(Timestamp, PoolMetric)> {
    let each = priced.iter().flat_map(|(component, endpoints)| {
        hours.iter().map(move |hour| (component, endpoints, *hour))
    });
    each.flat_map(|(component, endpoints, hour)| {
        let parts = Parts { component, endpoints, prices, reported };
        of_hour(&parts, hour).into_iter().map(move |metric| (hour, metric))
    })
    .collect()
}

fn of_hour(parts: &Parts<'_>, hour: Timestamp) -> Vec<PoolMetric> {
    let Some(cost) = parts.cost(hour) else { return Vec::new() };
    let metric = |name, value| PoolMetric {
        name,
        dimensions: vec![(INFERENCE_COMPONENT, parts.component.to_string())],
        value,
    };
    let calls = parts.reported.calls.get(parts.component).and_then(|calls| calls.get(&hour));
    let of_thousand = calls
        .filter(|calls| **calls > 0.0)
        .map(|calls| metric(COST_PER_THOUSAND, 1_000.0 * cost / calls));
    [metric(COST_PER_HOUR, cost)].into_iter().chain(of_thousand).collect()
}

/// What a component's part of its endpoints is worked out of.
struct Parts<'a> {
    component: &'a InferenceComponent,
    endpoints: &'a BTreeSet<String>,
    prices: &'a Prices,
    reported: &'a Reported,
}

impl Parts<'_> {
    /// US dollars in an hour; `None` when they are not known.
    fn cost(&self, hour: Timestamp) -> Option<f64> {
        let periods = HOUR_SECONDS / PERIOD_SECONDS;
        let mut dollars_an_hour = 0.0;
        let mut is_there = false;
        for period in 0..periods {
            let start = hour + SignedDuration::from_secs(i64::from(period * PERIOD_SECONDS));
            for endpoint in self.endpoints {
                let price = self.prices.of_endpoint(endpoint)?;
                let Some(instances) = self.instances(endpoint, start) else { continue };
                dollars_an_hour += price * instances?;
                is_there = true;
            }
        }
        is_there.then(|| dollars_an_hour / f64::from(periods))
    }

    /// The instances of an endpoint that the component makes up in a period, by its GPUs. `None`
    /// when it has no GPU there then; `None` within when its part is not known.
    fn instances(&self, endpoint: &str, start: Timestamp) -> Option<Option<f64>> {
        let endpoint = || endpoint.to_owned();
        GPU_DIMENSIONS.into_iter().find_map(|named_by| {
            let component = self.component.clone();
            let own = Reporter::GpuOfComponent { endpoint: endpoint(), component, named_by };
            let own = self.reported.at(start, &own);
            let all = self.reported.at(start, &Reporter::Gpu { endpoint: endpoint(), named_by });
            let instances = self.reported.at(start, &Reporter::Instance { endpoint: endpoint() });
            // More GPUs than its endpoint's are a report of the endpoint's that is missing.
            let is_known = instances > 0.0 && all >= own;
            (own > 0.0).then(|| is_known.then(|| instances * own / all))
        })
    }
}

#[cfg(test)]
mod tests;
