//! The notifications of a bucket, read and written back whole.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter,
    QueueConfiguration, S3KeyFilter,
};
use llmwatch_core::bucket_notifications::{
    KeyFilter, Notification, OBJECT_CREATED, Receiver, Wanted,
};

use crate::CallFailed;

/// A bucket's notifications as S3 gave them. What llmwatch has no word for is in here too, and is
/// written back as it came.
#[derive(Debug, Clone)]
pub struct Notifications(NotificationConfiguration);

impl Notifications {
    /// The notifications to queues, topics and functions. EventBridge takes every event of a
    /// bucket, beside all of these, and is not among them.
    #[must_use]
    pub fn list(&self) -> Vec<Notification> {
        let queues = self.0.queue_configurations().iter().map(|one| {
            notification(one.id(), Receiver::Queue, one.queue_arn(), one.events(), one.filter())
        });
        let topics = self.0.topic_configurations().iter().map(|one| {
            notification(one.id(), Receiver::Topic, one.topic_arn(), one.events(), one.filter())
        });
        let functions = self.0.lambda_function_configurations().iter().map(|one| {
            let arn = one.lambda_function_arn();
            notification(one.id(), Receiver::Function, arn, one.events(), one.filter())
        });
        queues.chain(topics).chain(functions).collect()
    }

    fn without(mut self, id: &str) -> Self {
        if let Some(queues) = &mut self.0.queue_configurations {
            queues.retain(|one| one.id() != Some(id));
        }
        self
    }
}

/// The bucket's notifications; none where there is no such bucket.
///
/// # Errors
///
/// When they could not be read.
pub async fn read(client: &Client, bucket: &str) -> Result<Option<Notifications>, CallFailed> {
    match client.get_bucket_notification_configuration().bucket(bucket).send().await {
        Ok(output) => Ok(Some(Notifications(
            NotificationConfiguration::builder()
                .set_queue_configurations(output.queue_configurations)
                .set_topic_configurations(output.topic_configurations)
                .set_lambda_function_configurations(output.lambda_function_configurations)
                .set_event_bridge_configuration(output.event_bridge_configuration)
                .build(),
        ))),
        Err(error) => {
            let failed = CallFailed::new("GetBucketNotificationConfiguration", bucket, error);
            if failed.code() == Some("NoSuchBucket") { Ok(None) } else { Err(failed) }
        }
    }
}

/// Writes the notifications back with this one, in the place of queues' of the same name.
///
/// S3 sends the queue a test message, and refuses with `InvalidArgument` where it may not.
///
/// # Errors
///
/// When they were not written; the former ones then stay.
pub async fn put(
    client: &Client,
    bucket: &str,
    notifications: Notifications,
    wanted: &Wanted,
) -> Result<(), CallFailed> {
    let ours = queue_configuration(wanted).map_err(|problem| {
        CallFailed::unusable_answer("PutBucketNotificationConfiguration", bucket, problem)
    })?;
    let mut merged = notifications.without(&wanted.id);
    merged.0.queue_configurations.get_or_insert_default().push(ours);
    write(client, bucket, merged, Destinations::Tried).await
}

/// Writes the notifications back without the one of this name that goes to a queue.
///
/// S3 tries no receiver: one of somebody else's that is gone would keep ours in.
///
/// # Errors
///
/// When they were not written; the former ones then stay.
pub async fn take_out(
    client: &Client,
    bucket: &str,
    notifications: Notifications,
    id: &str,
) -> Result<(), CallFailed> {
    write(client, bucket, notifications.without(id), Destinations::Trusted).await
}

/// Whether S3 tries every receiver before it takes a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destinations {
    Tried,
    Trusted,
}

async fn write(
    client: &Client,
    bucket: &str,
    notifications: Notifications,
    destinations: Destinations,
) -> Result<(), CallFailed> {
    client
        .put_bucket_notification_configuration()
        .bucket(bucket)
        .notification_configuration(notifications.0)
        .skip_destination_validation(destinations == Destinations::Trusted)
        .send()
        .await
        .map(drop)
        .map_err(|error| CallFailed::new("PutBucketNotificationConfiguration", bucket, error))
}

fn notification(
    id: Option<&str>,
    receiver: Receiver,
    arn: &str,
    events: &[Event],
    filter: Option<&NotificationConfigurationFilter>,
) -> Notification {
    Notification {
        id: id.unwrap_or_default().to_owned(),
        receiver,
        arn: arn.to_owned(),
        events: events.iter().map(|event| event.as_str().to_owned()).collect(),
        keys: KeyFilter { prefix: rule(filter, "prefix"), suffix: rule(filter, "suffix") },
    }
}

/// S3 answers `Prefix` where `prefix` was written.
fn rule(filter: Option<&NotificationConfigurationFilter>, name: &str) -> String {
    filter
        .and_then(NotificationConfigurationFilter::key)
        .into_iter()
        .flat_map(S3KeyFilter::filter_rules)
        .find(|rule| rule.name().is_some_and(|one| one.as_str().eq_ignore_ascii_case(name)))
        .and_then(FilterRule::value)
        .unwrap_or_default()
        .to_owned()
}

fn queue_configuration(
    wanted: &Wanted,
) -> Result<QueueConfiguration, Box<dyn std::error::Error + Send + Sync>> {
    let rules = [
        (FilterRuleName::Prefix, &wanted.keys.prefix),
        (FilterRuleName::Suffix, &wanted.keys.suffix),
    ];
    let rules = rules
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| FilterRule::builder().name(name).value(value).build())
        .collect();
    let keys = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
    Ok(QueueConfiguration::builder()
        .id(&wanted.id)
        .queue_arn(&wanted.queue_arn)
        .events(Event::from(OBJECT_CREATED))
        .filter(NotificationConfigurationFilter::builder().key(keys).build())
        .build()?)
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::retry::RetryConfig;
    use aws_sdk_s3::operation::get_bucket_notification_configuration::{
        GetBucketNotificationConfigurationError as GetError,
        GetBucketNotificationConfigurationOutput as GetOutput,
    };
    use aws_sdk_s3::operation::put_bucket_notification_configuration::{
        PutBucketNotificationConfigurationError as PutError,
        PutBucketNotificationConfigurationOutput as PutOutput,
    };
    use aws_sdk_s3::types::{
        EventBridgeConfiguration, LambdaFunctionConfiguration, TopicConfiguration,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const BUCKET: &str = "customers-logs";
    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:theirs";
    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:theirs";

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn failure(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).build()
    }

    fn wanted() -> Wanted {
        Wanted {
            id: "llmwatch-quality-scorer".to_owned(),
            queue_arn: "arn:aws:sqs:us-east-1:123456789012:ours".to_owned(),
            keys: KeyFilter { prefix: "AWSLogs/".to_owned(), suffix: ".json.gz".to_owned() },
        }
    }

    /// A filter as S3 spells it in its answers.
    fn suffix(value: &str) -> NotificationConfigurationFilter {
        let rule = FilterRule::builder().name(FilterRuleName::from("Suffix")).value(value).build();
        let key = S3KeyFilter::builder().filter_rules(rule).build();
        NotificationConfigurationFilter::builder().key(key).build()
    }

    fn queue(id: &str, arn: &str) -> QueueConfiguration {
        QueueConfiguration::builder()
            .id(id)
            .queue_arn(arn)
            .events(Event::S3ObjectRemovedDelete)
            .build()
            .unwrap()
    }

    fn theirs() -> GetOutput {
        let topic = TopicConfiguration::builder()
            .id("topic")
            .topic_arn(TOPIC)
            .events(Event::from("s3:SomethingNew"))
            .build();
        let function = LambdaFunctionConfiguration::builder()
            .id("function")
            .lambda_function_arn(FUNCTION)
            .events(Event::S3ObjectCreatedPut)
            .filter(suffix(".png"))
            .build();
        GetOutput::builder()
            .queue_configurations(queue("queue", "arn:aws:sqs:us-east-1:123456789012:theirs"))
            .topic_configurations(topic.unwrap())
            .lambda_function_configurations(function.unwrap())
            .event_bridge_configuration(EventBridgeConfiguration::builder().build())
            .build()
    }

    fn whole(output: GetOutput) -> NotificationConfiguration {
        NotificationConfiguration::builder()
            .set_queue_configurations(output.queue_configurations)
            .set_topic_configurations(output.topic_configurations)
            .set_lambda_function_configurations(output.lambda_function_configurations)
            .set_event_bridge_configuration(output.event_bridge_configuration)
            .build()
    }

    async fn read_theirs() -> Notifications {
        let get = mock!(Client::get_bucket_notification_configuration)
            .match_requests(|request| request.bucket() == Some(BUCKET))
            .then_output(theirs);
        read(&client(&[&get]), BUCKET).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn every_kind_is_listed_with_its_filter_however_it_is_spelt() {
        let listed = read_theirs().await.list();
        let receivers: Vec<Receiver> = listed.iter().map(|one| one.receiver).collect();
        assert_eq!(receivers, [Receiver::Queue, Receiver::Topic, Receiver::Function]);
        assert_eq!(listed[1].events, ["s3:SomethingNew"]);
        let keys = KeyFilter { prefix: String::new(), suffix: ".png".to_owned() };
        assert_eq!((listed[2].arn.as_str(), &listed[2].keys), (FUNCTION, &keys));
    }

    #[tokio::test]
    async fn ours_is_merged_and_everything_of_the_customers_goes_back_as_it_came() {
        let mut expected = whole(theirs());
        let queues = expected.queue_configurations.get_or_insert_default();
        queues.push(queue_configuration(&wanted()).unwrap());
        let written = mock!(Client::put_bucket_notification_configuration)
            .match_requests(move |request| {
                request.notification_configuration() == Some(&expected)
                    && request.skip_destination_validation() == Some(false)
            })
            .then_output(|| PutOutput::builder().build());
        put(&client(&[&written]), BUCKET, read_theirs().await, &wanted()).await.unwrap();
        assert_eq!(written.num_calls(), 1);
    }

    #[tokio::test]
    async fn an_older_one_of_ours_does_not_stay_beside_the_new() {
        let older = queue(&wanted().id, "arn:aws:sqs:us-east-1:123456789012:former");
        let older = NotificationConfiguration::builder().queue_configurations(older).build();
        let written = mock!(Client::put_bucket_notification_configuration)
            .match_requests(|request| {
                let queues = request.notification_configuration().unwrap().queue_configurations();
                queues.len() == 1 && queues[0].queue_arn() == wanted().queue_arn
            })
            .then_output(|| PutOutput::builder().build());
        put(&client(&[&written]), BUCKET, Notifications(older), &wanted()).await.unwrap();
        assert_eq!(written.num_calls(), 1);
    }

    #[tokio::test]
    async fn taking_ours_out_leaves_the_customers_and_tries_nobody() {
        let mut with_ours = whole(theirs());
        let queues = with_ours.queue_configurations.get_or_insert_default();
        queues.push(queue_configuration(&wanted()).unwrap());
        let written = mock!(Client::put_bucket_notification_configuration)
            .match_requests(|request| {
                request.notification_configuration() == Some(&whole(theirs()))
                    && request.skip_destination_validation() == Some(true)
            })
            .then_output(|| PutOutput::builder().build());
        let client = client(&[&written]);
        take_out(&client, BUCKET, Notifications(with_ours), &wanted().id).await.unwrap();
        assert_eq!(written.num_calls(), 1);
    }

    #[tokio::test]
    async fn only_a_bucket_that_is_not_there_has_none() {
        let gone = mock!(Client::get_bucket_notification_configuration)
            .then_error(|| GetError::generic(failure("NoSuchBucket")));
        assert!(read(&client(&[&gone]), BUCKET).await.unwrap().is_none());
        let denied = mock!(Client::get_bucket_notification_configuration)
            .then_error(|| GetError::generic(failure("AccessDenied")));
        assert!(read(&client(&[&denied]), BUCKET).await.unwrap_err().is_denied());
    }

    #[tokio::test]
    async fn a_refused_write_names_the_bucket() {
        let refused = mock!(Client::put_bucket_notification_configuration)
            .then_error(|| PutError::generic(failure("InvalidArgument")));
        let error = put(&client(&[&refused]), BUCKET, read_theirs().await, &wanted()).await;
        let said = error.unwrap_err().explain();
        assert!(said.contains("customers-logs failed: InvalidArgument"), "{said}");
    }
}
