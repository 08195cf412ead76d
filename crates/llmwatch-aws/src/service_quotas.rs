//! Reading Service Quotas: what is in force for Bedrock in this account and Region.

use aws_sdk_servicequotas::Client;
use aws_sdk_servicequotas::types::ServiceQuota;
use futures::future;
use llmwatch_core::ids::QuotaCode;
use llmwatch_core::quota::overlay::{ListedQuota, QuotaListings, UnreadableQuota};

use crate::CallFailed;

/// Bedrock's service code.
pub const BEDROCK: &str = "bedrock";

/// The largest page either listing gives.
///
/// Source: <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html>.
const PAGE_SIZE: i32 = 100;

/// Both listings of Bedrock's quotas, every page, read side by side.
///
/// # Errors
///
/// When any page of either listing could not be read, or AWS's defaults come back empty: half a
/// listing would look like quotas that do not exist.
pub async fn list(client: &Client) -> Result<QuotaListings, CallFailed> {
    let (defaults, applied) = future::try_join(list_defaults(client), list_applied(client)).await?;
    if defaults.is_empty() {
        let problem = "the listing is empty, though Bedrock has quotas in every Region it is in";
        return Err(CallFailed::unusable_answer("ListAWSDefaultServiceQuotas", BEDROCK, problem));
    }
    let mut listings = QuotaListings::default();
    for row in defaults {
        sort(row, &mut listings.defaults, &mut listings.unreadable);
    }
    for row in applied {
        sort(row, &mut listings.applied, &mut listings.unreadable);
    }
    Ok(listings)
}

async fn list_defaults(client: &Client) -> Result<Vec<ServiceQuota>, CallFailed> {
    let mut pages = client
        .list_aws_default_service_quotas()
        .service_code(BEDROCK)
        .max_results(PAGE_SIZE)
        .into_paginator()
        .send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| CallFailed::new("ListAWSDefaultServiceQuotas", BEDROCK, error))?;
        rows.extend(page.quotas.unwrap_or_default());
    }
    Ok(rows)
}

async fn list_applied(client: &Client) -> Result<Vec<ServiceQuota>, CallFailed> {
    let mut pages = client
        .list_service_quotas()
        .service_code(BEDROCK)
        .max_results(PAGE_SIZE)
        .into_paginator()
        .send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("ListServiceQuotas", BEDROCK, error))?;
        rows.extend(page.quotas.unwrap_or_default());
    }
    Ok(rows)
}

fn sort(row: ServiceQuota, read: &mut Vec<ListedQuota>, unreadable: &mut Vec<UnreadableQuota>) {
    let code = row.quota_code.clone().unwrap_or_default();
    match listed(row) {
        Ok(quota) => read.push(quota),
        Err(why) => unreadable.push(UnreadableQuota { code, why }),
    }
}

fn listed(row: ServiceQuota) -> Result<ListedQuota, String> {
    if let Some(reason) = row.error_reason {
        let code = reason.error_code.as_ref().map_or("an error", |code| code.as_str());
        return Err(format!("{code}: {}", reason.error_message.unwrap_or_default()));
    }
    let code = QuotaCode::parse(row.quota_code.as_deref().unwrap_or_default())
        .map_err(|error| error.to_string())?;
    let value = row.value.filter(|value| value.is_finite() && *value >= 0.0);
    Ok(ListedQuota {
        code,
        name: row.quota_name.ok_or("the row has no name")?,
        value: value.ok_or("the row has no value")?,
        adjustable: row.adjustable,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicequotas::config::retry::RetryConfig;
    use aws_sdk_servicequotas::operation::list_aws_default_service_quotas::ListAwsDefaultServiceQuotasOutput;
    use aws_sdk_servicequotas::operation::list_service_quotas::{
        ListServiceQuotasError, ListServiceQuotasOutput,
    };
    use aws_sdk_servicequotas::types::error::TooManyRequestsException;
    use aws_sdk_servicequotas::types::{ErrorCode, ErrorReason};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use llmwatch_core::quota::overlay::in_force;

    use super::*;

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_servicequotas, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn row(code: &str, value: f64) -> ServiceQuota {
        ServiceQuota::builder()
            .quota_code(code)
            .quota_name(format!("Quota {code}"))
            .value(value)
            .adjustable(true)
            .build()
    }

    fn defaults(page: Option<&'static str>, rows: Vec<ServiceQuota>, next: Option<&str>) -> Rule {
        let next = next.map(str::to_owned);
        mock!(Client::list_aws_default_service_quotas)
            .match_requests(move |request| {
                request.service_code() == Some("bedrock")
                    && request.max_results() == Some(100)
                    && request.next_token() == page
            })
            .then_output(move || {
                ListAwsDefaultServiceQuotasOutput::builder()
                    .set_quotas(Some(rows.clone()))
                    .set_next_token(next.clone())
                    .build()
            })
    }

    fn applied(page: Option<&'static str>, rows: Vec<ServiceQuota>, next: Option<&str>) -> Rule {
        let next = next.map(str::to_owned);
        mock!(Client::list_service_quotas)
            .match_requests(move |request| request.next_token() == page)
            .then_output(move || {
                ListServiceQuotasOutput::builder()
                    .set_quotas(Some(rows.clone()))
                    .set_next_token(next.clone())
                    .build()
            })
    }

    #[tokio::test]
    async fn both_listings_are_read_to_their_last_page() {
        let rules = [
            defaults(None, vec![row("L-00000001", 10.0)], Some("more")),
            defaults(Some("more"), vec![row("L-00000002", 20.0)], None),
            applied(None, vec![row("L-00000001", 11.0)], Some("next")),
            applied(Some("next"), vec![row("L-00000003", 30.0)], None),
        ];
        let listings = list(&client(&rules.each_ref())).await.unwrap();
        let values: Vec<(String, f64)> =
            in_force(&listings).into_iter().map(|q| (q.code.to_string(), q.value)).collect();
        assert_eq!(
            values,
            [("L-00000001".into(), 11.0), ("L-00000002".into(), 20.0), ("L-00000003".into(), 30.0)]
        );
    }

    #[tokio::test]
    async fn a8_a_throttled_page_is_an_error_and_never_a_missing_quota() {
        let throttled = mock!(Client::list_service_quotas).then_error(|| {
            ListServiceQuotasError::TooManyRequestsException(
                TooManyRequestsException::builder()
                    .meta(
                        aws_smithy_types::error::ErrorMetadata::builder()
                            .code("TooManyRequestsException")
                            .build(),
                    )
                    .build(),
            )
        });
        let defaults = defaults(None, vec![row("L-00000001", 10.0)], None);
        let failed = list(&client(&[&defaults, &throttled])).await.unwrap_err();
        assert!(failed.is_throttled(), "{}", failed.explain());
    }

    #[tokio::test]
    async fn a8_an_empty_listing_is_an_error_and_never_an_account_without_quotas() {
        let rules = [defaults(None, vec![], None), applied(None, vec![], None)];
        let failed = list(&client(&rules.each_ref())).await.unwrap_err();
        assert!(failed.explain().contains("the listing is empty"), "{}", failed.explain());
    }

    #[tokio::test]
    async fn a_row_with_an_error_or_no_value_is_unreadable_and_not_zero() {
        let reason = ErrorReason::builder()
            .error_code(ErrorCode::DependencyThrottlingError)
            .error_message("try later")
            .build();
        let mut erroneous = row("L-00000001", 0.0);
        erroneous.error_reason = Some(reason);
        let mut empty = row("L-00000002", 0.0);
        empty.value = None;
        let rules = [
            defaults(None, vec![row("L-00000003", 1.0)], None),
            applied(None, vec![erroneous, empty], None),
        ];
        let listings = list(&client(&rules.each_ref())).await.unwrap();
        assert_eq!(listings.applied, []);
        let unreadable: Vec<(&str, &str)> =
            listings.unreadable.iter().map(|q| (q.code.as_str(), q.why.as_str())).collect();
        assert_eq!(
            unreadable,
            [
                ("L-00000001", "DEPENDENCY_THROTTLING_ERROR: try later"),
                ("L-00000002", "the row has no value"),
            ]
        );
    }
}
