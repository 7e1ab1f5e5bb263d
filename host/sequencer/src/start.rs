//! Starting: the state is made from the journal, then the loop runs on a thread of its own.

use crate::clock::{Clock, steady};
use crate::entry::Entry;
use crate::error::Error;
use crate::handle::{Counters, Sequencer, Shared};
use crate::keys::Keys;
use crate::snapshotter::make_snapshot;
use crate::work::Work;
use jackfield_journal::{Journal, Seq, SqliteJournal};
use jackfield_router::{Command, Config, Effect, Notice, State};
use jackfield_spec::Message;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// Jobs that may wait; beyond it whoever asks waits too.
const QUEUE: usize = 4_096;
/// Records read at once while replaying.
const PAGE: usize = 1_000;

/// Something for an agent, with the message it is about if that is at hand.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The numbered event.
    pub notice: Notice,
    /// The message, where it is new by the same commit.
    pub message: Option<Arc<Message>>,
}

/// Where released notices and effects go.
#[derive(Clone)]
pub struct Outputs {
    /// To the agents.
    pub notices: mpsc::UnboundedSender<Announcement>,
    /// To the channels' drivers.
    pub effects: mpsc::UnboundedSender<Effect>,
}

/// What starting needs.
pub struct Settings {
    /// The time.
    pub clock: Clock,
    /// For how long the process has been running, in milliseconds: what nobody sets, whatever is done to the time.
    pub running: Clock,
    /// Where notices and effects go.
    pub outputs: Outputs,
}

/// What was found in the data folder.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    /// The last record.
    pub head: Seq,
    /// Records replayed after the snapshot.
    pub replayed: u64,
}

/// Opens the data folder, makes the state and starts the sequencer.
///
/// # Errors
/// The folder is in use, damaged, or of a newer version.
pub fn start(data: &Path, settings: Settings) -> Result<(Sequencer, Started), Error> {
    let journal = SqliteJournal::open(data)?;
    let keys = Keys::open(data, journal.head() == 0)?;
    let (state, replayed) = rebuild(&journal)?;
    let started = Started { head: journal.head(), replayed };
    let (jobs, receiver) = mpsc::channel(QUEUE);
    let shared = Arc::new(Shared {
        jobs,
        ready: AtomicBool::new(true),
        counters: Counters::default(),
        keys,
        clock: steady(settings.clock, state.now(), settings.running),
        reader: journal.reader(),
        blobs: journal.blobs(),
        snapshots: journal.snapshots(),
        make_snapshot: OnceLock::new(),
        snapshotting: AtomicBool::new(false),
    });
    let folder = data.to_owned();
    let here = Arc::new(move || make_snapshot(&folder).map(drop).map_err(|error| error.to_string()));
    let work = Work {
        state,
        snapshot_here: here,
        last_snapshot: journal.head() - replayed,
        journal: Box::new(journal),
        shared: shared.clone(),
        outputs: settings.outputs,
        refused: 0,
        begun: false,
        collected: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(Error::Thread)?;
    std::thread::Builder::new()
        .name("sequencer".to_owned())
        .spawn(move || or_abort(|| runtime.block_on(work.run(receiver))))
        .map_err(Error::Thread)?;
    let sequencer = Sequencer { shared };
    Ok((sequencer, started))
}

impl Sequencer {
    /// Tells the router that the server has started and what its config is; releases what is outstanding.
    ///
    /// # Errors
    /// The journal can't be written.
    pub async fn begin(&self, config: Config) -> Result<(), crate::CommitError> {
        self.command(Command::Started).await?;
        self.configure(config).await
    }

    /// Gives the router a config, at a start or reload.
    ///
    /// # Errors
    /// The journal can't be written.
    pub async fn configure(&self, config: Config) -> Result<(), crate::CommitError> {
        let mut salt = [0; 8];
        // Only the first salt of a journal counts; it keeps the ids of two journals apart and guards nothing.
        let _ = getrandom::fill(&mut salt);
        let command = Command::Configure { salt: u64::from_le_bytes(salt), config: Box::new(config) };
        self.command(command).await.map(drop)
    }
}

/// Runs the sequencer, and ends the process if it panics: a server without its sequencer takes nothing in, and one that
/// is started again is worth more than one that only answers that it is stopping.
fn or_abort(run: impl FnOnce()) {
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
        let text = "the sequencer panicked (see above); the server ends, what was answered is in the journal";
        tracing::error!("{text}");
        eprintln!("{text}");
        std::process::abort();
    }
}

/// The state as the journal has it, and how many records were replayed after the newest snapshot.
pub(crate) fn rebuild(journal: &dyn Journal) -> Result<(State, u64), Error> {
    let (mut state, from) = match journal.latest_snapshot()? {
        Some(snapshot) => match serde_json::from_slice(&snapshot.payload) {
            Ok(state) => (state, snapshot.seq),
            Err(error) => {
                tracing::warn!(
                    "the snapshot at record {} can't be read and all records are replayed: {error}",
                    snapshot.seq
                );
                (State::default(), 0)
            }
        },
        None => (State::default(), 0),
    };
    let mut next = from + 1;
    loop {
        let records = journal.read(next, PAGE)?;
        let Some(last) = records.last() else { break };
        if let Some(first) = records.first().filter(|first| first.seq != next) {
            return Err(Error::Gap { after: next - 1, found: first.seq });
        }
        next = last.seq + 1;
        for record in &records {
            replay(&mut state, record.seq, &record.payload)?;
        }
    }
    Ok((state, next - 1 - from))
}

/// Applies one record to a state.
///
/// # Errors
/// The record is of a newer version, or no record.
pub fn replay(state: &mut State, seq: Seq, payload: &[u8]) -> Result<Entry, Error> {
    let entry: Entry = serde_json::from_slice(payload).map_err(|source| Error::Record { seq, source })?;
    for event in &entry.events {
        jackfield_router::evolve(state, entry.at, event);
    }
    Ok(entry)
}
