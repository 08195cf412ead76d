//! One SageMaker inference component with enhanced metrics, over the last 24 hours and some ahead.
//!
//! Two copies stand on an endpoint of three instances with one GPU each: one instance and its GPU
//! are free. In the incident requests wait for the GPUs, and some of them fail.
//!
//! Metrics, dimensions and units are those of
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>: latencies in
//! microseconds, shares in percent, of what is reserved where the name says `Normalized`. What a
//! GPU is called there is not documented; `gpu_0` is what AWS's published examples show.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{MINUTES_AHEAD, is_incident, office_load};

/// The inference component.
pub const COMPONENT: &str = "llama-chat";
/// The endpoint that it stands on.
pub const ENDPOINT: &str = "llm-endpoint";

const MINUTES_BEFORE: i64 = 24 * 60;
const COPIES: f64 = 2.0;
/// Requests a minute at the busiest time of day.
const REQUESTS: f64 = 90.0;

const INVOCATIONS: &str = "AWS/SageMaker";
const COMPONENTS: &str = "/aws/sagemaker/InferenceComponents";
const ENDPOINTS: &str = "/aws/sagemaker/Endpoints";

/// The instances, each with the container of the copy on it.
const INSTANCES: [(&str, Option<&str>); 3] = [
    ("i-0a1b2c3d4e5f60718", Some("container-a")),
    ("i-0b1c2d3e4f5061728", Some("container-b")),
    ("i-0c1d2e3f405162738", None),
];

/// A series' dimensions: name and value.
type Dimensions<'a> = [(&'a str, &'a str)];

/// Every series of the component and its endpoint.
pub(super) fn metrics(incident: Timestamp) -> Vec<Value> {
    let seed = Seed { incident };
    let mut metrics = seed.calls();
    metrics.extend(seed.waits());
    metrics.extend(seed.shares_of_component());
    for (instance, container) in INSTANCES {
        metrics.extend(seed.instance(instance, container));
    }
    metrics
}

#[derive(Debug, Clone, Copy)]
struct Seed {
    incident: Timestamp,
}

impl Seed {
    /// One value a minute.
    fn series(
        self,
        namespace: &str,
        name: &str,
        dimensions: &Dimensions<'_>,
        value: impl Fn(i64) -> f64,
    ) -> Value {
        let values: Vec<f64> = minutes().map(value).collect();
        let mut series = self.named(namespace, name, dimensions);
        series["values"] = json!(values);
        series
    }

    fn named(self, namespace: &str, name: &str, dimensions: &Dimensions<'_>) -> Value {
        let dimensions: Value =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let start = self.incident - SignedDuration::from_mins(MINUTES_BEFORE);
        json!({
            "namespace": namespace,
            "name": name,
            "dimensions": dimensions,
            "start": start.to_string(),
        })
    }

    /// The share of the busiest traffic; all of it in the incident.
    fn load(self, minute: i64) -> f64 {
        let at = self.incident + SignedDuration::from_mins(minute);
        if is_incident(minute) { 1.0 } else { office_load(at, minute).min(0.9) }
    }

    fn requests(self, minute: i64) -> f64 {
        (REQUESTS * self.load(minute)).round()
    }

    fn calls(self) -> Vec<Value> {
        let of = |name: &str, value: &dyn Fn(i64) -> f64| {
            self.series(INVOCATIONS, name, &OF_COMPONENT, value)
        };
        let failed = |minute| if is_incident(minute) { 4.0 } else { 0.0 };
        let refused = |minute: i64| if minute % 20 == 0 { 1.0 } else { 0.0 };
        vec![
            of("Invocations", &|minute| self.requests(minute)),
            of("InvocationsPerCopy", &|minute| self.requests(minute) / COPIES),
            of("ConcurrentRequestsPerCopy", &|minute| (1.0 + 7.0 * self.load(minute)).round()),
            of("Invocation4XXErrors", &refused),
            of("Invocation5XXErrors", &failed),
            of("InvocationModelErrors", &|minute| refused(minute) + failed(minute)),
            of("MidStreamErrors", &|minute| if is_incident(minute) { 1.0 } else { 0.0 }),
        ]
    }

    /// Several waits a minute, in microseconds, so that percentiles differ.
    fn waits(self) -> Vec<Value> {
        [("ModelLatency", 2_400_000.0), ("FirstChunkLatency", 350_000.0)]
            .into_iter()
            .map(|(name, usual)| {
                let samples: Vec<Vec<f64>> = minutes()
                    .map(|minute| {
                        let slow = if is_incident(minute) { 3.0 } else { 1.0 };
                        let typical = usual * slow * (0.6 + 0.4 * self.load(minute));
                        [0.7, 0.9, 1.0, 1.2, 2.0].map(|part| (typical * part).round()).to_vec()
                    })
                    .collect();
                let mut series = self.named(INVOCATIONS, name, &OF_COMPONENT);
                series["samples"] = json!(samples);
                series
            })
            .collect()
    }

    fn shares_of_component(self) -> Vec<Value> {
        [
            ("GPUUtilizationNormalized", 15.0, 80.0),
            ("GPUMemoryUtilizationNormalized", 70.0, 20.0),
            ("CPUUtilizationNormalized", 5.0, 30.0),
            ("MemoryUtilizationNormalized", 40.0, 10.0),
        ]
        .into_iter()
        .map(|(name, idle, busy)| {
            self.series(COMPONENTS, name, &OF_COMPONENT, |minute| idle + busy * self.load(minute))
        })
        .collect()
    }

    /// What one instance and its GPU report, and the copy on them.
    fn instance(self, instance: &str, container: Option<&str>) -> Vec<Value> {
        let on_instance = [ENDPOINT_NAME, VARIANT_NAME, ("InstanceId", instance)];
        let gpu = [&on_instance[..], &[GPU]].concat();
        let reserved = if container.is_some() { 100.0 } else { 0.0 };
        let used = |minute| {
            if container.is_some() { 15.0 + 80.0 * self.load(minute) } else { 0.0 }
        };
        let mut metrics = vec![
            self.series(ENDPOINTS, "GPUReservation", &on_instance, |_| reserved),
            self.series(ENDPOINTS, "CPUReservation", &on_instance, |_| reserved / 2.0),
            self.series(ENDPOINTS, "MemoryReservation", &on_instance, |_| 0.6 * reserved),
            self.series(ENDPOINTS, "CPUUtilizationNormalized", &on_instance, |minute| {
                2.0 + used(minute) / 4.0
            }),
            self.series(ENDPOINTS, "MemoryUtilizationNormalized", &on_instance, |minute| {
                8.0 + used(minute) / 2.0
            }),
            self.series(ENDPOINTS, "GPUUtilizationNormalized", &gpu, used),
            self.series(ENDPOINTS, "GPUMemoryUtilizationNormalized", &gpu, |_| 0.8 * reserved),
        ];
        if let Some(container) = container {
            let copy = [&gpu[..], &OF_COMPONENT, &[("ContainerId", container)]].concat();
            metrics.push(self.series(COMPONENTS, "GPUUtilizationNormalized", &copy, used));
            metrics
                .push(self.series(COMPONENTS, "GPUMemoryUtilizationNormalized", &copy, |_| 80.0));
        }
        metrics
    }
}

const OF_COMPONENT: [(&str, &str); 1] = [("InferenceComponentName", COMPONENT)];
const ENDPOINT_NAME: (&str, &str) = ("EndpointName", ENDPOINT);
const VARIANT_NAME: (&str, &str) = ("VariantName", "AllTraffic");
const GPU: (&str, &str) = ("AcceleratorId", "gpu_0");

/// Minutes from the start of the incident.
fn minutes() -> impl Iterator<Item = i64> {
    -MINUTES_BEFORE..MINUTES_AHEAD
}
