//! Lambda: putting an event into a function's asynchronous queue.
//!
//! One signed POST, without aws-sdk-lambda: for its streamed answers, which nobody here reads, that
//! crate has every other SDK of the workspace built once more with event streams.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use jiff::Timestamp;
use tokio::time::timeout;

use crate::CallFailed;

/// What Lambda answers when the event is in the function's queue.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
const ACCEPTED: u16 = 202;

/// How long the call may take.
const PATIENCE: Duration = Duration::from_secs(10);

type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Hands an event over to a function; Lambda runs it, repeats it and parks it as any other.
///
/// # Errors
///
/// When Lambda did not take it: whether it did is then unknown only if the connection was cut.
pub async fn invoke_asynchronously(
    sdk: &SdkConfig,
    connector: &impl HttpConnector,
    function: &str,
    payload: &str,
    now: Timestamp,
) -> Result<(), CallFailed> {
    let failed = |problem: Problem| CallFailed::unusable_answer("Invoke", function, problem);
    let request = signed(sdk, function, payload, now.into()).await.map_err(failed)?;
    let answer = timeout(PATIENCE, connector.call(request))
        .await
        .map_err(|_| failed(format!("no answer in {} s", PATIENCE.as_secs()).into()))?
        .map_err(|error| failed(error.into()))?;
    let status = answer.status().as_u16();
    if status == ACCEPTED {
        return Ok(());
    }
    let code = answer.headers().get("x-amzn-errortype").unwrap_or("no error code");
    Err(failed(format!("HTTP status {status}, {code}").into()))
}

async fn signed(
    sdk: &SdkConfig,
    function: &str,
    payload: &str,
    now: SystemTime,
) -> Result<HttpRequest, Problem> {
    let region = sdk.region().ok_or("no Region is set; set AWS_REGION")?.as_ref();
    let provider = sdk.credentials_provider().ok_or("no credentials are set")?;
    let identity = provider.provide_credentials().await?.into();
    let endpoint = sdk.endpoint_url().map_or_else(|| endpoint(region), str::to_owned);
    let uri =
        format!("{}/2015-03-31/functions/{function}/invocations", endpoint.trim_end_matches('/'));
    let headers = [("content-type", "application/json"), ("x-amz-invocation-type", "Event")];
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("lambda")
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let body = SignableBody::Bytes(payload.as_bytes());
    let signable = SignableRequest::new("POST", &uri, headers.into_iter(), body)?;
    let (signature, _) = sign(signable, &parameters)?.into_parts();

    let mut request = HttpRequest::new(SdkBody::from(payload));
    request.set_method("POST")?;
    request.set_uri(uri)?;
    for (name, value) in headers.into_iter().chain(signature.headers()) {
        request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
    }
    Ok(request)
}

/// Source: <https://docs.aws.amazon.com/general/latest/gr/lambda-service.html>.
fn endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://lambda.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_config::Region;
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

    use super::*;

    #[derive(Debug, Clone)]
    struct Answers {
        status: u16,
        seen: Arc<Mutex<Option<HttpRequest>>>,
    }

    impl HttpConnector for Answers {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            *self.seen.lock().unwrap() = Some(request);
            let mut answer = HttpResponse::new(self.status.try_into().unwrap(), SdkBody::empty());
            answer.headers_mut().insert("x-amzn-errortype", "AccessDeniedException");
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    async fn invoke(region: &'static str, status: u16) -> (Result<(), String>, HttpRequest) {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let sdk = SdkConfig::builder()
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let connector = Answers { status, seen: Arc::default() };
        let now = "2026-11-21T10:17:05Z".parse().unwrap();
        let sent = invoke_asynchronously(&sdk, &connector, "f", "{}", now).await;
        let request = connector.seen.lock().unwrap().take().unwrap();
        (sent.map_err(|failed| crate::chain(&failed)), request)
    }

    #[tokio::test]
    async fn an_event_is_posted_signed_and_asynchronously() {
        let (sent, request) = invoke("us-east-1", 202).await;
        assert_eq!(sent, Ok(()));
        assert_eq!(
            request.uri(),
            "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/f/invocations"
        );
        assert_eq!(request.headers().get("x-amz-invocation-type"), Some("Event"));
        assert_eq!(request.body().bytes(), Some("{}".as_bytes()));
        let signature = request.headers().get("authorization").unwrap();
        assert!(signature.contains("/20261121/us-east-1/lambda/aws4_request"), "{signature}");
        assert!(signature.contains("content-type;host;x-amz-date;x-amz-invocation-type"));
        let (_, request) = invoke("cn-north-1", 202).await;
        assert!(request.uri().starts_with("https://lambda.cn-north-1.amazonaws.com.cn/"));
    }

    #[tokio::test]
    async fn anything_but_accepted_is_a_failure_with_its_code() {
        for status in [200, 403, 429, 500] {
            let (sent, _) = invoke("us-east-1", status).await;
            let problem = sent.unwrap_err();
            assert!(problem.contains(&format!("HTTP status {status}, AccessDenied")), "{problem}");
        }
    }
}
