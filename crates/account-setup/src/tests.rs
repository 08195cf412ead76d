//! Whole runs through the real clients, against a small SNS, Secrets Manager and Parameter Store,
//! and for logs a small Bedrock and S3.

mod logs;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_bedrock::types::LoggingConfig;
use aws_sdk_s3::types::NotificationConfiguration;
use aws_sdk_secretsmanager::operation::get_secret_value::{
    GetSecretValueError, GetSecretValueOutput,
};
use aws_sdk_sns::operation::list_subscriptions_by_topic::{
    ListSubscriptionsByTopicError, ListSubscriptionsByTopicOutput,
};
use aws_sdk_sns::operation::subscribe::{SubscribeError, SubscribeOutput};
use aws_sdk_sns::operation::unsubscribe::{UnsubscribeError, UnsubscribeOutput};
use aws_sdk_sns::types::Subscription;
use aws_sdk_ssm::operation::delete_parameters::DeleteParametersOutput;
use aws_sdk_ssm::operation::get_parameter::{GetParameterError, GetParameterOutput};
use aws_sdk_ssm::operation::put_parameter::{PutParameterError, PutParameterOutput};
use aws_sdk_ssm::types::Parameter;
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use jiff::Timestamp;
use llmwatch_aws::chain;
use llmwatch_core::contact::Address;
use llmwatch_core::custom_resource::Outcome;
use serde_json::{Value, json};

use crate::contacts::{self, Occasion};
use crate::event::{Trigger, trigger};
use crate::{App, Clients, Config, handler};

const MEMORY: &str = "/llmwatch/contacts/applied";
const LIFECYCLE: &str = "/llmwatch/lifecycle";

/// What AWS holds, and what was asked of it.
#[derive(Default)]
struct State {
    secret: Option<String>,
    /// Address and ARN.
    subscriptions: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    /// Bedrock's, of the account and Region.
    logging: Option<LoggingConfig>,
    /// A bucket's.
    notifications: BTreeMap<String, NotificationConfiguration>,
    /// Changing calls in order.
    writes: Vec<String>,
    /// Operations that fail, with the code.
    faults: BTreeMap<&'static str, &'static str>,
    /// Deletes the stack's sign of life after this operation.
    stack_goes_after: Option<&'static str>,
}

impl State {
    fn write(&mut self, operation: &'static str, subject: &str) -> Result<(), ErrorMetadata> {
        self.writes.push(format!("{operation} {subject}"));
        if self.stack_goes_after == Some(operation) {
            self.parameters.remove(LIFECYCLE);
        }
        self.refuse(operation)
    }

    fn refuse(&self, operation: &'static str) -> Result<(), ErrorMetadata> {
        match self.faults.get(operation) {
            Some(code) => Err(ErrorMetadata::builder().code(*code).build()),
            None => Ok(()),
        }
    }
}

#[derive(Clone)]
struct Account(Arc<Mutex<State>>);

impl Account {
    /// A standing stack whose secret has this text.
    fn with_secret(text: Option<&str>) -> Self {
        let state = State { secret: text.map(str::to_owned), ..State::default() };
        let account = Self(Arc::new(Mutex::new(state)));
        account.state().parameters.insert(LIFECYCLE.to_owned(), "standing".to_owned());
        account
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn write_secret(&self, text: &str) {
        self.state().secret = Some(text.to_owned());
    }

    fn confirm(&self, address: &str) {
        self.subscribe_by_hand(address, &format!("arn:aws:sns:{address}"));
    }

    fn subscribe_by_hand(&self, address: &str, arn: &str) {
        self.state().subscriptions.insert(address.to_owned(), arn.to_owned());
    }

    fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.state().writes)
    }

    fn memory(&self) -> Option<Value> {
        let state = self.state();
        state.parameters.get(MEMORY).map(|text| serde_json::from_str(text).unwrap())
    }

    fn app(&self) -> App {
        let config = Config::from_vars(&|name| {
            Some(match name {
                "LLMWATCH_PREFIX" => "llmwatch".to_owned(),
                "LLMWATCH_ALERTS_TOPIC_ARN" => "arn:aws:sns:r:1:alerts".to_owned(),
                _ => "arn:aws:secretsmanager:r:1:secret:people".to_owned(),
            })
        });
        let clients = Clients {
            bedrock: self.bedrock(),
            parameters: self.parameters(),
            s3: self.s3(),
            secrets: self.secrets(),
            sns: self.sns(),
        };
        App { config: config.unwrap(), clients }
    }

    async fn run(&self, occasion: Occasion) -> Result<Value, String> {
        match contacts::reconcile(&self.app(), &occasion, now()).await {
            Ok(report) => Ok(serde_json::to_value(report).unwrap()),
            Err(error) => Err(chain(&error)),
        }
    }

    async fn stack_event(&self, action: &str, alert_email: &str) -> Outcome {
        let properties = json!({"AlertEmail": alert_email});
        self.answer(action, "Custom::Contacts", &properties, &Value::Null).await
    }

    async fn answer(
        &self,
        action: &str,
        kind: &str,
        properties: &Value,
        former: &Value,
    ) -> Outcome {
        let event = json!({
            "RequestType": action,
            "ResponseURL": "https://example.com/answer",
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/1",
            "RequestId": "1",
            "LogicalResourceId": "It",
            "PhysicalResourceId": "llmwatch-It",
            "ResourceType": kind,
            "ResourceProperties": properties,
            "OldResourceProperties": former,
        });
        let Ok(Trigger::CustomResource(request)) = trigger(&event) else { panic!("{event}") };
        handler::work(&self.app(), &request, now()).await
    }

    fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let account = self.clone();
        let get = mock!(aws_sdk_secretsmanager::Client::get_secret_value).then_compute_response(
            move |_| {
                let state = account.state();
                let missing = ErrorMetadata::builder().code("ResourceNotFoundException").build();
                let read = state.refuse("GetSecretValue");
                match read.and_then(|()| state.secret.clone().ok_or(missing)) {
                    Ok(text) => MockResponse::Output(
                        GetSecretValueOutput::builder().secret_string(text).build(),
                    ),
                    Err(error) => MockResponse::Error(GetSecretValueError::generic(error)),
                }
            },
        );
        mock_client!(aws_sdk_secretsmanager, RuleMode::MatchAny, &[&get], |config| config
            .retry_config(aws_sdk_secretsmanager::config::retry::RetryConfig::disabled()))
    }

    fn sns(&self) -> aws_sdk_sns::Client {
        let rules = [self.list(), self.subscribe(), self.unsubscribe()];
        mock_client!(aws_sdk_sns, RuleMode::MatchAny, &rules.each_ref(), |config| config
            .retry_config(aws_sdk_sns::config::retry::RetryConfig::disabled()))
    }

    fn list(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_sns::Client::list_subscriptions_by_topic).then_compute_response(move |_| {
            let state = account.state();
            if let Err(error) = state.refuse("ListSubscriptionsByTopic") {
                return MockResponse::Error(ListSubscriptionsByTopicError::generic(error));
            }
            let rows = state.subscriptions.iter().map(|(address, arn)| {
                Subscription::builder()
                    .protocol("email")
                    .endpoint(address)
                    .subscription_arn(arn)
                    .build()
            });
            let output = ListSubscriptionsByTopicOutput::builder();
            MockResponse::Output(output.set_subscriptions(Some(rows.collect())).build())
        })
    }

    fn subscribe(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_sns::Client::subscribe).then_compute_response(move |request| {
            let address = request.endpoint().unwrap();
            if let Err(error) = account.state().write("Subscribe", address) {
                let said = format!("Invalid parameter: {address}");
                let error = ErrorMetadata::builder().code(error.code().unwrap()).message(said);
                return MockResponse::Error(SubscribeError::generic(error.build()));
            }
            account.subscribe_by_hand(address, "PendingConfirmation");
            MockResponse::Output(SubscribeOutput::builder().build())
        })
    }

    fn unsubscribe(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_sns::Client::unsubscribe).then_compute_response(move |request| {
            let arn = request.subscription_arn().unwrap();
            let mut state = account.state();
            if let Err(error) = state.write("Unsubscribe", arn) {
                return MockResponse::Error(UnsubscribeError::generic(error));
            }
            state.subscriptions.retain(|_, one| one != arn);
            MockResponse::Output(UnsubscribeOutput::builder().build())
        })
    }

    fn parameters(&self) -> aws_sdk_ssm::Client {
        let rules = [self.get_parameter(), self.put_parameter(), self.delete_parameters()];
        mock_client!(aws_sdk_ssm, RuleMode::MatchAny, &rules.each_ref(), |config| config
            .retry_config(aws_sdk_ssm::config::retry::RetryConfig::disabled()))
    }

    fn get_parameter(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_ssm::Client::get_parameter).then_compute_response(move |request| {
            let found = account.state().parameters.get(request.name().unwrap()).cloned();
            match found {
                Some(value) => MockResponse::Output(
                    GetParameterOutput::builder()
                        .parameter(Parameter::builder().value(value).build())
                        .build(),
                ),
                None => MockResponse::Error(GetParameterError::generic(
                    ErrorMetadata::builder().code("ParameterNotFound").build(),
                )),
            }
        })
    }

    fn put_parameter(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_ssm::Client::put_parameter).then_compute_response(move |request| {
            let name = request.name().unwrap().to_owned();
            let mut state = account.state();
            if let Err(error) = state.write("PutParameter", &name) {
                return MockResponse::Error(PutParameterError::generic(error));
            }
            state.parameters.insert(name, request.value().unwrap().to_owned());
            MockResponse::Output(PutParameterOutput::builder().build())
        })
    }

    fn delete_parameters(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_ssm::Client::delete_parameters).then_compute_response(move |request| {
            for name in request.names() {
                account.state().parameters.remove(name);
            }
            MockResponse::Output(DeleteParametersOutput::builder().build())
        })
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn stored() -> String {
    format!("PutParameter {MEMORY}")
}

fn asked(name: &str) -> String {
    format!("Subscribe {name}@example.com")
}

const TWO: &str = r#"{"email": ["ann@example.com", "bob@example.com"]}"#;
const ANN: &str = r#"{"email": ["ann@example.com"]}"#;
const NOBODY: &str = r#"{"email": []}"#;

#[tokio::test]
async fn people_are_asked_once_and_removed_when_they_leave_the_secret() {
    let account = Account::with_secret(Some(TWO));
    account.subscribe_by_hand("boss@example.com", "arn:aws:sns:boss");
    let report = account.run(Occasion::Schedule).await.unwrap();
    assert_eq!(
        (&report["asked"], &report["wanted"], &report["others"]),
        (&2.into(), &2.into(), &1.into())
    );
    assert_eq!(account.take_writes(), [stored(), asked("ann"), asked("bob"), stored()]);

    let report = account.run(Occasion::Operator).await.unwrap();
    assert_eq!(report["pending"], json!(["a***@example.com", "b***@example.com"]));
    assert_eq!(account.take_writes(), Vec::<String>::new(), "nobody is asked twice");

    account.confirm("bob@example.com");
    account.run(Occasion::Schedule).await.unwrap();
    account.take_writes();
    account.write_secret(ANN);
    let report = account.run(Occasion::Schedule).await.unwrap();
    assert_eq!(report["removed"], 1);
    assert_eq!(
        account.take_writes(),
        ["Unsubscribe arn:aws:sns:bob@example.com".to_owned(), stored()]
    );

    account.write_secret(NOBODY);
    let report = account.run(Occasion::Schedule).await.unwrap();
    assert_eq!(report["withdrawn"], json!(["a***@example.com"]));
    assert_eq!(account.take_writes(), Vec::<String>::new(), "pending cannot be removed");
    let left: Vec<String> = account.state().subscriptions.keys().cloned().collect();
    assert_eq!(left, ["ann@example.com", "boss@example.com"]);
}

#[tokio::test]
async fn a_secret_nobody_wrote_names_nobody_and_leaves_no_trace() {
    let account = Account::with_secret(None);
    let report = account.run(Occasion::Stack { alert_email: None }).await.unwrap();
    assert_eq!(report["wanted"], 0);
    assert_eq!(account.memory(), None);
}

#[tokio::test]
async fn what_cannot_be_meant_or_read_changes_nothing() {
    let account = Account::with_secret(Some(ANN));
    account.run(Occasion::Schedule).await.unwrap();
    account.confirm("ann@example.com");
    account.run(Occasion::Schedule).await.unwrap();
    let memory = account.memory();
    account.take_writes();
    let check = async |expected: &str| {
        let error = account.run(Occasion::Operator).await.unwrap_err();
        assert!(error.starts_with("no subscription was changed: "), "{error}");
        assert!(error.contains(expected) && !error.contains("ann@"), "{error}");
        assert_eq!(account.take_writes(), Vec::<String>::new());
        assert_eq!(account.memory(), memory);
    };
    account.write_secret("ann@example.com");
    check("secret arn:aws:secretsmanager:r:1:secret:people: the text is not JSON").await;
    account.state().secret = None;
    check("has no value, but 1 people").await;
    account.write_secret(NOBODY);
    for operation in ["GetSecretValue", "ListSubscriptionsByTopic"] {
        account.state().faults.insert(operation, "AccessDenied");
        check(&format!("role lacks the permission for {operation}")).await;
        account.state().faults.clear();
    }
    account.state().parameters.insert(MEMORY.to_owned(), "nonsense".to_owned());
    let error = account.run(Occasion::Operator).await.unwrap_err();
    assert!(error.contains("parameter /llmwatch/contacts/applied is not what"), "{error}");
    assert_eq!(account.take_writes(), Vec::<String>::new());
}

#[tokio::test]
async fn one_failure_keeps_nobody_else_waiting_and_shows_no_address() {
    let account = Account::with_secret(Some(TWO));
    account.state().faults.insert("Subscribe", "InvalidParameter");
    let error = account.run(Occasion::Schedule).await.unwrap_err();
    assert!(
        error.starts_with("2 of 2 changes failed: ask a***@example.com to confirm ("),
        "{error}"
    );
    assert!(!error.contains("ann@") && !error.contains("bob@"), "{error}");
    assert_eq!(account.memory().unwrap()["asked"], json!({}), "none is ours");
    account.state().faults.clear();
    assert_eq!(account.run(Occasion::Schedule).await.unwrap()["asked"], 2);
}

#[tokio::test]
async fn who_is_about_to_be_asked_is_ours_before() {
    let account = Account::with_secret(Some(ANN));
    account.state().faults.insert("PutParameter", "InternalServerError");
    let error = account.run(Occasion::Schedule).await.unwrap_err();
    assert!(error.starts_with("what was done could not be stored"), "{error}");
    assert_eq!(account.take_writes(), [stored()], "nobody was asked");
}

#[tokio::test]
async fn a_run_in_flight_brings_nothing_back_that_the_delete_removed() {
    let account = Account::with_secret(Some(ANN));
    account.state().stack_goes_after = Some("Subscribe");
    account.run(Occasion::Schedule).await.unwrap();
    assert_eq!(account.take_writes(), [stored(), asked("ann")]);
    let report = account.run(Occasion::Schedule).await.unwrap();
    assert!(report["idle"].is_string(), "{report}");
    assert_eq!(account.take_writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_stands_in_the_secret_never_fails_a_stack_event_but_a_call_does() {
    let account = Account::with_secret(Some("nonsense"));
    assert!(matches!(account.stack_event("Update", "none").await, Outcome::Success(_)));
    assert!(account.run(Occasion::Schedule).await.is_err(), "the daily run tells");
    account.write_secret(ANN);
    account.state().faults.insert("ListSubscriptionsByTopic", "AuthorizationError");
    assert!(matches!(account.stack_event("Create", "none").await, Outcome::Failed(_)));
}

#[tokio::test]
async fn an_address_that_becomes_alert_email_is_cloudformations_from_then_on() {
    let account = Account::with_secret(Some(ANN));
    account.run(Occasion::Schedule).await.unwrap();
    account.confirm("ann@example.com");
    account.stack_event("Update", "Ann@example.com").await;
    account.stack_event("Update", "ann@EXAMPLE.com").await;
    let of_ann = Address::parse("ann@example.com").unwrap().fingerprint();
    assert_eq!(account.memory().unwrap()["alert_email"], json!(of_ann));
    account.take_writes();
    account.write_secret(NOBODY);
    assert_eq!(account.run(Occasion::Schedule).await.unwrap()["removed"], 0);
    assert_eq!(account.take_writes(), [stored()]);
}

#[tokio::test]
async fn a_delete_forgets_and_needs_neither_secret_nor_topic() {
    let account = Account::with_secret(Some(ANN));
    account.run(Occasion::Schedule).await.unwrap();
    account.state().secret = None;
    for operation in ["GetSecretValue", "ListSubscriptionsByTopic"] {
        account.state().faults.insert(operation, "NotFound");
    }
    for _ in 0..2 {
        assert!(matches!(account.stack_event("Delete", "none").await, Outcome::Success(_)));
        assert_eq!(account.memory(), None);
    }
    assert!(matches!(account.stack_event("Explode", "none").await, Outcome::Failed(_)));
}
