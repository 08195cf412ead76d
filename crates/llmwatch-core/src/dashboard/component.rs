//! How much a SageMaker inference component is used: calls, latency, errors, processors, memory.
//!
//! Namespaces, dimensions and units:
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>. Latencies are in
//! microseconds. How GPUs and instances are counted, and what that needs:
//! [`reports`](crate::component::reports).

pub mod cost;

use super::alert_lines::Alarms;
use super::queries::{FIVE_MINUTES, MINUTE, curve, hidden_math, math, search, value_of};
use super::{AlertLine, Bad, Chart, Content, Draw, Panel, Row, Unit, Width};
use crate::alarm::Severity;
use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::cloudwatch::query::MetricDataQuery;
use crate::component::alarm::{COMPONENT_KINDS, NAMESPACE};
use crate::component::reports::{
    COMPONENTS, CONTAINER, ENDPOINT, ENDPOINTS, GPU_DIMENSIONS, INSTANCE, VARIANT,
};
use crate::quality::series::INFERENCE_COMPONENT as COMPONENT;

const INVOCATIONS: &str = NAMESPACE;

/// The dimension of one GPU, by either of its names, with the stem of ids.
const GPU: [(&str, &str); 2] = [(GPU_DIMENSIONS[0], "accelerators"), (GPU_DIMENSIONS[1], "gpus")];

/// A share of a component's GPUs, and from where on Grafana's rules tell of it.
pub(super) struct GpuShare {
    /// What it is a share of, as the beginning of a sentence.
    pub(super) title: &'static str,
    /// The metric, in percent of what the component has, over all its copies.
    pub(super) metric: &'static str,
    /// From where on it is told.
    pub(super) lines: &'static [(f64, Severity)],
    /// How long it must last.
    pub(super) holds: &'static str,
    /// When a line misleads.
    pub(super) misleads: &'static str,
}

/// GPU compute: one line, and a warning only. A GPU that is busy all the time serves as much as it
/// can, which harms nobody until calls wait.
pub(super) const GPU_COMPUTE: GpuShare = GpuShare {
    title: "GPU compute",
    metric: "GPUUtilizationNormalized",
    lines: &[(95.0, Severity::Warning)],
    holds: "15m",
    misleads: "It is the share of time in which anything ran on the GPU: a few long answers at once \
               show nearly 100 %, and leave room for more. It is trouble when latency rises too.",
};

/// GPU memory: what is missing of it fails calls, or the container.
pub(super) const GPU_MEMORY: GpuShare = GpuShare {
    title: "GPU memory",
    metric: "GPUMemoryUtilizationNormalized",
    lines: &[(80.0, Severity::Warning), (95.0, Severity::Critical)],
    holds: "5m",
    misleads: "A server that takes memory for its cache when it starts, as vLLM does (about 9 \
               tenths), stands above the lower line from then on: raise it for such a component.",
};

/// The panels of a component, by name, with the lines of these alarms; `$component` for the one the
/// viewer chooses.
#[must_use]
pub(super) fn rows(component: &str, on: Alarms<'_>) -> Vec<Row> {
    vec![
        Row {
            title: format!("Inference component {component}: traffic"),
            panels: vec![invocations(component), per_copy(component), errors(component, on)],
        },
        Row {
            title: format!("Inference component {component}: latency"),
            panels: vec![
                latency(
                    component,
                    "ModelLatency",
                    "Model latency",
                    "The container's time, from request to full answer.",
                ),
                latency(
                    component,
                    "FirstChunkLatency",
                    "Latency of the first chunk",
                    "Bidirectional streaming calls only.",
                ),
            ],
        },
        Row {
            title: format!("Inference component {component}: processors and memory"),
            panels: vec![
                gpu(component, &GPU_COMPUTE),
                gpu(component, &GPU_MEMORY),
                utilisation(component, "CPU", "CPUUtilizationNormalized"),
                utilisation(component, "Memory", "MemoryUtilizationNormalized"),
                gpus(component),
            ],
        },
    ]
}

/// The panels of all components, and of the endpoints they stand on.
#[must_use]
pub fn every_component_rows() -> Vec<Row> {
    let each = |title: &str, says: &str, unit, namespace: &str, metric: &str, stat| {
        let found = search(namespace, metric, &[COMPONENT], &[], stat, FIVE_MINUTES);
        chart(
            title,
            says,
            unit,
            Draw::Lines,
            Width::Third,
            vec![math("each", &value_of(COMPONENT), found)],
        )
    };
    vec![
        Row {
            title: "All SageMaker inference components".to_owned(),
            panels: vec![
                each(
                    "Component invocations in 5 minutes",
                    "By inference component.",
                    Unit::Count,
                    INVOCATIONS,
                    "Invocations",
                    Stat::Sum,
                ),
                each(
                    "Component latency, p90",
                    "The container's time, by inference component.",
                    Unit::Microseconds,
                    INVOCATIONS,
                    "ModelLatency",
                    Stat::Percentile(90.0),
                ),
                each(
                    "GPU compute by component",
                    "Mean over the GPUs of all copies.",
                    Unit::Percent,
                    COMPONENTS,
                    "GPUUtilizationNormalized",
                    Stat::Average,
                ),
            ],
        },
        Row {
            title: "GPUs and instances of all endpoints".to_owned(),
            panels: vec![free_gpus(), instances()],
        },
    ]
}

fn chart(
    title: &str,
    says: &str,
    unit: Unit,
    draw: Draw,
    width: Width,
    queries: Vec<MetricDataQuery>,
) -> Panel {
    Panel {
        title: title.to_owned(),
        says: says.to_owned(),
        content: Content::Chart(Chart { unit, draw, queries, lines: Vec::new(), blank: None }),
        width,
    }
}

fn of_component(namespace: &str, metric: &str, component: &str) -> MetricKey {
    MetricKey::new(namespace, metric, &[(COMPONENT, component)])
}

fn invocations(component: &str) -> Panel {
    let metric = of_component(INVOCATIONS, "Invocations", component);
    chart(
        "Component invocations in 5 minutes",
        "Requests to the component.",
        Unit::Count,
        Draw::Stacked,
        Width::Third,
        vec![curve("m", "invocations", metric, Stat::Sum, FIVE_MINUTES)],
    )
}

fn per_copy(component: &str) -> Panel {
    let metric = of_component(INVOCATIONS, "InvocationsPerCopy", component);
    let most = of_component(INVOCATIONS, "ConcurrentRequestsPerCopy", component);
    chart(
        "Per copy",
        "Invocations in 5 minutes by number of copies, and the most requests at once in one copy.",
        Unit::Count,
        Draw::Lines,
        Width::Third,
        vec![
            curve("m", "invocations per copy", metric, Stat::Sum, FIVE_MINUTES),
            curve("most", "concurrent requests per copy", most, Stat::Maximum, FIVE_MINUTES),
        ],
    )
}

fn errors(component: &str, on: Alarms<'_>) -> Panel {
    let curves = [
        ("client", "Invocation4XXErrors", "client (4xx)"),
        ("server", "Invocation5XXErrors", "server (5xx)"),
        ("model", "InvocationModelErrors", "model (any)"),
        ("stream", "MidStreamErrors", "in a stream"),
    ]
    .map(|(id, metric, label)| {
        let metric = of_component(INVOCATIONS, metric, component);
        curve(id, label, metric, Stat::Sum, FIVE_MINUTES)
    });
    Panel {
        title: "Component errors in 5 minutes".to_owned(),
        says:
            "Model errors count every answer but 2xx, the other kinds among them. A line is where \
               an alarm begins."
                .to_owned(),
        content: Content::Chart(Chart {
            unit: Unit::Count,
            draw: Draw::Lines,
            queries: curves.to_vec(),
            lines: COMPONENT_KINDS.iter().filter_map(|of| on.line(of.kind)).collect(),
            blank: None,
        }),
        width: Width::Third,
    }
}

fn latency(component: &str, metric: &str, title: &str, says: &str) -> Panel {
    let stats = [
        ("p50", Stat::Percentile(50.0)),
        ("p90", Stat::Percentile(90.0)),
        ("p99", Stat::Percentile(99.0)),
        ("average", Stat::Average),
    ];
    let curves = stats.map(|(name, stat)| {
        curve(name, name, of_component(INVOCATIONS, metric, component), stat, FIVE_MINUTES)
    });
    let draw = Draw::Lines;
    chart(title, says, Unit::Microseconds, draw, Width::Half, curves.to_vec())
}

fn utilisation(component: &str, title: &str, metric: &str) -> Panel {
    let metric = of_component(COMPONENTS, metric, component);
    let curves = [("average", Stat::Average), ("maximum", Stat::Maximum)]
        .map(|(name, stat)| curve(name, name, metric.clone(), stat, MINUTE));
    chart(
        &format!("{title} used"),
        "Share of what the component reserves, of its limit where it reserves nothing; over all \
         copies.",
        Unit::Percent,
        Draw::Lines,
        Width::Third,
        curves.to_vec(),
    )
}

fn gpu(component: &str, share: &GpuShare) -> Panel {
    let mut panel = utilisation(component, share.title, share.metric);
    let told = "A line is where a rule of Grafana's begins; no alarm watches it.";
    panel.says = format!("{} {told} {}", panel.says, share.misleads);
    if let Content::Chart(chart) = &mut panel.content {
        let line = |(value, severity): &(f64, Severity)| AlertLine {
            label: format!("{} {}", share.title, severity.word().to_lowercase()),
            value: *value,
            severity: *severity,
            bad: Bad::Above,
        };
        chart.lines = share.lines.iter().map(line).collect();
    }
    panel
}

/// How many GPUs report for a component, by either name of their dimension.
fn gpus(component: &str) -> Panel {
    let counts = GPU.map(|(dimension, id)| {
        let found = search(
            COMPONENTS,
            "GPUUtilizationNormalized",
            &[ENDPOINT, VARIANT, INSTANCE, CONTAINER, COMPONENT, dimension],
            &[(COMPONENT, component)],
            Stat::Average,
            FIVE_MINUTES,
        );
        math(id, &format!("GPUs in use ({dimension})"), count_of(&found))
    });
    chart(
        "GPUs in use",
        "GPUs that report for the component; needs enhanced metrics on its endpoint.",
        Unit::Count,
        Draw::Lines,
        Width::Third,
        counts.to_vec(),
    )
}

/// How many of the series found have a value, at each time.
fn count_of(found: &str) -> String {
    format!("SUM({found} * 0 + 1)")
}

fn free_gpus() -> Panel {
    let mut queries = Vec::new();
    for (dimension, id) in GPU {
        let all = search(
            ENDPOINTS,
            "GPUUtilizationNormalized",
            &[ENDPOINT, VARIANT, INSTANCE, dimension],
            &[],
            Stat::Average,
            FIVE_MINUTES,
        );
        let used = search(
            COMPONENTS,
            "GPUUtilizationNormalized",
            &[ENDPOINT, VARIANT, INSTANCE, CONTAINER, COMPONENT, dimension],
            &[],
            Stat::Average,
            FIVE_MINUTES,
        );
        let (all_id, used_id) = (format!("{id}_all"), format!("{id}_used"));
        queries.push(hidden_math(&all_id, count_of(&all)));
        queries.push(math(&used_id, &format!("used ({dimension})"), count_of(&used)));
        let free = format!("{all_id} - {used_id}");
        queries.push(math(&format!("{id}_free"), &format!("free ({dimension})"), free));
    }
    chart(
        "GPUs, used and free",
        "GPUs of all endpoints that report, and those that report for a component; needs enhanced \
         metrics. A GPU that two components share counts twice as used.",
        Unit::Count,
        Draw::Stacked,
        Width::Half,
        queries,
    )
}

/// An instance is used when a component reserves part of a GPU on it.
fn instances() -> Panel {
    let of = |metric: &str| {
        search(ENDPOINTS, metric, &[ENDPOINT, VARIANT, INSTANCE], &[], Stat::Average, FIVE_MINUTES)
    };
    let used = format!("SUM(CEIL({} / 100))", of("GPUReservation"));
    chart(
        "Instances, used and free",
        "Instances that report, and those with a reserved GPU; needs enhanced metrics.",
        Unit::Count,
        Draw::Stacked,
        Width::Half,
        vec![
            hidden_math("all", count_of(&of("CPUUtilizationNormalized"))),
            math("used", "used", used),
            math("free", "free", "all - used".to_owned()),
        ],
    )
}
