//! The sandbox as this program starts it: drivers are compiled in a process of its own, under the config's limits.

use jackfield_config::ServerLimits;
use jackfield_sandbox::{CompileLimits, Compiler, ComponentLimits, SandboxConfig};
use std::path::Path;

/// The command by which this program is the compiler's process, and nothing else.
pub const COMPILE: &str = "compile-component";

/// What a sandbox needs, with its folder of compiled drivers.
pub fn config(compiled: &Path, limits: &ServerLimits) -> SandboxConfig {
    let default = SandboxConfig::new(compiled);
    let (component, compile) = (ComponentLimits::default(), CompileLimits::default());
    SandboxConfig {
        instances: limits.instances.unwrap_or(default.instances),
        compiler: Compiler::this_program(&[COMPILE]),
        compile: CompileLimits {
            time: limits.compile_time.unwrap_or(compile.time),
            memory: limits.compile_memory.map_or(compile.memory, |size| size.to_usize()),
        },
        component: ComponentLimits {
            bytes: limits.component.map_or(component.bytes, |size| size.to_usize()),
            functions: limits.functions.unwrap_or(component.functions),
            types: limits.types.unwrap_or(component.types),
            imports: limits.imports.unwrap_or(component.imports),
            exports: limits.exports.unwrap_or(component.exports),
        },
        ..default
    }
}
