//! Counts, at the edges.

use crate::segments::Segments;

fn check(text: &str, count: u32, encoding: &str) {
    assert_eq!(
        Segments::of(text),
        Segments { count, encoding: if encoding == "gsm-7" { "gsm-7" } else { "ucs-2" } },
        "{text}"
    );
}

#[test]
fn gsm_texts_have_160_or_153_septets_a_segment() {
    check("", 1, "gsm-7");
    check(&"a".repeat(160), 1, "gsm-7");
    check(&"a".repeat(161), 2, "gsm-7");
    check(&"a".repeat(306), 2, "gsm-7");
    check(&"a".repeat(307), 3, "gsm-7");
    check(&"é".repeat(160), 1, "gsm-7");
}

#[test]
fn characters_of_the_extension_are_two_septets_and_not_cut() {
    check(&"€".repeat(80), 1, "gsm-7");
    check(&"€".repeat(81), 2, "gsm-7");
    // 152 septets, then one of two that doesn't fit into the 153rd.
    check(&format!("{}€{}", "a".repeat(152), "a".repeat(7)), 2, "gsm-7");
    check(&format!("{}€{}", "a".repeat(152), "a".repeat(151)), 2, "gsm-7");
    check(&format!("{}€{}", "a".repeat(152), "a".repeat(152)), 3, "gsm-7");
}

#[test]
fn one_other_character_makes_it_ucs_2() {
    check(&"ж".repeat(70), 1, "ucs-2");
    check(&"ж".repeat(71), 2, "ucs-2");
    check(&"ж".repeat(134), 2, "ucs-2");
    check(&"ж".repeat(135), 3, "ucs-2");
    check(&format!("{}ж", "a".repeat(70)), 2, "ucs-2");
}

#[test]
fn surrogate_pairs_are_not_cut() {
    check(&"👍".repeat(35), 1, "ucs-2");
    // 33 pairs are 66 units; the 67th unit of a segment stays empty.
    check(&"👍".repeat(66), 2, "ucs-2");
    check(&"👍".repeat(67), 3, "ucs-2");
}
