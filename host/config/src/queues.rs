//! `[[queue]]`: where work items wait, and how an agent is chosen.

mod otherwise;
mod rings;

use std::collections::BTreeMap;
use std::time::Duration;

pub use otherwise::Otherwise;
pub use rings::Ring;

use crate::hours::Hours;
use crate::people::{Ids, teams};
use crate::problem::{meant, quote};
use crate::reader::{Node, Table};
use otherwise::Waits;

/// A queue, defaults filled in.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The queue's id.
    pub id: String,
    /// How long an offer stands. None: what the driver's descriptor says, else 30 s.
    pub offer_timeout: Option<Duration>,
    /// How many agents are asked at once, 1 to 50. Default 1.
    pub parallel_offers: u8,
    /// How the agent is chosen among those who could take the item. Default: longest idle.
    pub choose: Choose,
    /// Items are offered, or picked by agents. Default: offered.
    pub assign: Assign,
    /// Which of two items of equal priority comes first. Default: the older one.
    pub order: Order,
    /// Points of priority that each minute of age adds. Default 0.
    pub raise_per_minute: u32,
    /// The teams that serve it. Empty (the default): everybody.
    pub teams: Vec<String>,
    /// Relaxation, in the order of time.
    pub rings: Vec<Ring>,
    /// How long an item waits for a preferred agent who is there, but has no room. Default 0.
    pub sticky_for: Duration,
    /// How long an agent may wrap up after completing; 0 (the default) closes at once.
    pub wrap_up: Duration,
    /// Media type -> weight, over the drivers' defaults.
    pub weights: BTreeMap<String, u32>,
    /// What a suspended item still weighs, in hundredths. Default 0.
    pub suspended_percent: u8,
    /// An item with no message for so long is suspended. None (the default): never.
    pub suspend_after: Option<Duration>,
    /// Offer an item again to who rejected it or let it expire, when nobody else is left. Default no.
    pub offer_again: bool,
    /// Set an agent away after a missed offer. Default no.
    pub away_after_missed: bool,
    /// Give items of a lost agent to others even if they aren't in real time. Default no.
    pub requeue_lost: bool,
    /// How many items may wait. None (the default): any number.
    pub max_length: Option<u32>,
    /// What happens to one more. Default: it waits.
    pub when_full: Otherwise,
    /// The calendar of its business hours. None (the default): always open.
    pub hours: Option<String>,
    /// What happens outside them. Default: items wait until it opens.
    pub outside_hours: Otherwise,
    /// How long an item may wait before it is cancelled. None (the default): for ever.
    pub time_to_live: Option<Duration>,
    /// How long a transferred item waits here before it goes back; 0: it stays. Default 5 min.
    pub transfer_return: Duration,
    /// Due times.
    pub sla: Sla,
    /// An item accepted within this time counts for the service level. Default 20 s.
    pub service_level: Duration,
    /// Kind -> text of the answers that the server gives by itself.
    pub answers: BTreeMap<String, String>,
}

/// By when something is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sla {
    /// The first answer.
    pub first_answer: Option<Duration>,
    /// A further answer.
    pub next_answer: Option<Duration>,
    /// The end.
    pub resolution: Option<Duration>,
    /// After so many hundredths of the time it is warned about. Default 80.
    pub warn_percent: u8,
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

/// How items get to agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assign {
    /// They are offered.
    Push,
    /// Agents pick them.
    Pick,
}

/// Which of two items of equal priority comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The older one.
    Fifo,
    /// The younger one.
    Lifo,
}

/// The kinds of answers.
pub(crate) const ANSWERS: [&str; 5] = ["acknowledgement", "outside-hours", "full", "waiting", "expired"];
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn read(root: &Table<'_>, hours: &[Hours]) -> Vec<Queue> {
    let mut ids = Ids::new("queue");
    let mut mentioned = Vec::new();
    let queues: Vec<Queue> = root
        .tables("queue")
        .into_iter()
        .map(|table| {
            let queue = read_queue(&table, &mut ids, hours, &mut mentioned);
            table.finish();
            queue
        })
        .collect();
    let known: Vec<&str> = queues.iter().map(|queue| queue.id.as_str()).collect();
    for (node, name) in mentioned {
        if !known.contains(&name.as_str()) {
            node.error(format!("there is no queue {}", quote(&name)), meant(&name, &known));
        }
    }
    queues
}

/// Queues that others point at, to be looked up when all are read.
type Mentioned<'a> = Vec<(Node<'a>, String)>;

fn read_queue<'a>(table: &Table<'a>, ids: &mut Ids, hours: &[Hours], mentioned: &mut Mentioned<'a>) -> Queue {
    let flag = |key| table.get(key).and_then(|node| node.boolean()).unwrap_or(false);
    let span = |key, low, high| table.get(key).and_then(|node| node.duration(low, high));
    let number = |key, low, high| table.get(key).and_then(|node| node.integer(low, high));
    let byte = |key, low, high: u8| number(key, low, u32::from(high)).and_then(|number| u8::try_from(number).ok());
    Queue {
        id: table.required("id", "id = \"support\"").and_then(|node| ids.take(&node)).unwrap_or_default(),
        offer_timeout: span("offer-timeout", SECOND, DAY),
        parallel_offers: byte("parallel-offers", 1, 50).unwrap_or(1),
        choose: table.get("choose").and_then(|node| node.choice(&CHOICES)).unwrap_or(Choose::LongestIdle),
        assign: table
            .get("assign")
            .and_then(|node| node.choice(&[("push", Assign::Push), ("pick", Assign::Pick)]))
            .unwrap_or(Assign::Push),
        order: table
            .get("order")
            .and_then(|node| node.choice(&[("fifo", Order::Fifo), ("lifo", Order::Lifo)]))
            .unwrap_or(Order::Fifo),
        raise_per_minute: number("raise-per-minute", 0, 1000).unwrap_or(0),
        teams: table.get("teams").map(|node| teams(&node)).unwrap_or_default(),
        rings: rings::read(table, mentioned),
        sticky_for: span("sticky-for", Duration::ZERO, DAY).unwrap_or(Duration::ZERO),
        wrap_up: span("wrap-up", Duration::ZERO, DAY).unwrap_or(Duration::ZERO),
        weights: table.get("weights").map(|node| numbers(&node, "{ MEDIUM = 25 }")).unwrap_or_default(),
        suspended_percent: byte("suspended-percent", 0, 100).unwrap_or(0),
        suspend_after: span("suspend-after", SECOND, DAY * 30),
        offer_again: flag("offer-again"),
        away_after_missed: flag("away-after-missed"),
        requeue_lost: flag("requeue-lost"),
        max_length: number("max-length", 0, 10_000_000),
        when_full: otherwise::read(table, "when-full", Waits::Wait, mentioned),
        hours: table.get("hours").and_then(|node| calendar(&node, hours)),
        outside_hours: otherwise::read(table, "outside-hours", Waits::WaitOrAccept, mentioned),
        time_to_live: span("time-to-live", SECOND, DAY * 366),
        transfer_return: span("transfer-return", Duration::ZERO, DAY * 30).unwrap_or(SECOND * 300),
        sla: sla(table),
        service_level: span("service-level", Duration::ZERO, DAY).unwrap_or(SECOND * 20),
        answers: answers(table),
    }
}

const CHOICES: [(&str, Choose); 4] = [
    ("longest-idle", Choose::LongestIdle),
    ("least-loaded", Choose::LeastLoaded),
    ("round-robin", Choose::RoundRobin),
    ("best-skill", Choose::BestSkill),
];

/// Media type -> number.
pub(crate) fn numbers(node: &Node<'_>, example: &str) -> BTreeMap<String, u32> {
    node.entries(example)
        .into_iter()
        .filter_map(|(media_type, number)| Some((media_type, number.integer(0, 1_000_000)?)))
        .collect()
}

fn calendar(node: &Node<'_>, hours: &[Hours]) -> Option<String> {
    let text = node.string("the id of an [[hours]] in quotes")?;
    let known: Vec<&str> = hours.iter().map(|hours| hours.id.as_str()).collect();
    if !known.contains(&text) {
        let remedy = if known.is_empty() { format!("add [[hours]] with id = {text:?}") } else { meant(text, &known) };
        node.error(format!("there are no hours {}", quote(text)), remedy);
    }
    Some(text.to_owned())
}

fn sla(queue: &Table<'_>) -> Sla {
    let node = queue.get("sla");
    let table = node.and_then(|node| node.table("{ first-answer = \"5m\", resolution = \"1d\" }"));
    let span = |key| table.as_ref()?.get(key)?.duration(SECOND, DAY * 366);
    let warn = || table.as_ref()?.get("warn-percent")?.integer(1, 100);
    let sla = Sla {
        first_answer: span("first-answer"),
        next_answer: span("next-answer"),
        resolution: span("resolution"),
        warn_percent: warn().and_then(|percent| u8::try_from(percent).ok()).unwrap_or(80),
    };
    if let Some(table) = table {
        table.finish();
    }
    sla
}

fn answers(queue: &Table<'_>) -> BTreeMap<String, String> {
    let node = queue.get("answers");
    let Some(table) = node.and_then(|node| node.table("{ acknowledgement = \"TEXT\" }")) else {
        return BTreeMap::new();
    };
    let text = |kind| Some((String::from(kind), table.get(kind)?.name("a text in quotes")?));
    let answers = ANSWERS.into_iter().filter_map(text).collect();
    table.finish();
    answers
}
