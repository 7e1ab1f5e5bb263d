//! What can go wrong with a driver, each with what to do.

use jackfield_spec::VERSION;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a component can't be a driver here, found before any of it runs. Crosses the pipe from the compiler's process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// Not a component at all.
    #[error(
        "this is not a WebAssembly component: {0}; build the driver for wasm32 and make a component of it (wit-component, `make drivers`)"
    )]
    NotAComponent(String),
    /// Something else has an interface's name.
    #[error(
        "the component's `{name}` is named as an interface and is none; generate its bindings from the WIT that `jackfield spec wit` prints"
    )]
    NotAnInterface {
        /// What the import or export is called.
        name: String,
    },
    /// Larger than may be.
    #[error(
        "the component has {found} bytes, at most {limit} are allowed; strip it, or leave out what it doesn't need"
    )]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More of something than may be.
    #[error(
        "the component has more than {limit} {what}; leave out what it doesn't need, or raise {key} under [server.limits]"
    )]
    TooMany {
        /// Of what.
        what: String,
        /// The limit's key in the config.
        key: String,
        /// How many are allowed.
        limit: u32,
    },
    /// Built against another version of the specification.
    #[error(
        "the driver was built against jackfield:channel@{found}, this server speaks {served}; rebuild it against the WIT that `jackfield spec wit` prints"
    )]
    Version {
        /// Version found in the component.
        found: String,
        /// The versions that are served.
        served: String,
    },
    /// It doesn't export the one interface that every driver must have.
    #[error(
        "the component exports no jackfield:channel/driver@{VERSION}; export `driver` (describe, configure, deliver), which every driver must have"
    )]
    NoDriver,
    /// It exports an interface that this server doesn't serve yet.
    #[error(
        "the driver exports `{interface}`, which this server does not serve yet; leave that export out, or use a server that serves it"
    )]
    ExportNotServed {
        /// The interface.
        interface: String,
    },
    /// It imports something that isn't there.
    #[error(
        "the driver imports `{import}`, which this server does not offer; only the interfaces of jackfield:channel@{VERSION}, and of WASI 0.2 those that docs/specification.md lists, may be imported"
    )]
    UnknownImport {
        /// The import.
        import: String,
    },
    /// It imports another WASI than this server's.
    #[error(
        "the driver imports `{import}`, this server offers WASI {served}; build it with a tool that targets WASI {served}"
    )]
    WasiVersion {
        /// The import.
        import: String,
        /// The line of WASI that is offered.
        served: String,
    },
    /// It imports something of WASI with other types.
    #[error(
        "the driver imports `{import}` with other types than WASI's: {difference}; build it with a tool that targets WASI 0.2"
    )]
    WasiTypes {
        /// The import.
        import: String,
        /// What differs.
        difference: String,
    },
    /// Types don't fit.
    #[error(
        "the driver's `{interface}` does not fit jackfield:channel@{version}: {difference}; rebuild it against the WIT that `jackfield spec wit` prints"
    )]
    Types {
        /// The interface.
        interface: String,
        /// The version in which the component has it.
        version: String,
        /// What differs, from the outside in: function or type, then field, case or element.
        difference: String,
    },
    /// The compiler refused it.
    #[error(
        "the component can't be compiled: {0}; a driver has no threads, garbage collection, exceptions or asynchronous types, at most 50 core instances, and a module at most 10 memories and 10 tables, of 256 MiB and 20000 elements at their begin"
    )]
    Compile(String),
    /// The compiler needed too long.
    #[error(
        "the component took more than {0:?} to compile; split its largest functions, leave out what it doesn't need, or raise compile-time under [server.limits]"
    )]
    CompileTime(Duration),
    /// The compiler needed too much memory.
    #[error(
        "the component took more than {0} bytes of memory to compile; split its largest functions, leave out what it doesn't need, or raise compile-memory under [server.limits]"
    )]
    CompileMemory(usize),
    /// The compiler broke down over it.
    #[error(
        "the compiler broke down over the component ({0}); something in it is nested too deeply or damaged: build it anew, and tell Jackfield's authors if that does not help"
    )]
    CompilerBroke(String),
}

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It can't be a driver here.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// `describe` failed.
    #[error(
        "the driver was probed and failed in `{function}`: {source}; `describe` must answer without any capability"
    )]
    Probe {
        /// The function.
        function: &'static str,
        /// What happened.
        source: CallError,
    },
    /// What `describe` answered can't be used.
    #[error("the driver's descriptor is wrong: {0}")]
    Descriptor(String),
    /// The cache's folder, the engine or the compiler's process.
    #[error("{0}")]
    Host(String),
}

impl LoadError {
    /// The step of a driver's life that it did not reach: `verified`, `compiled`, `linked`, `probed`.
    pub fn step(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.step(),
            Self::Host(_) => "compiled",
            Self::Probe { .. } | Self::Descriptor(_) => "probed",
        }
    }
}

impl Refusal {
    fn step(&self) -> &'static str {
        match self {
            Self::Compile(_) | Self::CompileTime(_) | Self::CompileMemory(_) | Self::CompilerBroke(_) => "compiled",
            Self::Types { .. } | Self::WasiTypes { .. } => "linked",
            _ => "verified",
        }
    }
}

/// A handler call that came to nothing, with what the guest said last.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Why.
    pub error: CallError,
    /// The last lines that the guest logged in this call, oldest first, at most 20.
    pub log: Vec<String>,
    /// Where the guest was when it was ended: its functions, with their names if the component has them.
    pub backtrace: Option<String>,
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self { error, log: Vec::new(), backtrace: None }
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

/// The driver refuses its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {text}; {remedy}")]
pub struct SettingsError {
    /// JSON Pointer into the settings, or `secrets/NAME`.
    pub key: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub remedy: String,
}

/// Why a handler call came to nothing. What it had collected is thrown away.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The guest trapped.
    #[error("the driver trapped: {trap}")]
    Trap {
        /// The trap and the guest's backtrace.
        trap: String,
    },
    /// The guest asked for more memory than it may have, and trapped.
    #[error(
        "the driver trapped after it was refused memory beyond {limit} bytes: {trap}; raise limits.{key} of the channel if it needs more"
    )]
    Memory {
        /// Bytes allowed.
        limit: usize,
        /// The limit's key: of the instance or of the whole channel.
        key: &'static str,
        /// The trap.
        trap: String,
    },
    /// The guest itself ran for too long.
    #[error("the driver used more than {0:?} of guest time; it loops, or the channel's limit is too low")]
    GuestTime(Duration),
    /// The call took too long.
    #[error("the driver did not answer within {0:?}")]
    WallTime(Duration),
    /// No instance could be had.
    #[error("no instance of the driver is free: {0}")]
    Busy(String),
    /// `configure` refused.
    #[error("the driver refused its settings: {0}")]
    Settings(#[from] SettingsError),
    /// The driver doesn't export this handler.
    #[error("the driver does not export `{0}`")]
    NotExported(&'static str),
    /// The generation was to be let go, and the call had not ended within the time for that.
    #[error("the call was cut off: another version of the driver serves, and the time for this one to end is over")]
    CutOff,
    /// The answer makes no sense.
    #[error("the driver's answer can't be used: {0}")]
    Answer(String),
}

impl CallError {
    /// A name for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Trap { .. } => "trap",
            Self::Memory { .. } => "memory",
            Self::GuestTime(_) => "guest-time",
            Self::WallTime(_) => "wall-time",
            Self::Busy(_) => "busy",
            Self::Settings(_) => "settings",
            Self::NotExported(_) => "not-exported",
            Self::Answer(_) => "answer",
            Self::CutOff => "cut-off",
        }
    }

    /// Whether what was handed to the driver was the end of its instance: it trapped, looped or answered nonsense.
    pub fn is_crash(&self) -> bool {
        matches!(self, Self::Trap { .. } | Self::Memory { .. } | Self::GuestTime(_) | Self::Answer(_))
    }

    /// Whether another generation may well answer what this one did not: it is slow, busy, or on its way out.
    pub fn is_of_generation(&self) -> bool {
        matches!(self, Self::WallTime(_) | Self::Busy(_) | Self::CutOff)
    }

    /// Whether the driver ran out of time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::GuestTime(_) | Self::WallTime(_))
    }
}
