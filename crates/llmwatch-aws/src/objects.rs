//! S3: reading log objects as a stream, writing call records, listing.
//!
//! No multipart uploads: what llmwatch writes is far below the 5 GB one PUT takes.

use std::error::Error;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use jiff::Timestamp;

use crate::CallFailed;
use crate::time::timestamp;

/// How often a reading is taken up again where the connection broke.
///
/// The SDK retries a request, not the body that is already coming; an object of 200 MB takes long
/// enough for a connection to break.
const RESUMPTIONS: u32 = 3;

/// What is known of an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectFacts {
    /// Its key, as it is, not percent-encoded.
    pub key: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its ETag without the quotes: another content has another one, and redelivery has the same.
    pub etag: String,
    /// When it was written, to the second.
    pub last_modified: Option<Timestamp>,
}

/// The bytes of an object, as they come. At no time is more than a chunk of it in memory.
#[derive(Debug)]
pub struct ObjectBytes {
    client: Client,
    bucket: String,
    facts: ObjectFacts,
    body: ByteStream,
    read_bytes: u64,
    resumptions_left: u32,
}

/// What became of a write that must not overwrite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object is written.
    Written,
    /// There was an object of this key already; it is as it was.
    Existed,
}

/// The objects under a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In the order of their keys' bytes.
    pub objects: Vec<ObjectFacts>,
    /// Whether there are no more than these.
    pub is_complete: bool,
}

/// The facts of an object; `None` when it does not exist.
///
/// # Errors
///
/// When it cannot be told. A role that may not list the bucket is told "denied" of an object that
/// does not exist, too.
pub async fn head(
    client: &Client,
    bucket: &str,
    key: &str,
) -> Result<Option<ObjectFacts>, CallFailed> {
    let output = match client.head_object().bucket(bucket).key(key).send().await {
        Ok(output) => output,
        Err(error) => {
            let failed = head_failed(&place(bucket, key), error);
            return if failed.is_not_found() { Ok(None) } else { Err(failed) };
        }
    };
    Ok(Some(ObjectFacts {
        key: key.to_owned(),
        size_bytes: size(output.content_length),
        etag: without_quotes(output.e_tag),
        last_modified: output.last_modified.and_then(timestamp),
    }))
}

/// Begins to read an object; `None` when it does not exist.
///
/// # Errors
///
/// As [`head`].
pub async fn open(
    client: &Client,
    bucket: &str,
    key: &str,
) -> Result<Option<ObjectBytes>, CallFailed> {
    let output = match client.get_object().bucket(bucket).key(key).send().await {
        Ok(output) => output,
        Err(error) => {
            let failed = CallFailed::new("GetObject", place(bucket, key), error);
            return if failed.is_not_found() { Ok(None) } else { Err(failed) };
        }
    };
    let (facts, body) = opened(key, output);
    Ok(Some(ObjectBytes {
        client: client.clone(),
        bucket: bucket.to_owned(),
        facts,
        body,
        read_bytes: 0,
        resumptions_left: RESUMPTIONS,
    }))
}

impl ObjectBytes {
    /// What is known of the object.
    #[must_use]
    pub fn facts(&self) -> &ObjectFacts {
        &self.facts
    }

    /// The next bytes, at least one; `None` at the end.
    ///
    /// Where the connection breaks the reading is taken up there, of the same version of the
    /// object, so nothing comes twice and nothing is left out.
    ///
    /// # Errors
    ///
    /// When the bytes did not come, again and again, or the object was overwritten meanwhile. What
    /// was read before is right, but not all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallFailed> {
        loop {
            let problem: Box<dyn Error + Send + Sync> = match self.body.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(bytes)) => {
                    self.read_bytes += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                None if self.read_bytes == self.facts.size_bytes => return Ok(None),
                None => format!(
                    "the object ended after {} of {} bytes",
                    self.read_bytes, self.facts.size_bytes
                )
                .into(),
                Some(Err(problem)) => problem.into(),
            };
            if self.resumptions_left == 0 || self.read_bytes >= self.facts.size_bytes {
                let place = place(&self.bucket, &self.facts.key);
                return Err(CallFailed::unusable_answer("GetObject", place, problem));
            }
            self.resumptions_left -= 1;
            self.resume().await?;
        }
    }

    async fn resume(&mut self) -> Result<(), CallFailed> {
        let rest = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&self.facts.key)
            .range(format!("bytes={}-", self.read_bytes))
            .if_match(format!("\"{}\"", self.facts.etag))
            .send()
            .await
            .map_err(|error| {
                CallFailed::new("GetObject", place(&self.bucket, &self.facts.key), error)
            })?;
        self.body = rest.body;
        Ok(())
    }
}

/// Writes a gzip object whole, in place of one of the same key: writing the same again changes
/// nothing.
///
/// `Content-Encoding` is left out on purpose: clients that honour it would hand out the object
/// unpacked, while Athena goes by the key's `.gz`.
///
/// # Errors
///
/// When it was not written.
pub async fn put_gzip(
    client: &Client,
    bucket: &str,
    key: &str,
    body: Vec<u8>,
) -> Result<(), CallFailed> {
    client
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_type("application/gzip")
        .body(body.into())
        .send()
        .await
        .map_err(|error| CallFailed::new("PutObject", place(bucket, key), error))?;
    Ok(())
}

/// Writes a gzip object unless there is one of its key.
///
/// # Errors
///
/// When it was not written and there may be none. Two writers at the same instant may both be told
/// `ConditionalRequestConflict`; the next try tells.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.
pub async fn put_gzip_if_absent(
    client: &Client,
    bucket: &str,
    key: &str,
    body: Vec<u8>,
) -> Result<Put, CallFailed> {
    let put = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_type("application/gzip")
        .if_none_match("*")
        .body(body.into());
    match put.send().await {
        Ok(_) => Ok(Put::Written),
        Err(error) => {
            let failed = CallFailed::new("PutObject", place(bucket, key), error);
            if failed.code() == Some("PreconditionFailed") { Ok(Put::Existed) } else { Err(failed) }
        }
    }
}

/// The first objects under a prefix, at most so many, over as many pages as that takes.
///
/// # Errors
///
/// When any page could not be read.
pub async fn list(
    client: &Client,
    bucket: &str,
    prefix: &str,
    most: usize,
) -> Result<Listing, CallFailed> {
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
    let mut objects = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| CallFailed::new("ListObjectsV2", place(bucket, prefix), error))?;
        for object in page.contents.unwrap_or_default() {
            let Some(key) = object.key else { continue };
            if objects.len() == most {
                return Ok(Listing { objects, is_complete: false });
            }
            objects.push(ObjectFacts {
                key,
                size_bytes: size(object.size),
                etag: without_quotes(object.e_tag),
                last_modified: object.last_modified.and_then(timestamp),
            });
        }
    }
    Ok(Listing { objects, is_complete: true })
}

fn opened(key: &str, output: GetObjectOutput) -> (ObjectFacts, ByteStream) {
    let facts = ObjectFacts {
        key: key.to_owned(),
        size_bytes: size(output.content_length),
        etag: without_quotes(output.e_tag),
        last_modified: output.last_modified.and_then(timestamp),
    };
    (facts, output.body)
}

/// An answer to `HEAD` has no body, so the status is all there is to tell a refusal by.
fn head_failed(place: &str, error: SdkError<HeadObjectError, HttpResponse>) -> CallFailed {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let failed = CallFailed::new("HeadObject", place, error);
    match (failed.code(), status) {
        (None, Some(403)) => failed.with_code("Forbidden"),
        (None, Some(404)) => failed.with_code("NotFound"),
        (None, Some(503)) => failed.with_code("SlowDown"),
        _ => failed,
    }
}

fn place(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

fn size(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}

fn without_quotes(etag: Option<String>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests;
