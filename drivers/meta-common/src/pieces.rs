//! Answers that go out in several pieces: each is noted when it is out, so that a later try goes on behind it.

use jackfield_sdk::error::code;
use jackfield_sdk::{Delivery, Error, Receipt, Result, host};

/// Sends the pieces that are not out yet, in order. `send` gives the channel's id of what it sent, where the channel told
/// one.
///
/// # Errors
/// That of the piece that could not be sent; its text says how much is out. `maybe-sent` where an earlier try may have
/// reached the customer: that is not sent again.
pub fn send<T>(
    delivery: &Delivery,
    pieces: &[T],
    mut send: impl FnMut(&T) -> Result<Option<String>>,
) -> Result<Receipt> {
    if delivery.previous == "unknown" {
        return Err(Error::new(
            code::MAYBE_SENT,
            "an earlier try may have reached the customer, and Meta can't be asked; it isn't sent again",
        ));
    }
    let mut ids = delivery.progress.clone();
    for piece in pieces.iter().skip(delivery.progress.len()) {
        let sent = send(piece).map_err(|error| match ids.len() {
            0 => error,
            out => Error { text: format!("{} of {} pieces are out: {}", out, pieces.len(), error.text), ..error },
        })?;
        let id = sent.unwrap_or_else(|| {
            // It was accepted, so it is out; only what becomes of it won't be known.
            host::warn("Meta accepted a message but its answer has no id");
            format!("{}/{}", delivery.idempotency_key, ids.len())
        });
        if pieces.len() > 1 {
            host::server::progress(&id)?;
        }
        ids.push(id);
    }
    ids.truncate(64);
    Ok(Receipt::sent(ids))
}
