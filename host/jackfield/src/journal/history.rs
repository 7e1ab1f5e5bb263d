//! `journal replay --item`: what happened to one work item, and why.

use super::{beginning, records_to, time_of};
use crate::exit::{Exit, failed};
use crate::out;
use anyhow::anyhow;
use jackfield_sequencer::Entry;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

pub(super) fn run(data: &Path, to: Option<u64>, item: &str, as_json: bool) -> Result<(), Exit> {
    let mut item = Item::new(item);
    let (mut state, first) = beginning(data)?;
    let mut touched = false;
    for record in jackfield_journal::dump(data, first, records_to(first, to))? {
        let record = record?;
        let entry = jackfield_sequencer::replay(&mut state, record.seq, &record.payload)?;
        let Some(step) = item.step(&entry)? else {
            continue;
        };
        touched = true;
        if as_json {
            out::line(&step.as_json(record.seq, &time_of(record.at)).to_string())?;
        } else {
            for line in step.as_lines(record.seq, &time_of(record.at)) {
                out::line(&line)?;
            }
        }
    }
    if touched {
        Ok(())
    } else {
        Err(failed(anyhow!(
            "no record up to {} touches a work item `{}`; `jackfield item list` has the ids",
            to.map_or_else(|| "the last".to_owned(), |to| to.to_string()),
            out::one_line(item.id())
        )))
    }
}

/// What is known of the item so far: its own id, and those of its offers, messages and deliveries.
pub(super) struct Item {
    ids: BTreeSet<String>,
    id: String,
}

/// One record, as far as it is about the item.
pub(super) struct Step {
    cause: String,
    channel: Option<String>,
    events: Vec<Value>,
    messages: Vec<Value>,
}

impl Item {
    pub(super) fn new(id: &str) -> Self {
        Self { ids: [id.to_owned()].into(), id: id.to_owned() }
    }

    fn id(&self) -> &str {
        &self.id
    }

    /// The next record; none if it has nothing about the item.
    ///
    /// Events are looked through as JSON and by ids, which are unique, so that an event of a later version is found too.
    pub(super) fn step(&mut self, entry: &Entry) -> serde_json::Result<Option<Step>> {
        let mut messages = Vec::new();
        for message in entry.messages.iter().filter(|message| message.work_item.as_deref() == Some(&self.id)) {
            self.ids.insert(message.id.clone());
            messages.push(serde_json::to_value(message)?);
        }
        let mut events = Vec::new();
        for event in &entry.events {
            let event = serde_json::to_value(event)?;
            // A config names no item, and is large.
            if event["type"] != "configured" && self.names(&event) {
                self.learn(&event);
                events.push(event);
            }
        }
        if events.is_empty() && messages.is_empty() {
            return Ok(None);
        }
        Ok(Some(Step { cause: entry.cause.clone(), channel: entry.channel.clone(), events, messages }))
    }

    fn names(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.ids.contains(text),
            Value::Array(values) => values.iter().any(|value| self.names(value)),
            Value::Object(members) => members.values().any(|value| self.names(value)),
            _ => false,
        }
    }

    /// Takes the ids of what is the item's own: its offers, messages, deliveries. Other items may name it too.
    fn learn(&mut self, event: &Value) {
        let own = [
            ("/offer/item", "/offer/id"),
            ("/item", "/messageId"),
            ("/item/id", "/item/firstMessage"),
            ("/delivery/item", "/delivery/messageId"),
        ];
        for (whose, what) in own {
            let own = event.pointer(whose).and_then(Value::as_str) == Some(&self.id);
            if let Some(id) = event.pointer(what).and_then(Value::as_str).filter(|_| own) {
                self.ids.insert(id.to_owned());
            }
        }
    }
}

impl Step {
    fn as_json(&self, seq: u64, at: &str) -> Value {
        let Self { cause, channel, events, messages } = self;
        json!({ "seq": seq, "at": at, "cause": cause, "channel": channel, "events": events, "messages": messages })
    }

    /// A line for the record, then one for each thing that happened.
    pub(super) fn as_lines(&self, seq: u64, at: &str) -> Vec<String> {
        let channel = self.channel.as_deref().map(|channel| format!(" by channel {}", out::one_line(channel)));
        let first = format!("{seq}  {at}  {}{}", out::one_line(&self.cause), channel.unwrap_or_default());
        let messages = self.messages.iter().map(|message| {
            let way = if message["inbound"] == json!(true) { "inbound" } else { "outbound" };
            format!("    message {way} {}", out::cell(message, "id"))
        });
        let events = self.events.iter().map(|event| format!("    {}", happened(event)));
        std::iter::once(first).chain(messages).chain(events).collect()
    }
}

/// An event: its type, then its members.
fn happened(event: &Value) -> String {
    let mut line = out::cell(event, "type");
    let Some(members) = event.as_object() else {
        return line;
    };
    for (name, value) in members.iter().filter(|(name, _)| *name != "type") {
        match value {
            Value::Null => {}
            Value::Object(inner) if name == "actor" => line.push_str(&format!("  actor={}", actor(inner))),
            // What is inside says whose it is by its ids; the rest is in the JSON.
            Value::Object(inner) => {
                let shown = [
                    "id",
                    "messageId",
                    "agent",
                    "channel",
                    "mediaType",
                    "queue",
                    "priority",
                    "rule",
                    "parent",
                    "name",
                    "code",
                    "text",
                ];
                for inner_name in shown {
                    if let Some(value) = inner.get(inner_name).filter(|value| !value.is_object()) {
                        line.push_str(&format!("  {name}.{inner_name}={}", plain(value)));
                    }
                }
            }
            value if matches!(name.as_str(), "until" | "graceUntil" | "due") => {
                let at = value.as_u64().map_or_else(|| plain(value), out::time);
                line.push_str(&format!("  {name}={at}"));
            }
            value => line.push_str(&format!("  {name}={}", plain(value))),
        }
    }
    line
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| out::one_line(&value.to_string()), out::one_line)
}

/// Who made it happen: `router`, `agent ana`, `driver demo`, `operator ops`.
fn actor(actor: &Map<String, Value>) -> String {
    let kind = actor.get("type").map(plain).unwrap_or_default();
    let name = ["id", "channel", "name"].into_iter().find_map(|name| actor.get(name));
    name.map_or_else(|| kind.clone(), |name| format!("{kind} {}", plain(name)))
}
