//! Spans of calls to the tracing backend the operator named.
//!
//! A copy for whoever looks there: the call records are what is kept. A backend that takes none
//! must neither hold scores up nor have an object scored, and judged, again. What it does not take
//! after a few tries is counted in `SpansFailed`, said once an object, and not sent later.

use std::io::Write as _;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use llmwatch_aws::http::{self, Connector};
use llmwatch_aws::ledger::RowKey;
use llmwatch_aws::{chain, otlp, secrets};
use llmwatch_quality::call_record::CallRecord;
use llmwatch_quality::spans::{Batches, Headers, Request, rejected, span};

use crate::App;
use crate::config::TracingBackend;
use crate::lock::locked;

/// How long a backend that failed is left alone: the tries take seconds that every object waits.
const PAUSE: Duration = Duration::from_secs(60);

/// The way to the backend, for as long as the instance lives.
#[derive(Debug, Default)]
pub(crate) struct Exporter {
    connector: OnceLock<Connector>,
    failed_at: Mutex<Option<Instant>>,
}

impl Exporter {
    fn is_resting(&self) -> bool {
        locked(&self.failed_at).is_some_and(|failed_at| failed_at.elapsed() < PAUSE)
    }

    fn rest(&self) {
        *locked(&self.failed_at) = Some(Instant::now());
    }
}

/// The spans of one log object.
pub(crate) struct Spans<'a> {
    app: &'a App,
    backend: &'a TracingBackend,
    place: &'a RowKey,
    batches: Batches,
    headers: Option<Headers>,
    made: u64,
    failed: u64,
}

impl<'a> Spans<'a> {
    /// None yet, of an object by its row; nothing where there is no backend.
    pub(crate) fn of(app: &'a App, place: &'a RowKey) -> Option<Self> {
        let backend = app.config.tracing_backend.as_ref()?;
        let batches = Batches::of(app.config.prefix.as_str(), env!("CARGO_PKG_VERSION"));
        Some(Self { app, backend, place, batches, headers: None, made: 0, failed: 0 })
    }

    /// Adds the span of a call; sends what makes a request.
    pub(crate) async fn push(&mut self, record: &CallRecord) {
        let place = format!("{}#{}", self.place.pk, self.made);
        self.made += 1;
        if let Some(request) = self.batches.push(span(record, &place)) {
            self.send(request).await;
        }
    }

    /// Sends what is left; gives how many spans were not taken.
    pub(crate) async fn finish(mut self) -> u64 {
        if let Some(request) = self.batches.take() {
            self.send(request).await;
        }
        self.failed
    }

    async fn send(&mut self, request: Request) {
        if self.app.exporter.is_resting() {
            self.failed += request.spans;
            return;
        }
        match self.post(&request).await {
            Ok(0) => {}
            Ok(refused) => {
                self.failed += refused.min(request.spans);
                tracing::warn!(
                    spans.refused = refused,
                    "the tracing backend refused {refused} spans"
                );
            }
            Err(problem) => {
                self.failed += request.spans;
                self.app.exporter.rest();
                let seconds = PAUSE.as_secs();
                tracing::error!(
                    "no spans are sent for {seconds} s, the call records have them: {problem}"
                );
            }
        }
    }

    /// Gives how many spans of a request that was taken were refused.
    async fn post(&mut self, request: &Request) -> Result<u64, String> {
        let headers = match self.headers.take() {
            Some(headers) => headers,
            None => self.read_headers().await?,
        };
        let pairs: Vec<_> = headers.iter().collect();
        let connector = self.app.exporter.connector.get_or_init(http::connector);
        let body = packed(&request.body).map_err(|error| chain(&error))?;
        let url = self.backend.endpoint.url();
        let posted = otlp::post(connector, &otlp::PATIENCE, url, &pairs, &body).await;
        let refused = posted.map(|answer| rejected(&answer)).map_err(|failure| chain(&failure));
        self.headers = Some(headers);
        refused
    }

    /// Read for each object, so that a key that was changed is in force soon.
    async fn read_headers(&self) -> Result<Headers, String> {
        let Some(secret) = &self.backend.headers_secret else { return Ok(Headers::default()) };
        let text = secrets::text(&self.app.clients.secrets, secret).await;
        let text = text.map_err(|failure| failure.explain().to_string())?;
        let text = text.ok_or("the secret of headers has no value")?;
        Headers::parse(&text).map_err(|unusable| chain(&unusable))
    }
}

fn packed(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
