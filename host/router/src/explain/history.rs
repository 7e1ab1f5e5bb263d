//! What was decided, from the journal alone.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Event, Record};
use crate::ids::{Id, Millis};
use crate::item::Cause;
use crate::offer::{Offer, OfferOutcome};

/// One offer of an item, from its making to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// When it was made.
    pub at: Millis,
    /// The command that made it necessary, such as `receive`.
    pub after: String,
    /// The offer, with its reasons.
    pub offer: Offer,
    /// How it ended; none while it is pending.
    pub outcome: Option<OfferOutcome>,
    /// Why it ended so.
    pub cause: Option<Cause>,
    /// When it ended.
    pub ended: Option<Millis>,
}

/// The offers of an item, in order, from the journal's records. The state isn't needed: records that are a month old
/// say the same.
pub fn decisions<'a>(item: &str, records: impl IntoIterator<Item = &'a Record>) -> Vec<Decided> {
    let mut decided: BTreeMap<Id, Decided> = BTreeMap::new();
    for record in records {
        for event in &record.events {
            let (offer, outcome, cause) = match event {
                Event::OfferCreated { offer } if &*offer.item == item => {
                    let (at, after, offer) = (record.at, record.cause.clone(), offer.clone());
                    let made = Decided { at, after, offer, outcome: None, cause: None, ended: None };
                    decided.insert(made.offer.id.clone(), made);
                    continue;
                }
                Event::OfferEnded { offer, outcome, cause, .. } => (offer, *outcome, *cause),
                Event::OfferAccepted { offer } => (offer, OfferOutcome::Accepted, Cause::Accepted),
                _ => continue,
            };
            if let Some(made) = decided.get_mut(offer) {
                (made.outcome, made.cause, made.ended) = (Some(outcome), Some(cause), Some(record.at));
            }
        }
    }
    // Ids of offers sort in the order they were made.
    decided.into_values().collect()
}
