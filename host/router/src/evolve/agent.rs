//! What happens to agents.

use super::Evolution;
use crate::agent::{Agent, Presence};
use crate::ids::{Id, Millis};

impl Evolution<'_> {
    pub(super) fn restarted(&mut self, grace_until: Millis) {
        let there = |agent: &Agent| agent.presence != Presence::Offline || !agent.connections.is_empty();
        let agents = self.state.agents().iter().filter(|(_, agent)| there(agent)).map(|(id, _)| id.clone());
        for id in agents.collect::<Vec<_>>() {
            self.state.edit_agent(&id, |agent| {
                agent.connections.clear();
                agent.grace_until = (agent.presence != Presence::Offline).then_some(grace_until);
            });
        }
    }

    pub(super) fn agent_connected(&mut self, agent: &Id, connection: &Id) {
        self.state.edit_agent(agent, |agent| {
            agent.connections.insert(connection.clone());
            agent.grace_until = None;
        });
    }

    pub(super) fn agent_disconnected(&mut self, agent: &Id, connection: &Id, grace_until: Option<Millis>) {
        self.state.edit_agent(agent, |agent| {
            agent.connections.remove(connection);
            agent.grace_until = grace_until;
        });
    }

    pub(super) fn media_presence_changed(&mut self, agent: &Id, media_type: &Id, presence: Presence) {
        self.state.edit_agent(agent, |agent| {
            if presence == Presence::Available {
                agent.media.remove(media_type);
            } else {
                agent.media.insert(media_type.clone(), presence);
            }
        });
        self.tell_agent(agent);
    }

    pub(super) fn presence_changed(&mut self, agent: &Id, presence: Presence, reason: &Option<String>) {
        let at = self.at;
        self.state.edit_agent(agent, |agent| {
            if agent.presence == Presence::Offline {
                agent.idle_since = at;
            }
            if presence == Presence::Offline {
                agent.grace_until = None;
            }
            agent.presence = presence;
            agent.reason = reason.clone();
        });
        self.tell_agent(agent);
    }
}
