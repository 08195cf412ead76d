//! SNS: who is subscribed to the people's topic.

use aws_sdk_sns::Client;
use llmwatch_core::contact::Address;
use llmwatch_core::contact::plan::{Receiver, Status, Subscription};

use crate::CallFailed;

/// The protocol of a mailbox.
const MAIL: &str = "email";

/// What a listing has for the ARN of a subscription that waits for its confirmation.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html> for the word,
/// <https://github.com/localstack/localstack/pull/13666> for its place, read 2026-11-22. `Deleted`
/// is in no document, but is listed for a time after an unsubscribe
/// (<https://github.com/ansible/ansible/pull/20086>).
const PENDING: &str = "PendingConfirmation";

/// Every subscription of a topic, all pages.
///
/// # Errors
///
/// When any page could not be read.
pub async fn list(client: &Client, topic_arn: &str) -> Result<Vec<Subscription>, CallFailed> {
    let mut pages =
        client.list_subscriptions_by_topic().topic_arn(topic_arn).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| CallFailed::new("ListSubscriptionsByTopic", topic_arn, error))?;
        found.extend(page.subscriptions.unwrap_or_default().into_iter().map(subscription));
    }
    Ok(found)
}

/// Has SNS send somebody a mail with a link that confirms the subscription.
///
/// SNS has one subscription an address: for one that exists nothing changes, and one that is
/// pending gets another mail.
///
/// # Errors
///
/// When SNS refuses or cannot be reached. The error shows the address masked.
pub async fn ask(client: &Client, topic_arn: &str, address: &Address) -> Result<(), CallFailed> {
    client
        .subscribe()
        .topic_arn(topic_arn)
        .protocol(MAIL)
        .endpoint(address.expose())
        .send()
        .await
        .map(drop)
        .map_err(|error| CallFailed::new("Subscribe", address.to_string(), error))
}

/// Removes a confirmed subscription; one that does not exist is removed already.
///
/// # Errors
///
/// When SNS refuses or cannot be reached.
pub async fn remove(client: &Client, subscription_arn: &str) -> Result<(), CallFailed> {
    let removed = client.unsubscribe().subscription_arn(subscription_arn).send().await;
    match removed.map_err(|error| CallFailed::new("Unsubscribe", subscription_arn, error)) {
        Err(failed) if !failed.is_not_found() => Err(failed),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn subscription(listed: aws_sdk_sns::types::Subscription) -> Subscription {
    let mailbox = (listed.protocol.as_deref() == Some(MAIL))
        .then(|| Address::parse(&listed.endpoint.unwrap_or_default()))
        .flatten();
    let arn = listed.subscription_arn.unwrap_or_default();
    Subscription {
        receiver: mailbox.map_or(Receiver::Other, Receiver::Mailbox),
        status: match arn.as_str() {
            PENDING => Status::Pending,
            text if text.starts_with("arn:") => Status::Confirmed { arn },
            _ => Status::Over,
        },
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sns::config::retry::RetryConfig;
    use aws_sdk_sns::operation::list_subscriptions_by_topic::{
        ListSubscriptionsByTopicError, ListSubscriptionsByTopicOutput,
    };
    use aws_sdk_sns::operation::subscribe::{SubscribeError, SubscribeOutput};
    use aws_sdk_sns::operation::unsubscribe::{UnsubscribeError, UnsubscribeOutput};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_sns, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn failure(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).build()
    }

    fn page(token: Option<&'static str>, rows: Vec<[&'static str; 3]>, next: Option<&str>) -> Rule {
        let next = next.map(str::to_owned);
        mock!(Client::list_subscriptions_by_topic)
            .match_requests(move |request| {
                request.topic_arn() == Some(TOPIC) && request.next_token() == token
            })
            .then_output(move || {
                let rows = rows.iter().map(|[protocol, endpoint, arn]| {
                    aws_sdk_sns::types::Subscription::builder()
                        .protocol(*protocol)
                        .endpoint(*endpoint)
                        .subscription_arn(*arn)
                        .build()
                });
                ListSubscriptionsByTopicOutput::builder()
                    .set_subscriptions(Some(rows.collect()))
                    .set_next_token(next.clone())
                    .build()
            })
    }

    fn mailbox(text: &str, status: Status) -> Subscription {
        Subscription { receiver: Receiver::Mailbox(Address::parse(text).unwrap()), status }
    }

    #[tokio::test]
    async fn a_topic_is_listed_to_its_last_page_and_every_status_is_told_apart() {
        let confirmed = "arn:aws:sns:us-east-1:123456789012:alerts:1";
        let rows = vec![
            ["email", "ann@Example.com", confirmed],
            ["email", "bob@example.com", "PendingConfirmation"],
        ];
        let more = vec![
            ["email", "cyd@example.com", "Deleted"],
            ["email-json", "dan@example.com", confirmed],
            ["sqs", "arn:aws:sqs:us-east-1:123456789012:q", confirmed],
        ];
        let rules = [page(None, rows, Some("2")), page(Some("2"), more, None)];
        let found = list(&client(&rules.each_ref()), TOPIC).await.unwrap();
        let arn = || Status::Confirmed { arn: confirmed.to_owned() };
        let other = || Subscription { receiver: Receiver::Other, status: arn() };
        assert_eq!(
            found,
            [
                mailbox("ann@example.com", arn()),
                mailbox("bob@example.com", Status::Pending),
                mailbox("cyd@example.com", Status::Over),
                other(),
                other(),
            ]
        );
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_read_is_an_error_and_no_short_list() {
        let first = page(None, vec![["email", "a@example.com", "PendingConfirmation"]], Some("2"));
        let second = mock!(Client::list_subscriptions_by_topic)
            .match_requests(|request| request.next_token() == Some("2"))
            .then_error(|| ListSubscriptionsByTopicError::generic(failure("AuthorizationError")));
        let error = list(&client(&[&first, &second]), TOPIC).await.unwrap_err();
        assert!(error.is_denied() && error.explain().contains(TOPIC), "{}", error.explain());
    }

    #[tokio::test]
    async fn a_person_is_asked_by_mail() {
        let rule = mock!(Client::subscribe)
            .match_requests(|request| {
                request.topic_arn() == Some(TOPIC)
                    && request.protocol() == Some("email")
                    && request.endpoint() == Some("ann@example.com")
            })
            .then_output(|| SubscribeOutput::builder().build());
        let ann = Address::parse("ann@example.com").unwrap();
        ask(&client(&[&rule]), TOPIC, &ann).await.unwrap();
        assert_eq!(rule.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_person_who_could_not_be_asked_is_named_masked() {
        let rule = mock!(Client::subscribe)
            .then_error(|| SubscribeError::generic(failure("SubscriptionLimitExceeded")));
        let ann = Address::parse("ann@example.com").unwrap();
        let error = ask(&client(&[&rule]), TOPIC, &ann).await.unwrap_err().explain();
        assert!(error.starts_with("Subscribe of a***@example.com failed"), "{error}");
        assert!(!error.contains("ann@"), "{error}");
    }

    #[tokio::test]
    async fn a_subscription_that_is_gone_is_removed_already() {
        let done = mock!(Client::unsubscribe)
            .match_requests(|request| request.subscription_arn() == Some("arn:1"))
            .then_output(|| UnsubscribeOutput::builder().build());
        remove(&client(&[&done]), "arn:1").await.unwrap();
        let gone = mock!(Client::unsubscribe)
            .then_error(|| UnsubscribeError::generic(failure("NotFound")));
        remove(&client(&[&gone]), "arn:1").await.unwrap();
        let denied = mock!(Client::unsubscribe)
            .then_error(|| UnsubscribeError::generic(failure("AuthorizationError")));
        assert!(remove(&client(&[&denied]), "arn:1").await.unwrap_err().is_denied());
    }
}
