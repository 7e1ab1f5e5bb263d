use super::parse;
use crate::strategies;
use proptest::prelude::*;

#[test]
fn a_key_twice_is_refused_at_any_depth() {
    for text in [r#"{"a":1,"a":2}"#, r#"{"b":[{"a":1,"a":1}]}"#, r#"{"a":1,"\u0061":2}"#] {
        let error = parse(text).map_err(|error| error.to_string());
        assert!(error.as_ref().is_err_and(|error| error.contains("`a` is there twice")), "{text}: {error:?}");
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in ["", "{", "{}}", "nul", "1e999", r#""\ud800""#, &"[".repeat(200_000)] {
        assert!(parse(text).is_err(), "{}", &text[..text.len().min(20)]);
    }
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn other_json_is_read_as_serde_json_reads_it(value in strategies::value()) {
        let text = value.to_string();
        prop_assert_eq!(parse(&text)?, serde_json::from_str::<serde_json::Value>(&text)?);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        prop_assert_eq!(parse(&text).is_err(), serde_json::from_str::<serde_json::Value>(&text).is_err());
    }
}
