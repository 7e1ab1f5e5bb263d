//! HMAC and digests, as the server has them.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::error::code;

pub(super) fn hmac(key: &[u8], algorithm: &str, data: &[u8]) -> Result<Vec<u8>, Error> {
    match algorithm {
        "sha1" => Ok(mac::<Hmac<Sha1>>(key, data)),
        "sha256" => Ok(mac::<Hmac<Sha256>>(key, data)),
        other => Err(unknown(other)),
    }
}

pub(super) fn hash(algorithm: &str, data: &[u8]) -> Result<Vec<u8>, Error> {
    match algorithm {
        "sha1" => Ok(Sha1::digest(data).to_vec()),
        "sha256" => Ok(Sha256::digest(data).to_vec()),
        other => Err(unknown(other)),
    }
}

/// The first block of PBKDF2 (RFC 8018), which is as long as the hash.
pub(super) fn pbkdf2(algorithm: &str, password: &[u8], salt: &[u8], rounds: u32) -> Result<Vec<u8>, Error> {
    let mut last = hmac(password, algorithm, &[salt, &[0, 0, 0, 1]].concat())?;
    let mut out = last.clone();
    for _ in 1..rounds {
        last = hmac(password, algorithm, &last)?;
        out.iter_mut().zip(&last).for_each(|(out, byte)| *out ^= byte);
    }
    Ok(out)
}

/// Compares all bytes, whatever the first difference.
pub(super) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn unknown(algorithm: &str) -> Error {
    Error::new(code::NOT_SUPPORTED, format!("the host in memory has no algorithm `{algorithm}`: sha1, sha256"))
}
