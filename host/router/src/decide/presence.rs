//! Presence and connections of agents.

use super::{Context, refuse};
use crate::agent::{Agent, Presence};
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::fault::{self, Fault};
use crate::ids::Id;
use crate::item::{Actor, Cause, WorkItem};

impl Context<'_> {
    pub(super) fn connected(&mut self, agent: &Id, connection: &Id) -> Reply {
        if !self.state.agent(agent).is_some_and(|agent| agent.configured) {
            return refuse(ErrorCode::NotFound, format!("the config has no agent `{agent}`"));
        }
        self.apply(Event::AgentConnected { agent: agent.clone(), connection: connection.clone() });
        Reply::Done
    }

    pub(super) fn disconnected(&mut self, id: &Id, connection: &Id) -> Reply {
        let Some(agent) = self.state.agent(id).filter(|agent| agent.connections.contains(connection)) else {
            return refuse(ErrorCode::NotFound, format!("agent `{id}` has no connection `{connection}`"));
        };
        let last = agent.connections.len() == 1;
        let until = self.at.saturating_add(self.state.config().grace_ms);
        let grace_until = (last && agent.presence != Presence::Offline).then_some(until);
        let (agent, connection) = (id.clone(), connection.clone());
        self.apply(Event::AgentDisconnected { agent, connection, grace_until });
        if last && !fault::on(Fault::KeepsOffersOfTheLost) {
            self.revoke_offers(id, Cause::AgentLost, |_| true);
        }
        Reply::Done
    }

    /// What an agent asks for. Nobody but an available agent is asked to take work, so pending offers go to others.
    pub(super) fn set_state(
        &mut self,
        id: &Id,
        presence: Presence,
        reason: Option<String>,
        media_type: Option<&Id>,
    ) -> Reply {
        if let Some(media_type) = media_type {
            return self.set_media_state(id, presence, reason, media_type);
        }
        let Some(agent) = self.state.agent(id) else {
            return refuse(ErrorCode::NotFound, format!("the config has no agent `{id}`"));
        };
        if presence != Presence::Offline && agent.connections.is_empty() {
            return refuse(ErrorCode::Unavailable, "an agent without a connection is offline: connect first");
        }
        if presence == Presence::Offline {
            self.sign_off(id, reason, Cause::Agent);
            return Reply::Done;
        }
        self.change_presence(id, presence, reason, Cause::Agent);
        if presence != Presence::Available {
            self.revoke_offers(id, Cause::AgentUnavailable, |_| true);
        }
        self.leave_when_finished(Some(id));
        Reply::Done
    }

    /// The presence for one media type: no new work of it while it isn't `available`.
    fn set_media_state(&mut self, id: &Id, presence: Presence, reason: Option<String>, media_type: &Id) -> Reply {
        if !matches!(presence, Presence::Available | Presence::Busy | Presence::Away) {
            let message = "for one media type the state is `available`, `busy` or `away`";
            return refuse(ErrorCode::BadRequest, message);
        }
        let before = self.state.agent(id).and_then(|agent| agent.media.get(media_type).copied());
        if before.unwrap_or(Presence::Available) != presence {
            let (agent, cause) = (id.clone(), Cause::Agent);
            let media_type = Some(media_type.clone());
            self.apply(Event::PresenceChanged { agent, presence, reason, cause, media_type });
        }
        if presence != Presence::Available {
            let of_medium: Vec<Id> =
                self.state.agent(id).map(|agent| agent.offers.clone()).into_iter().flatten().collect();
            let concerned: Vec<Id> = of_medium
                .into_iter()
                .filter(|offer| {
                    let item = self.state.offer(offer).and_then(|offer| self.state.item(&offer.item));
                    item.is_some_and(|item| item.media_type == *media_type)
                })
                .collect();
            self.revoke_offers(id, Cause::AgentUnavailable, |offer| concerned.contains(&offer.id));
        }
        Reply::Done
    }

    /// The agent is gone: offers are taken back, customers who are there and wait go to others.
    pub(super) fn sign_off(&mut self, id: &Id, reason: Option<String>, cause: Cause) {
        self.change_presence(id, Presence::Offline, reason, cause);
        self.revoke_offers(id, cause, |_| true);
        let helps = self.state.agent(id).map(|agent| agent.helps.clone());
        for item in helps.into_iter().flatten() {
            self.out(&item, id, cause, Actor::Router);
        }
        let items = self.state.agent(id).map(|agent| agent.items.clone());
        for item in items.into_iter().flatten() {
            let config = self.state.config();
            let goes = |item: &WorkItem| {
                let requeue = config.queues.get(&item.queue).is_some_and(|queue| queue.requeue_lost);
                requeue || config.real_time(&item.channel, &item.media_type)
            };
            if self.state.item(&item).is_some_and(goes) {
                self.leave_owner(&item, cause);
            }
        }
    }

    /// What a queue may do to an agent who let an offer expire.
    pub(super) fn missed(&mut self, id: &Id) {
        if self.state.agent(id).is_some_and(|agent| agent.presence == Presence::Available) {
            self.change_presence(id, Presence::Away, Some("missed".to_owned()), Cause::Expired);
            self.revoke_offers(id, Cause::AgentUnavailable, |_| true);
        }
    }

    fn change_presence(&mut self, id: &Id, presence: Presence, reason: Option<String>, cause: Cause) {
        let same = |agent: &Agent| agent.presence == presence && agent.reason == reason;
        if self.state.agent(id).is_some_and(|agent| !same(agent)) {
            self.apply(Event::PresenceChanged { agent: id.clone(), presence, reason, cause, media_type: None });
        }
    }

    /// Whether an agent may touch an item, and if not, why.
    pub(super) fn owned(&self, agent: &Id, id: &Id) -> Result<WorkItem, Reply> {
        let missing = || refuse(ErrorCode::NotFound, format!("there is no open work item `{id}`"));
        let Some(item) = self.state.item(id) else {
            let ended = self.state.ended(id).filter(|ended| ended.agent.as_ref() == Some(agent));
            return Err(ended.map_or_else(missing, |ended| super::wrong_state("work item", ended.fate.name())));
        };
        if item.owner.as_ref() != Some(agent) {
            let message = format!("work item `{id}` isn't yours: accept an offer of it first");
            return Err(refuse(ErrorCode::NotAllowed, message));
        }
        Ok(item.clone())
    }
}
