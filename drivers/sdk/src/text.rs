//! Long texts, for services that take only shorter ones.

/// A text in pieces that together are the text, each of at most `longest` by the sum of `measure` over its characters
/// (`char::len_utf16`, say). They end where a paragraph does, else a line, a sentence, a word, if such an end is in the
/// second half of what fits; else anywhere between two characters. Pieces of nothing but space are left out.
pub fn split(text: &str, longest: usize, measure: impl Fn(char) -> usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(first_piece(rest, longest, &measure));
        if !piece.trim().is_empty() {
            pieces.push(piece);
        }
        rest = after;
    }
    pieces
}

/// How many bytes the first piece has; at least one character.
fn first_piece(text: &str, longest: usize, measure: impl Fn(char) -> usize) -> usize {
    let mut used = 0;
    let mut half = 0;
    let mut end = text.len();
    for (at, character) in text.char_indices() {
        used += measure(character);
        if used * 2 <= longest {
            half = at + character.len_utf8();
        }
        if used > longest && at > 0 {
            end = at;
            break;
        }
    }
    if end == text.len() {
        return end;
    }
    let window = &text[..end];
    let after = |boundary: &str| window.rfind(boundary).map(|at| at + boundary.len()).filter(|at| *at > half);
    let sentence = || [". ", "! ", "? "].iter().filter_map(|boundary| after(boundary)).max();
    after("\n\n").or_else(|| after("\n")).or_else(sentence).or_else(|| after(" ")).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    #[test]
    fn it_is_cut_where_people_pause() {
        let cut = |text| split(text, 10, char::len_utf16);
        assert_eq!(cut("short"), ["short"]);
        assert_eq!(cut("one two three"), ["one two ", "three"]);
        assert_eq!(cut("a bcd\nefg hij"), ["a bcd\n", "efg hij"]);
        assert_eq!(cut("abcd. ef gh ij"), ["abcd. ", "ef gh ij"]);
        assert_eq!(cut("abcdefghijklm"), ["abcdefghij", "klm"]);
        // A pair of surrogates counts two and is never cut.
        assert_eq!(cut("👍👍👍👍👍👍"), ["👍👍👍👍👍", "👍"]);
        assert_eq!(cut("abcdefghij          k"), ["abcdefghij", "k"]);
        assert!(cut("").is_empty() && cut(" \n ").is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_too_long(text in "(\\PC|[ \n.]){0,200}", longest in 2..40usize) {
            let pieces = split(&text, longest, char::len_utf16);
            prop_assert!(pieces.iter().all(|piece| piece.encode_utf16().count() <= longest));
            let without_space = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
            prop_assert_eq!(without_space(&pieces.concat()), without_space(&text));
        }
    }
}
