//! Why a name has no driver.

use jackfield_sandbox::LoadError;

/// Why a driver was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// No file fits.
    #[error("there is no driver `{wanted}` in {folder}; put {name}.wasm there{found}")]
    Missing {
        /// As the channel asks for it.
        wanted: String,
        /// The drivers folder.
        folder: String,
        /// The driver's name.
        name: String,
        /// What is there.
        found: String,
    },
    /// The file can't be read.
    #[error("the driver {path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What happened.
        source: std::io::Error,
    },
    /// The component is refused.
    #[error("the driver {path} is refused: {source}")]
    Refused {
        /// The file.
        path: String,
        /// Why.
        source: LoadError,
    },
    /// Its signature, or the want of one.
    #[error("the driver {path} is refused: {why}")]
    Signature {
        /// The file.
        path: String,
        /// Why, with what to do.
        why: String,
    },
    /// The file says another name or version than the component.
    #[error("the file {path} holds the driver {found}; rename it to {found}.wasm, or to its name alone")]
    Misnamed {
        /// The file.
        path: String,
        /// `name@version` in the descriptor.
        found: String,
    },
    /// The folder holds what an operator rolled back, and nothing else is left.
    #[error(
        "the file of `{wanted}` holds a version that was rolled back; put another one, or load this one with `jackfield driver load`"
    )]
    RolledBack {
        /// As the channel asks for it.
        wanted: String,
    },
    /// It served once and is gone.
    #[error("the driver {digest} is not kept any more; load its file with `jackfield driver load`")]
    NotKept {
        /// Its digest.
        digest: String,
    },
    /// A kept file holds something else than it was kept as.
    #[error("the kept driver {path} was changed since it was written; delete it, and load the driver again")]
    Changed {
        /// The file.
        path: String,
    },
}

impl DriverError {
    /// The step of a driver's life that was not reached: `fetched`, then those of [`LoadError::step`].
    pub fn step(&self) -> &'static str {
        match self {
            Self::Refused { source, .. } => source.step(),
            Self::Signature { .. } | Self::Misnamed { .. } | Self::Changed { .. } => "verified",
            Self::Missing { .. } | Self::Unreadable { .. } | Self::RolledBack { .. } | Self::NotKept { .. } => {
                "fetched"
            }
        }
    }
}
