//! Makes a component of a core Wasm module.
//!
//! `wit-bindgen` leaves in the module that rustc builds a section that says which WIT world it is for.
//! From that section and the module's own imports and exports comes the component that the server loads.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use wit_component::ComponentEncoder;

/// Makes a component of a core Wasm module that wit-bindgen built.
#[derive(Parser)]
struct Arguments {
    /// The core module, as rustc leaves it for `wasm32-unknown-unknown`
    core: PathBuf,
    /// Where the component goes; replaced in one step if there is another, left alone if it is the same
    component: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    componentize(&arguments.core, &arguments.component)
}

/// Reads the module at `core` and writes its component to `component`. A server may be watching that
/// folder, so the file is never seen half-written, and not touched when it would stay the same.
fn componentize(core: &Path, component: &Path) -> Result<()> {
    let module = fs::read(core).with_context(|| format!("cannot read the core module {}", core.display()))?;
    let bytes = encode(&module).with_context(|| {
        format!(
            "{} cannot become a component; it must be a core module for wasm32-unknown-unknown \
             that generates its bindings with wit-bindgen and exports what its world asks for",
            core.display()
        )
    })?;
    if fs::read(component).is_ok_and(|old| old == bytes) {
        return Ok(());
    }

    let mut unfinished = component.as_os_str().to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let written = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, component));
    if written.is_err() {
        // Whatever is left of it is of no use; that it could not be written is the error to report.
        let _ = fs::remove_file(&unfinished);
    }
    written.with_context(|| format!("cannot write the component {}", component.display()))
}

/// Encodes `module` as a component and checks that what came out is valid.
fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(module)?.encode()
}
