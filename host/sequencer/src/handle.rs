//! How others reach the sequencer.

use crate::body::{Messages, Stored};
use crate::clock::Clock;
use crate::commit::{Commit, CommitError, Committed};
use crate::job::Job;
use crate::keys::Keys;
use crate::snapshotter::MakeSnapshot;
use jackfield_journal::{Blobs, Reader, Snapshots};
use jackfield_router::{Command, Reply, State};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, oneshot};

/// Reaches the sequencer. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) ready: AtomicBool,
    pub(crate) counters: Counters,
    pub(crate) keys: Keys,
    pub(crate) clock: Clock,
    pub(crate) reader: Reader,
    pub(crate) blobs: Blobs,
    pub(crate) snapshots: Snapshots,
    /// How snapshots are made, unless by this process.
    pub(crate) make_snapshot: OnceLock<MakeSnapshot>,
    /// One is being made.
    pub(crate) snapshotting: AtomicBool,
}

/// What the sequencer counts, for metrics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Records appended.
    pub records: AtomicU64,
    /// Batches appended, each with one sync.
    pub batches: AtomicU64,
    /// Batches that could not be appended.
    pub failures: AtomicU64,
    /// Pushed messages that were there already.
    pub duplicates: AtomicU64,
    /// Pushed messages that were new.
    pub messages: AtomicU64,
    /// Handler calls that read what had changed.
    pub conflicts: AtomicU64,
    /// Snapshots made.
    pub snapshots: AtomicU64,
    /// Snapshots that could not be made.
    pub snapshot_failures: AtomicU64,
    /// Blobs removed because nothing needed them for an hour.
    pub orphans: AtomicU64,
    /// Records, contents, ids and ended work items that retention took away.
    pub retained: AtomicU64,
    /// Customers erased.
    pub erasures: AtomicU64,
}

impl Sequencer {
    /// Commits a handler call. Returns when it is durable.
    ///
    /// # Errors
    /// [`CommitError`]; then nothing of it happened.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let (answer, wait) = oneshot::channel();
        self.submit(Job::Commit(Box::new(commit), answer)).await?;
        wait.await.unwrap_or(Err(CommitError::Stopping))
    }

    /// Lets the router decide a command. Returns when what was decided is durable.
    ///
    /// # Errors
    /// [`CommitError`]; then nothing of it happened. What the router refuses is a [`Reply`].
    pub async fn command(&self, command: Command) -> Result<Reply, CommitError> {
        self.command_with(command, None).await
    }

    /// The same with the body of a message that the command sends.
    ///
    /// # Errors
    /// As [`Sequencer::command`].
    pub async fn command_with(&self, command: Command, body: Option<Stored>) -> Result<Reply, CommitError> {
        let (answer, wait) = oneshot::channel();
        self.submit(Job::Command(Box::new(command), body, answer)).await?;
        wait.await.unwrap_or(Err(CommitError::Stopping))
    }

    /// Looks at the committed state. Keep `look` short: nothing is decided meanwhile.
    ///
    /// # Errors
    /// The server is stopping.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, CommitError> {
        let (answer, wait) = oneshot::channel();
        let look = move |state: &State| {
            // Whoever asked may have gone away.
            let _ = answer.send(look(state));
        };
        self.submit(Job::Read(Box::new(look))).await?;
        wait.await.map_err(|_| CommitError::Stopping)
    }

    /// Ends the sequencer after what is queued: a snapshot is written and the journal closed.
    pub async fn stop(&self) {
        let (answer, wait) = oneshot::channel();
        if self.submit(Job::Stop(answer)).await.is_ok() {
            let _ = wait.await;
        }
    }

    pub(crate) async fn submit(&self, job: Job) -> Result<(), CommitError> {
        self.shared.jobs.send(job).await.map_err(|_| CommitError::Stopping)
    }

    /// Lets snapshots be made by `make` from now on: by another process, so that this one needn't hold the state twice.
    /// Only the first call counts.
    pub fn make_snapshots_by(&self, make: MakeSnapshot) {
        let _ = self.shared.make_snapshot.set(make);
    }

    /// Whether the journal can be written.
    pub fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::Relaxed)
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> usize {
        self.shared.jobs.max_capacity() - self.shared.jobs.capacity()
    }

    /// The keyed hashes of this data folder.
    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        (self.shared.clock)()
    }

    /// Committed rows and bodies.
    pub fn reader(&self) -> &Reader {
        &self.shared.reader
    }

    /// Committed messages.
    pub fn messages(&self) -> Messages {
        Messages::new(self.shared.reader.clone())
    }

    /// The blob store.
    pub fn blobs(&self) -> &Blobs {
        &self.shared.blobs
    }
}
