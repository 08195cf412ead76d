//! What alarms did, by CloudWatch's history of them.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, HistoryItemType};
use jiff::Timestamp;
use serde_json::Value;

use crate::CallFailed;
use crate::time::timestamp;

/// The most items of one page.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>.
const PAGE: i32 = 100;

/// How often a composite alarm went to ALARM between two times, the second not included.
///
/// An alarm that does not exist never did. The history of one that was deleted is kept.
///
/// # Errors
///
/// When a page could not be read, or an item is not understood.
pub async fn times_fired(
    client: &Client,
    composite: &str,
    (from, to): (Timestamp, Timestamp),
) -> Result<usize, CallFailed> {
    let mut pages = client
        .describe_alarm_history()
        .alarm_name(composite)
        .alarm_types(AlarmType::CompositeAlarm)
        .history_item_type(HistoryItemType::StateUpdate)
        .start_date(DateTime::from_secs(from.as_second()))
        .end_date(DateTime::from_secs(to.as_second()))
        .max_records(PAGE)
        .into_paginator()
        .send();
    let mut times = 0;
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| CallFailed::new("DescribeAlarmHistory", composite, error))?;
        for item in page.alarm_history_items() {
            let is_in_time =
                item.timestamp().and_then(|at| timestamp(*at)).is_some_and(|at| at < to);
            if is_in_time && new_state(item, composite)? == "ALARM" {
                times += 1;
            }
        }
    }
    Ok(times)
}

/// The state that an item says the alarm went to.
fn new_state(item: &AlarmHistoryItem, composite: &str) -> Result<String, CallFailed> {
    let data: Option<Value> = item.history_data().and_then(|data| serde_json::from_str(data).ok());
    let state = data.as_ref().and_then(|data| data.pointer("/newState/stateValue"));
    state.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        let problem = "an item of its history does not say the new state";
        CallFailed::unusable_answer("DescribeAlarmHistory", composite, problem)
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::config::retry::RetryConfig;
    use aws_sdk_cloudwatch::operation::describe_alarm_history::{
        DescribeAlarmHistoryError, DescribeAlarmHistoryOutput,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn item(second: i64, data: &str) -> AlarmHistoryItem {
        AlarmHistoryItem::builder()
            .timestamp(DateTime::from_secs(second))
            .history_data(data)
            .build()
    }

    fn to(state: &str) -> String {
        format!(r#"{{"version":"1.0","newState":{{"stateValue":"{state}"}}}}"#)
    }

    fn page(
        token: Option<&'static str>,
        items: Vec<AlarmHistoryItem>,
        next: Option<&'static str>,
    ) -> Rule {
        mock!(Client::describe_alarm_history)
            .match_requests(move |request| {
                request.next_token() == token
                    && request.alarm_name() == Some("composite")
                    && request.alarm_types() == [AlarmType::CompositeAlarm]
                    && request.history_item_type() == Some(&HistoryItemType::StateUpdate)
            })
            .then_output(move || {
                DescribeAlarmHistoryOutput::builder()
                    .set_alarm_history_items(Some(items.clone()))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    }

    async fn read(rules: &[&Rule]) -> Result<usize, CallFailed> {
        let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()));
        times_fired(&client, "composite", (at(0), at(1_000))).await
    }

    #[tokio::test]
    async fn only_changes_to_alarm_count_on_all_pages() {
        let first = vec![item(10, &to("ALARM")), item(20, &to("OK"))];
        // The end is somebody else's.
        let second = vec![item(30, &to("ALARM")), item(1_000, &to("ALARM"))];
        let rules = [page(None, first, Some("2")), page(Some("2"), second, None)];
        assert_eq!(read(&rules.each_ref()).await.unwrap(), 2);
        assert_eq!(read(&[&page(None, Vec::new(), None)]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_item_that_is_not_understood_is_an_error() {
        let rule = page(None, vec![item(10, "no json")], None);
        assert!(read(&[&rule]).await.unwrap_err().explain().contains("new state"));
    }

    #[tokio::test]
    async fn a_history_that_cannot_be_read_is_an_error_and_never_silence() {
        let rule = mock!(Client::describe_alarm_history).then_error(|| {
            let denied = ErrorMetadata::builder().code("AccessDenied").build();
            DescribeAlarmHistoryError::generic(denied)
        });
        assert!(read(&[&rule]).await.unwrap_err().is_denied());
    }
}
