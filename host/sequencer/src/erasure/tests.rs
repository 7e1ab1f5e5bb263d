use super::mentions;

#[test]
fn a_name_is_found_as_a_whole() {
    for text in ["+15550100", "opt-out/+15550100", "{\"to\":\"+15550100\"}", "x +155501001 +15550100,"] {
        assert!(mentions(text.as_bytes(), b"+15550100"), "{text}");
    }
    for text in ["", "+155501001", "1+15550100", "+1555010", "\u{e9}+15550100"] {
        assert!(!mentions(text.as_bytes(), b"+15550100"), "{text}");
    }
}
