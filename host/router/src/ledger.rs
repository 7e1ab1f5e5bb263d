//! The capacity ledger: every debit of an agent's budget, each with the id of the offer or item it is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::Id;

/// Who is debited, and how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Debit {
    /// The agent.
    pub agent: Id,
    /// The weight.
    pub weight: u32,
    /// The item's media type.
    pub media_type: Id,
    /// Other work may be put before it.
    #[serde(default, skip_serializing_if = "crate::item::is_false")]
    pub interruptible: bool,
}

/// All debits. A load is never counted up and down by itself: each debit has one id and one credit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger {
    debits: BTreeMap<Id, Debit>,
}

impl Ledger {
    /// Notes a debit. False if there is one of this id already: then nothing changes.
    pub(crate) fn debit(&mut self, id: &Id, debit: Debit) -> bool {
        if self.debits.contains_key(id) {
            return false;
        }
        self.debits.insert(id.clone(), debit);
        true
    }

    /// Takes a debit back. None if there isn't one.
    pub(crate) fn credit(&mut self, id: &str) -> Option<Debit> {
        self.debits.remove(id)
    }

    /// The debit of an offer or item.
    pub fn get(&self, id: &str) -> Option<&Debit> {
        self.debits.get(id)
    }

    /// All debits, by the id of what they are for.
    pub fn iter(&self) -> impl Iterator<Item = (&Id, &Debit)> {
        self.debits.iter()
    }
}
