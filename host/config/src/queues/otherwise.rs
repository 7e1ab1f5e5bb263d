//! What happens to an item that a queue doesn't take.

use super::Mentioned;
use crate::reader::Table;
use toml::de::DeValue;

/// What happens to an item because its queue is full or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// It waits there nevertheless.
    Wait,
    /// It is offered as usual.
    Accept,
    /// It goes to this queue.
    Overflow(String),
    /// It is cancelled.
    Cancel,
}

/// Which of the words make sense.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    Wait,
    WaitOrAccept,
}

#[derive(Clone, Copy)]
enum Word {
    Wait,
    Accept,
    Cancel,
}

/// Reads `"wait"`, `"accept"`, `"cancel"` or `{ overflow = "QUEUE" }`.
pub(super) fn read<'a>(queue: &Table<'a>, key: &'static str, waits: Waits, mentioned: &mut Mentioned<'a>) -> Otherwise {
    let Some(node) = queue.get(key) else { return Otherwise::Wait };
    if matches!(node.value(), DeValue::Table(_)) {
        let Some(table) = node.table("{ overflow = \"QUEUE\" }") else { return Otherwise::Wait };
        let overflow = table.required("overflow", "overflow = \"QUEUE\"");
        let name = overflow.and_then(|node| {
            let name = node.string("a queue's id in quotes")?.to_owned();
            mentioned.push((node, name.clone()));
            Some(name)
        });
        table.finish();
        return name.map_or(Otherwise::Wait, Otherwise::Overflow);
    }
    let words: &[(&str, Word)] = match waits {
        Waits::Wait => &[("wait", Word::Wait), ("cancel", Word::Cancel)],
        Waits::WaitOrAccept => &[("wait", Word::Wait), ("accept", Word::Accept), ("cancel", Word::Cancel)],
    };
    match node.choice(words) {
        Some(Word::Accept) => Otherwise::Accept,
        Some(Word::Cancel) => Otherwise::Cancel,
        Some(Word::Wait) | None => Otherwise::Wait,
    }
}
