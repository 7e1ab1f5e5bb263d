//! What a test asks after a call: what the driver did since it was asked last, and what came of a delivery.

use crate::{Error, Message, Outcome, Receipt, Response};

use super::{SentRequest, SetTimer, with};

/// Says how HTTP requests are answered from now on.
pub fn answers(answer: impl FnMut(&SentRequest) -> Result<Response, Error> + 'static) {
    with(|host| host.http = Some(Box::new(answer)));
}

/// What was pushed since it was asked last.
pub fn pushed() -> Vec<Message> {
    with(|host| core::mem::take(&mut host.pushed))
}

/// What was sent over HTTP since it was asked last.
pub fn sent() -> Vec<SentRequest> {
    with(|host| core::mem::take(&mut host.sent))
}

/// Takes the first timer whose name begins so.
///
/// # Panics
/// There is none.
pub fn timer(begin: &str) -> SetTimer {
    with(|host| {
        let at = host.timers.iter().position(|timer| timer.name.starts_with(begin));
        host.timers.remove(at.unwrap_or_else(|| panic!("no timer begins with {begin}")))
    })
}

/// The receipt of a delivery.
///
/// # Panics
/// Something else came of it.
pub fn receipt(outcome: Outcome) -> Receipt {
    match outcome {
        Outcome::Receipt(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

/// What a delivery failed with.
///
/// # Panics
/// It didn't fail.
pub fn failure(outcome: Outcome) -> Error {
    match outcome {
        Outcome::Failure(error) => error,
        other => panic!("{other:?}"),
    }
}
