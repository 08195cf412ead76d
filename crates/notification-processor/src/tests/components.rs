//! What people are told of a component alarm: each change once, and what is known of it.

use llmwatch_core::alarm::AlarmKind::{ClientErrors, HighHourlyCost, ServerErrors};
use llmwatch_core::episode::AlarmState::{Alarm, Ok};

use super::world::World;

/// A component that had errors an hour ago.
fn failing() -> World {
    let world = World::calm();
    world.state().usage = [("Invocations", 1_310.0), ("Invocation5XXErrors", 31.0)].into();
    world
}

#[tokio::test]
async fn a_change_is_told_once_and_its_recovery_once() {
    let world = failing();
    world.set_component(ServerErrors, Alarm, true);
    world.deliver_component_again(ServerErrors, Alarm);
    world.run_for(15).await;
    let subject = "[Critical] server errors: 31 (line 5): chat-7b us-east-1";
    assert_eq!(world.subjects(), [subject]);
    let (_, body) = world.mails().remove(0);
    assert!(body.contains("1,310    0   31"), "{body}");
    assert!(body.contains("no other alarm of this component"), "{body}");
    world.set_component(ServerErrors, Ok, true);
    world.deliver_component_again(ServerErrors, Ok);
    world.run_for(15).await;
    let recovered = "[Recovered critical] server errors for 15 min: chat-7b us-east-1";
    assert_eq!(world.subjects(), [subject, recovered]);
    assert_eq!(world.dead_letters(), 0);
    assert_eq!((world.requests().len(), world.cases().len()), (0, 0));
}

#[tokio::test]
async fn the_mail_names_what_else_fires_and_a_muted_alarm_tells_nothing() {
    let world = failing();
    world.set_component(ClientErrors, Alarm, false);
    world.run_for(5).await;
    assert_eq!(world.mails().len(), 0);
    world.set_component(ServerErrors, Alarm, true);
    world.run_for(5).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].1.contains("Others:     ClientErrors"), "{}", mails[0].1);
}

#[tokio::test]
async fn people_are_told_whatever_cannot_be_read() {
    let world = failing();
    for operation in ["describe_alarms", "get_metric_data"] {
        world.state().refuse(operation, "AccessDenied", 100);
    }
    world.set_component(ServerErrors, Alarm, true);
    world.run_for(15).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    let body = &mails[0].1;
    assert!(body.contains("since the metrics could not be read: GetMetricData"), "{body}");
    assert!(body.contains("since the alarms could not be read: DescribeAlarms"), "{body}");
}

#[tokio::test]
async fn a_budget_is_told_with_what_the_component_cost_and_did() {
    let world = World::calm();
    world.state().usage = [
        ("CostPerHour", 4.5),
        ("CostPer1000Invocations", 0.625),
        ("Invocations", 7_200.0),
        ("GPUUtilizationNormalized", 20.0),
    ]
    .into();
    world.set_component(HighHourlyCost, Alarm, true);
    world.deliver_component_again(HighHourlyCost, Alarm);
    world.run_for(15).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    let (subject, body) = &mails[0];
    assert!(subject.starts_with("[Warning] cost above budget"), "{subject}");
    assert!(subject.ends_with(": chat-7b us-east-1"), "{subject}");
    for text in ["4.50 USD", "7,200", "0.62 USD", "20 %", "component.chat-7b."] {
        assert!(body.contains(text), "{text}: {body}");
    }
    world.set_component(HighHourlyCost, Ok, true);
    world.run_for(15).await;
    let recovered = "[Recovered warning] cost above budget for 15 min: chat-7b us-east-1";
    assert_eq!(world.subjects()[1..], [recovered]);
    assert_eq!((world.requests().len(), world.cases().len()), (0, 0));
}
