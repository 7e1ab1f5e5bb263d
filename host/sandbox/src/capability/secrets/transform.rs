//! What `compose` and `hash` compute. Nothing here knows where a value comes from.

use crate::bindings::jackfield::channel::message::Error;
use crate::call::refuse;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use ring::pbkdf2;
use sha2::Digest as _;
use std::num::NonZeroU32;

/// All but the unreserved characters of RFC 3986.
pub(crate) const PERCENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// All but what the URL standard's form encoding leaves; the space becomes `+` afterwards.
const FORM: AsciiSet = PERCENT.add(b'~').remove(b'*').remove(b' ');

/// What `compose` was asked to do, its parameters read.
#[derive(Debug, PartialEq)]
pub(super) enum Transform {
    /// One of the names without parameters.
    Simple(String),
    /// Takes this marker off.
    Strip(String),
    /// HMAC under the secret of this name.
    Hmac { algorithm: &'static str, key: String },
    /// Key derivation.
    Pbkdf2 { algorithm: &'static str, salt: Vec<u8>, rounds: NonZeroU32 },
}

impl Transform {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let (name, rest) = text.split_once(';').unwrap_or((text, ""));
        match name {
            "strip-prefix" if is_marker(rest) => Ok(Self::Strip(rest.to_owned())),
            "strip-prefix" => Err(refuse(
                "invalid",
                "the prefix is a public marker such as `whsec_`: 1 to 15 letters or digits and `_`",
            )),
            "hmac-sha1" => Ok(Self::Hmac { algorithm: "sha1", key: rest.to_owned() }),
            "hmac-sha256" => Ok(Self::Hmac { algorithm: "sha256", key: rest.to_owned() }),
            "pbkdf2-sha1" => derivation("sha1", rest),
            "pbkdf2-sha256" => derivation("sha256", rest),
            _ => Ok(Self::Simple(text.to_owned())),
        }
    }

    /// Refuses a key derivation of more rounds than these.
    pub(super) fn is_within(&self, most: u32) -> Result<(), Error> {
        match self {
            Self::Pbkdf2 { rounds, .. } if rounds.get() > most => Err(refuse(
                "quota",
                format!("a key derivation has at most {most} rounds, not {rounds}; raise limits.derivation-rounds"),
            )),
            _ => Ok(()),
        }
    }
}

/// Prefixes that only say what a secret is. Any other would let a guest find out a secret character by character.
fn is_marker(prefix: &str) -> bool {
    let name = prefix.strip_suffix('_');
    name.is_some_and(|name| (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn derivation(algorithm: &'static str, parameters: &str) -> Result<Transform, Error> {
    let parsed = parameters.split_once(';').and_then(|(salt, rounds)| {
        let rounds = rounds.parse().ok()?;
        Some(Transform::Pbkdf2 { algorithm, salt: STANDARD.decode(salt).ok()?, rounds: NonZeroU32::new(rounds)? })
    });
    parsed.ok_or_else(|| {
        refuse(
            "invalid",
            format!("`pbkdf2-{algorithm}` is followed by `;SALT;N`: the salt in base64 and the number of rounds"),
        )
    })
}

fn unknown_algorithm(algorithm: &str) -> Error {
    let algorithm: String = algorithm.chars().take(32).collect();
    refuse(
        "not-supported",
        format!("`{algorithm}` is not served; `sha1`, `sha256` and `sha512` are, and `md5` for hashes"),
    )
}

pub(super) fn hash(algorithm: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(match algorithm {
        "md5" => md5::Md5::digest(bytes).to_vec(),
        "sha1" => sha1::Sha1::digest(bytes).to_vec(),
        "sha256" => sha2::Sha256::digest(bytes).to_vec(),
        "sha512" => sha2::Sha512::digest(bytes).to_vec(),
        other => return Err(unknown_algorithm(other)),
    })
}

pub(super) fn hmac_of(algorithm: &str, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Error> {
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

/// Takes long: for a thread that nobody waits on.
pub(super) fn pbkdf2_of(algorithm: &str, salt: &[u8], rounds: NonZeroU32, password: &[u8]) -> Vec<u8> {
    let (algorithm, length) = match algorithm {
        "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        _ => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
    };
    let mut out = vec![0; length];
    pbkdf2::derive(algorithm, rounds, salt, password, &mut out);
    out
}

/// `application/x-www-form-urlencoded`, by the URL standard.
pub(super) fn form(bytes: &[u8]) -> Vec<u8> {
    percent_encode(bytes, &FORM).to_string().replace(' ', "+").into_bytes()
}

/// The transforms that need nothing but the bytes.
pub(super) fn simple(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
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
        "md5" | "sha1" | "sha256" | "sha512" => hash(name, &bytes)?,
        "md5-hex" | "sha1-hex" | "sha256-hex" | "sha512-hex" => {
            hex::encode(hash(name.trim_end_matches("-hex"), &bytes)?).into_bytes()
        }
        _ => {
            return Err(refuse(
                "not-supported",
                "the transforms are identity, base64, base64url, base64-decode, hex, hex-decode, percent, form, \
                 json-string, strip-prefix;MARKER, md5, sha1, sha256, sha512, these four with -hex, hmac-sha1;KEY, \
                 hmac-sha256;KEY, pbkdf2-sha1;SALT;N and pbkdf2-sha256;SALT;N",
            ));
        }
    })
}
