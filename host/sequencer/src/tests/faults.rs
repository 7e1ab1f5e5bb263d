//! A journal that can't be written: nobody is told that something happened, and nothing of it is left.

use super::*;
use crate::handle::{Counters, Shared};
use crate::work::Work;
use jackfield_journal::{
    Batch, Cut, Erase, Error as JournalError, Id, Journal, Loose, Record, Retained, Seq, Snapshot, SqliteJournal,
};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

/// A journal whose disk fails while it is told to.
struct Failing {
    journal: SqliteJournal,
    broken: Arc<AtomicBool>,
}

impl Journal for Failing {
    fn head(&self) -> Seq {
        self.journal.head()
    }

    fn append(&mut self, after: Seq, batch: Batch) -> Result<Seq, JournalError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(JournalError::Conflict { expected: after, found: 0 });
        }
        self.journal.append(after, batch)
    }

    fn has_message(&self, id: &Id) -> Result<bool, JournalError> {
        self.journal.has_message(id)
    }

    fn store_version(&self, channel: &str, key: &str) -> Result<Seq, JournalError> {
        self.journal.store_version(channel, key)
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, JournalError> {
        self.journal.read(from, limit)
    }

    fn collect_store(&mut self, now: i64, before: Seq, limit: usize) -> Result<usize, JournalError> {
        self.journal.collect_store(now, before, limit)
    }

    fn erase(&mut self, erase: &Erase) -> Result<Vec<Loose>, JournalError> {
        self.journal.erase(erase)
    }

    fn retain(&mut self, cut: &Cut, open: &dyn Fn(&Id) -> bool, limit: usize) -> Result<Retained, JournalError> {
        self.journal.retain(cut, open, limit)
    }

    fn probe(&mut self, bytes: usize) -> Result<(), JournalError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(JournalError::Conflict { expected: 0, found: 0 });
        }
        self.journal.probe(bytes)
    }

    fn write_snapshot(&self, seq: Seq, payload: &[u8]) -> Result<(), JournalError> {
        self.journal.write_snapshot(seq, payload)
    }

    fn latest_snapshot(&self) -> Result<Option<Snapshot>, JournalError> {
        self.journal.latest_snapshot()
    }
}

async fn failing(dir: &Path) -> (Rig, Arc<AtomicBool>) {
    let journal = SqliteJournal::open(dir).expect("opens");
    let broken = Arc::new(AtomicBool::new(false));
    let time = Arc::new(AtomicU64::new(START));
    let clock = time.clone();
    let (notice_sender, notices) = mpsc::unbounded_channel();
    let (effect_sender, effects) = mpsc::unbounded_channel();
    let (jobs, receiver) = mpsc::channel(16);
    let shared = Arc::new(Shared {
        jobs,
        ready: AtomicBool::new(true),
        counters: Counters::default(),
        keys: Keys::new(&[7; 32]),
        clock: Arc::new(move || clock.load(Ordering::Relaxed)),
        reader: journal.reader(),
        blobs: journal.blobs(),
        snapshots: journal.snapshots(),
        make_snapshot: OnceLock::new(),
        snapshotting: AtomicBool::new(false),
    });
    let work = Work {
        state: jackfield_router::State::default(),
        snapshot_here: Arc::new(|| Ok(())),
        journal: Box::new(Failing { journal, broken: broken.clone() }),
        shared: shared.clone(),
        outputs: Outputs { notices: notice_sender, effects: effect_sender },
        last_snapshot: 0,
        refused: 0,
        begun: false,
        collected: 0,
    };
    tokio::spawn(work.run(receiver));
    let sequencer = Sequencer { shared };
    sequencer.begin(config()).await.expect("the journal can be written");
    (Rig { sequencer, notices, effects, time, running: Arc::default() }, broken)
}

#[tokio::test]
async fn a_failed_append_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut rig, broken) = failing(dir.path()).await;
    let item = work_item(&rig.receive("e1", "+1").await);
    while rig.notices.try_recv().is_ok() {}
    let before = rig.state().await;

    broken.store(true, Ordering::Relaxed);
    let error = rig.sequencer.commit(rig.commit_of(vec![rig.push("e2", "+1")])).await.expect_err("the disk fails");
    assert!(matches!(error, CommitError::Unavailable(_)), "{error}");
    let connected = Command::Connected { agent: "ana".into(), connection: "c1".into() };
    assert!(rig.sequencer.command(connected).await.is_err());
    assert_eq!(rig.state().await, before, "the state is what the journal has");
    assert!(rig.notices.try_recv().is_err() && rig.effects.try_recv().is_err(), "nobody was told");
    assert_eq!(rig.sequencer.counters().failures.load(Ordering::Relaxed), 1, "what follows isn't even decided");

    assert!(!rig.sequencer.is_ready(), "it is not ready before something could be written again");
    broken.store(false, Ordering::Relaxed);
    // Without anybody asking for anything: who looks at readiness sends nothing before it is there.
    until(|| rig.sequencer.is_ready()).await;
    assert_eq!(work_item(&rig.receive("e2", "+1").await), item, "sent again it is new, and joins");
    assert!(rig.sequencer.is_ready());
}

/// Waits until something is so.
async fn until(so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("it becomes so");
}

/// Set where this test is run by itself, to panic.
const PANICS: &str = "JACKFIELD_TEST_SEQUENCER_PANICS";

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_sequencer_ends_the_process() {
    if std::env::var_os(PANICS).is_some() {
        let dir = tempfile::tempdir().expect("a folder");
        let rig = open(dir.path()).await;
        let _ = rig.sequencer.read(|_| -> () { panic!("on purpose") }).await;
        // The process ends beside this.
        return std::future::pending().await;
    }
    let name = "tests::faults::a_panic_of_the_sequencer_ends_the_process";
    let mut command = std::process::Command::new(std::env::current_exe().expect("this test"));
    let output = command.args(["--exact", name, "--nocapture"]).env(PANICS, "1").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.status.code().is_none(), "ended by a signal: {:?}", output.status);
    assert!(said.contains("on purpose") && said.contains("the sequencer panicked"), "{said}");
}
