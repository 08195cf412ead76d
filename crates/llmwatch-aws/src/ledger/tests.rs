use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;

use super::*;

type Item = HashMap<String, AttributeValue>;

fn now() -> Timestamp {
    "2026-11-21T02:45:55Z".parse().unwrap()
}

fn key() -> RowKey {
    RowKey { pk: "episode#e".into(), sk: "effect#mail".into() }
}

fn client(rule: &Rule) -> Client {
    mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[rule], |config| config
        .retry_config(RetryConfig::disabled()))
}

fn item(attributes: &[(&str, &str)]) -> Item {
    let text =
        |(name, value): &(&str, &str)| ((*name).to_owned(), AttributeValue::S((*value).to_owned()));
    key_attributes(&key()).into_iter().chain(attributes.iter().map(text)).collect()
}

fn condition_failed(row: Item) -> PutItemError {
    let meta = ErrorMetadata::builder().code("ConditionalCheckFailedException").build();
    PutItemError::ConditionalCheckFailedException(
        ConditionalCheckFailedException::builder().set_item(Some(row)).meta(meta).build(),
    )
}

async fn claimed(rule: &Rule) -> Claim<String> {
    claim(&client(rule), "table", &key(), now()).await.unwrap()
}

fn number_of<'a>(request: &'a PutItemInput, name: &str) -> Option<&'a str> {
    request.item()?.get(name)?.as_n().ok().map(String::as_str)
}

#[tokio::test]
async fn nobodys_effect_is_ours() {
    let rule = mock!(Client::put_item)
        .match_requests(|request| {
            let lease_ends = now() + LEASE;
            number_of(request, "lease_until") == Some(&lease_ends.as_second().to_string())
                && request.condition_expression().is_some_and(|condition| {
                    condition.contains("attribute_not_exists(pk)")
                        && condition.contains("#state = :intent AND lease_until < :now")
                })
        })
        .then_output(|| PutItemOutput::builder().build());
    assert_eq!(claimed(&rule).await, Claim::Ours);
}

#[tokio::test]
async fn an_intent_that_ran_out_is_abandoned() {
    let rule = mock!(Client::put_item).then_output(|| {
        PutItemOutput::builder().set_attributes(Some(item(&[("state", "intent")]))).build()
    });
    assert_eq!(claimed(&rule).await, Claim::Abandoned);
}

#[tokio::test]
async fn a_done_effect_gives_its_result() {
    let rule = mock!(Client::put_item)
        .then_error(|| condition_failed(item(&[("state", "done"), ("result", "\"message-1\"")])));
    assert_eq!(claimed(&rule).await, Claim::Done("message-1".to_owned()));
}

#[tokio::test]
async fn a_live_lease_is_held() {
    let rule =
        mock!(Client::put_item).then_error(|| condition_failed(item(&[("state", "intent")])));
    assert_eq!(claimed(&rule).await, Claim::Held);
}

#[tokio::test]
async fn a_result_that_cannot_be_read_is_an_error_and_never_a_claim() {
    let rule = mock!(Client::put_item)
        .then_error(|| condition_failed(item(&[("state", "done"), ("result", "no json")])));
    let failed = claim::<String>(&client(&rule), "table", &key(), now()).await.unwrap_err();
    assert!(failed.explain().contains("episode#e effect#mail"), "{}", failed.explain());
}

#[tokio::test]
async fn a_result_is_settled_with_its_time_to_live() {
    let rule = mock!(Client::put_item)
        .match_requests(|request| {
            let row = request.item().unwrap();
            let expires = (now() + RETENTION).as_second().to_string();
            text(row, "state") == Some("done")
                && text(row, "result") == Some("\"message-1\"")
                && number_of(request, "expires_at") == Some(&expires)
        })
        .then_output(|| PutItemOutput::builder().build());
    settle(&client(&rule), "table", &key(), &"message-1", now()).await.unwrap();
    assert_eq!(rule.num_calls(), 1);
}

#[tokio::test]
async fn a_write_names_the_version_it_read() {
    let first = mock!(Client::put_item)
        .match_requests(|request| {
            request.condition_expression() == Some("attribute_not_exists(pk)")
                && number_of(request, "version") == Some("1")
        })
        .then_output(|| PutItemOutput::builder().build());
    assert_eq!(
        write(&client(&first), "table", &key(), &"document", 0, now()).await.unwrap(),
        Written::Yes
    );
    let later = mock!(Client::put_item)
        .match_requests(|request| {
            let values = request.expression_attribute_values().unwrap();
            values[":version"] == AttributeValue::N("7".into())
                && number_of(request, "version") == Some("8")
        })
        .then_output(|| PutItemOutput::builder().build());
    assert_eq!(
        write(&client(&later), "table", &key(), &"document", 7, now()).await.unwrap(),
        Written::Yes
    );
}

#[tokio::test]
async fn a_lost_race_is_a_conflict_and_a_failed_call_is_not() {
    let lost = mock!(Client::put_item).then_error(|| condition_failed(item(&[])));
    let written = write(&client(&lost), "table", &key(), &"document", 7, now()).await;
    assert_eq!(written.unwrap(), Written::Conflict);
    let throttled = mock!(Client::put_item).then_error(|| {
        let code = "ProvisionedThroughputExceededException";
        PutItemError::generic(ErrorMetadata::builder().code(code).build())
    });
    let failed = write(&client(&throttled), "table", &key(), &"document", 7, now()).await;
    assert!(failed.unwrap_err().is_throttled());
}

#[tokio::test]
async fn a_row_is_read_with_its_version_and_no_row_is_none() {
    let row = mock!(Client::get_item)
        .match_requests(|request| request.consistent_read() == Some(true))
        .then_output(|| {
            let mut row = item(&[("document", "\"document\"")]);
            row.insert("version".into(), AttributeValue::N("7".into()));
            GetItemOutput::builder().set_item(Some(row)).build()
        });
    let read_row = read::<String>(&client(&row), "table", &key()).await.unwrap();
    assert_eq!(read_row, Some(Versioned { document: "document".into(), version: 7 }));
    let nothing = mock!(Client::get_item).then_output(|| GetItemOutput::builder().build());
    assert_eq!(read::<String>(&client(&nothing), "table", &key()).await.unwrap(), None);
}

#[tokio::test]
async fn every_document_of_a_partition_is_read_and_a_broken_one_hides_none() {
    let page = |after: Option<&'static str>, documents: &[&str], last: Option<&'static str>| {
        let items: Vec<Item> = documents.iter().map(|text| item(&[("document", text)])).collect();
        let at = |sk: &str| Item::from([("sk".to_owned(), AttributeValue::S(sk.to_owned()))]);
        let (after, last) = (after.map(at), last.map(at));
        mock!(Client::query)
            .match_requests(move |request| {
                let values = request.expression_attribute_values().unwrap();
                request.consistent_read() == Some(true)
                    && request.key_condition_expression() == Some("pk = :pk")
                    && values[":pk"] == AttributeValue::S("open".into())
                    && request.exclusive_start_key() == after.as_ref()
            })
            .then_output(move || {
                QueryOutput::builder()
                    .set_items(Some(items.clone()))
                    .set_last_evaluated_key(last.clone())
                    .build()
            })
    };
    let pages =
        [page(None, &["\"one\"", "no json"], Some("x")), page(Some("x"), &["\"two\""], None)];
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &pages.each_ref(), |config| {
        config.retry_config(RetryConfig::disabled())
    });
    let found = read_all::<String>(&client, "table", "open").await.unwrap();
    let readable: Vec<Option<&str>> = found.iter().map(|one| one.as_deref().ok()).collect();
    assert_eq!(readable, [Some("one"), None, Some("two")]);
}

#[tokio::test]
async fn an_effect_is_claimed_from_its_first_intent_on() {
    let intent = mock!(Client::get_item).then_output(|| {
        GetItemOutput::builder().set_item(Some(item(&[("state", "intent")]))).build()
    });
    assert!(is_claimed(&client(&intent), "table", &key()).await.unwrap());
    let nothing = mock!(Client::get_item).then_output(|| GetItemOutput::builder().build());
    assert!(!is_claimed(&client(&nothing), "table", &key()).await.unwrap());
}

#[tokio::test]
async fn amounts_are_added_together_while_each_has_room() {
    let rule = mock!(Client::update_item)
        .match_requests(|request| {
            let values = request.expression_attribute_values().unwrap();
            let number = |name: &str| values.get(name).and_then(|value| value.as_n().ok());
            request.update_expression()
                == Some("SET expires_at = :expires_at ADD calls :calls, tokens :tokens")
                && request.condition_expression()
                    == Some("(attribute_not_exists(calls) OR calls <= :room_calls)")
                && number(":calls").map(String::as_str) == Some("1")
                && number(":tokens").map(String::as_str) == Some("-40")
                && number(":room_calls").map(String::as_str) == Some("9")
        })
        .then_output(|| UpdateItemOutput::builder().build());
    assert!(add_up(&client(&rule), "table", &key(), &AMOUNTS, now()).await.unwrap());
}

#[tokio::test]
async fn an_amount_without_room_adds_nothing() {
    let rule = mock!(Client::update_item).then_error(|| {
        let meta = ErrorMetadata::builder().code("ConditionalCheckFailedException").build();
        UpdateItemError::ConditionalCheckFailedException(
            ConditionalCheckFailedException::builder().meta(meta).build(),
        )
    });
    assert!(!add_up(&client(&rule), "table", &key(), &AMOUNTS, now()).await.unwrap());
}

const AMOUNTS: [Amount; 2] = [
    Amount { name: "calls", add: 1, room: Some(9) },
    Amount { name: "tokens", add: -40, room: None },
];

#[tokio::test]
async fn what_takes_away_is_tried_once_only() {
    for (amounts, tries, end) in [(&AMOUNTS[..1], 2, Ok(true)), (&AMOUNTS[..], 1, Err(()))] {
        let rule = mock!(Client::update_item)
            .sequence()
            .http_status(503, None)
            .output(|| UpdateItemOutput::builder().build())
            .build();
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, &[&rule]);
        let added = add_up(&client, "table", &key(), amounts, now()).await;
        assert_eq!((rule.num_calls(), added.map_err(|_| ())), (tries, end));
    }
}
