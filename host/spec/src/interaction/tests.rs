use super::*;
use wit_parser::{TypeDefKind, TypeId};

/// What the specification must define, by kind and way.
const MUST: &[(Kind, Way, &[&str])] = &[
    (
        Kind::Command,
        Way::ToDriver,
        &[
            "message.send",
            "work-item.accept",
            "work-item.reject",
            "work-item.release",
            "work-item.suspend",
            "work-item.resume",
            "work-item.transfer",
            "work-item.transfer-complete",
            "work-item.transfer-cancel",
            "work-item.consult",
            "work-item.join",
            "work-item.leave",
            "work-item.supervise",
            "agent.sign-on",
            "agent.sign-off",
            "contact.start",
            "invoke",
        ],
    ),
    (Kind::Command, Way::ToServer, &["work-item.requeue", "work-item.cancel", "work-item.complete", "work-item.merge"]),
    (Kind::Request, Way::ToDriver, &["work-item.offer", "channel.health", "command.status"]),
    (
        Kind::Request,
        Way::ToServer,
        &["support-request", "work-item.state", "agent.state", "queue.statistics", "customer.find"],
    ),
    (
        Kind::Notification,
        Way::ToServer,
        &[
            "message.status",
            "message.echoed",
            "customer.changed",
            "work-item.started",
            "work-item.suspended",
            "work-item.resumed",
            "work-item.released",
            "command.status-changed",
            "channel.health-changed",
            "opt-out",
        ],
    ),
    (
        Kind::Notification,
        Way::Both,
        &["message.changed", "message.removed", "reaction", "typing", "agent.state-changed", "error"],
    ),
    (
        Kind::Notification,
        Way::ToDriver,
        &[
            "work-item.assigned",
            "work-item.queued",
            "work-item.revoked",
            "work-item.wrapping",
            "work-item.cancelled",
            "work-item.closed",
            "queue.position",
            "statistics",
            "rules-changed",
            "connection",
        ],
    ),
];

fn record(name: &str) -> Option<TypeId> {
    wit::interface("interactions").and_then(|interface| interface.types.get(name).copied())
}

#[test]
fn the_catalogue_has_every_interaction_with_its_kind_and_way() {
    for (kind, way, names) in MUST {
        for name in *names {
            let found = find(name).map(|entry| (entry.kind, entry.way));
            assert_eq!(found, Some((*kind, *way)), "{name}");
        }
    }
    let count: usize = MUST.iter().map(|(_, _, names)| names.len()).sum();
    assert_eq!(CATALOGUE.len(), count, "an interaction that this list does not have");
    assert_eq!(BY_NAME.len(), CATALOGUE.len(), "a name is there twice");
}

#[test]
fn every_item_of_the_list_is_read() {
    let docs = wit::interface("interactions").and_then(|i| i.docs.contents.as_deref()).unwrap_or_default();
    let lost: Vec<&str> = items(docs).filter(|line| entry(line).is_none()).collect();
    assert_eq!(lost, Vec::<&str>::new());
}

#[test]
fn every_request_has_a_reply_and_nothing_else_but_invoke_has() {
    for entry in CATALOGUE.iter() {
        let answered = entry.kind == Kind::Request || entry.name == "invoke";
        assert_eq!(entry.reply != Reply::None, answered, "{}", entry.name);
    }
}

#[test]
fn every_record_of_the_catalogue_exists_and_repeats_its_name_kind_and_way() {
    for entry in CATALOGUE.iter() {
        let head = wit::interface("interactions")
            .and_then(|i| i.docs.contents.as_deref())
            .and_then(|docs| items(docs).find(|line| line.starts_with(&format!("`{}` ", entry.name))))
            .and_then(|line| line.split(", ").next())
            .unwrap_or_default();
        let reply = match entry.reply {
            Reply::Record(record) => Some((record, format!("reply of {head}"))),
            Reply::None | Reply::Plain => None,
        };
        for (name, first) in entry.arguments.map(|name| (name, head.to_owned())).into_iter().chain(reply) {
            let id = record(name).unwrap_or_else(|| panic!("{}: no record `{name}`", entry.name));
            let docs = wit::resolve().types[id].docs.contents.as_deref().unwrap_or_default();
            assert_eq!(docs.lines().next(), Some(first.as_str()), "record `{name}`");
        }
    }
}

#[test]
fn every_record_is_used() {
    let mut used: Vec<&str> = CATALOGUE
        .iter()
        .flat_map(|entry| {
            let reply = if let Reply::Record(record) = entry.reply { Some(record) } else { None };
            entry.arguments.into_iter().chain(reply)
        })
        .collect();
    let text = crate::wit_text();
    let parts = wit::interface("interactions").into_iter().flat_map(|i| i.types.iter());
    for (name, id) in parts {
        if matches!(wit::resolve().types[*id].kind, TypeDefKind::Record(_)) {
            let part = text.contains(&format!("list<{name}>"));
            assert!(part || used.contains(&name.as_str()), "record `{name}` is used nowhere");
        }
    }
    used.sort_unstable();
    used.dedup();
    assert!(used.len() > 30, "{used:?}");
}

#[test]
fn an_unknown_name_is_not_found() {
    assert_eq!(find("telegraph.stop"), None);
    assert_eq!(find(""), None);
}
