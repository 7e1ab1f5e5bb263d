use super::{cell, harmless, lay_out, one_line, text, time};
use serde_json::json;

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let rows =
        [["1".to_owned(), "für Änne".to_owned(), "x".to_owned()], ["1000".to_owned(), "b".to_owned(), String::new()]];
    let lines = lay_out(["id", "name", "last"], &rows);
    assert_eq!(lines, ["ID    NAME      LAST", "1     für Änne  x", "1000  b"]);
}

#[test]
fn cells_show_what_is_there() {
    let value = json!({"a": {"b": "x\ny"}, "none": null, "list": ["a", 1], "empty": [], "n": 7});
    assert_eq!(cell(&value, "a.b"), "x y");
    assert_eq!(cell(&value, "none"), "-");
    assert_eq!(cell(&value, "a.c"), "-");
    assert_eq!(cell(&value, "list"), "a, 1");
    assert_eq!(cell(&value, "empty"), "-");
    assert_eq!(cell(&value, "n"), "7");
    assert_eq!(text(&value, "a.b"), Some("x\ny"));
    assert_eq!(text(&value, "n"), None);
}

#[test]
fn strangers_cannot_write_to_the_terminal() {
    assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\nc");
    assert_eq!(harmless("a\u{9b}31m\r"), "a\\u{9b}31m\\u{d}");
    assert_eq!(harmless("pay \u{202e}001"), "pay \\u{202e}001");
    assert_eq!(one_line("a\nb\tc"), "a b c");
    assert_eq!(harmless("Änne 👋"), "Änne 👋");
}

#[test]
fn times_are_rfc_3339() {
    assert_eq!(time(0), "1970-01-01T00:00:00.000Z");
    // What no calendar reaches is still shown.
    assert_eq!(time(u64::MAX), u64::MAX.to_string());
}
