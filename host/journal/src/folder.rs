//! The data folder: made private, and held by one server at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::error::Error;

/// Only the server's own user may look into the folder: it holds what customers wrote.
const PRIVATE: u32 = 0o700;

/// Makes `dir` if it isn't there, and takes it away from other users.
pub(crate) fn make_private(dir: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(PRIVATE).create(dir).map_err(Error::io("making the folder", dir))?;
    let mode = fs::metadata(dir).map_err(Error::io("looking at the folder", dir))?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(dir, Permissions::from_mode(PRIVATE))
            .map_err(Error::io("making private the folder", dir))?;
    }
    Ok(())
}

/// Locks `dir` for as long as the returned file is open; the system drops the lock of a killed process.
pub(crate) fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(Error::io("opening", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { dir: dir.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(Error::io("locking", &path)(source)),
    }
}

/// Makes the names in `dir` durable: a rename is only lasting once its folder is synced.
pub(crate) fn sync(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(Error::io("syncing the folder", dir))
}
