//! Service Quotas: a quota's value now, and requests to raise it.

use std::time::Duration;

use aws_sdk_servicequotas::Client;
use aws_sdk_servicequotas::config::Builder;
use aws_sdk_servicequotas::config::retry::RetryConfig;
use aws_sdk_servicequotas::types::{RequestStatus as SdkStatus, RequestedServiceQuotaChange};
use jiff::Timestamp;
use llmwatch_core::ids::QuotaCode;
use llmwatch_core::request_watch::RequestStatus;
use serde::{Deserialize, Serialize};

use crate::CallFailed;
use crate::call::repeated;
use crate::service_quotas::BEDROCK;
use crate::time::timestamp;

/// How long a request waits that was not taken up, or whose answer was lost.
const WAITS: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// A quota's applied value as Service Quotas gives it now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AppliedValue {
    /// The value in force.
    pub value: f64,
    /// Whether an increase can be requested by API.
    pub adjustable: bool,
}

/// A request to raise a quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuotaRequest {
    /// Service Quotas' id of the request.
    pub id: String,
    /// The quota.
    pub code: String,
    /// The value asked for.
    pub desired_value: f64,
    /// The status as Service Quotas spells it, for example `CASE_OPENED`.
    pub status: String,
    /// Whether AWS may still act on it.
    pub is_open: bool,
    /// The number of the support case that handles it, once it exists: Support's display id, not
    /// the id its API works with.
    pub case_number: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When its status changed last. Rows that an earlier release wrote have none.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

impl QuotaRequest {
    /// What its status means.
    #[must_use]
    pub fn standing(&self) -> RequestStatus {
        RequestStatus::parse(&self.status)
    }
}

/// The applied value of a quota; `None` when it has only AWS's default.
///
/// # Errors
///
/// When the read fails for any reason but "no such applied quota".
pub async fn applied_value(
    client: &Client,
    code: &QuotaCode,
) -> Result<Option<AppliedValue>, CallFailed> {
    let answer = client
        .get_service_quota()
        .service_code(BEDROCK)
        .quota_code(code.as_str())
        .send()
        .await
        .map_err(|error| CallFailed::new("GetServiceQuota", code.as_str(), error));
    match answer {
        Ok(answer) => Ok(answer.quota.and_then(|quota| {
            Some(AppliedValue { value: quota.value?, adjustable: quota.adjustable })
        })),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks for a higher value.
///
/// Tried again here and not by the SDK, so that the failure says whether any try may have made the
/// request. Trying again makes no second one: Service Quotas refuses it while the first is open.
///
/// # Errors
///
/// `is_already_exists` when a request for the quota is open; otherwise when Service Quotas refuses
/// (value not above the current one, too many open requests) or cannot be reached.
pub async fn request_increase(
    client: &Client,
    code: &QuotaCode,
    desired_value: f64,
) -> Result<QuotaRequest, CallFailed> {
    let call = client
        .request_service_quota_increase()
        .service_code(BEDROCK)
        .quota_code(code.as_str())
        .desired_value(desired_value);
    let may_be_repeated = |failure: &CallFailed| failure.is_throttled() || !failure.is_answered();
    let answer = repeated(&WAITS, may_be_repeated, async || {
        let tried_once = Builder::new().retry_config(RetryConfig::disabled());
        let answer = call.clone().customize().config_override(tried_once).send().await;
        answer.map_err(|error| CallFailed::new("RequestServiceQuotaIncrease", code.as_str(), error))
    })
    .await?;
    answer.requested_quota.and_then(quota_request).ok_or_else(|| {
        CallFailed::unusable_answer(
            "RequestServiceQuotaIncrease",
            code.as_str(),
            "the answer has no request id",
        )
    })
}

/// Every request ever made for Bedrock's quotas that the history still holds, all pages.
///
/// # Errors
///
/// When a page cannot be read.
pub async fn request_history(client: &Client) -> Result<Vec<QuotaRequest>, CallFailed> {
    let mut requests = Vec::new();
    let mut pages = client
        .list_requested_service_quota_change_history()
        .service_code(BEDROCK)
        .max_results(100)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            CallFailed::new("ListRequestedServiceQuotaChangeHistory", BEDROCK, error)
        })?;
        requests.extend(
            page.requested_quotas.unwrap_or_default().into_iter().filter_map(quota_request),
        );
    }
    Ok(requests)
}

/// One request as it stands now; `None` when Service Quotas does not know it (yet, or any more).
///
/// # Errors
///
/// When the read fails for any reason but "no such request".
pub async fn request(client: &Client, id: &str) -> Result<Option<QuotaRequest>, CallFailed> {
    let answer = client
        .get_requested_service_quota_change()
        .request_id(id)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetRequestedServiceQuotaChange", id, error));
    let answer = match answer {
        Err(failure) if failure.is_not_found() => return Ok(None),
        answer => answer?,
    };
    answer.requested_quota.and_then(quota_request).map(Some).ok_or_else(|| {
        CallFailed::unusable_answer("GetRequestedServiceQuotaChange", id, "the answer is empty")
    })
}

fn quota_request(change: RequestedServiceQuotaChange) -> Option<QuotaRequest> {
    let status = change.status.unwrap_or(SdkStatus::Pending);
    let is_open = matches!(status, SdkStatus::Pending | SdkStatus::CaseOpened);
    Some(QuotaRequest {
        id: change.id?,
        code: change.quota_code.unwrap_or_default(),
        desired_value: change.desired_value.unwrap_or_default(),
        is_open,
        status: status.as_str().to_owned(),
        case_number: change.case_id,
        created_at: change.created.and_then(timestamp),
        updated_at: change.last_updated.and_then(timestamp),
    })
}

#[cfg(test)]
mod tests;
