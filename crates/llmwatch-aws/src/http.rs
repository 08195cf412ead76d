//! One HTTP request, tried until it is taken: the way to what no SDK client is for.

use std::time::Duration;

pub use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use tokio::time::{sleep, timeout};

/// How a request is sent.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Tries, the first included.
    pub attempts: u32,
    /// How long one try may take.
    pub attempt_timeout: Duration,
    /// The wait before the second try where the other side names none; it doubles with each
    /// further.
    pub first_wait: Duration,
    /// The longest wait, of ours or asked for; where more is asked for, no more is tried.
    pub longest_wait: Duration,
}

/// Whether another try may fare better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It may.
    MayHelp,
    /// It may, after so long.
    After(Duration),
    /// It will not.
    Useless,
}

/// No try was taken.
#[derive(Debug)]
pub(crate) struct GivenUp {
    /// Tries made.
    pub(crate) tries: u32,
    /// How the last one failed.
    pub(crate) problem: String,
}

struct Refusal {
    problem: String,
    retry: Retry,
}

/// The SDK's own TLS stack; plain `http` works too.
///
/// Built only when it is needed, because loading the system's certificates is most of what it
/// costs.
#[must_use]
pub fn connector() -> Connector {
    Connector::builder()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build()
}

/// Sends a request; gives what `read` makes of the answer that took it, within the try's time.
///
/// A broken connection and a late answer are tried again; `retry` judges every other answer.
///
/// # Errors
///
/// When no try was taken, or the request cannot be made.
pub(crate) async fn send<T>(
    connector: &impl HttpConnector,
    patience: &Patience,
    request: impl Fn() -> Result<HttpRequest, String>,
    retry: impl Fn(&HttpResponse) -> Retry,
    read: impl AsyncFn(HttpResponse) -> T,
) -> Result<T, GivenUp> {
    let may_help = |problem: String| Refusal { problem, retry: Retry::MayHelp };
    let once = async || {
        let request = request().map_err(|problem| Refusal { problem, retry: Retry::Useless })?;
        let response =
            connector.call(request).await.map_err(|error| may_help(crate::chain(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(read(response).await);
        }
        let problem = format!("HTTP status {}", status.as_u16());
        Err(Refusal { problem, retry: retry(&response) })
    };
    let mut wait = patience.first_wait;
    let mut tries = 1;
    loop {
        let late = || may_help(format!("no answer in {} s", patience.attempt_timeout.as_secs()));
        let refusal = match timeout(patience.attempt_timeout, once()).await {
            Ok(Ok(taken)) => return Ok(taken),
            Ok(Err(refusal)) => refusal,
            Err(_) => late(),
        };
        let pause = match refusal.retry {
            Retry::Useless => None,
            Retry::MayHelp => Some(wait),
            Retry::After(asked) => (asked <= patience.longest_wait).then_some(asked.max(wait)),
        };
        let Some(pause) = pause.filter(|_| tries < patience.attempts) else {
            return Err(GivenUp { tries, problem: refusal.problem });
        };
        sleep(pause).await;
        wait = wait.saturating_mul(2).min(patience.longest_wait);
        tries += 1;
    }
}
