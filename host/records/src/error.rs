//! What can go wrong with records.

use std::path::Path;

/// Why records can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk.
    #[error("{path}: {source}; see whether the disk is full and the folder belongs to the server")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not a file of records, or of a newer version.
    #[error(
        "{path} is no file of records that this version can read: {problem}; give an exported record, or a file of the data folder's `records`"
    )]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// It was changed, or the key is another.
    #[error(
        "{path}: record {index} was changed, or the data folder's key is another; take the file from its own data folder"
    )]
    Sealed {
        /// The file.
        path: String,
        /// Which record of the file, from 0.
        index: u64,
    },
    /// A file's key needs randomness.
    #[error("there is no randomness for a record's key")]
    Random,
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }

    pub(crate) fn format(path: impl std::fmt::Display, problem: impl Into<String>) -> Self {
        Self::Format { path: path.to_string(), problem: problem.into() }
    }
}
