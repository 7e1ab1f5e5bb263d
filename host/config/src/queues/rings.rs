//! `[[queue.ring]]`: what is given up for an item that has waited too long.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Mentioned;
use crate::people::{levels, teams};
use crate::reader::Table;

/// One step of relaxation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// How long after the item came to the queue.
    pub after: Duration,
    /// Skills that are no longer required.
    pub drop_skills: Vec<String>,
    /// No skill is required any more.
    pub drop_all_skills: bool,
    /// Skill -> by how many levels the requirement falls.
    pub lower_skills: BTreeMap<String, u8>,
    /// Teams that join.
    pub add_teams: Vec<String>,
    /// Everybody joins.
    pub any_team: bool,
    /// The item goes to this queue.
    pub overflow: Option<String>,
    /// The customer gets the queue's answer `waiting`.
    pub answer: bool,
}

const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
const MOST: usize = 100;

pub(super) fn read<'a>(queue: &Table<'a>, mentioned: &mut Mentioned<'a>) -> Vec<Ring> {
    let mut before: Option<Duration> = None;
    let tables = queue.tables("ring");
    if let Some(table) = tables.get(MOST) {
        let problem = format!("is beyond the {MOST} rings that a queue can have");
        table.reader().error(table.place().clone(), table.path(), problem, "remove some of them");
    }
    tables
        .into_iter()
        .take(MOST)
        .map(|table| {
            let flag = |key| table.get(key).and_then(|node| node.boolean()).unwrap_or(false);
            let names = |key| table.get(key).map(|node| teams(&node)).unwrap_or_default();
            let node = table.required("after", "after = \"30s\"");
            let after = node.as_ref().and_then(|node| node.duration(Duration::ZERO, LONGEST)).unwrap_or_default();
            if let (Some(node), Some(before)) = (&node, before)
                && after < before
            {
                node.error("comes before the ring above it", "put the rings in the order of time");
            }
            before = Some(after);
            let overflow = table.get("overflow").and_then(|node| {
                let name = node.string("a queue's id in quotes")?.to_owned();
                mentioned.push((node, name.clone()));
                Some(name)
            });
            let ring = Ring {
                after,
                drop_skills: names("drop-skills"),
                drop_all_skills: flag("drop-all-skills"),
                lower_skills: table.get("lower-skills").map(levels).unwrap_or_default(),
                add_teams: names("add-teams"),
                any_team: flag("any-team"),
                overflow,
                answer: flag("answer"),
            };
            table.finish();
            ring
        })
        .collect()
}
