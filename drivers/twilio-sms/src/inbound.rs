//! A text of a customer.

use jackfield_sdk::media::later;
use jackfield_sdk::{Message, Part, Response, Result, WorkItem, push_all};

use crate::params::{PREFIX, Params};
use crate::receive::taken;
use crate::{MEDIA_TYPE, media, opt_out};

/// What becomes something else than an attribute of the message.
const TAKEN: [&str; 6] = ["Body", "From", "MessageSid", "SmsMessageSid", "SmsSid", "ProfileName"];

/// Pushes the text, and what follows from it.
///
/// # Errors
/// The host's.
pub fn receive(params: &Params, sid: &str) -> Result<Response> {
    let Some(from) = params.get("From") else {
        return Ok(Response::problem(422, "invalid", "there is no From"));
    };
    let work_item = work_item(params, from);
    let mut message = Message::support_request(MEDIA_TYPE, work_item.clone()).with_event_id(sid).with_external_id(sid);
    message.attributes = params.attributes_without(&TAKEN);
    // Not trimmed: spaces may mean something, and what was signed is what is kept.
    if let Some(body) = params.get("Body") {
        message = message.with_text(body);
    }
    message.parts.extend(media::parts(params).into_iter().map(Part::Attachment));

    let mut messages = vec![message];
    messages.extend(opt_out::notice(params, sid, &work_item)?);
    if let Err(refused) = push_all(&messages) {
        return Ok(Response::refused(&refused));
    }
    later(&messages[0])?;
    Ok(taken())
}

fn work_item(params: &Params, from: &str) -> WorkItem {
    let mut work_item = WorkItem::new(from, from);
    work_item.customer.name = params.get("ProfileName").map(String::from);
    // Which of our numbers was written to: what routes ask for most.
    if let Some(to) = params.get("To") {
        work_item.attributes.push((format!("{PREFIX}to"), to.into()));
    }
    work_item
}
