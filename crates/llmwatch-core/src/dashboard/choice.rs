//! What the viewer chooses at the top of a dashboard.

use crate::alarm::pool_metrics;
use crate::metric_values::{BEDROCK, MODEL_ID};

/// A dimension whose value the viewer chooses, among those that a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Its name; `$` before it makes the word that stands for the chosen value.
    pub name: &'static str,
    /// What the viewer reads beside it.
    pub label: &'static str,
    /// The dimension.
    pub dimension: &'static str,
    /// The namespace of the metric that has the dimension.
    pub namespace: &'static str,
    /// That metric.
    pub metric: &'static str,
    /// Nobody chooses it: it holds every value that the metric has beside another choice, by the
    /// dimension and name of that one.
    pub of: Option<(&'static str, &'static str)>,
}

impl Choice {
    /// A Bedrock model, by the id it is called with.
    pub const MODEL: Self = Self {
        name: "model",
        label: "Model",
        dimension: MODEL_ID,
        namespace: BEDROCK,
        metric: "Invocations",
        of: None,
    };

    /// A SageMaker inference component.
    pub const COMPONENT: Self = Self {
        name: "component",
        label: "Inference component",
        dimension: "InferenceComponentName",
        namespace: "AWS/SageMaker",
        metric: "Invocations",
        of: None,
    };

    /// A quota pool.
    pub const POOL: Self = Self {
        name: "pool",
        label: "Quota pool",
        dimension: "Pool",
        namespace: pool_metrics::NAMESPACE,
        metric: pool_metrics::QUOTA_VALUE,
        of: None,
    };

    /// The callers of the chosen pool, all of them.
    pub const CALLERS: Self = Self {
        name: "callers",
        label: "Callers of the pool",
        dimension: MODEL_ID,
        namespace: pool_metrics::NAMESPACE,
        metric: pool_metrics::CALLER_QUOTA,
        of: Some((Self::POOL.dimension, Self::POOL.name)),
    };

    /// The word that stands for the chosen value, for example `$model`.
    #[must_use]
    pub fn word(self) -> String {
        format!("${}", self.name)
    }

    /// The word that stands for it in a CloudWatch dashboard, for example `CHOSEN_MODEL`: CloudWatch
    /// reads it as a regular expression, in which `$` has a meaning of its own.
    #[must_use]
    pub fn pattern(self) -> String {
        format!("CHOSEN_{}", self.name.to_uppercase())
    }
}
