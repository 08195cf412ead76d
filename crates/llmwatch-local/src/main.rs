//! The `llmwatch-local` binary: starts the local AWS and says when it is ready.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use llmwatch_local::args::Args;
use llmwatch_local::server;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().init();
    match server::run(Args::parse(), announce).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let source = std::error::Error::source(&problem).map(ToString::to_string);
            tracing::error!(source, "{problem}");
            ExitCode::FAILURE
        }
    }
}

fn announce(port: u16) {
    let mut out = std::io::stdout();
    // A reader that went away does not stop the endpoint.
    let _ = writeln!(out, "llmwatch-local ready at http://127.0.0.1:{port}");
    let _ = out.flush();
}
