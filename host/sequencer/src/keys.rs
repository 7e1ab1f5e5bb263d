//! Keyed hashes: what stands in the journal in place of conversation keys, addresses and event ids.

use crate::error::Error;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// Makes keyed hashes under the data folder's own key. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Hmac<Sha256>>);

impl Keys {
    /// Keys from 32 secret bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC takes a key of any length, so this can't fail.
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
        Self(Arc::new(mac.unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"))))
    }

    /// Reads `dir/key`, or makes it (mode 0600) if the journal is `new`: under another key what it holds isn't known again.
    ///
    /// # Errors
    /// The file can't be read or written, isn't 32 bytes, or is gone.
    pub fn open(dir: &Path, new: bool) -> Result<Self, Error> {
        let path = dir.join("key");
        let failed = |source| Error::Key { path: path.display().to_string(), source };
        let mut key = [0; 32];
        match std::fs::read(&path) {
            Ok(bytes) => match <[u8; 32]>::try_from(bytes) {
                Ok(found) => key = found,
                Err(_) => return Err(failed(std::io::Error::other("it has not 32 bytes"))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && new => {
                getrandom::fill(&mut key).map_err(|error| failed(std::io::Error::other(error)))?;
                write(dir, &path, &key).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Self::new(&key))
    }

    fn hash(&self, what: &str, channel: &str, value: &[u8]) -> [u8; 16] {
        let mut mac = Hmac::clone(&self.0);
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(channel.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        half
    }

    /// The id of the message for an event of a channel: the same event always has the same id.
    pub fn message_id(&self, channel: &str, event_id: &str) -> Uuid {
        Uuid::new_v8(self.hash("message", channel, event_id.as_bytes()))
    }

    /// The key of a conversation.
    pub fn conversation(&self, channel: &str, conversation: &str) -> [u8; 16] {
        self.hash("conversation", channel, conversation.as_bytes())
    }

    /// The key of a customer's address.
    pub fn customer(&self, channel: &str, address: &str) -> [u8; 16] {
        self.hash("customer", channel, address.as_bytes())
    }

    /// The key of a channel's id of something sent.
    pub fn external(&self, channel: &str, external_id: &str) -> [u8; 16] {
        self.hash("external", channel, external_id.as_bytes())
    }

    /// The key of a key of a channel's store.
    pub fn store(&self, channel: &str, key: &str) -> [u8; 16] {
        self.hash("store", channel, key.as_bytes())
    }

    /// A secret of the channel's own, made by the host, the same for the life of the data folder.
    pub fn channel_key(&self, channel: &str) -> [u8; 32] {
        let mut mac = Hmac::clone(&self.0);
        mac.update(b"channel-key\0");
        mac.update(channel.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The key that a channel's captured secrets are encrypted with where they are stored; no driver ever sees it.
    pub fn sealing_key(&self, channel: &str) -> [u8; 32] {
        let mut mac = Hmac::clone(&self.0);
        mac.update(b"captured-secrets\0");
        mac.update(channel.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The key that the records of a channel's calls are encrypted with.
    pub fn record_key(&self, channel: &str) -> [u8; 32] {
        let mut mac = Hmac::clone(&self.0);
        mac.update(b"records\0");
        mac.update(channel.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

fn write(dir: &Path, path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(key)?;
    file.sync_all()?;
    std::fs::File::open(dir)?.sync_all()
}
