//! `/v1/customers`: erasing what customers wrote and were written.

use super::list::query;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use jackfield_sequencer::EraseError;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct On {
    channel: Option<String>,
}

/// What was erased.
#[derive(Serialize)]
pub(crate) struct Gone {
    id: String,
    messages: u64,
    store: u64,
}

/// Erases a customer: by the id that work items show, or by the address on a `channel`.
pub(crate) async fn erase(
    caller: Caller,
    Path(id): Path<String>,
    uri: http::Uri,
    State(gateway): State<Gateway>,
) -> Result<Json<Gone>, Problem> {
    caller.operates()?;
    let by = caller.supervises()?;
    let unknown = || Problem::not_found("no message is from or to such a customer; work items show customers' ids");
    let customer = match query::<On>(&uri)?.0.channel {
        Some(channel) => gateway.sequencer().keys().customer(&channel, &id),
        None => {
            let mut key = [0; 16];
            hex::decode_to_slice(&id, &mut key).map_err(|_| unknown())?;
            key
        }
    };
    let erased = gateway.sequencer().erase(customer, &by, gateway.channels().log()).await?;
    if erased.is_some() {
        let channels = gateway.channels().clone();
        tokio::task::spawn_blocking(move || channels.forget_records()).await??;
    }
    // What is in memory for those who look at it, too.
    gateway.lookup().clear();
    gateway.hub().clear();
    let erased = erased.ok_or_else(unknown)?;
    tracing::info!(by = &*by, messages = erased.messages, "a customer was erased");
    Ok(Json(Gone { id: hex::encode(customer), messages: erased.messages, store: erased.store }))
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Commit(error) => error.into(),
            EraseError::Journal(error) => error.into(),
            EraseError::Interrupted(error) => error.into(),
        }
    }
}
