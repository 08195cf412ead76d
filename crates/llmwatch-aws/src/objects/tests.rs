use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::types::Object;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;

use super::*;

fn client(rules: &[&Rule]) -> Client {
    mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules, |config| config
        .retry_config(RetryConfig::disabled()))
}

fn metadata(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).build()
}

async fn read(client: &Client) -> Result<String, CallFailed> {
    let mut bytes = open(client, "logs", "a/b.json.gz").await?.unwrap();
    let mut text = String::new();
    while let Some(chunk) = bytes.next().await? {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    Ok(text)
}

/// An object of ten bytes of which only so many come before the connection ends.
fn first_bytes(bytes: &'static str) -> Rule {
    mock!(Client::get_object).match_requests(|request| request.range().is_none()).then_output(
        move || {
            GetObjectOutput::builder()
                .content_length(10)
                .e_tag("\"e1\"")
                .body(ByteStream::from_static(bytes.as_bytes()))
                .build()
        },
    )
}

fn further_bytes(range: &'static str, bytes: &'static str) -> Rule {
    mock!(Client::get_object)
        .match_requests(move |request| {
            request.range() == Some(range) && request.if_match() == Some("\"e1\"")
        })
        .then_output(move || {
            GetObjectOutput::builder()
                .content_length(bytes.len() as i64)
                .e_tag("\"e1\"")
                .body(ByteStream::from_static(bytes.as_bytes()))
                .build()
        })
}

#[tokio::test]
async fn a_broken_reading_goes_on_where_it_broke() {
    let rules =
        [first_bytes("0123"), further_bytes("bytes=4-", "45"), further_bytes("bytes=6-", "6789")];
    assert_eq!(read(&client(&rules.each_ref())).await.unwrap(), "0123456789");
    let whole = first_bytes("0123456789");
    assert_eq!(read(&client(&[&whole])).await.unwrap(), "0123456789");
}

#[tokio::test]
async fn a_reading_that_does_not_get_on_is_given_up_and_never_taken_for_whole() {
    let rules = [first_bytes("0123"), further_bytes("bytes=4-", "")];
    let failed = read(&client(&rules.each_ref())).await.unwrap_err();
    assert_eq!(
        failed.explain(),
        "GetObject of s3://logs/a/b.json.gz failed: the object ended after 4 of 10 bytes"
    );
    assert_eq!(rules[1].num_calls(), RESUMPTIONS as usize);
}

#[tokio::test]
async fn an_object_overwritten_while_it_is_read_is_an_error() {
    let changed = mock!(Client::get_object)
        .match_requests(|request| request.range().is_some())
        .then_error(|| GetObjectError::generic(metadata("PreconditionFailed")));
    let failed = read(&client(&[&first_bytes("0123"), &changed])).await.unwrap_err();
    assert_eq!(failed.code(), Some("PreconditionFailed"));
}

#[tokio::test]
async fn missing_denied_and_throttled_are_told_apart() {
    let answer = |code: &'static str| {
        mock!(Client::get_object).then_error(move || GetObjectError::generic(metadata(code)))
    };
    let open = async |rule: Rule| open(&client(&[&rule]), "logs", "k").await;
    assert!(open(answer("NoSuchKey")).await.unwrap().is_none());
    assert!(open(answer("SlowDown")).await.unwrap_err().is_throttled());
    assert_eq!(open(answer("NoSuchBucket")).await.unwrap_err().code(), Some("NoSuchBucket"));
    let denied = open(answer("AccessDenied")).await.unwrap_err();
    assert!(denied.is_denied());
    assert!(denied.explain().contains("may not list the bucket"), "{}", denied.explain());
}

#[tokio::test]
async fn a_head_is_read_by_its_status_alone() {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    let answer = |status: u16| {
        mock!(Client::head_object).then_http_response(move || {
            HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty())
        })
    };
    let head = async |rule: Rule| head(&client(&[&rule]), "logs", "k").await;
    assert!(head(answer(404)).await.unwrap().is_none());
    assert!(head(answer(403)).await.unwrap_err().is_denied());
    assert!(head(answer(503)).await.unwrap_err().is_throttled());
    let found = head(mock!(Client::head_object).then_http_response(|| {
        let mut answer = HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::empty());
        answer.headers_mut().insert("content-length", "7");
        answer.headers_mut().insert("etag", "\"e1\"");
        answer.headers_mut().insert("last-modified", "Sun, 22 Nov 2026 06:00:00 GMT");
        answer
    }));
    let expected = ObjectFacts {
        key: "k".to_owned(),
        size_bytes: 7,
        etag: "e1".to_owned(),
        last_modified: Some("2026-11-22T06:00:00Z".parse().unwrap()),
    };
    assert_eq!(found.await.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_write_says_whether_it_overwrote() {
    let written = mock!(Client::put_object)
        .match_requests(|request| {
            request.content_type() == Some("application/gzip")
                && request.content_encoding().is_none()
        })
        .then_output(|| PutObjectOutput::builder().build());
    put_gzip(&client(&[&written]), "results", "k.gz", vec![1]).await.unwrap();
    let put = async |rule: &Rule| put_gzip_if_absent(&client(&[rule]), "r", "k", vec![1]).await;
    assert_eq!(put(&written).await.unwrap(), Put::Written);
    let answer = |code: &'static str| {
        mock!(Client::put_object)
            .match_requests(|request| request.if_none_match() == Some("*"))
            .then_error(move || PutObjectError::generic(metadata(code)))
    };
    assert_eq!(put(&answer("PreconditionFailed")).await.unwrap(), Put::Existed);
    let conflict = put(&answer("ConditionalRequestConflict")).await.unwrap_err();
    assert_eq!(conflict.code(), Some("ConditionalRequestConflict"));
}

#[tokio::test]
async fn a_listing_reads_all_pages_up_to_the_most_and_says_if_there_is_more() {
    let page = |token: Option<&'static str>, keys: &'static [&str], next: Option<&'static str>| {
        mock!(Client::list_objects_v2)
            .match_requests(move |request| {
                request.prefix() == Some("p/") && request.continuation_token() == token
            })
            .then_output(move || {
                let object = |key: &&str| Object::builder().key(*key).size(1).e_tag("\"e\"");
                ListObjectsV2Output::builder()
                    .set_contents(Some(keys.iter().map(|key| object(key).build()).collect()))
                    .is_truncated(next.is_some())
                    .set_next_continuation_token(next.map(str::to_owned))
                    .build()
            })
    };
    let rules = [page(None, &["p/1", "p/2"], Some("2")), page(Some("2"), &["p/3", "p/4"], None)];
    let list = async |most| {
        let listing = list(&client(&rules.each_ref()), "logs", "p/", most).await.unwrap();
        (listing.objects.len(), listing.is_complete)
    };
    assert_eq!(list(10).await, (4, true));
    assert_eq!(list(4).await, (4, true));
    assert_eq!(list(3).await, (3, false));
    assert_eq!(list(1).await, (1, false));
}
