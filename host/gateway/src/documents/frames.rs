//! The frames of the agents' WebSocket, one entry each: what AsyncAPI says is made of it.

use super::schemas::{PRESENCES, code, offered, skills, status};
use super::shape::{
    Field, any, boolean, count, digest, field, key, list, maybe, nullable, record, reference, text, time, word,
};
use serde_json::{Value, json};

/// Whether a frame has a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbered {
    Yes,
    No,
}

/// What the server sends, by type.
pub(super) fn events() -> Vec<(String, Value)> {
    let item = || vec![field("workItem", reference("WorkItem"), "The work item.")];
    let ended = || {
        let offer = field("offer", reference("Offer"), "The offer.");
        vec![offer, field("workItem", reference("WorkItem"), "The work item.")]
    };
    let said = || {
        let message = field("message", nullable(reference("Message")), "The message; null when erased.");
        vec![field("workItem", reference("WorkItem"), "The work item."), message]
    };
    let yes = Numbered::Yes;
    vec![
        event("snapshot", yes, "How everything stands; what follows builds on it.", snapshot()),
        event(
            "agent.updated",
            yes,
            "Presence, load or capacity changed.",
            vec![field("agent", reference("OwnState"), "The agent.")],
        ),
        event("offer.created", yes, "The agent is asked to take a work item.", offered().into()),
        event("offer.accepted", yes, "The agent took it.", ended()),
        event("offer.rejected", yes, "The agent refused it.", ended()),
        event("offer.expired", yes, "Nobody answered in time.", ended()),
        event("offer.rescinded", yes, "Another agent took it.", ended()),
        event("offer.revoked", yes, "It was taken back.", ended()),
        event("offer.failed", yes, "It could not be delivered to the agent.", ended()),
        event("work-item.updated", yes, "Something about a work item changed, its owner perhaps.", item()),
        event("work-item.closed", yes, "A work item has ended.", item()),
        event("message.received", yes, "The customer or the channel said something.", said()),
        event("message.changed", yes, "Something that was said was changed or taken back.", said()),
        event("message.status", yes, "What became of a message that was sent.", message_status()),
        event("typing", Numbered::No, "The customer is writing; lasts ten seconds.", typing()),
        event("command.result", Numbered::No, "What came of a command.", result()),
    ]
}

fn event(name: &str, numbered: Numbered, about: &str, data: Vec<Field>) -> (String, Value) {
    let mut fields = vec![
        field("specversion", json!({ "const": "1.0" }), "CloudEvents 1.0."),
        field("id", text(), "Unique."),
        field("source", json!({ "const": "/jackfield" }), "This server."),
        field("type", json!({ "const": name }), "The kind of event."),
        field("time", nullable(time()), "When it happened."),
    ];
    if numbered == Numbered::Yes {
        fields.push(field(
            "sequence",
            count(),
            "Counts this agent's events without gaps; a snapshot's is the one it is current to.",
        ));
    }
    fields.push(field("data", record(about, data), "What happened."));
    (name.to_owned(), json!({ "name": name, "summary": about, "payload": record(about, fields) }))
}

fn snapshot() -> Vec<Field> {
    vec![
        field("agent", reference("OwnState"), "The agent."),
        field("offers", list(reference("OfferedItem")), "Pending offers."),
        field("workItems", list(reference("OwnedItem")), "The agent's work items."),
    ]
}

fn message_status() -> Vec<Field> {
    let mut fields =
        vec![field("workItemId", text(), "The work item it was sent for."), field("messageId", text(), "The message.")];
    fields.extend(status());
    fields
}

fn typing() -> Vec<Field> {
    vec![field("workItemId", text(), "The work item."), field("on", boolean(), "False: the customer has stopped.")]
}

fn result() -> Vec<Field> {
    let error = record(
        "Why it wasn't done.",
        [
            field("code", code(), "The kind of error."),
            field("message", text(), "What happened and what to do."),
            maybe("state", text(), "With `wrong-state`: the state found."),
        ],
    );
    vec![
        field("id", nullable(text()), "The command's id; null if the frame had none."),
        field("ok", boolean(), "Whether it was done."),
        maybe("workItemId", text(), "The work item that was opened."),
        maybe("messageId", text(), "The message that is being sent."),
        maybe("error", error, "Why it wasn't done."),
    ]
}

/// What the agent sends, by type.
pub(super) fn commands() -> Vec<(String, Value)> {
    let item = || field("workItemId", text(), "The work item.");
    let to = record(
        "An agent, a queue, or whoever has a skill.",
        [
            maybe("agent", nullable(text()), "An agent, who is asked at once."),
            maybe("queue", nullable(text()), "A queue."),
            maybe("skills", nullable(skills()), "Skill -> least level; in `queue`, or in the item's own."),
        ],
    );
    vec![
        command(
            "agent.set-state",
            "Changes the presence.",
            vec![
                field("state", word(&PRESENCES), "The new one."),
                maybe("reason", nullable(text()), "Why, up to 1 KiB."),
                maybe("mediaType", nullable(text()), "For this medium only; `available` takes that back."),
            ],
        ),
        command("offer.accept", "Takes an offer.", vec![field("offerId", text(), "The offer.")]),
        command(
            "offer.reject",
            "Refuses an offer.",
            vec![field("offerId", text(), "The offer."), maybe("reason", nullable(text()), "Why, up to 1 KiB.")],
        ),
        command(
            "message.send",
            "Answers the customer. The result has `messageId`.",
            vec![
                item(),
                maybe("text", nullable(text()), "Up to 64 KiB; may be left out with attachments."),
                maybe("attachments", nullable(list(attachment())), "Files of `POST /v1/blobs`, 32 at most."),
                maybe("replyTo", nullable(text()), "The message of the customer's that this answers: its `id`."),
                maybe(
                    "idempotencyKey",
                    nullable(key()),
                    "A second one of this key and work item gets the first result.",
                ),
                if_version(),
            ],
        ),
        command(
            "message.retry",
            "Sends a message again that failed or is unknown. The result has `messageId`.",
            vec![field("messageId", text(), "The message.")],
        ),
        command(
            "work-item.complete",
            "Ends a work item, or its wrap-up.",
            vec![item(), maybe("code", nullable(text()), "A wrap-up code, up to 1 KiB."), if_version()],
        ),
        command("work-item.suspend", "Sets a work item aside: it weighs less meanwhile.", vec![item(), if_version()]),
        command("work-item.resume", "Goes on with it.", vec![item(), if_version()]),
        command("work-item.pick", "Takes a work item that waits.", vec![item(), if_version()]),
        command(
            "work-item.transfer",
            "Passes a work item on; it comes back if nobody takes it. `attended`: the agent is asked in first.",
            vec![
                item(),
                field("to", to, "To whom."),
                maybe("mode", nullable(word(&["blind", "attended"])), "`blind`, if it isn't said."),
                if_version(),
            ],
        ),
        command(
            "work-item.consult",
            "Asks another agent in, who doesn't take over.",
            vec![item(), field("agent", text(), "Whom."), if_version()],
        ),
        command(
            "work-item.transfer-complete",
            "Gives a work item to the agent who was asked in.",
            vec![item(), maybe("agent", nullable(text()), "Who of them, if there are several."), if_version()],
        ),
        command(
            "work-item.transfer-cancel",
            "Takes back a transfer that nobody has taken, or does without those who were asked in.",
            vec![item(), if_version()],
        ),
        command("work-item.leave", "Leaves a work item that the agent was asked into.", vec![item()]),
        command(
            "work-item.merge",
            "Makes another work item part of this one.",
            vec![item(), field("from", text(), "The one that ends."), if_version()],
        ),
        command(
            "work-item.split",
            "Makes a work item of its own of a part of this one.",
            vec![
                item(),
                field("messageId", text(), "The message that the new one begins with."),
                maybe("queue", nullable(text()), "Where to; without it this one's queue."),
                if_version(),
            ],
        ),
        command(
            "work-item.update",
            "Changes what the order and the choice of an agent depend on.",
            vec![
                item(),
                maybe("priority", nullable(count()), "0 to 1000."),
                maybe("skills", nullable(skills()), "All that the agent must have: skill -> least level."),
                maybe("preferredSkills", nullable(skills()), "All that is better to have."),
                if_version(),
            ],
        ),
        command(
            "contact.start",
            "Calls, texts or writes to a customer first: opens a work item of the agent's own. The result has \
             `workItemId` and `messageId`.",
            vec![
                field("channel", text(), "By which channel."),
                field("address", text(), "To whom, up to 512 bytes."),
                maybe("name", nullable(text()), "The customer's name."),
                maybe("mediaType", nullable(text()), "Where the channel's driver brings several."),
                maybe(
                    "purpose",
                    nullable(key()),
                    "`callback`, `follow-up` (if it isn't said), `campaign` or another word.",
                ),
                maybe("text", nullable(text()), "What to say first, up to 64 KiB."),
                maybe("attachments", nullable(list(attachment())), "Files of `POST /v1/blobs`, 32 at most."),
                maybe("queue", nullable(text()), "The queue that it counts for; without it the last route's."),
            ],
        ),
        command(
            "work-item.invoke",
            "Has the channel's driver do something of its own. The result has `messageId`; the answer comes as a \
             message with it as `inReplyTo`.",
            vec![
                item(),
                field("name", text(), "One of the descriptor's `commands`."),
                maybe("arguments", any(), "Fits the command's schema; up to 32 KiB."),
                if_version(),
            ],
        ),
        command("typing", "Tells the customer that the agent is writing; lasts ten seconds.", vec![item()]),
    ]
}

fn attachment() -> Value {
    let file = record(
        "A file and what it is called.",
        [
            field("blob", digest(), "The file."),
            maybe("name", nullable(text()), "Its name; without it as it was handed in."),
            maybe("mediaType", nullable(text()), "Its media type; without it as it was handed in."),
        ],
    );
    json!({ "anyOf": [digest(), file] })
}

fn if_version() -> Field {
    maybe("ifVersion", nullable(count()), "Refuse with `conflict` if the item has another version.")
}

fn command(name: &str, about: &str, fields: Vec<Field>) -> (String, Value) {
    let mut all = vec![
        field("id", key(), "The agent's own; the same again within 24 hours gets the first result."),
        field("type", json!({ "const": name }), "What is to be done."),
    ];
    all.extend(fields);
    // `typing` goes both ways: in the document each frame has a name of its own.
    let message = json!({ "name": name, "summary": about, "payload": record(about, all) });
    (format!("{name}.command"), message)
}
