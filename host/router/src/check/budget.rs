//! The ledger, the agents' loads, and the budgets.

use std::collections::BTreeMap;

use super::ensure;
use crate::ids::Id;
use crate::item::WorkItem;
use crate::ledger::Debit;
use crate::state::State;

/// The ledger equals the sum over what agents own, are offered and were asked into; loads equal the ledger.
pub(super) fn ledger(state: &State) -> Result<(), String> {
    let owned = |item: &WorkItem| Some((item.id.clone(), (item.owner.clone()?, item.weight)));
    let offered = state.offers().values().map(|offer| (offer.id.clone(), (offer.agent.clone(), offer.weight)));
    let helping = |item: &WorkItem| {
        let debits = item.helpers.iter().map(|(agent, debit)| (debit.clone(), agent.clone()));
        debits.collect::<Vec<_>>()
    };
    let mut expected: BTreeMap<Id, (Id, Option<u32>)> = BTreeMap::new();
    for (id, (agent, weight)) in state.items().values().filter_map(|item| owned(item)).chain(offered) {
        expected.insert(id, (agent, Some(weight)));
    }
    // What helping weighs is what the offer weighed, which nothing else remembers.
    expected.extend(state.items().values().flat_map(|item| helping(item)).map(|(debit, agent)| (debit, (agent, None))));
    let mut sums: BTreeMap<&Id, Vec<&Debit>> = BTreeMap::new();
    let mut count = 0;
    for (id, debit) in state.stored.ledger.iter() {
        let known = expected
            .get(id)
            .filter(|(agent, weight)| *agent == debit.agent && weight.is_none_or(|weight| weight == debit.weight));
        ensure(known.is_some(), || format!("the ledger has {debit:?} for {id}"))?;
        sums.entry(&debit.agent).or_default().push(debit);
        count += 1;
    }
    ensure(count == expected.len(), || format!("the ledger has {count} debits instead of {}", expected.len()))?;
    for (id, agent) in state.agents() {
        let debits = sums.remove(id).unwrap_or_default();
        let load: u64 = debits.iter().map(|debit| u64::from(debit.weight)).sum();
        ensure(load == u64::from(agent.load), || format!("{id} has load {}, debits of {load}", agent.load))?;
        let interruptible = debits.iter().filter(|debit| debit.interruptible);
        let interruptible: u64 = interruptible.map(|debit| u64::from(debit.weight)).sum();
        ensure(interruptible == u64::from(agent.interruptible_load), || format!("{id}: interruptible load is wrong"))?;
        let media: u32 = agent.media_load.values().sum();
        ensure(media as usize == debits.len(), || format!("{id}: {media} counted by medium, {} debits", debits.len()))?;
    }
    Ok(())
}
