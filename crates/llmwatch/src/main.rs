//! llmwatch: what an operator does to a deployed stack, from the command line.
//!
//! It works with the caller's own credentials and Region, as the AWS command line does. What a
//! parked message is, and how it is sent again, is the core's; this crate reads the stack, carries
//! out, and prints one line for each thing done.

mod delete;
mod kept;
mod replay;
mod stack;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use llmwatch_aws::client::{self, SdkConfig};

/// Works on a stack of llmwatch, with the credentials and the Region of the AWS command line.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send the events again that are parked in the stack's dead-letter queues.
    Replay(replay::Arguments),
    /// Delete the stack, and say what is kept and why.
    Delete(delete::Arguments),
}

/// The SDK clients the commands use.
struct Clients {
    sdk: SdkConfig,
    cloudformation: aws_sdk_cloudformation::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

/// How a command ended that could do its work.
enum Ended {
    /// All is done.
    Well,
    /// Something is left for the operator; the command has said what.
    WithSomethingLeft,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let sdk = client::sdk_config("llmwatch").await;
    let clients = Clients {
        cloudformation: aws_sdk_cloudformation::Client::new(&sdk),
        sns: aws_sdk_sns::Client::new(&sdk),
        sqs: aws_sdk_sqs::Client::new(&sdk),
        sdk,
    };
    let mut out = std::io::stdout();
    let ended = match &arguments.command {
        Command::Replay(arguments) => replay::run(&clients, arguments, &mut out).await,
        Command::Delete(arguments) => delete::run(&clients, arguments, &mut out).await,
    };
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::WithSomethingLeft) => ExitCode::FAILURE,
        Err(error) => {
            // Where nobody reads the standard error there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "llmwatch: {}", llmwatch_aws::chain(&error));
            ExitCode::FAILURE
        }
    }
}
