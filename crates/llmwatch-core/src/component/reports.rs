//! What SageMaker's metrics say of GPUs and instances: not how many there are, but who reports.
//!
//! Namespaces and dimensions:
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>. What one instance or
//! one GPU does is published only with enhanced metrics (`EnableEnhancedMetrics`), as
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch-enhanced-metrics.html>
//! says. That page names a GPU's dimension `AcceleratorId`; AWS's published examples ask for
//! `GpuId`. Both are asked for, and whichever exists answers.
//!
//! Each series with a value in a period counts once, however often it reports in it, so that a
//! count depends on no publishing frequency.

use std::collections::BTreeMap;

use super::InferenceComponent;
use crate::cloudwatch::metric::MetricKey;
use crate::quality::series::INFERENCE_COMPONENT;

/// The namespace of what the containers of components use.
pub const COMPONENTS: &str = "/aws/sagemaker/InferenceComponents";

/// The namespace of what the instances of endpoints use.
pub const ENDPOINTS: &str = "/aws/sagemaker/Endpoints";

/// The dimension of an endpoint's name.
pub const ENDPOINT: &str = "EndpointName";

/// The dimension of an endpoint's production variant.
pub const VARIANT: &str = "VariantName";

/// The dimension of one instance.
pub const INSTANCE: &str = "InstanceId";

/// The dimension of one container, which is a copy of a component on an instance.
pub const CONTAINER: &str = "ContainerId";

/// The dimension of one GPU, by the documentation and by AWS's examples.
pub const GPU_DIMENSIONS: [&str; 2] = ["AcceleratorId", "GpuId"];

/// The metric by which an instance reports.
pub const OF_INSTANCES: &str = "CPUUtilizationNormalized";

/// The metric by which a GPU reports.
pub const OF_GPUS: &str = "GPUUtilizationNormalized";

/// The metrics whose series are counted: namespace and name.
pub const COUNTED: [(&str, &str); 3] =
    [(ENDPOINTS, OF_INSTANCES), (ENDPOINTS, OF_GPUS), (COMPONENTS, OF_GPUS)];

/// What a series that is counted stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reporter {
    /// An instance of an endpoint.
    Instance {
        /// The endpoint's name.
        endpoint: String,
    },
    /// A GPU of an endpoint.
    Gpu {
        /// The endpoint's name.
        endpoint: String,
        /// The dimension that names the GPU, of [`GPU_DIMENSIONS`].
        named_by: &'static str,
    },
    /// A GPU that a component has.
    GpuOfComponent {
        /// The endpoint's name.
        endpoint: String,
        /// The component.
        component: InferenceComponent,
        /// The dimension that names the GPU, of [`GPU_DIMENSIONS`].
        named_by: &'static str,
    },
}

impl Reporter {
    /// What a series stands for; `None` of one that is not counted: of another metric, or of sums
    /// over instances or GPUs, which have fewer dimensions.
    #[must_use]
    pub fn of(series: &MetricKey) -> Option<Self> {
        let counted = (series.namespace.as_str(), series.name.as_str());
        let has_only = |names: &[&str]| {
            series.dimensions.len() == names.len()
                && names.iter().all(|name| series.dimensions.contains_key(*name))
        };
        let endpoint = series.dimensions.get(ENDPOINT)?.clone();
        if counted == (ENDPOINTS, OF_INSTANCES) {
            return has_only(&[ENDPOINT, VARIANT, INSTANCE]).then_some(Self::Instance { endpoint });
        }
        let named_by = GPU_DIMENSIONS
            .into_iter()
            .find(|dimension| series.dimensions.contains_key(*dimension))?;
        if counted == (ENDPOINTS, OF_GPUS) {
            let is_one = has_only(&[ENDPOINT, VARIANT, INSTANCE, named_by]);
            return is_one.then_some(Self::Gpu { endpoint, named_by });
        }
        let is_one =
            has_only(&[ENDPOINT, VARIANT, INSTANCE, CONTAINER, INFERENCE_COMPONENT, named_by]);
        if counted != (COMPONENTS, OF_GPUS) || !is_one {
            return None;
        }
        let component = component_of(&series.dimensions)?;
        Some(Self::GpuOfComponent { endpoint, component, named_by })
    }

    /// The endpoint it is on.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        match self {
            Self::Instance { endpoint }
            | Self::Gpu { endpoint, .. }
            | Self::GpuOfComponent { endpoint, .. } => endpoint,
        }
    }

    /// The component whose GPU it is.
    #[must_use]
    pub fn component(&self) -> Option<&InferenceComponent> {
        match self {
            Self::GpuOfComponent { component, .. } => Some(component),
            Self::Instance { .. } | Self::Gpu { .. } => None,
        }
    }
}

fn component_of(dimensions: &BTreeMap<String, String>) -> Option<InferenceComponent> {
    InferenceComponent::parse(dimensions.get(INFERENCE_COMPONENT)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check((namespace, name): (&str, &str), dimensions: &[(&str, &str)], expected: Option<&str>) {
        let found = Reporter::of(&MetricKey::new(namespace, name, dimensions));
        let told = found.map(|reporter| match reporter {
            Reporter::Instance { endpoint } => format!("instance of {endpoint}"),
            Reporter::Gpu { endpoint, named_by } => format!("{named_by} of {endpoint}"),
            Reporter::GpuOfComponent { endpoint, component, named_by } => {
                format!("{named_by} of {component} on {endpoint}")
            }
        });
        assert_eq!(told.as_deref(), expected);
    }

    const CPU: (&str, &str) = COUNTED[0];
    const GPU: (&str, &str) = COUNTED[1];
    const OWN: (&str, &str) = COUNTED[2];
    const PLACE: [(&str, &str); 3] = [(ENDPOINT, "e"), (VARIANT, "v"), (INSTANCE, "i-1")];

    #[test]
    fn instances_and_gpus_are_known_by_all_of_their_dimensions() {
        let with = |more: &[(&'static str, &'static str)]| [&PLACE, more].concat();
        let own = [(CONTAINER, "c"), (INFERENCE_COMPONENT, "chat-7b")];
        check(CPU, &PLACE, Some("instance of e"));
        check(GPU, &with(&[("AcceleratorId", "0")]), Some("AcceleratorId of e"));
        check(GPU, &with(&[("GpuId", "gpu_0")]), Some("GpuId of e"));
        let of_component = [&with(&own)[..], &[("GpuId", "gpu_0")]].concat();
        check(OWN, &of_component, Some("GpuId of chat-7b on e"));
    }

    #[test]
    fn sums_and_other_metrics_are_not_counted() {
        check(CPU, &PLACE[..2], None);
        check(CPU, &[&PLACE[..], &[("GpuId", "gpu_0")]].concat(), None);
        check(GPU, &PLACE, None);
        check(OWN, &[(INFERENCE_COMPONENT, "chat-7b")], None);
        check(OWN, &[&PLACE[..], &[("GpuId", "gpu_0")]].concat(), None);
        check((ENDPOINTS, "MemoryUtilization"), &PLACE, None);
        check((COMPONENTS, OF_INSTANCES), &PLACE, None);
    }

    #[test]
    fn no_name_that_sagemaker_would_not_take_is_a_component() {
        let dimensions =
            [&PLACE[..], &[(CONTAINER, "c"), (INFERENCE_COMPONENT, "a_b"), ("GpuId", "0")]]
                .concat();
        check(OWN, &dimensions, None);
    }
}
