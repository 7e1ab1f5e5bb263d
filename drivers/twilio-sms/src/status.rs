//! How far a text that was sent has come.

use jackfield_sdk::interactions::MessageStatus;
use jackfield_sdk::{Message, Response, Result, WorkItem, host, opt_out, push_all};

use crate::params::Params;
use crate::{MEDIA_TYPE, catalogue};

/// What becomes something else than an attribute of the message.
const TAKEN: [&str; 9] =
    ["MessageSid", "SmsMessageSid", "SmsSid", "MessageStatus", "SmsStatus", "To", "ErrorCode", "ErrorMessage", "Body"];

/// Pushes a status. They come in any order; the server lets none go back.
///
/// # Errors
/// The host's.
pub fn receive(params: &Params, sid: &str, twilio_status: &str, message_id: Option<&str>) -> Result<Response> {
    let (Some(status), Some(to)) = (status_of(twilio_status), params.get("To")) else {
        // On its way to the carrier (which the receipt has said already), or nothing that we know.
        return Ok(Response::empty(204));
    };
    let code = params.get("ErrorCode").filter(|code| *code != "0");
    let text = code.map(|code| match catalogue::meaning(code) {
        Some(meaning) => meaning.into(),
        None => params.get("ErrorMessage").map_or_else(|| format!("Twilio's error {code}"), String::from),
    });
    let text = text.or_else(|| remark(twilio_status).map(String::from));
    let arguments = MessageStatus {
        external_id: Some(sid.into()),
        up_to: None,
        status: status.into(),
        code: code.map(|code| format!("twilio-sms/{code}")),
        text,
        at: host::clock::now(),
    };
    let mut message = Message::new(MEDIA_TYPE, &arguments)
        .with_work_item(WorkItem::new(to, to))
        .with_event_id(format!("{sid}/{twilio_status}"))
        .with_external_id(sid);
    message.attributes = params.attributes_without(&TAKEN);
    if let Some(id) = message_id {
        // Our own id of it, should the answer that told us Twilio's have been lost.
        message = message.with_attribute("twilio-sms.message-id", id);
        message.cause = Some(id.into());
    }

    let mut messages = vec![message];
    if code == Some(catalogue::OPTED_OUT) {
        opt_out::record(to, true);
        messages.push(opt_out::notification(MEDIA_TYPE, WorkItem::new(to, to), true, sid));
    }
    Ok(match push_all(&messages) {
        Ok(()) => Response::empty(204),
        Err(refused) => Response::refused(&refused),
    })
}

/// Twilio's status in the words of the specification; none for those before the carrier has it.
pub fn status_of(twilio_status: &str) -> Option<&'static str> {
    match twilio_status {
        "sent" | "partially_delivered" => Some("sent"),
        "delivered" => Some("delivered"),
        "read" => Some("read"),
        "failed" | "undelivered" | "canceled" => Some("failed"),
        _ => None,
    }
}

fn remark(twilio_status: &str) -> Option<&'static str> {
    match twilio_status {
        "partially_delivered" => Some("Only some of its segments were delivered."),
        "canceled" => Some("It was cancelled before it was sent."),
        "undelivered" => Some("The carrier couldn't deliver it."),
        _ => None,
    }
}
