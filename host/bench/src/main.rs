//! The measurements of `make bench`: prints a table and writes `target/bench.json`. See `docs/performance.md`.
//!
//! `jackfield-bench P2` measures only what begins so.

mod client;
mod connected;
mod end_to_end;
mod extism;
mod floor;
mod hostile;
mod idle;
mod large;
mod load;
mod process;
mod report;
mod rounds;
mod routing;
mod sample;
mod sandboxed;
mod services;
mod socket;
mod swap;
mod wire;

use std::path::Path;

/// The one that the server has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let only = match (arguments.next(), arguments.next()) {
        (Some(floor), Some(dir)) if floor == "floor" => return floor::run(Path::new(&dir)),
        (only, _) => only.unwrap_or_default(),
    };
    let target = Path::new("target");
    // In `target` and not in the system's own folder, which may be no disk at all.
    let scratch = tempfile::Builder::new().prefix("bench").tempdir_in(target)?;
    let mut rows = Vec::new();
    if "P1".starts_with(&only) {
        rows.extend(sandboxed::measure(target, scratch.path())?);
    }
    if "P2".starts_with(&only) || "P3".starts_with(&only) {
        rows.extend(end_to_end::measure(target, scratch.path())?);
    }
    if "P4".starts_with(&only) {
        rows.push(swap::measure(target, scratch.path())?);
    }
    if "P5".starts_with(&only) {
        rows.extend(routing::measure()?);
    }
    if "P6".starts_with(&only) {
        rows.extend(idle::measure(target, scratch.path())?);
    }
    if "P7".starts_with(&only) {
        rows.extend(large::measure(target, scratch.path())?);
    }
    if "P8".starts_with(&only) {
        rows.push(hostile::measure(target, scratch.path())?);
    }
    if "P11".starts_with(&only) && only != "P1" {
        rows.extend(connected::measure(target, scratch.path())?);
    }
    report::print(&rows);
    report::write(&rows, &target.join("bench.json"))
}
