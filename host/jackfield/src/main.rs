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
mod quarantine;
mod sandbox;
mod serve;
mod spec;
mod transcript;

use clap::Parser;
use std::process::ExitCode;

/// Messages are made on one thread and dropped on another, a few dozen small pieces each: the C library's allocator
/// spends a sixth of the server's time on that (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before anything else: no threads, no log, no config. Not in the help, as nobody would call it by hand.
    if std::env::args_os().nth(1).is_some_and(|command| command == sandbox::COMPILE) {
        return jackfield_sandbox::compiler_process();
    }
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
