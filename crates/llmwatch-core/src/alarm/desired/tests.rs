use super::*;
use crate::alarm::AlarmKind;
use crate::ids::QuotaCode;
use crate::pool::{Pool, Scope};
use crate::quota::{Quota, QuotaKind, QuotaSource};
use crate::stored::PoolQuota;

/// A pool of the given number of series and quotas, thresholds at 80 %.
pub(crate) fn stored(series: usize, quotas: &[(QuotaKind, f64)]) -> StoredPool {
    let quota = |&(kind, value): &(QuotaKind, f64)| PoolQuota {
        kind,
        quota: Quota {
            code: QuotaCode::parse("L-1A2B3C4D").unwrap(),
            name: format!("Cross-region model inference {} for Amazon Nova Lite", kind.unit()),
            value,
            adjustable: true,
            source: QuotaSource::Applied,
            aws_default: None,
        },
        threshold: value * 0.8,
    };
    StoredPool {
        pool: Pool { scope: Scope::CrossRegion, model: "amazon.nova-lite-v1:0".into() },
        series: ["us.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"]
            .map(str::to_owned)
            .into_iter()
            .chain((2..).map(|n| format!("profile{n:05}")))
            .take(series)
            .collect(),
        quotas: quotas.iter().map(quota).collect(),
        adjustable_elsewhere: Vec::new(),
        notes: Vec::new(),
        last_seen: "2026-11-20T10:00:00Z".parse().unwrap(),
        calculated_at: "2026-11-20T10:05:00Z".parse().unwrap(),
    }
}

pub(crate) const ALL_QUOTAS: [(QuotaKind, f64); 3] =
    [(QuotaKind::Rpm, 1000.0), (QuotaKind::Tpm, 1_000_000.0), (QuotaKind::Tpd, 1_440_000_000.0)];

pub(crate) fn prefix() -> StackPrefix {
    StackPrefix::parse("llmwatch").unwrap()
}

pub(crate) fn desired_with(pool: &StoredPool, tuning: &str) -> Vec<DesiredAlarm> {
    let destinations =
        Destinations { raw_topic_arn: "arn:aws:sns:us-east-1:123456789012:llmwatch-raw".into() };
    let tuning = Tuning::parse(tuning).unwrap();
    let lines = Lines { tuning: &tuning, budget: None };
    desired_alarms(pool, lines, &destinations, &prefix())
}

fn kinds(alarms: &[DesiredAlarm]) -> Vec<&str> {
    alarms.iter().map(|alarm| alarm.tags["llmwatch:kind"].as_str()).collect()
}

fn watch(alarms: &[DesiredAlarm], kind: AlarmKind) -> MetricWatch {
    let alarm = alarms.iter().find(|alarm| alarm.tags["llmwatch:kind"] == kind.word()).unwrap();
    match &alarm.watch {
        Watch::Metrics(watch) => watch.clone(),
        Watch::Children(rule) => panic!("{kind} has a rule: {rule}"),
    }
}

fn metrics(watch: &MetricWatch) -> usize {
    let is_metric = |query: &&MetricQuery| matches!(query.source, QuerySource::Metric { .. });
    watch.queries.iter().filter(is_metric).count()
}

fn expressions(watch: &MetricWatch) -> Vec<&str> {
    watch
        .queries
        .iter()
        .filter_map(|query| match &query.source {
            QuerySource::Expression(expression) => Some(expression.as_str()),
            QuerySource::Metric { .. } => None,
        })
        .collect()
}

fn compact(alarm: &DesiredAlarm) -> String {
    let mut lines = vec![alarm.name.clone()];
    match &alarm.watch {
        Watch::Metrics(watch) => {
            for MetricQuery { id, source, watched } in &watch.queries {
                let mark = if *watched { "*" } else { " " };
                let source = match source {
                    QuerySource::Expression(expression) => expression.clone(),
                    QuerySource::Metric {
                        namespace,
                        metric,
                        dimensions,
                        statistic,
                        period_seconds,
                    } => {
                        format!(
                            "{statistic} {namespace} {metric} {dimensions:?} / {period_seconds} s"
                        )
                    }
                };
                lines.push(format!("  {mark}{id} = {source}"));
            }
            let Evaluation { datapoints_to_alarm: m, evaluation_periods: n } = watch.evaluation;
            lines.push(format!("   {:?}, {m} of {n}, missing {:?}", watch.breach, watch.missing));
        }
        Watch::Children(rule) => {
            lines.extend(rule.split(" OR ").map(|child| format!("   {child}")));
        }
    }
    lines.push(format!("   alarm {:?}, ok {:?}", alarm.alarm_actions, alarm.ok_actions));
    lines.push(format!("   {:?}", alarm.tags));
    lines.join("\n")
}

#[test]
fn every_alarm_of_a_pool_with_all_quotas() {
    let alarms = desired_with(&stored(2, &ALL_QUOTAS), "none");
    let texts: Vec<String> = alarms.iter().map(compact).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_budget_makes_an_alarm_on_the_pools_own_metric() {
    let destinations =
        Destinations { raw_topic_arn: "arn:aws:sns:us-east-1:123456789012:llmwatch-raw".into() };
    let lines = Lines { tuning: &Tuning::default(), budget: Some(12.5) };
    let alarms = desired_alarms(&stored(2, &[]), lines, &destinations, &prefix());
    let name = "HighHourlyCost";
    let alarm = alarms.iter().find(|alarm| alarm.tags["llmwatch:kind"] == name).unwrap();
    insta::assert_snapshot!(format!("{}\n{}", compact(alarm), alarm.description));
    let Watch::Children(rule) = &alarms.last().unwrap().watch else { panic!("no composite") };
    assert!(rule.contains(&alarm.name), "{rule}");
    assert_eq!(crate::cost::alarm_metrics(alarm), 1);
}

#[test]
fn descriptions_say_the_meaning_and_the_arithmetic() {
    let mut alarms = desired_with(&stored(11, &ALL_QUOTAS), "none");
    alarms.extend(desired_with(&stored(1, &[(QuotaKind::Tpm, 0.0)]), "none"));
    let texts: Vec<String> =
        alarms.iter().map(|alarm| format!("{}\n  {}", alarm.name, alarm.description)).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_quota_the_pool_lacks_has_no_alarm_and_all_else_stays() {
    let alarms = desired_with(&stored(1, &[(QuotaKind::Tpm, 1000.0)]), "none");
    assert_eq!(
        kinds(&alarms),
        [
            "ServerErrors",
            "ClientErrors",
            "Throttles",
            "TPMQuotaUsageAtLimit",
            "HighTPMQuotaUsage",
            "HighLatency",
            "HighTimeToFirstToken",
            "InvocationAnomaly",
            "InputTokenAnomaly",
            "OutputTokenAnomaly",
            "LatencyAnomaly",
            "QuotaHealth",
        ]
    );
}

#[test]
fn b7_b8_every_layer_watches_the_same_series_from_the_first_run() {
    for alarm in desired_with(&stored(4, &ALL_QUOTAS), "none") {
        if let Watch::Metrics(watch) = &alarm.watch {
            let series: std::collections::BTreeSet<_> = watch
                .queries
                .iter()
                .filter_map(|query| match &query.source {
                    QuerySource::Metric { dimensions, .. } => Some(dimensions.clone()),
                    QuerySource::Expression(_) => None,
                })
                .collect();
            assert_eq!(series.len(), 4, "{}", alarm.name);
        }
    }
}

#[test]
fn b4_a_quota_per_minute_is_compared_with_a_sum_per_minute() {
    let alarms = desired_with(&stored(1, &ALL_QUOTAS), "none");
    for (kind, period) in [
        (AlarmKind::HighInvocationRate, 60),
        (AlarmKind::HighTPMQuotaUsage, 60),
        (AlarmKind::HighTPDQuotaUsage, 86_400),
    ] {
        for query in watch(&alarms, kind).queries {
            if let QuerySource::Metric { period_seconds, statistic, .. } = query.source {
                assert_eq!((period_seconds, statistic.as_str()), (period, "Sum"), "{kind}");
            }
        }
    }
}

#[test]
fn b5_errors_are_summed_over_five_minutes_1_of_2() {
    let alarms = desired_with(&stored(1, &[]), "none");
    for kind in [AlarmKind::ServerErrors, AlarmKind::ClientErrors, AlarmKind::Throttles] {
        let watch = watch(&alarms, kind);
        assert_eq!(watch.breach, Breach::AtLeast(5.0));
        assert_eq!(watch.evaluation, Evaluation { datapoints_to_alarm: 1, evaluation_periods: 2 });
        let QuerySource::Metric { period_seconds, .. } = &watch.queries[0].source else { panic!() };
        assert_eq!(*period_seconds, 300);
    }
}

#[test]
fn b6_anomaly_bands_are_3_wide_and_3_of_4_quarter_hours() {
    let watch = watch(&desired_with(&stored(1, &[]), "none"), AlarmKind::InvocationAnomaly);
    assert_eq!(
        expressions(&watch),
        ["FILL(m1, 0)", "ANOMALY_DETECTION_BAND(llmwatch_llmwatch, 3)"]
    );
    assert_eq!(watch.evaluation, Evaluation { datapoints_to_alarm: 3, evaluation_periods: 4 });
}

#[test]
fn b9_more_series_than_metric_math_takes_are_cut_and_reported() {
    let pool = stored(11, &ALL_QUOTAS);
    for alarm in desired_with(&pool, "none") {
        if let Watch::Metrics(watch) = &alarm.watch {
            assert!(metrics(watch) <= 8, "{}", alarm.name);
            assert!(watch.queries.len() <= 10, "{}", alarm.name);
        }
    }
    assert_eq!(unwatched_series(&pool), ["profile00008", "profile00009", "profile00010"]);
    assert_eq!(unwatched_series(&stored(8, &[])), Vec::<String>::new().as_slice());
}

#[test]
fn b10_every_summed_series_is_filled() {
    let alarms = desired_with(&stored(3, &ALL_QUOTAS), "none");
    assert_eq!(
        expressions(&watch(&alarms, AlarmKind::HighTPMQuotaUsage)),
        ["FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0)"]
    );
}

#[test]
fn b13_a_percentile_is_the_highest_of_the_series() {
    let p99 = r#"{"*": {"HighLatency": {"statistic": "p99"}}}"#;
    let several = watch(&desired_with(&stored(2, &[]), p99), AlarmKind::HighLatency);
    assert_eq!(expressions(&several), ["MAX([m1, m2])"]);
    let one = watch(&desired_with(&stored(1, &[]), p99), AlarmKind::HighLatency);
    assert_eq!(expressions(&one), Vec::<&str>::new());
    assert!(one.queries[0].watched);
}

#[test]
fn exactly_the_result_and_its_band_are_watched() {
    for series in [1, 2, 4, 8, 12] {
        for alarm in desired_with(&stored(series, &ALL_QUOTAS), "none") {
            let Watch::Metrics(watch) = &alarm.watch else { continue };
            let watched = watch.queries.iter().filter(|query| query.watched).count();
            let expected = match watch.breach {
                Breach::AboveBand(_) | Breach::BelowBand(_) => 2,
                Breach::AtLeast(_) | Breach::Below(_) | Breach::Foreign(_) => 1,
            };
            assert_eq!(watched, expected, "{}", alarm.name);
        }
    }
}

#[test]
fn series_that_swap_places_in_business_change_nothing() {
    let pool = stored(8, &ALL_QUOTAS);
    let mut swapped = pool.clone();
    swapped.series.reverse();
    let watches = |pool| -> Vec<Watch> {
        let alarms = desired_with(
            pool,
            r#"{"*": {"HighLatency": {"enabled": false}, "LatencyAnomaly": {"enabled": false}}}"#,
        );
        alarms.into_iter().map(|alarm| alarm.watch).collect()
    };
    assert_eq!(watches(&pool), watches(&swapped));
}

#[test]
fn a_quota_of_zero_alarms_on_use_not_on_idleness() {
    let alarms = desired_with(&stored(1, &[(QuotaKind::Tpm, 0.0)]), "none");
    for kind in [AlarmKind::HighTPMQuotaUsage, AlarmKind::TPMQuotaUsageAtLimit] {
        assert_eq!(watch(&alarms, kind).breach, Breach::AtLeast(1.0));
    }
}

#[test]
fn a_kind_switched_off_is_neither_made_nor_in_the_composite() {
    let off = r#"{"cross-region.*": {"LatencyAnomaly": {"enabled": false}}}"#;
    let alarms = desired_with(&stored(1, &[]), off);
    assert!(!kinds(&alarms).contains(&"LatencyAnomaly"));
    let Watch::Children(rule) = &alarms.last().unwrap().watch else { panic!() };
    assert!(!rule.contains("LatencyAnomaly") && rule.contains("InvocationAnomaly"), "{rule}");
}

#[test]
fn a_pool_without_series_or_without_kinds_has_no_alarm() {
    assert_eq!(desired_with(&stored(0, &ALL_QUOTAS), "none"), []);
    let off: Vec<String> =
        CATALOGUE.iter().map(|row| format!("\"{}\": {{\"enabled\": false}}", row.kind)).collect();
    let off = format!("{{\"*\": {{{}}}}}", off.join(","));
    assert_eq!(desired_with(&stored(1, &ALL_QUOTAS), &off), []);
}

#[test]
fn a_detector_carries_its_stack_and_leaves_the_band_out() {
    let alarms = desired_with(&stored(2, &[]), "none");
    let found = detector(&watch(&alarms, AlarmKind::LatencyAnomaly)).unwrap();
    assert_eq!(found.queries.len(), 5);
    assert!(detector_is_of(&prefix(), &found));
    for other in ["llmwatch2", "llm", "llmwatch-b"] {
        assert!(!detector_is_of(&StackPrefix::parse(other).unwrap(), &found), "{other}");
    }
    assert_eq!(detector(&watch(&alarms, AlarmKind::HighLatency)), None);
}
