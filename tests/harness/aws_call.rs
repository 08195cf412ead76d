//! Calls to the local endpoint in the wire formats AWS speaks, without an SDK.

use std::time::Duration;

use serde_json::Value;

use crate::broken::Broken;
use crate::xml;

/// The Region every test runs in.
pub const REGION: &str = "us-east-1";

/// The account the local AWS stands for.
pub const ACCOUNT: &str = "000000000000";

/// A service with the JSON protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonService {
    /// CloudWatch, over its JSON protocol.
    CloudWatch,
    /// Service Quotas.
    ServiceQuotas,
    /// AWS Support.
    Support,
    /// Parameter Store.
    Ssm,
    /// DynamoDB.
    DynamoDb,
    /// SQS.
    Sqs,
    /// EventBridge.
    EventBridge,
    /// CloudWatch Logs.
    Logs,
    /// Secrets Manager.
    SecretsManager,
    /// Step Functions.
    StepFunctions,
}

impl JsonService {
    /// The signing name, the prefix of `X-Amz-Target`, and the JSON version.
    const fn wire(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::CloudWatch => ("monitoring", "GraniteServiceVersion20100801", "1.0"),
            Self::ServiceQuotas => ("servicequotas", "ServiceQuotasV20190624", "1.1"),
            Self::Support => ("support", "AWSSupport_20130415", "1.1"),
            Self::Ssm => ("ssm", "AmazonSSM", "1.1"),
            Self::DynamoDb => ("dynamodb", "DynamoDB_20120810", "1.0"),
            Self::Sqs => ("sqs", "AmazonSQS", "1.0"),
            Self::EventBridge => ("events", "AWSEvents", "1.1"),
            Self::Logs => ("logs", "Logs_20140328", "1.1"),
            Self::SecretsManager => ("secretsmanager", "secretsmanager", "1.1"),
            Self::StepFunctions => ("states", "AWSStepFunctions", "1.0"),
        }
    }
}

/// A service with the query protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryService {
    /// CloudFormation.
    CloudFormation,
    /// SNS.
    Sns,
}

impl QueryService {
    const fn wire(self) -> (&'static str, &'static str) {
        match self {
            Self::CloudFormation => ("cloudformation", "2010-05-15"),
            Self::Sns => ("sns", "2010-03-31"),
        }
    }
}

/// What a function answered to a synchronous invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Invoked {
    /// Its result.
    Returned(Value),
    /// Its error document.
    Failed(Value),
}

/// The local endpoint, spoken to as AWS.
#[derive(Debug, Clone)]
pub struct AwsCalls {
    agent: ureq::Agent,
    endpoint: String,
}

impl AwsCalls {
    /// Speaks to this endpoint, for example `http://127.0.0.1:4566`.
    #[must_use]
    pub fn new(endpoint: String) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(180)))
            .build()
            .into();
        Self { agent, endpoint }
    }

    /// The endpoint's URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Calls an operation of a JSON service.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer, refuses, or answers with something that is not JSON.
    pub fn json(
        &self,
        service: JsonService,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Broken> {
        let (signing_name, target, version) = service.wire();
        let call = format!("{signing_name} {operation}");
        let request = self
            .agent
            .post(format!("{}/", self.endpoint))
            .header("Authorization", authorization(signing_name))
            .header("X-Amz-Target", format!("{target}.{operation}"))
            .header("Content-Type", format!("application/x-amz-json-{version}"));
        let body = accepted(&call, request.send(input.to_string()))?;
        if body.is_empty() { Ok(Value::Null) } else { parsed(&call, &body) }
    }

    /// Calls an operation of a query service; the answer is XML.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer or refuses.
    pub fn query(
        &self,
        service: QueryService,
        operation: &str,
        parameters: &[(String, String)],
    ) -> Result<String, Broken> {
        let (signing_name, version) = service.wire();
        let fixed = [("Action", operation), ("Version", version)];
        let form = fixed
            .into_iter()
            .chain(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = self
            .agent
            .post(format!("{}/", self.endpoint))
            .header("Authorization", authorization(signing_name));
        accepted(&format!("{signing_name} {operation}"), request.send_form(form))
    }

    /// Calls a query operation and gives the text of one element of the answer.
    ///
    /// # Errors
    ///
    /// As [`Self::query`], and when the answer lacks the element.
    pub fn query_text(
        &self,
        service: QueryService,
        operation: &str,
        parameters: &[(String, String)],
        element: &'static str,
    ) -> Result<String, Broken> {
        let body = self.query(service, operation, parameters)?;
        xml::text(&body, element).ok_or(Broken::Unexpected {
            call: operation.to_owned(),
            expected: element,
            body,
        })
    }

    /// Creates a bucket, or does nothing where it exists.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer or refuses.
    pub fn create_bucket(&self, bucket: &str) -> Result<(), Broken> {
        let request = self
            .agent
            .put(format!("{}/{bucket}", self.endpoint))
            .header("Authorization", authorization("s3"));
        accepted("s3 CreateBucket", request.send_empty()).map(drop)
    }

    /// Stores an object.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer or refuses.
    pub fn put_object(&self, bucket: &str, key: &str, content: &[u8]) -> Result<(), Broken> {
        let request = self
            .agent
            .put(format!("{}/{bucket}/{key}", self.endpoint))
            .header("Authorization", authorization("s3"));
        accepted("s3 PutObject", request.send(content)).map(drop)
    }

    /// An object's content.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer or refuses.
    pub fn get_object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Broken> {
        let url = format!("{}/{bucket}/{key}", self.endpoint);
        let request = self.agent.get(url).header("Authorization", authorization("s3"));
        let unreachable = |error: ureq::Error| Broken::Unexpected {
            call: "s3 GetObject".to_owned(),
            expected: "the object",
            body: error.to_string(),
        };
        request.call().map_err(unreachable)?.body_mut().read_to_vec().map_err(unreachable)
    }

    /// Calls an operation that method and path name, of a service such as `s3` or `bedrock`; the
    /// answer is JSON or XML.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer or refuses.
    pub fn rest(
        &self,
        service: &str,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<String, Broken> {
        let url = format!("{}{path}", self.endpoint);
        let signature = ("Authorization", authorization(service));
        let answer = match method {
            Method::Get => self.agent.get(url).header(signature.0, signature.1).call(),
            Method::Post => self.agent.post(url).header(signature.0, signature.1).send(body),
            Method::Put => self.agent.put(url).header(signature.0, signature.1).send(body),
            Method::Delete => self.agent.delete(url).header(signature.0, signature.1).call(),
        };
        accepted(&format!("{service} {path}"), answer)
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    ///
    /// When the function cannot be invoked; an error it answers is [`Invoked::Failed`].
    pub fn invoke(&self, function: &str, event: &Value) -> Result<Invoked, Broken> {
        let call = format!("lambda Invoke {function}");
        let response = self.invocation(function, "RequestResponse").send(event.to_string());
        let response = response.map_err(no_answer(&call))?;
        let failed = response.headers().contains_key("x-amz-function-error");
        let body = accepted(&call, Ok(response))?;
        let document = if body.is_empty() { Value::Null } else { parsed(&call, &body)? };
        Ok(if failed { Invoked::Failed(document) } else { Invoked::Returned(document) })
    }

    /// Puts an event into a function's asynchronous queue.
    ///
    /// # Errors
    ///
    /// When the queue does not take it.
    pub fn invoke_asynchronously(&self, function: &str, event: &Value) -> Result<(), Broken> {
        let call = format!("lambda Invoke {function}");
        accepted(&call, self.invocation(function, "Event").send(event.to_string())).map(drop)
    }

    /// Calls a path of the endpoint that is no AWS operation: the control API.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer, refuses, or answers with something that is not JSON.
    pub fn control(&self, method: Method, path: &str, input: &Value) -> Result<Value, Broken> {
        let call = format!("control {path}");
        let url = format!("{}{path}", self.endpoint);
        let answer = match method {
            Method::Get => self.agent.get(url).call(),
            Method::Post => self.agent.post(url).send_json(input),
            Method::Put => self.agent.put(url).send_json(input),
            Method::Delete => self.agent.delete(url).call(),
        };
        let body = accepted(&call, answer)?;
        if body.is_empty() { Ok(Value::Null) } else { parsed(&call, &body) }
    }

    fn invocation(
        &self,
        function: &str,
        kind: &str,
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        self.agent
            .post(format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint))
            .header("Authorization", authorization("lambda"))
            .header("X-Amz-Invocation-Type", kind)
    }
}

/// An HTTP method of the control API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Acts.
    Post,
    /// Sets.
    Put,
    /// Removes.
    Delete,
}

/// A SigV4 header whose scope says service and Region; the local AWS checks no signature.
fn authorization(signing_name: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{signing_name}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

fn no_answer(call: &str) -> impl FnOnce(ureq::Error) -> Broken {
    move |source| Broken::NoAnswer { call: call.to_owned(), source: Box::new(source) }
}

fn accepted(
    call: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<String, Broken> {
    let mut response = answer.map_err(no_answer(call))?;
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(256 * 1024 * 1024)
        .read_to_string()
        .map_err(no_answer(call))?;
    if (200..300).contains(&status) {
        Ok(body)
    } else {
        Err(Broken::Refused { call: call.to_owned(), status, body })
    }
}

fn parsed(call: &str, body: &str) -> Result<Value, Broken> {
    serde_json::from_str(body).map_err(|_| Broken::Unexpected {
        call: call.to_owned(),
        expected: "JSON",
        body: body.to_owned(),
    })
}
