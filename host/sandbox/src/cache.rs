//! Compiled components on disk: addressed by what they were compiled from and by what, authenticated, never overwritten.

use hmac::{Hmac, KeyInit, Mac};
use jackfield_spec::Digest;
use sha2::Sha256;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of the key and of a tag.
const TAG: usize = 32;

/// A folder of compiled components.
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; TAG],
}

impl Cache {
    /// Opens the folder (mode 0700) and its key, made at the first time.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        }
        let path = dir.join("key");
        let key = match std::fs::read(&path).map(<[u8; TAG]>::try_from) {
            Ok(Ok(key)) => key,
            // Without its key nothing in the folder can be trusted: a new key makes all of it stale.
            _ => {
                let mut key = [0; TAG];
                getrandom::fill(&mut key).map_err(io::Error::other)?;
                write_whole(dir, &path, &[&key])?;
                key
            }
        };
        Ok(Self { dir: dir.to_owned(), key })
    }

    fn path(&self, component: &Digest, engine: &str) -> PathBuf {
        self.dir.join(format!("{}-{engine}.cwasm", hex::encode(component.0)))
    }

    fn mac(&self, component: &Digest, engine: &str) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key)
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(&component.0);
        mac.update(engine.as_bytes());
        mac
    }

    /// The compiled code, if it is there and is what this server wrote.
    pub(crate) fn get(&self, component: &Digest, engine: &str) -> Option<Vec<u8>> {
        let path = self.path(component, engine);
        let mut bytes = std::fs::read(&path).ok()?;
        let tag = bytes.split_off(bytes.len().checked_sub(TAG)?);
        let mut mac = self.mac(component, engine);
        mac.update(&bytes);
        if mac.verify_slice(&tag).is_err() {
            tracing::warn!(path = %path.display(), "a compiled driver was changed since it was written; it is compiled again");
            let _ = std::fs::remove_file(&path);
            return None;
        }
        Some(bytes)
    }

    /// Keeps compiled code.
    pub(crate) fn put(&self, component: &Digest, engine: &str, code: &[u8]) -> io::Result<()> {
        let mut mac = self.mac(component, engine);
        mac.update(code);
        let tag: [u8; TAG] = mac.finalize().into_bytes().into();
        write_whole(&self.dir, &self.path(component, engine), &[code, &tag])
    }
}

/// Writes under a temporary name, syncs, renames: a reader sees the whole file or none.
fn write_whole(dir: &Path, path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let mut file = std::fs::File::create(&temporary)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    std::fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests;
