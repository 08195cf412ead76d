use aws_sdk_servicequotas::config::retry::RetryConfig;
use aws_sdk_servicequotas::error::ErrorMetadata;
use aws_sdk_servicequotas::operation::get_requested_service_quota_change::{
    GetRequestedServiceQuotaChangeError, GetRequestedServiceQuotaChangeOutput,
};
use aws_sdk_servicequotas::operation::get_service_quota::{
    GetServiceQuotaError, GetServiceQuotaOutput,
};
use aws_sdk_servicequotas::operation::list_requested_service_quota_change_history::{
    ListRequestedServiceQuotaChangeHistoryError, ListRequestedServiceQuotaChangeHistoryOutput,
};
use aws_sdk_servicequotas::operation::request_service_quota_increase::{
    RequestServiceQuotaIncreaseError, RequestServiceQuotaIncreaseOutput,
};
use aws_sdk_servicequotas::types::{RequestStatus as SdkStatus, ServiceQuota};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::DateTime;

use super::*;

fn client(rules: &[&Rule]) -> Client {
    mock_client!(aws_sdk_servicequotas, RuleMode::MatchAny, rules, |config| config
        .retry_config(RetryConfig::disabled()))
}

fn code() -> QuotaCode {
    QuotaCode::parse("L-CCA5DF70").unwrap()
}

fn error(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).build()
}

fn change(id: &str, status: SdkStatus) -> RequestedServiceQuotaChange {
    RequestedServiceQuotaChange::builder()
        .id(id)
        .quota_code("L-CCA5DF70")
        .desired_value(270_000.0)
        .status(status)
        .case_id("12345678")
        .created(DateTime::from_secs(1_792_377_955))
        .last_updated(DateTime::from_secs(1_792_381_555))
        .build()
}

#[tokio::test]
async fn an_applied_value_is_read() {
    let applied = mock!(Client::get_service_quota)
        .match_requests(|request| request.service_code() == Some("bedrock"))
        .then_output(|| {
            let quota = ServiceQuota::builder().value(200_000.0).adjustable(true).build();
            GetServiceQuotaOutput::builder().quota(quota).build()
        });
    let value = applied_value(&client(&[&applied]), &code()).await.unwrap();
    assert_eq!(value, Some(AppliedValue { value: 200_000.0, adjustable: true }));
}

#[tokio::test]
async fn a8_only_no_such_quota_means_none() {
    let value = async |code_of_error: &'static str| {
        let rule = mock!(Client::get_service_quota)
            .then_error(move || GetServiceQuotaError::generic(error(code_of_error)));
        applied_value(&client(&[&rule]), &code()).await
    };
    assert_eq!(value("NoSuchResourceException").await.unwrap(), None);
    assert!(value("TooManyRequestsException").await.unwrap_err().is_throttled());
    assert!(value("AccessDeniedException").await.unwrap_err().is_denied());
}

#[tokio::test]
async fn a_request_is_made_and_its_case_number_is_kept() {
    let accepted = mock!(Client::request_service_quota_increase)
        .match_requests(|request| request.desired_value() == Some(270_000.0))
        .then_output(|| {
            RequestServiceQuotaIncreaseOutput::builder()
                .requested_quota(change("r-1", SdkStatus::CaseOpened))
                .build()
        });
    let request = request_increase(&client(&[&accepted]), &code(), 270_000.0).await.unwrap();
    assert_eq!((request.id.as_str(), request.is_open), ("r-1", true));
    assert_eq!(request.case_number.as_deref(), Some("12345678"));
    assert_eq!(request.created_at, Some("2026-10-19T02:45:55Z".parse().unwrap()));
}

#[tokio::test]
async fn an_open_request_for_the_quota_is_told_apart() {
    let refused = mock!(Client::request_service_quota_increase).then_error(|| {
        RequestServiceQuotaIncreaseError::generic(error("ResourceAlreadyExistsException"))
    });
    let failed = request_increase(&client(&[&refused]), &code(), 1.0).await.unwrap_err();
    assert!(failed.is_already_exists() && !failed.is_refused());
}

#[tokio::test]
async fn the_whole_history_is_read_and_says_which_requests_are_open() {
    let page = |token: Option<&'static str>, status: SdkStatus, next: Option<&'static str>| {
        mock!(Client::list_requested_service_quota_change_history)
            .match_requests(move |request| request.next_token() == token)
            .then_output(move || {
                ListRequestedServiceQuotaChangeHistoryOutput::builder()
                    .requested_quotas(change(status.as_str(), status.clone()))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    };
    let pages = [
        page(None, SdkStatus::Pending, Some("2")),
        page(Some("2"), SdkStatus::CaseOpened, Some("3")),
        page(Some("3"), SdkStatus::Approved, Some("4")),
        page(Some("4"), SdkStatus::CaseClosed, None),
    ];
    let history = request_history(&client(&pages.each_ref())).await.unwrap();
    let open: Vec<bool> = history.iter().map(|request| request.is_open).collect();
    assert_eq!(open, [true, true, false, false]);
}

#[tokio::test]
async fn a_history_with_a_hole_is_an_error() {
    let denied = mock!(Client::list_requested_service_quota_change_history).then_error(|| {
        ListRequestedServiceQuotaChangeHistoryError::generic(error("AccessDeniedException"))
    });
    let failed = request_history(&client(&[&denied])).await.unwrap_err();
    assert!(failed.explain().contains("ListRequestedServiceQuotaChangeHistory"));
}

#[tokio::test]
async fn one_request_is_read_as_it_stands() {
    let closed = mock!(Client::get_requested_service_quota_change).then_output(|| {
        GetRequestedServiceQuotaChangeOutput::builder()
            .requested_quota(change("r-1", SdkStatus::Denied))
            .build()
    });
    let read = request(&client(&[&closed]), "r-1").await.unwrap().unwrap();
    assert_eq!((read.standing(), read.is_open), (RequestStatus::Denied, false));
    assert_eq!(read.updated_at, Some("2026-10-19T03:45:55Z".parse().unwrap()));
    let empty = mock!(Client::get_requested_service_quota_change)
        .then_output(|| GetRequestedServiceQuotaChangeOutput::builder().build());
    assert!(request(&client(&[&empty]), "r-1").await.is_err());
    let refusing = async |code_of_error: &'static str| {
        let rule = mock!(Client::get_requested_service_quota_change)
            .then_error(move || GetRequestedServiceQuotaChangeError::generic(error(code_of_error)));
        request(&client(&[&rule]), "r-1").await
    };
    assert_eq!(refusing("NoSuchResourceException").await.unwrap(), None);
    assert!(refusing("TooManyRequestsException").await.unwrap_err().is_throttled());
}

#[test]
fn a_request_that_an_earlier_release_noted_is_read() {
    let noted = r#"{"id": "r-1", "code": "L-CCA5DF70", "desired_value": 1.0, "status": "PENDING",
        "is_open": true, "case_number": null, "created_at": null}"#;
    let request: QuotaRequest = serde_json::from_str(noted).unwrap();
    assert_eq!((request.standing(), request.updated_at), (RequestStatus::Pending, None));
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_repeated_and_may_have_been_made_when_it_is_refused() {
    let refused = || RequestServiceQuotaIncreaseError::generic(error("QuotaExceededException"));
    let lost_once = mock!(Client::request_service_quota_increase)
        .sequence()
        .http_status(500, None)
        .error(refused)
        .build();
    let failed = request_increase(&client(&[&lost_once]), &code(), 270_000.0).await.unwrap_err();
    assert!(failed.is_refused() && failed.may_have_taken_effect());
    assert_eq!(lost_once.num_calls(), 2);
    let refusing = mock!(Client::request_service_quota_increase).then_error(refused);
    let failed = request_increase(&client(&[&refusing]), &code(), 270_000.0).await.unwrap_err();
    assert!(!failed.may_have_taken_effect());
    assert_eq!(refusing.num_calls(), 1);
}
