//! The invariants, for tests: what must be true of the state after every step.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::{Agent, Presence};
use crate::delivery::Phase;
use crate::evolve::lane_key;
use crate::ids::Id;
use crate::index::Index;
use crate::item::{ItemState, WorkItem};
use crate::state::{Conversation, State};

/// Checks every invariant that can be seen in the state alone; the error says which one doesn't hold and where.
///
/// Costs as much as the state is large: for simulations, not for a server at work.
pub fn check(state: &State) -> Result<(), String> {
    nobody_waits_in_vain(state)?;
    items(state)?;
    offers(state)?;
    ledger(state)?;
    agents(state)?;
    conversations(state)?;
    deliveries(state)?;
    if Index::build(&state.stored) != state.index {
        return Err("the index differs from a fresh one".to_owned());
    }
    Ok(())
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

/// No willing agent with enough capacity is idle while an item that fits waits. Written the plain way, apart from
/// how the matching finds out.
fn nobody_waits_in_vain(state: &State) -> Result<(), String> {
    let willing: Vec<(&Id, &Agent)> = state.agents().iter().filter(|(_, agent)| wants_work(agent)).collect();
    for item in state.items().values().filter(|item| item.state == ItemState::Queued) {
        let again = state.config().queues.get(&item.queue).is_some_and(|queue| queue.offer_again);
        let open_to_all = again && willing.iter().all(|(id, _)| item.excluded.contains(*id));
        for (id, agent) in &willing {
            let fits = u64::from(agent.load) + u64::from(item.weight) <= u64::from(agent.capacity);
            let barred = item.excluded.contains(*id) && !open_to_all;
            ensure(!fits || barred, || format!("{} waits although {id} could take it", item.id))?;
        }
    }
    Ok(())
}

fn wants_work(agent: &Agent) -> bool {
    agent.configured && agent.presence == Presence::Available && !agent.connections.is_empty()
}

fn items(state: &State) -> Result<(), String> {
    for (id, item) in state.items() {
        let owned = matches!(item.state, ItemState::Active | ItemState::Wrapping);
        ensure(*id == item.id, || format!("{id} is filed under another id"))?;
        ensure(owned == item.owner.is_some(), || format!("{id} is {} with owner {:?}", item.state.name(), item.owner))?;
        let offered = item.state == ItemState::Offered;
        ensure(offered != item.offers.is_empty(), || format!("{id} is {} with offers", item.state.name()))?;
        let wraps = item.state == ItemState::Wrapping;
        ensure(wraps == item.wrap_up_until.is_some(), || format!("{id} wraps up without an end"))?;
        let open = !matches!(item.state, ItemState::New | ItemState::Closed | ItemState::Cancelled);
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

/// The ledger equals the sum over what agents own and are offered.
fn ledger(state: &State) -> Result<(), String> {
    let owned = |item: &WorkItem| Some((item.id.clone(), (item.owner.clone()?, item.weight)));
    let offered = state.offers().values().map(|offer| (offer.id.clone(), (offer.agent.clone(), offer.weight)));
    let expected: BTreeMap<Id, (Id, u32)> = state.items().values().filter_map(owned).chain(offered).collect();
    let debits = state.stored.ledger.iter();
    let found: BTreeMap<Id, (Id, u32)> =
        debits.map(|(id, debit)| (id.clone(), (debit.agent.clone(), debit.weight))).collect();
    ensure(expected == found, || format!("the ledger has {found:?} instead of {expected:?}"))?;
    for (id, agent) in state.agents() {
        let sum = state.stored.ledger.load(id);
        ensure(sum == u64::from(agent.load), || format!("{id} has load {}, debits of {sum}", agent.load))?;
    }
    Ok(())
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
        let finished = agent.presence == Presence::Finishing && agent.items.is_empty();
        ensure(!finished, || format!("{id} has finished and is still there"))?;
        let own = |item: &Id| state.item(item).is_some_and(|item| item.owner.as_ref() == Some(id));
        ensure(agent.items.iter().all(own), || format!("{id} lists an item of others"))?;
        let here = agent.configured == state.config().agents.contains_key(id);
        ensure(here, || format!("{id} and the config disagree"))?;
    }
    Ok(())
}

/// Each conversation has one open item or none, and each open item its conversation.
fn conversations(state: &State) -> Result<(), String> {
    let open = state.stored.conversations.values().filter(|conversation| conversation.open.is_some()).count();
    ensure(open == state.items().len(), || format!("{open} conversations for {} items", state.items().len()))?;
    for (id, item) in state.items() {
        let found = state.open_item(&item.channel, &item.conversation).map(|item| &item.id);
        ensure(found == Some(id), || format!("the conversation of {id} doesn't know it"))?;
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
