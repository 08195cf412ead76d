//! Spans as the requests they are sent in.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use super::SCHEMA_URL;
use super::attributes::{Attributes, text};
use super::names;

/// The most spans of a request. Ours; what the SDKs of OpenTelemetry send at once by default.
pub const MAX_REQUEST_SPANS: usize = 512;

/// How large a request's spans grow, before packing, in bytes; one span more may exceed it. Ours:
/// far below what collectors take, and little to keep in memory.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// An `ExportTraceServiceRequest` in protobuf.
    pub body: Vec<u8>,
    /// How many spans it holds.
    pub spans: u64,
}

/// Spans that are gathered until they make a request.
#[derive(Debug)]
pub struct Batches {
    service: String,
    version: &'static str,
    spans: Vec<Span>,
    bytes: usize,
}

impl Batches {
    /// None yet, of this service: the stack's prefix, and the version of the program.
    #[must_use]
    pub fn of(service: &str, version: &'static str) -> Self {
        Self { service: service.to_owned(), version, spans: Vec::new(), bytes: 0 }
    }

    /// Adds a span; gives a request when it is full.
    #[must_use]
    pub fn push(&mut self, span: Span) -> Option<Request> {
        self.bytes += span.encoded_len();
        self.spans.push(span);
        let is_full = self.spans.len() >= MAX_REQUEST_SPANS || self.bytes >= MAX_REQUEST_BYTES;
        if is_full { self.take() } else { None }
    }

    /// What is left, if anything is.
    #[must_use]
    pub fn take(&mut self) -> Option<Request> {
        if self.spans.is_empty() {
            return None;
        }
        self.bytes = 0;
        let spans = std::mem::take(&mut self.spans);
        let count = spans.len() as u64;
        Some(Request { body: self.message(spans).encode_to_vec(), spans: count })
    }

    fn message(&self, spans: Vec<Span>) -> ExportTraceServiceRequest {
        let mut resource = Attributes::default();
        resource.put(names::SERVICE_NAME, text(&self.service));
        resource.put(names::SERVICE_VERSION, text(self.version));
        resource.put_word(names::AWS);
        let scope = InstrumentationScope {
            name: "llmwatch".to_owned(),
            version: self.version.to_owned(),
            ..InstrumentationScope::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource { attributes: resource.list(), ..Resource::default() }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans,
                    schema_url: SCHEMA_URL.to_owned(),
                }],
                schema_url: SCHEMA_URL.to_owned(),
            }],
        }
    }
}

/// How many spans of a request that was taken were refused all the same, by the answer of status
/// 200; 0 where it says nothing readable: some backends answer with an empty body or with JSON.
///
/// The backend's reason is left out: it may repeat what users wrote.
#[must_use]
pub fn rejected(answer: &[u8]) -> u64 {
    let partial = ExportTraceServiceResponse::decode(answer).ok();
    let rejected = partial.and_then(|answer| answer.partial_success).map(|one| one.rejected_spans);
    rejected.and_then(|spans| u64::try_from(spans).ok()).unwrap_or(0)
}
