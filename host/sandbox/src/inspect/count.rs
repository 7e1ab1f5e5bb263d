//! How much there is of a component, counted before anything is built from it; and that what is named as an interface is
//! one, which the reader of its types takes for granted.

use super::ComponentLimits;
use crate::error::Refusal;
use wasmparser::{
    BinaryReaderError, ComponentExportSectionReader, ComponentExternalKind, ComponentImportSectionReader,
    ComponentTypeRef, Parser, Payload,
};

/// How deep components may lie in each other; what is composed of drivers and adapters has two or three.
const DEPTH: u32 = 16;

/// Refuses a component of which there is too much.
pub(super) fn check(bytes: &[u8], limits: &ComponentLimits) -> Result<(), Refusal> {
    let [mut functions, mut types, mut imports, mut exports] = [0u32; 4];
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| Refusal::NotAComponent(error.to_string()))?;
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::FunctionSection(section) => add(&mut functions, section.count()),
            Payload::TypeSection(section) => add(&mut types, section.count()),
            Payload::ComponentTypeSection(section) => add(&mut types, section.count()),
            Payload::CoreTypeSection(section) => add(&mut types, section.count()),
            Payload::ComponentImportSection(section) if depth == 0 => add(&mut imports, section.count()),
            Payload::ComponentExportSection(section) if depth == 0 => add(&mut exports, section.count()),
            _ => {}
        }
        let counted = [
            (functions, limits.functions, "functions", "functions"),
            (types, limits.types, "types", "types"),
            (imports, limits.imports, "imports", "imports"),
            (exports, limits.exports, "exports", "exports"),
        ];
        for (found, limit, what, key) in counted {
            if found > limit {
                return Err(Refusal::TooMany { what: what.to_owned(), key: key.to_owned(), limit });
            }
        }
        // Only now that there are not too many of them.
        let bent = match &payload {
            Payload::ComponentImportSection(section) if depth == 0 => bent_import(section),
            Payload::ComponentExportSection(section) if depth == 0 => bent_export(section),
            _ => Ok(None),
        };
        if let Some(name) = bent.map_err(|error| Refusal::NotAComponent(error.to_string()))? {
            return Err(Refusal::NotAnInterface { name });
        }
        if depth > DEPTH {
            return Err(Refusal::NotAComponent(format!("components lie more than {DEPTH} deep in each other")));
        }
    }
    Ok(())
}

/// An import that is named as an interface and is none.
fn bent_import(section: &ComponentImportSectionReader<'_>) -> Result<Option<String>, BinaryReaderError> {
    for import in section.clone() {
        let import = import?;
        if is_interface(import.name.name) && !matches!(import.ty, ComponentTypeRef::Instance(_)) {
            return Ok(Some(import.name.name.to_owned()));
        }
    }
    Ok(None)
}

/// The same of an export.
fn bent_export(section: &ComponentExportSectionReader<'_>) -> Result<Option<String>, BinaryReaderError> {
    for export in section.clone() {
        let export = export?;
        if is_interface(export.name.name) && export.kind != ComponentExternalKind::Instance {
            return Ok(Some(export.name.name.to_owned()));
        }
    }
    Ok(None)
}

/// Whether this is an interface's name: `namespace:package/interface@version`.
fn is_interface(name: &str) -> bool {
    name.contains(':')
}

fn add(sum: &mut u32, count: u32) {
    *sum = sum.saturating_add(count);
}
