mod quality;

use proptest::prelude::*;

use super::*;
use crate::alarm::AlarmKind;
use crate::alarm::desired::tests::{ALL_QUOTAS, desired_with, prefix, stored};
use crate::alarm::desired::{Breach, MissingData};
use crate::quota::QuotaKind;
use crate::stored::StoredPool;

const PAGER: &str = "arn:aws:sns:us-east-1:123456789012:pager";

/// CloudWatch and the memory after a plan was carried out in full.
fn carried_out(desired: &[DesiredAlarm], actual: &Actual, failed: &[AlarmName]) -> Actual {
    let failed: BTreeSet<AlarmName> = failed.iter().cloned().collect();
    let mut next = actual.clone();
    for change in plan(desired, actual) {
        if change.alarm().is_some_and(|alarm| failed.contains(alarm)) {
            continue;
        }
        match change {
            AlarmChange::PutDetector(detector) => next.detectors.push(detector),
            AlarmChange::Create { put, .. } => next.alarms.push(put),
            AlarmChange::Update { put, .. } => {
                next.alarms.retain(|alarm| alarm.name != put.name);
                next.alarms.push(put);
            }
            AlarmChange::Delete { name, .. } => next.alarms.retain(|alarm| alarm.name != name),
            AlarmChange::DeleteDetector(detector) => {
                next.detectors.retain(|other| *other != detector);
            }
        }
    }
    for change in applied_changes(desired, actual, &failed) {
        match change {
            AppliedChange::Store(pool, applied) => next.applied.insert(pool, applied),
            AppliedChange::Forget(pool) => next.applied.remove(&pool),
        };
    }
    next
}

fn deployed(pool: &StoredPool, tuning: &str) -> Actual {
    carried_out(&desired_with(pool, tuning), &Actual::default(), &[])
}

fn alarm(actual: &mut Actual, kind: AlarmKind) -> &mut Alarm {
    let is_it =
        |alarm: &&mut Alarm| matches!(alarm.alarm, AlarmName::Child(other, _) if other == kind);
    actual.alarms.iter_mut().find(is_it).unwrap()
}

fn metric_watch(actual: &mut Actual, kind: AlarmKind) -> &mut super::super::desired::MetricWatch {
    match &mut alarm(actual, kind).watch {
        Watch::Metrics(watch) => watch,
        Watch::Children(rule) => panic!("{rule}"),
    }
}

fn m_of_n(m: u32, n: u32) -> Evaluation {
    Evaluation { datapoints_to_alarm: m, evaluation_periods: n }
}

#[track_caller]
fn check(pool: &StoredPool, tuning: &str, actual: &Actual, expected: &str) {
    assert_eq!(text(&plan(&desired_with(pool, tuning), actual)), expected);
}

const NOTHING: &str = "nothing to change";

#[test]
fn a_first_run_creates_everything_children_before_composite() {
    let pool = stored(2, &ALL_QUOTAS);
    insta::assert_snapshot!(text(&plan(&desired_with(&pool, "none"), &Actual::default())));
}

#[test]
fn a_second_run_changes_nothing() {
    let pool = stored(2, &ALL_QUOTAS);
    check(&pool, "none", &deployed(&pool, "none"), NOTHING);
}

#[test]
fn a_raised_quota_raises_the_threshold() {
    let actual = deployed(&stored(2, &[(QuotaKind::Tpm, 10_000.0)]), "none");
    check(
        &stored(2, &[(QuotaKind::Tpm, 15_000.0)]),
        "none",
        &actual,
        "TPMQuotaUsageAtLimit of cross-region.amazon.nova-lite-v1_0: threshold 9500 → 14250, \
         description reworded\n\
         HighTPMQuotaUsage of cross-region.amazon.nova-lite-v1_0: threshold 8000 → 12000, \
         description reworded",
    );
}

#[test]
fn a_new_series_joins_every_alarm_and_retrains_the_models() {
    let actual = deployed(&stored(1, &[(QuotaKind::Tpm, 10_000.0)]), "none");
    let pool = stored(2, &[(QuotaKind::Tpm, 10_000.0)]);
    insta::assert_snapshot!(text(&plan(&desired_with(&pool, "none"), &actual)));
}

#[test]
fn a_quota_that_vanished_takes_its_alarm_along_after_the_composite_let_go() {
    let actual = deployed(&stored(1, &[(QuotaKind::Rpm, 100.0)]), "none");
    insta::assert_snapshot!(text(&plan(&desired_with(&stored(1, &[]), "none"), &actual)));
}

#[test]
fn a_pool_that_left_is_deleted_composite_first_models_last() {
    let actual = deployed(&stored(1, &[]), "none");
    insta::assert_snapshot!(text(&plan(&[], &actual)));
    assert_eq!(carried_out(&[], &actual, &[]), Actual::default());
}

#[test]
fn nothing_of_an_unreadable_pool_is_touched() {
    let pool = stored(1, &[]);
    let mut actual = deployed(&pool, "none");
    actual.unreadable.insert(Owner::Pool(pool.pool.label()));
    assert_eq!(plan(&[], &actual), []);
    assert_eq!(applied_changes(&[], &actual, &BTreeSet::new()), []);
}

#[test]
fn d4_what_an_operator_added_survives_an_update() {
    let mut actual = deployed(&stored(1, &[(QuotaKind::Tpm, 10_000.0)]), "none");
    let edited = alarm(&mut actual, AlarmKind::HighTPMQuotaUsage);
    edited.alarm_actions.push(PAGER.into());
    edited.ok_actions.push(PAGER.into());
    edited.actions = ActionsSwitch::Disabled;
    metric_watch(&mut actual, AlarmKind::HighTPMQuotaUsage).evaluation = m_of_n(1, 2);

    let same = stored(1, &[(QuotaKind::Tpm, 10_000.0)]);
    check(&same, "none", &actual, NOTHING);

    let raised = stored(1, &[(QuotaKind::Tpm, 15_000.0)]);
    let changes = plan(&desired_with(&raised, "none"), &actual);
    let [_, AlarmChange::Update { put, fields }] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    assert_eq!((&put.alarm_actions, &put.ok_actions), (&vec![PAGER.into()], &vec![PAGER.into()]));
    assert_eq!(put.actions, ActionsSwitch::Disabled);
    let Watch::Metrics(watch) = &put.watch else { panic!() };
    assert_eq!((watch.evaluation, &watch.breach), (m_of_n(1, 2), &Breach::AtLeast(12_000.0)));
    assert!(fields.iter().all(|change| change.field != Field::Evaluation));
}

#[test]
fn d4_an_edited_m_of_n_stays_through_runs_and_releases_until_the_tuning_names_one() {
    let pool = stored(1, &[]);
    let tuned = |m: u32, n: u32| {
        format!(
            r#"{{"*": {{"Throttles": {{"datapoints_to_alarm": {m}, "evaluation_periods": {n}}}}}}}"#
        )
    };
    let mut actual = deployed(&pool, "none");
    metric_watch(&mut actual, AlarmKind::Throttles).evaluation = m_of_n(2, 3);
    check(&pool, "none", &actual, NOTHING);

    actual = carried_out(&desired_with(&pool, &tuned(1, 1)), &actual, &[]);
    assert_eq!(metric_watch(&mut actual, AlarmKind::Throttles).evaluation, m_of_n(1, 1));

    metric_watch(&mut actual, AlarmKind::Throttles).evaluation = m_of_n(4, 5);
    check(&pool, &tuned(1, 1), &actual, NOTHING);

    actual = carried_out(&desired_with(&pool, "none"), &actual, &[]);
    assert_eq!(metric_watch(&mut actual, AlarmKind::Throttles).evaluation, m_of_n(4, 5));
}

#[test]
fn a_tuned_m_of_n_nobody_edited_follows_the_tuning_and_back() {
    let pool = stored(1, &[]);
    let tuned = r#"{"*": {"Throttles": {"datapoints_to_alarm": 1, "evaluation_periods": 1}}}"#;
    let mut actual = carried_out(&desired_with(&pool, tuned), &deployed(&pool, "none"), &[]);
    assert_eq!(metric_watch(&mut actual, AlarmKind::Throttles).evaluation, m_of_n(1, 1));
    actual = carried_out(&desired_with(&pool, "none"), &actual, &[]);
    assert_eq!(metric_watch(&mut actual, AlarmKind::Throttles).evaluation, m_of_n(1, 2));
}

#[test]
fn without_a_memory_a_different_m_of_n_counts_as_the_operators() {
    let pool = stored(1, &[]);
    let mut actual = deployed(&pool, "none");
    actual.applied.clear();
    metric_watch(&mut actual, AlarmKind::Throttles).evaluation = m_of_n(2, 3);
    check(&pool, "none", &actual, NOTHING);
}

#[test]
fn an_edit_of_what_is_ours_is_put_back() {
    let pool = stored(1, &[]);
    let mut actual = deployed(&pool, "none");
    alarm(&mut actual, AlarmKind::ServerErrors).description = "mine".into();
    metric_watch(&mut actual, AlarmKind::ClientErrors).breach = Breach::AtLeast(500.0);
    metric_watch(&mut actual, AlarmKind::Throttles).missing =
        MissingData::Foreign("breaching".into());
    metric_watch(&mut actual, AlarmKind::HighLatency).breach =
        Breach::Foreign("LessThanThreshold 3".into());
    metric_watch(&mut actual, AlarmKind::HighTimeToFirstToken).queries.clear();
    alarm(&mut actual, AlarmKind::InvocationAnomaly).watch = Watch::Children("TRUE".into());
    insta::assert_snapshot!(text(&plan(&desired_with(&pool, "none"), &actual)));
}

#[test]
fn a_replaced_topic_replaces_our_action_and_keeps_theirs() {
    let pool = stored(1, &[]);
    let mut actual = deployed(&pool, "none");
    let composite = actual.alarms.last_mut().unwrap();
    composite.alarm_actions.push(PAGER.into());
    let mut desired = desired_with(&pool, "none");
    let new_topic = "arn:aws:sns:us-east-1:123456789012:llmwatch-raw-2";
    desired.last_mut().unwrap().alarm_actions = vec![new_topic.into()];
    desired.last_mut().unwrap().ok_actions = vec![new_topic.into()];
    let changes = plan(&desired, &actual);
    let [AlarmChange::Update { put, .. }] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(put.alarm_actions, [new_topic, PAGER]);
    assert_eq!(put.ok_actions, [new_topic]);
}

#[test]
fn orders_and_last_digits_do_not_count() {
    let pool = stored(3, &[(QuotaKind::Tpm, 10_000.0)]);
    let mut actual = deployed(&pool, "none");
    let watch = metric_watch(&mut actual, AlarmKind::HighTPMQuotaUsage);
    watch.breach = Breach::AtLeast(8_000.000_000_000_1);
    watch.queries.reverse();
    actual.detectors.reverse();
    actual.detectors.iter_mut().for_each(|detector| detector.queries.reverse());
    check(&pool, "none", &actual, NOTHING);
}

#[test]
fn d3_only_what_was_changed_is_remembered_as_applied() {
    let actual = deployed(&stored(1, &[(QuotaKind::Tpm, 10_000.0)]), "none");
    let raised = stored(1, &[(QuotaKind::Tpm, 15_000.0)]);
    let [at_limit, warning] = [AlarmKind::TPMQuotaUsageAtLimit, AlarmKind::HighTPMQuotaUsage]
        .map(|kind| AlarmName::Child(kind, raised.pool.label()));
    let thresholds = |actual: &Actual| {
        let applied = &actual.applied[&Owner::Pool(raised.pool.label())];
        [&at_limit, &warning].map(|name| applied.of(name).and_then(|applied| applied.threshold))
    };
    let desired = desired_with(&raised, "none");
    let failed = carried_out(&desired, &actual, &[at_limit.clone(), warning.clone()]);
    assert_eq!((&failed, thresholds(&failed)), (&actual, [Some(9500.0), Some(8000.0)]));
    let one_failed = carried_out(&desired, &actual, std::slice::from_ref(&warning));
    assert_eq!(thresholds(&one_failed), [Some(14_250.0), Some(8000.0)]);
    assert_eq!(thresholds(&carried_out(&desired, &failed, &[])), [Some(14_250.0), Some(12_000.0)]);

    let never = carried_out(&desired, &Actual::default(), std::slice::from_ref(&warning));
    assert_eq!(thresholds(&never), [Some(14_250.0), None]);
}

#[test]
fn the_memory_is_small_and_reads_back() {
    let pool = stored(12, &ALL_QUOTAS);
    let actual = deployed(&pool, "none");
    let json = serde_json::to_string(&actual.applied[&Owner::Pool(pool.pool.label())]).unwrap();
    assert!(json.len() < 4096, "{} bytes do not fit a standard parameter", json.len());
    let read: Applied = serde_json::from_str(&json).unwrap();
    assert_eq!(read, actual.applied[&Owner::Pool(pool.pool.label())]);
    insta::assert_snapshot!(json);
}

#[test]
fn only_names_of_pools_are_owned() {
    for (name, ours) in [
        ("llmwatch-Bedrock-Throttles-Critical-global.amazon.nova-lite-v1_0", true),
        ("llmwatch-Bedrock-QuotaHealth-Composite-dedicated.arn_aws", true),
        ("llmwatch-Bedrock-Throttles-Critical-copy of mine", false),
        ("llmwatch-Bedrock-Throttles-Critical-globals.x", false),
        ("llmwatch-Bedrock-Throttles-Critical-global", false),
        ("other-Bedrock-Throttles-Critical-global.x", false),
    ] {
        assert_eq!(owned(&prefix(), name).is_some(), ours, "{name}");
    }
}

fn any_pool() -> impl Strategy<Value = StoredPool> {
    let quota = |kind| proptest::option::of((Just(kind), 0.0..1e10_f64));
    let quotas = (quota(QuotaKind::Rpm), quota(QuotaKind::Tpm), quota(QuotaKind::Tpd));
    (0_usize..14, quotas).prop_map(|(series, (rpm, tpm, tpd))| {
        let quotas: Vec<_> = [rpm, tpm, tpd].into_iter().flatten().collect();
        stored(series, &quotas)
    })
}

fn any_tuning() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("none"),
        Just(
            r#"{"*": {"Throttles": {"threshold": 0, "datapoints_to_alarm": 1, "evaluation_periods": 1}}}"#
        ),
        Just(
            r#"{"*": {"HighLatency": {"statistic": "p99"}, "LatencyAnomaly": {"enabled": false}}}"#
        ),
    ]
}

fn any_edit() -> impl Strategy<Value = (usize, bool, bool, u32)> {
    (0_usize..14, any::<bool>(), any::<bool>(), 1_u32..4)
}

proptest! {
    #[test]
    fn once_carried_out_a_plan_is_empty_and_edits_survive_it(
        before in any_pool(),
        after in any_pool(),
        tunings in (any_tuning(), any_tuning()),
        edits in proptest::collection::vec(any_edit(), 0..5),
    ) {
        let mut actual = deployed(&before, tunings.0);
        prop_assert_eq!(plan(&desired_with(&before, tunings.0), &actual), []);
        for (index, muted, paged, m) in edits {
            let Some(alarm) = actual.alarms.get_mut(index) else { continue };
            if muted {
                alarm.actions = ActionsSwitch::Disabled;
            }
            if paged && !alarm.alarm_actions.iter().any(|arn| arn == PAGER) {
                alarm.alarm_actions.push(PAGER.into());
            }
            if let Watch::Metrics(watch) = &mut alarm.watch {
                watch.evaluation = m_of_n(m, 7);
            }
        }
        prop_assert_eq!(plan(&desired_with(&before, tunings.0), &actual), []);

        let desired = desired_with(&after, tunings.1);
        let next = carried_out(&desired, &actual, &[]);
        prop_assert_eq!(plan(&desired, &next), []);
        prop_assert_eq!(applied_changes(&desired, &next, &BTreeSet::new()), []);
        for edited in &actual.alarms {
            let Some(kept) = next.alarms.iter().find(|alarm| alarm.name == edited.name) else {
                continue;
            };
            prop_assert_eq!(kept.actions, edited.actions);
            let pages = |alarm: &Alarm| alarm.alarm_actions.iter().any(|arn| arn == PAGER);
            prop_assert_eq!(pages(kept), pages(edited));
        }
    }
}
