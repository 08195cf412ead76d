use std::sync::{Arc, Mutex};

use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::error::ErrorMetadata;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataError;
use aws_sdk_cloudwatch::types::MessageData;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use llmwatch_core::usage::MinuteSeries;

use super::*;

fn window() -> Window {
    Window::ending_at("2026-11-21T02:45:55Z".parse().unwrap(), 60)
}

fn minute(index: usize) -> Timestamp {
    window().minute(index)
}

fn client(rules: &[&Rule]) -> Client {
    mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, rules, |config| config
        .retry_config(RetryConfig::disabled()))
}

/// One metric's part of a page: (minute, value) each.
fn result(
    metric: UsageMetric,
    status: StatusCode,
    datapoints: &[(usize, f64)],
) -> MetricDataResult {
    let times = datapoints.iter().map(|(index, _)| minute(*index).as_second());
    MetricDataResult::builder()
        .id(id(metric))
        .status_code(status)
        .set_timestamps(Some(times.map(DateTime::from_secs).collect()))
        .set_values(Some(datapoints.iter().map(|(_, value)| *value).collect()))
        .build()
}

/// Every metric complete and without data, but for these.
fn results(given: Vec<MetricDataResult>) -> Vec<MetricDataResult> {
    let given_ids: Vec<String> = given.iter().filter_map(|result| result.id.clone()).collect();
    let others = UsageMetric::ALL
        .into_iter()
        .filter(|metric| !given_ids.iter().any(|given| given == id(*metric)))
        .map(|metric| result(metric, StatusCode::Complete, &[]));
    given.iter().cloned().chain(others).collect()
}

fn page(
    token: Option<&'static str>,
    results: Vec<MetricDataResult>,
    next: Option<&'static str>,
) -> Rule {
    mock!(Client::get_metric_data).match_requests(move |r| r.next_token() == token).then_output(
        move || {
            GetMetricDataOutput::builder()
                .set_metric_data_results(Some(results.clone()))
                .set_next_token(next.map(str::to_owned))
                .build()
        },
    )
}

async fn read(rules: &[&Rule]) -> Samples {
    let series = ["global.m".to_owned()];
    match read_usage(&client(rules), &series, window()).await {
        Read::Known(samples) => samples,
        Read::Unreadable(why) => panic!("{why}"),
    }
}

fn values_at(series: &MinuteSeries, minutes: &[usize]) -> Vec<f64> {
    minutes.iter().map(|index| series.values()[*index]).collect()
}

#[tokio::test]
async fn a_single_series_is_read_as_it_is() {
    let tokens = result(UsageMetric::EstimatedTpm, StatusCode::Complete, &[(0, 5.0), (59, 7.0)]);
    let samples = read(&[&page(None, results(vec![tokens]), None)]).await;
    assert_eq!(values_at(&samples.estimated_tpm, &[0, 1, 59]), [5.0, 0.0, 7.0]);
    assert!(!samples.invocations.has_data());
    assert_eq!(samples.gaps, []);
}

#[tokio::test]
async fn filled_minutes_are_no_data() {
    let zeros = result(UsageMetric::Invocations, StatusCode::Complete, &[(0, 0.0), (1, 0.0)]);
    let samples = read(&[&page(None, results(vec![zeros]), None)]).await;
    assert!(!samples.invocations.has_data());
}

/// The queries of the first request for so many series.
async fn queries_for(series: usize) -> Vec<MetricDataQuery> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = seen.clone();
    let rule = mock!(Client::get_metric_data)
        .match_requests(move |request| {
            let mut seen = record.lock().unwrap();
            if seen.is_empty() {
                *seen = request.metric_data_queries().to_vec();
            }
            true
        })
        .then_output(|| {
            GetMetricDataOutput::builder().set_metric_data_results(Some(results(vec![]))).build()
        });
    let series: Vec<String> = (0..series).map(|index| format!("model-{index}")).collect();
    read_usage(&client(&[&rule]), &series, window()).await;
    let queries = seen.lock().unwrap();
    queries.clone()
}

#[tokio::test]
async fn one_series_needs_one_query_a_metric_and_no_math() {
    let queries = queries_for(1).await;
    assert_eq!(queries.len(), UsageMetric::ALL.len());
    assert!(queries.iter().all(|query| query.expression().is_none()));
}

#[tokio::test]
async fn d12_b10_several_series_are_summed_with_missing_minutes_as_zero() {
    let queries = queries_for(3).await;
    assert_eq!(queries.len(), UsageMetric::ALL.len() * 4);
    let returned: Vec<&str> = queries
        .iter()
        .filter(|query| query.return_data() == Some(true))
        .filter_map(MetricDataQuery::expression)
        .collect();
    assert_eq!(returned.len(), UsageMetric::ALL.len());
    assert_eq!(returned[0], "FILL(r0,0)+FILL(r1,0)+FILL(r2,0)");
}

#[tokio::test]
async fn as_many_series_as_a_request_takes_stay_within_its_limits() {
    let queries = queries_for(SERIES_A_REQUEST + 5).await;
    assert!(queries.len() <= MAX_QUERIES, "{}", queries.len());
    let mut ids: Vec<&str> = queries.iter().filter_map(MetricDataQuery::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), queries.len());
    let longest = queries.iter().filter_map(MetricDataQuery::expression).map(str::len).max();
    assert!(longest.unwrap() <= 2048, "{longest:?}");
}

#[tokio::test]
async fn more_series_than_a_request_takes_are_summed_over_requests() {
    let tokens = result(UsageMetric::EstimatedTpm, StatusCode::Complete, &[(3, 5.0)]);
    let rule = page(None, results(vec![tokens]), None);
    let series: Vec<String> = (0..SERIES_A_REQUEST + 1).map(|n| format!("model-{n}")).collect();
    let read = read_usage(&client(&[&rule]), &series, window()).await;
    let Read::Known(samples) = read else { panic!("{read:?}") };
    assert_eq!(values_at(&samples.estimated_tpm, &[3]), [10.0]);
}

#[tokio::test]
async fn d12_every_page_is_read() {
    let part = |points: &[(usize, f64)], status| {
        results(vec![result(UsageMetric::Invocations, status, points)])
    };
    let samples = read(&[
        &page(None, part(&[(0, 1.0)], StatusCode::PartialData), Some("two")),
        &page(Some("two"), part(&[(1, 2.0)], StatusCode::PartialData), Some("three")),
        &page(Some("three"), part(&[(2, 3.0)], StatusCode::Complete), None),
    ])
    .await;
    assert_eq!(values_at(&samples.invocations, &[0, 1, 2]), [1.0, 2.0, 3.0]);
    assert_eq!(samples.gaps, []);
}

#[tokio::test]
async fn a_first_page_that_fails_makes_usage_unreadable() {
    let denied = mock!(Client::get_metric_data).then_error(denied);
    let read = read_usage(&client(&[&denied]), &["m".to_owned()], window()).await;
    let Read::Unreadable(why) = read else { panic!("{read:?}") };
    assert!(why.contains("AccessDenied") && why.contains("GetMetricData"), "{why}");
}

fn denied() -> GetMetricDataError {
    GetMetricDataError::generic(ErrorMetadata::builder().code("AccessDenied").build())
}

#[tokio::test]
async fn d11_a_later_page_that_fails_is_a_gap_and_not_silence() {
    let first = results(vec![result(
        UsageMetric::Invocations,
        StatusCode::PartialData,
        &[(0, 1.0), (9, 2.0)],
    )]);
    let failing = mock!(Client::get_metric_data)
        .match_requests(|request| request.next_token() == Some("two"))
        .then_error(denied);
    let samples = read(&[&page(None, first, Some("two")), &failing]).await;
    assert_eq!(values_at(&samples.invocations, &[0, 9]), [1.0, 2.0]);
    let [gap] = &samples.gaps[..] else { panic!("{:?}", samples.gaps) };
    assert_eq!((gap.metric, gap.from), (UsageMetric::Invocations, minute(10)));
    assert_eq!(gap.to, window().end());
    assert!(gap.why.starts_with("page 2: ") && gap.why.contains("AccessDenied"), "{}", gap.why);
}

#[tokio::test]
async fn d12_what_cloudwatch_does_not_call_complete_is_a_gap() {
    let all_but_throttles: Vec<MetricDataResult> = results(vec![])
        .into_iter()
        .filter(|result| result.id() != Some(id(UsageMetric::Throttles)))
        .collect();
    let partial = results(vec![result(UsageMetric::Throttles, StatusCode::PartialData, &[])]);
    let refused = results(vec![result(UsageMetric::Throttles, StatusCode::InternalError, &[])]);
    for page_of in [all_but_throttles, partial, refused] {
        let samples = read(&[&page(None, page_of, None)]).await;
        let [gap] = &samples.gaps[..] else { panic!("{:?}", samples.gaps) };
        assert_eq!((gap.metric, gap.from), (UsageMetric::Throttles, window().start()));
        assert!(gap.why.contains("CloudWatch"), "{}", gap.why);
    }
}

#[tokio::test]
async fn d12_a_message_about_the_whole_answer_is_a_gap_in_what_is_incomplete() {
    let message = MessageData::builder().code("X").value("too many metrics").build();
    let partial = results(vec![result(UsageMetric::Invocations, StatusCode::PartialData, &[])]);
    let rule = mock!(Client::get_metric_data).then_output(move || {
        GetMetricDataOutput::builder()
            .set_metric_data_results(Some(partial.clone()))
            .messages(message.clone())
            .build()
    });
    let samples = read(&[&rule]).await;
    let [gap] = &samples.gaps[..] else { panic!("{:?}", samples.gaps) };
    assert_eq!(gap.metric, UsageMetric::Invocations);
    assert!(gap.why.contains("too many metrics"), "{}", gap.why);
}

#[tokio::test]
async fn pages_without_end_are_a_gap_and_not_a_loop() {
    let endless = mock!(Client::get_metric_data).then_output(|| {
        let part = result(UsageMetric::Invocations, StatusCode::PartialData, &[(0, 1.0)]);
        GetMetricDataOutput::builder()
            .set_metric_data_results(Some(results(vec![part])))
            .next_token("again")
            .build()
    });
    let samples = read(&[&endless]).await;
    let [gap] = &samples.gaps[..] else { panic!("{:?}", samples.gaps) };
    assert_eq!(gap.why, "more than 10 pages");
}
