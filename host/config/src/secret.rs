//! Secrets: where they come from, and how they stay out of logs.

use std::fmt;
use std::fs::File;
use std::io::Read;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use toml::de::DeValue;

use crate::reader::{Node, Table};

/// The longest secret: room for a key file or a certificate.
const MAX_SECRET: u64 = 64 * 1024;

/// A secret's bytes. Neither `Debug` nor `Display` shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Secret(bytes.into())
    }

    /// The bytes themselves; whoever calls this must not log them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The SHA-256 of an agent's or operator's token; the token itself is not kept.
///
/// Tokens can be looked up by it in a map: whoever presents one can't steer its hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &[u8]) -> Self {
        TokenHash(Sha256::digest(token).into())
    }

    /// Whether the presented token is the one that was hashed, in a time that doesn't tell how nearly.
    pub fn matches(&self, presented: &[u8]) -> bool {
        self.0.ct_eq(&TokenHash::of(presented).0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(hidden)")
    }
}

/// Reads a secret's source: `env:NAME`, `file:PATH`, or a literal, which is warned about.
pub(crate) fn read_secret(node: &Node<'_>) -> Option<Secret> {
    let source = node.string("\"env:NAME\" or \"file:PATH\"")?;
    let bytes = if let Some(name) = source.strip_prefix("env:") {
        from_environment(node, name)?
    } else if let Some(path) = source.strip_prefix("file:") {
        from_file(node, path)?
    } else {
        if !source.is_empty() {
            node.warn("is a secret written out in the file", "write \"env:NAME\" or \"file:PATH\" instead");
        }
        source.as_bytes().to_vec()
    };
    if bytes.is_empty() {
        node.error("is an empty secret", "give it a value, in the file or where it points to");
        return None;
    }
    Some(Secret(bytes))
}

/// Reads a channel's secret: one source, or during a rotation an array of the current and the previous one.
pub(crate) fn read_values(node: &Node<'_>) -> Option<Vec<Secret>> {
    if !matches!(node.value(), DeValue::Array(_)) {
        return Some(vec![read_secret(node)?]);
    }
    let items = node.items("[\"env:NEW\", \"env:OLD\"]");
    if !(1..=2).contains(&items.len()) {
        node.error(
            format!("has {} values", items.len()),
            "write the current value and, while it is rotated, the previous one: [\"env:NEW\", \"env:OLD\"]",
        );
        return None;
    }
    items.iter().map(read_secret).collect()
}

/// Reads the required `token` of an agent or operator and keeps its hash.
pub(crate) fn read_token(table: &Table<'_>) -> Option<TokenHash> {
    let node = table.required("token", "token = \"env:NAME\"")?;
    let secret = read_secret(&node)?;
    // It is presented in a header; what can't stand there could never match.
    if !secret.expose().iter().all(u8::is_ascii_graphic) {
        node.error("is a token with spaces or characters beyond ASCII", "use letters, digits and punctuation only");
        return None;
    }
    let hash = TokenHash::of(secret.expose());
    node.claim_token(hash);
    Some(hash)
}

fn from_environment(node: &Node<'_>, name: &str) -> Option<Vec<u8>> {
    let well_formed = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !well_formed {
        node.error("names no environment variable", "write \"env:NAME\" with letters, digits and _");
        return None;
    }
    let value = node.reader().variable(name);
    if value.is_none() {
        node.error(
            format!("the environment variable {name} is not set"),
            format!("set {name} for the server, or use \"file:PATH\""),
        );
    }
    value.map(String::into_bytes)
}

fn from_file(node: &Node<'_>, path: &str) -> Option<Vec<u8>> {
    let path = node.reader().resolve(path);
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_SECRET + 1).read_to_end(&mut bytes).map(drop));
    if let Err(error) = read {
        node.error(
            format!("the file {} can't be read: {error}", path.display()),
            "make it readable for the server; the path is relative to the config file",
        );
        return None;
    }
    if bytes.len() as u64 > MAX_SECRET {
        node.error(
            format!("the file {} is longer than 64 KiB", path.display()),
            "name the file that holds only the secret",
        );
        return None;
    }
    // Editors and `echo` end a file with a newline that isn't part of the secret.
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Some(bytes)
}
