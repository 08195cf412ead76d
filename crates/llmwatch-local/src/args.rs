//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// A local AWS for the demo and the tests; never deployed, never reachable from another machine.
#[derive(Debug, Clone, Parser)]
#[command(name = "llmwatch-local", version)]
pub struct Args {
    /// Port of the endpoint on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// Python interpreter of a virtual environment that has ministack; without it only the
    /// services of llmwatch-local answer.
    #[arg(long)]
    pub python: Option<PathBuf>,
    /// Port of ministack on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    pub ministack_port: u16,
    /// Python script that starts ministack; without it ministack's own entry point is run.
    #[arg(long)]
    pub start_script: Option<PathBuf>,
    /// File that receives ministack's output; without it the output is dropped.
    #[arg(long)]
    pub ministack_log: Option<PathBuf>,
    /// The Region this local AWS stands for.
    #[arg(long, default_value = "us-east-1")]
    pub region: String,
    /// The account this local AWS stands for, as ministack names it.
    #[arg(long, default_value = "000000000000")]
    pub account: String,
    /// Stop when the process that started this one ends.
    #[arg(long)]
    pub stop_with_parent: bool,
}
