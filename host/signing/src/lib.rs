//! Signatures of drivers: made, carried in the component, checked against trusted keys.
//!
//! ```text
//! component bytes | custom section `jackfield-signature` | ... : split -> the component and its signatures
//! ```
//!
//! A signature is Ed25519 over the SHA-256 of the component *without* its signatures, the driver's name and its version.
//! It stands in a custom section at the end of the file, so that a signed driver is still one file, with the digest that
//! it had before; more than one key may sign. Knows nothing of engines, configs or channels.

mod error;
mod key;
mod section;
mod trust;

pub use error::SigningError;
pub use key::{PublicKey, SigningKey};
pub use section::{Signature, Signed, append, split};
pub use trust::{Standing, Trust};

#[cfg(test)]
mod tests;
