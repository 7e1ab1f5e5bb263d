//! From names to values, and pieces put together.

use super::no_secret;
use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::call::{State, info, refuse};
use crate::channel::Channel;

/// Most bytes that pieces may come to.
pub(super) const PIECES: usize = 2 << 20;
/// Part of a blob that is read at once.
const CHUNK: u32 = 1 << 20;

/// Pieces put together: the bytes, and whether a secret is among them.
pub(crate) struct Assembled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) secret: bool,
}

impl State {
    /// Every value of a secret that is valid now, the current one first; never none.
    pub(super) fn secret_values(&self, channel: &Channel, name: &str) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(values) = self.call.composed.get(name) {
            return Ok(values.clone());
        }
        if let Some(values) = channel.config.secrets.values(name).filter(|values| !values.is_empty()) {
            return Ok(values.to_vec());
        }
        let captured = self.captured_value(channel, name)?;
        Ok(vec![captured.ok_or_else(|| no_secret(channel, name))?])
    }

    pub(super) fn current_secret(&self, channel: &Channel, name: &str) -> Result<Vec<u8>, Error> {
        self.nth_secret(channel, name, 0)
    }

    /// The value of rank `rank` (0: the current one), or the last that there is.
    pub(super) fn nth_secret(&self, channel: &Channel, name: &str, rank: usize) -> Result<Vec<u8>, Error> {
        let mut values = self.secret_values(channel, name)?;
        let index = rank.min(values.len().saturating_sub(1));
        if index < values.len() { Ok(values.swap_remove(index)) } else { Err(no_secret(channel, name)) }
    }

    /// How many values the pieces have together, while one of their secrets is rotated.
    pub(super) fn ranks(&self, channel: &Channel, pieces: &[Piece]) -> Result<usize, Error> {
        let mut most = 1;
        for piece in pieces {
            if let Piece::Secret(name) = piece {
                most = most.max(self.secret_values(channel, name)?.len());
            }
        }
        Ok(most)
    }

    /// Puts pieces together, the current value of each secret in its place.
    pub(crate) fn assemble(&mut self, channel: &Channel, pieces: &[Piece]) -> Result<Assembled, Error> {
        let most = PIECES.max(channel.config.limits.blob);
        self.assemble_nth(channel, pieces, 0, most)
    }

    /// The same with the values of another rank, and at most `most` bytes.
    pub(super) fn assemble_nth(
        &mut self,
        channel: &Channel,
        pieces: &[Piece],
        rank: usize,
        most: usize,
    ) -> Result<Assembled, Error> {
        let mut out = Assembled { bytes: Vec::new(), secret: false };
        for piece in pieces {
            let room = |size: usize| match out.bytes.len().checked_add(size) {
                Some(sum) if sum <= most => Ok(()),
                _ => Err(refuse("too-large", format!("the pieces come to more than {most} bytes"))),
            };
            match piece {
                Piece::Text(text) => {
                    room(text.len())?;
                    out.bytes.extend_from_slice(text.as_bytes());
                }
                Piece::Bytes(bytes) => {
                    room(bytes.len())?;
                    out.bytes.extend_from_slice(bytes);
                }
                Piece::Secret(name) => {
                    let value = self.nth_secret(channel, name, rank)?;
                    room(value.len())?;
                    out.secret = true;
                    out.bytes.extend_from_slice(&value);
                }
                Piece::Blob(blob) => {
                    let digest = self.readable(channel, blob)?;
                    let size = channel.services.blob_size(&digest).map_err(info)?;
                    // Before it is read: one host call can't be interrupted.
                    room(usize::try_from(size).unwrap_or(usize::MAX))?;
                    let mut offset = 0;
                    while offset < size {
                        let chunk = channel.services.blob_read(&digest, offset, CHUNK).map_err(info)?;
                        if chunk.is_empty() {
                            break;
                        }
                        offset += chunk.len() as u64;
                        out.bytes.extend_from_slice(&chunk);
                    }
                }
            }
        }
        Ok(out)
    }
}
