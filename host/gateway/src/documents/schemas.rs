//! What stands in answers and events.

use super::operating;
use super::shape::{
    Field, boolean, count, digest, field, list, map, maybe, nullable, record, reference, text, time, word,
};
use serde_json::{Map, Value, json};

/// States of a work item.
pub(super) const ITEM_STATES: [&str; 8] =
    ["new", "queued", "offered", "active", "suspended", "wrapping", "closed", "cancelled"];
/// Presences of an agent.
pub(super) const PRESENCES: [&str; 5] = ["available", "busy", "away", "finishing", "offline"];
/// What becomes of a message that is sent.
const STATUSES: [&str; 6] = ["queued", "unknown", "sent", "delivered", "read", "failed"];
/// Codes of errors.
const CODES: [&str; 11] = [
    "bad-request",
    "not-found",
    "not-allowed",
    "wrong-state",
    "conflict",
    "expired",
    "over-capacity",
    "too-large",
    "rate-limited",
    "not-supported",
    "unavailable",
];

/// All schemas by name, those of messages among them.
pub(super) fn all() -> Map<String, Value> {
    let mut all = of_messages();
    let own = [
        ("Problem", problem()),
        ("Failure", failure()),
        ("WorkItem", work_item()),
        ("Offer", offer()),
        ("MessageState", message_state()),
        ("OwnState", own_state()),
        ("OfferedItem", offered_item()),
        ("OwnedItem", owned_item()),
        ("Agent", agent()),
        ("Queue", queue()),
        ("Explanation", explanation()),
        ("Reason", reason()),
        ("Why", why()),
        ("Thread", thread()),
        ("Blob", blob()),
        ("Erased", erased()),
    ];
    all.extend(own.into_iter().chain(operating::all()).map(|(name, schema)| (name.to_owned(), schema)));
    for name in ["WorkItem", "Agent", "Queue", "Channel", "LogLine", "Driver", "Quarantined", "CallRecord"] {
        all.insert(format!("{name}List"), page(name));
    }
    all
}

/// The schemas of the specification, which stand there under `$defs`.
fn of_messages() -> Map<String, Value> {
    let mut schema = jackfield_spec::schema::json_schema();
    let Some(Value::Object(defs)) = schema.get_mut("$defs").map(Value::take) else { return Map::new() };
    let name = |old: &str| format!("message.{old}");
    let mut found: Map<String, Value> = defs
        .into_iter()
        .map(|(old, mut def)| {
            refer(&mut def, &name);
            (name(&old), def)
        })
        .collect();
    found.insert("Message".to_owned(), reference("message.message"));
    found
}

/// Lets references to `$defs` point to the components.
fn refer(schema: &mut Value, name: &impl Fn(&str) -> String) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(old) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("#/components/schemas/{}", name(old));
            }
            members.values_mut().for_each(|member| refer(member, name));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| refer(member, name)),
        _ => {}
    }
}

/// A page of a list.
fn page(of: &str) -> Value {
    record(
        "A page of a list, ordered by id and stable while one pages.",
        [
            field("items", list(reference(of)), "The entries."),
            field("next", nullable(text()), "Path and query of the next page; null at the end."),
        ],
    )
}

/// The code of an error.
pub(super) fn code() -> Value {
    word(&CODES)
}

fn problem() -> Value {
    record(
        "What went wrong (RFC 9457).",
        [
            field("type", text(), "`about:blank`: the status says it."),
            field("title", text(), "The status in words."),
            field("status", count(), "The status."),
            field("code", code(), "The same as in the agents' protocol."),
            field("detail", text(), "What happened and what to do."),
            maybe("state", text(), "With `wrong-state`: the state found."),
        ],
    )
}

fn failure() -> Value {
    record(
        "Why a message failed or is late.",
        [
            field("code", text(), "Of the specification's catalogue, or the driver's own."),
            field("message", nullable(text()), "For people."),
        ],
    )
}

fn work_item() -> Value {
    record(
        "A customer's request, or a task.",
        [
            field("id", text(), "UUIDv7: sorts by the time it was opened."),
            field(
                "externalIds",
                list(text()),
                "The channel's ids of its messages: the newest 10 in events, 100 elsewhere.",
            ),
            field("conversation", nullable(text()), "The driver's key of the conversation; null when erased."),
            field("state", word(&ITEM_STATES), "Where it is in its life."),
            field("queue", text(), "The queue that it waits in or came from."),
            field("owner", nullable(text()), "The agent who has it."),
            field("channel", nullable(text()), "The channel it came in by; null for a task."),
            field("mediaType", text(), "The medium."),
            field("customer", nullable(reference("message.customer")), "Who asks."),
            field("priority", count(), "0 to 1000, higher first."),
            field("version", count(), "Goes up with each change; for `ifVersion`."),
            field("rule", nullable(text()), "The route that sent it here."),
            field("parent", nullable(text()), "The closed item that this one goes on from."),
            field("subject", nullable(text()), "What it is about."),
            field("language", nullable(text()), "BCP 47."),
            field("attributes", nullable(reference("message.attributes")), "What the driver says besides."),
            field("simulated", boolean(), "It comes of a simulated channel."),
            field("skills", skills(), "What the agent must have: skill -> least level."),
            field("preferredSkills", skills(), "What is better to have."),
            field("ring", count(), "How many rings of its queue it has passed."),
            field("helpers", list(text()), "Agents who were asked in."),
            field("transfer", nullable(transfer()), "It is on its way to somebody else."),
            field("sla", nullable(sla()), "Due times; null: its queue has none."),
            field("createdAt", nullable(time()), "When it was opened."),
            field("firstQueuedAt", nullable(time()), "Its age counts from here."),
            field("updatedAt", nullable(time()), "Since when it is in its state."),
            field("notBefore", nullable(time()), "Scheduled: it is queued then."),
            field("expiresAt", nullable(time()), "When it is cancelled if nobody has it."),
            field("suspendAt", nullable(time()), "When it is set aside if nothing is said."),
            field("wrapUpUntil", nullable(time()), "When its wrap-up ends by itself."),
            field("code", nullable(text()), "The wrap-up code."),
        ],
    )
}

/// Skill -> level.
pub(super) fn skills() -> Value {
    map(json!({ "type": "integer", "minimum": 1, "maximum": 10 }))
}

fn transfer() -> Value {
    record("A transfer that nobody has taken yet.", [field("from", text(), "The agent who passes it on.")])
}

fn sla() -> Value {
    let due = || {
        record(
            "A due time.",
            [field("dueAt", nullable(time()), "When."), field("breached", boolean(), "It was not met.")],
        )
    };
    record(
        "Due times.",
        [
            field("firstAnswer", nullable(due()), "Of the first answer, while there is none."),
            field("nextAnswer", nullable(due()), "Of the answer to the oldest message that has none."),
            field("resolution", nullable(due()), "Of the end."),
            field("answeredAt", nullable(time()), "When the first answer was given."),
            field("breached", list(word(&["first-answer", "next-answer", "resolution"])), "Which were not met."),
        ],
    )
}

fn offer() -> Value {
    record(
        "An agent is asked to take a work item.",
        [
            field("id", text(), "Its id."),
            field("workItemId", text(), "The work item."),
            field("kind", word(&["work", "transfer", "consult"]), "To take it, to take it over, to come in."),
            field("from", nullable(text()), "The agent who passes it on or asks in."),
            field("createdAt", nullable(time()), "When the agent was asked."),
            field("expiresAt", nullable(time()), "Until when the agent can answer."),
        ],
    )
}

/// What became of a message that was sent.
fn message_state() -> Value {
    record("What became of a message that was sent.", status())
}

pub(super) fn status() -> [Field; 2] {
    [
        field("status", word(&STATUSES), "`unknown`: it may have reached the channel, or not."),
        field("error", nullable(reference("Failure")), "Why it failed; with `queued`, that later ones pass it."),
    ]
}

fn own_state() -> Value {
    record(
        "An agent as the agent's own desktop is told.",
        [
            field("id", text(), "The agent's id."),
            field("name", text(), "The agent's name."),
            field("state", word(&PRESENCES), "The presence."),
            field("reason", nullable(text()), "Why."),
            field("media", map(word(&PRESENCES)), "Presence that differs for a medium."),
            field("load", count(), "Of the capacity, what is taken."),
            field("capacity", count(), "The budget."),
        ],
    )
}

fn offered_item() -> Value {
    record("An offer with what an agent needs to decide on it.", offered())
}

pub(super) fn offered() -> [Field; 4] {
    [
        field("offer", reference("Offer"), "The offer."),
        field("workItem", reference("WorkItem"), "The work item."),
        field("message", nullable(reference("Message")), "The message that opened it; null when erased."),
        field("customer", nullable(reference("message.customer")), "Who asks."),
    ]
}

fn owned_item() -> Value {
    record(
        "A work item of the agent's own.",
        [
            field("workItem", reference("WorkItem"), "The work item."),
            field("messages", list(reference("Message")), "Its newest messages, 100 at most, in order."),
            field("statuses", map(reference("MessageState")), "Of those that were sent, by the message's id."),
        ],
    )
}

fn agent() -> Value {
    record(
        "An agent as operators see it.",
        [
            field("id", text(), "The agent's id."),
            field("name", text(), "The agent's name."),
            field("state", word(&PRESENCES), "The presence."),
            field("reason", nullable(text()), "Why."),
            field("media", map(word(&PRESENCES)), "Presence that differs for a medium."),
            field("load", count(), "Of the capacity, what is taken."),
            field("capacity", count(), "The budget."),
            field("connections", count(), "WebSockets that are open."),
            field("workItems", count(), "Work items of the agent's own."),
            field("offers", count(), "Offers that are pending."),
            field("skills", map(count()), "Skill -> level, 1 to 10."),
            field("teams", list(text()), "Teams."),
        ],
    )
}

fn queue() -> Value {
    record(
        "A queue and what is in it.",
        [
            field("id", text(), "The queue's id."),
            field("waiting", count(), "Items that wait for an agent."),
            field("offered", count(), "Items that an agent has been asked to take."),
            field("active", count(), "Items that an agent works on."),
            field("suspended", count(), "Items that an agent has set aside."),
            field("wrapping", count(), "Items that are being wrapped up."),
            field("longestWaitMs", nullable(count()), "How long the item that waits longest has been waiting."),
            field("open", boolean(), "Whether it is within its business hours."),
            field("expectedWaitMs", nullable(count()), "How long the next item would wait, from the pace of late."),
            field("serviceLevelPercent", nullable(count()), "Hundredths accepted within the config's time."),
        ],
    )
}

fn explanation() -> Value {
    let agent = record(
        "An agent, and why not this one.",
        [
            field("agent", text(), "The agent."),
            field("eligible", boolean(), "The agent could take the item now."),
            field("reasons", list(reference("Reason")), "Why not; each of them must change."),
        ],
    );
    let assigned = record(
        "How an agent came to have it.",
        [
            field("agent", text(), "The agent."),
            field("offeredAt", nullable(time()), "When the agent was asked."),
            field("acceptedAt", nullable(time()), "When the agent accepted."),
            field("why", nullable(reference("Why")), "Why this agent."),
        ],
    );
    let now = record(
        "How it stands now.",
        [
            field("since", nullable(time()), "Since when it is in its state."),
            field("rule", nullable(text()), "The route that sent it to its queue."),
            field("ring", count(), "How many rings it has passed."),
            field("nextRingAt", nullable(time()), "When the next ring is due."),
            field("priority", count(), "Its age included, in whole points."),
            field("skills", skills(), "What is required now, rings applied."),
            field("teams", nullable(list(text())), "Teams that may take it; null: everybody."),
            field("position", nullable(count()), "The place in its queue, among the first thousand."),
            field("held", list(reference("Reason")), "Why it isn't offered at all, whoever is there."),
            field("agents", list(agent), "While nobody has it: each agent."),
            field("assigned", nullable(assigned), "While an agent has it: how that came."),
        ],
    );
    let decision = record(
        "An offer that was made of it.",
        [
            field("at", nullable(time()), "When."),
            field("after", text(), "The command that made it necessary."),
            field("offerId", text(), "The offer."),
            field("agent", text(), "The agent who was asked."),
            field("kind", word(&["work", "transfer", "consult"]), "What for."),
            field("expiresAt", nullable(time()), "Until when the agent could answer."),
            field("why", nullable(reference("Why")), "Why this agent."),
            field("outcome", nullable(text()), "How it ended; null: it is pending."),
            field("endedAt", nullable(time()), "When it ended."),
        ],
    );
    record(
        "Why an item is where it is.",
        [
            field("workItemId", text(), "The work item."),
            field("state", word(&ITEM_STATES), "Where it is in its life."),
            field("queue", text(), "Its queue."),
            field("now", nullable(now), "How it stands; null once it has ended."),
            field("decisions", list(decision), "Every offer that was made of it, the first one first."),
            field("truncated", boolean(), "There are later records than were looked through for this answer."),
        ],
    )
}

fn reason() -> Value {
    record(
        "Why something isn't so.",
        [
            field("code", text(), "Such as `skill`, `capacity`, `outside-hours`."),
            field("text", text(), "What is so."),
            field("change", text(), "What would change it."),
        ],
    )
}

fn why() -> Value {
    let measure = || {
        record(
            "What the choice went by.",
            [
                field("agent", text(), "The agent."),
                field("idleSince", nullable(time()), "Since when idle."),
                field("load", count(), "The load before the offer."),
                field("level", count(), "The sum of levels in the skills required."),
            ],
        )
    };
    record(
        "Why an agent was asked: what was known at that moment.",
        [
            field(
                "by",
                text(),
                "`longest-idle`, `least-loaded`, `round-robin`, `best-skill`, `preferred`, `named`, `picked`.",
            ),
            field("queue", text(), "The queue."),
            field("ring", count(), "The ring in force; 0 before the first."),
            field("rule", nullable(text()), "The route that sent the item to its queue."),
            field("skills", skills(), "What was required, rings applied."),
            field("priority", count(), "Its age included."),
            field("ready", count(), "How many agents could have taken it, the chosen one included."),
            field("measure", nullable(measure()), "What the choice went by for the chosen agent."),
            field("others", list(measure()), "The next ones in the order of choice."),
        ],
    )
}

fn thread() -> Value {
    record(
        "A page of what was said.",
        [
            field("items", list(reference("Message")), "The messages, in order."),
            field("next", nullable(text()), "Path and query of the next page; null at the end."),
            field("statuses", map(reference("MessageState")), "Of those that were sent, by the message's id."),
        ],
    )
}

fn erased() -> Value {
    record(
        "What was erased of a customer.",
        [
            field("id", text(), "The customer, as work items show the id."),
            field("messages", count(), "Messages whose content is gone."),
            field("store", count(), "Entries of drivers' stores that named the customer."),
        ],
    )
}

fn blob() -> Value {
    record(
        "A file that was handed in. It waits an hour to be sent.",
        [
            field("digest", digest(), "Its name from now on."),
            field("size", count(), "Bytes."),
            field("name", nullable(text()), "The file's name, as the query said."),
            field("mediaType", nullable(text()), "As `Content-Type` said."),
        ],
    )
}

/// A bearer token of the config.
pub(super) fn bearer() -> Value {
    json!({ "type": "http", "scheme": "bearer", "description": "A token of the config: an agent's or an operator's." })
}
