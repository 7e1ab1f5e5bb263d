//! `secrets`: a guest uses them by name and never sees their bytes.

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::{Host, Piece};
use crate::call::{State, info, refuse};
use crate::channel::Channel;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::Digest as _;
use subtle::ConstantTimeEq;

/// Most bytes that pieces may come to.
const PIECES: usize = 2 << 20;
/// Most bytes of all secrets that one call composes.
const COMPOSED_BYTES: usize = 4 << 20;
/// Takes a public marker off a secret.
const STRIP: &str = "strip-prefix;";
/// Most secrets that one call may compose.
const COMPOSED: usize = 64;
/// Prefix of the names of composed secrets; no configured secret has it.
const COMPOSED_PREFIX: &str = "composed:";
/// Part of a blob that is read at once.
const CHUNK: u32 = 1 << 20;

/// All but the unreserved characters of RFC 3986.
const PERCENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn no_secret(channel: &Channel, name: &str) -> Error {
    let id = &channel.config.id;
    let name: String = name.chars().take(64).collect();
    refuse(
        "denied",
        format!(
            "the channel has no secret `{name}`; add `secrets = {{ {name} = \"env:NAME\" }}` to [[channel]] id = \"{id}\""
        ),
    )
}

/// Pieces put together: the bytes, and whether a secret is among them.
pub(crate) struct Assembled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) secret: bool,
}

impl State {
    /// Every value of a secret that is valid now, the current one first.
    fn secret_values(&self, channel: &Channel, name: &str) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(value) = self.call.composed.get(name) {
            return Ok(vec![value.clone()]);
        }
        let values = channel.config.secrets.values(name).ok_or_else(|| no_secret(channel, name))?;
        Ok(values.to_vec())
    }

    fn current_secret(&self, channel: &Channel, name: &str) -> Result<Vec<u8>, Error> {
        let values = self.secret_values(channel, name)?;
        values.into_iter().next().ok_or_else(|| no_secret(channel, name))
    }

    fn is_one_configured(&self, channel: &Channel, pieces: &[Piece]) -> bool {
        matches!(pieces, [Piece::Secret(name)] if channel.config.secrets.values(name).is_some())
    }

    /// Puts pieces together, the current value of each secret in its place.
    pub(crate) fn assemble(&mut self, channel: &Channel, pieces: Vec<Piece>) -> Result<Assembled, Error> {
        let most = PIECES.max(channel.config.limits.blob);
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
                    out.bytes.extend_from_slice(&bytes);
                }
                Piece::Secret(name) => {
                    let value = self.current_secret(channel, &name)?;
                    room(value.len())?;
                    out.secret = true;
                    out.bytes.extend_from_slice(&value);
                }
                Piece::Blob(blob) => {
                    let digest = self.readable(channel, &blob)?;
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

fn unknown_algorithm(algorithm: &str) -> Error {
    let algorithm: String = algorithm.chars().take(32).collect();
    refuse(
        "not-supported",
        format!("`{algorithm}` is not served; `sha1`, `sha256` and `sha512` are, and `md5` for hashes"),
    )
}

fn hash(algorithm: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(match algorithm {
        "md5" => md5::Md5::digest(bytes).to_vec(),
        "sha1" => sha1::Sha1::digest(bytes).to_vec(),
        "sha256" => sha2::Sha256::digest(bytes).to_vec(),
        "sha512" => sha2::Sha512::digest(bytes).to_vec(),
        other => return Err(unknown_algorithm(other)),
    })
}

fn hmac_of(algorithm: &str, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Error> {
    fn mac<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut mac = <M as KeyInit>::new_from_slice(key)
            .map_err(|_| refuse("invalid", "this key has no length that HMAC takes"))?;
        mac.update(bytes);
        Ok(mac.finalize().into_bytes().to_vec())
    }
    match algorithm {
        "sha1" => mac::<Hmac<sha1::Sha1>>(key, bytes),
        "sha256" => mac::<Hmac<sha2::Sha256>>(key, bytes),
        "sha512" => mac::<Hmac<sha2::Sha512>>(key, bytes),
        other => Err(unknown_algorithm(other)),
    }
}

/// All but what the URL standard's form encoding leaves; the space becomes `+` afterwards.
const FORM: AsciiSet = PERCENT.add(b'~').remove(b'*').remove(b' ');

/// `application/x-www-form-urlencoded`, by the URL standard.
fn form(bytes: &[u8]) -> Vec<u8> {
    percent_encode(bytes, &FORM).to_string().replace(' ', "+").into_bytes()
}

/// Prefixes that only say what a secret is. Any other would let a guest find out a secret character by character.
fn is_marker(prefix: &str) -> bool {
    let name = prefix.strip_suffix('_');
    name.is_some_and(|name| (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn transform(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if let Some(prefix) = name.strip_prefix(STRIP) {
        if !is_marker(prefix) {
            return Err(refuse(
                "invalid",
                "the prefix is a public marker such as `whsec_`: 1 to 15 letters or digits and `_`",
            ));
        }
        let rest = bytes.strip_prefix(prefix.as_bytes()).map(<[u8]>::to_vec);
        return Ok(rest.unwrap_or(bytes));
    }
    // What can't be decoded is said without a byte of it.
    let undecodable = || {
        refuse("invalid", format!("the pieces can't be decoded by `{name}`; check the secret's value in the config"))
    };
    Ok(match name {
        "identity" => bytes,
        "base64" => STANDARD.encode(&bytes).into_bytes(),
        "base64url" => URL_SAFE_NO_PAD.encode(&bytes).into_bytes(),
        "base64-decode" => STANDARD.decode(&bytes).map_err(|_| undecodable())?,
        "hex" => hex::encode(&bytes).into_bytes(),
        "hex-decode" => hex::decode(&bytes).map_err(|_| undecodable())?,
        "percent" => percent_encode(&bytes, &PERCENT).to_string().into_bytes(),
        "form" => form(&bytes),
        "json-string" => {
            let text = String::from_utf8(bytes).map_err(|_| undecodable())?;
            serde_json::Value::from(text).to_string().into_bytes()
        }
        "md5-hex" => hex::encode(hash("md5", &bytes)?).into_bytes(),
        "sha256" => hash("sha256", &bytes)?,
        _ => {
            return Err(refuse(
                "not-supported",
                "the transforms are identity, base64, base64url, base64-decode, hex, hex-decode, percent, form, json-string, md5-hex, sha256 and strip-prefix;PREFIX",
            ));
        }
    })
}

impl Host for State {
    fn names(&mut self) -> Vec<String> {
        self.look().map_or_else(|_| Vec::new(), |channel| channel.config.secrets.names().cloned().collect())
    }

    fn compose(&mut self, pieces: Vec<Piece>, transform_name: String) -> Result<String, Error> {
        let channel = self.look()?;
        if self.call.composed.len() >= COMPOSED {
            return Err(refuse("quota", format!("one call may compose {COMPOSED} secrets")));
        }
        let markers = transform_name.starts_with(STRIP) && !self.is_one_configured(&channel, &pieces);
        let assembled = self.assemble(&channel, pieces)?;
        if markers {
            return Err(refuse("invalid", "`strip-prefix` takes exactly one configured secret"));
        }
        if assembled.bytes.len() > PIECES {
            return Err(refuse("too-large", format!("a composed secret is made of at most {PIECES} bytes")));
        }
        let value = transform(&transform_name, assembled.bytes)?;
        let held: usize = self.call.composed.values().map(Vec::len).sum();
        if held + value.len() > COMPOSED_BYTES {
            return Err(refuse(
                "quota",
                format!("the secrets composed in one call have at most {COMPOSED_BYTES} bytes"),
            ));
        }
        let name = format!("{COMPOSED_PREFIX}{}", self.call.composed.len());
        self.call.composed.insert(name.clone(), value);
        Ok(name)
    }

    fn hash(&mut self, algorithm: String, pieces: Vec<Piece>) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        let assembled = self.assemble(&channel, pieces)?;
        hash(&algorithm, &assembled.bytes)
    }

    fn hmac(&mut self, key: String, algorithm: String, data: Vec<Piece>) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        let key = self.current_secret(&channel, &key)?;
        let data = self.assemble(&channel, data)?;
        hmac_of(&algorithm, &key, &data.bytes)
    }

    fn verify_hmac(
        &mut self,
        key: String,
        algorithm: String,
        data: Vec<Piece>,
        claimed: Vec<u8>,
    ) -> Result<bool, Error> {
        let channel = self.look()?;
        let keys = self.secret_values(&channel, &key)?;
        let data = self.assemble(&channel, data)?;
        let mut good = false;
        for key in keys {
            good |= bool::from(hmac_of(&algorithm, &key, &data.bytes)?.ct_eq(&claimed));
        }
        Ok(good)
    }

    fn equals(&mut self, secret: String, claimed: Vec<u8>) -> Result<bool, Error> {
        let channel = self.look()?;
        let mut good = false;
        for value in self.secret_values(&channel, &secret)? {
            // Hashed first: a comparison of unequal lengths would end early.
            good |= bool::from(sha2::Sha256::digest(&value).ct_eq(&sha2::Sha256::digest(&claimed)));
        }
        Ok(good)
    }

    fn sign(&mut self, _: String, _: String, _: Vec<Piece>) -> Result<Vec<u8>, Error> {
        self.look()?;
        Err(refuse("not-supported", "signatures by key pairs are not served by this server yet; `hmac` is"))
    }

    fn reveal(&mut self, secret: String) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        if !channel.config.grants.reveal.contains(&secret) {
            let (id, name) = (&channel.config.id, secret.chars().take(64).collect::<String>());
            return Err(refuse(
                "denied",
                format!(
                    "`{name}` may not be revealed; if the driver's protocol leaves no other way, add `grants = {{ reveal = [\"{name}\"] }}` to [[channel]] id = \"{id}\""
                ),
            ));
        }
        self.current_secret(&channel, &secret)
    }

    fn forget(&mut self, _: String) -> Result<(), Error> {
        self.look()?;
        Err(refuse("not-supported", "captured secrets are not served by this server yet"))
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
