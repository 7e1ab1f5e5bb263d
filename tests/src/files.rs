//! Where things are that other steps of the build made.

use std::path::{Path, PathBuf};

/// The top folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The build's output.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The server's binary.
pub fn binary() -> PathBuf {
    there(target().join("release/jackfield"), "make build")
}

/// A driver that comes with the server, as a component.
pub fn driver(name: &str) -> PathBuf {
    there(root().join("target/drivers").join(format!("{name}.wasm")), "make drivers")
}

/// A driver that only these tests have.
pub fn guest(name: &str) -> PathBuf {
    there(root().join("target/guests").join(format!("{name}.wasm")), "make guests")
}

/// An example of a driver in another language than Rust.
pub fn example(name: &str) -> PathBuf {
    there(root().join("target/examples").join(format!("{name}.wasm")), "make examples")
}

/// Something of a peer's: `node/node_modules/...`, `venv/bin/...`.
pub fn peer(path: &str) -> PathBuf {
    there(root().join("target/peers").join(path), "make peers")
}

/// The Python that has the vendors' libraries.
pub fn python() -> PathBuf {
    peer("venv/bin/python")
}

fn there(path: PathBuf, remedy: &str) -> PathBuf {
    assert!(path.exists(), "{} is not there: run `{remedy}` first, or `make test` for all of it", path.display());
    path
}
