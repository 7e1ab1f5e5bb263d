//! The custom sections at the end of a component that hold its signatures.

use crate::error::SigningError;
use crate::key::{PublicKey, SigningKey};
use jackfield_spec::Digest;
use serde::{Deserialize, Serialize};

/// The name of the custom section.
const SECTION: &str = "jackfield-signature";
/// Bytes of magic number, version and layer.
const HEADER: usize = 8;
/// Signatures of one file that are read; more are refused.
const MOST: usize = 16;

/// Who signed what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key that signed, as the file says.
    pub key: PublicKey,
    /// The driver's name.
    pub name: String,
    /// Its version.
    pub version: String,
    bytes: Vec<u8>,
}

/// A component with what stood behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The component without its signatures: what is loaded, and what the digest is over.
    pub component: &'a [u8],
    /// In the order in which they were added.
    pub signatures: Vec<Signature>,
}

/// How a signature stands in its section.
#[derive(Serialize, Deserialize)]
struct Content {
    key: String,
    name: String,
    version: String,
    signature: String,
}

impl Signature {
    /// Signs a component.
    pub fn make(key: &SigningKey, digest: &Digest, name: &str, version: &str) -> Self {
        Self {
            key: key.public(),
            name: name.to_owned(),
            version: version.to_owned(),
            bytes: key.sign(digest, name, version),
        }
    }

    /// Whether its key made it, for this component.
    pub fn is_right(&self, digest: &Digest) -> bool {
        self.key.verifies(digest, &self.name, &self.version, &self.bytes)
    }

    fn read(content: &[u8]) -> Result<Self, SigningError> {
        let wrong = |why: String| SigningError::Section(why);
        let content: Content = serde_json::from_slice(content).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            key: PublicKey::parse(&content.key)?,
            name: content.name,
            version: content.version,
            bytes: hex::decode(&content.signature).map_err(|error| wrong(error.to_string()))?,
        })
    }
}

/// The file with one more signature at its end.
pub fn append(file: &[u8], signature: &Signature) -> Vec<u8> {
    let content = serde_json::json!({
        "key": signature.key.to_string(),
        "name": signature.name,
        "version": signature.version,
        "signature": hex::encode(&signature.bytes),
    });
    let content = content.to_string();
    let mut section = leb128(SECTION.len());
    section.extend(SECTION.as_bytes());
    section.extend(content.as_bytes());
    let mut signed = file.to_vec();
    signed.push(0);
    signed.extend(leb128(section.len()));
    signed.extend(section);
    signed
}

/// The component and the signatures behind it. A signature that something else stands behind is part of the component:
/// what is signed is always all that comes before.
///
/// # Errors
/// The file is no wasm file or is cut off, or a signature can't be read.
pub fn split(file: &[u8]) -> Result<Signed<'_>, SigningError> {
    if !file.starts_with(b"\0asm") || file.len() < HEADER {
        return Err(SigningError::NotWasm("it does not begin as one"));
    }
    let mut component = HEADER;
    let mut contents = Vec::new();
    let mut at = HEADER;
    while at < file.len() {
        let id = file[at];
        let (size, start) = read_leb128(file, at + 1)?;
        let end = start.checked_add(size).filter(|end| *end <= file.len());
        let end = end.ok_or(SigningError::NotWasm("a section goes beyond its end"))?;
        match signature_content(id, &file[start..end]) {
            Some(content) => contents.push(content),
            None => {
                contents.clear();
                component = end;
            }
        }
        at = end;
    }
    if contents.len() > MOST {
        return Err(SigningError::Section(format!("there are {}, at most {MOST} are read", contents.len())));
    }
    let signatures = contents.into_iter().map(Signature::read).collect::<Result<_, _>>()?;
    Ok(Signed { component: &file[..component], signatures })
}

/// What is in a section, if it is one of ours.
fn signature_content(id: u8, section: &[u8]) -> Option<&[u8]> {
    let (length, start) = read_leb128(section, 0).ok()?;
    let name = section.get(start..start.checked_add(length)?)?;
    (id == 0 && name == SECTION.as_bytes()).then(|| &section[start + length..])
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A 32-bit number and the place behind it.
fn read_leb128(bytes: &[u8], mut at: usize) -> Result<(usize, usize), SigningError> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(at).ok_or(SigningError::NotWasm("it is cut off"))?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|_| SigningError::NotWasm("a length is too long"))?;
            return Ok((value as usize, at));
        }
    }
    Err(SigningError::NotWasm("a length is too long"))
}
