//! An offer in JSON.

use super::{DeliveredMessage, ItemView, time};
use jackfield_router::{Offer, OfferKind};
use jackfield_spec::{Customer, Timestamp};
use serde::Serialize;

/// An offer as agents see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferView<'a> {
    id: &'a str,
    work_item_id: &'a str,
    /// `work`, `transfer`, `consult`.
    kind: &'static str,
    /// Who passes it on, or asks in.
    from: Option<&'a str>,
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl<'a> From<&'a Offer> for OfferView<'a> {
    fn from(offer: &'a Offer) -> Self {
        Self {
            id: &offer.id,
            work_item_id: &offer.item,
            kind: offer.kind.name(),
            from: match &offer.kind {
                OfferKind::Work => None,
                OfferKind::Transfer { from } | OfferKind::Consult { from } => Some(from),
            },
            created_at: time(offer.created),
            expires_at: time(offer.expires),
        }
    }
}

/// An offer with what an agent needs to decide on it: in `offer.created` and in a snapshot.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferData<'a> {
    pub(crate) offer: OfferView<'a>,
    pub(crate) work_item: ItemView<'a>,
    pub(crate) message: Option<DeliveredMessage<'a>>,
    pub(crate) customer: Option<&'a Customer>,
}
