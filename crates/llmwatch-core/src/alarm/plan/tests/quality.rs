//! Quality alarms in the plan: the same owners of the same fields, remembered by series.

use super::{NOTHING, PAGER, carried_out, m_of_n};
use crate::alarm::Severity;
use crate::alarm::desired::{Breach, DesiredAlarm, Watch};
use crate::alarm::name::{AlarmName, Owner, QualityAlarm};
use crate::alarm::plan::{ActionsSwitch, Actual, Alarm, AlarmChange, owned, plan, text};
use crate::ids::StackPrefix;
use crate::quality::Metric;
use crate::quality::alarm::QualityKind;
use crate::quality::alarm::desired::tests::{desired_with, every_metric, stored};

fn safety() -> Vec<DesiredAlarm> {
    desired_with(&stored(&[Metric::JudgeSafety]), "none")
}

fn only(actual: &mut Actual) -> &mut Alarm {
    assert_eq!(actual.alarms.len(), 1);
    &mut actual.alarms[0]
}

#[test]
fn a_first_run_creates_all_and_a_second_nothing() {
    let desired = desired_with(&every_metric(), "none");
    insta::assert_snapshot!(text(&plan(&desired, &Actual::default())));
    let actual = carried_out(&desired, &Actual::default(), &[]);
    assert_eq!(text(&plan(&desired, &actual)), NOTHING);
    assert_eq!(actual.detectors.len(), 1);
}

#[test]
fn an_operators_edits_survive_a_tuned_line() {
    let mut actual = carried_out(&safety(), &Actual::default(), &[]);
    let alarm = only(&mut actual);
    alarm.alarm_actions.push(PAGER.to_owned());
    alarm.actions = ActionsSwitch::Disabled;
    let Watch::Metrics(watch) = &mut alarm.watch else { panic!() };
    watch.evaluation = m_of_n(3, 8);
    assert_eq!(text(&plan(&safety(), &actual)), NOTHING);

    let tuning = r#"{"*": {"LowSafety": {"critical": 0.9}}}"#;
    let tuned = desired_with(&stored(&[Metric::JudgeSafety]), tuning);
    let changes = plan(&tuned, &actual);
    assert_eq!(
        text(&changes),
        "LowSafety (Critical) of model.us.amazon.nova-lite-v1_0: threshold 0.8 → 0.9, description \
         reworded"
    );
    let [AlarmChange::Update { put, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(put.alarm_actions, [PAGER]);
    assert_eq!(put.actions, ActionsSwitch::Disabled);
    let Watch::Metrics(watch) = &put.watch else { panic!() };
    assert_eq!((&watch.breach, watch.evaluation), (&Breach::Below(0.9), m_of_n(3, 8)));
}

#[test]
fn a_series_that_is_known_no_more_loses_its_alarms_and_its_memory() {
    let actual = carried_out(&safety(), &Actual::default(), &[]);
    let owner = safety()[0].alarm.owner();
    assert!(actual.applied.contains_key(&owner));
    let after = carried_out(&[], &actual, &[]);
    assert_eq!((after.alarms.len(), after.applied.len()), (0, 0));

    let unreadable = Actual { unreadable: [owner.clone()].into(), ..actual.clone() };
    assert_eq!(text(&plan(&[], &unreadable)), NOTHING);
    let kept = carried_out(&[], &unreadable, &[]);
    assert!(kept.applied.contains_key(&owner));
}

#[test]
fn the_memory_survives_its_json_and_stays_where_a_change_failed() {
    let actual = carried_out(&safety(), &Actual::default(), &[]);
    let owner = safety()[0].alarm.owner();
    let json = serde_json::to_string(&actual.applied[&owner]).unwrap();
    assert_eq!(
        serde_json::from_str::<crate::alarm::plan::Applied>(&json).unwrap(),
        actual.applied[&owner]
    );
    assert!(!json.contains("children"), "{json}");

    let tuning = r#"{"*": {"LowSafety": {"critical": 0.9}}}"#;
    let tuned = desired_with(&stored(&[Metric::JudgeSafety]), tuning);
    let after = carried_out(&tuned, &actual, &[tuned[0].alarm.clone()]);
    let threshold = after.applied[&owner].of(&tuned[0].alarm).and_then(|applied| applied.threshold);
    assert_eq!(threshold, Some(0.8));
}

#[test]
fn a_copy_under_a_similar_name_is_the_operators() {
    let prefix = StackPrefix::parse("llmwatch").unwrap();
    for (name, is_ours) in [
        ("llmwatch-Quality-LowSafety-Critical-model.m", true),
        ("llmwatch-Quality-LowSafety-Critical-component.c.m", true),
        ("llmwatch-Quality-LowSafety-Critical-mine", false),
        ("llmwatch-Quality-LowSafety-Critical-on-demand.m", false),
        ("llmwatch-Quality-Mine-Critical-model.m", false),
    ] {
        assert_eq!(owned(&prefix, name).is_some(), is_ours, "{name}");
    }
    let Some(AlarmName::Quality(QualityAlarm { kind, severity, .. })) =
        owned(&prefix, "llmwatch-Quality-LowSafety-Critical-model.m")
    else {
        panic!()
    };
    assert_eq!((kind, severity), (QualityKind::LowSafety, Severity::Critical));
    let is_series = |alarm: &DesiredAlarm| matches!(alarm.alarm.owner(), Owner::Series(_));
    assert!(safety().iter().all(is_series));
}
