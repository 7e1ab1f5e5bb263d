//! What the fields of a message may hold: limits and forms.

use super::at::At;
use super::{Bytes, Invalid, json, text};
use crate::{
    AgentInfo, Attachment, Attributes, Customer, Interaction, Message, Part, Structured, Text, WorkItemInfo, limits,
    vocabulary,
};

/// More than all names of members, nulls, stamps and numbers of a message without parts have in JSON.
const FRAME: usize = 4096;
/// The same for a part.
const PART: usize = 512;

type Checked = Result<(), Invalid>;

/// Checks every field, and tells how many bytes there are.
pub(super) fn check(message: &Message) -> Result<Bytes, Invalid> {
    let mut bytes = Bytes { text: 0, rest: FRAME };
    let (root, b) = (At::Root, &mut bytes);
    interaction(&message.interaction, &root.key("interaction"), b)?;
    text::media_type(&message.media_type, &root.key("mediaType"), b)?;
    text::optional(&message.event_id, &root.key("eventId"), b, text::id)?;
    text::optional(&message.external_id, &root.key("externalId"), b, text::id)?;
    text::optional(&message.cause, &root.key("cause"), b, text::id)?;
    if let Some(item) = &message.work_item {
        work_item(item, &root.key("workItem"), b)?;
    }
    for (name, info) in [("agent", &message.agent), ("encodedAgent", &message.encoded_agent)] {
        if let Some(info) = info {
            agent(info, &root.key(name), b)?;
        }
    }
    others(message, &root, b)?;
    let at = root.key("parts");
    let count = message.parts.len();
    if count > limits::PARTS {
        return Err(at.limit(format_args!(
            "{count} parts, at most {} are allowed; push the rest as a message of its own",
            limits::PARTS
        )));
    }
    for (index, part) in message.parts.iter().enumerate() {
        b.add(0, PART);
        self::part(part, &at.index(index), b)?;
    }
    attributes(&message.attributes, &root, b)?;
    Ok(bytes)
}

fn interaction(interaction: &Interaction, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::name(&interaction.name, &at.key("name"), b)?;
    text::optional(&interaction.tracking_id, &at.key("trackingId"), b, text::id)?;
    text::optional(&interaction.in_reply_to, &at.key("inReplyTo"), b, text::id)?;
    json::object(&interaction.arguments, &at.key("arguments"), b)
}

fn work_item(item: &WorkItemInfo, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::id(&item.conversation, &at.key("conversation"), b)?;
    customer(&item.customer, &at.key("customer"), b)?;
    text::optional(&item.subject, &at.key("subject"), b, text::line)?;
    if let Some(priority) = item.priority.filter(|priority| *priority > limits::PRIORITY) {
        return Err(at.key("priority").limit(format_args!(
            "{priority} is over the highest priority, {}; map the channel's priorities to 0 to {0}",
            limits::PRIORITY
        )));
    }
    text::optional(&item.language, &at.key("language"), b, text::language)?;
    text::optional(&item.state, &at.key("state"), b, |state, at, b| {
        text::word(state, vocabulary::WORK_ITEM_STATES, at, b)
    })?;
    attributes(&item.attributes, at, b)
}

fn customer(customer: &Customer, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::id(&customer.address, &at.key("address"), b)?;
    let aliases = at.key("aliases");
    let count = customer.aliases.len();
    if count > limits::ALIASES {
        return Err(aliases.limit(format_args!(
            "{count} aliases, at most {} are allowed; keep those that the channel still uses",
            limits::ALIASES
        )));
    }
    for (index, alias) in customer.aliases.iter().enumerate() {
        b.add(0, 3);
        text::id(alias, &aliases.index(index), b)?;
    }
    text::optional(&customer.name, &at.key("name"), b, text::line)?;
    text::optional(&customer.id, &at.key("id"), b, text::id)?;
    attributes(&customer.attributes, at, b)
}

fn agent(agent: &AgentInfo, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::id(&agent.id, &at.key("id"), b)?;
    text::optional(&agent.name, &at.key("name"), b, text::line)?;
    text::optional(&agent.address, &at.key("address"), b, text::id)?;
    text::optional(&agent.presence, &at.key("presence"), b, |presence, at, b| {
        text::word(presence, vocabulary::PRESENCES, at, b)
    })?;
    attributes(&agent.attributes, at, b)
}

fn others(message: &Message, root: &At<'_>, b: &mut Bytes) -> Checked {
    if let Some(queue) = &message.queue {
        let at = root.key("queue");
        text::id(&queue.id, &at.key("id"), b)?;
        if queue.position == Some(0) {
            return Err(at
                .key("position")
                .invalid("places in a queue begin with 1, which is next; give null if there is none"));
        }
        attributes(&queue.attributes, &at, b)?;
    }
    if let Some(statistics) = &message.statistics {
        let at = root.key("statistics");
        text::name(&statistics.name, &at.key("name"), b)?;
        json::object(&statistics.values, &at.key("values"), b)?;
        attributes(&statistics.attributes, &at, b)?;
    }
    if let Some(connection) = &message.connection {
        let at = root.key("connection");
        text::word(&connection.state, vocabulary::CONNECTION_STATES, &at.key("state"), b)?;
        text::optional(&connection.detail, &at.key("detail"), b, text::line)?;
        attributes(&connection.attributes, &at, b)?;
    }
    if let Some(rule) = &message.rule {
        let at = root.key("rule");
        text::name(&rule.name, &at.key("name"), b)?;
        text::optional(&rule.outcome, &at.key("outcome"), b, text::line)?;
        attributes(&rule.attributes, &at, b)?;
    }
    Ok(())
}

fn part(part: &Part, at: &At<'_>, b: &mut Bytes) -> Checked {
    match part {
        Part::Text(part) => written(part, at, b),
        Part::Attachment(part) => attachment(part, at, b),
        Part::Structured(part) => structured(part, at, b),
    }
}

fn written(part: &Text, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::most(&part.text, limits::TEXT, &at.key("text"), b)?;
    text::word(&part.format, vocabulary::FORMATS, &at.key("format"), b)?;
    text::optional(&part.language, &at.key("language"), b, text::language)?;
    attributes(&part.attributes, at, b)
}

fn attachment(part: &Attachment, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::optional(&part.name, &at.key("name"), b, text::line)?;
    text::content_type(&part.media_type, &at.key("mediaType"), b)?;
    text::word(&part.state, vocabulary::ATTACHMENT_STATES, &at.key("state"), b)?;
    text::word(&part.disposition, vocabulary::DISPOSITIONS, &at.key("disposition"), b)?;
    if part.state == vocabulary::READY && part.blob.is_none() {
        return Err(at.key("blob").invalid(
            "the attachment is `ready` but has no blob; write its bytes with `blobs` and give the digest, or say \
             `pending` and push `message.changed` when it is fetched",
        ));
    }
    attributes(&part.attributes, at, b)
}

fn structured(part: &Structured, at: &At<'_>, b: &mut Bytes) -> Checked {
    text::name(&part.name, &at.key("name"), b)?;
    json::object(&part.values, &at.key("values"), b)?;
    text::most(&part.fallback, limits::TEXT, &at.key("fallback"), b)?;
    attributes(&part.attributes, at, b)
}

fn attributes(attributes: &Attributes, parent: &At<'_>, b: &mut Bytes) -> Checked {
    let pairs = &attributes.0;
    if pairs.is_empty() {
        return Ok(());
    }
    let at = parent.key("attributes");
    if pairs.len() > limits::ATTRIBUTES {
        return Err(at.limit(format_args!(
            "{} attributes, at most {} are allowed; leave out what nobody reads",
            pairs.len(),
            limits::ATTRIBUTES
        )));
    }
    for (index, (key, value)) in pairs.iter().enumerate() {
        let here = at.key(key);
        text::key(key, &here, b)?;
        text::most(value, limits::ATTRIBUTE, &here, b)?;
        // Of at most 64: comparing is faster than a set.
        if pairs.iter().take(index).any(|(earlier, _)| earlier == key) {
            return Err(
                here.invalid(format_args!("the key {key:?} is there twice; join the values or number the keys"))
            );
        }
        b.add(0, 6);
    }
    Ok(())
}
