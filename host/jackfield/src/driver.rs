//! `driver`: components before they are used, and the drivers of a running server.

mod check;
mod remote;
mod replay;
mod sign;

pub use check::Scratch;

use crate::client::Server;
use crate::exit::Exit;
use clap::Subcommand;
use std::path::PathBuf;

/// What can be done with drivers.
#[derive(Subcommand)]
pub enum Driver {
    /// Verify a component against the specification and print its descriptor
    Check {
        /// The component
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Sign a component: the signature goes into the file, its digest stays
    #[command(
        after_help = "Examples:\n  jackfield driver sign acme.wasm --new-key acme.key\n  jackfield driver sign acme.wasm --key acme.key --output signed.wasm"
    )]
    Sign {
        /// The component
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// The file with the private key
        #[arg(long, value_name = "FILE", required_unless_present = "new_key", conflicts_with = "new_key")]
        key: Option<PathBuf>,
        /// Make a new key and keep it in this file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        new_key: Option<PathBuf>,
        /// Write the signed component here; none: in place of the component
        #[arg(long, short, value_name = "FILE.wasm")]
        output: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a component's signatures against trusted keys
    Verify {
        /// The component
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// A trusted public key, `ed25519:...`; may be given more than once
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        /// Take the trusted and revoked keys of this config
        #[arg(long, value_name = "FILE", conflicts_with = "key")]
        config: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run a component against recorded calls and show what it does otherwise; ends with 1 if there is a difference
    #[command(
        after_help = "Examples:\n  jackfield channel record export desk --output desk.jsonl\n  jackfield driver replay desk.jsonl --driver new.wasm\n  jackfield driver replay data/records/desk/FILE.record --data data --driver new.wasm"
    )]
    Replay {
        /// Exported records, or a file of the data folder's records
        #[arg(value_name = "RECORD")]
        file: PathBuf,
        /// The component
        #[arg(long, value_name = "FILE.wasm")]
        driver: PathBuf,
        /// The data folder whose key opens the file, if it is encrypted
        #[arg(long, value_name = "FOLDER")]
        data: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the drivers that a running server has loaded
    List(crate::lists::Listing),
    /// Load a component into a running server, hot: it serves every channel that asks for it
    Load {
        /// The component
        #[arg(value_name = "FILE.wasm")]
        file: PathBuf,
        /// The driver's name; none: as the file says, without version
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Take back what was loaded: the drivers folder's file serves again
    Unload {
        /// The driver's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Go back to the version that served before
    Rollback {
        /// The driver's name, or NAME@VERSION where channels ask for it so
        #[arg(value_name = "NAME")]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
}

/// Does what was asked.
pub async fn run(command: Driver) -> Result<(), Exit> {
    match command {
        Driver::Check { file, json } => check::check(&file, json).await,
        Driver::Sign { file, key, new_key, output, json } => {
            sign::sign(&file, sign::Key::of(key, new_key)?, output.as_deref(), json).await
        }
        Driver::Verify { file, key, config, json } => sign::verify(&file, &key, config.as_deref(), json).await,
        Driver::Replay { file, driver, data, json } => replay::replay(&file, &driver, data.as_deref(), json).await,
        Driver::List(listing) => crate::lists::drivers(&listing).await,
        Driver::Load { file, name, json, server } => remote::load(&server, &file, name, json).await,
        Driver::Unload { name, json, server } => remote::unload(&server, &name, json).await,
        Driver::Rollback { name, json, server } => remote::roll_back(&server, &name, json).await,
    }
}
