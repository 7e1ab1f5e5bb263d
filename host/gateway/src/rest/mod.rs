//! `/v1`: the operators' and agents' REST.

mod agents;
pub(crate) mod blobs;
mod channels;
mod customers;
mod drivers;
mod explain;
mod items;
mod json;
mod list;
mod messages;
mod quarantine;
mod queues;
mod records;
mod supervise;
mod tasks;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::{delete, get, post, put};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/v1/agents", get(agents::list))
        .route("/v1/blobs", post(blobs::upload))
        .route("/v1/blobs/{digest}", get(blobs::download))
        .route("/v1/channels", get(channels::list))
        .route("/v1/channels/{id}", get(channels::show))
        .route("/v1/channels/{id}/log", get(channels::log))
        .route("/v1/channels/{id}/pause", post(channels::pause))
        .route("/v1/channels/{id}/records", get(records::list))
        .route("/v1/channels/{id}/records/export", get(records::export))
        .route("/v1/channels/{id}/resume", post(channels::resume))
        .route("/v1/customers/{id}", delete(customers::erase))
        .route("/v1/drivers", get(drivers::list))
        .route("/v1/drivers/{name}", put(drivers::put).delete(drivers::delete))
        .route("/v1/drivers/{name}/rollback", post(drivers::roll_back))
        .route("/v1/quarantine", get(quarantine::list))
        .route("/v1/quarantine/{id}", get(quarantine::show).delete(quarantine::remove))
        .route("/v1/quarantine/{id}/replay", post(quarantine::replay))
        .route("/v1/openapi.json", get(describe))
        .route("/v1/queues", get(queues::list))
        .route("/v1/work-items", get(items::list).post(tasks::create))
        .route("/v1/work-items/pickable", get(items::pickable))
        .route("/v1/work-items/{id}", get(items::show).patch(supervise::update))
        .route("/v1/work-items/{id}/cancel", post(supervise::cancel))
        .route("/v1/work-items/{id}/close", post(supervise::close))
        .route("/v1/work-items/{id}/explain", get(explain::show))
        .route("/v1/work-items/{id}/messages", get(messages::list))
        .route("/v1/work-items/{id}/requeue", post(supervise::requeue))
}

/// What this API is, for programs.
async fn describe() -> axum::Json<serde_json::Value> {
    axum::Json(crate::documents::openapi())
}
