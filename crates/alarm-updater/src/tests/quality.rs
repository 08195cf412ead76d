//! Quality alarms, reconciled in the same run as the pools'.

use jiff::{SignedDuration, Timestamp};

use super::world::World;
use super::{METRICS_ONLY, now, request};
use crate::{RunFailed, outcome, plan_only, reconcile};

const EMPTY: &str = "llmwatch-Quality-HighEmptyAnswer-Warning-model.m";
const SAFETY: &str = "llmwatch-Quality-LowSafety-Critical-model.m";

fn hours_on(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

async fn deployed() -> World {
    let world = World::with_pools(&[]);
    world.state().quality = vec![("EmptyAnswer", "m", true), ("JudgeSafety", "m", true)];
    reconcile(&world.app, now()).await.unwrap();
    world
}

fn names(world: &World) -> Vec<String> {
    world.state().metric_alarms.keys().cloned().collect()
}

#[tokio::test]
async fn listed_metrics_get_their_alarms_once() {
    let world = deployed().await;
    assert_eq!(names(&world), [EMPTY, SAFETY]);
    assert_eq!(
        world.writes(),
        [
            &format!("PutMetricAlarm {SAFETY}"),
            &format!("PutMetricAlarm {EMPTY}"),
            "PutParameter /llmwatch/quality/model.m/applied",
            "PutParameter /llmwatch/quality/model.m/series",
            METRICS_ONLY[0],
        ]
    );
    reconcile(&world.app, hours_on(1)).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
}

#[tokio::test]
async fn an_operators_edits_survive_what_cloudwatch_forgets() {
    let world = deployed().await;
    world.edit(EMPTY);
    world.state().quality.clear();
    reconcile(&world.app, hours_on(20 * 24)).await.unwrap();
    assert!(names(&world).contains(&EMPTY.to_owned()));
    assert!(world.is_edited(EMPTY));

    reconcile(&world.app, hours_on(31 * 24)).await.unwrap();
    assert_eq!(names(&world), Vec::<String>::new());
    let left: Vec<String> = world.state().parameters.keys().cloned().collect();
    assert_eq!(left, ["/llmwatch/lifecycle"]);
}

#[tokio::test]
async fn a_judge_that_is_off_has_no_alarm() {
    let world = World::with_pools(&[]);
    world.state().quality = vec![("EmptyAnswer", "m", true), ("JudgeSafety", "m", false)];
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(names(&world), [EMPTY]);

    let world = deployed().await;
    world.state().quality = vec![("EmptyAnswer", "m", true), ("JudgeSafety", "m", false)];
    reconcile(&world.app, hours_on(63)).await.unwrap();
    assert_eq!(names(&world), [EMPTY, SAFETY]);
    reconcile(&world.app, hours_on(7 * 24)).await.unwrap();
    assert_eq!(names(&world), [EMPTY]);
}

#[tokio::test]
async fn a_listing_that_fails_deletes_nothing() {
    let world = deployed().await;
    world.writes();
    world.state().faults.push(("ListMetrics", "AccessDenied"));
    let failed = reconcile(&world.app, hours_on(1)).await.unwrap_err();
    assert!(
        matches!(&failed, RunFailed::NotGathered(why) if why.contains("ListMetrics")),
        "{failed}"
    );
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!(names(&world).len(), 2);
}

#[tokio::test]
async fn a_series_whose_document_is_not_understood_is_left_alone_and_named() {
    let world = deployed().await;
    let name = "/llmwatch/quality/model.m/series";
    world.state().parameters.insert(name.to_owned(), "{".to_owned());
    world.writes();
    let failed = reconcile(&world.app, hours_on(1)).await.unwrap_err().to_string();
    assert!(failed.contains(name) && failed.contains("delete the parameter"), "{failed}");
    assert_eq!(world.writes(), METRICS_ONLY);
    assert_eq!(names(&world).len(), 2);
}

#[tokio::test]
async fn the_tuning_is_taken_and_its_problems_are_named() {
    let world = deployed().await;
    let setting = "/llmwatch/settings/quality-tuning".to_owned();
    let tuning = r#"{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}"#;
    world.state().parameters.insert(setting.clone(), tuning.to_owned());
    let plan = plan_only(&world.app, hours_on(1)).await.unwrap();
    assert_eq!(
        plan,
        "LowSafety (Warning) of model.m: create, Average, SampleCount JudgeSafety per 900 s below \
         0.95, 2 of 8 periods, over m\nLowSafety (Critical) of model.m: threshold 0.8 → 0.85, \
         description reworded"
    );
    world.state().parameters.insert(setting, r#"{"*": {"LowSafty": {}}}"#.to_owned());
    let failed = reconcile(&world.app, hours_on(1)).await.unwrap_err().to_string();
    assert!(failed.contains("quality-tuning") && failed.contains("LowSafty"), "{failed}");
}

#[tokio::test]
async fn a_deleted_stack_leaves_neither_alarms_nor_parameters() {
    let world = deployed().await;
    outcome(&world.app, &request("Delete"), now()).await;
    assert_eq!(names(&world), Vec::<String>::new());
    assert!(world.state().parameters.is_empty(), "{:?}", world.state().parameters);
}
