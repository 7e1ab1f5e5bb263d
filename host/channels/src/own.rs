//! The server's own small durable state, in the same store as the drivers': one record has the change and who made it.

use jackfield_journal::Error as JournalError;
use jackfield_sequencer::{Audit, Commit, CommitError, Sequencer, StoreWrite};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Whose store it is: no channel's, since an id begins with a letter or a digit.
const SERVER: &str = "$server";
/// Entries read at once.
const PAGE: usize = 500;

/// Keys and what is written to them; none deletes.
pub(crate) type Writes = BTreeMap<String, Option<Vec<u8>>>;

/// A value as it is kept.
pub(crate) fn json(value: &impl Serialize) -> Option<Vec<u8>> {
    // Plain data with text keys: there is nothing that JSON can't write.
    serde_json::to_vec(value).ok()
}

fn now(sequencer: &Sequencer) -> i64 {
    i64::try_from(sequencer.now()).unwrap_or(i64::MAX)
}

/// A value of the server's own.
pub(crate) fn get(sequencer: &Sequencer, key: &str) -> Result<Option<Vec<u8>>, JournalError> {
    Ok(sequencer.reader().store_get(SERVER, key, now(sequencer))?.value)
}

/// Values under a prefix after a key, in the keys' order.
pub(crate) fn page(
    sequencer: &Sequencer,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, JournalError> {
    let found = sequencer.reader().store_entries(SERVER, prefix, after, limit, now(sequencer))?;
    Ok(found.into_iter().map(|entry| (entry.key, entry.value)).collect())
}

/// All values under a prefix by the rest of their key. One that can't be read was written by a newer version and is left
/// out, with a line in the log.
pub(crate) fn all<T: DeserializeOwned>(
    sequencer: &Sequencer,
    prefix: &str,
) -> Result<BTreeMap<String, T>, JournalError> {
    let mut values = BTreeMap::new();
    let mut after: Option<String> = None;
    loop {
        let entries = page(sequencer, prefix, after.as_deref(), PAGE)?;
        let last = entries.last().map(|(key, _)| key.clone());
        let full = entries.len() == PAGE;
        for (key, value) in entries {
            match serde_json::from_slice(&value) {
                Ok(value) => drop(values.insert(key[prefix.len()..].to_owned(), value)),
                Err(error) => tracing::warn!("the server's own entry `{key}` can't be read and is left out: {error}"),
            }
        }
        if !full {
            return Ok(values);
        }
        after = last;
    }
}

/// Writes, and puts on record who did it.
pub(crate) async fn write(sequencer: &Sequencer, writes: Writes, audit: Vec<Audit>) -> Result<(), CommitError> {
    let writes =
        writes.into_iter().map(|(key, value)| (key, value.map(|value| StoreWrite { value, expires_at: None })));
    let commit = Commit {
        channel: SERVER.to_owned(),
        cause: "operation".to_owned(),
        writes: writes.collect(),
        audit,
        ..Commit::default()
    };
    sequencer.commit(commit).await.map(drop)
}

/// Writes one value that is gone after a while.
pub(crate) async fn write_until(sequencer: &Sequencer, key: String, write: StoreWrite) -> Result<(), CommitError> {
    let commit = Commit {
        channel: SERVER.to_owned(),
        cause: "operation".to_owned(),
        writes: BTreeMap::from([(key, Some(write))]),
        ..Commit::default()
    };
    sequencer.commit(commit).await.map(drop)
}
