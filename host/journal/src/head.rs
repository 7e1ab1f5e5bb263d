//! The note of the last record, kept beside the database.
//!
//! A database that lost its end is still a valid database. Only something outside it can tell.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::record::{Digest, Seq};

/// Bytes of the note: 20 digits, a space, 64 hex digits, a line feed.
const LINE: usize = 20 + 1 + 64 + 1;

/// A sequence number and the hash of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: Seq,
    pub(crate) hash: Digest,
}

/// The file `head`, open for writing.
#[derive(Debug)]
pub(crate) struct HeadNote {
    path: PathBuf,
    file: File,
}

impl HeadNote {
    /// Opens the file, and notes `head` in the place of whatever it held.
    pub(crate) fn open(dir: &Path, head: &Head) -> Result<Self, Error> {
        let path = dir.join("head");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("opening", &path))?;
        let note = Self { path, file };
        note.write(head)?;
        note.file.set_len(LINE as u64).map_err(Error::io("writing", &note.path))?;
        Ok(note)
    }

    /// Notes the head without a sync: it may lag behind the database, never run ahead of it.
    ///
    /// The line has a fixed length and is far shorter than a disk's sector, so it is never half new.
    pub(crate) fn write(&self, head: &Head) -> Result<(), Error> {
        let line = format!("{:020} {}\n", head.seq, hex::encode(head.hash));
        self.file.write_all_at(line.as_bytes(), 0).map_err(Error::io("writing", &self.path))
    }

    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(Error::io("syncing", &self.path))
    }
}

/// What was noted in `dir`; none if nothing was, or if the note can't be read as one.
pub(crate) fn noted(dir: &Path) -> Result<Option<Head>, Error> {
    let path = dir.join("head");
    match fs::read(&path) {
        Ok(bytes) => {
            let head = parse(&bytes);
            if head.is_none() && !bytes.is_empty() {
                tracing::warn!(path = %path.display(), "the noted head can't be read; a cut tail would not be noticed now");
            }
            Ok(head)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("reading", &path)(error)),
    }
}

fn parse(bytes: &[u8]) -> Option<Head> {
    let line = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let (seq, hash) = line.split_once(' ')?;
    let mut head = Head { seq: seq.parse().ok()?, hash: [0; 32] };
    hex::decode_to_slice(hash, &mut head.hash).ok()?;
    Some(head)
}
