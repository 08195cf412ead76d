//! The dashboards that are checked in are those that the core describes.

use std::collections::BTreeSet;
use std::path::Path;

use llmwatch_tests::dashboards::{files, template_with_overview};
use serde_json::Value;

use crate::template;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn no_file_is_stale() {
    for (path, expected) in files().unwrap() {
        let found = std::fs::read_to_string(repository().join(path)).unwrap_or_default();
        assert!(found == expected, "{path} is stale: run `make dashboards`");
    }
    let text = std::fs::read_to_string(repository().join("template.yaml")).unwrap();
    assert!(
        template_with_overview(&text).unwrap() == text,
        "the overview in template.yaml is stale: run `make dashboards`"
    );
}

#[test]
fn the_overview_is_json_within_cloudwatchs_limits() {
    let body = template::section("Resources")["Overview"]["Properties"]["DashboardBody"].clone();
    let text = body.as_str().unwrap();
    // What is no reference of the template's own is one that CloudFormation leaves to CloudWatch.
    let references: BTreeSet<&str> =
        text.split("${").skip(1).map(|rest| rest.split(['}', '(']).next().unwrap()).collect();
    assert_eq!(references, BTreeSet::from(["!PROP", "AWS::Region", "QualityNamespace"]));
    let body: Value = serde_json::from_str(text).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert!((1..=500).contains(&widgets.len()), "{}", widgets.len());
    for widget in widgets {
        let metrics = widget["properties"]["metrics"].as_array().map_or(0, Vec::len);
        assert!(metrics <= 500, "{metrics}");
    }
}

/// What Grafana refuses in a file of alert rules, by its own reader: a rule without uid, title,
/// condition or data, a condition that no query has, a duration it cannot read.
#[test]
fn grafana_can_read_the_alert_rules() {
    let (_, text) =
        files().unwrap().into_iter().find(|(path, _)| path.ends_with("alerting.yaml")).unwrap();
    let document: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(document["apiVersion"], 1);
    let receivers: Vec<&Value> =
        document["contactPoints"].as_array().unwrap().iter().map(|point| &point["name"]).collect();
    for group in document["groups"].as_array().unwrap() {
        for member in ["name", "folder", "interval"] {
            assert!(!group[member].as_str().unwrap().is_empty());
        }
        for rule in group["rules"].as_array().unwrap() {
            let title = rule["title"].as_str().unwrap();
            assert!(!rule["uid"].as_str().unwrap().is_empty());
            let data = rule["data"].as_array().unwrap();
            assert!(data.iter().any(|part| part["refId"] == rule["condition"]), "{title}");
            let held = rule["for"].as_str().unwrap();
            assert!(held.trim_end_matches(['s', 'm']).parse::<u32>().is_ok(), "{title}: {held}");
            assert!(receivers.contains(&&rule["notification_settings"]["receiver"]), "{title}");
            // Words that Grafana would take for variables of its environment.
            for word in rule["annotations"].as_object().unwrap().values() {
                assert!(!word.as_str().unwrap().contains('$'), "{title}");
            }
        }
    }
}
