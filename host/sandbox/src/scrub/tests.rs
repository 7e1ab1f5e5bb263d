use super::*;

fn scrubber(values: &[&str]) -> Scrubber {
    Scrubber::new(values.iter().map(|value| value.as_bytes()))
}

#[test]
fn a_value_is_found_in_every_form() {
    let secret = "p/ss w\"rd&1+ü";
    let scrubber = scrubber(&[secret, "short"]);
    let json = serde_json::Value::from(secret).to_string();
    let forms = [
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
        percent_encode(secret.as_bytes(), NON_ALPHANUMERIC).to_string(),
        json,
    ];
    for form in forms {
        let line = format!("before {form} after {form}!");
        let clean = scrubber.text(&line);
        assert!(!clean.contains(form.trim_matches('"')), "{line} -> {clean}");
        assert!(clean.starts_with("before ") && clean.ends_with('!'), "{clean}");
    }
    // Too short to be told from ordinary text.
    assert_eq!(scrubber.text("a short line"), "a short line");
}

#[test]
fn values_are_learned_and_given_for_once() {
    let scrubber = scrubber(&[]);
    assert_eq!(scrubber.text("token-1 token-2"), "token-1 token-2");
    scrubber.learn(b"token-1");
    assert_eq!(scrubber.text("token-1 token-2"), "****** token-2");
    assert_eq!(&*scrubber.bytes(b"token-1 token-2", &[b"token-2".to_vec()]), b"****** ******");
    assert_eq!(scrubber.text("token-2"), "token-2");
    for number in 0..2 * LEARNED {
        scrubber.learn(format!("value-{number}-").as_bytes());
    }
    assert_eq!(scrubber.patterns.lock().learned.len(), LEARNED);
}

#[test]
fn what_was_composed_for_a_peer_is_searched_for_and_bounded() {
    let mut composed = Composed::default();
    let replaced = |composed: &Composed, text: &str| {
        String::from_utf8(composed.replaced(Cow::Borrowed(text.as_bytes())).into_owned()).expect("UTF-8")
    };
    assert_eq!(replaced(&composed, "AGtpbQBwdw=="), "AGtpbQBwdw==");
    composed.learn(vec![b"AGtpbQBwdw==".to_vec(), b"short".to_vec(), vec![b'x'; LONGEST_ENCODED + 1]]);
    assert_eq!(replaced(&composed, "? AGtpbQBwdw== short"), "? ****** short");
    composed.learn(vec![b"AGtpbQBwdw==".to_vec()]);
    assert_eq!(composed.values.len(), 1, "known already, or not searched for");
    for number in 0..2 * COMPOSED {
        composed.learn(vec![format!("value-{number}-").into_bytes()]);
    }
    assert_eq!(composed.values.len(), COMPOSED);
    let last = format!("value-{}-", 2 * COMPOSED - 1);
    assert_eq!(replaced(&composed, &format!("{last} AGtpbQBwdw==")), "****** AGtpbQBwdw==");
}

#[test]
fn of_values_within_one_another_nothing_is_left() {
    let scrubber = scrubber(&["abcdef", "abcdefghi", "defghij"]);
    assert_eq!(scrubber.text("x abcdefghi y"), "x ****** y");
    assert_eq!(scrubber.text("abcdef"), "******");
}
