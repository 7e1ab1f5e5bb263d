use super::*;
use crate::unfold;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
enum Body {
    Bytes(Vec<u8>),
    Named { file_name: String, size_in_all: u64 },
    Empty,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
struct Request {
    event_id: Option<String>,
    body: Body,
    numbers: Vec<u32>,
    attributes: Vec<(String, String)>,
    answer: Result<(), String>,
    at: u64,
    is_good: bool,
}

#[test]
fn bytes_are_shown_as_text_where_they_are_text() {
    assert_eq!(facts(&b"a=b".to_vec()), json!({ "$text": "a=b" }));
    assert_eq!(facts(&vec![0xff_u8, 0]), json!({ "$base64": "/wA=" }));
    assert_eq!(facts(&vec![1_u32, 2]), json!([1, 2]));
    assert_eq!(facts(&7_u8), json!(7), "a byte alone is a number");
    assert_eq!(facts(&Body::Bytes(b"x".to_vec())), json!({ "Bytes": { "$text": "x" } }));
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Body::Bytes),
        (".*", any::<u64>()).prop_map(|(file_name, size_in_all)| Body::Named { file_name, size_in_all }),
        Just(Body::Empty),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost(
        event_id in proptest::option::of(".*"),
        body in body(),
        numbers in proptest::collection::vec(any::<u32>(), 0..4),
        attributes in proptest::collection::vec((".*", ".*"), 0..3),
        failed in any::<bool>(),
        at in any::<u64>(),
        is_good in any::<bool>(),
    ) {
        let answer = if failed { Err("no".to_owned()) } else { Ok(()) };
        let request = Request { event_id, body, numbers, attributes, answer, at, is_good };
        let written = serde_json::to_string(&facts(&request)).expect("JSON");
        let read: Value = serde_json::from_str(&written).expect("JSON");
        prop_assert_eq!(unfold::<Request>(&read), Some(request));
    }
}
