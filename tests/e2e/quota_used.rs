//! How much of its quotas each pool used: worked out each hour from the callers' minutes, and drawn on
//! the overview.

use jiff::Timestamp;
use llmwatch_core::cloudwatch::query::QuerySource;
use llmwatch_core::dashboard::Dashboard;
use llmwatch_core::pool::{Pool, Scope};
use llmwatch_core::quality::NAMESPACE;
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::traffic::{BUSY_MODEL, BUSY_PROFILES, DAILY_MODEL, quota};
use serde_json::{Value, json};

use crate::stage::{RPM, Stage, TPM};

/// Minutes of traffic before the deployment: a day before the first hour that a run works out.
const MINUTES_BEFORE: i64 = 32 * 60;
const MINUTES_AFTER: i64 = 60;

/// What the pool by the day may use, and what its one caller uses of it in every minute.
const TPD: f64 = 1_152_000_000.0;
const EACH_MINUTE: f64 = 400_000.0;

/// Two callers of one pool, each with a minute of its own in every hour in which it is busier, and a
/// pool with a quota by the day.
fn traffic(now: i64) -> Value {
    let start = now - MINUTES_BEFORE;
    let series = |name: &str, caller: &str, value: &dyn Fn(i64) -> f64| {
        let minutes = start..now + MINUTES_AFTER;
        json!({
            "namespace": "AWS/Bedrock",
            "name": name,
            "dimensions": { "ModelId": caller },
            "start": Timestamp::from_second(start * 60).unwrap().to_string(),
            "values": minutes.map(value).collect::<Vec<f64>>(),
        })
    };
    let peak_at = |peak: i64, then: f64, else_: f64| {
        move |minute: i64| if minute.rem_euclid(60) == peak { then } else { else_ }
    };
    let regional = format!("us.{BUSY_MODEL}");
    let (profile, name) = BUSY_PROFILES[0];
    let daily = format!("global.{DAILY_MODEL}");
    json!({
        "metrics": [
            series("Invocations", &regional, &peak_at(17, 300.0, 100.0)),
            series("Invocations", profile, &peak_at(42, 600.0, 150.0)),
            series("EstimatedTPMQuotaUsage", &regional, &peak_at(17, 350_000.0, 100_000.0)),
            series("EstimatedTPMQuotaUsage", profile, &peak_at(42, 150_000.0, 50_000.0)),
            series("Invocations", &daily, &|_| 10.0),
            series("EstimatedTPMQuotaUsage", &daily, &|_| EACH_MINUTE),
        ],
        "quotas": [
            { "code": quota::BUSY_TPM, "applied": TPM, "adjustable": true },
            { "code": quota::BUSY_RPM, "applied": RPM, "adjustable": true },
            { "code": quota::DAILY_TPM, "applied": 8_000_000.0, "adjustable": true },
            { "code": quota::DAILY_RPM, "applied": 2_000.0, "adjustable": true },
            { "code": quota::DAILY_TPD, "applied": TPD, "adjustable": false },
        ],
        "profiles": [{ "id": profile, "name": name, "copy_from": regional }],
    })
}

/// Each curve of a chart of the overview over the last day, as CloudWatch answers its search: label
/// and values.
fn drawn(stage: &Stage, title: &str) -> Vec<(String, Vec<f64>)> {
    let overview = Dashboard::overview(NAMESPACE);
    let panel = overview.panels().find(|panel| panel.title == title).unwrap();
    let queries: Vec<Value> = panel
        .queries()
        .iter()
        .map(|query| {
            let QuerySource::Expression { text, .. } = &query.source else { panic!("{query:?}") };
            json!({ "Id": query.id, "Expression": text, "Label": query.label })
        })
        .collect();
    let now = stage.now().as_second();
    let input =
        json!({ "MetricDataQueries": queries, "StartTime": now - 86_400, "EndTime": now + 3_600 });
    let answer =
        stage.world.calls().json(JsonService::CloudWatch, "GetMetricData", &input).unwrap();
    let curve = |result: &Value| {
        let values = result["Values"].as_array().unwrap().iter().map(|of| of.as_f64().unwrap());
        (result["Label"].as_str().unwrap().to_owned(), values.collect())
    };
    answer["MetricDataResults"].as_array().unwrap().iter().map(curve).collect()
}

#[test]
fn the_busiest_minute_of_each_hour_is_published_in_percent_of_the_quota() {
    let stage = Stage::deploy_back(1, &[], traffic);
    let (busy, daily) = (
        stage.pool().to_string(),
        Pool { scope: Scope::Global, model: DAILY_MODEL.to_owned() }.label().to_string(),
    );
    let check = |when: &str| {
        // 600 + 100 of 1,000 in the 42nd minute: not the peaks of both, which are of two minutes.
        // 350,000 + 50,000 of 500,000 in the 17th. A day of 400,000 a minute is half of its quota.
        for (title, expected) in [
            ("RPM used, by pool", vec![(&busy, 70.0), (&daily, 0.5)]),
            ("TPM used, by pool", vec![(&busy, 80.0), (&daily, 5.0)]),
            ("TPD used, by pool", vec![(&daily, 50.0)]),
        ] {
            let found = drawn(&stage, title);
            let labels: Vec<&String> = found.iter().map(|(label, _)| label).collect();
            let pools: Vec<&String> = expected.iter().map(|(pool, _)| *pool).collect();
            assert_eq!(labels, pools, "{title} {when}");
            for ((_, values), (pool, percent)) in found.iter().zip(&expected) {
                assert!((6..=7).contains(&values.len()), "{title} of {pool} {when}: {values:?}");
                assert!(values.iter().all(|value| value == percent), "{pool} {when}: {values:?}");
            }
        }
    };
    check("after the deployment");
    // Another run works out the same hours.
    stage.world.invoke("alarm-updater", &json!({})).unwrap();
    check("after another run");
}
