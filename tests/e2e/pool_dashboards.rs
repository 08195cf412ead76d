//! A page for each pool: written once, mended, and gone with the setting and with the stack.

use std::collections::BTreeMap;

use llmwatch_tests::traffic::BUSY_MODEL;
use serde_json::{Value, json};

use crate::stage::{Stage, Traffic};

/// Every dashboard by its name.
fn pages(stage: &Stage) -> BTreeMap<String, Value> {
    let listed = stage.cloudwatch("ListDashboards", &json!({}));
    let names = listed["DashboardEntries"].as_array().unwrap().iter();
    let names = names.map(|entry| entry["DashboardName"].as_str().unwrap().to_owned());
    let body = |name: &str| {
        let got = stage.cloudwatch("GetDashboard", &json!({ "DashboardName": name }));
        serde_json::from_str(got["DashboardBody"].as_str().unwrap()).unwrap()
    };
    names.map(|name| (name.clone(), body(&name))).collect()
}

fn put(stage: &Stage, name: &str, body: &Value) {
    let input = json!({ "DashboardName": name, "DashboardBody": body.to_string() });
    stage.cloudwatch("PutDashboard", &input);
}

/// The dashboards the updater wrote and deleted above a number.
fn writes(stage: &Stage, since: u64) -> Vec<String> {
    let calls = stage.control().calls_since(since).unwrap();
    calls
        .into_iter()
        .filter(|call| call.caller == "alarm-updater")
        .map(|call| call.operation)
        .filter(|operation| ["PutDashboard", "DeleteDashboards"].contains(&operation.as_str()))
        .collect()
}

fn run(stage: &Stage) -> Vec<String> {
    let before = stage.last_call();
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
    writes(stage, before)
}

#[test]
fn a_pools_page_is_written_once_mended_and_goes_with_the_setting_and_with_the_stack() {
    let stage = Stage::deploy_unevaluated(Traffic::Calm, &[("PoolDashboards", "on")]);
    let mine = json!({ "widgets": [
        { "type": "text", "width": 6, "height": 6, "properties": { "markdown": "mine" } }
    ] });
    put(&stage, "mine", &mine);
    let found = pages(&stage);
    let [overview, page, _] = found.keys().map(String::as_str).collect::<Vec<_>>()[..] else {
        panic!("{:?}", found.keys())
    };
    assert_eq!(overview, "llmwatch_overview");
    assert!(page.starts_with("llmwatch_pool_cross-region-"), "{page}");
    let caller = format!("us.{BUSY_MODEL}");
    assert!(found[page].to_string().contains(&caller), "{:#}", found[page]);
    assert_eq!(run(&stage), Vec::<String>::new(), "nothing has changed");

    // Somebody's edit of the page, and a page of a pool that is no more.
    put(&stage, page, &mine);
    put(&stage, "llmwatch_pool_gone_0123456789ab", &mine);
    assert_eq!(run(&stage), ["PutDashboard", "DeleteDashboards"]);
    assert_eq!(pages(&stage), found);

    stage.world.update(&[("PoolDashboards", "off")]).unwrap();
    assert_eq!(pages(&stage).keys().collect::<Vec<_>>(), ["llmwatch_overview", "mine"]);
    stage.world.update(&[("PoolDashboards", "on")]).unwrap();
    assert_eq!(pages(&stage), found);

    stage.world.stack().delete().unwrap();
    assert_eq!(pages(&stage).keys().collect::<Vec<_>>(), ["mine"]);
}
