//! What a request is: its service, operation, Region and caller, read from the wire.

use axum::http::{HeaderMap, Method, Uri};

/// How a request and its answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Smithy RPC v2 CBOR.
    Cbor,
    /// awsJson 1.0 and 1.1.
    Json,
    /// The query protocol: a form in, XML out.
    Query,
    /// JSON with the operation in method and path.
    RestJson,
    /// S3's XML.
    RestXml,
}

/// One request, identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The service as faults and the recorder name it, for example `cloudwatch`.
    pub service: String,
    /// The operation, or `GET /path` where it is not known.
    pub operation: String,
    /// The Region of the SigV4 credential scope; empty when unsigned.
    pub region: String,
    /// The `app/<name>` part of the User-Agent; empty without one.
    pub caller: String,
    /// The invocation of the function that calls, by its trace; empty for any other caller.
    pub invocation: String,
    /// How the answer must be written.
    pub protocol: Protocol,
}

/// Reads what a request is. `body` is looked at only for the query protocol.
#[must_use]
pub fn identify(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Call {
    let scope = credential_scope(headers, uri);
    let (signed_service, region) = match &scope {
        Some((region, service)) => (service.as_str(), region.clone()),
        None => ("", String::new()),
    };
    let (service, operation, protocol) = operation(method, uri, headers, body, signed_service);
    let invocation = header(headers, "x-amzn-trace-id").unwrap_or_default().to_owned();
    Call { service, operation, region, caller: caller(headers), invocation, protocol }
}

fn operation(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    signed_service: &str,
) -> (String, String, Protocol) {
    let service = service_name(signed_service).to_owned();
    if let Some((target, operation)) = rpc_path(uri.path()) {
        return (target_service(target).unwrap_or(service), operation.to_owned(), Protocol::Cbor);
    }
    if let Some((target, operation)) =
        header(headers, "x-amz-target").and_then(|target| target.rsplit_once('.'))
    {
        return (target_service(target).unwrap_or(service), operation.to_owned(), Protocol::Json);
    }
    let is_form = header(headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if is_form && let Some(action) = form_value(body, "Action") {
        return (service, action, Protocol::Query);
    }
    match service.as_str() {
        "s3" | "" => {
            let service = if service.is_empty() { "unsigned".to_owned() } else { service };
            (service, s3_operation(method, uri), Protocol::RestXml)
        }
        "bedrock" | "lambda" | "bedrock-runtime" => {
            let operation = rest_operation(method, uri.path());
            let service = match operation.as_str() {
                "Converse" | "ConverseStream" | "InvokeModel" | "InvokeGuardrailChecks" => {
                    "bedrock-runtime".to_owned()
                }
                _ => service,
            };
            (service, operation, Protocol::RestJson)
        }
        _ => (service, format!("{method} {}", uri.path()), Protocol::RestJson),
    }
}

/// The value of a header, if it is text.
#[must_use]
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `(Region, signing name)` from `Authorization` or a presigned URL.
fn credential_scope(headers: &HeaderMap, uri: &Uri) -> Option<(String, String)> {
    let from_header = header(headers, "authorization")
        .and_then(|text| text.split_once("Credential="))
        .and_then(|(_, rest)| rest.split(',').next())
        .map(str::to_owned);
    let credential = from_header.or_else(|| {
        form_urlencoded::parse(uri.query()?.as_bytes())
            .find(|(name, _)| name.eq_ignore_ascii_case("x-amz-credential"))
            .map(|(_, value)| value.into_owned())
    })?;
    let mut parts = credential.trim().rsplit('/');
    let (_request, service, region) = (parts.next()?, parts.next()?, parts.next()?);
    Some((region.to_owned(), service.to_owned()))
}

fn caller(headers: &HeaderMap) -> String {
    ["x-amz-user-agent", "user-agent"]
        .iter()
        .filter_map(|name| header(headers, name))
        .flat_map(str::split_whitespace)
        .find_map(|part| part.strip_prefix("app/"))
        .unwrap_or_default()
        .to_owned()
}

fn rpc_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/service/")?;
    rest.split_once("/operation/")
}

fn service_name(signing: &str) -> &str {
    match signing {
        "monitoring" => "cloudwatch",
        "servicequotas" => "service-quotas",
        other => other,
    }
}

fn target_service(target: &str) -> Option<String> {
    let name = match target {
        "GraniteServiceVersion20100801" => "cloudwatch",
        "ServiceQuotasV20190624" => "service-quotas",
        "AWSSupport_20130415" => "support",
        "Comprehend_20171127" => "comprehend",
        "AmazonSSM" => "ssm",
        "AmazonSQS" => "sqs",
        "AWSEvents" => "events",
        _ if target.starts_with("DynamoDB_") => "dynamodb",
        _ if target.starts_with("Logs_") => "logs",
        _ => return None,
    };
    Some(name.to_owned())
}

fn form_value(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn s3_operation(method: &Method, uri: &Uri) -> String {
    let path = uri.path().trim_matches('/');
    let has_key = path.contains('/');
    let query = uri.query().unwrap_or_default();
    if let Some(part) = s3_subresource(query) {
        let verb = match method.as_str() {
            "GET" => "Get",
            "PUT" => "Put",
            "DELETE" => "Delete",
            _ => return format!("{method} /{path}?{query}"),
        };
        return format!("{verb}{part}");
    }
    let name = match (method.as_str(), has_key) {
        ("GET", true) => "GetObject",
        ("PUT", true) => "PutObject",
        ("HEAD", true) => "HeadObject",
        ("DELETE", true) => "DeleteObject",
        ("GET", false) if path.is_empty() => "ListBuckets",
        ("GET", false) if query.contains("list-type=2") => "ListObjectsV2",
        ("PUT", false) if query.is_empty() => "CreateBucket",
        ("HEAD", false) => "HeadBucket",
        ("DELETE", false) => "DeleteBucket",
        _ => return format!("{method} /{path}"),
    };
    name.to_owned()
}

/// The part of a bucket a request is about, as operations name it.
fn s3_subresource(query: &str) -> Option<&'static str> {
    let name = query.split('&').map(|part| part.split('=').next().unwrap_or(part));
    let named = |name: &str| match name {
        "encryption" => Some("BucketEncryption"),
        "lifecycle" => Some("BucketLifecycleConfiguration"),
        "location" => Some("BucketLocation"),
        "notification" => Some("BucketNotificationConfiguration"),
        "policy" => Some("BucketPolicy"),
        "publicAccessBlock" => Some("PublicAccessBlock"),
        "versioning" => Some("BucketVersioning"),
        _ => None,
    };
    name.into_iter().find_map(named)
}

/// The operation of a restJson request to Bedrock or Lambda.
fn rest_operation(method: &Method, path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let name = match (method.as_str(), parts.as_slice()) {
        ("GET", ["inference-profiles"]) => "ListInferenceProfiles",
        ("POST", ["inference-profiles"]) => "CreateInferenceProfile",
        ("GET", ["inference-profiles", ..]) => "GetInferenceProfile",
        ("DELETE", ["inference-profiles", ..]) => "DeleteInferenceProfile",
        ("GET", ["custom-models", _, ..]) => "GetCustomModel",
        ("GET", ["model-customization", "custom-model-deployments", _, ..]) => {
            "GetCustomModelDeployment"
        }
        ("GET", ["foundation-models"]) => "ListFoundationModels",
        ("GET", ["foundation-models", ..]) => "GetFoundationModel",
        ("GET", ["logging", "modelinvocations"]) => "GetModelInvocationLoggingConfiguration",
        ("PUT", ["logging", "modelinvocations"]) => "PutModelInvocationLoggingConfiguration",
        ("DELETE", ["logging", "modelinvocations"]) => "DeleteModelInvocationLoggingConfiguration",
        ("POST", ["model", .., "converse"]) => "Converse",
        ("POST", ["model", .., "converse-stream"]) => "ConverseStream",
        ("POST", ["model", .., "invoke"]) => "InvokeModel",
        ("POST", ["guardrail-checks", "invoke"]) => "InvokeGuardrailChecks",
        ("POST", [_, "functions", _, "invocations"]) => "Invoke",
        _ => return format!("{method} {path}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(
        method: &str,
        uri: &str,
        headers: &[(&'static str, &str)],
        body: &str,
        expected: &str,
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = identify(&method, &uri.parse().unwrap(), &map, body.as_bytes());
        let found = format!(
            "{}.{} {} {} {:?}",
            call.service, call.operation, call.region, call.caller, call.protocol
        );
        assert_eq!(found, expected);
    }

    fn signed(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    #[test]
    fn a_request_is_known_by_target_path_form_or_method() {
        let agent = ("user-agent", "aws-sdk-rust/1.3 app/alarm-updater lang/rust");
        let auth = signed("monitoring");
        check(
            "POST",
            "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            &[("authorization", &auth), agent],
            "",
            "cloudwatch.PutMetricData us-east-1 alarm-updater Cbor",
        );
        check(
            "POST",
            "/",
            &[("x-amz-target", "ServiceQuotasV20190624.GetServiceQuota")],
            "",
            "service-quotas.GetServiceQuota   Json",
        );
        let auth = signed("sns");
        check(
            "POST",
            "/",
            &[("authorization", &auth), ("content-type", "application/x-www-form-urlencoded")],
            "Action=Publish&Message=a",
            "sns.Publish us-east-1  Query",
        );
        let auth = signed("s3");
        check(
            "PUT",
            "/bucket/a/b",
            &[("authorization", &auth)],
            "",
            "s3.PutObject us-east-1  RestXml",
        );
        let auth = signed("bedrock");
        check(
            "GET",
            "/inference-profiles/us.a",
            &[("authorization", &auth)],
            "",
            "bedrock.GetInferenceProfile us-east-1  RestJson",
        );
        check(
            "POST",
            "/model/m/converse",
            &[("authorization", &auth)],
            "",
            "bedrock-runtime.Converse us-east-1  RestJson",
        );
        check(
            "POST",
            "/guardrail-checks/invoke",
            &[("authorization", &auth)],
            "",
            "bedrock-runtime.InvokeGuardrailChecks us-east-1  RestJson",
        );
        check(
            "POST",
            "/",
            &[("x-amz-target", "Comprehend_20171127.DetectSentiment")],
            "",
            "comprehend.DetectSentiment   Json",
        );
        let auth = signed("s3");
        for (method, uri, operation) in [
            ("PUT", "/bucket/?notification", "PutBucketNotificationConfiguration"),
            ("GET", "/bucket?list-type=2&prefix=policy", "ListObjectsV2"),
            ("GET", "/bucket/key?x-id=GetObject", "GetObject"),
        ] {
            let expected = format!("s3.{operation} us-east-1  RestXml");
            check(method, uri, &[("authorization", &auth)], "", &expected);
        }
        check(
            "GET",
            "/b/k?X-Amz-Credential=t%2F20260101%2Feu-west-1%2Fs3%2Faws4_request",
            &[],
            "",
            "s3.GetObject eu-west-1  RestXml",
        );
    }
}
