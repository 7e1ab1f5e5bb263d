//! Keeping house: what is done now and then beside the work, so that a server can run for years.

use crate::commit::CommitError;
use crate::erasure::EraseError;
use crate::handle::Sequencer;
use crate::job::Job;
use crate::work::Work;
use jackfield_journal::{ChannelLog, Cut, Id, Retained};
use jackfield_spec::Digest;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};
use tokio::task::spawn_blocking;

/// How often everything is looked after.
const ROUND: Duration = Duration::from_secs(60 * 60);
/// Rounds between two snapshots of a server that is too quiet to make them by its records.
const SNAPSHOT_ROUNDS: u64 = 24;
/// How much of each kind retention takes away at once: a few milliseconds.
const RETAIN: usize = 100;
/// A pause between two steps of retention, in which the sequencer does its work.
const PAUSE: Duration = Duration::from_millis(50);

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Content, records and ended work items.
    pub retention: Duration,
    /// Message ids, by which repetitions are recognized; at least as long as `retention`.
    pub ids: Duration,
}

impl Sequencer {
    /// Looks after the data folder every hour, for as long as the server runs.
    pub async fn keep_house(self, log: ChannelLog, keep: Keep) {
        let mut rounds = tokio::time::interval(ROUND);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for round in 0_u64.. {
            rounds.tick().await;
            if let Err(error) = self.finish_erasures(&log).await {
                tracing::error!("an erasure could not be ended and is tried again in an hour: {error}");
            }
            // The first round is at the start, which has enough to do.
            if round == 0 {
                continue;
            }
            if round % SNAPSHOT_ROUNDS == 0 && self.snapshot().await.is_err() {
                return;
            }
            if let Err(error) = self.collect_orphans().await {
                tracing::warn!("blobs that nothing needs were not collected: {error}");
            }
            if let Err(error) = self.retain(keep).await {
                tracing::warn!("what was kept long enough could not be taken away: {error}");
            }
        }
    }

    /// Lets a snapshot be made now, if there is anything new and none is being made; doesn't wait for it.
    ///
    /// # Errors
    /// The server is stopping.
    pub async fn snapshot(&self) -> Result<(), CommitError> {
        self.submit(Job::Snapshot).await
    }

    /// Keeps a blob for another hour, because a message under way carries it, and returns its size in bytes; none if there
    /// is no such blob.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn renew_blob(&self, blob: &Digest) -> Result<Option<u64>, jackfield_journal::Error> {
        self.blobs().renew(&blob.0, UNIX_EPOCH + Duration::from_millis(self.now()))
    }

    /// Removes the blobs that nothing has needed for an hour, and returns how many. What is being written, and what an
    /// agent's message under way carries, is younger.
    ///
    /// # Errors
    /// Those of the disk and the database.
    pub async fn collect_orphans(&self) -> Result<usize, EraseError> {
        let (blobs, reader) = (self.blobs().clone(), self.reader().clone());
        let now = UNIX_EPOCH + Duration::from_millis(self.now());
        let collect = move || blobs.collect_orphans(now, |digest| reader.blob_needed(digest));
        let removed = spawn_blocking(collect).await??;
        self.shared.counters.orphans.fetch_add(removed as u64, Ordering::Relaxed);
        Ok(removed)
    }

    /// Takes away what was kept long enough, a little at a time, and returns how much. Records go only behind a snapshot
    /// that was read and found whole, and of which a newer one exists.
    ///
    /// # Errors
    /// Those of the disk and the database.
    pub async fn retain(&self, keep: Keep) -> Result<usize, EraseError> {
        let snapshots = self.shared.snapshots.clone();
        let sound = spawn_blocking(move || snapshots.oldest_sound()).await??;
        let now = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let before = |kept: Duration| now.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
        let cut = Cut {
            before: before(keep.retention),
            ids_before: before(keep.ids.max(keep.retention)),
            keep_from: sound.unwrap_or(0),
        };
        let mut removed = 0;
        loop {
            let step = self.ask(|answer| Job::Retain(cut, answer)).await?;
            removed += step.removed;
            self.shared.counters.retained.fetch_add(step.removed as u64, Ordering::Relaxed);
            self.drop_loose(step.loose).await?;
            if !step.more {
                return Ok(removed);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Work {
    pub(crate) fn retain(&mut self, cut: &Cut) -> Result<Retained, CommitError> {
        let state = &self.state;
        let open = |item: &Id| state.item(&uuid::Uuid::from_bytes(*item).to_string()).is_some();
        self.journal.retain(cut, &open, RETAIN).map_err(|error| CommitError::Unavailable(error.to_string()))
    }
}
