use super::transform::{form, pbkdf2_of, simple};
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[test]
fn a_form_value_is_encoded_as_browsers_do() {
    assert_eq!(form(b"a b&c=~*-._"), b"a+b%26c%3D%7E*-._");
}

#[test]
fn hmac_agrees_with_rfc_4231() {
    let mac = hmac_of("sha256", b"Jefe", b"what do ya want for nothing?").expect("sha256 is served");
    assert_eq!(hex::encode(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(hmac_of("crc32", b"k", b"d").expect_err("not served").code, "not-supported");
}

#[test]
fn only_a_public_marker_is_taken_off() {
    let marker = Transform::parse("strip-prefix;whsec_").expect("a marker");
    assert_eq!(marker, Transform::Strip("whsec_".to_owned()));
    for prefix in ["a", "wh", "sec_ret_", "_", "a-b_", ""] {
        let refused = Transform::parse(&format!("strip-prefix;{prefix}"));
        assert!(refused.is_err(), "`{prefix}` would tell what a secret begins with");
    }
    let refused = simple("base64-decode", b"top secret!".to_vec()).expect_err("not base64");
    assert!(!refused.text.contains("top secret"), "an error never shows a secret: {}", refused.text);
}

#[test]
fn hashes_agree_with_their_test_vectors() {
    let hex = |name: &str| String::from_utf8(simple(name, b"abc".to_vec()).expect("known")).expect("hex");
    assert_eq!(hex("md5-hex"), "900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(hex("sha1-hex"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(hex("sha256-hex"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert!(hex("sha512-hex").starts_with("ddaf35a193617abacc417349ae204131"));
    for name in ["md5", "sha1", "sha256", "sha512"] {
        let raw = simple(name, b"abc".to_vec()).expect("known");
        assert_eq!(hex::encode(raw), hex(&format!("{name}-hex")));
    }
    assert_eq!(simple("crc32", Vec::new()).expect_err("unknown").code, "not-supported");
}

/// RFC 6070 and RFC 7914.
#[test]
fn key_derivation_agrees_with_its_test_vectors() {
    let parse = |text: &str| match Transform::parse(text) {
        Ok(Transform::Pbkdf2 { algorithm, salt, rounds }) => Some((algorithm, salt, rounds)),
        _ => None,
    };
    let (algorithm, salt, rounds) = parse(&format!("pbkdf2-sha1;{};4096", STANDARD.encode("salt"))).expect("right");
    let key = pbkdf2_of(algorithm, &salt, rounds, b"password");
    assert_eq!(hex::encode(key), "4b007901b765489abead49d926f721d065a429c1");
    let (algorithm, salt, rounds) = parse(&format!("pbkdf2-sha256;{};1", STANDARD.encode("salt"))).expect("right");
    let key = pbkdf2_of(algorithm, &salt, rounds, b"passwd");
    assert_eq!(hex::encode(key), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
    for text in ["pbkdf2-sha1", "pbkdf2-sha1;c2FsdA==", "pbkdf2-sha1;c2FsdA==;0", "pbkdf2-sha1;?;1"] {
        assert!(parse(text).is_none(), "{text}");
    }
}

/// RFC 8032, section 7.1, test 1; the key as openssl writes it.
#[test]
fn a_signature_agrees_with_rfc_8032() {
    let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").expect("hex");
    let der = [hex::decode("302e020100300506032b657004220420").expect("hex"), seed].concat();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    let signature = sign::sign("ed25519", pem.as_bytes(), b"").expect("a signature");
    assert!(hex::encode(signature).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"));
    for (algorithm, key) in [("es256", pem.as_str()), ("rs256", &pem), ("ed25519", "no pem"), ("ed25519", "")] {
        let refused = sign::sign(algorithm, key.as_bytes(), b"").expect_err("not a key for it");
        assert_eq!(refused.code, "invalid");
        assert!(key.is_empty() || !refused.text.contains(key));
    }
    assert_eq!(sign::sign("hs256", pem.as_bytes(), b"").expect_err("unknown").code, "not-supported");
}

/// What was signed is verified by another implementation's rules: the public half of the same key.
#[test]
fn signatures_of_other_kinds_verify() {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    let random = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8.as_ref()));
    let signature = sign::sign("es256", pem.as_bytes(), b"data").expect("a signature");
    let public = ring::signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
    assert!(public.verify(b"data", &signature).is_ok() && public.verify(b"other", &signature).is_err());
}
