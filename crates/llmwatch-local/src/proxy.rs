//! The reverse proxy before ministack, for every service not served here.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Method, Response, Uri};
use bytes::Bytes;
use serde_json::Value;

use crate::call::Call;
use crate::world::Place;

/// Headers that belong to one connection, not to the message.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The ministack behind this endpoint.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: reqwest::Client,
    origin: String,
}

/// ministack's answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers without those of the connection.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Upstream {
    /// A ministack on a port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be built.
    pub fn new(port: u16) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, origin: format!("http://127.0.0.1:{port}") })
    }

    /// Passes a request on and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// When ministack cannot be reached or cuts the answer.
    pub async fn forward(
        &self,
        method: Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Answer, reqwest::Error> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = without_connection(headers);
        headers.remove("content-length");
        // The host stays: S3 reads the bucket from it, API Gateway the stage.
        let request = self
            .client
            .request(method, format!("{}{path}", self.origin))
            .headers(headers)
            .body(body);
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let headers = without_connection(answer.headers());
        Ok(Answer { status, headers, body: answer.bytes().await? })
    }

    /// Calls ministack as this endpoint itself; `target` makes it awsJson, else it is a form.
    ///
    /// # Errors
    ///
    /// When ministack cannot be reached.
    pub async fn post(
        &self,
        service: &str,
        place: &Place,
        target: Option<&str>,
        body: String,
    ) -> Result<(u16, String), reqwest::Error> {
        let credential = format!("test/20260101/{}/{service}/aws4_request", place.region);
        let mut request = self
            .client
            .post(format!("{}/", self.origin))
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
                ),
            )
            .body(body);
        request = match target {
            Some(target) => request
                .header("content-type", "application/x-amz-json-1.1")
                .header("x-amz-target", target),
            None => request.header("content-type", "application/x-www-form-urlencoded"),
        };
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

impl Answer {
    /// The answer for the caller. To `HEAD` the length of the body that is not sent is kept.
    #[must_use]
    pub fn into_response(self) -> Response<Body> {
        let mut builder = Response::builder().status(self.status);
        if let Some(headers) = builder.headers_mut() {
            *headers = self.headers;
        }
        builder.body(Body::from(self.body)).unwrap_or_default()
    }

    /// AWS's error code, where the answer is a refusal and says it.
    #[must_use]
    pub fn error_code(&self) -> Option<String> {
        if self.status < 400 {
            return None;
        }
        let typed = self.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let json: Option<Value> = serde_json::from_slice(&self.body).ok();
        let from_json = json
            .as_ref()
            .and_then(|json| json.get("__type").or(json.get("code")))
            .and_then(Value::as_str);
        let text = String::from_utf8_lossy(&self.body);
        let from_xml = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"))
            .map(|(code, _)| code);
        let code = typed.or(from_json).or(from_xml)?;
        let code = code.split(':').next().unwrap_or(code);
        Some(code.rsplit('#').next().unwrap_or(code).to_owned())
    }
}

fn without_connection(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| !is_hop_by_hop(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        })
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str())
}

/// Divides the delays of messages on their way to SQS, and of tries a consumer puts off; anything
/// else stays as it is.
///
/// A delay above 0 stays at least 1 second, so that a delayed message is still delivered later.
#[must_use]
pub fn shorten_delays(call: &Call, body: Bytes, divisor: u32) -> Bytes {
    let delays = matches!(
        call.operation.as_str(),
        "SendMessage" | "SendMessageBatch" | "ChangeMessageVisibility"
    );
    if divisor <= 1 || call.service != "sqs" || !delays {
        return body;
    }
    let Ok(mut message) = serde_json::from_slice::<Value>(&body) else { return body };
    shorten(&mut message, divisor);
    if let Some(entries) = message.get_mut("Entries").and_then(Value::as_array_mut) {
        for entry in entries {
            shorten(entry, divisor);
        }
    }
    Bytes::from(message.to_string())
}

fn shorten(message: &mut Value, divisor: u32) {
    for member in ["DelaySeconds", "VisibilityTimeout"] {
        if let Some(delay) = message.get(member).and_then(Value::as_u64) {
            message[member] = Value::from(delay.div_ceil(u64::from(divisor)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::call::Protocol;

    use super::*;

    fn check(operation: &str, body: &str, divisor: u32, expected: &str) {
        let call = Call {
            service: "sqs".to_owned(),
            operation: operation.to_owned(),
            region: String::new(),
            caller: String::new(),
            invocation: String::new(),
            protocol: Protocol::Json,
        };
        let body = shorten_delays(&call, Bytes::from(body.to_owned()), divisor);
        assert_eq!(body, expected);
    }

    #[test]
    fn delays_are_divided_and_never_vanish() {
        check("SendMessage", r#"{"DelaySeconds":600}"#, 60, r#"{"DelaySeconds":10}"#);
        check("SendMessage", r#"{"DelaySeconds":5}"#, 60, r#"{"DelaySeconds":1}"#);
        check("SendMessage", r#"{"DelaySeconds":0}"#, 60, r#"{"DelaySeconds":0}"#);
        check("SendMessage", r#"{"DelaySeconds":600}"#, 1, r#"{"DelaySeconds":600}"#);
        check(
            "SendMessageBatch",
            r#"{"Entries":[{"DelaySeconds":90}]}"#,
            30,
            r#"{"Entries":[{"DelaySeconds":3}]}"#,
        );
        check("ReceiveMessage", r#"{"DelaySeconds":600}"#, 60, r#"{"DelaySeconds":600}"#);
    }

    #[test]
    fn error_codes_are_read_from_every_protocol() {
        let code = |body: &'static str| {
            let answer = Answer { status: 400, headers: HeaderMap::new(), body: Bytes::from(body) };
            answer.error_code().unwrap_or_default()
        };
        assert_eq!(
            code(r#"{"__type":"com.amazonaws.ssm#ParameterNotFound"}"#),
            "ParameterNotFound"
        );
        assert_eq!(code("<Error><Code>NoSuchKey</Code></Error>"), "NoSuchKey");
        assert_eq!(code("no idea"), "");
    }
}
