//! How much there is of a component, counted before anything is built from it.

use super::ComponentLimits;
use crate::error::Refusal;
use wasmparser::{Parser, Payload};

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
        if depth > DEPTH {
            return Err(Refusal::NotAComponent(format!("components lie more than {DEPTH} deep in each other")));
        }
    }
    Ok(())
}

fn add(sum: &mut u32, count: u32) {
    *sum = sum.saturating_add(count);
}
