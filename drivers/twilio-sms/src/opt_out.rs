//! Customers who want no more texts.
//!
//! Twilio answers STOP, START and HELP by itself and blocks the number; here it is recorded, so that agents see it and
//! nothing is sent in vain.

use jackfield_sdk::opt_out::{is_out, notification, record};
use jackfield_sdk::{Message, Result, WorkItem};

use crate::MEDIA_TYPE;
use crate::params::Params;

const STOP_WORDS: [&str; 8] = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"];
const START_WORDS: [&str; 3] = ["START", "YES", "UNSTOP"];

/// What a text means for later ones.
#[derive(Debug, PartialEq)]
enum Wish {
    Out,
    In,
    Nothing,
}

/// Records what a text of the customer says about this, and the notification of it; none for any other text.
///
/// # Errors
/// The host's.
pub fn notice(params: &Params, sid: &str, work_item: &WorkItem) -> Result<Option<Message>> {
    let address = &work_item.customer.address;
    let out = match wish(params) {
        Wish::Out => true,
        // `YES` is also what people answer to a question: it means something only from who is out.
        Wish::In if is_out(address)? => false,
        Wish::In | Wish::Nothing => return Ok(None),
    };
    record(address, out);
    Ok(Some(notification(MEDIA_TYPE, work_item.clone(), out, sid)))
}

fn wish(params: &Params) -> Wish {
    // Twilio says it itself where the service has Advanced Opt-Out, whose words are the operator's.
    match params.get("OptOutType") {
        Some("STOP") => return Wish::Out,
        Some("START") => return Wish::In,
        Some(_) => return Wish::Nothing,
        None => {}
    }
    let body = params.get("Body").unwrap_or_default().trim();
    let is_one_of = |words: &[&str]| words.iter().any(|word| body.eq_ignore_ascii_case(word));
    if is_one_of(&STOP_WORDS) {
        Wish::Out
    } else if is_one_of(&START_WORDS) {
        Wish::In
    } else {
        Wish::Nothing
    }
}
