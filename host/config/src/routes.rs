//! `[[route]]`: which queue a message's work item goes to.

use std::collections::BTreeMap;

use crate::condition::{Condition, ConditionError};
use crate::people::{levels, texts};
use crate::place::Place;
use crate::problem::{meant, quote};
use crate::queues::Queue;
use crate::reader::{Node, Table};

/// A route; they are tried in order, and the last one catches all.
#[derive(Clone, Debug)]
pub struct Route {
    /// What a message must meet. None: any does.
    pub when: Option<Condition>,
    /// The queue's id; there is one of that id.
    pub queue: String,
    /// 0 to 1000, higher first; it wins over a message's own.
    pub priority: Option<u16>,
    /// Skills the agent must have, each with its least level, 1 to 10.
    pub skills: BTreeMap<String, u8>,
    /// Skills that are better to have, each with its level.
    pub preferred_skills: BTreeMap<String, u8>,
    /// What is added to the work item's attributes.
    pub attributes: BTreeMap<String, String>,
    /// Where the route stands, for logs and explanations.
    pub place: Place,
}

pub(crate) fn read(root: &Table<'_>, queues: &[Queue]) -> Vec<Route> {
    let tables = root.tables("route");
    check_catch_all(root, &tables);
    tables
        .into_iter()
        .map(|table| {
            let route = Route {
                when: table.get("when").and_then(|node| condition(&node)),
                queue: table
                    .required("queue", "queue = \"support\"")
                    .and_then(|node| queue(&node, queues))
                    .unwrap_or_default(),
                priority: table
                    .get("priority")
                    .and_then(|node| node.integer(0, 1000))
                    .and_then(|priority| u16::try_from(priority).ok()),
                skills: table.get("skills").map(levels).unwrap_or_default(),
                preferred_skills: table.get("preferred-skills").map(levels).unwrap_or_default(),
                attributes: table.get("attributes").map(|node| texts(&node, "{ tier = \"gold\" }")).unwrap_or_default(),
                place: table.place().clone(),
            };
            table.finish();
            route
        })
        .collect()
}

/// The last route, and only the last, has no `when`.
fn check_catch_all(root: &Table<'_>, tables: &[Table<'_>]) {
    let reader = root.reader();
    let Some(last) = tables.last() else {
        reader.error(
            root.place().clone(),
            "route",
            "there is no route, so a message would have nowhere to go",
            "add [[route]] with the queue that takes what no other route takes",
        );
        return;
    };
    let Some(caught) = tables.iter().position(|table| table.get("when").is_none()) else {
        reader.error(
            last.place().clone(),
            last.path(),
            "is the last route and has a `when`, so a message could match none",
            "add a last [[route]] with a queue and no `when`",
        );
        return;
    };
    for table in &tables[caught + 1..] {
        reader.error(
            table.place().clone(),
            table.path(),
            format!("is never reached, since route[{caught}] has no `when` and catches all"),
            format!("move it above route[{caught}], or give route[{caught}] a `when`"),
        );
    }
}

fn queue(node: &Node<'_>, queues: &[Queue]) -> Option<String> {
    let text = node.string("a queue's id in quotes")?;
    let known: Vec<&str> = queues.iter().map(|queue| queue.id.as_str()).collect();
    if !known.contains(&text) {
        let remedy = if known.is_empty() { format!("add [[queue]] with id = {text:?}") } else { meant(text, &known) };
        node.error(format!("there is no queue {}", quote(text)), remedy);
    }
    Some(text.to_owned())
}

fn condition(node: &Node<'_>) -> Option<Condition> {
    let text = node.string("a condition in quotes, such as 'message.workItem.language == \"es\"'")?;
    let error = match Condition::compile(text) {
        Ok(condition) => return Some(condition),
        Err(error) => error,
    };
    match place_inside(node, text, &error) {
        Some(place) => node.reader().error(place, node.path(), error.problem, error.remedy),
        None => node.error(
            format!("{} (line {}, column {} of the condition)", error.problem, error.line, error.column),
            error.remedy,
        ),
    }
    None
}

/// Where the error stands in the file, if the condition stands there letter by letter (no escapes).
fn place_inside(node: &Node<'_>, text: &str, error: &ConditionError) -> Option<Place> {
    let (source, start) = node.source();
    let inside = source.find(text).filter(|at| {
        let quotes = at + text.len() + 3 >= source.len();
        quotes && *at <= 5
    })?;
    let line_start: usize = text.split_inclusive('\n').take(error.line - 1).map(str::len).sum();
    let line = text.get(line_start..)?;
    let column: usize = line.chars().take(error.column - 1).map(char::len_utf8).sum();
    Some(node.reader().place(start + inside + line_start + column))
}
