//! `[[queue]]`: where work items wait, and how an agent is chosen.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::people::Ids;
use crate::reader::{Node, Table};

/// A queue, defaults filled in.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The queue's id.
    pub id: String,
    /// How long an offer stands. None: what the driver's descriptor says, else 30 s.
    pub offer_timeout: Option<Duration>,
    /// How the agent is chosen among those who could take the item. Default: longest idle.
    pub choose: Choose,
    /// How long an agent may wrap up after completing; 0 (the default) closes at once.
    pub wrap_up: Duration,
    /// Media type -> weight, over the drivers' defaults.
    pub weights: BTreeMap<String, u32>,
    /// Offer an item again to who rejected it or let it expire, when nobody else is left. Default no.
    pub offer_again: bool,
    /// Set an agent away after a missed offer. Default no.
    pub away_after_missed: bool,
}

/// How an agent is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choose {
    /// Who has been without new work for longest.
    LongestIdle,
    /// Who has the least load by weight.
    LeastLoaded,
    /// Each in turn.
    RoundRobin,
    /// Who has the highest level in the skills asked for.
    BestSkill,
}

pub(crate) fn read(root: &Table<'_>) -> Vec<Queue> {
    let mut ids = Ids::new("queue");
    root.tables("queue")
        .into_iter()
        .map(|table| {
            let flag = |key| table.get(key).and_then(|node| node.boolean());
            let queue = Queue {
                id: table.required("id", "id = \"support\"").and_then(|node| ids.take(&node)).unwrap_or_default(),
                offer_timeout: table
                    .get("offer-timeout")
                    .and_then(|node| node.duration(Duration::from_secs(1), HOUR * 24)),
                choose: table.get("choose").and_then(choose).unwrap_or(Choose::LongestIdle),
                wrap_up: table
                    .get("wrap-up")
                    .and_then(|node| node.duration(Duration::ZERO, HOUR * 24))
                    .unwrap_or(Duration::ZERO),
                weights: table.get("weights").map(weights).unwrap_or_default(),
                offer_again: flag("offer-again").unwrap_or(false),
                away_after_missed: flag("away-after-missed").unwrap_or(false),
            };
            table.finish();
            queue
        })
        .collect()
}

const HOUR: Duration = Duration::from_secs(3600);

/// Only the longest idle agent can be chosen by this version's router; the rest is refused, not ignored.
fn choose(node: Node<'_>) -> Option<Choose> {
    let choice = node.choice(&[
        ("longest-idle", Choose::LongestIdle),
        ("least-loaded", Choose::LeastLoaded),
        ("round-robin", Choose::RoundRobin),
        ("best-skill", Choose::BestSkill),
    ])?;
    if choice != Choose::LongestIdle {
        node.error("this way to choose is not served yet by this version", "write \"longest-idle\"");
    }
    Some(choice)
}

fn weights(node: Node<'_>) -> BTreeMap<String, u32> {
    node.entries("{ MEDIUM = 25 }")
        .into_iter()
        .filter_map(|(media_type, weight)| Some((media_type, weight.integer(0, 1_000_000)?)))
        .collect()
}
