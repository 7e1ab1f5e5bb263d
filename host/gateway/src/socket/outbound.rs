//! The message that an agent sends, made of the item's first message and what the agent wrote.

use crate::people::Person;
use jackfield_router::{Presence, WorkItem};
use jackfield_spec::{AgentInfo, Attachment, Attributes, Digest, Kind, Message, Part, Text, WorkItemInfo};

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

/// A file that goes with a message.
pub(super) struct File {
    pub(super) blob: Digest,
    pub(super) size: u64,
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
}

/// What an agent wrote, as parts of a message.
pub(super) fn parts(text: &str, files: Vec<File>) -> Vec<Part> {
    let text = (!text.is_empty()).then(|| {
        Part::Text(Text {
            text: text.to_owned(),
            format: "plain".to_owned(),
            language: None,
            attributes: Attributes::default(),
        })
    });
    text.into_iter().chain(files.into_iter().map(attachment)).collect()
}

/// Makes a message about a work item, still without parts and arguments. `info` is what the item's first message said of
/// the item: the driver knows the conversation by it.
pub(super) fn compose(item: &WorkItem, info: &WorkItemInfo, sender: Sender<'_>, kind: Kind, name: &str) -> Message {
    let agent = AgentInfo {
        name: Some(sender.person.name().to_owned()),
        address: sender.person.address(&item.media_type).map(str::to_owned),
        presence: Some(sender.presence.name().to_owned()),
        ..AgentInfo::new(sender.id)
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
        ..Message::new(&*item.media_type, kind, name)
    }
}

fn attachment(file: File) -> Part {
    Part::Attachment(Attachment {
        name: file.name,
        media_type: file.media_type.unwrap_or_else(|| UNKNOWN_TYPE.to_owned()),
        size: u32::try_from(file.size).ok(),
        blob: Some(file.blob),
        state: "ready".to_owned(),
        disposition: "attached".to_owned(),
        attributes: Attributes::default(),
    })
}

#[cfg(test)]
mod tests;
