//! Alarms of inference components, reconciled in the same run as the pools'.

use super::world::World;
use super::{METRICS_ONLY, now, request};
use crate::{outcome, plan_only, reconcile};

const SERVER: &str = "llmwatch-SageMaker-ServerErrors-Critical-component.chat-7b";
const CLIENT: &str = "llmwatch-SageMaker-ClientErrors-Critical-component.chat-7b";

async fn deployed() -> World {
    let world = World::with_pools(&[]);
    world.state().components = vec!["chat-7b"];
    reconcile(&world.app, now()).await.unwrap();
    world
}

fn names(world: &World) -> Vec<String> {
    world.state().metric_alarms.keys().cloned().collect()
}

#[tokio::test]
async fn a_component_that_is_called_gets_its_alarms_once() {
    let world = deployed().await;
    assert_eq!(names(&world), [CLIENT, SERVER]);
    assert_eq!(
        world.writes(),
        [
            &format!("PutMetricAlarm {SERVER}"),
            &format!("PutMetricAlarm {CLIENT}"),
            "PutParameter /llmwatch/components/component.chat-7b/applied",
            METRICS_ONLY[0],
        ]
    );
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(world.writes(), METRICS_ONLY);
}

#[tokio::test]
async fn an_operators_hand_on_them_stays_and_the_tuning_is_taken() {
    let world = deployed().await;
    world.edit(CLIENT);
    let tuning = r#"{"component.*": {"ClientErrors": {"threshold": 40}}}"#;
    let setting = "/llmwatch/settings/alarm-tuning".to_owned();
    world.state().parameters.insert(setting, tuning.to_owned());
    assert_eq!(
        plan_only(&world.app, now()).await.unwrap(),
        "ClientErrors of component chat-7b: threshold 5 → 40, description reworded"
    );
    reconcile(&world.app, now()).await.unwrap();
    assert!(world.is_edited(CLIENT));
}

#[tokio::test]
async fn a_component_that_cloudwatch_forgets_loses_them_and_what_was_applied() {
    let world = deployed().await;
    world.state().components.clear();
    reconcile(&world.app, now()).await.unwrap();
    assert_eq!(names(&world), Vec::<String>::new());
    let left: Vec<String> = world.state().parameters.keys().cloned().collect();
    assert_eq!(left, ["/llmwatch/lifecycle"]);
}

#[tokio::test]
async fn a_listing_that_fails_deletes_nothing() {
    let world = deployed().await;
    world.writes();
    world.state().faults.push(("ListMetrics AWS/SageMaker", "AccessDenied"));
    let failed = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(failed.contains("nothing was changed") && failed.contains("ListMetrics"), "{failed}");
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_deleted_stack_leaves_neither_alarms_nor_parameters() {
    let world = deployed().await;
    outcome(&world.app, &request("Delete"), now()).await;
    assert_eq!(names(&world), Vec::<String>::new());
    assert!(world.state().parameters.is_empty(), "{:?}", world.state().parameters);
}
