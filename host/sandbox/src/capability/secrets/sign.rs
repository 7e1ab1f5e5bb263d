//! Signatures with private keys, which stay in the host.

use crate::bindings::jackfield::channel::message::Error;
use crate::call::refuse;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

/// Signs with a key in PEM. Errors never show a byte of it.
pub(super) fn sign(algorithm: &str, pem: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
    if !matches!(algorithm, "ed25519" | "es256" | "rs256") {
        let algorithm: String = algorithm.chars().take(32).collect();
        return Err(refuse(
            "not-supported",
            format!("`{algorithm}` is not served; `ed25519`, `es256` and `rs256` are"),
        ));
    }
    let unfit = || {
        refuse(
            "invalid",
            format!("the secret is no private key for `{algorithm}`; it has to be PEM, as `openssl genpkey` writes it"),
        )
    };
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| unfit())?;
    let random = SystemRandom::new();
    match (algorithm, &key) {
        ("ed25519", PrivateKeyDer::Pkcs8(key)) => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der()).map_err(|_| unfit())?;
            Ok(pair.sign(data).as_ref().to_vec())
        }
        ("es256", PrivateKeyDer::Pkcs8(key)) => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der(), &random)
                .map_err(|_| unfit())?;
            Ok(pair.sign(&random, data).map_err(|_| unfit())?.as_ref().to_vec())
        }
        ("rs256", PrivateKeyDer::Pkcs8(_) | PrivateKeyDer::Pkcs1(_)) => {
            let pair = match &key {
                PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
                _ => RsaKeyPair::from_der(key.secret_der()),
            };
            let pair = pair.map_err(|_| unfit())?;
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, data, &mut signature).map_err(|_| unfit())?;
            Ok(signature)
        }
        _ => Err(unfit()),
    }
}
