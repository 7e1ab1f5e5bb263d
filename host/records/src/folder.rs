//! A channel's folder of sealed files.

use crate::error::Error;
use crate::record::{Ending, Record};
use crate::sealed;
use serde::Serialize;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a channel's file ends with.
pub(crate) const ENDING: &str = "record";

/// A record as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The record's id.
    pub id: String,
    /// When its last call began, in milliseconds since 1970.
    pub at: u64,
    /// The handlers that were called, `Configure` left out where another was.
    pub handlers: Vec<String>,
    /// `returned`, or how the last call failed.
    pub ending: String,
    /// `name@version` of the driver.
    pub driver: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// Calls to the host.
    pub steps: usize,
    /// The instance that was called.
    pub instance: String,
}

impl Summary {
    fn of(record: &Record) -> Self {
        let handlers: Vec<_> = record.calls.iter().map(|call| call.handler.clone()).collect();
        let named = handlers.iter().filter(|name| handlers.len() == 1 || *name != "Configure");
        let last = record.calls.last();
        Self {
            id: record.id.clone(),
            at: last.map_or(0, |call| call.at),
            handlers: named.cloned().collect(),
            ending: last.map_or_else(String::new, |call| match &call.ending {
                Ending::Returned { .. } => "returned".to_owned(),
                Ending::Failed { kind, .. } => kind.clone(),
            }),
            driver: record.driver.clone(),
            digest: record.digest.clone(),
            steps: record.calls.iter().map(|call| call.steps.len()).sum(),
            instance: record.instance.clone(),
        }
    }
}

/// The files of a folder, oldest first: their names are UUIDv7.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io(folder, error))?.path();
        if path.extension() == Some(OsStr::new(ENDING)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Every record of a channel that is not older than `keep`, oldest first, given to `each`. `root` is the folder that
/// the [`Keeper`](crate::Keeper) has.
///
/// # Errors
/// [`Error`]; a file that is removed meanwhile is none.
pub fn read_channel(
    root: &Path,
    channel: &str,
    key: &[u8; 32],
    keep: Duration,
    mut each: impl FnMut(Record),
) -> Result<(), Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let oldest = u64::try_from(now.saturating_sub(keep).as_millis()).unwrap_or(u64::MAX);
    for path in files(&root.join(channel))? {
        let fresh = |record: Record| {
            if record.calls.iter().any(|call| call.at >= oldest) {
                each(record);
            }
        };
        match sealed::read(&path, channel, key, fresh) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// A page of a channel's records, newest first: those before the record `before`, at most `limit`.
///
/// # Errors
/// As of [`read_channel`].
pub fn summaries(
    root: &Path,
    channel: &str,
    key: &[u8; 32],
    keep: Duration,
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<Summary>, Error> {
    let mut found = std::collections::VecDeque::new();
    read_channel(root, channel, key, keep, |record| {
        // Ids are UUIDv7: their order is that of time.
        if before.is_none_or(|before| record.id.as_str() < before) {
            if found.len() == limit {
                found.pop_front();
            }
            found.push_back(Summary::of(&record));
        }
    })?;
    let mut found: Vec<_> = found.into();
    found.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(found)
}
