//! The jackfield server and its command line.

mod agent;
mod backup;
mod channel;
mod check;
mod cli;
mod client;
mod demo;
mod driver;
mod exit;
mod item;
mod journal;
mod lists;
mod logging;
mod out;
mod serve;
mod spec;
mod transcript;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&exit::failed(anyhow::anyhow!("no threads for the server: {error}"))),
    };
    let result = runtime.block_on(cli::run(cli));
    // Blocking work that is left (a compiler) must not hold up the end.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
