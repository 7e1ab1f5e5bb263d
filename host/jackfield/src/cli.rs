//! What can be asked on the command line.

use crate::exit::Exit;
use clap::{Args, Parser, Subcommand};
use jackfield_config::LogFormat;
use std::path::PathBuf;

/// A communication server: channel drivers bring in support requests, agents are pushed them as work items.
#[derive(Parser)]
#[command(name = "jackfield", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server. Without --config: the embedded default, with a demo channel and a demo agent
    Serve(Serve),
    /// Check a config and its channels' settings; every error with file, line, key and remedy
    Check {
        /// The config file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check and sign drivers; list, load, unload and roll back those of a running server
    #[command(subcommand)]
    Driver(crate::driver::Driver),
    /// Look at a running server's channels, pause and resume them
    #[command(subcommand)]
    Channel(crate::channel::Channel),
    /// Look at what drivers could not be given, replay or drop it
    #[command(subcommand)]
    Quarantine(crate::quarantine::Quarantine),
    /// Look at a running server's work items
    #[command(subcommand)]
    Item(crate::item::Item),
    /// Look at a running server's agents, or be one
    #[command(subcommand)]
    Agent(crate::agent::Agent),
    /// Look into a data folder
    #[command(subcommand)]
    Journal(crate::journal::Journal),
    /// Copy a data folder to a new folder, while a server runs on it; the copy is checked
    #[command(after_help = "Example:\n  jackfield backup /backups/2026-11-22 --data ./data")]
    Backup {
        /// The folder to be made
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The data folder
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a data folder of a backup, which is checked first; no server may run on it yet
    #[command(after_help = "Example:\n  jackfield restore /backups/2026-11-22 --data ./data")]
    Restore {
        /// The backup
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The data folder to be made
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the published documents
    #[command(subcommand)]
    Spec(crate::spec::Spec),
}

/// Options of `serve`.
#[derive(Args)]
pub struct Serve {
    /// The config file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder; wins over the file
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where to listen, such as 127.0.0.1:8080; port 0 takes a free one; wins over the file
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// The form of log lines on stderr; wins over the file
    #[arg(long, value_name = "FORMAT", value_parser = log_format)]
    pub log_format: Option<LogFormat>,
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("it is `text` or `json`".to_owned()),
    }
}

/// Does what was asked.
pub async fn run(cli: Cli) -> Result<(), Exit> {
    match cli.command {
        Command::Serve(options) => crate::serve::run(options).await,
        Command::Check { config, json } => crate::check::run(&config, json).await,
        Command::Driver(command) => crate::driver::run(command).await,
        Command::Channel(command) => crate::channel::run(command).await,
        Command::Quarantine(command) => crate::quarantine::run(command).await,
        Command::Item(command) => crate::item::run(command).await,
        Command::Agent(command) => crate::agent::run(command).await,
        Command::Journal(command) => crate::journal::run(&command),
        Command::Backup { dir, data, json } => crate::backup::backup(&data, &dir, json),
        Command::Restore { dir, data, json } => crate::backup::restore(&dir, &data, json),
        Command::Spec(document) => crate::spec::run(&document),
    }
}
