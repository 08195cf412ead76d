//! How SDK clients are made: credentials, Region, TLS, retries, and the name calls carry.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Tries of one call, the first included: the SDK's standard retry mode with back-off.
pub const ATTEMPTS: u32 = 4;

/// How long one try of a call may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call may take with all its tries: a function that reads, decides and writes must
/// still get to its mail when one service hangs.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);

/// The configuration every client of a function shares.
///
/// `app` is the function's crate name; it stands in the User-Agent as `app/{name}`, so that
/// CloudTrail and the local recorder tell the functions apart.
pub async fn sdk_config(app: &'static str) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        );
    if let Ok(name) = AppName::new(app) {
        loader = loader.app_name(name);
    }
    loader.load().await
}

/// The same configuration for another Region, for services that live in one Region only.
#[must_use]
pub fn in_region(config: &SdkConfig, region: &'static str) -> SdkConfig {
    config.clone().into_builder().region(Region::from_static(region)).build()
}

/// The HTTP client of every SDK client, with TLS by ring.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

/// The system clock, read here only: binaries take `now` from it once per event.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
