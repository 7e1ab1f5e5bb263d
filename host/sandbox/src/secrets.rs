//! A channel's secrets, and the key that captured ones are encrypted with where they are stored.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::collections::BTreeMap;
use std::fmt;

/// The secrets of a channel by name. More than one value: a rotation is going on, the first is the current one.
#[derive(Clone, Default)]
pub struct Secrets {
    values: BTreeMap<String, Vec<Vec<u8>>>,
    sealing: Option<[u8; 32]>,
}

impl Secrets {
    /// Adds a value; the first one added under a name is the current one.
    pub fn add(&mut self, name: impl Into<String>, value: Vec<u8>) {
        self.values.entry(name.into()).or_default().push(value);
    }

    /// Sets the key that captured secrets are encrypted with. Without one nothing can be captured.
    pub fn seal_with(&mut self, key: [u8; 32]) {
        self.sealing = Some(key);
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.values.keys()
    }

    pub(crate) fn values(&self, name: &str) -> Option<&[Vec<u8>]> {
        self.values.get(name).map(Vec::as_slice)
    }

    pub(crate) fn all_values(&self) -> impl Iterator<Item = &[u8]> {
        self.values.values().flatten().map(Vec::as_slice)
    }

    /// A captured value as it is stored: a nonce, then the value under ChaCha20-Poly1305, bound to its name.
    pub(crate) fn seal(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let key = self.key()?;
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = value.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name.as_bytes()), &mut sealed)
            .ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// The value of what [`Secrets::seal`] made; none if it is damaged, or the data folder's key is another.
    pub(crate) fn unseal(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let value = self.key()?.open_in_place(nonce, Aad::from(name.as_bytes()), &mut bytes).ok()?;
        Some(value.to_vec())
    }

    fn key(&self) -> Option<LessSafeKey> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.sealing?).ok()?;
        Some(LessSafeKey::new(key))
    }
}

/// Never shows a value.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
