//! Reads a component's imports and exports before anything of it is compiled, and refuses what can't fit with a
//! sentence for its author.

use crate::driver::Exports;
use crate::error::LoadError;
use jackfield_spec::VERSION;
use wit_parser::decoding::{DecodedWasm, decode};

/// The package that drivers are built against.
const PACKAGE: &str = "jackfield:channel/";
/// How every component begins: magic number, version, layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// Exports that this server serves.
const SERVED: [&str; 3] = ["driver", "webhook", "timer"];

/// What the component exports, or why it is refused.
pub(crate) fn inspect(bytes: &[u8], max_bytes: usize) -> Result<Exports, LoadError> {
    if bytes.len() > max_bytes {
        return Err(LoadError::TooLarge { found: bytes.len(), limit: max_bytes });
    }
    if !bytes.starts_with(COMPONENT) {
        let what = if bytes.starts_with(b"\0asm") { "it is a core module" } else { "it does not begin as one" };
        return Err(LoadError::NotAComponent(what.to_owned()));
    }
    let (resolve, world) = match decode(bytes) {
        Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
        Ok(DecodedWasm::WitPackage(..)) => {
            return Err(LoadError::NotAComponent("it holds only a WIT package".to_owned()));
        }
        Err(error) => return Err(LoadError::NotAComponent(format!("{error:#}"))),
    };
    let world = &resolve.worlds[world];
    let names = |items: &wit_parser::IndexMap<wit_parser::WorldKey, wit_parser::WorldItem>| {
        items.keys().map(|key| resolve.name_world_key(key)).collect::<Vec<_>>()
    };
    for import in names(&world.imports) {
        if import.starts_with(PACKAGE) {
            check_version(&import)?;
        } else {
            return Err(LoadError::UnknownImport { import, served: VERSION });
        }
    }
    let mut exports = Exports::default();
    let mut has_driver = false;
    for export in names(&world.exports) {
        let Some(rest) = export.strip_prefix(PACKAGE) else {
            return Err(LoadError::ExportNotServed { interface: export });
        };
        check_version(&export)?;
        let interface = rest.split('@').next().unwrap_or(rest);
        if !SERVED.contains(&interface) {
            return Err(LoadError::ExportNotServed { interface: interface.to_owned() });
        }
        match interface {
            "driver" => has_driver = true,
            "webhook" => exports.webhook = true,
            _ => exports.timer = true,
        }
    }
    if !has_driver {
        return Err(LoadError::NoDriver { served: VERSION });
    }
    Ok(exports)
}

/// Before 1.0 a minor version is a major one; patches are compatible.
fn check_version(name: &str) -> Result<(), LoadError> {
    let found = name.split_once('@').map_or("none", |(_, version)| version);
    let line = |version: &str| version.rsplit_once('.').map(|(line, _)| line.to_owned());
    if line(found) == line(VERSION) {
        Ok(())
    } else {
        Err(LoadError::Version { found: found.to_owned(), served: VERSION })
    }
}

#[cfg(test)]
mod tests;
