//! Every way in which a signed file can be not what it says.

use super::*;
use jackfield_spec::Digest;
use proptest::prelude::*;

/// A component's header and one custom section of another name.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0\x00\x06\x04namex";

fn signed(key: &SigningKey) -> Vec<u8> {
    append(COMPONENT, &Signature::make(key, &Digest::of(COMPONENT), "acme", "1.2.3"))
}

fn trust(keys: &[(&SigningKey, &str)]) -> Trust {
    Trust { keys: keys.iter().map(|(key, name)| (key.public(), (*name).to_owned())).collect(), ..Trust::default() }
}

fn standing(trust: &Trust, file: &[u8], name: &str, version: &str) -> Standing {
    let signed = split(file).expect("a wasm file");
    trust.standing(&signed, &Digest::of(signed.component), name, version)
}

#[test]
fn a_signature_leaves_the_component_and_its_digest_as_they_were() {
    let key = SigningKey::generate().expect("a key");
    let file = signed(&key);
    let found = split(&file).expect("a wasm file");
    assert_eq!(found.component, COMPONENT);
    assert_eq!(found.signatures.len(), 1);
    let trust = trust(&[(&key, "acme-2026")]);
    assert_eq!(standing(&trust, &file, "acme", "1.2.3").signer(), Some("acme-2026"));
    assert_eq!(standing(&trust, COMPONENT, "acme", "1.2.3"), Standing::Unsigned);
}

#[test]
fn a_key_can_be_replaced_while_both_are_trusted() {
    let (old, new) = (SigningKey::generate().expect("a key"), SigningKey::generate().expect("a key"));
    let twice = append(&signed(&old), &Signature::make(&new, &Digest::of(COMPONENT), "acme", "1.2.3"));
    assert_eq!(split(&twice).expect("a wasm file").signatures.len(), 2);
    assert_eq!(standing(&trust(&[(&old, "old")]), &twice, "acme", "1.2.3").signer(), Some("old"));
    assert_eq!(standing(&trust(&[(&new, "new")]), &twice, "acme", "1.2.3").signer(), Some("new"));
    let mut trust = trust(&[(&old, "old"), (&new, "new")]);
    trust.revoked_keys.insert(old.public());
    assert_eq!(standing(&trust, &twice, "acme", "1.2.3").signer(), Some("new"), "the other key still counts");
    assert_eq!(standing(&trust, &signed(&old), "acme", "1.2.3"), Standing::RevokedKey { key: old.public() });
}

#[test]
fn what_is_signed_as_something_else_is_wrong() {
    let key = SigningKey::generate().expect("a key");
    let trusted = trust(&[(&key, "acme")]);
    let file = signed(&key);
    assert_eq!(standing(&trusted, &file, "other", "1.2.3"), Standing::Wrong);
    assert_eq!(standing(&trusted, &file, "acme", "1.2.4"), Standing::Wrong);
    // The signature of one component behind another.
    let mut other = COMPONENT.to_vec();
    *other.last_mut().expect("bytes") ^= 1;
    other.extend(&file[COMPONENT.len()..]);
    assert_eq!(standing(&trusted, &other, "acme", "1.2.3"), Standing::Wrong);
    assert!(Standing::Wrong.is_forbidden() && Standing::RevokedDriver.is_forbidden());
    assert!(!Standing::Unsigned.is_forbidden());
}

#[test]
fn unknown_keys_and_revoked_components_are_told_apart() {
    let key = SigningKey::generate().expect("a key");
    let file = signed(&key);
    assert_eq!(standing(&Trust::default(), &file, "acme", "1.2.3"), Standing::Unknown { key: key.public() });
    let mut trust = trust(&[(&key, "acme")]);
    trust.revoked_drivers.insert(Digest::of(COMPONENT));
    assert_eq!(standing(&trust, &file, "acme", "1.2.3"), Standing::RevokedDriver);
}

#[test]
fn a_signature_with_something_behind_it_signs_nothing() {
    let key = SigningKey::generate().expect("a key");
    let mut file = signed(&key);
    file.extend(b"\x00\x06\x04moreX");
    let found = split(&file).expect("a wasm file");
    assert_eq!((found.component, found.signatures.len()), (&*file, 0));
}

#[test]
fn keys_are_passed_on_as_text_and_a_private_one_is_never_shown() {
    let key = SigningKey::generate().expect("a key");
    let again = SigningKey::parse(&format!("{}\n", key.expose())).expect("a key");
    assert_eq!(again.public(), key.public());
    assert_eq!(PublicKey::parse(&key.public().to_string()), Ok(key.public()));
    let secret = key.expose();
    assert!(!format!("{key:?}").contains(secret.rsplit(':').next().expect("base64")));
    for wrong in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", &secret] {
        assert_eq!(PublicKey::parse(wrong), Err(SigningError::PublicKey), "{wrong}");
    }
    for wrong in ["", "ed25519-private:AAAA", &key.public().to_string()] {
        assert!(SigningKey::parse(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    /// Bytes of anybody's: an answer or an error, never a panic, and what is split was there.
    #[test]
    fn any_bytes_can_be_looked_at(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut file = b"\0asm\x0d\0\x01\0".to_vec();
        file.extend(&bytes);
        if let Ok(signed) = split(&file) {
            prop_assert!(file.starts_with(signed.component));
        }
        prop_assert!(split(&bytes).is_err() || bytes.starts_with(b"\0asm"));
    }

    /// One bit anywhere in the signed file: it is not trusted any more.
    #[test]
    fn no_bit_of_a_signed_file_can_be_changed(at in 0usize..4_096, bit in 0u8..8) {
        let key = SigningKey::generate().expect("a key");
        let trust = trust(&[(&key, "acme")]);
        let mut file = signed(&key);
        let at = at % file.len();
        file[at] ^= 1 << bit;
        if let Ok(found) = split(&file) {
            let standing = trust.standing(&found, &Digest::of(found.component), "acme", "1.2.3");
            // Hexadecimal digits have two spellings: the signature is still the same one then.
            let same = found.component == COMPONENT && found.signatures == split(&signed_again(&file, at, bit)).expect("it was whole").signatures;
            prop_assert!(same || standing.signer().is_none(), "{standing:?}");
        }
    }
}

fn signed_again(changed: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut file = changed.to_vec();
    file[at] ^= 1 << bit;
    file
}
