//! Measures refusal and toxicity on labelled data, and feeds their training.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line for people")]

mod features;
mod figures;
mod refusal;
mod sets;
mod toxicity;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use llmwatch_embedding::Embedder;

use crate::sets::EvaluationError;

/// Measures refusal and toxicity on labelled data.
#[derive(Parser)]
struct Arguments {
    /// Directory of `data` and `folds`.
    #[arg(long, default_value = "evaluation")]
    home: PathBuf,
    /// Directory of `model.onnx` and `tokenizer.json`; without them only words are measured.
    #[arg(long, default_value = "target/model")]
    model: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the tables of what is in the repository.
    Tables,
    /// Print how the shipped heads do on another file: columns `completion` and `final_label`.
    Set {
        /// The CSV file.
        path: PathBuf,
        /// Print the beginning of each answer that is judged wrongly.
        #[arg(long)]
        wrong: bool,
    },
    /// Print what training reads: a line of JSON for each text.
    Features,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), EvaluationError> {
    let model = load_model(arguments)?;
    if model.is_none() {
        eprintln!("no model in {}: `make model` fetches it", arguments.model.display());
    }
    match &arguments.command {
        Command::Tables => {
            refusal::print_left_out(&arguments.home, model.as_ref())?;
            toxicity::print(&arguments.home, model.as_ref())
        }
        Command::Set { path, wrong } => refusal::print_set(path, *wrong, model.as_ref()),
        Command::Features => features::print(&arguments.home, model.as_ref()),
    }
}

fn load_model(arguments: &Arguments) -> Result<Option<Embedder>, EvaluationError> {
    let path = arguments.model.join("model.onnx");
    if !path.exists() {
        return Ok(None);
    }
    let model = sets::read(&path)?;
    let tokenizer = sets::read(&arguments.model.join("tokenizer.json"))?;
    Ok(Some(Embedder::load(model, &tokenizer)?))
}
