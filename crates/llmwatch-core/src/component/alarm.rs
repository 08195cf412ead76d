//! The alarms of an inference component: plain ones, at the limits that models have, and on its
//! budget.
//!
//! Line, severity and M of N of each kind are those of its row in the CATALOGUE, and the setting
//! `alarm-tuning` changes them by the component's label, `component.{name}`; a budget is given in
//! the setting `prices` by the same label.

use std::collections::BTreeMap;

use super::InferenceComponent;
use crate::alarm::desired::description::{MANAGED, MAX_CHARS};
use crate::alarm::desired::{
    Breach, DesiredAlarm, Evaluation, Lines, MetricQuery, MetricWatch, MissingData, QuerySource,
    Watch,
};
use crate::alarm::name::{self, AlarmName, ComponentAlarm};
use crate::alarm::{AlarmDefinition, AlarmKind, Limit, definition, pool_metrics};
use crate::hourly_cost::COST_PER_HOUR;
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
    /// The namespace of the metric.
    pub namespace: &'static str,
    /// The metric, by inference component alone.
    pub metric: &'static str,
    /// What a firing alarm says, as the end of "the inference component …".
    pub says: &'static str,
}

/// Every kind of alarm that components have.
///
/// Source: <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>.
pub const COMPONENT_KINDS: [ComponentKind; 3] = [
    ComponentKind {
        kind: AlarmKind::ServerErrors,
        namespace: NAMESPACE,
        metric: "Invocation5XXErrors",
        says: "answers with server errors (5xx)",
    },
    ComponentKind {
        kind: AlarmKind::ClientErrors,
        namespace: NAMESPACE,
        metric: "Invocation4XXErrors",
        says: "refuses requests as client errors (4xx)",
    },
    ComponentKind {
        kind: AlarmKind::HighHourlyCost,
        namespace: pool_metrics::NAMESPACE,
        metric: COST_PER_HOUR,
        says: definition(AlarmKind::HighHourlyCost).says,
    },
];

/// The facts of a kind that components have; `None` of another.
#[must_use]
pub fn component_kind(kind: AlarmKind) -> Option<&'static ComponentKind> {
    COMPONENT_KINDS.iter().find(|row| row.kind == kind)
}

/// Every alarm a component should have: one of each kind that is not switched off, and that on its
/// budget where it has one.
#[must_use]
pub fn desired_component_alarms(
    component: &InferenceComponent,
    lines: Lines<'_>,
    prefix: &StackPrefix,
) -> Vec<DesiredAlarm> {
    let label = component.label();
    let alarm = |of: &ComponentKind| {
        let row = lines.tuning.definition(of.kind, &label)?;
        let limit = match row.limit {
            Limit::AtLeast(limit) => limit,
            Limit::Budget => lines.budget?,
            Limit::PercentOfQuota(..) | Limit::AboveBand(_) => return None,
        };
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
            evaluation_source: lines.tuning.evaluation_source(of.kind, &label),
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
    let (id, statistic) = match row.limit {
        Limit::Budget => ("cost", "Maximum"),
        Limit::AtLeast(_) | Limit::PercentOfQuota(..) | Limit::AboveBand(_) => ("errors", "Sum"),
    };
    MetricQuery {
        id: id.to_owned(),
        source: QuerySource::Metric {
            namespace: of.namespace.to_owned(),
            metric: of.metric.to_owned(),
            dimensions: vec![(INFERENCE_COMPONENT.to_owned(), component.to_string())],
            statistic: statistic.to_owned(),
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
    let condition = match row.limit {
        Limit::Budget => format!(
            "{} over {} s is {limit} US dollars or more (the budget in the setting prices). Worked \
             out by llmwatch by the GPUs that report, 20 minutes after the end of each clock hour.",
            of.metric, row.period_seconds,
        ),
        Limit::AtLeast(_) | Limit::PercentOfQuota(..) | Limit::AboveBand(_) => {
            format!("the sum of {} over {} s is {limit} or more.", of.metric, row.period_seconds)
        }
    };
    format!("The inference component {component} {}. Breaches when {condition} {MANAGED}", of.says)
        .chars()
        .take(MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests;
