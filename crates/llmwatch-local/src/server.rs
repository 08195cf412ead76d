//! The HTTP endpoint: every request is identified, may meet a fault, is answered and recorded.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use bytes::Bytes;
use flate2::read::GzDecoder;
use futures::stream;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};

use crate::args::Args;
use crate::bedrock::{self, BedrockRequest};
use crate::bedrock_runtime;
use crate::call::{self, Call, Protocol};
use crate::clock::Clock;
use crate::deliver::Outbox;
use crate::error::AwsError;
use crate::faults::{Fault, FaultKind};
use crate::functions::Functions;
use crate::proxy::{Upstream, shorten_delays};
use crate::recorder::Recorded;
use crate::supervisor::{Ministack, NotStarted};
use crate::world::{Place, World, check_region, model_of};
use crate::{control, deliver, model, protocol, time};

/// The largest request taken: a function's zip with room to spare.
const BODY_LIMIT: usize = 512 * 1024 * 1024;
/// Requests up to this size are kept by the recorder.
const RECORDED_BODY: usize = 64 * 1024;
/// How often the local time is looked at for minutes to evaluate.
const TICK: Duration = Duration::from_millis(200);
/// How often the parent process is looked at.
const PARENT_CHECK: Duration = Duration::from_millis(500);

/// What every request needs.
#[derive(Debug)]
pub struct App {
    /// The state of the local AWS.
    pub world: World,
    /// ministack, if it runs.
    pub upstream: Option<Upstream>,
    /// The processes of the functions that ministack runs.
    pub functions: Functions,
    /// Notices on their way to ministack.
    pub outbox: Outbox,
    /// Asynchronous events in ministack whose first try has not ended.
    pub invocations: AtomicUsize,
    /// When the endpoint started.
    pub started: Instant,
    /// Held while minutes are evaluated, so that they stay in order.
    pub(crate) minutes: Mutex<()>,
}

impl App {
    /// An endpoint around a world.
    #[must_use]
    pub fn new(world: World, upstream: Option<Upstream>, outbox: Outbox) -> Self {
        Self {
            world,
            upstream,
            functions: Functions::default(),
            outbox,
            invocations: AtomicUsize::new(0),
            started: Instant::now(),
            minutes: Mutex::new(()),
        }
    }
}

/// Why the endpoint does not run.
#[derive(Debug, thiserror::Error)]
pub enum NotServing {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// Why not.
        source: std::io::Error,
    },
    /// The HTTP client cannot be built.
    #[error("cannot build the HTTP client")]
    Client(#[from] reqwest::Error),
    /// ministack does not run.
    #[error(transparent)]
    Ministack(#[from] NotStarted),
    /// Serving failed.
    #[error("cannot serve")]
    Serve(#[from] std::io::Error),
}

/// Runs the endpoint until it is told to stop, calling `ready` with its port once all answers.
///
/// # Errors
///
/// When the port is taken or ministack does not start.
pub async fn run(args: Args, ready: impl FnOnce(u16)) -> Result<(), NotServing> {
    let stopped = stop_signal(args.stop_with_parent);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .map_err(|source| NotServing::Listen { port: args.port, source })?;
    let port = listener.local_addr()?.port();
    let mut ministack = match &args.python {
        Some(python) => {
            let endpoint = format!("http://127.0.0.1:{port}");
            Some(Ministack::start(python, &args, &endpoint).await?)
        }
        None => None,
    };
    let upstream = ministack.as_ref().map(|ministack| Upstream::new(ministack.port)).transpose()?;
    let place = Place { account: args.account, region: args.region };
    let (outbox, waiting) = Outbox::new();
    let mut app = App::new(World::new(place, Clock::system()), upstream, outbox);
    app.functions = Functions::of(ministack.as_ref().and_then(Ministack::process), port);
    let app = Arc::new(app);
    let ticking = tokio::spawn(tick(Arc::clone(&app)));
    let carrying = tokio::spawn(deliver::carry(Arc::clone(&app), waiting));
    let router = Router::new().fallback(handle).with_state(app);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    ready(port);
    let served = tokio::select! {
        served = async { axum::serve(listener, service).await } => served,
        () = stopped => Ok(()),
        () = ministack_ended(ministack.as_mut()) => {
            Err(std::io::Error::other("ministack ended by itself"))
        }
    };
    ticking.abort();
    carrying.abort();
    if let Some(ministack) = ministack {
        ministack.stop().await;
    }
    Ok(served?)
}

async fn ministack_ended(ministack: Option<&mut Ministack>) {
    match ministack {
        Some(ministack) => ministack.ended().await,
        None => std::future::pending().await,
    }
}

/// Ends on SIGINT, SIGTERM or, where asked, the end of the parent process.
fn stop_signal(with_parent: bool) -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (send, mut receive) = watch::channel(());
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let send = send.clone();
        match signal(kind) {
            Ok(mut signals) => {
                tokio::spawn(async move {
                    signals.recv().await;
                    let _ = send.send(());
                });
            }
            Err(problem) => tracing::warn!(%problem, "a signal cannot be waited for"),
        }
    }
    let parent = std::os::unix::process::parent_id();
    async move {
        let _kept_open = send;
        if !with_parent {
            let _ = receive.changed().await;
            return;
        }
        loop {
            if tokio::time::timeout(PARENT_CHECK, receive.changed()).await.is_ok()
                || std::os::unix::process::parent_id() != parent
            {
                return;
            }
        }
    }
}

async fn tick(app: Arc<App>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        time::catch_up(&app).await;
    }
}

async fn handle(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return status_only(StatusCode::PAYLOAD_TOO_LARGE);
    };
    if let Some(path) = parts.uri.path().strip_prefix("/_llmwatch/") {
        return control::handle(&app, &parts.method, path, parts.uri.query(), &body).await;
    }
    // A task of its own, because what AWS has received takes effect whether or not the caller
    // still waits for the answer; this future ends with the caller's connection.
    let answering = tokio::spawn(async move {
        answer(&app, peer, parts.method, &parts.uri, parts.headers, body).await
    });
    answering.await.unwrap_or_else(|_| status_only(StatusCode::INTERNAL_SERVER_ERROR))
}

/// The body as it was before the SDK packed it, which it does with metrics above 10 kB.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html>.
fn unpacked(headers: &mut HeaderMap, body: Bytes) -> std::io::Result<Bytes> {
    if headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding != "gzip") {
        return Ok(body);
    }
    let mut plain = Vec::new();
    GzDecoder::new(body.as_ref()).take(BODY_LIMIT as u64).read_to_end(&mut plain)?;
    headers.remove(CONTENT_ENCODING);
    Ok(plain.into())
}

/// Answers one AWS request and records it.
async fn answer(
    app: &Arc<App>,
    peer: SocketAddr,
    method: Method,
    uri: &Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let arrived = (app.world.clock.now(), app.started.elapsed());
    let call = call::identify(&method, uri, &headers, &body);
    // An object of S3 is stored as it is packed.
    let body = if call.service == "s3" { Ok(body) } else { unpacked(&mut headers, body) };
    let Ok(body) = body else { return status_only(StatusCode::BAD_REQUEST) };
    let request = recorded_request(&call, uri, &headers, &body);
    let fault = app.world.faults.take(&call, uri.path(), &body);
    let kind = fault.as_ref().map(|fault| fault.kind);
    let (response, error) = match refused_by(&call, fault.as_ref()).await {
        Some(error) => {
            let response = protocol::refuse(&call, model_of(&call.service), &error);
            (Some(response), Some(error.code))
        }
        None if kind == Some(FaultKind::Cut) => (None, None),
        None if kind == Some(FaultKind::Kill) => (None, Some(kill(app, peer))),
        None => {
            let (response, error) = pass(app, &call, method, uri, &headers, body).await;
            match kind {
                Some(FaultKind::LoseAnswer) => (None, error),
                Some(FaultKind::KillAfter) => (None, Some(kill(app, peer))),
                _ => (Some(response), error),
            }
        }
    };
    let (at, started) = arrived;
    app.world.recorder.keep(Recorded {
        seq: 0,
        at,
        service: call.service,
        operation: call.operation,
        region: call.region,
        caller: call.caller,
        status: response.as_ref().map_or(0, |response| response.status().as_u16()),
        error,
        duration_ms: (app.started.elapsed() - started).as_secs_f64() * 1000.0,
        started_ms: started.as_secs_f64() * 1000.0,
        request,
    });
    response.unwrap_or_else(cut)
}

/// Kills the function at the other end of a connection; gives what the recorder is to say.
fn kill(app: &App, peer: SocketAddr) -> String {
    match app.functions.kill(peer) {
        Ok(()) => "Killed".to_owned(),
        Err(problem) => {
            tracing::warn!("the caller was not killed: {problem}");
            format!("NotKilled: {problem}")
        }
    }
}

async fn refused_by(call: &Call, fault: Option<&Fault>) -> Option<AwsError> {
    let fault = fault?;
    if fault.kind == FaultKind::Delay {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    fault.refusal(call)
}

/// Answers from the services here, or from ministack.
async fn pass(
    app: &Arc<App>,
    call: &Call,
    method: Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> (Response<Body>, Option<String>) {
    if call.service == "bedrock-runtime" {
        return runtime(app, call, uri, headers, &body);
    }
    if let Some(model) = model_of(&call.service) {
        let served = check_region(&app.world.place, &call.service, &call.region)
            .and_then(|()| protocol::decode(call.protocol, &body))
            .and_then(|input| app.world.serve(&call.service, &call.operation, input));
        return match served {
            Ok(served) => {
                let response = protocol::answer(call, model, &served.output);
                drop(app.outbox.send(served.notices));
                (response, None)
            }
            Err(error) => (protocol::refuse(call, Some(model), &error), Some(error.code)),
        };
    }
    if call.service == "bedrock" && bedrock::OPERATIONS.contains(&call.operation.as_str()) {
        return control_plane(app, call, uri, &body);
    }
    let Some(upstream) = &app.upstream else {
        let error = AwsError::new("ServiceUnavailable", "llmwatch-local runs without ministack")
            .with_status(503);
        return (protocol::refuse(call, None, &error), Some(error.code));
    };
    let body = shorten_delays(call, body, app.world.sqs_delay_divisor());
    match upstream.forward(method, uri, headers, body).await {
        Ok(answer) => {
            let error = answer.error_code();
            (answer.into_response(), error)
        }
        Err(problem) => {
            tracing::warn!(%problem, "ministack did not answer");
            let error =
                AwsError::new("ServiceUnavailable", "ministack did not answer").with_status(503);
            (protocol::refuse(call, None, &error), Some(error.code))
        }
    }
}

fn runtime(
    app: &Arc<App>,
    call: &Call,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> (Response<Body>, Option<String>) {
    let operation = &call.operation;
    let served = check_region(&app.world.place, &call.service, &call.region)
        .and_then(|()| bedrock_runtime::input(operation, uri, headers, body))
        .and_then(|input| app.world.serve_runtime(operation, input));
    let model = &*model::BEDROCK_RUNTIME;
    match served {
        // The model's own answer is the body, of which the service's model knows nothing.
        Ok(answer) if operation == "InvokeModel" => (protocol::rest_json(200, &answer), None),
        Ok(answer) => (protocol::answer(call, model, &answer), None),
        Err(error) => (protocol::refuse(call, Some(model), &error), Some(error.code)),
    }
}

fn control_plane(
    app: &Arc<App>,
    call: &Call,
    uri: &Uri,
    body: &Bytes,
) -> (Response<Body>, Option<String>) {
    let request = BedrockRequest {
        operation: &call.operation,
        path: uri.path(),
        query: uri.query(),
        body: serde_json::from_slice(body).unwrap_or_default(),
    };
    let served = check_region(&app.world.place, &call.service, &call.region)
        .and_then(|()| app.world.serve_bedrock(&request));
    match served {
        Ok((status, body)) => (protocol::rest_json(status, &body), None),
        Err(error) => (protocol::refuse(call, None, &error), Some(error.code)),
    }
}

fn recorded_request(
    call: &Call,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Option<serde_json::Value> {
    if call.service == "bedrock-runtime" && body.len() <= RECORDED_BODY {
        return bedrock_runtime::input(&call.operation, uri, headers, body).ok();
    }
    let readable = matches!(call.protocol, Protocol::Cbor | Protocol::Json);
    if !readable || body.len() > RECORDED_BODY || call.service == "secretsmanager" {
        return None;
    }
    protocol::decode(call.protocol, body).ok()
}

fn status_only(status: StatusCode) -> Response<Body> {
    Response::builder().status(status).body(Body::empty()).unwrap_or_default()
}

/// A response whose body fails at once: the connection closes without a readable answer.
fn cut() -> Response<Body> {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    Response::builder()
        .header("content-length", "1048576")
        .body(Body::from_stream(broken))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn a_packed_body_is_read_as_what_was_packed_and_nonsense_is_refused() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(b"a body").unwrap();
        let packed: Bytes = packer.finish().unwrap().into();
        let gzip = || HeaderMap::from_iter([(CONTENT_ENCODING, "gzip".parse().unwrap())]);
        let mut headers = gzip();
        assert_eq!(unpacked(&mut headers, packed.clone()).unwrap(), "a body");
        assert!(headers.is_empty(), "who gets it next is not to unpack it again");
        assert_eq!(unpacked(&mut HeaderMap::new(), packed.clone()).unwrap(), packed);
        assert!(unpacked(&mut gzip(), Bytes::from_static(b"a body")).is_err());
    }
}
