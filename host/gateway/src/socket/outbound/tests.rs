use super::*;
use crate::fixture::{config, message};
use crate::people::People;
use jackfield_spec::{Digest, Direction, canonical, validate};

#[test]
fn an_answer_carries_the_item_the_agent_and_the_interaction() {
    let blob = Digest::of(b"picture");
    let file = File { blob, size: 7, name: Some("a.png".to_owned()), media_type: None };
    let item: WorkItem = serde_json::from_value(serde_json::json!({
        "id": "w1", "channel": "wire", "mediaType": "telegraph", "conversation": "k1", "state": "active", "since": 1, "queue": "support",
        "priority": 7, "weight": 20, "created": 1, "firstQueued": 1, "version": 3, "firstMessage": "m1", "lastMessage": "m9",
        "messageCount": 1, "customer": null, "owner": "ana", "rule": null, "preferred": null, "parent": null
    }))
    .unwrap();
    let first = message("station 7", "e1", "Hi");
    let people = People::new(&config(""));
    let directory = people.now();
    let sender = Sender {
        id: "ana",
        person: directory.person("ana"),
        presence: Presence::Busy,
        driver: Some("wire@1.0.0".to_owned()),
    };
    let mut made = compose(&item, first.work_item.as_ref().unwrap(), sender, Kind::Command, "message.send");
    made.parts = parts("Hello Carl", vec![file]);

    assert_eq!(made.cause.as_deref(), Some("m9"));
    assert_eq!((made.media_type.as_str(), made.driver.as_deref()), ("telegraph", Some("wire@1.0.0")));
    assert_eq!((made.interaction.kind, made.interaction.name.as_str()), (Kind::Command, "message.send"));
    let info = made.work_item.clone().unwrap();
    assert_eq!(
        (info.conversation.as_str(), info.customer.name.as_deref(), info.priority),
        ("station 7", Some("Carl"), Some(7))
    );
    let agent = made.agent.clone().unwrap();
    assert_eq!(
        (agent.name.as_deref(), agent.address.as_deref(), agent.presence.as_deref()),
        (Some("Ana"), Some("desk 4"), Some("busy"))
    );
    let Part::Attachment(file) = &made.parts[1] else { panic!("{:?}", made.parts) };
    assert_eq!((file.size, file.blob, file.media_type.as_str()), (Some(7), Some(blob), "application/octet-stream"));
    assert!(
        validate::validate(&made).is_ok(),
        "what an agent sends keeps the specification: {:?}",
        validate::validate(&made)
    );

    made.direction = Some(Direction::Outbound);
    assert!(canonical::digest(&mut made).is_ok());
}
