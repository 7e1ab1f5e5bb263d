//! Snapshots: the caller's state after a record, so that replay needn't begin at the first one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::MmapMut;
use sha2::{Digest as _, Sha256};

use crate::blobs::Blobs;
use crate::error::Error;
use crate::folder;
use crate::head::Head;
use crate::reader::Reader;
use crate::record::{Digest, Seq};
use crate::sqlite::{open_to_read, path_in};

/// How files that are being written are called; what a killed process left of them goes at the next start.
const UNFINISHED: &str = "unfinished";

/// The name of their folder.
pub(crate) const FOLDER: &str = "snapshots";

/// How many snapshots are kept: a damaged one must not mean a replay from the first record.
const KEPT: usize = 3;

/// The first bytes of a file. Then, big endian: sequence number (8), time (8), the record's hash
/// (32), the payload, and the SHA-256 of all that.
const MAGIC: &[u8; 8] = b"JKFDSNP1";
const BEFORE_PAYLOAD: usize = 8 + 8 + 8 + 32;
const AFTER_PAYLOAD: usize = 32;

/// A state of the caller.
#[derive(Debug)]
pub struct Snapshot {
    /// The last record that is in it.
    pub seq: Seq,
    /// That record's time, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The state in the caller's own encoding.
    pub payload: Payload,
}

/// The bytes of a state. They may be most of what the process has, and are needed once: they are in memory of their own that
/// the system has back with them, which what an allocator frees may not be for long.
#[derive(Debug)]
pub struct Payload(MmapMut);

impl Payload {
    /// Reads as many bytes.
    fn read(file: &mut impl Read, length: u64) -> io::Result<Self> {
        let mut bytes = MmapMut::map_anon(usize::try_from(length).map_err(io::Error::other)?)?;
        file.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// The snapshots of a data folder. Can be written from another thread than the one that appends,
/// since a large state takes long to write.
#[derive(Debug, Clone)]
pub struct Snapshots {
    dir: PathBuf,
    reader: Reader,
}

impl Snapshots {
    pub(crate) fn new(dir: &Path, reader: Reader) -> Result<Self, Error> {
        let dir = folder_of(dir);
        folder::make_private(&dir)?;
        drop_unfinished(&dir)?;
        Ok(Self { dir, reader })
    }

    /// Those of the data folder `dir`, which another process may be using: it goes on appending.
    ///
    /// # Errors
    /// [`Error::NoJournal`] if there is none, and those of the disk.
    pub fn of(dir: &Path) -> Result<Self, Error> {
        drop(open_to_read(dir)?);
        let reader = Reader::new(&path_in(dir), Arc::default(), Blobs::at(dir));
        Ok(Self { dir: folder_of(dir), reader })
    }

    /// Keeps `payload` as the state after record `seq`, and drops all but the newest three.
    ///
    /// # Errors
    /// [`Error::SnapshotOutside`] if there is no record `seq`, and those of the disk.
    pub fn write(&self, seq: Seq, payload: &[u8]) -> Result<(), Error> {
        self.write_with(seq, |file| file.write_all(payload))
    }

    /// The same for a payload that is written piece by piece: a large state needn't be in memory twice.
    ///
    /// # Errors
    /// As [`Snapshots::write`].
    pub fn write_with(
        &self,
        seq: Seq,
        payload: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        let record = self
            .reader
            .records(seq, 1)?
            .into_iter()
            .find(|record| record.seq == seq)
            .ok_or(Error::SnapshotOutside { seq })?;
        let path = path_of(&self.dir, seq);
        let failed = || Error::io("writing", &path);
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.dir).map_err(failed())?;
        let mut hashing = Hashing { file: io::BufWriter::with_capacity(1 << 20, file), hasher: Sha256::new() };
        let header = Header { seq, at: record.at, hash: record.hash };
        let written = hashing.write_all(&header.bytes()).and_then(|()| payload(&mut hashing));
        written.map_err(failed())?;
        let own: Digest = hashing.hasher.finalize().into();
        hashing.file.write_all(&own).map_err(failed())?;
        let file = hashing.file.into_inner().map_err(|error| failed()(error.into_error()))?;
        file.as_file().sync_all().map_err(failed())?;
        file.persist(&path).map_err(|error| failed()(error.error))?;
        folder::sync(&self.dir)?;
        self.drop_old()
    }

    /// The newest snapshot that is undamaged. Damaged ones are passed over with a warning.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn latest(&self) -> Result<Option<Snapshot>, Error> {
        Ok(newest(&self.dir)?.map(|(snapshot, _)| snapshot))
    }

    /// The oldest snapshot behind which records can go: all of its bytes are as they were written, and a newer one is
    /// too, so that one can be lost. None if there are no two.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn oldest_sound(&self) -> Result<Option<Seq>, Error> {
        let mut sound = Vec::new();
        for seq in listed(&self.dir)? {
            if read(&self.dir, seq)?.is_ok() {
                sound.push(seq);
            }
        }
        Ok(sound.last().copied().filter(|_| sound.len() > 1))
    }

    fn drop_old(&self) -> Result<(), Error> {
        for seq in listed(&self.dir)?.into_iter().skip(KEPT) {
            let path = path_of(&self.dir, seq);
            fs::remove_file(&path).map_err(Error::io("removing", &path))?;
        }
        Ok(())
    }
}

/// The folder of snapshots in the data folder `dir`.
pub(crate) fn folder_of(dir: &Path) -> PathBuf {
    dir.join(FOLDER)
}

pub(crate) fn path_of(snapshots: &Path, seq: Seq) -> PathBuf {
    snapshots.join(format!("{seq}.snap"))
}

/// The sequence numbers of the snapshots in the folder, newest first.
pub(crate) fn listed(snapshots: &Path) -> Result<Vec<Seq>, Error> {
    let entries = match fs::read_dir(snapshots) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("listing", snapshots))?,
    };
    let mut seqs = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("listing", snapshots))?.path();
        if path.extension() == Some(OsStr::new("snap")) {
            let stem = path.file_stem().and_then(OsStr::to_str);
            seqs.extend(stem.and_then(|stem| stem.parse::<Seq>().ok()));
        }
    }
    seqs.sort_unstable_by(|a, b| b.cmp(a));
    Ok(seqs)
}

/// The newest undamaged snapshot of a data folder, also while a server uses it. Whether its record is in the journal
/// is for the caller to see.
///
/// # Errors
/// Those of the disk.
pub fn newest_snapshot(dir: &Path) -> Result<Option<Snapshot>, Error> {
    Ok(newest(&folder_of(dir))?.map(|(snapshot, _)| snapshot))
}

/// The oldest undamaged snapshot of a data folder, with which a replay begins when the first records are gone.
///
/// # Errors
/// Those of the disk.
pub fn oldest_snapshot(dir: &Path) -> Result<Option<Snapshot>, Error> {
    let folder = folder_of(dir);
    for seq in listed(&folder)?.into_iter().rev() {
        if let Ok((snapshot, _)) = read(&folder, seq)? {
            return Ok(Some(snapshot));
        }
    }
    Ok(None)
}

/// The newest undamaged snapshot, and the record it says it was made after.
pub(crate) fn newest(snapshots: &Path) -> Result<Option<(Snapshot, Head)>, Error> {
    for seq in listed(snapshots)? {
        match read(snapshots, seq)? {
            Ok(found) => return Ok(Some(found)),
            Err(what) => tracing::warn!(
                path = %path_of(snapshots, seq).display(),
                "snapshot passed over: {what}; replay begins at an older one and takes longer"
            ),
        }
    }
    Ok(None)
}

/// Reads the snapshot `seq`; the inner error says how it is damaged.
pub(crate) fn read(snapshots: &Path, seq: Seq) -> Result<Result<(Snapshot, Head), &'static str>, Error> {
    let path = path_of(snapshots, seq);
    let read = || -> io::Result<Result<(Snapshot, Head), &'static str>> {
        let mut file = File::open(&path)?;
        let header = match Header::read(&mut file, seq)? {
            Ok(header) => header,
            Err(what) => return Ok(Err(what)),
        };
        let length = file.metadata()?.len();
        let Some(length) = length.checked_sub((BEFORE_PAYLOAD + AFTER_PAYLOAD) as u64) else {
            return Ok(Err("it is cut off"));
        };
        let payload = Payload::read(&mut file, length)?;
        let mut own: Digest = [0; AFTER_PAYLOAD];
        file.read_exact(&mut own)?;
        let mut hasher = Sha256::new();
        hasher.update(header.bytes());
        hasher.update(&*payload);
        if <Digest>::from(hasher.finalize()) != own {
            return Ok(Err("its SHA-256 doesn't match"));
        }
        Ok(Ok((Snapshot { seq, at: header.at, payload }, Head { seq, hash: header.hash })))
    };
    read().map_err(Error::io("reading", &path))
}

/// The record that the snapshot `seq` says it was made after, without a look at the rest; none if it can't say.
pub(crate) fn head_of(snapshots: &Path, seq: Seq) -> Result<Option<Head>, Error> {
    let path = path_of(snapshots, seq);
    let header = File::open(&path).and_then(|mut file| Header::read(&mut file, seq));
    let header = header.map_err(Error::io("reading", &path))?;
    Ok(header.ok().map(|header| Head { seq, hash: header.hash }))
}

/// What stands before the payload.
struct Header {
    seq: Seq,
    at: i64,
    hash: Digest,
}

impl Header {
    fn bytes(&self) -> [u8; BEFORE_PAYLOAD] {
        let mut bytes = [0; BEFORE_PAYLOAD];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.seq.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.at.to_be_bytes());
        bytes[24..].copy_from_slice(&self.hash);
        bytes
    }

    /// Reads the header of the snapshot `expected`; the inner error says how it is damaged.
    fn read(file: &mut File, expected: Seq) -> io::Result<Result<Self, &'static str>> {
        let mut bytes = [0; BEFORE_PAYLOAD];
        match file.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Err("it is cut off")),
            read => read?,
        }
        if !bytes.starts_with(MAGIC) {
            return Ok(Err("it doesn't begin like a snapshot"));
        }
        let header = Self {
            seq: Seq::from_be_bytes(array(&bytes, 8)),
            at: i64::from_be_bytes(array(&bytes, 16)),
            hash: array(&bytes, 24),
        };
        if header.seq != expected {
            return Ok(Err("it was made after another record than its name says"));
        }
        Ok(Ok(header))
    }
}

/// `N` bytes from `start`; the caller knows that they are there.
fn array<const N: usize>(bytes: &[u8; BEFORE_PAYLOAD], start: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[start..start + N]);
    array
}

/// A file that is hashed as it is written.
struct Hashing {
    file: io::BufWriter<tempfile::NamedTempFile>,
    hasher: Sha256,
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.file.write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes what was being written when a process was killed.
fn drop_unfinished(snapshots: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(snapshots).map_err(Error::io("listing", snapshots))? {
        let path = entry.map_err(Error::io("listing", snapshots))?.path();
        if path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(UNFINISHED)) {
            fs::remove_file(&path).map_err(Error::io("removing", &path))?;
        }
    }
    Ok(())
}
