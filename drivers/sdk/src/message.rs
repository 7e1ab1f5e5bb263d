//! Ways to make and read a [`Message`].

use crate::error::code;
use crate::interactions::{Arguments, SupportRequest};
use crate::{
    AttachmentPart, Customer, Error, Interaction, Message, Part, Result, StructuredPart, TextPart, WorkItem, host,
};

impl Message {
    /// A message with an interaction and nothing else.
    pub fn new(media_type: &str, arguments: &impl Arguments) -> Self {
        Self {
            id: None,
            event_id: None,
            external_id: None,
            channel: None,
            driver: None,
            media_type: media_type.into(),
            direction: None,
            occurred_at: None,
            received_at: None,
            cause: None,
            digest: None,
            work_item: None,
            agent: None,
            queue: None,
            statistics: None,
            connection: None,
            rule: None,
            interaction: Interaction {
                kind: arguments.kind(),
                name: arguments.name().into(),
                arguments: arguments.to_json(),
                tracking_id: None,
                in_reply_to: None,
            },
            parts: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// One thing that a customer said.
    pub fn support_request(media_type: &str, work_item: WorkItem) -> Self {
        Self::new(media_type, &SupportRequest::default()).with_work_item(work_item)
    }

    /// Which conversation of which customer it is about.
    #[must_use]
    pub fn with_work_item(mut self, work_item: WorkItem) -> Self {
        self.work_item = Some(work_item);
        self
    }

    /// The channel's id of this event: the duplicate key.
    #[must_use]
    pub fn with_event_id(mut self, event_id: impl Into<String>) -> Self {
        self.event_id = Some(event_id.into());
        self
    }

    /// The channel's id of the thing that the event is about.
    #[must_use]
    pub fn with_external_id(mut self, external_id: impl Into<String>) -> Self {
        self.external_id = Some(external_id.into());
        self
    }

    /// When the channel says that it happened, in milliseconds since 1970.
    #[must_use]
    pub fn with_occurred_at(mut self, milliseconds: Option<u64>) -> Self {
        self.occurred_at = milliseconds;
        self
    }

    /// Adds plain text.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        self.with_part(Part::Text(TextPart::plain(text)))
    }

    /// Adds a part.
    #[must_use]
    pub fn with_part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, key: &str, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// All that a person can read of the message: its text parts, and of structured parts what stands for them, one
    /// below the other.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(part) => Some(part.text.as_str()),
                Part::Structured(part) => Some(part.fallback.as_str()),
                Part::Attachment(_) => None,
            })
            .collect();
        texts.join("\n")
    }

    /// The attachments.
    pub fn attachments(&self) -> impl Iterator<Item = &AttachmentPart> {
        self.parts.iter().filter_map(|part| match part {
            Part::Attachment(part) => Some(part),
            _ => None,
        })
    }
}

impl AttachmentPart {
    /// The digest and size of the file, which is there and has at most `max` bytes.
    ///
    /// # Errors
    /// `invalid`: it isn't there yet, or never will be. `too-large`. The host's.
    pub fn file(&self, max: u32) -> Result<(&str, u32)> {
        let name = self.name.as_deref().unwrap_or("a file");
        let Some(blob) = self.blob.as_deref().filter(|_| self.state == "ready") else {
            return Err(Error::new(code::INVALID, format!("{name} isn't there yet")));
        };
        let size = host::blobs::size(blob)?;
        if size > max {
            let text = format!("{name} has {size} bytes, and at most {max} can be sent: send a link to it");
            return Err(Error::new(code::TOO_LARGE, text));
        }
        Ok((blob, size))
    }
}

impl WorkItem {
    /// The conversation `conversation` (the driver's key for messages that belong together) with the customer at
    /// `address`.
    pub fn new(conversation: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            id: None,
            conversation: conversation.into(),
            customer: Customer {
                address: address.into(),
                aliases: Vec::new(),
                name: None,
                id: None,
                attributes: Vec::new(),
            },
            subject: None,
            priority: None,
            language: None,
            state: None,
            attributes: Vec::new(),
        }
    }
}

impl AttachmentPart {
    /// A file that is stored already. `media_type` is the sender's claim: what is no media type is taken for
    /// `application/octet-stream`, since a wrong claim must not cost the customer the message.
    pub fn ready(name: Option<String>, media_type: impl Into<String>, blob: String, size: u32) -> Self {
        Self { blob: Some(blob), size: Some(size), state: "ready".into(), ..Self::pending(name, media_type) }
    }

    /// A file that will be fetched later; then a `message.changed` says how that went. `media_type` as above.
    pub fn pending(name: Option<String>, media_type: impl Into<String>) -> Self {
        Self {
            name,
            media_type: claimed(media_type.into()),
            size: None,
            blob: None,
            state: "pending".into(),
            disposition: "attached".into(),
            attributes: Vec::new(),
        }
    }
}

/// A media type as RFC 6838 has it, with or without parameters, or the one for anything.
fn claimed(media_type: String) -> String {
    const LONGEST: usize = 127;
    let named = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim_end_matches(' ');
    let is_one = media_type.len() <= LONGEST
        && !media_type.chars().any(char::is_control)
        && essence.split_once('/').is_some_and(|(kind, name)| named(kind) && named(name));
    if is_one { media_type } else { "application/octet-stream".into() }
}

impl TextPart {
    /// Text in which nothing is markup.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), format: "plain".into(), language: None, attributes: Vec::new() }
    }
}

impl StructuredPart {
    /// What is neither text nor file: JSON values, and a text for who doesn't know the name.
    pub fn new(name: &str, values: String, fallback: impl Into<String>) -> Self {
        Self { name: name.into(), values, fallback: fallback.into(), attributes: Vec::new() }
    }
}
