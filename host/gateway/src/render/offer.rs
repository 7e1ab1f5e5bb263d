//! An offer in JSON.

use super::time;
use jackfield_router::Offer;
use jackfield_spec::Timestamp;
use serde::Serialize;

/// An offer as agents see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferView<'a> {
    id: &'a str,
    work_item_id: &'a str,
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl<'a> From<&'a Offer> for OfferView<'a> {
    fn from(offer: &'a Offer) -> Self {
        Self {
            id: &offer.id,
            work_item_id: &offer.item,
            created_at: time(offer.created),
            expires_at: time(offer.expires),
        }
    }
}
