//! Snapshots: the caller's state after a record, so that replay needn't begin at the first one.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::folder;
use crate::head::Head;
use crate::reader::Reader;
use crate::record::{Digest, Seq, digest_of};

/// How many snapshots are kept: a damaged one must not mean a replay from the first record.
const KEPT: usize = 3;

/// The first bytes of a file. Then, big endian: sequence number (8), time (8), the record's hash
/// (32), the payload, and the SHA-256 of all that.
const MAGIC: &[u8; 8] = b"JKFDSNP1";
const BEFORE_PAYLOAD: usize = 8 + 8 + 8 + 32;
const AFTER_PAYLOAD: usize = 32;

/// A state of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last record that is in it.
    pub seq: Seq,
    /// That record's time, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The state in the caller's own encoding.
    pub payload: Vec<u8>,
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
        Ok(Self { dir, reader })
    }

    /// Keeps `payload` as the state after record `seq`, and drops all but the newest three.
    ///
    /// # Errors
    /// [`Error::SnapshotOutside`] if there is no record `seq`, and those of the disk.
    pub fn write(&self, seq: Seq, payload: &[u8]) -> Result<(), Error> {
        let record = self
            .reader
            .records(seq, 1)?
            .into_iter()
            .find(|record| record.seq == seq)
            .ok_or(Error::SnapshotOutside { seq })?;
        let mut bytes = Vec::with_capacity(BEFORE_PAYLOAD + payload.len() + AFTER_PAYLOAD);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(&record.at.to_be_bytes());
        bytes.extend_from_slice(&record.hash);
        bytes.extend_from_slice(payload);
        let own = digest_of(&bytes);
        bytes.extend_from_slice(&own);

        let path = path_of(&self.dir, seq);
        let failed = || Error::io("writing", &path);
        let mut file = tempfile::NamedTempFile::new_in(&self.dir).map_err(failed())?;
        file.write_all(&bytes).map_err(failed())?;
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
    dir.join("snapshots")
}

pub(crate) fn path_of(snapshots: &Path, seq: Seq) -> PathBuf {
    snapshots.join(format!("{seq}.snap"))
}

/// The sequence numbers of the snapshots in the folder, newest first.
pub(crate) fn listed(snapshots: &Path) -> Result<Vec<Seq>, Error> {
    let entries = match fs::read_dir(snapshots) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
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
    let bytes = fs::read(&path).map_err(Error::io("reading", &path))?;
    Ok(parse(bytes, seq))
}

fn parse(mut bytes: Vec<u8>, expected: Seq) -> Result<(Snapshot, Head), &'static str> {
    let Some(end) = bytes.len().checked_sub(AFTER_PAYLOAD).filter(|end| *end >= BEFORE_PAYLOAD) else {
        return Err("it is cut off");
    };
    if !bytes.starts_with(MAGIC) {
        return Err("it doesn't begin like a snapshot");
    }
    let own: Digest = array(&bytes, end);
    bytes.truncate(end);
    if digest_of(&bytes) != own {
        return Err("its SHA-256 doesn't match");
    }
    let seq = Seq::from_be_bytes(array(&bytes, 8));
    if seq != expected {
        return Err("it was made after another record than its name says");
    }
    let at = i64::from_be_bytes(array(&bytes, 16));
    let hash = array(&bytes, 24);
    let payload = bytes.split_off(BEFORE_PAYLOAD);
    Ok((Snapshot { seq, at, payload }, Head { seq, hash }))
}

/// `N` bytes from `start`; the caller has seen that they are there.
fn array<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[start..start + N]);
    array
}
