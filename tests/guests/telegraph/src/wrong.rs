//! Messages that no driver should push: the server has to refuse or put right each of them.

use jackfield_sdk::bindings::imports::jackfield::channel::message::AgentInfo;
use jackfield_sdk::interactions::{Own, SupportRequest};
use jackfield_sdk::{Direction, Kind, Message, Result, WorkItem, host};

use crate::MEDIA_TYPE;
use crate::wire::{push_message, support_request};

/// Pushes what the path asks for; none where it asks for nothing wrong.
pub fn hand_in(path: &str, body: &str, number: &str) -> Option<Result<String>> {
    let (from, text) = body.trim_end().split_once(' ').unwrap_or((body, ""));
    let message = match path {
        "without-crm" => Message::new(MEDIA_TYPE, &notification("telegraph.rumour")),
        "without-work-item" => {
            Message::new(MEDIA_TYPE, &SupportRequest::default()).with_event_id(number).with_text(text)
        }
        "without-event-id" => Message { event_id: None, ..support_request(number, from, text) },
        "without-interaction" => {
            Message::new(MEDIA_TYPE, &notification("")).with_work_item(WorkItem::new(from, from)).with_event_id(number)
        }
        "crm-inside" => {
            let mut message = support_request(number, from, text);
            message.interaction.arguments = r#"{"intent":null,"workItem":{"priority":1000}}"#.into();
            message
        }
        "another-medium" => Message { media_type: "semaphore".into(), ..support_request(number, from, text) },
        "forged" => return Some(forged(number, from, text)),
        _ => return None,
    };
    Some(push_message(&message))
}

fn notification(name: &str) -> Own {
    Own { kind: Kind::Notification, name: name.into(), arguments: "{}".into() }
}

/// Everything that only the server may say is made up; the digest is that of the message without it.
fn forged(number: &str, from: &str, text: &str) -> Result<String> {
    let mut honest = support_request(number, from, text);
    honest.agent = Some(AgentInfo {
        id: "somebody".into(),
        name: Some("Whom the customer asks for".into()),
        address: None,
        presence: None,
        attributes: Vec::new(),
    });
    let mut message = honest.clone();
    message.id = Some("00000000-0000-7000-8000-000000000000".into());
    message.channel = Some("another-channel".into());
    message.driver = Some("another-driver@9.9.9".into());
    message.direction = Some(Direction::Outbound);
    message.received_at = Some(1);
    message.digest = Some(format!("sha256-{}", "0".repeat(64)));
    if let Some(item) = &mut message.work_item {
        item.id = Some("00000000-0000-7000-8000-000000000001".into());
    }
    let id = host::server::push(&message).map_err(|refused| jackfield_sdk::Error::new(&refused.code, refused.text))?;
    let same = push_message(&honest)?;
    Ok(format!(r#"[{same},{{"id":"{id}"}}]"#))
}
