//! `/v1`: the operators' and agents' REST.

mod agents;
pub(crate) mod blobs;
mod channels;
mod customers;
mod drivers;
mod items;
mod json;
mod list;
mod messages;
mod queues;
mod unserved;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::{delete, get, post};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/v1/agents", get(agents::list))
        .route("/v1/blobs", post(blobs::upload))
        .route("/v1/blobs/{digest}", get(blobs::download))
        .route("/v1/channels", get(channels::list))
        .route("/v1/channels/{id}", get(channels::show))
        .route("/v1/channels/{id}/log", get(channels::log))
        .route("/v1/channels/{id}/pause", post(channels::pause))
        .route("/v1/channels/{id}/resume", post(channels::resume))
        .route("/v1/customers/{id}", delete(customers::erase))
        .route("/v1/drivers", get(drivers::list))
        .route("/v1/queues", get(queues::list))
        .route("/v1/work-items", get(items::list))
        .route("/v1/work-items/{id}", get(items::show))
        .route("/v1/work-items/{id}/close", post(items::close))
        .route("/v1/work-items/{id}/messages", get(messages::list))
        .route("/v1/work-items/{id}/requeue", post(items::requeue))
        .merge(unserved::routes())
}
