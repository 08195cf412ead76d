//! The alarms of an inference component: plain ones, at the limits that models have.
//!
//! Line, severity and M of N of each kind are those of its row in the CATALOGUE, and the setting
//! `alarm-tuning` changes them by the component's label, `component.{name}`.

use std::collections::BTreeMap;

use super::InferenceComponent;
use crate::alarm::desired::description::{MANAGED, MAX_CHARS};
use crate::alarm::desired::{
    Breach, DesiredAlarm, Evaluation, MetricQuery, MetricWatch, MissingData, QuerySource, Watch,
};
use crate::alarm::name::{self, AlarmName, ComponentAlarm};
use crate::alarm::tuning::Tuning;
use crate::alarm::{AlarmDefinition, AlarmKind, Limit};
use crate::ids::StackPrefix;
use crate::quality::series::INFERENCE_COMPONENT;

/// The namespace of a component's invocations.
pub const NAMESPACE: &str = "AWS/SageMaker";

/// The metric that says that a component is called.
pub const INVOCATIONS: &str = "Invocations";

/// One kind of alarm that components have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentKind {
    /// The kind, whose row in the CATALOGUE gives all but the metric.
    pub kind: AlarmKind,
    /// The metric, in [`NAMESPACE`].
    pub metric: &'static str,
    /// What a firing alarm says, as the end of "the inference component …".
    pub says: &'static str,
}

/// Every kind of alarm that components have.
///
/// Source: <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>.
pub const COMPONENT_KINDS: [ComponentKind; 2] = [
    ComponentKind {
        kind: AlarmKind::ServerErrors,
        metric: "Invocation5XXErrors",
        says: "answers with server errors (5xx)",
    },
    ComponentKind {
        kind: AlarmKind::ClientErrors,
        metric: "Invocation4XXErrors",
        says: "refuses requests as client errors (4xx)",
    },
];

/// The facts of a kind that components have; `None` of another.
#[must_use]
pub fn component_kind(kind: AlarmKind) -> Option<&'static ComponentKind> {
    COMPONENT_KINDS.iter().find(|row| row.kind == kind)
}

/// Every alarm a component should have: one of each kind that is not switched off.
#[must_use]
pub fn desired_component_alarms(
    component: &InferenceComponent,
    tuning: &Tuning,
    prefix: &StackPrefix,
) -> Vec<DesiredAlarm> {
    let label = component.label();
    let alarm = |of: &ComponentKind| {
        let row = tuning.definition(of.kind, &label)?;
        let Limit::AtLeast(limit) = row.limit else { return None };
        let alarm = ComponentAlarm { kind: of.kind, component: component.clone() };
        Some(DesiredAlarm {
            name: name::component(prefix, &alarm),
            alarm: AlarmName::Component(alarm),
            description: description(component, of, &row, limit),
            watch: Watch::Metrics(MetricWatch {
                queries: vec![query(component, of, &row)],
                breach: Breach::AtLeast(limit),
                missing: MissingData::NotBreaching,
                evaluation: Evaluation {
                    datapoints_to_alarm: row.datapoints_to_alarm,
                    evaluation_periods: row.evaluation_periods,
                },
            }),
            // EventBridge carries its changes, as it does those of quality alarms.
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            evaluation_source: tuning.evaluation_source(of.kind, &label),
            tags: BTreeMap::from([
                ("llmwatch:prefix", prefix.to_string()),
                ("llmwatch:component", component.to_string()),
                ("llmwatch:kind", of.kind.word().to_owned()),
            ]),
        })
    };
    COMPONENT_KINDS.iter().filter_map(alarm).collect()
}

fn query(component: &InferenceComponent, of: &ComponentKind, row: &AlarmDefinition) -> MetricQuery {
    MetricQuery {
        id: "errors".to_owned(),
        source: QuerySource::Metric {
            namespace: NAMESPACE.to_owned(),
            metric: of.metric.to_owned(),
            dimensions: vec![(INFERENCE_COMPONENT.to_owned(), component.to_string())],
            statistic: "Sum".to_owned(),
            period_seconds: row.period_seconds,
        },
        watched: true,
    }
}

fn description(
    component: &InferenceComponent,
    of: &ComponentKind,
    row: &AlarmDefinition,
    limit: f64,
) -> String {
    format!(
        "The inference component {component} {}. Breaches when the sum of {} over {} s is {limit} \
         or more. {MANAGED}",
        of.says, of.metric, row.period_seconds,
    )
    .chars()
    .take(MAX_CHARS)
    .collect()
}

#[cfg(test)]
mod tests;
