//! `[[operator]]` and `[[agent]]`: who may connect, and what agents can do.

use std::collections::BTreeMap;

use crate::names::{ID_RULE, is_id};
use crate::problem::quote;
use crate::queues::numbers;
use crate::reader::{Node, Table};
use crate::secret::{TokenHash, read_token};

/// Somebody who may use the operators' API.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The name that stands in logs and in the journal. Default: the role's.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What their token hashes to.
    pub token: TokenHash,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything. The default.
    Operator,
    /// See everything, and move work items.
    Supervisor,
    /// See everything.
    ReadOnly,
}

const ROLES: [(&str, Role); 3] =
    [("operator", Role::Operator), ("supervisor", Role::Supervisor), ("read-only", Role::ReadOnly)];

impl Role {
    /// The word for it in the config and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Supervisor => "supervisor",
            Role::ReadOnly => "read-only",
        }
    }
}

/// Somebody who takes work items.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The agent's id.
    pub id: String,
    /// The name for people. Default: the id.
    pub name: String,
    /// What their token hashes to.
    pub token: TokenHash,
    /// Skill -> level, 1 to 10.
    pub skills: BTreeMap<String, u8>,
    /// The teams they belong to, each once.
    pub teams: Vec<String>,
    /// The budget that work items weigh against. Default 100.
    pub capacity: u32,
    /// How far beyond it work that can't wait may go before work that can. Default 100.
    pub overtake_limit: u32,
    /// Media type -> how many items and offers at once.
    pub limits: BTreeMap<String, u32>,
    /// Media type -> where it reaches the agent, if not at the desktop.
    pub addresses: BTreeMap<String, String>,
}

/// Nobody has this token: it stands in for one that was reported as wrong.
const NO_TOKEN: fn() -> TokenHash = || TokenHash::of(b"");

pub(crate) fn read_operators(root: &Table<'_>) -> Vec<Operator> {
    let mut names = Ids::new("operator");
    root.tables("operator")
        .into_iter()
        .map(|table| {
            let role = table.get("role").and_then(|node| node.choice(&ROLES)).unwrap_or(Role::Operator);
            let operator = Operator {
                name: table.get("name").and_then(|node| names.take(&node)).unwrap_or_else(|| role.as_str().to_owned()),
                role,
                token: read_token(&table).unwrap_or_else(NO_TOKEN),
            };
            table.finish();
            operator
        })
        .collect()
}

pub(crate) fn read_agents(root: &Table<'_>) -> Vec<Agent> {
    let mut ids = Ids::new("agent");
    root.tables("agent")
        .into_iter()
        .map(|table| {
            let id = table.required("id", "id = \"ana\"").and_then(|node| ids.take(&node)).unwrap_or_default();
            let agent = Agent {
                name: table.get("name").and_then(|node| node.name("a name in quotes")).unwrap_or_else(|| id.clone()),
                id,
                token: read_token(&table).unwrap_or_else(NO_TOKEN),
                skills: table.get("skills").map(levels).unwrap_or_default(),
                teams: table.get("teams").map(|node| teams(&node)).unwrap_or_default(),
                capacity: table.get("capacity").and_then(|node| node.integer(0, 1_000_000)).unwrap_or(100),
                overtake_limit: table.get("overtake-limit").and_then(|node| node.integer(0, 1_000_000)).unwrap_or(100),
                limits: table.get("limits").map(|node| numbers(&node, "{ MEDIUM = 3 }")).unwrap_or_default(),
                addresses: table
                    .get("addresses")
                    .map(|node| texts(&node, "{ MEDIUM = \"ADDRESS\" }"))
                    .unwrap_or_default(),
            };
            table.finish();
            agent
        })
        .collect()
}

/// The ids of one kind, each of which may be given once.
pub(crate) struct Ids {
    kind: &'static str,
    seen: BTreeMap<String, usize>,
}

impl Ids {
    pub(crate) fn new(kind: &'static str) -> Self {
        Ids { kind, seen: BTreeMap::new() }
    }

    /// Reads an id and reports one that is malformed or taken.
    pub(crate) fn take(&mut self, node: &Node<'_>) -> Option<String> {
        let text = node.string("a name in quotes")?;
        if !is_id(text) {
            node.error(format!("{} is not a name", quote(text)), ID_RULE);
            return None;
        }
        if let Some(line) = self.seen.get(text) {
            node.error(format!("`{text}` is already the {} of line {line}", self.kind), "give each a name of its own");
        }
        self.seen.entry(text.to_owned()).or_insert_with(|| node.place().line);
        Some(text.to_owned())
    }
}

/// Skill -> level, 1 to 10.
pub(crate) fn levels(node: Node<'_>) -> BTreeMap<String, u8> {
    node.entries("{ billing = 5 }")
        .into_iter()
        .filter_map(|(name, level)| {
            let level = level.integer(1, 10)?;
            Some((name, u8::try_from(level).ok()?))
        })
        .collect()
}

/// Name -> text.
pub(crate) fn texts(node: &Node<'_>, example: &str) -> BTreeMap<String, String> {
    node.entries(example)
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.string("it in quotes")?.to_owned())))
        .collect()
}

/// Names, each once.
pub(crate) fn teams(node: &Node<'_>) -> Vec<String> {
    let mut teams: Vec<String> = Vec::new();
    for item in node.items("[\"front\"]") {
        let Some(team) = item.name("a name in quotes") else {
            continue;
        };
        if teams.contains(&team) {
            item.error(format!("{} stands here twice", quote(&team)), "remove one of them");
        }
        teams.push(team);
    }
    teams
}
