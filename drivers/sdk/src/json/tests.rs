//! The reader against another one, and what it refuses on purpose.

use proptest::prelude::*;

use super::*;

fn reason(text: &[u8]) -> &'static str {
    parse(text).expect_err("to be refused").reason
}

#[test]
fn values_of_every_kind_are_read() {
    let text = r#" {"a":[1,-2.5e3,true,false,null],"b":{"":"x"},"\u00e9\ud83d\udc4d":"\"\\\/\b\f\n\r\t"} "#;
    let value = parse(text.as_bytes()).expect("JSON");
    assert_eq!(value.pointer("/a/1").and_then(Value::as_f64), Some(-2500.0));
    assert_eq!(value.pointer("/a/2").and_then(Value::as_bool), Some(true));
    assert!(value.pointer("/a/4").is_some_and(Value::is_null));
    assert_eq!(value.pointer("/b/").and_then(Value::as_str), Some("x"));
    assert_eq!(value.get("é👍").and_then(Value::as_str), Some("\"\\/\u{8}\u{c}\n\r\t"));
    assert_eq!(value.depth(), 2);
}

#[test]
fn pointers_follow_rfc_6901() {
    let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8,"01":9,"~1":7}"#;
    let value = parse(text.as_bytes()).expect("JSON");
    let at = |pointer: &str| value.pointer(pointer).map(Value::to_json);
    assert_eq!(at("").map(|json| json.len()), Some(text.len()));
    for (pointer, json) in [
        ("/foo/0", r#""bar""#),
        ("/foo/1", r#""baz""#),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/m~0n", "8"),
        ("/01", "9"),
        ("/~01", "7"),
    ] {
        assert_eq!(at(pointer).as_deref(), Some(json), "{pointer}");
    }
    for pointer in ["foo", "/foo/2", "/foo/00", "/foo/+1", "/foo/-", "/foo/bar", "/nothing", "//"] {
        assert_eq!(at(pointer), None, "{pointer}");
    }
}

#[test]
fn what_i_json_leaves_out_is_refused() {
    assert_eq!(reason(br#"{"a":1,"b":2,"a":3}"#), "a key twice in the object that begins");
    assert_eq!(reason(br#"{"a":1,"\u0061":3}"#), "a key twice in the object that begins");
    let many: Vec<String> = (0..100).map(|at| format!(r#""k{}":0"#, at % 99)).collect();
    assert_eq!(reason(format!("{{{}}}", many.join(",")).as_bytes()), "a key twice in the object that begins");
    for number in ["1e309", "-1e400", "1E+999999999999", &"9".repeat(310)] {
        assert_eq!(reason(number.as_bytes()), "a number too large for a double", "{number}");
    }
    for text in [r#""\ud800""#, r#""\ud800x""#, r#""\ud800\n""#, r#""\udc00""#, r#""\ud800\ud800""#] {
        assert_eq!(reason(text.as_bytes()), "half of a surrogate pair", "{text}");
    }
    assert_eq!(reason("\u{feff}1".as_bytes()), "a byte order mark, which JSON doesn't have,");
    assert_eq!(reason(b"\"\xff\""), "not UTF-8");
    assert_eq!(parse(&b"[".repeat(1 << 20)).expect_err("to be refused").reason, "nested too deep");
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(deep(64).as_bytes()).is_ok());
    assert_eq!(reason(deep(65).as_bytes()), "nested too deep");
}

#[test]
fn the_smallest_and_largest_numbers_are_taken() {
    for number in ["1e308", "-0", "1e-400", "0.1", "123456789012345678901234567890"] {
        assert_eq!(parse(number.as_bytes()), Ok(Value::Number(number)));
    }
}

#[test]
fn the_offset_is_where_it_went_wrong() {
    assert_eq!(parse(br#"{"a": x}"#), Err(ParseError { reason: "a value was expected", offset: 6 }));
    assert_eq!(parse(b"1 2").expect_err("to be refused").to_string(), "something after the end of the value at byte 2");
}

#[test]
fn an_object_is_written_with_all_escapes() {
    let json = Object::new().string("a\"", "\u{1}\u{1f}\u{7f}é\n").number("n", 7).boolean("b", true).finish();
    assert_eq!(json, "{\"a\\\"\":\"\\u0001\\u001f\u{7f}é\\n\",\"n\":7,\"b\":true}");
}

/// JSON texts, mostly good ones.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        Just("true".to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| if number.is_finite() { format!("{number:e}") } else { "0".into() }),
        any::<String>().prop_map(|text| {
            let mut json = String::new();
            push_string(&mut json, &text);
            json
        }),
    ];
    leaf.prop_recursive(5, 40, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(|items| format!("[{}]", items.join(" , "))),
            proptest::collection::btree_map("[a-z\\\\\"]{0,5}", inner, 0..20).prop_map(|fields| {
                fields.iter().fold(Object::new(), |object, (key, value)| object.raw(key, value)).finish()
            }),
        ]
    })
}

#[test]
fn what_does_not_fit_into_a_structured_part_is_an_empty_object() {
    let values = |json: &str| parse(json.as_bytes()).expect("it is JSON").to_values();
    assert_eq!(values(r#"{"a":[1,null]}"#), r#"{"a":[1,null]}"#);
    let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(values(&nested(29)), nested(29));
    for unfit in [nested(30), format!(r#"{{"a":"{}"}}"#, "x".repeat(60 << 10)), "[]".into(), "7".into(), "null".into()]
    {
        assert_eq!(values(&unfit), "{}");
    }
}

#[test]
fn halves_of_surrogate_pairs_are_repaired() {
    let repaired = |json: &str| String::from_utf8(repaired(json.as_bytes()).into_owned()).expect("UTF-8");
    for whole in [r#""\ud83d\ude00 \u00e4 \\ud83d""#, r#""a""#, "", "\\u", "\\ud8", r#""\uD83D\uDE00""#] {
        assert_eq!(repaired(whole), whole);
    }
    assert_eq!(repaired(r#""a\ud83d""#), r#""a\ufffd""#);
    assert_eq!(repaired(r#""\ude00\uD83D\ud83d\ude00""#), r#""\ufffd\ufffd\ud83d\ude00""#);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_another_reader_reads(text in json()) {
        let ours = parse(text.as_bytes()).expect("JSON").to_json();
        let theirs: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).expect("JSON"), theirs);
    }

    #[test]
    fn what_is_taken_another_reader_takes_too(text in json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if parse(&bytes).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
        }
    }

    #[test]
    fn no_bytes_trap(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn what_is_repaired_is_json(text in "(\\\\u[dD][89a-fA-F][0-9a-f]{2}|\\\\u00e4|\\\\\\\\|[a-z]){0,20}") {
        let json = format!("\"{text}\"");
        prop_assert!(parse(&repaired(json.as_bytes())).is_ok());
    }
}
