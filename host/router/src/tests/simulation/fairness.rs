//! Whether an offer is the right one: written the plain way, apart from how the matching finds out.

use super::world::World;
use crate::check::waiting::{able, barred, has_room, waits};
use crate::{By, Choice, Id, Measure, Millis, Offer, Order, State, WorkItem};

/// An offer that the router made by itself overtakes nothing that this agent could take as well, stays within the
/// budget, goes to somebody who is good enough and hasn't refused it, and to nobody whose turn comes later.
pub(super) fn offer(world: &World, offer: &Offer, item: &WorkItem, at: Millis) -> Result<(), String> {
    let why = offer.why.as_deref().ok_or_else(|| format!("offer {} says nothing of its reasons", offer.id))?;
    if matches!(why.by, By::Named | By::Picked) {
        return Ok(());
    }
    let state = &world.state;
    let (id, who) = (&item.id, &offer.agent);
    let Some(agent) = state.agent(who).filter(|agent| able(state, item, who, agent)) else {
        return Err(format!("{who} is offered {id} and isn't good enough, or doesn't want it"));
    };
    let measure = why.measure.as_ref().ok_or_else(|| format!("{who} was asked without being measured"))?;
    let overtake = state.config().agents.get(who).map_or(0, |config| config.overtake_limit);
    let may_overtake = !state.config().interruptible(&item.channel, &item.media_type);
    let most = agent.capacity + if may_overtake { overtake } else { 0 };
    if measure.load + offer.weight > most {
        return Err(format!("{who} has {} of {most} and is offered {id}", measure.load));
    }
    if barred(state, item, who) {
        return Err(format!("{who} is offered {id} again"));
    }
    if let Some(other) = state.items().values().find(|other| overtaken(state, item, other, who, at)) {
        return Err(format!("{id} overtakes {}", other.id));
    }
    if why.by == By::Preferred {
        let preferred = item.preferred.as_ref() == Some(who);
        return if preferred { Ok(()) } else { Err(format!("{who} isn't preferred for {id}")) };
    }
    let sooner = |other: &&Id| {
        let could = state.agent(other).is_some_and(|agent| {
            able(state, item, other, agent) && has_room(state, item, other, agent) && !barred(state, item, other)
        });
        let asked = item.offers.iter().any(|offer| state.offer(offer).is_some_and(|offer| offer.agent == **other));
        *other != who && could && !asked && turn(world, item, other, None) < turn(world, item, who, Some(measure))
    };
    match state.agents().keys().find(sooner) {
        Some(other) => Err(format!("{who} is offered {id} before {other}")),
        None => Ok(()),
    }
}

/// Whether `other` still waits although it stands before `item` and the agent could have taken it just as well.
fn overtaken(state: &State, item: &WorkItem, other: &WorkItem, who: &Id, at: Millis) -> bool {
    let config = state.config();
    let interruptible = |item: &WorkItem| config.interruptible(&item.channel, &item.media_type);
    let as_light = other.weight <= item.weight && interruptible(other) <= interruptible(item);
    let asked = other.offers.iter().any(|offer| state.offer(offer).is_some_and(|offer| offer.agent == *who));
    let alone = other.sticky_until.is_some() && other.preferred.as_ref() != Some(who);
    let below = config.agents.get(who).and_then(|agent| agent.limits.get(&other.media_type)).is_none_or(|limit| {
        let count = state.agent(who).and_then(|agent| agent.media_load.get(&other.media_type)).copied();
        count.unwrap_or(0) < *limit
    });
    waits(state, other)
        && place(state, other, at) < place(state, item, at)
        && as_light
        && below
        && !asked
        && !alone
        && state.agent(who).is_some_and(|agent| able(state, other, who, agent))
        && !barred(state, other, who)
}

/// Place in the order of waiting, the least first.
fn place<'a>(state: &State, item: &'a WorkItem, at: Millis) -> (i128, u64, &'a Id) {
    let default = Default::default();
    let queue = state.config().queues.get(&item.queue).unwrap_or(&default);
    let age = i128::from(at) - i128::from(item.first_queued);
    let priority = i128::from(item.priority) * 60_000 + age * i128::from(queue.raise_per_minute);
    let order = match queue.order {
        Order::Fifo => item.first_queued,
        Order::Lifo => u64::MAX - item.first_queued,
    };
    (-priority, order, &item.id)
}

/// Place in the order of choice, the least first. Of the agent who was asked, what was so before the offer counts;
/// of the others, what is so now: their loads can only have grown since.
fn turn(world: &World, item: &WorkItem, id: &Id, before: Option<&Measure>) -> (usize, u64, Millis, Id) {
    let state = &world.state;
    let default = Default::default();
    let choice = state.config().queues.get(&item.queue).map_or(Choice::default(), |queue| queue.choose);
    let config = state.config().agents.get(id).unwrap_or(&default);
    let agent = state.agent(id).cloned().unwrap_or_default();
    let has = |skill: &Id, level: u8| config.skills.get(skill).is_some_and(|has| *has >= level);
    let missing = item.preferred_skills.iter().filter(|(skill, level)| !has(skill, **level)).count();
    let load = before.map_or(agent.load, |measure| measure.load);
    let by_choice = match choice {
        Choice::LongestIdle => 0,
        Choice::LeastLoaded => u64::from(load) * 10_000 / u64::from(agent.capacity.max(1)),
        Choice::RoundRobin => world.asked.get(id).copied().unwrap_or(0),
        Choice::BestSkill => {
            let required = crate::check::waiting::required(state, item).0;
            let levels = required.keys().filter_map(|skill| config.skills.get(skill));
            1_000 - levels.map(|level| u64::from(*level)).sum::<u64>()
        }
    };
    (missing, by_choice, agent.idle_since, id.clone())
}
