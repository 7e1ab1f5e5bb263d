//! Copying a data folder: a backup while a server runs on it, and back again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::blobs::Blobs;
use crate::chain;
use crate::error::Error;
use crate::folder;
use crate::head::HeadNote;
use crate::queries::Queries;
use crate::record::Digest;
use crate::snapshot;
use crate::sqlite::{last_record, open_to_read, path_in};
use crate::tail::Tail;
use crate::verify::{Report, verify};

/// What a backup leaves out: what belongs to a running server, and what can be made again. Logs and compiled drivers are
/// no loss.
const LEFT_OUT: [&str; 9] = [
    "lock",
    "head",
    "journal.db",
    "journal.db-wal",
    "journal.db-shm",
    "log.db",
    "log.db-wal",
    "log.db-shm",
    "compiled",
];

/// Copies the data folder `from`, as it is at one moment, to the folder `to`, which is made. A server may go on appending.
/// The copy is checked whole; returns what was found in it.
///
/// # Errors
/// [`Error::NoJournal`]; [`Error::NotEmpty`] if there is something in `to`; [`Error::Unsound`] if the copy has damage, since
/// the folder has it; those of the disk. `to` isn't there then.
pub fn backup(from: &Path, to: &Path) -> Result<Report, Error> {
    let source = open_to_read(from)?;
    filled(to, |copy| {
        database(from, &source, copy)?;
        let connection = open_to_read(copy)?;
        let failed = |source| Error::sqlite(&path_in(copy), source);
        let head = last_record(&connection).map_err(failed)?;
        HeadNote::open(copy, &head)?.sync()?;
        snapshots(from, copy, &connection)?;
        blobs(from, copy, &connection)?;
        for path in entries(from)? {
            let name = path.file_name().unwrap_or_default();
            let special = [snapshot::FOLDER, Blobs::FOLDER].iter().chain(&LEFT_OUT).any(|special| name == *special);
            if !special {
                copy_all(&path, &copy.join(name))?;
            }
        }
        Ok(())
    })
}

/// Makes a data folder `to` of the backup `from`. The backup is checked first.
///
/// # Errors
/// As [`backup`].
pub fn restore(from: &Path, to: &Path) -> Result<Report, Error> {
    sound(from)?;
    filled(to, |copy| {
        for path in entries(from)? {
            copy_all(&path, &copy.join(path.file_name().unwrap_or_default()))?;
        }
        Ok(())
    })
}

/// Makes the folder `to` with what `fill` puts into it: all of it or nothing.
fn filled(to: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<Report, Error> {
    if to.exists() {
        if !entries(to)?.is_empty() {
            return Err(Error::NotEmpty { dir: to.to_path_buf() });
        }
        fs::remove_dir(to).map_err(Error::io("replacing (name a folder in it, if it is a mount) the folder", to))?;
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::io("making the folder", parent))?;
    // Beside it, so that a rename is enough; gone again if anything fails.
    let copy = tempfile::Builder::new()
        .prefix(".jackfield-unfinished-")
        .tempdir_in(parent)
        .map_err(Error::io("making a folder in", parent))?;
    folder::make_private(copy.path())?;
    fill(copy.path())?;
    let report = sound(copy.path())?;
    for name in ["journal.db-wal", "journal.db-shm"] {
        // Left by those who read it; the database is whole without.
        let _ = fs::remove_file(copy.path().join(name));
    }
    folder::sync(copy.path())?;
    let made = copy.keep();
    fs::rename(&made, to).map_err(Error::io("naming", to))?;
    folder::sync(parent)?;
    Ok(report)
}

/// Checks a folder whole.
fn sound(dir: &Path) -> Result<Report, Error> {
    let report = verify(dir)?;
    match report.problems.first() {
        None => Ok(report),
        Some(first) => {
            Err(Error::Unsound { dir: dir.to_path_buf(), problems: report.problems.len(), first: first.clone() })
        }
    }
}

/// Copies the database in one read transaction: what is appended meanwhile is not in it, and nobody waits for it.
fn database(from: &Path, source: &Connection, copy: &Path) -> Result<(), Error> {
    let path = path_in(copy);
    let failed = |error| Error::sqlite(&path_in(from), error);
    let written = |error| Error::sqlite(&path, error);
    let mut target = Connection::open(&path).map_err(written)?;
    let backup = Backup::new(source, &mut target).map_err(failed)?;
    loop {
        match backup.step(-1).map_err(failed)? {
            StepResult::Done => break,
            // Somebody holds a lock for a moment.
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    drop(backup);
    target.close().map_err(|(_, error)| written(error))?;
    File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io("syncing", &path))
}

/// Copies the snapshots of records that are in the copy.
fn snapshots(from: &Path, copy: &Path, connection: &Connection) -> Result<(), Error> {
    let (source, target) = (snapshot::folder_of(from), snapshot::folder_of(copy));
    folder::make_private(&target)?;
    for seq in snapshot::listed(&source)? {
        let head = match snapshot::head_of(&source, seq) {
            // A newer one has just taken its place.
            Err(error) if error.is_not_found() => continue,
            head => head?,
        };
        let stored = chain::hash_of(connection, seq).map_err(|error| Error::sqlite(&path_in(copy), error))?;
        if head.is_some_and(|head| stored == Some(head.hash)) {
            match copy_file(&snapshot::path_of(&source, seq), &snapshot::path_of(&target, seq)) {
                Err(error) if error.is_not_found() => {}
                copied => copied?,
            }
        }
    }
    folder::sync(&target)
}

/// Copies the blobs that the copy's rows need. All were there before the rows were.
fn blobs(from: &Path, copy: &Path, connection: &Connection) -> Result<(), Error> {
    let tail =
        parking_lot::RwLock::new(Tail::recover(connection).map_err(|error| Error::sqlite(&path_in(copy), error))?);
    let queries = Queries { connection, tail: &tail };
    let target = Blobs::open(copy)?;
    for (digest, path) in Blobs::at(from).list()? {
        let needed = queries.blob_needed(&digest).map_err(|error| Error::sqlite(&path_in(copy), error))?;
        if needed {
            let to: PathBuf = target.path(&Digest::from(digest));
            folder::make_private(to.parent().unwrap_or(copy))?;
            copy_file(&path, &to)?;
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(Error::io("listing", dir))
}

/// Copies a file or a folder with all that is in it. What is neither is left out.
fn copy_all(from: &Path, to: &Path) -> Result<(), Error> {
    let kind = fs::symlink_metadata(from).map_err(Error::io("looking at", from))?.file_type();
    if kind.is_dir() {
        folder::make_private(to)?;
        for path in entries(from)? {
            copy_all(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
        folder::sync(to)
    } else if kind.is_file() {
        copy_file(from, to)
    } else {
        Ok(())
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    fs::copy(from, to).map_err(Error::io("copying", from))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(Error::io("syncing", to))
}
