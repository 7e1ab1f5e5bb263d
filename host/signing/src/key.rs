//! Keys as people pass them on: one line of text.

use crate::error::SigningError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_spec::Digest;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;

/// What every signed text begins with, so that a signature for something else is none for a driver.
const PURPOSE: &str = "jackfield driver v1";
const PUBLIC: &str = "ed25519:";
const PRIVATE: &str = "ed25519-private:";

/// What is signed. Lines: neither a name nor a version has a line end.
fn text(digest: &Digest, name: &str, version: &str) -> Vec<u8> {
    format!("{PURPOSE}\n{digest}\n{name}\n{version}\n").into_bytes()
}

/// Who may be trusted to sign: `ed25519:` and 32 bytes in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`SigningError::PublicKey`]
    pub fn parse(text: &str) -> Result<Self, SigningError> {
        let base64 = text.trim().strip_prefix(PUBLIC).ok_or(SigningError::PublicKey)?;
        let bytes = STANDARD.decode(base64).map_err(|_| SigningError::PublicKey)?;
        Ok(Self(bytes.try_into().map_err(|_| SigningError::PublicKey)?))
    }

    /// Whether this key signed a component under this name and version.
    pub fn verifies(&self, digest: &Digest, name: &str, version: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(&text(digest, name, version), signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key that signs: `ed25519-private:` and PKCS#8 in base64.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    pkcs8: Vec<u8>,
}

/// Never shows the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`SigningError::Random`]
    pub fn generate() -> Result<Self, SigningError> {
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| SigningError::Random)?;
        Self::of(pkcs8.as_ref().to_vec())
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`SigningError::PrivateKey`]
    pub fn parse(text: &str) -> Result<Self, SigningError> {
        let base64 = text.trim().strip_prefix(PRIVATE).ok_or(SigningError::PrivateKey)?;
        Self::of(STANDARD.decode(base64).map_err(|_| SigningError::PrivateKey)?)
    }

    fn of(pkcs8: Vec<u8>) -> Result<Self, SigningError> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| SigningError::PrivateKey)?;
        Ok(Self { pair, pkcs8 })
    }

    /// The text form. Whoever has it can sign: it belongs into a file that only its owner can read.
    pub fn expose(&self) -> String {
        format!("{PRIVATE}{}", STANDARD.encode(&self.pkcs8))
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs a component under a name and version; 64 bytes.
    pub fn sign(&self, digest: &Digest, name: &str, version: &str) -> Vec<u8> {
        self.pair.sign(&text(digest, name, version)).as_ref().to_vec()
    }
}
