//! Reads a component before anything of it is compiled: how much there is of it, what it imports and exports, and
//! whether the types are those of the specification. What can't fit is refused with a sentence for its author.

mod count;
mod types;

use crate::error::Refusal;
use jackfield_spec::{VERSION, wit_interface};
use serde::{Deserialize, Serialize};
use types::Side;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldItem, WorldKey};

/// The package that drivers are built against.
pub(crate) const PACKAGE: &str = "jackfield:channel/";
/// How every component begins: magic number, version, layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// Exports that this server serves.
const SERVED: [&str; 4] = ["driver", "webhook", "timer", "stream"];

/// How much there may be of a component. The defaults fit interpreters that were made components (JavaScript, Python).
#[derive(Debug, Clone, Hash, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentLimits {
    /// Bytes.
    pub bytes: usize,
    /// Functions, of all its modules together.
    pub functions: u32,
    /// Types, of all its modules and components together.
    pub types: u32,
    /// Imports of the component itself.
    pub imports: u32,
    /// Exports of the component itself.
    pub exports: u32,
}

impl Default for ComponentLimits {
    fn default() -> Self {
        Self { bytes: 64 << 20, functions: 100_000, types: 50_000, imports: 200, exports: 200 }
    }
}

/// Refuses what can't be a driver here.
pub(crate) fn inspect(bytes: &[u8], limits: &ComponentLimits) -> Result<(), Refusal> {
    if bytes.len() > limits.bytes {
        return Err(Refusal::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    if !bytes.starts_with(COMPONENT) {
        let what = if bytes.starts_with(b"\0asm") { "it is a core module" } else { "it does not begin as one" };
        return Err(Refusal::NotAComponent(what.to_owned()));
    }
    count::check(bytes, limits)?;
    let (resolve, world) = match decode(bytes) {
        Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
        Ok(DecodedWasm::WitPackage(..)) => {
            return Err(Refusal::NotAComponent("it holds only a WIT package".to_owned()));
        }
        Err(error) => return Err(Refusal::NotAComponent(format!("{error:#}"))),
    };
    let world = &resolve.worlds[world];
    for (key, item) in &world.imports {
        let import = resolve.name_world_key(key);
        let Some(interface) = import.strip_prefix(PACKAGE) else {
            return Err(Refusal::UnknownImport { import });
        };
        let interface = in_version(interface)?;
        if wit_interface(interface).is_none() {
            return Err(Refusal::UnknownImport { import });
        }
        check_types(&resolve, interface, item, Side::Import)?;
    }
    check_exports(&resolve, &world.exports)
}

fn check_exports(resolve: &Resolve, exports: &wit_parser::IndexMap<WorldKey, WorldItem>) -> Result<(), Refusal> {
    let mut has_driver = false;
    for (key, item) in exports {
        let export = resolve.name_world_key(key);
        let Some(interface) = export.strip_prefix(PACKAGE) else {
            return Err(Refusal::ExportNotServed { interface: export });
        };
        let interface = in_version(interface)?;
        if !SERVED.contains(&interface) {
            return Err(Refusal::ExportNotServed { interface: interface.to_owned() });
        }
        has_driver |= interface == "driver";
        check_types(resolve, interface, item, Side::Export)?;
    }
    if has_driver { Ok(()) } else { Err(Refusal::NoDriver) }
}

fn check_types(resolve: &Resolve, interface: &str, item: &WorldItem, side: Side) -> Result<(), Refusal> {
    let misfit = |difference| Refusal::Types { interface: interface.to_owned(), difference };
    let WorldItem::Interface { id, .. } = item else {
        return Err(misfit("it is not an interface".to_owned()));
    };
    types::compare(resolve, *id, interface, side).map_err(misfit)
}

/// The interface's name without its version, which has to be one that this server speaks. Before 1.0 a minor version
/// is a major one; patches are compatible.
fn in_version(name: &str) -> Result<&str, Refusal> {
    let (interface, found) = name.split_once('@').unwrap_or((name, "none"));
    let line = |version: &str| version.rsplit_once('.').map(|(line, _)| line.to_owned());
    if line(found) == line(VERSION) { Ok(interface) } else { Err(Refusal::Version { found: found.to_owned() }) }
}

#[cfg(test)]
mod tests;
