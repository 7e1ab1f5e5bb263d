//! A file of records in the data folder: encrypted, authenticated, written from front to end.
//!
//! It begins with `JFRECORD`, the version (one byte) and 32 random bytes. With the channel's key they make the file's
//! own (HMAC-SHA-256), so that a counter is a nonce that is never used twice. Each record follows as its length (four
//! bytes, little-endian) and its JSON under ChaCha20-Poly1305, bound to the channel and its place in the file: none can
//! be changed, moved or taken from another channel. A record cut off at the end (the server was killed) is left out.

use crate::error::Error;
use crate::record::Record;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What a file begins with.
pub const MAGIC: &[u8; 8] = b"JFRECORD";
const VERSION: u8 = 1;
const SALT: usize = 32;
/// Before the first record.
const HEAD: usize = MAGIC.len() + 1 + SALT;
/// No record is longer; a length beyond it is damage.
const LONGEST: u32 = 1 << 30;

fn key_of(channel_key: &[u8; 32], salt: &[u8]) -> Option<LessSafeKey> {
    let mac = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, channel_key), salt);
    Some(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, mac.as_ref()).ok()?))
}

fn nonce(index: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..8].copy_from_slice(&index.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// A file that records are added to. One that was closed is never opened for writing again.
pub(crate) struct SealedFile {
    file: File,
    key: LessSafeKey,
    channel: String,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
}

impl SealedFile {
    pub(crate) fn create(path: &Path, channel: &str, channel_key: &[u8; 32]) -> Result<Self, Error> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|_| Error::Random)?;
        let key = key_of(channel_key, &salt).ok_or(Error::Random)?;
        let io = |source| Error::io(path, source);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        file.write_all(&[MAGIC.as_slice(), &[VERSION], &salt].concat()).map_err(io)?;
        Ok(Self { file, key, channel: channel.to_owned(), records: 0, bytes: HEAD as u64 })
    }

    /// Adds a record. After an error the file must not be added to.
    pub(crate) fn add(&mut self, record: &Record) -> std::io::Result<()> {
        let mut frame = vec![0; 4];
        let mut sealed = serde_json::to_vec(record)?;
        let aad = Aad::from(self.channel.as_bytes());
        self.key
            .seal_in_place_append_tag(nonce(self.records), aad, &mut sealed)
            .map_err(|_| std::io::Error::other("the record can't be encrypted"))?;
        let length = u32::try_from(sealed.len()).ok().filter(|length| *length <= LONGEST);
        let length = length.ok_or_else(|| std::io::Error::other("the record is too long"))?;
        frame[..4].copy_from_slice(&length.to_le_bytes());
        frame.append(&mut sealed);
        self.file.write_all(&frame)?;
        self.records += 1;
        self.bytes += frame.len() as u64;
        Ok(())
    }
}

/// Fills `buffer`; false if the file ends before.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The records of a file, each given to `each` as soon as it is read.
///
/// # Errors
/// [`Error`]: not such a file, changed, of another key or channel, or not readable.
pub fn read(path: &Path, channel: &str, channel_key: &[u8; 32], mut each: impl FnMut(Record)) -> Result<(), Error> {
    let io = |source| Error::io(path, source);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let mut head = [0; HEAD];
    // A file of which not even the beginning was written has no records.
    if !fill(&mut file, &mut head).map_err(io)? {
        return Ok(());
    }
    if !head.starts_with(MAGIC) || head[MAGIC.len()] != VERSION {
        return Err(Error::format(path.display(), "it does not begin as one"));
    }
    let key = key_of(channel_key, &head[MAGIC.len() + 1..]).ok_or(Error::Random)?;
    for index in 0.. {
        let mut length = [0; 4];
        if !fill(&mut file, &mut length).map_err(io)? {
            break;
        }
        let length = u32::from_le_bytes(length);
        let broken = || Error::Sealed { path: path.display().to_string(), index };
        if length > LONGEST {
            return Err(broken());
        }
        // As much as is there: a length alone must not take memory.
        let mut sealed = Vec::new();
        file.by_ref().take(u64::from(length)).read_to_end(&mut sealed).map_err(io)?;
        if sealed.len() < length as usize {
            break;
        }
        let aad = Aad::from(channel.as_bytes());
        let json = key.open_in_place(nonce(index), aad, &mut sealed).map_err(|_| broken())?;
        each(serde_json::from_slice(json).map_err(|error| Error::format(path.display(), error.to_string()))?);
    }
    Ok(())
}

/// How many records a file has, and its bytes, without its key.
pub(crate) fn count(path: &Path) -> Result<(u64, u64), Error> {
    use std::io::{Seek, SeekFrom};
    let io = |source| Error::io(path, source);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let bytes = file.get_ref().metadata().map_err(io)?.len();
    let (mut at, mut records) = (HEAD as u64, 0);
    loop {
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut length = [0; 4];
        if !fill(&mut file, &mut length).map_err(io)? {
            return Ok((records, bytes));
        }
        at += 4 + u64::from(u32::from_le_bytes(length));
        if at > bytes {
            return Ok((records, bytes));
        }
        records += 1;
    }
}

#[cfg(test)]
mod tests;
