//! Alert rules for Grafana's alerting: the same lines as the alarms, for teams that are paged by
//! Grafana.
//!
//! Each rule is about every model, or every inference component, there is: a query leaves a
//! dimension open (`*`), Grafana gets one series for each of its values, and each fires and
//! recovers by itself. Rules are provisioned from a file (`apiVersion: 1`), whose form is that of
//! <https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/>.
//!
//! What Grafana cannot do: add up the callers of a pool by themselves. The rules on quotas speak of
//! one caller's share; where several callers share a quota, the alarms of CloudWatch add them up.

use serde_json::{Map, Value, json};

use super::component::{GPU_COMPUTE, GPU_MEMORY, GpuShare};
use crate::alarm::pool_metrics;
use crate::alarm::{AlarmDefinition, CATALOGUE, Limit, Severity, definition};
use crate::cloudwatch::metric::Stat;
use crate::component;
use crate::component::alarm::{COMPONENT_KINDS, ComponentKind};
use crate::hourly_cost::COST_PER_HOUR;
use crate::metric_values::{DAY_SECONDS, HOUR_SECONDS};
use crate::quality::alarm::{BadSide, Line, PERIOD_SECONDS, QUALITY_CATALOGUE, QualityDefinition};
use crate::quality::series::{INFERENCE_COMPONENT, MODEL_ID};
use crate::quota::QuotaKind;
use crate::quota_used::QUOTA_USED_PERCENT;

/// The UID of the data source, to be replaced by that of yours.
pub const DATA_SOURCE_UID: &str = "cloudwatch";

/// The topic alerts go to, to be replaced by the stack's.
pub const TOPIC_ARN: &str = "arn:aws:sns:us-east-1:123456789012:llmwatch-alerts";

/// The contact point the rules name.
const RECEIVER: &str = "llmwatch";

/// What a pool or a component may cost in an hour, in US dollars, to be replaced by a budget of yours.
const BUDGET: f64 = 10.0;

/// How far back a metric that is published hourly is looked for.
const HOURLY_BACK: u32 = 3 * HOUR_SECONDS;

/// How far back the rules on GPUs look: two of the longest frequency an endpoint can publish at, so
/// that a report is there at each look, though it comes some minutes late.
const GPU_BACK: u32 = 600;

/// How far back the quality alarms look: 8 periods.
const QUALITY_BACK: u32 = 8 * PERIOD_SECONDS;

/// The provisioning file, as a document.
#[must_use]
pub fn provisioning(quality_namespace: &str) -> Value {
    let errors = CATALOGUE.iter().filter_map(errors_of_models).chain(errors_of_components());
    let quality = QUALITY_CATALOGUE.iter().flat_map(|row| of_quality(row, quality_namespace));
    json!({
        "apiVersion": 1,
        "contactPoints": [{
            "orgId": 1,
            "name": RECEIVER,
            "receivers": [{
                "uid": "llmwatch-sns",
                "type": "sns",
                "disableResolveMessage": false,
                "settings": { "topic_arn": TOPIC_ARN, "sigv4": { "region": "us-east-1" } },
            }],
        }],
        "groups": [
            group("errors", "1m", errors.collect()),
            group("quotas of callers", "1m", CATALOGUE.iter().filter_map(of_quota).collect()),
            group("quotas of pools", "5m", CATALOGUE.iter().filter_map(of_pool_quota).collect()),
            group("gpu", "1m", [&GPU_COMPUTE, &GPU_MEMORY].into_iter().flat_map(of_gpu).collect()),
            group("cost", "5m", vec![
                cost("cost-per-hour", "a pool", "Pool"),
                cost("component-cost-per-hour", "an inference component", INFERENCE_COMPONENT),
            ]),
            group("quality", "5m", quality.collect()),
        ],
    })
}

fn group(name: &str, interval: &str, rules: Vec<Value>) -> Value {
    json!({
        "orgId": 1, "name": format!("llmwatch {name}"), "folder": "llmwatch", "interval": interval,
        "rules": rules,
    })
}

/// One rule, before Grafana's form of it.
struct Rule {
    /// What it is about, in lower-case words with hyphens; unique.
    slug: String,
    title: String,
    /// What a firing alert says of the model or component, with the templates of its labels.
    summary: String,
    severity: Severity,
    /// How long it must hold.
    holds: &'static str,
    /// Queries and reductions.
    data: Vec<Value>,
    /// The condition over the reductions' letters.
    condition: String,
}

impl Rule {
    fn written(self) -> Value {
        let mut data = self.data;
        data.push(expression("Z", &json!({ "type": "math", "expression": self.condition })));
        json!({
            "uid": format!("llmwatch-{}", self.slug),
            "title": self.title,
            "condition": "Z",
            "data": data,
            // A model without calls has no data and is well.
            "noDataState": "OK",
            "execErrState": "Error",
            "for": self.holds,
            "annotations": { "summary": self.summary },
            "labels": { "app": "llmwatch", "severity": self.severity.word().to_lowercase() },
            "isPaused": false,
            "notification_settings": { "receiver": RECEIVER },
        })
    }
}

/// A metric of every value of the dimensions that are `*`.
struct Metric<'a> {
    namespace: &'a str,
    name: &'a str,
    dimensions: &'a [(&'a str, &'a str)],
    stat: Stat,
    period: u32,
    /// Seconds from now.
    back: u32,
}

impl Metric<'_> {
    /// The query under one letter, and its reduction to one number a series under the next.
    fn reduced(&self, letters: [&str; 2], reducer: &str) -> [Value; 2] {
        let [query, number] = letters;
        let dimensions: Map<String, Value> = self
            .dimensions
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!([value])))
            .collect();
        let model = json!({
            "refId": query,
            "id": query.to_lowercase(),
            "queryMode": "Metrics",
            "metricQueryType": 0,
            "metricEditorMode": 0,
            "namespace": self.namespace,
            "metricName": self.name,
            "dimensions": dimensions,
            "matchExact": true,
            "statistic": self.stat.to_string(),
            "period": self.period.to_string(),
            "region": "default",
            "expression": "",
        });
        let read = json!({
            "refId": query,
            "relativeTimeRange": { "from": self.back, "to": 0 },
            "datasourceUid": DATA_SOURCE_UID,
            "model": model,
        });
        let reduce = json!({
            "type": "reduce", "expression": query, "reducer": reducer,
            "settings": { "mode": "dropNN" },
        });
        [read, expression(number, &reduce)]
    }
}

fn expression(letter: &str, model: &Value) -> Value {
    let mut model = model.clone();
    model["refId"] = json!(letter);
    model["datasource"] = json!({ "type": "__expr__", "uid": "__expr__" });
    json!({
        "refId": letter,
        "relativeTimeRange": { "from": 0, "to": 0 },
        "datasourceUid": "__expr__",
        "model": model,
    })
}

/// Errors and throttles of a model, at the limit of their alarm.
fn errors_of_models(row: &AlarmDefinition) -> Option<Value> {
    let Limit::AtLeast(limit) = row.limit else { return None };
    if row.layer != crate::alarm::Layer::CriticalErrors {
        return None;
    }
    let metric = Metric {
        namespace: "AWS/Bedrock",
        name: row.metric,
        dimensions: &[(MODEL_ID, "*")],
        stat: Stat::Sum,
        period: row.period_seconds,
        back: row.period_seconds * row.evaluation_periods,
    };
    Some(errors(&metric, limit, row.severity, row.kind.word(), "{{ .Labels.ModelId }}"))
}

/// Errors of an inference component, at the limit of their alarm.
fn errors_of_components() -> Vec<Value> {
    let rule = |of: &ComponentKind| {
        let row = definition(of.kind);
        let Limit::AtLeast(limit) = row.limit else { return None };
        let metric = Metric {
            namespace: component::alarm::NAMESPACE,
            name: of.metric,
            dimensions: &[(INFERENCE_COMPONENT, "*")],
            stat: Stat::Sum,
            period: row.period_seconds,
            back: row.period_seconds * row.evaluation_periods,
        };
        let word = format!("Component{}", of.kind);
        let component = "{{ .Labels.InferenceComponentName }}";
        Some(errors(&metric, limit, row.severity, &word, component))
    };
    COMPONENT_KINDS.iter().filter_map(rule).collect()
}

fn errors(metric: &Metric<'_>, limit: f64, severity: Severity, word: &str, of: &str) -> Value {
    Rule {
        slug: slug(word),
        title: format!("{word}: {limit} or more in 5 minutes"),
        summary: format!("{of}: {limit} or more {} in 5 minutes.", metric.name),
        severity,
        holds: "0s",
        data: metric.reduced(["A", "B"], "max").to_vec(),
        condition: format!("$B >= {limit}"),
    }
    .written()
}

/// A caller's share of its pool's quota, at the alarm's line.
fn of_quota(row: &AlarmDefinition) -> Option<Value> {
    let Limit::PercentOfQuota(kind, percent) = row.limit else { return None };
    // Hours add up to the last 24, which no single period of a day would be.
    let (period, back, reducer) = match kind {
        QuotaKind::Rpm | QuotaKind::Tpm => (60, 300, "max"),
        QuotaKind::Tpd => (HOUR_SECONDS, DAY_SECONDS, "sum"),
    };
    let used = Metric {
        namespace: "AWS/Bedrock",
        name: row.metric,
        dimensions: &[(MODEL_ID, "*")],
        stat: Stat::Sum,
        period,
        back,
    };
    let quota = Metric {
        namespace: pool_metrics::NAMESPACE,
        name: pool_metrics::CALLER_QUOTA,
        dimensions: &[("Pool", "*"), ("Quota", kind.abbreviation()), (MODEL_ID, "*")],
        stat: Stat::Maximum,
        period: HOUR_SECONDS,
        back: HOURLY_BACK,
    };
    let mut data = used.reduced(["A", "B"], reducer).to_vec();
    data.extend(quota.reduced(["C", "D"], "last"));
    let rule = Rule {
        slug: format!("{}-{percent}", kind.abbreviation().to_lowercase()),
        title: format!("{kind}: one caller uses {percent} % of its pool's quota"),
        summary: format!(
            "{{{{ .Labels.ModelId }}}} alone uses {percent} % or more of the quota of {} of \
             {{{{ .Labels.Pool }}}}.",
            kind.unit()
        ),
        severity: row.severity,
        holds: "3m",
        data,
        condition: format!("100 * $B / $D >= {percent}"),
    };
    Some(rule.written())
}

/// What all callers of a pool used of its quota in the last hour, at the alarm's line: what needs no
/// parameter, an hour later than the alarm.
fn of_pool_quota(row: &AlarmDefinition) -> Option<Value> {
    let Limit::PercentOfQuota(kind, percent) = row.limit else { return None };
    let metric = Metric {
        namespace: pool_metrics::NAMESPACE,
        name: QUOTA_USED_PERCENT,
        dimensions: &[("Pool", "*"), ("Quota", kind.abbreviation())],
        stat: Stat::Maximum,
        period: HOUR_SECONDS,
        back: HOURLY_BACK,
    };
    let rule = Rule {
        slug: format!("pool-{}-{percent}", kind.abbreviation().to_lowercase()),
        title: format!("{kind}: a pool used {percent} % of its quota"),
        summary: format!(
            "{{{{ .Labels.Pool }}}} used {percent} % or more of its quota of {}, all callers \
             together, in the last hour published.",
            kind.unit()
        ),
        severity: row.severity,
        holds: "0s",
        data: metric.reduced(["A", "B"], "last").to_vec(),
        condition: format!("$B >= {percent}"),
    };
    Some(rule.written())
}

/// What a component uses of its GPUs.
fn of_gpu(share: &GpuShare) -> Vec<Value> {
    let metric = Metric {
        namespace: "/aws/sagemaker/InferenceComponents",
        name: share.metric,
        dimensions: &[(INFERENCE_COMPONENT, "*")],
        stat: Stat::Average,
        period: 60,
        back: GPU_BACK,
    };
    let rule = |(percent, severity): &(f64, Severity)| {
        Rule {
            slug: format!("{}-{percent}", share.title.to_lowercase().replace(' ', "-")),
            title: format!("{}: {percent} % used", share.title),
            summary: format!(
                "{{{{ .Labels.InferenceComponentName }}}} uses {percent} % or more of its {}. {}",
                share.title, share.misleads
            ),
            severity: *severity,
            holds: share.holds,
            data: metric.reduced(["A", "B"], "mean").to_vec(),
            condition: format!("$B >= {percent}"),
        }
        .written()
    };
    share.lines.iter().map(rule).collect()
}

/// What a pool or a component cost in an hour, against one line for all of them: Grafana knows no
/// budgets.
fn cost(slug: &str, what: &str, dimension: &str) -> Value {
    let metric = Metric {
        namespace: pool_metrics::NAMESPACE,
        name: COST_PER_HOUR,
        dimensions: &[(dimension, "*")],
        stat: Stat::Maximum,
        period: HOUR_SECONDS,
        back: HOURLY_BACK,
    };
    Rule {
        slug: slug.to_owned(),
        title: format!("Cost of {what}: {BUDGET} USD an hour or more"),
        summary: format!(
            "{{{{ .Labels.{dimension} }}}} cost {BUDGET} USD or more in its last hour."
        ),
        severity: Severity::Warning,
        holds: "0s",
        data: metric.reduced(["A", "B"], "last").to_vec(),
        condition: format!("$B >= {BUDGET}"),
    }
    .written()
}

/// The lines of a kind that are on by default, of models and of components. A band has no line.
fn of_quality(row: &QualityDefinition, namespace: &str) -> Vec<Value> {
    let mut rules = Vec::new();
    for severity in Severity::ALL {
        let Line::At(value) = row.line(severity) else { continue };
        for (dimensions, word, of) in [
            (&[(MODEL_ID, "*")][..], "", "{{ .Labels.ModelId }}"),
            (
                &[(INFERENCE_COMPONENT, "*"), (MODEL_ID, "*")],
                "component-",
                "{{ .Labels.InferenceComponentName }}",
            ),
        ] {
            rules.push(quality_rule(row, (severity, value), namespace, dimensions, (word, of)));
        }
    }
    rules
}

fn quality_rule(
    row: &QualityDefinition,
    (severity, value): (Severity, f64),
    namespace: &str,
    dimensions: &[(&str, &str)],
    (word, of): (&str, &str),
) -> Value {
    let name = row.metric.to_string();
    let read = |stat: Stat, letters: [&str; 2]| {
        let metric = Metric {
            namespace,
            name: &name,
            dimensions,
            stat,
            period: PERIOD_SECONDS,
            back: QUALITY_BACK,
        };
        metric.reduced(letters, "last")
    };
    let (sign, side) = match row.bad {
        BadSide::Below => ("<", "below"),
        BadSide::AtLeast => (">=", "at or above"),
    };
    let whose = if word.is_empty() { "model" } else { "inference component" };
    Rule {
        slug: format!(
            "{word}{}{}",
            slug(row.kind.word()),
            match severity {
                Severity::Warning => "",
                Severity::Critical => "-critical",
            }
        ),
        title: format!("{} of a {whose}, {}", row.kind, severity.word().to_lowercase()),
        summary: format!(
            "{of} {}: the mean of {name} over 15 minutes is {side} {value}.",
            row.says
        ),
        severity,
        holds: "15m",
        data: [read(Stat::Average, ["A", "B"]), read(Stat::SampleCount, ["C", "D"])].concat(),
        condition: format!("$B {sign} {value} && $D >= {}", row.minimum_samples),
    }
    .written()
}

/// `ServerErrors` as `server-errors`.
fn slug(word: &str) -> String {
    let mut slug = String::with_capacity(word.len() + 4);
    for c in word.chars() {
        if c.is_ascii_uppercase() && !slug.is_empty() {
            slug.push('-');
        }
        slug.push(c.to_ascii_lowercase());
    }
    slug
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn rules() -> Vec<Value> {
        let document = provisioning("LLMWatch/Quality");
        let groups = document["groups"].as_array().unwrap().clone();
        groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
    }

    #[test]
    fn every_rule_is_told_in_a_line() {
        let lines: Vec<String> = rules()
            .iter()
            .map(|rule| {
                let data = rule["data"].as_array().unwrap();
                let condition = data.last().unwrap()["model"]["expression"].as_str().unwrap();
                let open = |data: &Value| {
                    let dimensions = data["model"]["dimensions"].as_object().cloned();
                    let dimensions = dimensions.unwrap_or_default();
                    let open = dimensions.iter().filter(|(_, value)| **value == json!(["*"]));
                    open.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
                };
                format!(
                    "{} {} [{}] {condition}",
                    rule["uid"].as_str().unwrap(),
                    rule["labels"]["severity"].as_str().unwrap(),
                    open(&data[0]).into_iter().collect::<Vec<_>>().join(" "),
                )
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn uids_are_unique_and_short_enough_and_every_letter_exists() {
        let mut uids = BTreeSet::new();
        for rule in rules() {
            let uid = rule["uid"].as_str().unwrap().to_owned();
            assert!(uid.len() <= 40, "{uid}");
            assert!(uids.insert(uid.clone()), "{uid} twice");
            let data = rule["data"].as_array().unwrap();
            let letters: BTreeSet<&str> =
                data.iter().map(|part| part["refId"].as_str().unwrap()).collect();
            assert_eq!(letters.len(), data.len(), "{uid}");
            let condition = data.last().unwrap()["model"]["expression"].as_str().unwrap();
            for letter in condition.split('$').skip(1) {
                assert!(letters.contains(&letter[..1]), "{uid}: {condition}");
            }
        }
    }

    #[test]
    fn one_rule_in_full() {
        insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(rules()[0]) });
    }
}
