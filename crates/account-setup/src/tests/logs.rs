//! Invocation logging and bucket notifications.

use aws_sdk_bedrock::operation::delete_model_invocation_logging_configuration::DeleteModelInvocationLoggingConfigurationOutput as DeleteLoggingOutput;
use aws_sdk_bedrock::operation::get_model_invocation_logging_configuration::GetModelInvocationLoggingConfigurationOutput as GetLoggingOutput;
use aws_sdk_bedrock::operation::put_model_invocation_logging_configuration::{
    PutModelInvocationLoggingConfigurationError as PutLoggingError,
    PutModelInvocationLoggingConfigurationOutput as PutLoggingOutput,
};
use aws_sdk_bedrock::types::S3Config;
use aws_sdk_s3::operation::get_bucket_notification_configuration::{
    GetBucketNotificationConfigurationError, GetBucketNotificationConfigurationOutput,
};
use aws_sdk_s3::operation::put_bucket_notification_configuration::{
    PutBucketNotificationConfigurationError, PutBucketNotificationConfigurationOutput,
};
use aws_sdk_s3::types::{Event, EventBridgeConfiguration, TopicConfiguration};

use super::*;

const LOGGING_MEMORY: &str = "/llmwatch/invocation-logging/applied";
const OURS: &str = "llmwatch-logs";
const THEIRS: &str = "customers-logs";
const LOGGING: &str = "Custom::InvocationLogging";
const NOTIFICATIONS: &str = "Custom::BucketNotifications";

impl Account {
    fn new() -> Self {
        Self(Arc::default())
    }

    pub(super) fn bedrock(&self) -> aws_sdk_bedrock::Client {
        let rules = [self.get_logging(), self.put_logging(), self.delete_logging()];
        mock_client!(aws_sdk_bedrock, RuleMode::MatchAny, &rules.each_ref(), |config| config
            .retry_config(aws_sdk_bedrock::config::retry::RetryConfig::disabled()))
    }

    fn get_logging(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_bedrock::Client::get_model_invocation_logging_configuration)
            .then_compute_response(move |_| {
                let current = account.state().logging.clone();
                let output = GetLoggingOutput::builder().set_logging_config(current);
                MockResponse::Output(output.build())
            })
    }

    fn put_logging(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_bedrock::Client::put_model_invocation_logging_configuration)
            .then_compute_response(move |request| {
                let config = request.logging_config().unwrap().clone();
                let bucket = config.s3_config().unwrap().bucket_name().to_owned();
                let mut state = account.state();
                if let Err(error) = state.write("PutLogging", &bucket) {
                    return MockResponse::Error(PutLoggingError::generic(error));
                }
                state.logging = Some(config);
                MockResponse::Output(PutLoggingOutput::builder().build())
            })
    }

    fn delete_logging(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_bedrock::Client::delete_model_invocation_logging_configuration)
            .then_compute_response(move |_| {
                let mut state = account.state();
                state.logging = None;
                state.writes.push("DeleteLogging".to_owned());
                MockResponse::Output(DeleteLoggingOutput::builder().build())
            })
    }

    pub(super) fn s3(&self) -> aws_sdk_s3::Client {
        let rules = [self.get_notifications(), self.put_notifications()];
        mock_client!(aws_sdk_s3, RuleMode::MatchAny, &rules.each_ref(), |config| config
            .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled()))
    }

    fn get_notifications(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_s3::Client::get_bucket_notification_configuration).then_compute_response(
            move |request| {
                let state = account.state();
                let Some(found) = state.notifications.get(request.bucket().unwrap()) else {
                    let error = ErrorMetadata::builder().code("NoSuchBucket").build();
                    let error = GetBucketNotificationConfigurationError::generic(error);
                    return MockResponse::Error(error);
                };
                let output = GetBucketNotificationConfigurationOutput::builder()
                    .set_queue_configurations(found.queue_configurations.clone())
                    .set_topic_configurations(found.topic_configurations.clone())
                    .set_event_bridge_configuration(found.event_bridge_configuration.clone());
                MockResponse::Output(output.build())
            },
        )
    }

    fn put_notifications(&self) -> Rule {
        let account = self.clone();
        mock!(aws_sdk_s3::Client::put_bucket_notification_configuration).then_compute_response(
            move |request| {
                let bucket = request.bucket().unwrap().to_owned();
                let mut state = account.state();
                if let Err(error) = state.write("PutNotifications", &bucket) {
                    let error = PutBucketNotificationConfigurationError::generic(error);
                    return MockResponse::Error(error);
                }
                let written = request.notification_configuration().unwrap().clone();
                state.notifications.insert(bucket, written);
                MockResponse::Output(PutBucketNotificationConfigurationOutput::builder().build())
            },
        )
    }

    /// Somebody has Bedrock log to this bucket.
    fn log_by_hand(&self, bucket: &str) {
        let s3 = S3Config::builder().bucket_name(bucket).build().unwrap();
        self.state().logging = Some(LoggingConfig::builder().s3_config(s3).build());
    }

    fn logs_to(&self) -> Option<String> {
        let state = self.state();
        let s3 = state.logging.as_ref()?.s3_config()?;
        Some(s3.bucket_name().to_owned())
    }

    fn logging_memory(&self) -> Option<Value> {
        let state = self.state();
        state.parameters.get(LOGGING_MEMORY).map(|text| serde_json::from_str(text).unwrap())
    }

    async fn logging(&self, action: &str, bucket: &str) -> Outcome {
        let properties = json!({"Bucket": bucket, "LogPrefix": ""});
        self.answer(action, LOGGING, &properties, &Value::Null).await
    }

    /// A bucket with what somebody set up there.
    fn bucket(&self, name: &str, topic: Option<Event>) {
        let topic = topic.map(|event| {
            let topic = TopicConfiguration::builder().id("theirs").topic_arn("arn:aws:sns:r:1:t");
            vec![topic.events(event).build().unwrap()]
        });
        let notifications = NotificationConfiguration::builder()
            .set_topic_configurations(topic)
            .event_bridge_configuration(EventBridgeConfiguration::builder().build())
            .build();
        self.state().notifications.insert(name.to_owned(), notifications);
    }

    /// How many notifications to topics and queues a bucket has, and whether to EventBridge.
    fn notified(&self, bucket: &str) -> (usize, usize, bool) {
        let state = self.state();
        let found = &state.notifications[bucket];
        let bridge = found.event_bridge_configuration().is_some();
        (found.topic_configurations().len(), found.queue_configurations().len(), bridge)
    }

    async fn notifications(&self, action: &str, bucket: &str, former: Option<&str>) -> Outcome {
        let former = former.map(notified_by).unwrap_or_default();
        self.answer(action, NOTIFICATIONS, &notified_by(bucket), &former).await
    }
}

fn notified_by(bucket: &str) -> Value {
    json!({
        "Bucket": bucket, "Id": "llmwatch-quality-scorer", "Queue": "arn:aws:sqs:r:1:logs",
        "KeyPrefix": "AWSLogs/", "KeySuffix": ".json.gz",
    })
}

#[track_caller]
fn assert_done(outcome: &Outcome, delivers: usize) {
    assert_eq!(*outcome, Outcome::Success(BTreeMap::from([("Delivers", delivers)])));
}

#[track_caller]
fn assert_failed(outcome: &Outcome, expected: &str) {
    let Outcome::Failed(reason) = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains(expected), "{reason}");
}

#[tokio::test]
async fn logging_is_made_once_follows_the_bucket_and_goes_with_the_stack() {
    let account = Account::new();
    for _ in 0..2 {
        assert_done(&account.logging("Create", OURS).await, 1);
    }
    let memory = format!("PutParameter {LOGGING_MEMORY}");
    let put = format!("PutLogging {OURS}");
    assert_eq!(account.take_writes(), [memory.clone(), put, memory]);
    assert_done(&account.logging("Update", "another").await, 1);
    assert_eq!(account.logs_to().unwrap(), "another");
    for _ in 0..2 {
        let outcome = account.logging("Delete", "another").await;
        assert_eq!(outcome, Outcome::Success(BTreeMap::new()));
        assert_eq!((account.logs_to(), account.logging_memory()), (None, None));
    }
}

#[tokio::test]
async fn an_existing_logging_configuration_fails_the_deployment_with_the_parameter_to_use() {
    let account = Account::new();
    account.log_by_hand(THEIRS);
    let before = account.state().logging.clone();
    assert_failed(
        &account.logging("Create", OURS).await,
        "Deploy with InvocationLogBucket=customers-logs",
    );
    // CloudFormation takes the failed deployment back.
    assert_eq!(account.logging("Delete", OURS).await, Outcome::Success(BTreeMap::new()));
    assert_eq!(account.state().logging, before);
    assert_eq!(account.take_writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_customers_logging_to_the_named_bucket_is_used_and_survives_the_stack() {
    let account = Account::new();
    account.log_by_hand(THEIRS);
    let before = account.state().logging.clone();
    assert_done(&account.logging("Create", THEIRS).await, 1);
    account.logging("Delete", THEIRS).await;
    assert_eq!(account.state().logging, before);
    assert_eq!(account.take_writes(), [format!("PutParameter {LOGGING_MEMORY}")]);
}

#[tokio::test]
async fn logging_changed_by_hand_fails_no_later_update_and_is_not_removed() {
    let account = Account::new();
    account.logging("Create", OURS).await;
    account.log_by_hand(THEIRS);
    assert_done(&account.logging("Update", OURS).await, 0);
    account.logging("Delete", OURS).await;
    assert_eq!(account.logs_to().unwrap(), THEIRS);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_policy_bedrock_does_not_know_yet_is_waited_for_and_then_told() {
    let account = Account::new();
    account.state().faults.insert("PutLogging", "ValidationException");
    assert_failed(&account.logging("Create", OURS).await, "ValidationException");
    let tries = account.take_writes().iter().filter(|one| one.starts_with("PutLogging")).count();
    assert_eq!(tries, 6);
    account.state().faults.clear();
    assert_done(&account.logging("Create", OURS).await, 1);
}

#[tokio::test]
async fn a_run_that_ended_before_its_memory_still_knows_its_own() {
    let account = Account::new();
    account.logging("Create", OURS).await;
    let old = account.state().parameters[LOGGING_MEMORY].clone();
    // The write of the new configuration fails; the old one is ours all the same.
    account.state().faults.insert("PutLogging", "InternalServerException");
    assert_failed(&account.logging("Update", "another").await, "InternalServerException");
    assert_ne!(account.state().parameters[LOGGING_MEMORY], old);
    account.logging("Delete", OURS).await;
    assert_eq!(account.logs_to(), None);
}

#[tokio::test]
async fn a_memory_nobody_can_read_fails_a_deployment_but_no_deletion() {
    let account = Account::new();
    account.logging("Create", OURS).await;
    account.state().parameters.insert(LOGGING_MEMORY.to_owned(), "nonsense".to_owned());
    assert_failed(&account.logging("Update", OURS).await, LOGGING_MEMORY);
    assert_eq!(account.logging("Delete", OURS).await, Outcome::Success(BTreeMap::new()));
    assert_eq!(account.logs_to().unwrap(), OURS, "nobody can show that it is ours");
}

#[tokio::test]
async fn a_notification_is_merged_once_moves_with_the_bucket_and_goes_alone() {
    let account = Account::new();
    account.bucket(OURS, None);
    account.bucket(THEIRS, Some(Event::S3ObjectRemoved));
    for _ in 0..2 {
        assert_done(&account.notifications("Create", THEIRS, None).await, 1);
        assert_eq!(account.notified(THEIRS), (1, 1, true));
    }
    assert_eq!(account.take_writes(), [format!("PutNotifications {THEIRS}")]);
    assert_done(&account.notifications("Update", OURS, Some(THEIRS)).await, 1);
    assert_eq!((account.notified(THEIRS), account.notified(OURS)), ((1, 0, true), (0, 1, true)));
    for _ in 0..2 {
        let outcome = account.notifications("Delete", OURS, None).await;
        assert_eq!(outcome, Outcome::Success(BTreeMap::new()));
        assert_eq!(account.notified(OURS), (0, 0, true));
    }
    account.state().notifications.clear();
    let outcome = account.notifications("Delete", OURS, None).await;
    assert_eq!(outcome, Outcome::Success(BTreeMap::new()), "the bucket may be gone");
}

#[tokio::test]
async fn a_notification_that_overlaps_fails_the_deployment_with_its_name_and_is_left() {
    let account = Account::new();
    account.bucket(THEIRS, Some(Event::S3ObjectCreated));
    let outcome = account.notifications("Create", THEIRS, None).await;
    assert_failed(&outcome, "bucket customers-logs cannot send its new objects to llmwatch");
    assert_failed(&outcome, "notification \"theirs\" to arn:aws:sns:r:1:t");
    assert_eq!(
        account.notifications("Delete", THEIRS, None).await,
        Outcome::Success(BTreeMap::new())
    );
    // The same after a deployment that had succeeded: its roll-back would fail as well.
    assert_done(&account.notifications("Update", THEIRS, Some(THEIRS)).await, 0);
    assert_eq!((account.notified(THEIRS), account.take_writes().len()), ((1, 0, true), 0));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named_with_the_parameters() {
    let account = Account::new();
    let outcome = account.notifications("Create", "customers-log", None).await;
    assert_failed(&outcome, "no bucket customers-log in this account");
    assert_failed(&outcome, "InvocationLogBucket");
}

#[tokio::test]
async fn a_resource_without_a_property_fails_and_can_be_deleted() {
    let account = Account::new();
    for kind in [LOGGING, NOTIFICATIONS] {
        let nothing = json!({});
        let outcome = account.answer("Create", kind, &nothing, &Value::Null).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        let outcome = account.answer("Delete", kind, &nothing, &Value::Null).await;
        assert_eq!(outcome, Outcome::Success(BTreeMap::new()));
    }
}
