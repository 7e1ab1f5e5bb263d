use super::*;

fn found(body: &str, pointer: &str) -> Option<(String, String)> {
    let found = find(body.as_bytes(), pointer)?;
    let mut blanked = body.as_bytes().to_vec();
    blanked.splice(found.place, found.blank.bytes());
    Some((found.value, String::from_utf8(blanked).expect("UTF-8")))
}

#[test]
fn a_field_is_found_and_nothing_else_is_changed() {
    let body = r#" {"n": 1.50, "access_token" : "a\"b", "list":[{"x~/":"deep"}, 7], "o":{}} "#;
    let cases = [
        ("/access_token", "a\"b", body.replace(r#""a\"b""#, r#""""#)),
        ("/list/0/x~0~1", "deep", body.replace(r#""deep""#, r#""""#)),
        ("/list/1", "7", body.replace("7]", "null]")),
        ("/n", "1.50", body.replace("1.50", "null")),
    ];
    for (pointer, value, blanked) in cases {
        assert_eq!(found(body, pointer), Some((value.to_owned(), blanked)), "{pointer}");
    }
    for pointer in ["", "/", "/missing", "/list/2", "/list/x", "/o", "/list", "/access_token/0"] {
        assert_eq!(found(body, pointer), None, "{pointer}");
    }
    assert_eq!(found("\"alone\"", ""), Some(("alone".to_owned(), "\"\"".to_owned())));
    for body in ["", "{", "not json", "{\"access_token\":\"x\"} trailing"] {
        assert_eq!(found(body, "/access_token"), None, "{body}");
    }
}
