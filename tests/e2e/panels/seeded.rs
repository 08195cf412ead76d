//! What a seed holds, added up by hand: no store of metrics, no evaluator.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

/// Namespace, name, and dimensions as `name=value` in order.
type Key = (String, String, String);

/// The samples of each minute, by minutes of the epoch: value and how often.
type Minutes = BTreeMap<i64, Vec<(f64, f64)>>;

/// A seed's series.
pub(super) struct Seeded(BTreeMap<Key, Minutes>);

impl Seeded {
    pub(super) fn of(seed: &Value) -> Self {
        let mut all: BTreeMap<Key, Minutes> = BTreeMap::new();
        for series in seed["metrics"].as_array().unwrap() {
            let dimensions: BTreeMap<&String, &str> = series["dimensions"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name, value.as_str().unwrap()))
                .collect();
            let dimensions: Vec<String> =
                dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let text = |member: &str| series[member].as_str().unwrap().to_owned();
            let key = (text("namespace"), text("name"), dimensions.join(" "));
            let start: Timestamp = text("start").parse().unwrap();
            let minutes = all.entry(key).or_default();
            for (minute, samples) in (start.as_second() / 60..).zip(steps(series)) {
                if !samples.is_empty() {
                    minutes.insert(minute, samples);
                }
            }
        }
        Self(all)
    }

    fn minutes(&self, namespace: &str, name: &str, dimensions: &str) -> Option<&Minutes> {
        self.0.get(&(namespace.to_owned(), name.to_owned(), dimensions.to_owned()))
    }

    /// Every sample of a series in these minutes.
    pub(super) fn samples(
        &self,
        (namespace, name, dimensions): (&str, &str, &str),
        minutes: Range<i64>,
    ) -> Vec<(f64, f64)> {
        let found = self.minutes(namespace, name, dimensions);
        found
            .into_iter()
            .flat_map(|all| all.range(minutes.clone()))
            .flat_map(|(_, of)| of.clone())
            .collect()
    }

    /// The sum of a series in these minutes.
    pub(super) fn sum(&self, series: (&str, &str, &str), minutes: Range<i64>) -> f64 {
        self.samples(series, minutes).iter().map(|(value, count)| value * count).sum()
    }
}

/// The samples of each step: values as they are, or spread about their means.
fn steps(series: &Value) -> Vec<Vec<(f64, f64)>> {
    let list = |member: &str| series[member].as_array().cloned().unwrap_or_default();
    if series["samples"].is_array() {
        let each = |of: &Value| -> Vec<(f64, f64)> {
            of.as_array().unwrap().iter().map(|value| (value.as_f64().unwrap(), 1.0)).collect()
        };
        return list("samples").iter().map(each).collect();
    }
    let counts = list("counts");
    let spread: Vec<(f64, f64)> = match series["spread"].as_array() {
        Some(all) => {
            all.iter().map(|of| (of[0].as_f64().unwrap(), of[1].as_f64().unwrap())).collect()
        }
        None => vec![(1.0, 1.0)],
    };
    let step = |(at, value): (usize, &Value)| -> Vec<(f64, f64)> {
        let Some(value) = value.as_f64() else { return Vec::new() };
        let count = counts.get(at).map_or(1.0, |count| count.as_f64().unwrap());
        spread.iter().map(|(factor, share)| (value * factor, count * share)).collect()
    };
    list("values").iter().enumerate().map(step).collect()
}

/// The smallest value that so many percent of the samples do not exceed.
pub(super) fn percentile(mut samples: Vec<(f64, f64)>, percent: f64) -> f64 {
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = samples.iter().map(|(_, count)| count).sum::<f64>() * percent / 100.0;
    let mut below = 0.0;
    for (value, count) in samples {
        below += count;
        if below >= wanted {
            return value;
        }
    }
    panic!("no samples");
}
