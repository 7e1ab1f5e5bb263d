use super::*;
use serde_json::json;

fn asked(arguments: &Value) -> Asked<'_> {
    Asked::of(arguments).expect("arguments of a page")
}

#[test]
fn pages_that_meet_are_one_stretch() {
    let (first, second) = (json!(["a/", null, 2]), json!(["a/", "a/2", 2]));
    let mut known = Known::default();
    known.saw(&asked(&first), Some("a/2"));
    let all = json!(["a/", null, 1000]);
    assert!(known.has(&asked(&first), Some("a/2")) && !known.has(&asked(&all), None));
    known.saw(&asked(&second), None);
    assert!(known.has(&asked(&all), None));
    let (inner, outer, other) = (json!(["a/1", null, 9]), json!(["a", null, 9]), json!(["b/", null, 9]));
    assert!(known.has(&asked(&inner), None));
    assert!(!known.has(&asked(&outer), None) && !known.has(&asked(&other), None));
}

#[test]
fn a_page_without_a_prefix_has_no_end() {
    let all = json!(["", null, 1000]);
    let mut known = Known::default();
    known.saw(&asked(&all), None);
    let some = json!(["any", "anybody", 1]);
    assert!(known.has(&asked(&some), None) && known.has(&asked(&all), None));
    assert_eq!(
        (behind("a\u{10ffff}"), behind("\u{d7ff}"), behind("\u{10ffff}")),
        (Some("b".into()), Some("\u{e000}".into()), None)
    );
}
