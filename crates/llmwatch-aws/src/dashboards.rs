//! CloudWatch dashboards: which there are, what they hold, writing and removing them.
//!
//! Ten requests of a kind a second are allowed by default; callers keep to the pace.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>.

use std::time::Duration;

use aws_sdk_cloudwatch::Client;

use crate::CallFailed;

/// Between two writes, or two reads, of dashboards.
pub const INTERVAL: Duration = Duration::from_millis(100);

/// The names of all dashboards that begin so.
///
/// # Errors
///
/// When any page cannot be read: half a list would be taken for all of it.
pub async fn list(client: &Client, prefix: &str) -> Result<Vec<String>, CallFailed> {
    let mut names = Vec::new();
    let mut pages = client.list_dashboards().dashboard_name_prefix(prefix).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("ListDashboards", prefix, error))?;
        let entries = page.dashboard_entries.unwrap_or_default();
        names.extend(entries.into_iter().filter_map(|entry| entry.dashboard_name));
    }
    Ok(names)
}

/// The body of a dashboard; `None` when there is none of that name, or it has none.
///
/// # Errors
///
/// When CloudWatch does not answer otherwise than that it is not there.
pub async fn get(client: &Client, name: &str) -> Result<Option<String>, CallFailed> {
    let found = client.get_dashboard().dashboard_name(name).send().await;
    match found.map_err(|error| CallFailed::new("GetDashboard", name, error)) {
        Ok(found) => Ok(found.dashboard_body),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a dashboard, new or over the one there is.
///
/// # Errors
///
/// When CloudWatch refuses it.
pub async fn put(client: &Client, name: &str, body: &str) -> Result<(), CallFailed> {
    let request = client.put_dashboard().dashboard_name(name).dashboard_body(body);
    request.send().await.map_err(|error| CallFailed::new("PutDashboard", name, error))?;
    Ok(())
}

/// Removes a dashboard; one that is missing is removed already.
///
/// One a call: CloudWatch deletes none of several when one of them is missing.
///
/// # Errors
///
/// When CloudWatch refuses for another reason.
pub async fn delete(client: &Client, name: &str) -> Result<(), CallFailed> {
    let deleted = client.delete_dashboards().dashboard_names(name).send().await;
    match deleted.map_err(|error| CallFailed::new("DeleteDashboards", name, error)) {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::operation::delete_dashboards::DeleteDashboardsError;
    use aws_sdk_cloudwatch::operation::get_dashboard::{GetDashboardError, GetDashboardOutput};
    use aws_sdk_cloudwatch::operation::list_dashboards::ListDashboardsOutput;
    use aws_sdk_cloudwatch::types::DashboardEntry;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn page(names: &[&str], next: Option<&str>) -> ListDashboardsOutput {
        let entries =
            names.iter().map(|name| DashboardEntry::builder().dashboard_name(*name).build());
        ListDashboardsOutput::builder()
            .set_dashboard_entries(Some(entries.collect()))
            .set_next_token(next.map(str::to_owned))
            .build()
    }

    #[tokio::test]
    async fn all_pages_of_the_prefix_are_listed() {
        let first = mock!(Client::list_dashboards)
            .match_requests(|r| r.dashboard_name_prefix() == Some("p_") && r.next_token().is_none())
            .then_output(|| page(&["p_1", "p_2"], Some("more")));
        let second = mock!(Client::list_dashboards)
            .match_requests(|r| r.next_token() == Some("more"))
            .then_output(|| page(&["p_3"], None));
        let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &[&first, &second]);
        assert_eq!(list(&client, "p_").await.unwrap(), ["p_1", "p_2", "p_3"]);
    }

    #[tokio::test]
    async fn a_missing_dashboard_has_no_body_and_is_deleted_already() {
        let missing = || ErrorMetadata::builder().code("ResourceNotFound").build();
        let get_rule = mock!(Client::get_dashboard)
            .match_requests(|r| r.dashboard_name() == Some("gone"))
            .then_error(move || GetDashboardError::generic(missing()));
        let found = mock!(Client::get_dashboard)
            .match_requests(|r| r.dashboard_name() == Some("there"))
            .then_output(|| GetDashboardOutput::builder().dashboard_body("{}").build());
        let delete_rule = mock!(Client::delete_dashboards)
            .then_error(move || DeleteDashboardsError::generic(missing()));
        let client = mock_client!(
            aws_sdk_cloudwatch,
            RuleMode::MatchAny,
            &[&get_rule, &found, &delete_rule]
        );
        assert_eq!(get(&client, "gone").await.unwrap(), None);
        assert_eq!(get(&client, "there").await.unwrap().as_deref(), Some("{}"));
        delete(&client, "gone").await.unwrap();
    }
}
