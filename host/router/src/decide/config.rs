//! A new config, and the start of the server.

use super::Context;
use crate::config::Config;
use crate::delivery::Phase;
use crate::effect::Reply;
use crate::event::Event;
use crate::ids::Id;
use crate::item::Cause;

impl Context<'_> {
    pub(super) fn configure(&mut self, salt: u64, config: &Config) -> Reply {
        if self.state.is_new() {
            self.apply(Event::Genesis { salt });
        }
        if self.state.config() == config {
            return Reply::Done;
        }
        let gone = self.state.config().agents.keys().filter(|id| !config.agents.contains_key(*id));
        let gone: Vec<Id> = gone.cloned().collect();
        self.apply(Event::Configured { config: Box::new(config.clone()) });
        for agent in gone {
            self.remove_agent(&agent);
        }
        Reply::Done
    }

    /// Everything that an agent has goes to others: the config doesn't know this agent any more.
    fn remove_agent(&mut self, id: &Id) {
        self.sign_off(id, None, Cause::AgentRemoved);
        let items = self.state.agent(id).map(|agent| agent.items.clone());
        for item in items.into_iter().flatten() {
            self.leave_owner(&item, Cause::AgentRemoved);
        }
    }

    pub(super) fn started(&mut self) -> Reply {
        let grace_until = self.at.saturating_add(self.state.config().grace_ms);
        self.apply(Event::Restarted { grace_until });
        let attempting = |phase| phase == Phase::Attempting;
        let cut = self.state.deliveries().values().filter(|delivery| attempting(delivery.phase));
        let cut: Vec<Id> = cut.map(|delivery| delivery.message_id.clone()).collect();
        for message_id in cut {
            self.cut_short(&message_id);
        }
        Reply::Done
    }
}
