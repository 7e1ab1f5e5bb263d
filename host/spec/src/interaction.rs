//! The catalogue of interactions, as the interface `interactions` of the specification lists it.

use crate::{Kind, wit};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Who sends an interaction to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A driver pushes it to the server (`D>S`).
    ToServer,
    /// The server delivers it to a driver (`S>D`).
    ToDriver,
    /// Both.
    Both,
}

/// What a request (or `invoke`) is answered with: a notification of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// There is none.
    None,
    /// One without arguments: what the message itself carries says it all.
    Plain,
    /// One whose arguments are this record of the interface `interactions`.
    Record(&'static str),
}

/// One line of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The name, such as `message.status`.
    pub name: &'static str,
    /// Command, request or notification.
    pub kind: Kind,
    /// Who sends it.
    pub way: Way,
    /// The record of its arguments in the interface `interactions`, if it has any.
    pub arguments: Option<&'static str>,
    /// Its reply.
    pub reply: Reply,
    /// What it means, in a line.
    pub meaning: &'static str,
}

/// All interactions that the specification names, in its order.
pub static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let docs = wit::interface("interactions").and_then(|interface| interface.docs.contents.as_deref());
    // A line of another form is prose. That no interaction is lost this way is tested.
    items(docs.unwrap_or_default()).filter_map(entry).collect()
});

static BY_NAME: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| CATALOGUE.iter().enumerate().map(|(index, entry)| (entry.name, index)).collect());

/// The entry of an interaction, none for a name that the specification does not know.
pub fn find(name: &str) -> Option<&'static Entry> {
    place(name).and_then(|index| CATALOGUE.get(index))
}

/// Where in [`CATALOGUE`] a name stands.
pub(crate) fn place(name: &str) -> Option<usize> {
    BY_NAME.get(name).copied()
}

/// The items of the list.
fn items(docs: &'static str) -> impl Iterator<Item = &'static str> {
    docs.lines().filter_map(|line| line.trim().strip_prefix("- "))
}

/// Reads "`name` kind way, `record`, reply `record`: meaning"; `none` may stand for a record.
fn entry(line: &'static str) -> Option<Entry> {
    let (head, meaning) = line.split_once(": ")?;
    let mut pieces = head.split(", ");
    let mut words = pieces.next()?.split(' ');
    let name = quoted(words.next()?)?;
    let kind = match words.next()? {
        "command" => Kind::Command,
        "request" => Kind::Request,
        "notification" => Kind::Notification,
        _ => return None,
    };
    let way = match words.next()? {
        "D>S" => Way::ToServer,
        "S>D" => Way::ToDriver,
        "both" => Way::Both,
        _ => return None,
    };
    let arguments = record(pieces.next()?)?;
    let reply = match pieces.next() {
        None => Reply::None,
        Some(reply) => record(reply.strip_prefix("reply ")?)?.map_or(Reply::Plain, Reply::Record),
    };
    Some(Entry { name, kind, way, arguments, reply, meaning })
}

fn record(text: &'static str) -> Option<Option<&'static str>> {
    if text == "none" { Some(None) } else { quoted(text).map(Some) }
}

fn quoted(text: &'static str) -> Option<&'static str> {
    text.strip_prefix('`')?.strip_suffix('`')
}

#[cfg(test)]
mod tests;
