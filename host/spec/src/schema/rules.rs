//! Rules over more than one field, and those over JSON of any depth.

use super::generate::{Generator, definition};
use crate::interaction::{CATALOGUE, Entry, Reply};
use crate::{Kind, limits, vocabulary};
use serde_json::{Map, Value, json};

/// JSON without the names of fields of a work item or an agent.
const APART: &str = "apart";

/// What the schema cannot say; for who validates with it and wonders what `push` may refuse nevertheless.
pub(super) const COMMENT: &str = "\
A message that this schema refuses is refused by server.push too. What push refuses besides, as JSON Schema cannot say it: \
(1) sizes are bytes of UTF-8, maxLength counts characters: x-maxBytes has the limit; \
(2) arguments, statistics.values and a structured part's values have at most 64 KiB as canonical JSON, the whole message \
1 MiB; (3) no object has a key twice; (4) a time is one that the calendar has; \
(5) an interaction that goes from the server to drivers only (x-interactions: way S>D) comes from a driver only with \
inReplyTo; a support-request that says direction outbound is one of the server's replies, never a driver's; \
(6) a blob is one that this channel wrote or was handed; one handler call pushes at most 200 messages of 8 MiB together. \
Members that the server stamps (id, channel, driver, direction, receivedAt, digest, workItem.id) are dropped, whatever a \
driver writes there.";

/// Adds the rules of a record of a message.
pub(super) fn add(schema: &mut Value, record: &str) {
    let Some(schema) = schema.as_object_mut() else { return };
    match record {
        "message" => schema.extend(carried()),
        "interaction" => {
            let mut all = vec![apart(), opening()];
            all.extend(CATALOGUE.iter().map(entry));
            schema.insert("allOf".to_owned(), Value::Array(all));
        }
        "attachment-part" => {
            schema.insert("if".to_owned(), json!({ "properties": { "state": { "const": vocabulary::READY } } }));
            schema.insert("then".to_owned(), json!({ "properties": { "blob": { "type": "string" } } }));
        }
        _ => {}
    }
}

/// What an object of any members is: `arguments` of an interaction, values of statistics and structured parts.
pub(super) fn object() -> Value {
    json!({ "type": "object", "allOf": [{ "$ref": definition("message", "json") }, { "$ref": level(1) }] })
}

/// The type `json`: numbers that every reader keeps.
pub(super) fn json() -> Value {
    let own = definition("message", "json");
    json!({
        "anyOf": [
            { "minimum": -limits::INTEGER, "maximum": limits::INTEGER },
            { "minimum": limits::EXPONENT },
            { "maximum": -limits::EXPONENT },
        ],
        "items": { "$ref": own },
        "additionalProperties": { "$ref": own },
    })
}

/// The definitions that the rules refer to.
pub(super) fn define(generator: &mut Generator<'_>) {
    let own = definition("message", APART);
    generator.insert(
        APART,
        json!({
            "description": "No member is named as a work item or an agent is, however deep: the message has places for them.",
            "propertyNames": { "not": { "pattern": spellings(vocabulary::FOREIGN) } },
            "items": { "$ref": own },
            "additionalProperties": { "$ref": own },
        }),
    );
    for depth in 1..=limits::DEPTH {
        let next = level(depth + 1);
        generator.insert(
            &format!("level{depth}"),
            json!({
                "description": format!("Objects and lists at level {depth} of {}.", limits::DEPTH),
                "items": { "$ref": next },
                "additionalProperties": { "$ref": next },
            }),
        );
    }
    generator.insert(
        &format!("level{}", limits::DEPTH + 1),
        json!({
            "description": "Too deep for a further object or list: flatten it, or give it as a text.",
            "not": { "type": ["object", "array"] },
        }),
    );
}

fn level(depth: usize) -> String {
    definition("message", &format!("level{depth}"))
}

/// What a message must carry beside its interaction.
fn carried() -> Map<String, Value> {
    let there = |name: &str| json!({ "properties": { name: { "type": "object" } } });
    let any = ["workItem", "agent", "queue", "statistics", "connection", "rule"].map(there);
    let rule = json!({
        "if": {
            "properties": {
                "interaction": named(vocabulary::SUPPORT_REQUEST),
                "direction": { "not": { "const": "outbound" } },
            },
        },
        "then": {
            "properties": {
                "eventId": { "type": "string" },
                "workItem": { "type": "object" },
                "interaction": { "properties": { "kind": { "const": Kind::Request } } },
            },
        },
        "else": { "anyOf": any },
    });
    match rule {
        Value::Object(rule) => rule,
        _ => Map::new(),
    }
}

/// Nothing of work item or agent in the arguments, but for what a device command of the driver's own takes and answers.
fn apart() -> Value {
    let own: Map<String, Value> = vocabulary::INVOKE_OWN.iter().map(|key| ((*key).to_owned(), json!(true))).collect();
    let arguments = |schema: Value| json!({ "properties": { "arguments": schema } });
    json!({
        "if": named(vocabulary::INVOKE),
        "then": arguments(json!({
            "propertyNames": { "not": { "pattern": spellings(vocabulary::FOREIGN) } },
            "properties": own,
            "additionalProperties": { "$ref": definition("message", APART) },
        })),
        "else": arguments(json!({ "$ref": definition("message", APART) })),
    })
}

/// What a support request has in its work item, it doesn't have in its arguments.
fn opening() -> Value {
    json!({
        "if": named(vocabulary::SUPPORT_REQUEST),
        "then": { "properties": { "arguments": {
            "propertyNames": { "not": { "pattern": spellings(vocabulary::OF_WORK_ITEM) } },
        } } },
    })
}

/// Kind and arguments of an interaction of the catalogue, or of its reply.
fn entry(entry: &Entry) -> Value {
    let with = |kind: Kind, record: Option<&str>| {
        let mut properties = Map::new();
        properties.insert("kind".to_owned(), json!({ "const": kind }));
        if let Some(record) = record {
            properties.insert("arguments".to_owned(), json!({ "$ref": definition("interactions", record) }));
        }
        json!({ "properties": properties })
    };
    let asked = with(entry.kind, entry.arguments);
    let reply = match entry.reply {
        Reply::None => None,
        Reply::Plain => Some(with(Kind::Notification, None)),
        Reply::Record(record) => Some(with(Kind::Notification, Some(record))),
    };
    let then = match reply {
        Some(reply) if entry.kind != Kind::Notification => json!({
            "if": { "properties": { "kind": { "const": Kind::Notification } } },
            "then": reply,
            "else": asked,
        }),
        _ => asked,
    };
    json!({ "if": named(entry.name), "then": then })
}

fn named(name: &str) -> Value {
    json!({ "properties": { "name": { "const": name } }, "required": ["name"] })
}

/// A pattern of these names in all their spellings: `-` and `_` anywhere, letters of either case.
fn spellings(names: &[&str]) -> String {
    let spelled = |name: &&str| {
        let letters = name.chars().map(|c| format!("[{c}{}]", c.to_ascii_uppercase()));
        letters.collect::<Vec<_>>().join("[-_]*")
    };
    format!("^[-_]*({})[-_]*$", names.iter().map(spelled).collect::<Vec<_>>().join("|"))
}
