//! OTLP over HTTP: posting a request of spans to a backend.
//!
//! What the request holds, and what the answer means, is `llmwatch-quality`'s to say.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use crate::http::{self, Patience, Retry};

/// Three tries, at most 21 s in all: whoever waits for scores waits for this too.
pub const PATIENCE: Patience = Patience {
    attempts: 3,
    attempt_timeout: Duration::from_secs(5),
    first_wait: Duration::from_millis(500),
    longest_wait: Duration::from_secs(3),
};

/// The backend did not take the request.
#[derive(Debug, thiserror::Error)]
#[error("no spans are taken by {host}, tries made {tries}: {problem}")]
pub struct NotTaken {
    host: String,
    tries: u32,
    problem: String,
}

/// Posts a gzipped `ExportTraceServiceRequest`; gives the answer's body.
///
/// Tried again as OTLP says: after 429, 502, 503 and 504, for as long as `Retry-After` asks where
/// that is short, and after a broken connection. Spans of the same ids are the same spans, so that
/// one posted twice is none too many. Source: <https://opentelemetry.io/docs/specs/otlp/#failures-1>.
///
/// # Errors
///
/// When no try was taken. The message holds neither headers nor the answer.
pub async fn post(
    connector: &impl HttpConnector,
    patience: &Patience,
    url: &str,
    headers: &[(&str, &str)],
    gzipped: &[u8],
) -> Result<Vec<u8>, NotTaken> {
    // An answer that cannot be read says nothing of what was taken.
    let read = async |mut answer: HttpResponse| {
        let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
        let body = ByteStream::new(body).collect().await;
        body.map(|body| body.to_vec()).unwrap_or_default()
    };
    let request = || request(url, headers, gzipped);
    let sent = http::send(connector, patience, request, retry, read).await;
    sent.map_err(|given_up| NotTaken {
        host: host(url),
        tries: given_up.tries,
        problem: given_up.problem,
    })
}

fn retry(response: &HttpResponse) -> Retry {
    match response.status().as_u16() {
        429 | 502..=504 => {
            let seconds = response.headers().get("retry-after").and_then(|text| text.parse().ok());
            seconds.map_or(Retry::MayHelp, |seconds| Retry::After(Duration::from_secs(seconds)))
        }
        _ => Retry::Useless,
    }
}

fn request(url: &str, headers: &[(&str, &str)], gzipped: &[u8]) -> Result<HttpRequest, String> {
    let ours = [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")];
    let mut request = HttpRequest::new(SdkBody::from(gzipped));
    request.set_method("POST").map_err(|error| crate::chain(&error))?;
    request.set_uri(url).map_err(|_| "the address is no URL".to_owned())?;
    for (name, value) in ours.iter().chain(headers) {
        // The parser's own words would repeat a header's value, which may be a key.
        let inserted = request.headers_mut().try_insert((*name).to_owned(), (*value).to_owned());
        inserted.map_err(|_| "a header cannot be sent".to_owned())?;
    }
    Ok(request)
}

/// The host alone: some backends take their key in the path.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;

    const AT_ONCE: Patience = Patience {
        attempts: 3,
        attempt_timeout: Duration::from_secs(5),
        first_wait: Duration::ZERO,
        longest_wait: Duration::from_secs(3),
    };
    const URL: &str = "https://api.example.com/key-in-path/v1/traces";

    /// A status, with the seconds of `Retry-After`; `None` is a broken connection.
    type Answer = Option<(u16, Option<&'static str>)>;

    #[derive(Debug, Clone)]
    struct Backend {
        answers: Arc<Mutex<Vec<Answer>>>,
        seen: Arc<Mutex<Vec<HttpRequest>>>,
    }

    impl HttpConnector for Backend {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.seen.lock().unwrap().push(request);
            let answer = self.answers.lock().unwrap().remove(0);
            HttpConnectorFuture::ready(match answer {
                Some((status, after)) => {
                    let mut answer =
                        HttpResponse::new(status.try_into().unwrap(), SdkBody::from("answer"));
                    if let Some(after) = after {
                        answer.headers_mut().insert("retry-after", after);
                    }
                    Ok(answer)
                }
                None => Err(ConnectorError::io("connection reset".into())),
            })
        }
    }

    async fn posted(answers: &[Answer]) -> (Result<Vec<u8>, String>, Vec<HttpRequest>) {
        let backend =
            Backend { answers: Arc::new(Mutex::new(answers.to_vec())), seen: Arc::default() };
        let headers = [("api-key", "k-123")];
        let sent = post(&backend, &AT_ONCE, URL, &headers, b"spans").await;
        let seen = std::mem::take(&mut *backend.seen.lock().unwrap());
        (sent.map_err(|error| error.to_string()), seen)
    }

    #[tokio::test]
    async fn a_request_is_posted_as_packed_protobuf_with_the_headers() {
        let (sent, seen) = posted(&[Some((200, None))]).await;
        assert_eq!(sent.unwrap(), b"answer");
        let [request] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((request.method(), request.uri()), ("POST", URL));
        let header = |name| request.headers().get(name);
        assert_eq!(header("content-type"), Some("application/x-protobuf"));
        assert_eq!(header("content-encoding"), Some("gzip"));
        assert_eq!(header("api-key"), Some("k-123"));
        assert_eq!(request.body().bytes(), Some(b"spans".as_slice()));
    }

    #[tokio::test]
    async fn what_passes_is_tried_again() {
        for passing in [Some((429, Some("0"))), Some((503, None)), Some((502, None)), None] {
            let (sent, seen) = posted(&[passing, Some((200, None))]).await;
            assert!(sent.is_ok() && seen.len() == 2, "{passing:?}");
        }
        let (sent, seen) = posted(&[None, None, None]).await;
        assert!(sent.unwrap_err().contains("tries made 3") && seen.len() == 3);
    }

    #[tokio::test]
    async fn what_stays_is_not() {
        for status in [400, 401, 403, 404, 413, 500] {
            let (sent, seen) = posted(&[Some((status, None))]).await;
            let problem = sent.unwrap_err();
            assert_eq!(seen.len(), 1, "{status}");
            assert!(problem.contains(&format!("HTTP status {status}")), "{problem}");
            assert!(!problem.contains("k-123") && !problem.contains("key-in-path"), "{problem}");
        }
        let (_, seen) = posted(&[Some((429, Some("60")))]).await;
        assert_eq!(seen.len(), 1, "a minute is too long to wait for");
    }
}
