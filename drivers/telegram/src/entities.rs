//! What stands behind a text: Telegram marks links and names by offsets in UTF-16 units.

use jackfield_sdk::json::Value;

/// The text with the address behind each link that has a label, which the label doesn't show: `label (address)`.
pub fn readable(text: &str, entities: &[Value<'_>]) -> String {
    let mut links: Vec<(usize, &str)> = entities.iter().filter_map(|entity| link(text, entity)).collect();
    links.sort_by_key(|(end, _)| *end);
    let mut readable = String::with_capacity(text.len());
    let mut done = 0;
    for (end, url) in links {
        readable.push_str(&text[done..end]);
        readable.push_str(&format!(" ({url})"));
        done = end;
    }
    readable.push_str(&text[done..]);
    readable
}

/// Where a link's label ends in bytes, and where it leads.
fn link<'a>(text: &str, entity: &'a Value<'_>) -> Option<(usize, &'a str)> {
    const LONGEST: usize = 2048;
    if entity.get("type")?.as_str()? != "text_link" {
        return None;
    }
    let url = entity.get("url")?.as_str().filter(|url| url.len() <= LONGEST)?;
    let offset = entity.get("offset")?.as_f64()? as usize;
    let end = byte_at(text, offset.checked_add(entity.get("length")?.as_f64()? as usize)?)?;
    let label = &text[byte_at(text, offset)?..end];
    let shown = |url: &str| url.trim_end_matches('/') == label.trim_end_matches('/');
    let is_shown = shown(url) || url.split_once("://").is_some_and(|(_, rest)| shown(rest));
    (!is_shown).then_some((end, url))
}

/// The offset in bytes of an offset in UTF-16 units; none behind the end or within a character.
pub fn byte_at(text: &str, units: usize) -> Option<usize> {
    let mut at = 0;
    for (byte, character) in text.char_indices() {
        if at == units {
            return Some(byte);
        }
        at += character.len_utf16();
    }
    (at == units).then_some(text.len())
}
