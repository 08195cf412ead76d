//! Whole runs through the real clients, with AWS's answers scripted.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aws_sdk_bedrock::operation::get_inference_profile::GetInferenceProfileError;
use aws_sdk_bedrock::operation::list_inference_profiles::ListInferenceProfilesOutput;
use aws_sdk_cloudwatch::operation::list_metrics::ListMetricsOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric};
use aws_sdk_servicequotas::operation::list_aws_default_service_quotas::ListAwsDefaultServiceQuotasOutput;
use aws_sdk_servicequotas::operation::list_service_quotas::{
    ListServiceQuotasError, ListServiceQuotasOutput,
};
use aws_sdk_servicequotas::types::ServiceQuota;
use aws_sdk_ssm::operation::delete_parameters::DeleteParametersOutput;
use aws_sdk_ssm::operation::get_parameter::{GetParameterError, GetParameterOutput};
use aws_sdk_ssm::operation::get_parameters::GetParametersOutput;
use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use aws_sdk_ssm::operation::put_parameter::{PutParameterError, PutParameterOutput};
use aws_sdk_ssm::types::Parameter;
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, LambdaEvent};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::stored::StoredPool;
use serde_json::{Value, json};

use crate::carry_out::Writing;
use crate::handler::run;
use crate::{App, Clients, Config, handle};

const SERIES: &str = "us.amazon.nova-2-lite-v1:0";
const THRESHOLDS: &str = "/llmwatch/pools/cross-region.amazon.nova-2-lite-v1_0/thresholds";
const LIFECYCLE: &str = "/llmwatch/lifecycle";
const TPM: &str = "L-C6F5908D";
const TPM_NAME: &str = "Cross-region model inference tokens per minute for Amazon Nova 2 Lite";

/// An AWS account as the function sees it.
#[derive(Clone, Default)]
struct Account {
    /// `ModelId` values with metrics.
    model_ids: Vec<&'static str>,
    /// AWS's default of the TPM quota.
    default_tpm: f64,
    /// The error code of `ListServiceQuotas`, else an empty listing.
    quotas_fail_with: Option<&'static str>,
    /// The error code of `PutParameter`.
    puts_fail_with: Option<&'static str>,
    parameters: Arc<Mutex<BTreeMap<String, String>>>,
    writes: Arc<Mutex<Vec<String>>>,
}

impl Account {
    fn with(model_ids: &[&'static str], default_tpm: f64) -> Self {
        let account = Self { model_ids: model_ids.to_vec(), default_tpm, ..Self::default() };
        account.set(LIFECYCLE, "{}");
        account
    }

    fn set(&self, name: &str, value: &str) {
        self.parameters.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    fn stored(&self) -> Option<StoredPool> {
        let parameters = self.parameters.lock().unwrap();
        parameters.get(THRESHOLDS).map(|text| serde_json::from_str(text).unwrap())
    }

    fn tpm_threshold(&self) -> f64 {
        self.stored().unwrap().quotas[0].threshold
    }

    fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.writes.lock().unwrap())
    }

    fn app(&self) -> App {
        let config = Config { prefix: StackPrefix::parse("llmwatch").unwrap() };
        let clients = Clients {
            bedrock: bedrock(),
            cloudwatch: self.cloudwatch(),
            quotas: self.quotas(),
            parameters: self.parameter_store(),
        };
        App { config, clients, put_interval: Duration::ZERO }
    }

    fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        let metrics: Vec<Metric> = self
            .model_ids
            .iter()
            .map(|id| Dimension::builder().name("ModelId").value(*id).build())
            .map(|dimension| Metric::builder().dimensions(dimension).build())
            .collect();
        let list = mock!(aws_sdk_cloudwatch::Client::list_metrics).then_output(move || {
            ListMetricsOutput::builder().set_metrics(Some(metrics.clone())).build()
        });
        mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, &[&list])
    }

    fn quotas(&self) -> aws_sdk_servicequotas::Client {
        let row = ServiceQuota::builder()
            .quota_code(TPM)
            .quota_name(TPM_NAME)
            .value(self.default_tpm)
            .adjustable(true)
            .build();
        let defaults = mock!(aws_sdk_servicequotas::Client::list_aws_default_service_quotas)
            .then_output(move || {
                ListAwsDefaultServiceQuotasOutput::builder().quotas(row.clone()).build()
            });
        let code = self.quotas_fail_with;
        let applied = mock!(aws_sdk_servicequotas::Client::list_service_quotas)
            .then_compute_response(move |_| match code {
                Some(code) => MockResponse::Error(ListServiceQuotasError::generic(failure(code))),
                None => MockResponse::Output(ListServiceQuotasOutput::builder().build()),
            });
        mock_client!(aws_sdk_servicequotas, RuleMode::MatchAny, &[&defaults, &applied], |config| {
            config.retry_config(aws_sdk_servicequotas::config::retry::RetryConfig::disabled())
        })
    }

    fn parameter_store(&self) -> aws_sdk_ssm::Client {
        let rules = [
            self.by_path(),
            self.get_parameters(),
            self.get_parameter(),
            self.put_parameter(),
            self.delete_parameters(),
        ];
        mock_client!(aws_sdk_ssm, RuleMode::MatchAny, &rules.each_ref(), |config| config
            .retry_config(aws_sdk_ssm::config::retry::RetryConfig::disabled()))
    }

    fn by_path(&self) -> Rule {
        let parameters = self.parameters.clone();
        mock!(aws_sdk_ssm::Client::get_parameters_by_path).then_compute_output(move |request| {
            let below = format!("{}/", request.path().unwrap());
            let parameters = parameters.lock().unwrap();
            let found = parameters.iter().filter(|(name, _)| name.starts_with(&below));
            GetParametersByPathOutput::builder()
                .set_parameters(Some(found.map(shown).collect()))
                .build()
        })
    }

    fn get_parameters(&self) -> Rule {
        let parameters = self.parameters.clone();
        mock!(aws_sdk_ssm::Client::get_parameters).then_compute_output(move |request| {
            let parameters = parameters.lock().unwrap();
            let found = parameters.iter().filter(|(name, _)| request.names().contains(name));
            GetParametersOutput::builder().set_parameters(Some(found.map(shown).collect())).build()
        })
    }

    fn get_parameter(&self) -> Rule {
        let parameters = self.parameters.clone();
        mock!(aws_sdk_ssm::Client::get_parameter).then_compute_response(move |request| {
            match parameters.lock().unwrap().get_key_value(request.name().unwrap()) {
                Some(found) => MockResponse::Output(
                    GetParameterOutput::builder().parameter(shown(found)).build(),
                ),
                None => {
                    MockResponse::Error(GetParameterError::generic(failure("ParameterNotFound")))
                }
            }
        })
    }

    fn put_parameter(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_ssm::Client::put_parameter).then_compute_response(move |request| {
            if let Some(code) = account.puts_fail_with {
                return MockResponse::Error(PutParameterError::generic(failure(code)));
            }
            let (name, value) = (request.name().unwrap(), request.value().unwrap());
            account.set(name, value);
            account.writes.lock().unwrap().push(format!("put {name}"));
            MockResponse::Output(PutParameterOutput::builder().version(1).build())
        })
    }

    fn delete_parameters(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_ssm::Client::delete_parameters).then_compute_output(move |request| {
            let mut deleted = Vec::new();
            for name in request.names() {
                if account.parameters.lock().unwrap().remove(name).is_some() {
                    account.writes.lock().unwrap().push(format!("delete {name}"));
                    deleted.push(name.clone());
                }
            }
            DeleteParametersOutput::builder().set_deleted_parameters(Some(deleted)).build()
        })
    }
}

/// Bedrock without application profiles; a single one may not be read.
fn bedrock() -> aws_sdk_bedrock::Client {
    let list = mock!(aws_sdk_bedrock::Client::list_inference_profiles)
        .then_output(|| ListInferenceProfilesOutput::builder().build());
    let get = mock!(aws_sdk_bedrock::Client::get_inference_profile)
        .then_error(|| GetInferenceProfileError::generic(failure("AccessDeniedException")));
    mock_client!(aws_sdk_bedrock, RuleMode::MatchAny, &[&list, &get])
}

fn failure(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).build()
}

fn shown((name, value): (&String, &String)) -> Parameter {
    Parameter::builder().name(name).value(value).build()
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

async fn run_at(account: &Account, now: Timestamp) -> Result<Value, String> {
    match run(&account.app(), Writing::WhileTheStackLives, now).await {
        Ok(report) => Ok(serde_json::to_value(report).unwrap()),
        Err(error) => Err(llmwatch_aws::chain(&error)),
    }
}

#[tokio::test]
async fn c10_a_default_only_quota_is_found_without_typing_its_code_and_stored_once() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    let report = run_at(&account, now()).await.unwrap();
    assert_eq!(
        report,
        json!({
            "pools": [{
                "label": "cross-region.amazon.nova-2-lite-v1_0",
                "pool": {"scope": "cross-region", "model": "amazon.nova-2-lite-v1:0"},
                "series": [SERIES],
                "quotas": [{
                    "kind": "tpm", "code": TPM, "value": 8_000_000.0, "threshold": 6_400_000.0,
                }],
                "document": "new",
                "notes": [],
            }],
            "left": [],
            "skipped": [],
        })
    );
    assert_eq!(account.take_writes(), [format!("put {THRESHOLDS}")]);
    run_at(&account, now() + SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!(account.take_writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a8_a_throttled_read_never_moves_a_threshold() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    run_at(&account, now()).await.unwrap();
    account.take_writes();
    for code in ["TooManyRequestsException", "AccessDeniedException", "ServiceException"] {
        let failing = Account { quotas_fail_with: Some(code), default_tpm: 1.0, ..account.clone() };
        let error = run_at(&failing, now()).await.unwrap_err();
        assert!(
            error.contains("no threshold was moved") && error.contains("ListServiceQuotas"),
            "{error}"
        );
        assert_eq!(account.take_writes(), Vec::<String>::new());
        assert_eq!(account.tpm_threshold(), 6_400_000.0);
    }
}

#[tokio::test]
async fn an_unreadable_application_profile_is_reported_and_stops_nothing() {
    let account = Account::with(&[SERIES, "a1b2c3d4e5f6"], 8_000_000.0);
    let report = run_at(&account, now()).await.unwrap();
    assert_eq!(report["pools"].as_array().unwrap().len(), 1);
    let skipped = report["skipped"][0].as_str().unwrap();
    assert!(skipped.starts_with("a1b2c3d4e5f6: ") && skipped.contains("role lacks"), "{skipped}");
}

#[tokio::test]
async fn an_unreadable_application_profile_keeps_its_last_mapping() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    run_at(&account, now()).await.unwrap();
    let mut stored = account.stored().unwrap();
    stored.series.push("a1b2c3d4e5f6".to_owned());
    account.set(THRESHOLDS, &serde_json::to_string(&stored).unwrap());
    let with_profile = Account { model_ids: vec![SERIES, "a1b2c3d4e5f6"], ..account.clone() };
    let report = run_at(&with_profile, now()).await.unwrap();
    assert_eq!(report["pools"][0]["series"], json!([SERIES, "a1b2c3d4e5f6"]));
    assert_eq!(report["skipped"], json!([]));
}

#[tokio::test]
async fn a_watched_model_has_thresholds_before_its_first_call() {
    let account = Account::with(&[], 8_000_000.0);
    account.set("/llmwatch/settings/watched-models", &format!("{SERIES}, nonsense"));
    let report = run_at(&account, now()).await.unwrap();
    assert_eq!(account.tpm_threshold(), 6_400_000.0);
    assert!(report["skipped"][0].as_str().unwrap().contains("\"nonsense\""), "{report}");
}

#[tokio::test]
async fn a_nonsense_alarm_tuning_moves_no_threshold_and_names_its_field() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    account.set(
        "/llmwatch/settings/alarm-tuning",
        r#"{"*": {"HighTPMQuotaUsage": {"percent": 800}}}"#,
    );
    let error = run_at(&account, now()).await.unwrap_err();
    assert!(
        error.contains("no threshold was moved") && error.contains(".percent is 800"),
        "{error}"
    );
    assert_eq!(account.stored(), None);
}

#[tokio::test]
async fn d14_a_write_that_failed_is_an_error_naming_its_parameter() {
    let mut account = Account::with(&[SERIES], 8_000_000.0);
    account.puts_fail_with = Some("ThrottlingException");
    let error = run_at(&account, now()).await.unwrap_err();
    assert!(error.contains("1 of 1 documents") && error.contains(THRESHOLDS), "{error}");
}

#[tokio::test]
async fn a_pool_unseen_for_30_days_is_deleted() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    run_at(&account, now()).await.unwrap();
    account.take_writes();
    let silent = Account { model_ids: vec![], ..account.clone() };
    run_at(&silent, now() + SignedDuration::from_hours(24 * 31)).await.unwrap();
    assert_eq!(account.take_writes(), [format!("delete {THRESHOLDS}")]);
}

#[tokio::test]
async fn a_run_in_flight_cannot_rebuild_what_a_stack_delete_removed() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    account.parameters.lock().unwrap().remove(LIFECYCLE);
    let report = run_at(&account, now()).await.unwrap();
    assert_eq!(account.take_writes(), Vec::<String>::new());
    assert!(report["skipped"][0].as_str().unwrap().contains(LIFECYCLE), "{report}");
}

#[tokio::test]
async fn d17_a_run_that_failed_or_an_event_not_understood_is_an_error_and_never_a_success() {
    let mut account = Account::with(&[SERIES], 8_000_000.0);
    let event = LambdaEvent::new(json!({"Records": []}), Context::default());
    handle(&account.app(), event).await.unwrap_err();
    account.quotas_fail_with = Some("ServiceException");
    let event = LambdaEvent::new(json!({}), Context::default());
    handle(&account.app(), event).await.unwrap_err();
}

/// Takes one PUT and returns its body.
fn cloudformation() -> (String, JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/answer?Signature=x", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())
            .unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        serde_json::from_slice(&body).unwrap()
    });
    (url, taken)
}

/// CloudFormation's answer to a request, through the whole handler.
async fn answered(account: &Account, request_type: &str, physical_id: Option<&str>) -> Value {
    let (url, taken) = cloudformation();
    let mut event = json!({
        "RequestType": request_type,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/6b1f",
        "RequestId": "f3c8-11ee",
        "LogicalResourceId": "QuotaThresholds",
        "ResourceType": "Custom::QuotaThresholds",
        "ResourceProperties": {},
    });
    if let Some(id) = physical_id {
        event["PhysicalResourceId"] = id.into();
    }
    let mut context = Context::default();
    context.deadline = u64::MAX;
    assert_eq!(
        handle(&account.app(), LambdaEvent::new(event, context)).await.unwrap(),
        Value::Null
    );
    taken.join().unwrap()
}

#[tokio::test]
async fn create_stores_before_the_stack_has_a_lifecycle_and_answers_with_the_pool_count() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    account.parameters.lock().unwrap().remove(LIFECYCLE);
    let answer = answered(&account, "Create", None).await;
    assert_eq!(
        (&answer["Status"], &answer["Data"], &answer["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!({"PoolCount": 1}), &json!("llmwatch-QuotaThresholds"))
    );
    assert_eq!(account.take_writes(), [format!("put {THRESHOLDS}")]);
}

#[tokio::test]
async fn d15_a_failed_create_is_answered_with_a_reason_a_deployer_can_act_on() {
    let mut account = Account::with(&[SERIES], 8_000_000.0);
    account.quotas_fail_with = Some("AccessDeniedException");
    let answer = answered(&account, "Create", None).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("ListServiceQuotas") && reason.contains("redeploy"), "{reason}");
}

#[tokio::test]
async fn d15_an_unknown_request_type_is_answered_failed() {
    let answer = answered(&Account::with(&[], 1.0), "Replace", None).await;
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().unwrap().contains("Create, Update and Delete"), "{answer}");
}

#[tokio::test]
async fn delete_removes_every_threshold_and_is_a_success_twice() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    run_at(&account, now()).await.unwrap();
    account.take_writes();
    for expected in [vec![format!("delete {THRESHOLDS}")], vec![]] {
        let answer = answered(&account, "Delete", Some("llmwatch-QuotaThresholds")).await;
        assert_eq!(answer["Status"], "SUCCESS");
        assert_eq!(account.take_writes(), expected);
    }
}

#[tokio::test]
async fn delete_of_a_resource_never_created_properly_is_a_success() {
    let answer = answered(&Account::with(&[], 1.0), "Delete", Some("stack-Quota-1ABC")).await;
    assert_eq!(answer["Status"], "SUCCESS");
    assert_eq!(answer["PhysicalResourceId"], "stack-Quota-1ABC");
}

#[tokio::test]
async fn delete_of_a_former_prefix_leaves_the_present_thresholds() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    run_at(&account, now()).await.unwrap();
    let answer = answered(&account, "Delete", Some("former-QuotaThresholds")).await;
    assert_eq!(answer["Status"], "SUCCESS");
    assert_eq!(account.tpm_threshold(), 6_400_000.0);
}

#[tokio::test]
async fn an_update_that_changes_the_prefix_is_answered_failed_and_stores_nothing() {
    let account = Account::with(&[SERIES], 8_000_000.0);
    let answer = answered(&account, "Update", Some("former-QuotaThresholds")).await;
    assert_eq!(answer["Status"], "FAILED");
    assert_eq!(answer["PhysicalResourceId"], "former-QuotaThresholds");
    assert!(answer["Reason"].as_str().unwrap().contains("from former to llmwatch"), "{answer}");
    assert_eq!(account.take_writes(), Vec::<String>::new());
}
