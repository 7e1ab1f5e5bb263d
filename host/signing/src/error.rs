//! What can be wrong with keys and signed files.

/// Why a key or a signed file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// A public key that is none.
    #[error("this is no public key: write `ed25519:` and the 32 bytes in base64, as `jackfield driver sign` prints it")]
    PublicKey,
    /// A private key that is none.
    #[error(
        "this is no private key: it is a text of one line, `ed25519-private:` and base64, made by `--new-key FILE`"
    )]
    PrivateKey,
    /// The system has no random numbers.
    #[error("no key can be made: the system gives no random numbers")]
    Random,
    /// Not a wasm file, or cut off.
    #[error("this is not a whole WebAssembly file: {0}; copy or build it again")]
    NotWasm(&'static str),
    /// A section that says it is a signature and isn't.
    #[error("the section `jackfield-signature` can't be read: {0}; sign the driver again")]
    Section(String),
}
