//! Blobs: attachments and large bodies, each a file named by its SHA-256.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

use crate::error::Error;
use crate::folder;
use crate::record::Digest;
use crate::remove::Loose;

/// How long a blob may lie there before something in the journal needs it.
pub const ORPHAN_AGE: Duration = Duration::from_secs(60 * 60);

/// The blobs of a data folder: `blobs/ab/ab12...`, complete and never changed.
#[derive(Debug, Clone)]
pub struct Blobs {
    dir: PathBuf,
    /// Held while a blob gets its name, and while an orphan is looked at and removed: a blob that
    /// is written again at that moment must stay.
    naming: Arc<Mutex<()>>,
}

impl Blobs {
    /// The folder's name.
    pub(crate) const FOLDER: &str = "blobs";

    /// The blobs in the data folder `dir`.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let blobs = Self::at(dir);
        folder::make_private(&blobs.unfinished())?;
        Ok(blobs)
    }

    /// The same without making folders, to look at a data folder only.
    pub(crate) fn at(dir: &Path) -> Self {
        Self { dir: dir.join(Self::FOLDER), naming: Arc::default() }
    }

    /// Begins a blob of at most `limit` bytes. Dropping the writer discards what was written.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn writer(&self, limit: u64) -> Result<BlobWriter, Error> {
        let dir = self.unfinished();
        let file = NamedTempFile::new_in(&dir).map_err(Error::io("making a file in", &dir))?;
        let (file, path) = file.into_parts();
        Ok(BlobWriter { blobs: self.clone(), path, file: Some(file), hasher: Sha256::new(), size: 0, limit })
    }

    /// Writes and syncs a blob in one go.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let mut writer = self.writer(bytes.len() as u64)?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// Up to `len` bytes from `offset`, fewer at the blob's end; none if there is no such blob.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn read(&self, digest: &Digest, offset: u64, len: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(digest);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(Error::io("opening", &path))?,
        };
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(len).read_to_end(&mut bytes))
            .map_err(Error::io("reading", &path))?;
        Ok(Some(bytes))
    }

    /// A blob's size in bytes; none if there is no such blob.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn size(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("looking at", &path)(error)),
        }
    }

    /// Lets a blob's age begin anew, because something under way will need it, and returns its size in bytes; none if
    /// there is no such blob.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn renew(&self, digest: &Digest, now: SystemTime) -> Result<Option<u64>, Error> {
        let path = self.path(digest);
        let _naming = self.naming.lock();
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(Error::io("opening", &path))?,
        };
        let size = file.metadata().map_err(Error::io("looking at", &path))?.len();
        file.set_modified(now).map_err(Error::io("renewing", &path))?;
        Ok(Some(size))
    }

    /// Removes a blob that came loose, unless it was written anew since or `needed` says yes; returns whether it did.
    ///
    /// # Errors
    /// Those of the disk, and those of `needed`.
    pub fn remove(&self, loose: &Loose, needed: impl FnOnce(&Digest) -> Result<bool, Error>) -> Result<bool, Error> {
        let path = self.path(&loose.digest);
        let _naming = self.naming.lock();
        let modified = match fs::metadata(&path).and_then(|metadata| metadata.modified()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            modified => modified.map_err(Error::io("looking at", &path))?,
        };
        let written = modified.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
        if written > u128::try_from(loose.since).unwrap_or(0) || needed(&loose.digest)? {
            return Ok(false);
        }
        fs::remove_file(&path).map_err(Error::io("removing", &path))?;
        Ok(true)
    }

    /// Removes blobs and unfinished files older than [`ORPHAN_AGE`] at `now` that `needed` says no
    /// to ([`Reader::blob_needed`](crate::Reader::blob_needed) and what the caller knows), and
    /// returns how many.
    ///
    /// # Errors
    /// Those of the disk, and those of `needed`.
    pub fn collect_orphans(
        &self,
        now: SystemTime,
        mut needed: impl FnMut(&Digest) -> Result<bool, Error>,
    ) -> Result<usize, Error> {
        let mut removed = 0;
        for path in files(&self.unfinished())? {
            removed += usize::from(self.remove_if_old(&path, now)?);
        }
        for (digest, path) in self.list()? {
            if !needed(&digest)? {
                removed += usize::from(self.remove_if_old(&path, now)?);
            }
        }
        Ok(removed)
    }

    /// All blobs with their files, in no order. Files with other names are left out.
    pub(crate) fn list(&self) -> Result<Vec<(Digest, PathBuf)>, Error> {
        let mut blobs = Vec::new();
        for shard in files(&self.dir)? {
            if shard == self.unfinished() || !shard.is_dir() {
                continue;
            }
            for path in files(&shard)? {
                let mut digest = [0; 32];
                let name = path.file_name().and_then(|name| name.to_str());
                if name.is_some_and(|name| hex::decode_to_slice(name, &mut digest).is_ok()) {
                    blobs.push((digest, path));
                }
            }
        }
        Ok(blobs)
    }

    fn remove_if_old(&self, path: &Path, now: SystemTime) -> Result<bool, Error> {
        let _naming = self.naming.lock();
        let modified = match fs::metadata(path).and_then(|metadata| metadata.modified()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            modified => modified.map_err(Error::io("looking at", path))?,
        };
        let old = now.duration_since(modified).is_ok_and(|age| age > ORPHAN_AGE);
        if old {
            fs::remove_file(path).map_err(Error::io("removing", path))?;
        }
        Ok(old)
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        let name = hex::encode(digest);
        self.dir.join(&name[..2]).join(name)
    }

    fn unfinished(&self) -> PathBuf {
        self.dir.join("unfinished")
    }
}

/// A blob being written.
#[derive(Debug)]
pub struct BlobWriter {
    blobs: Blobs,
    path: TempPath,
    /// None while it rests.
    file: Option<File>,
    hasher: Sha256,
    size: u64,
    limit: u64,
}

impl BlobWriter {
    /// Adds a chunk.
    ///
    /// # Errors
    /// [`Error::BlobTooLarge`] if the limit is passed (nothing of the chunk is written then), and
    /// those of the disk.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let size = self.size.saturating_add(chunk.len() as u64);
        if size > self.limit {
            return Err(Error::BlobTooLarge { limit: self.limit });
        }
        let written = self.open().and_then(|file| file.write_all(chunk));
        written.map_err(Error::io("writing", &self.path))?;
        self.hasher.update(chunk);
        self.size = size;
        Ok(())
    }

    /// Lets go of its file until more is written: one that is written slowly keeps no handle of the process.
    pub fn rest(&mut self) {
        self.file = None;
    }

    fn open(&mut self) -> std::io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::options().append(true).open(&self.path)?,
        };
        Ok(self.file.insert(file))
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the blob durable under its digest, and returns that.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(mut self) -> Result<Digest, Error> {
        let synced = self.open().and_then(|file| file.sync_all());
        synced.map_err(Error::io("syncing", &self.path))?;
        let digest: Digest = self.hasher.finalize().into();
        let path = self.blobs.path(&digest);
        let shard = path.parent().unwrap_or(&self.blobs.dir);
        if !shard.is_dir() {
            folder::make_private(shard)?;
            folder::sync(&self.blobs.dir)?;
        }
        {
            // Also over a blob that is there already: its age begins anew.
            let _naming = self.blobs.naming.lock();
            self.path.persist(&path).map_err(|error| Error::io("naming", &path)(error.error))?;
        }
        folder::sync(shard)?;
        Ok(digest)
    }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(Error::io("listing", dir)),
    }
}
