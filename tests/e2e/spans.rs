//! Calls as spans: from a log object to a backend of OTLP over HTTP, without what is secret, and
//! without harm to the scores when the backend takes nothing.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::GzDecoder;
use llmwatch_tests::aws_call::{ACCOUNT, Invoked, JsonService, REGION};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};
use tiny_http::{Response, Server};

use crate::scoring::{Scoring, now, packed, record};

const QUESTION: &str = "What is the capital of France? Write to jane.doe@example.com.";
const KEY: &str = "k-very-secret";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A backend on a port of its own, for as long as the test's process lives.
struct Backend {
    endpoint: String,
    status: Arc<AtomicU16>,
    seen: Arc<Mutex<Vec<Export>>>,
}

/// A request as it came.
#[derive(Clone)]
struct Export {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Backend {
    fn start() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", server.server_addr());
        let (status, seen) = (Arc::new(AtomicU16::new(200)), Arc::new(Mutex::new(Vec::new())));
        let backend = Self { endpoint, status: Arc::clone(&status), seen: Arc::clone(&seen) };
        thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let mut body = Vec::new();
                GzDecoder::new(request.as_reader()).read_to_end(&mut body).unwrap();
                let headers = request.headers().iter();
                let headers = headers
                    .map(|one| (one.field.to_string().to_lowercase(), one.value.to_string()))
                    .collect();
                let path = request.url().to_owned();
                seen.lock().unwrap().push(Export { path, headers, body });
                let answer = Response::empty(status.load(Ordering::SeqCst));
                request.respond(answer).unwrap();
            }
        });
        backend
    }

    fn exports(&self) -> Vec<Export> {
        self.seen.lock().unwrap().clone()
    }

    /// All spans by their request ids; of several the last.
    fn spans(&self) -> BTreeMap<String, Span> {
        let mut spans = BTreeMap::new();
        for export in self.exports() {
            let request = ExportTraceServiceRequest::decode(export.body.as_slice()).unwrap();
            for resource in request.resource_spans {
                assert_eq!(resource.schema_url, "https://opentelemetry.io/schemas/1.41.1");
                for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    spans.insert(text(&span.attributes, "aws.request_id"), span);
                }
            }
        }
        spans
    }
}

fn attribute<'a>(all: &'a [KeyValue], key: &str) -> &'a AnyValue {
    let found = all.iter().find(|one| one.key == key);
    let value = found.and_then(|one| one.value.as_ref()?.value.as_ref());
    value.unwrap_or_else(|| panic!("no {key} in {all:?}"))
}

fn text(all: &[KeyValue], key: &str) -> String {
    match attribute(all, key) {
        AnyValue::StringValue(text) => text.clone(),
        other => panic!("{key} is {other:?}"),
    }
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Deploys a stack that sends spans there, with the key in a secret.
fn deploy(backend: &Backend) -> Scoring {
    let secret = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tracing");
    let stage = Scoring::deploy(&[
        ("OtlpEndpoint", backend.endpoint.as_str()),
        ("OtlpHeadersSecret", secret.as_str()),
    ]);
    let headers = json!({ "api-key": KEY }).to_string();
    let input = json!({ "Name": "tracing", "SecretString": headers });
    stage.world.calls().json(JsonService::SecretsManager, "CreateSecret", &input).unwrap();
    stage
}

fn traced(id: &str) -> String {
    let answer = "Done. I wrote to jane.doe@example.com.";
    let mut call: Value = serde_json::from_str(&record(id, now(), QUESTION, answer)).unwrap();
    call["requestMetadata"] = json!({ "traceparent": format!("00-{TRACE}-{PARENT}-01") });
    call.to_string()
}

/// Scores objects that were there before, each with a call of its name, in one invocation.
fn backfill(stage: &Scoring, names: &[&str], asked: &Value) -> Value {
    let keys = names.iter().map(|name| {
        let hour = format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/01/02/03");
        let key = format!("{hour}/{name}.json.gz");
        let content = packed(&[record(name, now(), QUESTION, "Paris.")]);
        stage.world.calls().put_object("old-logs", &key, &content).unwrap();
        key
    });
    let keys: Vec<String> = keys.collect();
    let event = json!({ "backfill": { "bucket": "old-logs", "keys": keys, "asked": asked } });
    match stage.world.invoke("quality-scorer", &event).unwrap() {
        Invoked::Returned(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn calls_become_spans_without_secrets_and_a_backend_that_takes_none_costs_no_score() {
    let backend = Backend::start();
    let stage = deploy(&backend);
    let mut ours: Value = serde_json::from_str(&record("ours", now(), "Judge", "5")).unwrap();
    ours["requestMetadata"] = json!({ "llmwatch": "judge" });
    let lines = [traced("traced"), record("plain", now(), QUESTION, "Paris."), ours.to_string()];
    stage.log("one", &lines);
    stage.wait_for_samples("Refusal", 2.0);

    let [export] = backend.exports().try_into().ok().expect("one request");
    assert_eq!(export.path, "/v1/traces");
    assert_eq!(export.headers["content-type"], "application/x-protobuf");
    assert_eq!(export.headers["api-key"], KEY);
    let whole = String::from_utf8_lossy(&export.body);
    assert!(whole.contains("[EMAIL]") && !whole.contains("jane.doe"), "{whole}");

    let spans = backend.spans();
    assert_eq!(spans.keys().collect::<Vec<_>>(), ["plain", "traced"], "none of our own calls");
    let span = &spans["traced"];
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 800_000_000);
    assert_eq!(text(&span.attributes, "gen_ai.provider.name"), "aws.bedrock");
    assert_eq!(text(&span.attributes, "gen_ai.response.model"), "amazon.nova-2-lite-v1:0");
    assert_eq!(*attribute(&span.attributes, "gen_ai.usage.input_tokens"), AnyValue::IntValue(20));
    let names: Vec<_> =
        span.events.iter().map(|event| text(&event.attributes, "gen_ai.evaluation.name")).collect();
    assert!(names.contains(&"Refusal".to_owned()), "{names:?}");

    // The same call in another object is the same span.
    stage.log("again", &[traced("traced")]);
    stage.wait_for_samples("Refusal", 3.0);
    assert_eq!(backend.spans()["traced"].span_id, span.span_id);

    stage.world.calls().create_bucket("old-logs").unwrap();
    assert_eq!(backfill(&stage, &["kept"], &json!({}))["records"], 1);
    assert!(!backend.spans().contains_key("kept"));
    assert_eq!(backfill(&stage, &["sent"], &json!({ "spans": true }))["records"], 1);
    assert!(backend.spans().contains_key("sent"));

    let before = backend.exports().len();
    let (_, samples) = stage.of_model("Refusal");
    backend.status.store(503, Ordering::SeqCst);
    stage.log("down", &[record("down", now(), QUESTION, "Paris.")]);
    stage.wait_for_samples("Refusal", samples + 1.0);
    assert_eq!(backend.exports().len(), before + 3, "tried three times");
    // The one instance that scores these finds the backend out once, if it had not done so before.
    let spans = json!({ "spans": true });
    assert_eq!(backfill(&stage, &["two", "three", "four"], &spans)["records"], 3);
    let tries = backend.exports().len() - before;
    assert!([3, 6].contains(&tries), "{tries}");
    assert_eq!(stage.metric("SpansFailed", &[]).0, 4.0);
    let logged = stage.logged();
    assert!(logged.contains("HTTP status 503"), "{logged}");
    for secret in [KEY, "jane.doe", "capital of France"] {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
}
