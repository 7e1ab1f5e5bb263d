//! Which conversation a mail belongs to.

use jackfield_sdk::{Message, Result, host};

use super::Facts;
use super::mime::Mail;
use crate::tokens;

/// Messages of a conversation that are looked at for one with the same Message-ID.
const LOOKED_AT: u32 = 100;

/// The conversation, and how it was found: `address` (the signed address that answers come to), `in-reply-to` or
/// `references` (a Message-ID of ours), else `new`: what the sender says it belongs to, together with who the sender
/// is, so that nobody comes into the conversation of somebody else by what can be guessed.
pub fn find(facts: &Facts<'_>, ours: &str, recipient: &str) -> Result<(String, &'static str)> {
    if let Some(mark) = tokens::of_address(recipient)? {
        return Ok((mark.conversation, "address"));
    }
    let (answered, referred) =
        facts.mail.as_ref().map(|mail| (mail.in_reply_to(), mail.references())).unwrap_or_default();
    for id in &answered {
        if let Some(mark) = tokens::of_message_id(id)? {
            return Ok((mark.conversation, "in-reply-to"));
        }
    }
    for id in referred.iter().rev() {
        if let Some(mark) = tokens::of_message_id(id)? {
            return Ok((mark.conversation, "references"));
        }
    }
    let root = referred.first().or(answered.first()).copied().unwrap_or(&facts.id);
    Ok((tokens::conversation(&[ours, &facts.from.address.to_lowercase(), root])?, "new"))
}

/// Whether the conversation has another mail with this Message-ID, of other bytes.
pub fn has_other_with_id(conversation: &str, facts: &Facts<'_>, event_id: Option<&str>) -> Result<bool> {
    if facts.mail.as_ref().and_then(Mail::message_id).is_none() {
        return Ok(false);
    }
    let page = host::server::messages(conversation, None, LOOKED_AT)?;
    let is_other = |message: &Message| {
        message.external_id.as_deref() == Some(facts.id.as_str())
            && message.interaction.name == "support-request"
            && message.event_id.as_deref() != event_id
    };
    Ok(page.messages.iter().any(is_other))
}
