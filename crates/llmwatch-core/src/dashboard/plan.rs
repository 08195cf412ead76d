//! The CloudWatch dashboards that alarm-updater keeps: one a pool, and one a SageMaker inference
//! component that is called or whose answers are scored.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cloudwatch_body::{Place, body};
use super::{Dashboard, Known};
use crate::alarm::name::Owner;
use crate::component::InferenceComponent;
use crate::fingerprint::fingerprint;
use crate::ids::StackPrefix;
use crate::quality::series::StoredSeries;
use crate::stored::StoredPool;

/// Characters of a label that a name shows: with the longest prefix, far below the 255 of a name.
const SHOWN_CHARS: usize = 150;

/// One thing to do about the dashboards.
#[derive(Debug, Clone, PartialEq)]
pub enum DashboardChange {
    /// Write one, new or over the one there is.
    Put {
        /// Its name.
        name: String,
        /// Its body.
        body: Value,
    },
    /// Remove these; never empty.
    Delete(Vec<String>),
}

impl std::fmt::Display for DashboardChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Put { name, .. } => write!(f, "dashboard {name}: put"),
            Self::Delete(names) => write!(f, "dashboards {}: delete", names.join(", ")),
        }
    }
}

/// What the names of all dashboards of a stack begin with, the template's own included.
///
/// A prefix has no `_`, so no two stacks' names begin alike.
#[must_use]
pub fn listing_prefix(prefix: &StackPrefix) -> String {
    format!("{prefix}_")
}

/// Whether a name is one that is kept here, and not the template's own dashboard or somebody's.
#[must_use]
pub fn is_kept(prefix: &StackPrefix, name: &str) -> bool {
    [kept(prefix, "pool"), kept(prefix, "component")].iter().any(|start| name.starts_with(start))
}

/// Whether a dashboard may be that of a pool or series whose document is not understood.
///
/// A series' document says which component it is of, so any component's may be.
#[must_use]
pub fn may_be_of(prefix: &StackPrefix, owner: &Owner, name: &str) -> bool {
    match owner {
        Owner::Pool(label) => name == self::name(prefix, "pool", label.as_str()),
        Owner::Series(_) => name.starts_with(&kept(prefix, "component")),
        Owner::Component(component) => name == self::name(prefix, "component", component.as_str()),
    }
}

/// The dashboards there should be, by name.
#[must_use]
pub fn desired(
    prefix: &StackPrefix,
    region: &str,
    pools: &[StoredPool],
    scored: &[StoredSeries],
    called: &BTreeSet<InferenceComponent>,
    known: Known<'_>,
) -> BTreeMap<String, Value> {
    let place = Place { region };
    let of_pools = pools.iter().filter(|pool| !pool.series.is_empty()).map(|pool| {
        let page = Dashboard::of_pool(pool, scored, known);
        (name(prefix, "pool", pool.pool.label().as_str()), body(&page, place))
    });
    let scored_ones =
        scored.iter().filter_map(|stored| stored.series.inference_component.as_deref());
    let mut components: BTreeSet<InferenceComponent> =
        scored_ones.filter_map(InferenceComponent::parse).collect();
    components.extend(called.iter().cloned());
    let of_components = components.iter().map(|component| {
        let page = Dashboard::of_component(component, scored, known);
        (name(prefix, "component", component.as_str()), body(&page, place))
    });
    of_pools.chain(of_components).collect()
}

/// What leads from the dashboards there are, by name, to those there should be.
///
/// A body that says the same is left alone, however it is written.
#[must_use]
pub fn plan(
    desired: &BTreeMap<String, Value>,
    actual: &BTreeMap<String, Option<String>>,
) -> Vec<DashboardChange> {
    let is_there = |name: &String, body: &Value| {
        let found = actual.get(name).and_then(Option::as_ref);
        found.and_then(|text| serde_json::from_str::<Value>(text).ok()).as_ref() == Some(body)
    };
    let puts = desired
        .iter()
        .filter(|(name, body)| !is_there(name, body))
        .map(|(name, body)| DashboardChange::Put { name: name.clone(), body: body.clone() });
    let gone: Vec<String> =
        actual.keys().filter(|name| !desired.contains_key(*name)).cloned().collect();
    let delete = (!gone.is_empty()).then_some(DashboardChange::Delete(gone));
    puts.chain(delete).collect()
}

fn kept(prefix: &StackPrefix, kind: &str) -> String {
    format!("{prefix}_{kind}_")
}

/// Names take letters, digits, `-` and `_`; what else a label has becomes `-`, and a fingerprint
/// of the whole keeps two labels apart.
fn name(prefix: &StackPrefix, kind: &str, label: &str) -> String {
    let written = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let shown: String = label.chars().map(written).take(SHOWN_CHARS).collect();
    format!("{}{shown}_{}", kept(prefix, kind), fingerprint(&[label]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::alarm::desired::tests::{ALL_QUOTAS, prefix, stored};
    use crate::dashboard::tests::{scored, with_known};
    use crate::quality::Metric;

    fn pages() -> BTreeMap<String, Value> {
        let series = [
            scored("us.amazon.nova-lite-v1:0", None, &[Metric::Error]),
            scored("qwen", Some("chat-7b"), &[Metric::Error]),
        ];
        let mut idle = stored(0, &[]);
        idle.pool.model = "idle".to_owned();
        with_known("", "", |known| {
            let pools = [stored(1, &ALL_QUOTAS), idle];
            let called = [InferenceComponent::parse("embed").unwrap()].into();
            desired(&prefix(), "us-east-1", &pools, &series, &called, known)
        })
    }

    #[test]
    fn every_pool_in_use_and_every_component_called_or_scored_has_its_page() {
        let pages = pages();
        let names: Vec<&str> = pages.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "llmwatch_component_chat-7b_7340708628a2",
                "llmwatch_component_embed_f801796e2fe5",
                "llmwatch_pool_cross-region-amazon-nova-lite-v1-0_2d8df704b2a7",
            ]
        );
        for name in names {
            assert!(is_kept(&prefix(), name), "{name}");
        }
    }

    #[test]
    fn no_two_labels_share_a_name_and_none_is_too_long() {
        let long = "x".repeat(400);
        let labels = ["global.a.b", "global.a-b", "global.a_b", &long, &format!("{long}y"), "日本"];
        let names: BTreeSet<String> =
            labels.iter().map(|label| name(&prefix(), "pool", label)).collect();
        assert_eq!(names.len(), labels.len());
        for name in names {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            assert!(name.len() <= 255 && name.chars().all(allowed), "{name}");
        }
    }

    #[test]
    fn only_what_changed_is_written_and_what_is_gone_deleted() {
        let desired = BTreeMap::from([
            ("new".to_owned(), json!({"a": 1})),
            ("changed".to_owned(), json!({"a": 2, "b": [1]})),
            ("same".to_owned(), json!({"a": 2, "b": [1]})),
            ("broken".to_owned(), json!({})),
        ]);
        let actual = BTreeMap::from([
            ("changed".to_owned(), Some(r#"{"a": 1}"#.to_owned())),
            ("same".to_owned(), Some(r#"{ "b" : [1], "a": 2 }"#.to_owned())),
            ("broken".to_owned(), Some("{".to_owned())),
            ("gone".to_owned(), None),
        ]);
        let lines: Vec<String> = plan(&desired, &actual).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "dashboard broken: put",
                "dashboard changed: put",
                "dashboard new: put",
                "dashboards gone: delete",
            ]
        );
        let standing: BTreeMap<String, Option<String>> =
            pages().into_iter().map(|(name, body)| (name, Some(body.to_string()))).collect();
        assert_eq!(plan(&pages(), &standing), []);
    }

    #[test]
    fn what_an_unreadable_document_speaks_of_is_told() {
        let pool = Owner::Pool(stored(1, &[]).pool.label());
        let series = Owner::Series(scored("m", Some("c"), &[]).series.label());
        let found = |owner: &Owner| -> Vec<bool> {
            pages().keys().map(|name| may_be_of(&prefix(), owner, name)).collect()
        };
        let component = Owner::Component(InferenceComponent::parse("embed").unwrap());
        assert_eq!(found(&pool), [false, false, true]);
        assert_eq!(found(&series), [true, true, false]);
        assert_eq!(found(&component), [false, true, false]);
    }

    #[test]
    fn other_dashboards_are_not_ours_to_touch() {
        for name in ["llmwatch_overview", "llmwatch-pool_x", "mine", "llmwatch-eu_pool_x"] {
            assert!(!is_kept(&prefix(), name), "{name}");
        }
    }
}
