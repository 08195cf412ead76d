//! Logs: JSON lines on standard output, which Lambda carries to the function's log group.

use tracing_subscriber::EnvFilter;

/// Starts logging; call once, first thing in `main`.
///
/// The level is `info`, or what `AWS_LAMBDA_LOG_LEVEL` (Lambda's own logging control) says.
/// Lambda adds no time stamp to JSON lines of a custom runtime, so each line has its own.
pub fn init() {
    let level = crate::env::process_environment("AWS_LAMBDA_LOG_LEVEL")
        .unwrap_or_else(|| "info".to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(EnvFilter::new(level.to_lowercase()))
        .init();
}
