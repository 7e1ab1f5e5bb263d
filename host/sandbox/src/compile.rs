//! Compiling: a component's bytes become machine code, in a process of its own or, for tools, in this one.
//!
//! A compiler is the one thing here whose time and memory grow with what a stranger wrote before any limit of a
//! sandbox is in force. In a process of its own it can be stopped, and all its memory is given back: this release of
//! wasmtime keeps a compiler's memory for as long as its engine lives.

mod child;
mod wire;

pub use child::compiler_process;

use crate::engine::compiler_config;
use crate::error::{LoadError, Refusal};
use crate::inspect::{ComponentLimits, inspect};
use crate::versions::Versions;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use wasmtime::Engine;

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In this process, without limits: for tools and tests that compile what they know.
    InProcess,
    /// In a process of its own, one for each component: a program that does no more than [`compiler_process`].
    Child {
        /// The program.
        program: PathBuf,
        /// What it is called with.
        arguments: Vec<OsString>,
    },
}

impl Compiler {
    /// This very program, called with these arguments: also when its file was replaced since it was started, which
    /// would make other code.
    pub fn this_program(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self::Child { program: PathBuf::from("/proc/self/exe"), arguments }
    }
}

/// What compiling one component may use in a process of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileLimits {
    /// The processor's time. As the process has the lowest priority it may take ten times as long.
    pub time: Duration,
    /// Bytes of memory.
    pub memory: usize,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(120), memory: 2 << 30 }
    }
}

/// Checks a component and compiles it.
pub(crate) async fn compile(
    compiler: &Compiler,
    versions: Versions,
    bytes: &std::sync::Arc<[u8]>,
    component: &ComponentLimits,
    limits: &CompileLimits,
) -> Result<Vec<u8>, LoadError> {
    match compiler {
        Compiler::InProcess => {
            let (bytes, component) = (bytes.clone(), component.clone());
            let here = tokio::task::spawn_blocking(move || work(&bytes, &component, versions));
            let code = here.await.map_err(|error| LoadError::Host(format!("the compiler's thread failed: {error}")))?;
            Ok(code?)
        }
        Compiler::Child { program, arguments } => child::run(program, arguments, bytes, component, limits).await,
    }
}

/// What is done wherever it is done.
fn work(bytes: &[u8], limits: &ComponentLimits, versions: Versions) -> Result<Vec<u8>, Refusal> {
    inspect(bytes, limits, versions)?;
    let failed = |error: wasmtime::Error| Refusal::Compile(format!("{error:#}"));
    let engine = Engine::new(&compiler_config()).map_err(failed)?;
    engine.precompile_component(bytes).map_err(failed)
}

#[cfg(test)]
mod tests;
