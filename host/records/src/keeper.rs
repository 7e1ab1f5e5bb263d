//! Writes records by a thread of its own, and lets go of what is too old or too much.

use crate::error::Error;
use crate::folder;
use crate::record::Record;
use crate::sealed::{self, SealedFile};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant, SystemTime};

/// Records that may wait for the disk, and their bytes; beyond it they are dropped and counted.
const QUEUE: usize = 4_096;
const QUEUE_BYTES: usize = 64 << 20;
/// How often it is looked for what is too old.
const SWEEP: Duration = Duration::from_secs(60);
/// A channel's records are in so many files at least: what goes, goes by files.
const FILES: u32 = 8;

/// How much is kept of a channel's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Bytes on disk.
    pub bytes: u64,
    /// Records.
    pub calls: u64,
    /// Time.
    pub time: Duration,
    /// Bytes of one record, as they are held in memory.
    pub call_bytes: usize,
}

/// What was counted of a channel's records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Written since the start.
    pub written: u64,
    /// Lost since the start: too many waited, one was too large, or the disk failed.
    pub dropped: u64,
    /// On disk now.
    pub kept: u64,
    /// Their bytes.
    pub bytes: u64,
}

#[derive(Default)]
struct Counters {
    written: AtomicU64,
    dropped: AtomicU64,
    kept: AtomicU64,
    bytes: AtomicU64,
}

enum Job {
    Write(Box<Record>, usize, Arc<Counters>),
    /// What is kept of each channel, and its key; channels that are not named lose their records.
    Rules(BTreeMap<String, (Keep, [u8; 32])>),
    Forget(String, Sender<Result<(), Error>>),
    Settle(Sender<()>),
}

/// Keeps the records of all channels. Cheap to clone.
#[derive(Clone)]
pub struct Keeper {
    root: PathBuf,
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
    counters: Arc<Mutex<BTreeMap<String, Arc<Counters>>>>,
}

/// Takes one channel's records. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    take: Arc<dyn Fn(Option<Record>, usize) + Send + Sync>,
    most: usize,
}

/// There is nothing to show.
impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Recorder {
    /// One that hands records with their size to a function; none: one was too large. Records have at most `most` bytes.
    pub fn new(most: usize, take: impl Fn(Option<Record>, usize) + Send + Sync + 'static) -> Self {
        Self { take: Arc::new(take), most }
    }

    /// Most bytes of a record.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Takes a record of about this size, or drops and counts it.
    pub fn take(&self, record: Record, size: usize) {
        (self.take)(Some(record), size);
    }

    /// Counts one that was too large.
    pub fn dropped(&self) {
        (self.take)(None, 0);
    }
}

impl Keeper {
    /// Starts the thread. `root` is made when there is something to write.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn start(root: PathBuf) -> std::io::Result<Self> {
        let (jobs, receiver) = sync_channel(QUEUE);
        let keeper = Self { root: root.clone(), jobs, waiting: Arc::default(), counters: Arc::default() };
        let (waiting, counters) = (keeper.waiting.clone(), keeper.counters.clone());
        let mut work = Work { root, rules: BTreeMap::new(), shelves: BTreeMap::new(), waiting, counters };
        std::thread::Builder::new().name("records".to_owned()).spawn(move || work.run(&receiver))?;
        Ok(keeper)
    }

    /// The folder of all records.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Says what is kept of each channel, and with which key; records of channels that are not named are removed.
    pub fn keep(&self, rules: BTreeMap<String, (Keep, [u8; 32])>) {
        // The thread ends with the last keeper.
        let _ = self.jobs.send(Job::Rules(rules));
    }

    /// A channel's recorder.
    pub fn recorder(&self, channel: &str, keep: &Keep) -> Recorder {
        let counters = self.counters.lock().entry(channel.to_owned()).or_default().clone();
        let (jobs, waiting) = (self.jobs.clone(), self.waiting.clone());
        Recorder::new(keep.call_bytes, move |record, size| {
            let drop = || {
                counters.dropped.fetch_add(1, Ordering::Relaxed);
            };
            let Some(record) = record else { return drop() };
            if waiting.fetch_add(size, Ordering::Relaxed) + size > QUEUE_BYTES
                || jobs.try_send(Job::Write(Box::new(record), size, counters.clone())).is_err()
            {
                waiting.fetch_sub(size, Ordering::Relaxed);
                drop();
            }
        })
    }

    /// Removes all records of a channel, those that wait as well. Blocks until they are gone.
    ///
    /// # Errors
    /// [`Error::Io`]; what is left is removed when it is too old.
    pub fn forget(&self, channel: &str) -> Result<(), Error> {
        let (done, gone) = std::sync::mpsc::channel();
        if self.jobs.send(Job::Forget(channel.to_owned(), done)).is_err() {
            return Ok(());
        }
        gone.recv().unwrap_or(Ok(()))
    }

    /// Waits until everything before is on disk.
    pub fn settle(&self) {
        let (done, settled) = channel();
        if self.jobs.send(Job::Settle(done)).is_ok() {
            // An error: the thread has ended, and there is nothing to wait for.
            let _ = settled.recv();
        }
    }

    /// What was counted of a channel.
    pub fn counts(&self, channel: &str) -> Counts {
        let counters = self.counters.lock().get(channel).cloned().unwrap_or_default();
        Counts {
            written: counters.written.load(Ordering::Relaxed),
            dropped: counters.dropped.load(Ordering::Relaxed),
            kept: counters.kept.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
        }
    }
}

/// A file that is closed.
struct Closed {
    path: PathBuf,
    records: u64,
    bytes: u64,
    /// When it was last written to.
    newest: SystemTime,
}

/// A channel's files.
#[derive(Default)]
struct Shelf {
    closed: Vec<Closed>,
    open: Option<(PathBuf, SealedFile, Instant)>,
}

impl Shelf {
    /// What an earlier run has left.
    fn found(folder: &Path) -> Result<Self, Error> {
        let mut closed = Vec::new();
        for path in folder::files(folder)? {
            let (records, bytes) = sealed::count(&path)?;
            let newest = std::fs::metadata(&path).and_then(|data| data.modified());
            let newest = newest.map_err(|error| Error::io(&path, error))?;
            closed.push(Closed { path, records, bytes, newest });
        }
        Ok(Self { closed, open: None })
    }

    fn close(&mut self) {
        if let Some((path, file, _)) = self.open.take() {
            let newest = SystemTime::now();
            self.closed.push(Closed { path, records: file.records, bytes: file.bytes, newest });
        }
    }

    fn sum(&self) -> (u64, u64) {
        let open = self.open.as_ref().map_or((0, 0), |(_, file, _)| (file.records, file.bytes));
        self.closed.iter().fold(open, |(records, bytes), file| (records + file.records, bytes + file.bytes))
    }

    /// Removes the oldest files while there is too much, and those that are too old.
    fn trim(&mut self, keep: &Keep) -> Result<(), Error> {
        let is_long_open = |open: &(_, SealedFile, Instant)| open.2.elapsed() >= keep.time / FILES;
        if self.open.as_ref().is_some_and(is_long_open) {
            self.close();
        }
        loop {
            let (records, bytes) = self.sum();
            let Some(oldest) = self.closed.first() else { return Ok(()) };
            let too_old = oldest.newest.elapsed().is_ok_and(|age| age >= keep.time);
            if !too_old && records <= keep.calls && bytes <= keep.bytes {
                return Ok(());
            }
            remove(&oldest.path)?;
            self.closed.remove(0);
        }
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, error)),
        _ => Ok(()),
    }
}

struct Work {
    root: PathBuf,
    rules: BTreeMap<String, (Keep, [u8; 32])>,
    shelves: BTreeMap<String, Shelf>,
    waiting: Arc<AtomicUsize>,
    counters: Arc<Mutex<BTreeMap<String, Arc<Counters>>>>,
}

impl Work {
    fn run(&mut self, jobs: &Receiver<Job>) {
        let mut swept = Instant::now();
        loop {
            match jobs.recv_timeout(SWEEP) {
                Ok(job) => self.work(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if swept.elapsed() >= SWEEP {
                swept = Instant::now();
                self.sweep();
            }
        }
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Write(record, size, counters) => {
                self.waiting.fetch_sub(size, Ordering::Relaxed);
                let count = match self.write(&record) {
                    Ok(()) => &counters.written,
                    Err(error) => {
                        tracing::warn!(channel = record.channel, "a record was lost: {error}");
                        if let Some(shelf) = self.shelves.get_mut(&record.channel) {
                            shelf.close();
                        }
                        &counters.dropped
                    }
                };
                count.fetch_add(1, Ordering::Relaxed);
                self.count(&record.channel);
            }
            Job::Rules(rules) => {
                self.rules = rules;
                if let Err(error) = self.tidy() {
                    tracing::warn!("records of channels that are gone could not be removed: {error}");
                }
                self.sweep();
            }
            Job::Forget(channel, done) => {
                // Whoever asked may have gone.
                let _ = done.send(self.forget(&channel));
                self.count(&channel);
            }
            Job::Settle(done) => drop(done.send(())),
        }
    }

    fn shelf(&mut self, channel: &str) -> Result<&mut Shelf, Error> {
        if !self.shelves.contains_key(channel) {
            let shelf = Shelf::found(&self.root.join(channel))?;
            self.shelves.insert(channel.to_owned(), shelf);
        }
        Ok(self.shelves.entry(channel.to_owned()).or_default())
    }

    fn write(&mut self, record: &Record) -> Result<(), Error> {
        let channel = &record.channel;
        // One that comes after its channel was removed is nobody's any more.
        let Some((keep, key)) = self.rules.get(channel).copied() else { return Ok(()) };
        let folder = self.root.join(channel);
        let shelf = self.shelf(channel)?;
        let (path, file) = match &mut shelf.open {
            Some((path, file, _)) => (path.clone(), file),
            None => {
                use std::os::unix::fs::DirBuilderExt;
                let mut builder = std::fs::DirBuilder::new();
                builder.recursive(true).mode(0o700).create(&folder).map_err(|error| Error::io(&folder, error))?;
                let path = folder.join(format!("{}.{}", uuid::Uuid::now_v7(), folder::ENDING));
                let file = SealedFile::create(&path, channel, &key)?;
                let (_, file, _) = shelf.open.insert((path.clone(), file, Instant::now()));
                (path, file)
            }
        };
        file.add(record).map_err(|error| Error::io(&path, error))?;
        let parts = u64::from(FILES);
        if file.bytes >= keep.bytes / parts || file.records >= keep.calls.div_ceil(parts) {
            shelf.close();
        }
        shelf.trim(&keep)
    }

    fn forget(&mut self, channel: &str) -> Result<(), Error> {
        self.shelves.remove(channel);
        remove_folder(&self.root.join(channel))
    }

    /// Removes what belongs to no channel.
    fn tidy(&mut self) -> Result<(), Error> {
        let entries = match std::fs::read_dir(&self.root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|error| Error::io(&self.root, error))?,
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::io(&self.root, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !self.rules.contains_key(&*name) {
                self.shelves.remove(&*name);
                remove_folder(&entry.path())?;
            }
        }
        Ok(())
    }

    fn sweep(&mut self) {
        let rules: Vec<_> = self.rules.iter().map(|(channel, (keep, _))| (channel.clone(), *keep)).collect();
        for (channel, keep) in rules {
            if let Err(error) = self.shelf(&channel).and_then(|shelf| shelf.trim(&keep)) {
                tracing::warn!(channel, "old records could not be removed: {error}");
            }
            self.count(&channel);
        }
    }

    fn count(&self, channel: &str) {
        let (kept, bytes) = self.shelves.get(channel).map_or((0, 0), Shelf::sum);
        let counters = self.counters.lock().entry(channel.to_owned()).or_default().clone();
        counters.kept.store(kept, Ordering::Relaxed);
        counters.bytes.store(bytes, Ordering::Relaxed);
    }
}

fn remove_folder(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(folder, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
