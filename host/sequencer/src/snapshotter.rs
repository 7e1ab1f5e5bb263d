//! Snapshots: made from the journal alone, beside the sequencer, which isn't stopped for them.
//!
//! The state of a snapshot is the one before it and the records since, not the sequencer's own. So it is no copy of what
//! is in memory, needs no lock, and whoever reads the journal can make it: the server lets another process do it, which
//! takes its memory with it when it ends.

use crate::error::Error;
use crate::start::replay;
use crate::work::Work;
use jackfield_journal::{Seq, Snapshots, dump};
use jackfield_router::State;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Records between two snapshots, at least; and open items to one record more: what a snapshot costs grows with them,
/// what a start replays must not grow too far.
const SNAPSHOT_EVERY: u64 = 20_000;
const ITEMS_PER_RECORD: u64 = 4;
/// Makes a snapshot of the newest state, and returns when it is durable. An error says what to tell the operator.
pub type MakeSnapshot = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What [`make_snapshot`] made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The last record that is in it.
    pub seq: Seq,
    /// Records since the one before.
    pub replayed: u64,
}

/// Makes a snapshot of the journal in the data folder `dir`, also while a server appends to it. None if the newest one
/// is of the last record already.
///
/// # Errors
/// The journal can't be read, or has a record of a newer version; the snapshot can't be written.
pub fn make_snapshot(dir: &Path) -> Result<Option<Made>, Error> {
    let started = Instant::now();
    let snapshots = Snapshots::of(dir)?;
    let (mut state, from) = match snapshots.latest()? {
        Some(snapshot) => match serde_json::from_slice(&snapshot.payload) {
            Ok(state) => (state, snapshot.seq),
            Err(_) => (State::default(), 0),
        },
        None => (State::default(), 0),
    };
    let mut seq = from;
    for record in dump(dir, from + 1, usize::MAX)? {
        let record = record?;
        if record.seq != seq + 1 {
            return Err(Error::Gap { after: seq, found: record.seq });
        }
        replay(&mut state, record.seq, &record.payload)?;
        seq = record.seq;
    }
    if seq == from {
        return Ok(None);
    }
    snapshots.write_with(seq, |file| Ok(serde_json::to_writer(file, &state)?))?;
    tracing::info!(seq, replayed = seq - from, took = ?started.elapsed(), "a snapshot was made");
    Ok(Some(Made { seq, replayed: seq - from }))
}

impl Work {
    /// Whether there is enough that a start would have to replay.
    pub(crate) fn wants_snapshot(&self) -> bool {
        let items = self.state.items().len() as u64;
        self.journal.head() >= self.last_snapshot + SNAPSHOT_EVERY.max(items / ITEMS_PER_RECORD)
    }

    /// Lets a snapshot be made beside the loop, unless one is.
    pub(crate) fn snapshot(&mut self) {
        let seq = self.journal.head();
        if seq == self.last_snapshot || self.shared.snapshotting.swap(true, Ordering::AcqRel) {
            return;
        }
        self.last_snapshot = seq;
        let shared = self.shared.clone();
        let make = shared.make_snapshot.get().unwrap_or(&self.snapshot_here).clone();
        let run = move || {
            match make() {
                Ok(()) => shared.counters.snapshots.fetch_add(1, Ordering::Relaxed),
                Err(error) => {
                    tracing::error!("no snapshot was made, the next start replays more: {error}");
                    shared.counters.snapshot_failures.fetch_add(1, Ordering::Relaxed)
                }
            };
            shared.snapshotting.store(false, Ordering::Release);
        };
        if let Err(error) = std::thread::Builder::new().name("snapshot".to_owned()).spawn(run) {
            tracing::error!("no thread for a snapshot: {error}");
            self.shared.snapshotting.store(false, Ordering::Release);
        }
    }

    /// At the end, when nobody waits any more, the state itself is written: that is the quickest.
    pub(crate) fn last_snapshot(&self) {
        let seq = self.journal.head();
        if seq == self.last_snapshot {
            return;
        }
        let state = &self.state;
        if let Err(error) = self.shared.snapshots.write_with(seq, |file| Ok(serde_json::to_writer(file, state)?)) {
            tracing::error!("no snapshot at record {seq}, the next start replays more: {error}");
        }
    }
}
