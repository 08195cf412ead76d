//! What callers used, hour by hour, from CloudWatch.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::Client;
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::evidence::Read;
use llmwatch_core::hourly_cost::{Counted, UsedByCaller};
use llmwatch_core::metric_values::{HOUR_SECONDS, Values, Wanted};

use crate::CallFailed;
use crate::metric_values::{OPERATION, read_batch};
use crate::metrics::MAX_QUERIES;

/// What each caller used in each of the hours, which must follow one another; an hour without data
/// is left out. No hours, or no callers, are no calls.
///
/// # Errors
///
/// When a call failed, or CloudWatch did not say of every metric that what it gave is all: a part
/// of what was used would be taken for all of it.
pub async fn read_hours(
    client: &Client,
    callers: &BTreeSet<String>,
    hours: &[Timestamp],
) -> Result<UsedByCaller, CallFailed> {
    let (Some(first), Some(last)) = (hours.first(), hours.last()) else {
        return Ok(UsedByCaller::new());
    };
    let stretch = (*first, *last + SignedDuration::from_secs(HOUR_SECONDS.into()));
    let asked: Vec<(&String, Counted)> =
        callers.iter().flat_map(|caller| Counted::ALL.map(|counted| (caller, counted))).collect();
    let mut used = UsedByCaller::new();
    for batch in asked.chunks(MAX_QUERIES) {
        let wanted: Vec<Wanted> =
            batch.iter().map(|(caller, counted)| wanted(caller, *counted)).collect();
        let values = read_batch(client, &wanted, stretch).await?;
        for ((caller, counted), values) in batch.iter().zip(values) {
            add(values, caller, *counted, &mut used)?;
        }
    }
    Ok(used)
}

fn wanted(caller: &str, counted: Counted) -> Wanted {
    Wanted::of_model(caller, counted.metric_name(), "Sum", HOUR_SECONDS)
}

fn add(
    values: Values,
    caller: &str,
    counted: Counted,
    used: &mut UsedByCaller,
) -> Result<(), CallFailed> {
    match values {
        Read::Known(values) => {
            let by_hour = used.entry(caller.to_owned()).or_default();
            for (at, value) in values {
                by_hour.entry(at).or_default().add(counted, value);
            }
            Ok(())
        }
        Read::Unreadable(why) => {
            let subject = format!("{} of {caller}", counted.metric_name());
            Err(CallFailed::unusable_answer(OPERATION, subject, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::get_metric_data::{
        GetMetricDataError, GetMetricDataInput, GetMetricDataOutput,
    };
    use aws_sdk_cloudwatch::primitives::DateTime;
    use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, StatusCode};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;
    use llmwatch_core::hourly_cost::Used;

    use super::*;

    const HOURS: [&str; 2] = ["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"];

    fn client(rule: &Rule) -> Client {
        mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &[rule], |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn hours() -> Vec<Timestamp> {
        HOURS.map(|hour| hour.parse().unwrap()).to_vec()
    }

    fn callers(number: usize) -> BTreeSet<String> {
        (0..number).map(|caller| format!("caller{caller}")).collect()
    }

    /// Answers each query with its caller's number in the second hour, a thousandfold for output.
    fn answering(status: StatusCode, seen: Arc<Mutex<Vec<GetMetricDataInput>>>) -> Rule {
        mock!(Client::get_metric_data)
            .match_requests(move |request| {
                seen.lock().unwrap().push(request.clone());
                true
            })
            .then_compute_output(move |request| {
                let result = |query: &MetricDataQuery| {
                    let metric = query.metric_stat().unwrap().metric().unwrap();
                    let caller = metric.dimensions()[0].value().unwrap();
                    let number: f64 = caller.trim_start_matches("caller").parse().unwrap();
                    let value = match metric.metric_name().unwrap() {
                        "OutputTokenCount" => 1_000.0 * number,
                        _ => number,
                    };
                    MetricDataResult::builder()
                        .id(query.id().unwrap())
                        .timestamps(DateTime::from_secs(hours()[1].as_second()))
                        .values(value)
                        .status_code(status.clone())
                        .build()
                };
                let results = request.metric_data_queries().iter().map(result).collect();
                GetMetricDataOutput::builder().set_metric_data_results(Some(results)).build()
            })
    }

    #[tokio::test]
    async fn every_caller_is_read_in_as_few_requests_as_the_limit_allows() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let rule = answering(StatusCode::Complete, seen.clone());
        let used = read_hours(&client(&rule), &callers(101), &hours()).await.unwrap();
        let asked: Vec<usize> = {
            let seen = seen.lock().unwrap();
            assert_eq!(seen[0].start_time().unwrap().secs(), hours()[0].as_second());
            assert_eq!(seen[0].end_time().unwrap().secs(), hours()[1].as_second() + 3_600);
            let stat = seen[0].metric_data_queries()[0].metric_stat().unwrap();
            assert_eq!((stat.period(), stat.stat()), (Some(3_600), Some("Sum")));
            seen.iter().map(|request| request.metric_data_queries().len()).collect()
        };
        assert_eq!(asked, [500, 5]);
        assert_eq!(used.len(), 101);
        let mut expected = Used::default();
        for (counted, value) in Counted::ALL.into_iter().zip([7.0, 7_000.0, 7.0, 7.0, 7.0]) {
            expected.add(counted, value);
        }
        assert_eq!(used["caller7"], BTreeMap::from([(hours()[1], expected)]));
    }

    #[tokio::test]
    async fn a_part_is_never_taken_for_all_of_it() {
        for status in [StatusCode::PartialData, StatusCode::InternalError, StatusCode::Forbidden] {
            let rule = answering(status, Arc::default());
            let error = read_hours(&client(&rule), &callers(1), &hours()).await.unwrap_err();
            assert!(error.explain().contains("caller0"), "{}", error.explain());
        }
        let denied = mock!(Client::get_metric_data).then_error(|| {
            GetMetricDataError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
        let failed = read_hours(&client(&denied), &callers(1), &hours()).await;
        assert!(failed.unwrap_err().is_denied());
    }

    #[tokio::test]
    async fn without_callers_nothing_is_asked() {
        let rule = answering(StatusCode::Complete, Arc::default());
        assert_eq!(
            read_hours(&client(&rule), &callers(0), &hours()).await.unwrap(),
            UsedByCaller::new()
        );
        assert_eq!(rule.num_calls(), 0);
    }
}
