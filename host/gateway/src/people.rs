//! Who may call: agents and operators of the config, found by their token.

use arc_swap::{ArcSwap, Guard};
use jackfield_config::{Config, Metrics, Role, TokenHash};
use jackfield_router::Id;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The people of the config in force; a reload replaces all of them at once.
pub(crate) struct People(ArcSwap<Directory>);

impl People {
    pub(crate) fn new(config: &Config) -> Self {
        Self(ArcSwap::from_pointee(Directory::new(config)))
    }

    pub(crate) fn replace(&self, config: &Config) {
        self.0.store(Arc::new(Directory::new(config)));
    }

    /// As it is at this moment. Not to be kept.
    pub(crate) fn now(&self) -> Guard<Arc<Directory>> {
        self.0.load()
    }
}

/// Somebody who has shown a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An agent, by id.
    Agent(Id),
    /// An operator.
    Operator {
        /// The name in the config.
        name: Id,
        /// What the operator may do.
        role: Role,
    },
}

/// All people of one config.
#[derive(Debug)]
pub(crate) struct Directory {
    callers: HashMap<TokenHash, Caller>,
    people: BTreeMap<Id, Person>,
    queues: Vec<Id>,
    metrics: Metrics,
}

/// An agent as far as messages name the agent.
#[derive(Debug, Default)]
pub(crate) struct Person {
    name: String,
    /// Medium -> where it reaches the agent.
    addresses: BTreeMap<String, String>,
    /// Skill -> level.
    pub(crate) skills: BTreeMap<String, u8>,
    pub(crate) teams: Vec<String>,
}

static NOBODY: Person =
    Person { name: String::new(), addresses: BTreeMap::new(), skills: BTreeMap::new(), teams: Vec::new() };

impl Person {
    /// Shown to people.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where a medium reaches the agent, if not at the desktop.
    pub(crate) fn address(&self, media_type: &str) -> Option<&str> {
        self.addresses.get(media_type).map(String::as_str)
    }
}

impl Directory {
    fn new(config: &Config) -> Self {
        let operators = config.operators.iter().map(|operator| {
            let caller = Caller::Operator { name: operator.name.as_str().into(), role: operator.role };
            (operator.token, caller)
        });
        let agents = config.agents.iter().map(|agent| (agent.token, Caller::Agent(agent.id.as_str().into())));
        let people = config.agents.iter().map(|agent| {
            let person = Person {
                name: agent.name.clone(),
                addresses: agent.addresses.clone(),
                skills: agent.skills.clone(),
                teams: agent.teams.clone(),
            };
            (agent.id.as_str().into(), person)
        });
        Self {
            callers: operators.chain(agents).collect(),
            people: people.collect(),
            queues: config.queues.iter().map(|queue| queue.id.as_str().into()).collect(),
            metrics: config.server.metrics,
        }
    }

    /// Who has this token. It is looked up by its hash, which nobody can steer: the time that takes tells nothing.
    pub(crate) fn caller(&self, token: &TokenHash) -> Option<&Caller> {
        self.callers.get(token)
    }

    /// An agent; one who isn't in the config has no name.
    pub(crate) fn person(&self, agent: &str) -> &Person {
        self.people.get(agent).unwrap_or(&NOBODY)
    }

    /// All agents, by id.
    pub(crate) fn people(&self) -> &BTreeMap<Id, Person> {
        &self.people
    }

    /// All queues, in the config's order.
    pub(crate) fn queues(&self) -> &[Id] {
        &self.queues
    }

    /// Who may read the metrics besides callers on this machine.
    pub(crate) fn metrics(&self) -> Metrics {
        self.metrics
    }
}
