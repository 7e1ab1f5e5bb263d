//! CRM information: that a message carries it, and that its interaction does not.

use super::Invalid;
use super::at::At;
use crate::vocabulary::{FOREIGN, INVOKE, INVOKE_OWN, OF_WORK_ITEM, SUPPORT_REQUEST};
use crate::{Kind, Message};
use serde_json::{Map, Value};

/// Refuses what lacks its interaction or the CRM information beside it.
pub(super) fn carried(message: &Message) -> Result<(), Invalid> {
    let interaction = &message.interaction;
    if interaction.name.trim().is_empty() {
        return Err(At::Root.key("interaction").key("name").refuse(
            "missing-interaction",
            "the interaction has no name; every message carries one command, request or notification: \
             give a name of the catalogue (interface `interactions`), such as `support-request`",
        ));
    }
    if interaction.name == SUPPORT_REQUEST {
        return support_request(message);
    }
    let carried = message.work_item.is_some()
        || message.agent.is_some()
        || message.queue.is_some()
        || message.statistics.is_some()
        || message.connection.is_some()
        || message.rule.is_some();
    if carried {
        return Ok(());
    }
    Err(At::Root.refuse(
        "missing-crm-information",
        format_args!(
            "`{}` carries nothing beside its interaction; give at least one of workItem, agent, queue, statistics, \
             connection, rule: what it is about",
            interaction.name
        ),
    ))
}

fn support_request(message: &Message) -> Result<(), Invalid> {
    let root = At::Root;
    if message.interaction.kind != Kind::Request {
        return Err(root.key("interaction").key("kind").invalid(format_args!(
            "a support-request is a request, not a {}; set the kind to `request`",
            kind(message.interaction.kind)
        )));
    }
    let Some(item) = &message.work_item else {
        let at = root.key("workItem");
        if message.agent.is_none() {
            return Err(at.refuse(
                "missing-crm-information",
                "a support-request without CRM information; give workItem with the conversation and the customer, \
                 and agent if the customer asks for one",
            ));
        }
        return Err(at.invalid(
            "a support-request with an agent only; it opens or joins the work item of a conversation: give workItem \
             with the conversation and the customer",
        ));
    };
    if item.conversation.is_empty() {
        return Err(root.key("workItem").key("conversation").invalid(
            "a support-request without a conversation; give the channel's key for messages that belong together, such \
             as a thread, a call, or the customer's address",
        ));
    }
    if message.event_id.as_deref().unwrap_or_default().is_empty() {
        return Err(root.key("eventId").invalid(
            "a support-request without an event id; give the channel's id of this event: by it the server knows an \
             event that it is given twice",
        ));
    }
    Ok(())
}

/// Refuses fields of work item or agent inside the interaction. `fields` has checked the depth.
pub(super) fn apart(message: &Message) -> Result<(), Invalid> {
    let interaction = &message.interaction;
    let Some(members) = interaction.arguments.as_object().filter(|members| !members.is_empty()) else {
        return Ok(());
    };
    let root = At::Root;
    let at = root.key("interaction");
    let at = at.key("arguments");
    if interaction.name == SUPPORT_REQUEST
        && let Some(key) = members.keys().find(|key| is_one_of(key, OF_WORK_ITEM))
    {
        return Err(at.key(key).refuse(
            "crm-in-interaction",
            format_args!("`{key}` belongs to the work item; put it into workItem.{}", plain(key)),
        ));
    }
    // A command of the driver's own has its own schema, and so has what it answers.
    let own: &[&str] = if interaction.name == INVOKE { INVOKE_OWN } else { &[] };
    foreign(members, own, &at)
}

fn foreign(members: &Map<String, Value>, own: &[&str], at: &At<'_>) -> Result<(), Invalid> {
    for (key, value) in members {
        let here = at.key(key);
        if is_one_of(key, FOREIGN) {
            let place = if plain(key).starts_with("agent") { "agent" } else { "workItem" };
            return Err(here.refuse(
                "crm-in-interaction",
                format_args!(
                    "`{key}` does not belong into the interaction; put what it says into the message's {place} and \
                     leave it out here"
                ),
            ));
        }
        if !own.contains(&key.as_str()) {
            within(value, &here)?;
        }
    }
    Ok(())
}

fn within(value: &Value, at: &At<'_>) -> Result<(), Invalid> {
    match value {
        Value::Object(members) => foreign(members, &[], at),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(i, item)| within(item, &at.index(i))),
        _ => Ok(()),
    }
}

/// Compares as `work-item`, `work_item` and `workItem` are the same.
fn is_one_of(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| letters(key).eq(name.bytes()))
}

fn letters(key: &str) -> impl Iterator<Item = u8> {
    key.bytes().filter(|b| !matches!(b, b'-' | b'_')).map(|b| b.to_ascii_lowercase())
}

fn plain(key: &str) -> String {
    letters(key).map(char::from).collect()
}

/// A kind as it is written.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Command => "command",
        Kind::Request => "request",
        Kind::Notification => "notification",
    }
}
