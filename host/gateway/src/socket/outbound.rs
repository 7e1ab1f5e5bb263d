//! The message that an agent sends, made of the item's first message and what the agent wrote.

use super::command::{Attached, Send};
use crate::people::Person;
use jackfield_router::{Presence, WorkItem};
use jackfield_spec::{AgentInfo, Attachment, Attributes, Kind, Message, Part, Text, WorkItemInfo};

/// The type of a file that nobody has said the type of.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Who sends a message, and by what.
pub(super) struct Sender<'a> {
    pub(super) id: &'a str,
    pub(super) person: &'a Person,
    pub(super) presence: Presence,
    /// `name@version` of the driver that will deliver it.
    pub(super) driver: Option<String>,
}

/// Makes the message. `sizes` are those of the attachments, in their order. `info` is what the item's first message said
/// of the item: the driver knows the conversation by it.
pub(super) fn compose(send: &Send, sizes: &[u64], item: &WorkItem, info: &WorkItemInfo, sender: Sender<'_>) -> Message {
    let text = (!send.text.is_empty()).then(|| {
        Part::Text(Text {
            text: send.text.clone(),
            format: "plain".to_owned(),
            language: None,
            attributes: Attributes::default(),
        })
    });
    let attachments =
        send.attachments.iter().zip(sizes).map(|(attached, size)| Part::Attachment(attachment(attached, *size)));
    let agent = AgentInfo {
        id: sender.id.to_owned(),
        name: Some(sender.person.name().to_owned()),
        address: sender.person.address(&item.media_type).map(str::to_owned),
        presence: Some(sender.presence.name().to_owned()),
        attributes: Attributes::default(),
    };
    Message {
        driver: sender.driver,
        cause: Some(item.last_message.to_string()),
        work_item: Some(WorkItemInfo {
            id: None,
            priority: Some(item.priority.into()),
            state: Some(item.state.name().to_owned()),
            ..info.clone()
        }),
        agent: Some(agent),
        parts: text.into_iter().chain(attachments).collect(),
        ..Message::new(&*item.media_type, Kind::Command, "message.send")
    }
}

fn attachment(attached: &Attached, size: u64) -> Attachment {
    Attachment {
        name: attached.name.clone(),
        media_type: attached.media_type.clone().unwrap_or_else(|| UNKNOWN_TYPE.to_owned()),
        size: u32::try_from(size).ok(),
        blob: Some(attached.blob),
        state: "ready".to_owned(),
        disposition: "attached".to_owned(),
        attributes: Attributes::default(),
    }
}

#[cfg(test)]
mod tests;
