use super::*;

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
fn a_prefix_is_taken_off_only_where_it_is() {
    let strip = |value: &[u8]| transform("strip-prefix;whsec_", value.to_vec()).expect("known");
    assert_eq!(strip(b"whsec_abc"), b"abc");
    assert_eq!(strip(b"abc"), b"abc");
    for prefix in ["a", "wh", "sec_ret_", "_", "a-b_", ""] {
        let refused = transform(&format!("strip-prefix;{prefix}"), b"whsec_abc".to_vec());
        assert!(refused.is_err(), "`{prefix}` would tell what a secret begins with");
    }
    let refused = transform("base64-decode", b"top secret!".to_vec()).expect_err("not base64");
    assert!(!refused.text.contains("top secret"), "an error never shows a secret: {}", refused.text);
}
