use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::operation::delete_alarms::{DeleteAlarmsError, DeleteAlarmsOutput};
use aws_sdk_cloudwatch::operation::delete_anomaly_detector::DeleteAnomalyDetectorOutput;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::describe_anomaly_detectors::DescribeAnomalyDetectorsOutput;
use aws_sdk_cloudwatch::operation::put_anomaly_detector::PutAnomalyDetectorOutput;
use aws_sdk_cloudwatch::operation::put_composite_alarm::PutCompositeAlarmOutput;
use aws_sdk_cloudwatch::operation::put_metric_alarm::PutMetricAlarmOutput;
use aws_sdk_cloudwatch::types::error::ResourceNotFound;
use aws_sdk_cloudwatch::types::{
    AnomalyDetector, ComparisonOperator, EvaluationWindow, SlidingWindow, WarmUpConfiguration,
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use llmwatch_core::alarm::desired::{Breach, Destinations, Lines, desired_alarms, detector};
use llmwatch_core::alarm::plan::{Actual, AlarmChange, as_desired, plan};
use llmwatch_core::alarm::tuning::Tuning;
use llmwatch_core::stored::StoredPool;

use super::*;

/// A client with these rules, and without alarms of quality and components unless a rule has some.
fn client(rules: &[&Rule]) -> Client {
    let no_others = mock!(Client::describe_alarms)
        .match_requests(|request| {
            let others = ["llmwatch-Quality-", "llmwatch-SageMaker-"];
            request.alarm_name_prefix().is_some_and(|stem| others.contains(&stem))
        })
        .then_output(|| DescribeAlarmsOutput::builder().build());
    let rules: Vec<&Rule> = rules.iter().copied().chain([&no_others]).collect();
    mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &rules, |config| config
        .retry_config(RetryConfig::disabled()))
}

fn prefix() -> StackPrefix {
    StackPrefix::parse("llmwatch").unwrap()
}

fn pool() -> StoredPool {
    serde_json::from_str(
        r#"{"pool": {"scope": "global", "model": "amazon.nova-2-lite-v1:0"},
            "series": ["global.amazon.nova-2-lite-v1:0", "a1b2c3d4e5f6"],
            "quotas": [{"kind": "tpm", "threshold": 8000,
                "quota": {"code": "L-1A2B3C4D", "name": "x", "value": 10000, "adjustable": true,
                          "source": "applied", "aws_default": null}}],
            "last_seen": "2026-11-20T10:00:00Z", "calculated_at": "2026-11-20T10:00:00Z"}"#,
    )
    .unwrap()
}

fn desired() -> Vec<llmwatch_core::alarm::desired::DesiredAlarm> {
    let destinations =
        Destinations { raw_topic_arn: "arn:aws:sns:us-east-1:123456789012:llmwatch-raw".into() };
    let lines = Lines { tuning: &Tuning::default(), budget: None };
    desired_alarms(&pool(), lines, &destinations, &prefix())
}

fn alarm(word: &str) -> Alarm {
    as_desired(desired().iter().find(|alarm| alarm.tags["llmwatch:kind"] == word).unwrap())
}

fn watch(alarm: &Alarm) -> &MetricWatch {
    match &alarm.watch {
        Watch::Metrics(watch) => watch,
        Watch::Children(rule) => panic!("{rule}"),
    }
}

/// An alarm as CloudWatch describes it after it was put.
fn described(alarm: &Alarm) -> MetricAlarm {
    let watch = watch(alarm);
    let sdk = MetricAlarm::builder()
        .alarm_name(&alarm.name)
        .alarm_description(&alarm.description)
        .actions_enabled(true)
        .set_metrics(Some(convert::sdk_queries(&watch.queries)))
        .treat_missing_data("notBreaching")
        .evaluation_periods(convert::count(watch.evaluation.evaluation_periods))
        .datapoints_to_alarm(convert::count(watch.evaluation.datapoints_to_alarm));
    match &watch.breach {
        Breach::AtLeast(threshold) => sdk
            .threshold(*threshold)
            .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold),
        Breach::Below(threshold) => {
            sdk.threshold(*threshold).comparison_operator(ComparisonOperator::LessThanThreshold)
        }
        Breach::AboveBand(band) => sdk
            .threshold_metric_id(band)
            .comparison_operator(ComparisonOperator::GreaterThanUpperThreshold),
        Breach::BelowBand(band) => sdk
            .threshold_metric_id(band)
            .comparison_operator(ComparisonOperator::LessThanLowerThreshold),
        Breach::Foreign(words) => panic!("{words}"),
    }
    .build()
}

fn described_composite(alarm: &Alarm) -> CompositeAlarm {
    let Watch::Children(rule) = &alarm.watch else { panic!() };
    CompositeAlarm::builder()
        .alarm_name(&alarm.name)
        .alarm_description(&alarm.description)
        .alarm_rule(rule)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .build()
}

fn page(
    token: Option<&'static str>,
    metric: Vec<MetricAlarm>,
    composite: Vec<CompositeAlarm>,
    next: Option<&'static str>,
) -> Rule {
    mock!(Client::describe_alarms)
        .match_requests(move |request| {
            request.alarm_name_prefix() == Some("llmwatch-Bedrock-")
                && request.alarm_types() == [AlarmType::MetricAlarm, AlarmType::CompositeAlarm]
                && request.next_token() == token
        })
        .then_output(move || {
            DescribeAlarmsOutput::builder()
                .set_metric_alarms(Some(metric.clone()))
                .set_composite_alarms(Some(composite.clone()))
                .set_next_token(next.map(str::to_owned))
                .build()
        })
}

#[tokio::test]
async fn what_was_put_reads_back_as_nothing_to_change() {
    let desired = desired();
    let (composites, metrics): (Vec<Alarm>, Vec<Alarm>) =
        desired.iter().map(as_desired).partition(|alarm| matches!(alarm.watch, Watch::Children(_)));
    let mut first: Vec<MetricAlarm> = metrics[..6].iter().map(described).collect();
    first.push(MetricAlarm::builder().alarm_name("llmwatch-Bedrock-mine").build());
    let rest = metrics[6..].iter().map(described).collect();
    let rules = [
        page(None, first, vec![], Some("2")),
        page(Some("2"), rest, composites.iter().map(described_composite).collect(), None),
    ];
    let standing = read_all(&client(&rules.each_ref()), &prefix()).await.unwrap();

    let detectors: Vec<Detector> =
        metrics.iter().filter_map(|alarm| detector(watch(alarm))).collect();
    let actual = Actual { alarms: standing.alarms, detectors, ..Actual::default() };
    assert_eq!(plan(&desired, &actual), []);
}

#[tokio::test]
async fn a_metric_alarm_is_created_with_math_condition_and_tags() {
    let put = mock!(Client::put_metric_alarm)
        .match_requests(|request| {
            request.alarm_name().is_some_and(|name| name.contains("HighTPMQuotaUsage-Warning"))
                && request.threshold() == Some(8000.0)
                && request.comparison_operator()
                    == Some(&ComparisonOperator::GreaterThanOrEqualToThreshold)
                && request.treat_missing_data() == Some("notBreaching")
                && request.datapoints_to_alarm() == Some(3)
                && request.evaluation_periods() == Some(5)
                && request.actions_enabled() == Some(true)
                && request.period().is_none()
                && request.metrics().len() == 3
                && request
                    .metrics()
                    .iter()
                    .all(|query| query.metric_stat().is_none_or(|stat| stat.unit().is_none()))
                && request.tags().len() == 3
        })
        .then_output(|| PutMetricAlarmOutput::builder().build());
    let tags = &desired()[0].tags;
    create(&client(&[&put]), &alarm("HighTPMQuotaUsage"), tags).await.unwrap();
    assert_eq!(put.num_calls(), 1);
}

#[tokio::test]
async fn an_anomaly_alarm_names_its_band_and_no_threshold() {
    let put = mock!(Client::put_metric_alarm)
        .match_requests(|request| {
            request.threshold().is_none()
                && request.threshold_metric_id() == Some("band")
                && request.comparison_operator()
                    == Some(&ComparisonOperator::GreaterThanUpperThreshold)
        })
        .then_output(|| PutMetricAlarmOutput::builder().build());
    let tags = BTreeMap::new();
    create(&client(&[&put]), &alarm("InvocationAnomaly"), &tags).await.unwrap();
    assert_eq!(put.num_calls(), 1);
}

#[tokio::test]
async fn d4_an_update_sends_back_every_field_it_does_not_know() {
    let ours = alarm("HighTPMQuotaUsage");
    let window = EvaluationWindow::SlidingWindow(SlidingWindow::builder().build());
    let warm_up = WarmUpConfiguration::builder().warm_up_period_duration_in_minutes(5).build();
    let mut stands = described(&ours);
    stands.insufficient_data_actions = Some(vec!["arn:pager".into()]);
    stands.evaluation_window = Some(window.clone());
    stands.warm_up_configuration = Some(warm_up.clone());
    stands.evaluate_low_sample_count_percentile = Some("ignore".into());
    let composite = alarm("QuotaHealth");
    let mut stands_above = described_composite(&composite);
    stands_above.actions_suppressor = Some("maintenance".into());
    stands_above.actions_suppressor_wait_period = Some(60);
    stands_above.actions_suppressor_extension_period = Some(30);

    let read = page(None, vec![stands], vec![stands_above], None);
    let put = mock!(Client::put_metric_alarm)
        .match_requests(move |request| {
            request.insufficient_data_actions() == ["arn:pager"]
                && request.evaluation_window() == Some(&window)
                && request.warm_up_configuration() == Some(&warm_up)
                && request.evaluate_low_sample_count_percentile() == Some("ignore")
                && request.tags().is_empty()
        })
        .then_output(|| PutMetricAlarmOutput::builder().build());
    let put_above = mock!(Client::put_composite_alarm)
        .match_requests(|request| {
            request.actions_suppressor() == Some("maintenance")
                && request.actions_suppressor_wait_period() == Some(60)
                && request.actions_suppressor_extension_period() == Some(30)
                && request.alarm_actions().len() == 1
                && request.ok_actions().len() == 1
        })
        .then_output(|| PutCompositeAlarmOutput::builder().build());
    let client = client(&[&read, &put, &put_above]);
    let standing = read_all(&client, &prefix()).await.unwrap();
    update(&client, &ours, &standing).await.unwrap();
    update(&client, &composite, &standing).await.unwrap();
    assert_eq!((put.num_calls(), put_above.num_calls()), (1, 1));
}

#[tokio::test]
async fn an_edited_alarm_is_read_as_it_is() {
    let ours = alarm("Throttles");
    let mut edited = described(&ours);
    edited.comparison_operator = Some(ComparisonOperator::GreaterThanThreshold);
    edited.treat_missing_data = None;
    edited.datapoints_to_alarm = None;
    edited.actions_enabled = Some(false);
    let read = page(None, vec![edited], vec![], None);
    let standing = read_all(&client(&[&read]), &prefix()).await.unwrap();
    let [found] = standing.alarms.as_slice() else { panic!() };
    let watch = watch(found);
    assert_eq!(watch.breach, Breach::Foreign("GreaterThanThreshold 5".into()));
    assert_eq!(
        watch.missing,
        llmwatch_core::alarm::desired::MissingData::Foreign("missing".into())
    );
    assert_eq!(watch.evaluation.datapoints_to_alarm, watch.evaluation.evaluation_periods);
    assert_eq!(found.actions, ActionsSwitch::Disabled);
    let actual = Actual { alarms: standing.alarms, ..Actual::default() };
    let changes = plan(&desired(), &actual);
    let updates = changes.iter().filter(|change| matches!(change, AlarmChange::Update { .. }));
    assert_eq!(updates.count(), 1);
}

#[tokio::test]
async fn metric_alarms_are_deleted_100_a_call_and_missing_ones_are_no_error() {
    fn gone() -> DeleteAlarmsError {
        let meta = ErrorMetadata::builder().code("ResourceNotFound").build();
        DeleteAlarmsError::ResourceNotFound(ResourceNotFound::builder().meta(meta).build())
    }
    let names: Vec<String> = (0..230).map(|n| n.to_string()).collect();
    let whole = mock!(Client::delete_alarms)
        .match_requests(|request| request.alarm_names().len() <= 100)
        .then_output(|| DeleteAlarmsOutput::builder().build());
    assert!(delete_metric_alarms(&client(&[&whole]), &names).await.is_empty());
    assert_eq!(whole.num_calls(), 3);

    let with_missing = mock!(Client::delete_alarms)
        .match_requests(|request| request.alarm_names().iter().any(|name| name == "1"))
        .then_error(gone);
    let without = mock!(Client::delete_alarms)
        .match_requests(|request| request.alarm_names().iter().all(|name| name != "1"))
        .then_output(|| DeleteAlarmsOutput::builder().build());
    let client = client(&[&with_missing, &without]);
    assert!(delete_metric_alarms(&client, &names[..3]).await.is_empty());
    assert_eq!((with_missing.num_calls(), without.num_calls()), (2, 2));
    delete_composite(&client, "1").await.unwrap();
}

#[tokio::test]
async fn a_batch_that_fails_names_its_alarms() {
    let denied = mock!(Client::delete_alarms).then_error(|| {
        DeleteAlarmsError::generic(ErrorMetadata::builder().code("AccessDenied").build())
    });
    let names = ["a".to_owned(), "b".to_owned()];
    let failed = delete_metric_alarms(&client(&[&denied]), &names).await;
    assert_eq!((failed.len(), &failed[0].names), (1, &names.to_vec()));
    assert!(failed[0].error.is_denied());
}

#[tokio::test]
async fn models_are_put_found_by_their_prefix_and_deleted() {
    let ours = detector(watch(&alarm("LatencyAnomaly"))).unwrap();
    let same = |sdk: Option<&MetricMathAnomalyDetector>, ours: &Detector| {
        sdk.is_some_and(|sdk| convert::queries(sdk.metric_data_queries()) == ours.queries)
    };
    let (to_put, to_delete) = (ours.clone(), ours.clone());
    let put = mock!(Client::put_anomaly_detector)
        .match_requests(move |request| same(request.metric_math_anomaly_detector(), &to_put))
        .then_output(|| PutAnomalyDetectorOutput::builder().build());
    let delete = mock!(Client::delete_anomaly_detector)
        .match_requests(move |request| same(request.metric_math_anomaly_detector(), &to_delete))
        .then_output(|| DeleteAnomalyDetectorOutput::builder().build());
    let stands = math(&ours);
    let read = mock!(Client::describe_anomaly_detectors)
        .match_requests(|request| {
            request.anomaly_detector_types() == [AnomalyDetectorType::MetricMath]
        })
        .then_output(move || {
            let foreign = MetricMathAnomalyDetector::builder()
                .metric_data_queries(
                    aws_sdk_cloudwatch::types::MetricDataQuery::builder()
                        .id("e1")
                        .expression("m1 + m2")
                        .build(),
                )
                .build();
            let detectors = [stands.clone(), foreign]
                .map(|math| AnomalyDetector::builder().metric_math_anomaly_detector(math).build());
            DescribeAnomalyDetectorsOutput::builder()
                .set_anomaly_detectors(Some(detectors.to_vec()))
                .build()
        });
    let client = client(&[&put, &delete, &read]);
    put_detector(&client, &ours).await.unwrap();
    assert_eq!(read_detectors(&client, &prefix()).await.unwrap(), std::slice::from_ref(&ours));
    delete_detector(&client, &ours).await.unwrap();
    assert_eq!((put.num_calls(), delete.num_calls()), (1, 1));
}

fn quality_series() -> llmwatch_core::quality::series::StoredSeries {
    serde_json::from_str(
        r#"{"series": {"model_id": "m", "inference_component": "c"},
            "seen": {"Refusal": "2026-11-22T05:00:00Z", "JudgeSafety": "2026-11-22T05:00:00Z"}}"#,
    )
    .unwrap()
}

fn quality() -> Vec<llmwatch_core::alarm::desired::DesiredAlarm> {
    use llmwatch_core::quality::NAMESPACE;
    use llmwatch_core::quality::alarm::desired::desired_quality_alarms;
    let tuning = llmwatch_core::quality::alarm::tuning::QualityTuning::default();
    desired_quality_alarms(&quality_series(), &tuning, NAMESPACE, &prefix())
}

#[tokio::test]
async fn quality_alarms_that_were_put_read_back_as_nothing_to_change() {
    let desired = quality();
    assert_eq!(desired.len(), 4);
    let there: Vec<MetricAlarm> = desired.iter().map(as_desired).map(|it| described(&it)).collect();
    let listed = mock!(Client::describe_alarms)
        .match_requests(|request| request.alarm_name_prefix() == Some("llmwatch-Quality-"))
        .then_output(move || {
            DescribeAlarmsOutput::builder().set_metric_alarms(Some(there.clone())).build()
        });
    let standing =
        read_all(&client(&[&page(None, vec![], vec![], None), &listed]), &prefix()).await.unwrap();
    assert_eq!(standing.alarms.len(), 4);
    let detectors = standing.alarms.iter().filter_map(|alarm| detector(watch(alarm)));
    let actual = Actual {
        detectors: detectors.collect(),
        alarms: standing.alarms.clone(),
        ..Actual::default()
    };
    assert_eq!(plan(&desired, &actual), []);
}

#[tokio::test]
async fn the_quality_alarms_of_a_series_are_read_with_their_state() {
    let label = quality_series().series.label();
    let mut firing = described(&as_desired(&quality()[0]));
    firing.state_value = Some(aws_sdk_cloudwatch::types::StateValue::Alarm);
    firing.state_transitioned_timestamp =
        Some(aws_smithy_types::DateTime::from_millis(1_792_377_955_640));
    firing.actions_enabled = Some(false);
    let rule = mock!(Client::describe_alarms)
        .match_requests(|request| {
            let names = request.alarm_names();
            (30..=100).contains(&names.len())
                && names.contains(&"llmwatch-Quality-LowSafety-Critical-component.c.m".to_owned())
        })
        .then_output(move || DescribeAlarmsOutput::builder().metric_alarms(firing.clone()).build());
    let found = read_quality(&client(&[&rule]), &prefix(), &label).await.unwrap();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(name::quality(&prefix(), &found.alarm), quality()[0].name);
    assert_eq!(found.watch, quality()[0].watch);
    assert_eq!(found.live.state, llmwatch_core::cloudwatch::alarm::AlarmState::Alarm);
    assert_eq!(found.live.since, Some("2026-10-19T02:45:55.64Z".parse().unwrap()));
    assert!(!found.live.actions_enabled);
}
