//! Reads a component before anything of it is compiled: how much there is of it, what it imports and exports, and
//! whether the types are those of the specification. What can't fit is refused with a sentence for its author.

mod count;
mod types;

use crate::error::Refusal;
use crate::versions::{Version, Versions};
use crate::wasi;
use serde::{Deserialize, Serialize};
use types::Side;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Interface, Resolve, WorldItem, WorldKey};

/// The package that drivers are built against.
pub(crate) const PACKAGE: &str = "jackfield:channel/";
/// How every component begins: magic number, version, layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// How a core module does: its layer is 0.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";
/// How componentize-py initializes what it makes; nobody calls it afterwards.
const COMPONENTIZE_PY: &str = "exports";

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
pub(crate) fn inspect(bytes: &[u8], limits: &ComponentLimits, versions: Versions) -> Result<(), Refusal> {
    if bytes.len() > limits.bytes {
        return Err(Refusal::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    if !bytes.starts_with(COMPONENT) {
        return Err(Refusal::NotAComponent(what_else(bytes)));
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
        if import.starts_with(wasi::PREFIX) {
            let offered = wasi::offered(&import)?;
            let differs = |difference| Refusal::WasiTypes { import: import.clone(), difference };
            let WorldItem::Interface { id, .. } = item else {
                return Err(differs("it is not an interface".to_owned()));
            };
            types::compare(&resolve, *id, wasi::resolve(), offered, Side::Import).map_err(differs)?;
            continue;
        }
        let Some(name) = import.strip_prefix(PACKAGE) else {
            return Err(Refusal::UnknownImport { import });
        };
        let (interface, version) = in_version(name, versions)?;
        let Some(spec) = version.interface(interface) else {
            return Err(Refusal::UnknownImport { import });
        };
        check_types(&resolve, name, item, (version.resolve(), spec), Side::Import)?;
    }
    check_exports(&resolve, &world.exports, versions)
}

/// What a file is that begins otherwise than a component of today.
fn what_else(bytes: &[u8]) -> String {
    match bytes {
        _ if bytes.starts_with(MODULE) => "it is a core module".to_owned(),
        [b'\0', b'a', b's', b'm', low, high, 1, 0, ..] => {
            let version = u16::from_le_bytes([*low, *high]);
            format!("it is a component in version {version} of the binary format, and this server reads version 13")
        }
        _ => "it does not begin as one".to_owned(),
    }
}

fn check_exports(
    resolve: &Resolve,
    exports: &wit_parser::IndexMap<WorldKey, WorldItem>,
    versions: Versions,
) -> Result<(), Refusal> {
    let mut has_driver = false;
    for (key, item) in exports {
        let export = resolve.name_world_key(key);
        if export == COMPONENTIZE_PY {
            continue;
        }
        let Some(name) = export.strip_prefix(PACKAGE) else {
            return Err(Refusal::ExportNotServed { interface: export });
        };
        let (interface, version) = in_version(name, versions)?;
        let served = version.handlers().contains(&interface).then(|| version.interface(interface)).flatten();
        let Some(spec) = served else {
            return Err(Refusal::ExportNotServed { interface: interface.to_owned() });
        };
        has_driver |= interface == "driver";
        check_types(resolve, name, item, (version.resolve(), spec), Side::Export)?;
    }
    if has_driver { Ok(()) } else { Err(Refusal::NoDriver) }
}

fn check_types(
    resolve: &Resolve,
    name: &str,
    item: &WorldItem,
    (spec, ours): (&Resolve, &Interface),
    side: Side,
) -> Result<(), Refusal> {
    let (interface, version) = name.split_once('@').unwrap_or((name, "none"));
    let misfit =
        |difference| Refusal::Types { interface: interface.to_owned(), version: version.to_owned(), difference };
    let WorldItem::Interface { id, .. } = item else {
        return Err(misfit("it is not an interface".to_owned()));
    };
    types::compare(resolve, *id, spec, ours, side).map_err(misfit)
}

/// The interface's name without its version, and the version, which has to be one that is served.
fn in_version(name: &str, versions: Versions) -> Result<(&str, &'static dyn Version), Refusal> {
    let (interface, found) = name.split_once('@').unwrap_or((name, "none"));
    let unserved = || Refusal::Version { found: found.to_owned(), served: versions.numbers() };
    Ok((interface, versions.of(found).ok_or_else(unserved)?))
}

#[cfg(test)]
mod tests;
