//! Components that serve or served, kept beside the journal: each a file named by its digest.

use jackfield_spec::Digest;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of kept components. Cheap to clone.
#[derive(Clone)]
pub(super) struct Kept(PathBuf);

impl Kept {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(folder))
    }

    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        self.0.join(format!("{digest}.wasm"))
    }

    pub(super) fn get(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(digest))
    }

    /// Writes under a temporary name, syncs, renames: there is the whole file or none.
    pub(super) fn put(&self, digest: &Digest, file: &[u8]) -> io::Result<()> {
        let path = self.path(digest);
        // Often the same as it was; a signature may have been added.
        if std::fs::read(&path).is_ok_and(|there| there == file) {
            return Ok(());
        }
        let temporary = path.with_extension("tmp");
        let mut written = File::create(&temporary)?;
        written.write_all(file)?;
        written.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        File::open(&self.0)?.sync_all()
    }

    /// Lets go of all others. What can't be removed now is tried again with the next change.
    pub(super) fn retain(&self, needed: &BTreeSet<Digest>) {
        let needed: BTreeSet<PathBuf> = needed.iter().map(|digest| self.path(digest)).collect();
        let Ok(entries) = std::fs::read_dir(&self.0) else { return };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if !needed.contains(&path) && is_ours(&path) {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("sha256-") && (name.ends_with(".wasm") || name.ends_with(".tmp"))
}
