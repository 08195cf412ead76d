//! Logs: JSON lines on standard output, which Lambda carries to the function's log group.

use tracing_subscriber::EnvFilter;

/// Starts logging; call once, first thing in `main`.
///
/// The level is `info`, or what `AWS_LAMBDA_LOG_LEVEL` (Lambda's own logging control) says. Below
/// `info` only our own lines are shown: the SDK and the runtime would print whole events and cases.
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
        .with_env_filter(EnvFilter::new(directives(&level)))
        .init();
}

fn directives(level: &str) -> String {
    let level = level.to_lowercase();
    match level.as_str() {
        "debug" | "trace" => format!("{level},aws_=info,hyper=info,lambda_=info"),
        _ => level,
    }
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled, subscriber};

    use super::*;

    #[test]
    fn no_level_shows_what_the_sdk_sends() {
        for (level, ours, sdks) in [
            ("INFO", false, false),
            ("DEBUG", true, false),
            ("TRACE", true, false),
            ("ERROR", false, false),
        ] {
            let subscriber =
                tracing_subscriber::fmt().with_env_filter(EnvFilter::new(directives(level)));
            subscriber::with_default(subscriber.finish(), || {
                assert_eq!(enabled!(target: "notification_processor", Level::DEBUG), ours);
                assert_eq!(enabled!(target: "aws_smithy_runtime::client", Level::DEBUG), sdks);
                assert_eq!(enabled!(target: "lambda_runtime", Level::DEBUG), sdks);
            });
        }
    }
}
