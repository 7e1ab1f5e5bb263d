//! The invariants, for tests: what must be true of the state after every step.

mod budget;
pub(crate) mod waiting;

use std::collections::BTreeSet;

use crate::agent::Presence;
use crate::delivery::Phase;
use crate::evolve::lane_key;
use crate::ids::Id;
use crate::index::Index;
use crate::item::{ItemState, WorkItem};
use crate::offer::OfferKind;
use crate::state::{Conversation, State};

/// Checks every invariant that can be seen in the state alone; the error says which one doesn't hold and where.
///
/// Costs as much as the state is large: for simulations, not for a server at work.
pub fn check(state: &State) -> Result<(), String> {
    waiting::nobody_waits_in_vain(state)?;
    items(state)?;
    offers(state)?;
    budget::ledger(state)?;
    agents(state)?;
    conversations(state)?;
    deliveries(state)
}

/// Checks that what is derived from the state is what a fresh derivation gives. Costs more than the rest together.
pub fn derived(state: &State) -> Result<(), String> {
    let mut items: Vec<WorkItem> = state.items().values().map(|item| WorkItem::clone(item)).collect();
    let fresh = Index::derive(&state.stored, items.iter_mut());
    let mut pools = fresh.pools;
    for (id, agent) in state.agents() {
        if let Some(config) = state.config().agents.get(id) {
            pools.settle(id, agent, config);
        }
    }
    let index = &state.index;
    ensure(fresh.due == index.due, || "what is due differs from a fresh derivation".to_owned())?;
    ensure(fresh.memory == index.memory, || "what is remembered differs from a fresh derivation".to_owned())?;
    ensure(fresh.counts == index.counts, || "the counts differ from fresh ones".to_owned())?;
    ensure(fresh.sticky == index.sticky, || "who is waited for differs from a fresh derivation".to_owned())?;
    ensure(index.pools.touched.is_empty() && index.pools.fresh.is_empty(), || "something isn't matched".to_owned())?;
    let kept = index.pools.contents();
    let same = pools.contents() == kept;
    ensure(same, || format!("the pools differ from fresh ones:\n{kept:?}\n{:?}", pools.contents()))
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

fn items(state: &State) -> Result<(), String> {
    for (id, item) in state.items() {
        let owned = matches!(item.state, ItemState::Active | ItemState::Suspended | ItemState::Wrapping);
        ensure(*id == item.id, || format!("{id} is filed under another id"))?;
        ensure(owned == item.owner.is_some(), || format!("{id} is {} with owner {:?}", item.state.name(), item.owner))?;
        let consults = |offer: &Id| state.offer(offer).is_some_and(|it| matches!(it.kind, OfferKind::Consult { .. }));
        let to_take = item.offers.iter().filter(|offer| !consults(offer)).count();
        let offered = item.state == ItemState::Offered;
        ensure(offered == (to_take > 0), || format!("{id} is {} with {to_take} offers", item.state.name()))?;
        let alone = item.offers.is_empty() || offered || item.state == ItemState::Active;
        ensure(alone, || format!("{id} is {} with offers", item.state.name()))?;
        let helped = item.helpers.is_empty() || matches!(item.state, ItemState::Active | ItemState::Suspended);
        ensure(helped, || format!("{id} is {} and others are in on it", item.state.name()))?;
        ensure(to_take <= 50, || format!("{id} has {to_take} offers"))?;
        let named = item.transfer.as_ref().is_some_and(|transfer| transfer.named);
        ensure(!named || offered, || format!("{id} is for one agent, who isn't asked"))?;
        let transferring = item.transfer.is_none() || item.untaken();
        ensure(transferring, || format!("{id} is {} and on its way", item.state.name()))?;
        ensure(item.sticky_until.is_none() || item.untaken(), || format!("{id} is taken and still waited for"))?;
        let wraps = item.state == ItemState::Wrapping;
        ensure(wraps == item.wrap_up_until.is_some(), || format!("{id} wraps up without an end"))?;
        let open = !matches!(item.state, ItemState::Closed | ItemState::Cancelled);
        let scheduled = item.state != ItemState::New || item.not_before.is_some();
        ensure(scheduled, || format!("{id} is never queued"))?;
        ensure(open, || format!("{id} is {} and still there", item.state.name()))?;
        let listed = |owner: &Id| state.agent(owner).is_some_and(|agent| agent.items.contains(id));
        ensure(item.owner.as_ref().is_none_or(listed), || format!("{id} isn't on its owner's list"))?;
        let known = state.config().queues.contains_key(&item.queue) || item.queue == state.config().default_queue;
        ensure(known, || format!("{id} is in queue {}, which is gone", item.queue))?;
    }
    Ok(())
}

fn offers(state: &State) -> Result<(), String> {
    for (id, offer) in state.offers() {
        let of_item = state.item(&offer.item).is_some_and(|item| item.offers.contains(id));
        let of_agent = state.agent(&offer.agent).is_some_and(|agent| agent.offers.contains(id));
        ensure(of_item && of_agent, || format!("offer {id} hangs in the air"))?;
        ensure(state.ended(id).is_none(), || format!("offer {id} is pending and ended"))?;
    }
    let count = |sets: &mut dyn Iterator<Item = &BTreeSet<Id>>| sets.map(BTreeSet::len).sum::<usize>();
    let of_items = count(&mut state.items().values().map(|item| &item.offers));
    let of_agents = count(&mut state.agents().values().map(|agent| &agent.offers));
    let pending = state.offers().len();
    ensure(of_items == pending && of_agents == pending, || {
        format!("{pending} offers are pending, {of_items} at items, {of_agents} at agents")
    })
}

fn agents(state: &State) -> Result<(), String> {
    for (id, agent) in state.agents() {
        let there = !agent.connections.is_empty() || agent.grace_until.is_some();
        ensure(agent.presence == Presence::Offline || there, || format!("{id} is gone and not offline"))?;
        let grace = agent.grace_until.is_some();
        ensure(!grace || agent.connections.is_empty(), || format!("{id} is connected and has grace"))?;
        ensure(agent.offers.is_empty() || agent.presence == Presence::Available, || {
            format!("{id} is {} and has offers", agent.presence.name())
        })?;
        let helps = |item: &Id| state.item(item).is_some_and(|item| item.helpers.contains_key(id));
        ensure(agent.helps.iter().all(helps), || format!("{id} is in on an item that doesn't know it"))?;
        let finished = agent.presence == Presence::Finishing && agent.items.is_empty() && agent.helps.is_empty();
        ensure(!finished, || format!("{id} has finished and is still there"))?;
        let own = |item: &Id| state.item(item).is_some_and(|item| item.owner.as_ref() == Some(id));
        ensure(agent.items.iter().all(own), || format!("{id} lists an item of others"))?;
        let here = agent.configured == state.config().agents.contains_key(id);
        ensure(here, || format!("{id} and the config disagree"))?;
    }
    Ok(())
}

/// Each conversation has one open item or none, and each open item its conversations.
fn conversations(state: &State) -> Result<(), String> {
    let open = state.stored.conversations.values().filter(|conversation| conversation.open.is_some()).count();
    let answered_for: usize = state.items().values().map(|item| item.conversations().len()).sum();
    ensure(open == answered_for, || format!("{open} open conversations, items have {answered_for}"))?;
    for (id, item) in state.items() {
        for (channel, conversation) in item.conversations() {
            let found = state.open_item(&channel, &conversation).map(|item| &item.id);
            ensure(found == Some(id), || format!("the conversation of {id} doesn't know it"))?;
        }
    }
    let ends = |conversation: &Conversation| conversation.open.is_some() != conversation.forget.is_some();
    ensure(state.stored.conversations.values().all(ends), || "a conversation is never forgotten".to_owned())
}

/// What isn't over is in its lane once, or waits beside it for its next try.
fn deliveries(state: &State) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (key, lane) in &state.stored.lanes {
        ensure(!lane.is_empty(), || format!("lane {key:?} is empty"))?;
        for (place, id) in lane.iter().enumerate() {
            ensure(seen.insert(id.clone()), || format!("{id} is in a lane twice"))?;
            let delivery = state.delivery(id).ok_or_else(|| format!("{id} is in a lane and gone"))?;
            ensure(lane_key(delivery) == *key, || format!("{id} is in another's lane"))?;
            let attempting = delivery.phase == Phase::Attempting;
            ensure(!attempting || place == 0, || format!("{id} is attempted out of turn"))?;
        }
    }
    for (id, delivery) in state.deliveries() {
        let beside = delivery.passed && matches!(delivery.phase, Phase::Backoff { .. });
        let over = matches!(delivery.phase, Phase::Done { .. });
        let in_lane = seen.contains(id);
        ensure(in_lane != (over || beside), || format!("{id} is {:?}, in its lane: {in_lane}", delivery.phase))?;
    }
    Ok(())
}
