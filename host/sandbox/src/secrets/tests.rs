use super::*;

#[test]
fn what_is_sealed_opens_under_its_name_and_key_only() {
    let mut secrets = Secrets::default();
    assert_eq!(secrets.seal("token", b"value"), None, "without a key nothing is kept");
    secrets.seal_with([7; 32]);
    let sealed = secrets.seal("token", b"a captured value").expect("sealed");
    assert!(!sealed.windows(8).any(|bytes| b"a captured value".windows(8).any(|clear| clear == bytes)));
    assert_ne!(secrets.seal("token", b"a captured value"), Some(sealed.clone()), "the same value looks different");
    assert_eq!(secrets.unseal("token", &sealed).as_deref(), Some(&b"a captured value"[..]));
    assert_eq!(secrets.unseal("other", &sealed), None);
    let mut damaged = sealed.clone();
    damaged[20] ^= 1;
    assert_eq!(secrets.unseal("token", &damaged), None);
    assert_eq!(secrets.unseal("token", &sealed[..5]), None);
    secrets.seal_with([8; 32]);
    assert_eq!(secrets.unseal("token", &sealed), None);
}
