//! The values of many metrics over one stretch of time, in as few calls as the limits allow.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode,
};
use jiff::Timestamp;
use llmwatch_core::evidence::Read;
use llmwatch_core::metric_values::{Values, Wanted};

use crate::CallFailed;
use crate::metrics::MAX_QUERIES;
use crate::time::timestamp;

pub(crate) const OPERATION: &str = "GetMetricData";

/// Pages after which a read ends unfinished. 500 metrics of 200 values are one of 100,800 values.
const MAX_PAGES: u32 = 10;

/// The values of each metric between two times, oldest first, in the order asked for.
///
/// Each is all that CloudWatch has, or why it is not: a call that failed, or a metric it did not say
/// is complete. A call that fails makes only the metrics it asked for unreadable, at most 500.
pub async fn read_values(
    client: &Client,
    wanted: &[Wanted],
    stretch: (Timestamp, Timestamp),
) -> Vec<Values> {
    let mut values = Vec::with_capacity(wanted.len());
    for batch in wanted.chunks(MAX_QUERIES) {
        match read_batch(client, batch, stretch).await {
            Ok(read) => values.extend(read),
            Err(failure) => {
                let why = failure.explain();
                values.extend(batch.iter().map(|_| Read::Unreadable(why.clone())));
            }
        }
    }
    values
}

/// What is read of a metric, and whether that is all.
#[derive(Debug, Clone, Default)]
struct Reading {
    values: Vec<(Timestamp, f64)>,
    status: Option<StatusCode>,
}

/// The values of at most [`MAX_QUERIES`] metrics, each whole or with the reason why not, in the order
/// asked for.
///
/// # Errors
///
/// When a call failed, or CloudWatch said something beside the values.
pub(crate) async fn read_batch(
    client: &Client,
    batch: &[Wanted],
    stretch: (Timestamp, Timestamp),
) -> Result<Vec<Values>, CallFailed> {
    let queries: Vec<MetricDataQuery> =
        batch.iter().enumerate().map(|(index, wanted)| query(index, wanted)).collect();
    let mut readings = vec![Reading::default(); batch.len()];
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let page = read_page(client, &queries, stretch, token).await?;
        if let [message, ..] = page.messages() {
            let said = message.value().or(message.code()).unwrap_or_default().to_owned();
            return Err(CallFailed::unusable_answer(OPERATION, "metrics", said));
        }
        add(&page, &mut readings);
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    Ok(readings.into_iter().map(whole).collect())
}

async fn read_page(
    client: &Client,
    queries: &[MetricDataQuery],
    (from, to): (Timestamp, Timestamp),
    token: Option<String>,
) -> Result<GetMetricDataOutput, CallFailed> {
    client
        .get_metric_data()
        .set_metric_data_queries(Some(queries.to_vec()))
        .start_time(DateTime::from_secs(from.as_second()))
        .end_time(DateTime::from_secs(to.as_second()))
        .scan_by(ScanBy::TimestampAscending)
        .set_next_token(token)
        .send()
        .await
        .map_err(|error| CallFailed::new(OPERATION, "metrics", error))
}

fn add(page: &GetMetricDataOutput, readings: &mut [Reading]) {
    for result in page.metric_data_results() {
        let index = result.id().and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
        let Some(reading) = index.and_then(|index| readings.get_mut(index)) else { continue };
        let values = result.timestamps().iter().zip(result.values());
        reading.values.extend(values.filter_map(|(at, value)| Some((timestamp(*at)?, *value))));
        reading.status = result.status_code().cloned();
    }
}

/// A metric is read only when CloudWatch says that it is.
fn whole(reading: Reading) -> Values {
    match reading.status {
        Some(StatusCode::Complete) => Read::Known(reading.values),
        Some(status) => {
            Read::Unreadable(format!("GetMetricData: CloudWatch answered {}", status.as_str()))
        }
        None => Read::Unreadable("GetMetricData: CloudWatch did not answer for it".to_owned()),
    }
}

fn query(index: usize, wanted: &Wanted) -> MetricDataQuery {
    let dimensions = wanted
        .metric
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(&wanted.metric.namespace)
        .metric_name(&wanted.metric.name)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let period = i32::try_from(wanted.period_seconds).unwrap_or(i32::MAX);
    let stat = MetricStat::builder().metric(metric).period(period).stat(wanted.statistic).build();
    MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataError;
    use aws_sdk_cloudwatch::types::{MessageData, MetricDataResult};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wanted(name: &str) -> Wanted {
        Wanted::of_model("m", name, "Sum", 86_400)
    }

    fn result(id: &str, status: StatusCode, values: &[(i64, f64)]) -> MetricDataResult {
        let times = values.iter().map(|(at, _)| DateTime::from_secs(*at));
        MetricDataResult::builder()
            .id(id)
            .status_code(status)
            .set_timestamps(Some(times.collect()))
            .set_values(Some(values.iter().map(|(_, value)| *value).collect()))
            .build()
    }

    fn page(
        token: Option<&'static str>,
        results: Vec<MetricDataResult>,
        next: Option<&'static str>,
    ) -> Rule {
        mock!(Client::get_metric_data)
            .match_requests(move |request| request.next_token() == token)
            .then_output(move || {
                GetMetricDataOutput::builder()
                    .set_metric_data_results(Some(results.clone()))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    }

    async fn read(rules: &[&Rule], wanted: &[Wanted]) -> Vec<Values> {
        let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()));
        read_values(&client, wanted, (at(0), at(14 * DAY))).await
    }

    #[tokio::test]
    async fn pages_are_put_together_and_each_metric_stands_alone() {
        let first = vec![
            result("q0", StatusCode::PartialData, &[(0, 1.0)]),
            result("q1", StatusCode::Complete, &[(0, 5.0)]),
            result("q2", StatusCode::InternalError, &[(0, 9.0)]),
        ];
        let second = vec![result("q0", StatusCode::Complete, &[(DAY, 2.0)])];
        let rules = [page(None, first, Some("2")), page(Some("2"), second, None)];
        let all = ["a", "b", "c", "d"].map(wanted);
        let values = read(&rules.each_ref(), &all).await;
        assert_eq!(values[0], Read::Known(vec![(at(0), 1.0), (at(DAY), 2.0)]));
        assert_eq!(values[1], Read::Known(vec![(at(0), 5.0)]));
        // Never the part of it that came.
        assert!(matches!(&values[2], Read::Unreadable(why) if why.contains("InternalError")));
        assert!(matches!(&values[3], Read::Unreadable(why) if why.contains("did not answer")));
    }

    #[tokio::test]
    async fn a_metric_whose_last_page_never_came_is_not_read() {
        let rules = [page(None, vec![result("q0", StatusCode::PartialData, &[(0, 1.0)])], None)];
        let values = read(&rules.each_ref(), &[wanted("a")]).await;
        assert!(matches!(&values[0], Read::Unreadable(_)), "{values:?}");
    }

    #[tokio::test]
    async fn a_call_that_fails_leaves_the_other_calls_metrics_known() {
        let all: Vec<Wanted> = (0..501).map(|index| wanted(&format!("m{index}"))).collect();
        let large = mock!(Client::get_metric_data)
            .match_requests(|request| request.metric_data_queries().len() == 500)
            .then_error(|| {
                GetMetricDataError::generic(ErrorMetadata::builder().code("AccessDenied").build())
            });
        let small = page(None, vec![result("q0", StatusCode::Complete, &[(0, 1.0)])], None);
        let values = read(&[&large, &small], &all).await;
        assert_eq!(values.len(), 501);
        assert!(matches!(&values[499], Read::Unreadable(why) if why.contains("AccessDenied")));
        assert_eq!(values[500], Read::Known(vec![(at(0), 1.0)]));
    }

    #[tokio::test]
    async fn what_cloudwatch_says_beside_the_values_makes_them_unreadable() {
        let rule = mock!(Client::get_metric_data).then_output(|| {
            GetMetricDataOutput::builder()
                .metric_data_results(result("q0", StatusCode::Complete, &[(0, 1.0)]))
                .messages(MessageData::builder().code("Limited").value("too many").build())
                .build()
        });
        let values = read(&[&rule], &[wanted("a")]).await;
        assert!(matches!(&values[0], Read::Unreadable(why) if why.contains("too many")));
    }
}
