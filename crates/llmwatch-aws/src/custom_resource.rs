//! Answering CloudFormation: whatever becomes of the work, exactly one answer is sent in time.

use std::future::Future;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use llmwatch_core::custom_resource::{CustomResourceRequest, Outcome};
use llmwatch_core::ids::StackPrefix;
use tokio::time::timeout;

use crate::http::{self, GivenUp, Patience, Retry};

/// How an answer is sent.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// Tries, the first included.
    pub attempts: u32,
    /// How long one try may take.
    pub attempt_timeout: Duration,
    /// The wait before the second try; it doubles with each further one.
    pub first_wait: Duration,
}

impl Delivery {
    /// Four tries with 0.5, 1 and 2 s between them: at most 19.5 s in all.
    pub const STANDARD: Self = Self {
        attempts: 4,
        attempt_timeout: Duration::from_secs(4),
        first_wait: Duration::from_millis(500),
    };

    /// The longest the delivery takes when every try times out.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let waits = 2_u32.saturating_pow(self.attempts.saturating_sub(1)).saturating_sub(1);
        self.attempt_timeout
            .saturating_mul(self.attempts)
            .saturating_add(self.first_wait.saturating_mul(waits))
    }
}

/// CloudFormation did not take the answer; Lambda is to run the event again.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation did not take the answer, tries made {tries}: {problem}")]
pub struct AnswerNotDelivered {
    tries: u32,
    problem: String,
}

/// Does the work of a request and answers it, once.
///
/// Work not done by the time the answer must leave is dropped and answered `FAILED`: a stack
/// without an answer hangs for an hour, and a stack that failed can be tried again.
/// `time_left` is what Lambda leaves this invocation.
///
/// # Errors
///
/// When the answer could not be delivered. The caller returns the error, so that Lambda repeats
/// the event; the work must be safe to repeat.
pub async fn answer(
    connector: &impl HttpConnector,
    delivery: &Delivery,
    request: &CustomResourceRequest,
    prefix: &StackPrefix,
    time_left: Duration,
    work: impl Future<Output = Outcome>,
) -> Result<(), AnswerNotDelivered> {
    let time_for_work = time_left.saturating_sub(delivery.longest());
    let outcome = timeout(time_for_work, work).await.unwrap_or_else(|_| {
        Outcome::Failed(format!(
            "not finished within {} s, so the stack operation is ended rather than left hanging; \
             try it again, and raise the function's timeout if it recurs",
            time_for_work.as_secs()
        ))
    });
    match &outcome {
        Outcome::Success(_) => tracing::info!(action = %request.action, "custom resource done"),
        Outcome::Failed(reason) => {
            tracing::error!(action = %request.action, reason, "custom resource failed: {reason}");
        }
    }
    deliver(connector, delivery, request, &request.answer(prefix, &outcome)).await
}

async fn deliver(
    connector: &impl HttpConnector,
    delivery: &Delivery,
    request: &CustomResourceRequest,
    body: &str,
) -> Result<(), AnswerNotDelivered> {
    let patience = Patience {
        attempts: delivery.attempts,
        attempt_timeout: delivery.attempt_timeout,
        first_wait: delivery.first_wait,
        longest_wait: Duration::MAX,
    };
    let retry = |answer: &HttpResponse| {
        if answer.status().is_client_error() { Retry::Useless } else { Retry::MayHelp }
    };
    let put = || put_request(request.response_url.expose(), body);
    let sent = http::send(connector, &patience, put, retry, async |_| ()).await;
    sent.map_err(|GivenUp { tries, problem }| AnswerNotDelivered { tries, problem })
}

/// The pre-signed URL is signed for an empty content type: any other is refused with 403.
fn put_request(url: &str, body: &str) -> Result<HttpRequest, String> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("PUT").map_err(|error| crate::chain(&error))?;
    // The URL carries a signature, so the parser's own words about it are left out.
    request.set_uri(url).map_err(|_| "ResponseURL is not a URL".to_owned())?;
    request.headers_mut().insert("content-type", "");
    Ok(request)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};
    use std::thread;

    use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use serde_json::{Value, json};

    use super::*;

    const AT_ONCE: Delivery = Delivery {
        attempts: 3,
        attempt_timeout: Duration::from_secs(5),
        first_wait: Duration::ZERO,
    };
    const AMPLE: Duration = Duration::from_secs(60);

    /// Answers each PUT with the next of its replies; `None` is a broken connection.
    #[derive(Debug, Clone)]
    struct Scripted {
        replies: Arc<Mutex<Vec<Option<u16>>>>,
        bodies: Arc<Mutex<Vec<Value>>>,
    }

    impl Scripted {
        fn new(replies: &[Option<u16>]) -> Self {
            let replies = replies.iter().rev().copied().collect();
            Self { replies: Arc::new(Mutex::new(replies)), bodies: Arc::default() }
        }

        fn bodies(&self) -> Vec<Value> {
            self.bodies.lock().unwrap().clone()
        }
    }

    impl HttpConnector for Scripted {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            assert_eq!(
                (request.method(), request.headers().get("content-type")),
                ("PUT", Some(""))
            );
            let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            self.bodies.lock().unwrap().push(body);
            HttpConnectorFuture::ready(match self.replies.lock().unwrap().pop().unwrap() {
                Some(status) => Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::empty())),
                None => Err(ConnectorError::io("connection reset".into())),
            })
        }
    }

    fn prefix() -> StackPrefix {
        StackPrefix::parse("llmwatch").unwrap()
    }

    fn request(url: &str) -> CustomResourceRequest {
        CustomResourceRequest::parse(&json!({
            "RequestType": "Create",
            "ResponseURL": url,
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/6b1f",
            "RequestId": "f3c8-11ee",
            "LogicalResourceId": "QuotaThresholds",
        }))
        .unwrap()
    }

    async fn done() -> Outcome {
        Outcome::Success(BTreeMap::from([("PoolCount", 3)]))
    }

    async fn answer_through(connector: &Scripted) -> Result<(), AnswerNotDelivered> {
        let request = request("https://bucket.s3.amazonaws.com/x?Signature=secret");
        answer(connector, &AT_ONCE, &request, &prefix(), AMPLE, done()).await
    }

    #[tokio::test]
    async fn d15_a_failed_put_is_repeated_until_it_is_taken() {
        let connector = Scripted::new(&[Some(503), None, Some(200)]);
        answer_through(&connector).await.unwrap();
        let bodies = connector.bodies();
        assert_eq!(bodies.len(), 3);
        assert!(bodies.iter().all(|body| body["Status"] == "SUCCESS" && *body == bodies[0]));
    }

    #[tokio::test]
    async fn d15_an_answer_never_taken_is_an_error_so_that_lambda_repeats_the_event() {
        let connector = Scripted::new(&[Some(503), Some(500), None]);
        let error = answer_through(&connector).await.unwrap_err().to_string();
        assert!(error.contains("tries made 3") && !error.contains("secret"), "{error}");
    }

    #[tokio::test]
    async fn a_refused_signature_is_not_repeated() {
        let connector = Scripted::new(&[Some(403)]);
        let error = answer_through(&connector).await.unwrap_err().to_string();
        assert!(error.contains("tries made 1: HTTP status 403"), "{error}");
    }

    #[tokio::test]
    async fn d15_work_that_would_outlast_lambda_is_answered_failed() {
        let connector = Scripted::new(&[Some(200)]);
        let request = request("https://bucket.s3.amazonaws.com/x");
        let never = std::future::pending();
        let no_time_for_work = AT_ONCE.longest();
        answer(&connector, &AT_ONCE, &request, &prefix(), no_time_for_work, never).await.unwrap();
        let body = &connector.bodies()[0];
        assert_eq!(body["Status"], "FAILED");
        assert!(
            body["Reason"].as_str().unwrap().contains("raise the function's timeout"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn the_real_connector_puts_to_a_plain_http_url() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            (head, serde_json::from_slice::<Value>(&body).unwrap())
        });
        let request = request(&format!("http://{address}/answer?Signature=a%2Bb"));
        answer(&http::connector(), &AT_ONCE, &request, &prefix(), AMPLE, done()).await.unwrap();
        let (head, body) = server.join().unwrap();
        assert!(head.starts_with("PUT /answer?Signature=a%2Bb HTTP/1.1\r\n"), "{head}");
        assert!(head.to_lowercase().contains("content-type: \r\n"), "{head}");
        assert_eq!(body["Data"], json!({"PoolCount": 3}));
    }
}
